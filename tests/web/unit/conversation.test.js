// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { Conversations, MAX_CONVERSATIONS, MAX_USED } from "../../../web/panel/conversation.js";
import { entriesOf, isUsed, listOf, MAX_RECENT, toggled, withUsed } from "../../../web/panel/shelf.js";

const fresh = () => {
  let number = 0;
  return new Conversations(() => `new-${(number += 1)}`);
};

test("what was filled and used belongs to its conversation and is there again with it", () => {
  const conversations = fresh();
  conversations.show("甲");
  conversations.current.set("订单号", "1");
  conversations.current.use("r1");
  conversations.show("乙");
  assert.deepEqual([conversations.current.slots, conversations.current.used], [{}, []]);
  conversations.show("甲");
  assert.deepEqual([conversations.current.slots, conversations.current.used], [{ 订单号: "1" }, ["r1"]]);
  conversations.begin();
  assert.deepEqual([conversations.current.slots, conversations.identity], [{}, null]);
});

test("of very many conversations the oldest is forgotten", () => {
  const conversations = fresh();
  for (let number = 0; number <= MAX_CONVERSATIONS; number++) {
    conversations.show(`c${number}`);
    conversations.current.set("订单号", String(number));
  }
  conversations.show("c1");
  assert.equal(conversations.current.slots.订单号, "1");
  conversations.show("c0");
  assert.deepEqual(conversations.current.slots, {});
});

test("a guess fills what nobody typed and gives way to a newer one", () => {
  const { current } = fresh();
  current.guess({ 订单号: "1", 金额: "5元" });
  current.set("金额", "6元");
  current.guess({ 订单号: "2", 金额: "7元" });
  assert.deepEqual(current.slots, { 订单号: "2", 金额: "6元" });
});

test("what the agent says stands before what was seen, and a feeling is told only when said", () => {
  const { current } = fresh();
  Object.assign(current.seen, { stage: "售后", product: "生鲜", emotion: "愤怒" });
  current.said.stage = "售前";
  for (let number = 0; number < MAX_USED + 2; number++) current.use(`r${number}`);
  current.use("r50");
  const { stage, product, emotion, used_reply_ids } = current.context();
  assert.deepEqual([stage, product, emotion], ["售前", "生鲜", undefined]);
  assert.deepEqual([used_reply_ids.length, used_reply_ids[0], used_reply_ids.at(-1)], [MAX_USED, "r2", "r50"]);
});

test("favourites and what was used lately hold ids, each once, the latest first", () => {
  assert.deepEqual(toggled(toggled(["b"], "a"), "b"), ["a"]);
  const used = [3, 2, 1].reduce((recent, at) => withUsed(recent, { entry: at === 2 ? "a" : "b", reply: "r", at }), /** @type {import("../../../web/panel/shelf.js").Used[]} */ ([]));
  assert.deepEqual(used, [{ entry: "b", reply: "r", at: 1 }, { entry: "a", reply: "r", at: 2 }]);
  assert.deepEqual(entriesOf([...used, { entry: "b", reply: "s", at: 9 }]), ["b", "a"]);
  const many = Array.from({ length: MAX_RECENT + 5 }, (_, at) => at).reduce((recent, at) => withUsed(recent, { entry: String(at), reply: "r", at }), used);
  assert.equal(many.length, MAX_RECENT);
  assert.deepEqual(listOf("nonsense", isUsed), []);
  assert.deepEqual(listOf([{ entry: 1 }, used[0]], isUsed), [used[0]]);
});
