// @ts-check
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { useDesk } from "./desk.js";

const desk = useDesk({
  prepare(kb) {
    mkdirSync(path.join(kb, "试"));
    writeFileSync(path.join(kb, "试", "火星件.md"), "---\ntitle: 火星件查件\nquestions: [火星件到哪了]\n---\n查件时用。\n\n> {{昵称|亲}}，{{快递单号}} 现在在{{站点}}，{{站点}}会派送。\n");
    writeFileSync(path.join(kb, "试", "火星退.md"), "---\ntitle: 火星件退回哪里\nquestions: [火星件退回哪里]\n---\n退件时用。\n\n> 请寄到 {{店铺.退货地址}}。\n");
  },
});

test("a blank stops the copy, the cursor goes there, and Enter goes on", async () => {
  const panel = await desk.open();
  await panel.paste("火星件到哪了");
  await panel.press("Enter");
  await panel.told("待填：快递单号、站点");
  assert.equal(await panel.page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "快递单号");
  assert.equal(await panel.clipboard(), "火星件到哪了");
  await panel.page.keyboard.type("SF1234567890123");
  await panel.press("Enter");
  assert.equal(await panel.page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "站点");
  await panel.page.keyboard.type("杭州");
  assert.match(await panel.words(panel.current), /^亲，SF1234567890123 现在在杭州，杭州会派送。$/);
  await panel.press("Enter");
  await panel.told("已复制");
  assert.equal(await panel.clipboard(), "亲，SF1234567890123 现在在杭州，杭州会派送。");
  await panel.close();
});

test("a fallback stands in for a blank and can be replaced in place", async () => {
  const panel = await desk.open();
  await panel.paste("火星件到哪了 快递单号 SF1234567890123");
  await panel.current.locator("input[data-slot=站点]").first().fill("宁波");
  await panel.current.locator("input[data-slot=昵称]").fill("王姐");
  await panel.question.focus();
  await panel.press("Enter");
  await panel.told("已复制");
  assert.equal(await panel.clipboard(), "王姐，SF1234567890123 现在在宁波，宁波会派送。");
  await panel.close();
});

test("what the message tells for certain is filled in, and a new paste clears it", async () => {
  const panel = await desk.open();
  await panel.paste("火星件到哪了，快递单号：sf1234567890123");
  assert.equal(await panel.current.locator("input[data-slot=快递单号]").inputValue(), "SF1234567890123");
  await panel.current.locator("input[data-slot=站点]").first().fill("杭州");
  // More of the same customer's: what was filled in stays.
  await panel.question.press("End");
  await panel.page.keyboard.type("呀");
  await panel.page.waitForTimeout(300);
  assert.equal(await panel.current.locator("input[data-slot=站点]").first().inputValue(), "杭州");
  await panel.paste("火星件到哪了");
  assert.deepEqual(await panel.current.locator("input.slot:required").evaluateAll((inputs) => inputs.map((input) => /** @type {HTMLInputElement} */ (input).value)), ["", "", ""]);
  await panel.close();
});

test("without a shop a reply that needs one is not copied, and choosing it fills the reply", async () => {
  const panel = await desk.open();
  await panel.paste("火星件退回哪里");
  await panel.current.locator(".blank", { hasText: "退货地址" }).waitFor();
  await panel.press("Enter");
  await panel.told("选店铺后填：退货地址");
  assert.equal(await panel.clipboard(), "火星件退回哪里");
  assert.equal(await panel.page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement).dataset.facet), "shop");
  await panel.chip("shop").selectOption("生活馆");
  await panel.current.locator(".filled", { hasText: "白云区" }).waitFor();
  await panel.question.focus();
  await panel.press("Enter");
  await panel.told("已复制");
  assert.match(await panel.clipboard(), /广东省广州市白云区/);
  await panel.close();
});
