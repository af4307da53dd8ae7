// @ts-check
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { until } from "../service.js";
import { eventsOf, useDesk } from "./desk.js";

const desk = useDesk({
  prepare(kb) {
    mkdirSync(path.join(kb, "试"));
    writeFileSync(path.join(kb, "试", "金星券.md"), "---\ntitle: 金星券怎么领\nquestions: [金星券怎么领]\n---\n领券时用。\n\n> 请{{领法}}领取。\n");
    writeFileSync(path.join(kb, "试", "天王星链接.md"), "---\ntitle: 天王星链接\nquestions: [天王星链接发我]\n---\n要链接时用。\n\n> 请看 {{地址}}\n");
  },
});

test("blocked words do not go out, and the draft opens with better ones one key away", async () => {
  const panel = await desk.open();
  const events = eventsOf(panel.page);
  await panel.paste("金星券怎么领");
  await panel.press("Enter");
  await panel.page.keyboard.type("加我微信");
  await panel.press("Enter");
  await panel.told("含有不能发的话");
  assert.equal(await panel.clipboard(), "金星券怎么领");
  await panel.draft.getByText("不能发：加我微信").waitFor();
  assert.equal(await panel.draft.locator(".draft-lines mark.block").innerText(), "加我微信");
  assert.ok(await panel.draft.locator(".take").isDisabled());
  const better = (await panel.draft.locator(".better").first().innerText()).replace(/\s*Alt\+1$/, "");
  await panel.press("Alt+1");
  await panel.draft.getByText("没有问题").waitFor();
  await panel.press("Control+Enter");
  await panel.told("已复制");
  assert.equal(await panel.clipboard(), `请${better}领取。`);
  await until(() => events.some((event) => event.type === "edited" && event.entry_id === "金星券"));
  await panel.close();
});

test("any draft is checked while it is written, warnings let it pass", async () => {
  const panel = await desk.open();
  await panel.press("Alt+k");
  await panel.page.keyboard.type("您的电话13812345678我记下了");
  await panel.draft.getByText("想一想：13812345678").waitFor();
  assert.equal(await panel.draft.locator(".draft-lines mark.warn").innerText(), "13812345678");
  await panel.press("Control+Enter");
  await panel.told("已复制");
  assert.equal(await panel.clipboard(), "您的电话13812345678我记下了");
  await panel.close();
});

test("links leave only for the shop's own domains", async () => {
  const panel = await desk.open({ shop: "旗舰店" });
  for (const [address, goes] of /** @type {const} */ ([["https://evil.example.net/a", false], ["https://m.shiguang.example.com/a", true]])) {
    await panel.paste("天王星链接发我");
    await panel.current.locator("input[data-slot=地址]").first().fill(address);
    await panel.question.focus();
    await panel.press("Enter");
    await panel.told(goes ? "已复制" : "含有不能发的话");
    if (!goes) await panel.draft.getByText("不能发：https://evil.example.net/a").first().waitFor();
    else assert.equal(await panel.clipboard(), `请看 ${address}`);
    await panel.press("Escape");
  }
  await panel.close();
});

test("nothing confident: it says so, and one key reports the gap, masked by the service", async () => {
  const panel = await desk.open();
  const events = eventsOf(panel.page);
  await panel.paste("你们能把冥王星陨石运到我家楼顶当花盆吗 13812345678");
  await panel.summary.filter({ hasText: /没有很合适的|没有找到/ }).waitFor();
  await panel.press("Alt+m");
  await panel.told("已报给培训");
  await until(() => events.some((event) => event.type === "gap"));
  assert.ok(!JSON.stringify(events).includes("冥王星"), "the service knows the question by its id");
  await panel.close();
});

test("a hit is marked with one key and a reason beside it", async () => {
  const panel = await desk.open();
  const events = eventsOf(panel.page);
  await panel.paste("怎么还没发货");
  await panel.press("Alt+b");
  await panel.after.getByText("不好，因为").waitFor();
  await panel.press("3");
  await panel.told("已记下");
  await panel.question.focus();
  await panel.press("Alt+g", "Escape");
  await panel.press("Alt+o");
  await panel.after.getByRole("button", { name: "规则变了" }).click();
  await until(() => events.filter((event) => event.type === "feedback").length === 3);
  assert.deepEqual(
    events.filter((event) => event.type === "feedback").map((event) => [event.entry_id, event.verdict, event.reason]),
    [["催发货", "bad", "tone"], ["催发货", "good", undefined], ["催发货", "outdated", "rule_changed"]],
  );
  await panel.close();
});
