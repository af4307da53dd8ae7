// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { guessSlots } from "../../../web/panel/guess.js";
import { fill, fitted, readable, readTemplate } from "../../../web/panel/slots.js";

test("a template is cut into messages and blanks", () => {
  assert.deepEqual(readTemplate("{{昵称｜亲}}，\n***\n寄到{{ 店铺.退货地址 }}。{{没完"), [
    [{ slot: "昵称", fallback: "亲", shop: null }, { text: "，" }],
    [{ text: "寄到" }, { slot: "店铺.退货地址", fallback: null, shop: "退货地址" }, { text: "。{{没完" }],
  ]);
});

test("values come before the shop's, these before fallbacks, and the rest is missing once", () => {
  const template = "{{昵称|亲}} {{订单号}} {{订单号}} {{店铺.退货地址}} {{店铺.电话}}";
  assert.deepEqual(fill(template, { 昵称: "小王", 订单号: "  " }, { 退货地址: "杭州" }), {
    segments: ["小王 {{订单号}} {{订单号}} 杭州 {{店铺.电话}}"],
    missing: ["订单号"],
    missingOfShop: ["电话"],
  });
  assert.deepEqual(fill(template, { 订单号: "1" }, { 退货地址: "杭州", 电话: "0" }).segments, ["亲 1 1 杭州 0"]);
});

test("an amount brings its unit unless the template does", () => {
  const values = { 金额: "10元", 差额: "3", 订单号: "1" };
  assert.deepEqual(fill("退您{{金额}}元", values, {}).segments, ["退您10元"]);
  assert.deepEqual(fill("退您{{金额}}，再退{{差额}}元", values, {}).segments, ["退您10元，再退3元"]);
  assert.deepEqual(fitted("退您{{金额}}元", values), { 金额: "10" });
});

test("agents read names of blanks, or the shop's values", () => {
  assert.equal(readable("超过 {{店铺.上限}} 转{{组长|主管}}", { 上限: "20元" }), "超过 20元 转组长");
  assert.equal(readable("超过 {{店铺.上限}}"), "超过 上限");
});

test("numbers and amounts are guessed where a message tells them for certain", () => {
  const check = (/** @type {string} */ message, /** @type {Record<string, string>} */ expect) => {
    const guessed = guessSlots(message);
    const kept = Object.fromEntries(["订单号", "快递单号", "金额"].filter((slot) => guessed[slot]).map((slot) => [slot, guessed[slot]]));
    assert.deepEqual(kept, expect, message);
  };
  check("订单号 240101-123456789012345 怎么还没发", { 订单号: "240101-123456789012345" });
  check("3912345678901234567这单呢", { 订单号: "3912345678901234567" });
  check("单号是 12345678901 帮我查", { 订单号: "12345678901" });
  check("快递单号：sf1234567890123 停了三天", { 快递单号: "SF1234567890123" });
  check("物流单号75123456789012 订单号3912345678901234567", { 快递单号: "75123456789012", 订单号: "3912345678901234567" });
  check("少退了我 12.5 元", { 金额: "12.5元" });
  check("￥99 能便宜吗", { 金额: "99元" });
  check("退我100块钱", { 金额: "100元" });
  // Two may be meant, or none.
  check("3912345678901234567 和 3912345678901234568", {});
  check("满200元减20元", {});
  check("电话13812345678", {});
  check("买了2块香皂和3块头的", {});
  check("7天无理由 500g", {});
  check("我的身份证110105194912310021", {});
});
