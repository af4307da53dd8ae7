// @ts-check
// A trainer's work on entries: find one, reword it, be told what is wrong, save, meet another's change, go back.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { compose } from "../browser.js";
import { until } from "../service.js";
import { useStudio } from "./desk.js";

const desk = useStudio();
const file = (/** @type {string} */ name) => path.join(desk.service.kb, name);

test("an entry is found by its words, opened by keys, reworded and saved; the search finds it at once", async () => {
  const studio = await desk.open("#/library");
  await studio.rows.first().waitFor();
  await studio.page.keyboard.press("/");
  await studio.page.keyboard.type("催发货");
  // The whole library has it on its first page too: the keys are for what was found.
  const whole = await studio.rows.count();
  await until(async () => (await studio.rows.count()) < whole);
  const place = (await studio.rows.allTextContents()).findIndex((row) => row.includes("催发货（时效内）"));
  assert.notEqual(place, -1);
  for (let step = 0; step <= place; step += 1) await studio.page.keyboard.press("ArrowDown");
  await studio.page.keyboard.press("Enter");
  await studio.page.locator(".preview-title", { hasText: "催发货（时效内）" }).waitFor();
  await studio.replace("  - 怎么还没发货\n", "  - 怎么还没发货\n  - 仓鼠都比你们快\n");
  await studio.page.getByLabel("改动说明").fill("加一种问法");
  assert.equal((await studio.save()).status(), 200);
  await studio.told("已保存");
  assert.match(readFileSync(file("售中/催发货.md"), "utf8"), /仓鼠都比你们快/u);
  const { hits } = await desk.service.ask("/v1/search", { q: "仓鼠都比你们快" });
  assert.equal(hits[0].id, "催发货");
  const { versions } = await desk.service.ask(`/v1/entries/${encodeURIComponent("催发货")}/history`);
  assert.equal(versions[0].why, "加一种问法");
  assert.equal(versions[0].way, "studio");
  assert.deepEqual(studio.faults, []);
  await studio.close();
});

test("what is wrong stands at its line and leads there; banned phrases and slots are marked", async () => {
  const studio = await desk.open("#/library");
  await studio.edit("加急发货");
  await studio.text.focus();
  await studio.page.keyboard.press("Control+End");
  await studio.page.keyboard.insertText("\n## 试\n\n> 亲，加我微信，{{订单号}}给您补偿\n");
  const problem = studio.page.locator(".problem.error").first();
  await problem.waitFor();
  await studio.page.locator(".text-lines .line.error").first().waitFor();
  await studio.page.locator(".preview mark.banned").first().waitFor();
  await studio.page.locator(".preview .blank", { hasText: "订单号" }).first().waitFor();
  await studio.page.keyboard.press("Control+Home");
  await problem.click();
  assert.match(await studio.text.evaluate((field) => (field instanceof HTMLTextAreaElement ? field.value.slice(0, field.selectionStart).split("\n").at(-1) + field.value.slice(field.selectionStart) : "")), /加我微信/u);
  await studio.close();
});

test("an unsaved text survives a reload, and leaving asks", async () => {
  const studio = await desk.open("#/library");
  await studio.edit("合并发货");
  const before = await studio.text.inputValue();
  await studio.text.focus();
  await studio.page.keyboard.press("Control+End");
  await compose(studio.page, ["x", "xie"], "写到一半");
  await until(() => studio.page.evaluate(() => Object.values(localStorage).some((text) => text.includes("写到一半"))));
  await studio.page.locator(".nav-link").first().click();
  await studio.dialog.getByText("改动还没有保存").waitFor();
  await studio.page.keyboard.press("Escape");
  assert.match(await studio.text.inputValue(), /写到一半/u);
  studio.page.once("dialog", (dialog) => dialog.accept());
  await studio.page.reload();
  await studio.button("接着写").click();
  assert.match(await studio.text.inputValue(), /写到一半$/u);
  await studio.page.getByRole("button", { name: "保存" }).waitFor();
  // The browser's own undo takes it back.
  await studio.text.focus();
  await studio.page.keyboard.press("Control+z");
  assert.equal(await studio.text.inputValue(), before);
  await studio.close();
});

test("who is second sees both versions and merges them", async () => {
  const [first, second] = await Promise.all([desk.open("#/library"), desk.open("#/library")]);
  await first.edit("取消订单-未发货");
  await second.edit("取消订单-未发货");
  const text = await first.text.inputValue();
  const title = /title: (.*)/u.exec(text)?.[1] ?? "";
  await first.replace(`title: ${title}`, `title: ${title}（甲改）`);
  await first.save();
  await first.told("已保存");
  await second.text.focus();
  await second.page.keyboard.press("Control+End");
  await second.page.keyboard.insertText("\n乙加的一段。\n");
  assert.equal((await second.save()).status(), 412);
  await second.dialog.getByText("这段时间里别人也改过").waitFor();
  await second.dialog.locator("del", { hasText: "甲改" }).waitFor();
  await second.button("合并").click();
  await until(async () => /甲改[^]*乙加的一段/u.test(await second.text.inputValue()));
  assert.equal((await second.save()).status(), 200);
  const saved = readFileSync(file("售中/取消订单-未发货.md"), "utf8");
  assert.match(saved, /甲改[^]*乙加的一段/u);
  await first.close();
  await second.close();
});

test("a new entry is written, retired, moved, deleted and brought back", async () => {
  const studio = await desk.open("#/library");
  await studio.button("新建词条").click();
  await studio.dialog.getByLabel("标题").fill("彩虹包装");
  await studio.dialog.getByLabel("文件夹").fill("售前");
  await studio.page.keyboard.press("Enter");
  await studio.page.locator("textarea.text-field:focus").waitFor();
  await studio.page.keyboard.insertText("彩虹包装要提前一天备注。");
  await studio.page.getByRole("tab", { name: "问法" }).click();
  await studio.page.getByLabel("再加一种问法").fill("有彩虹包装吗");
  await studio.page.keyboard.press("Enter");
  assert.equal((await studio.save()).status(), 201);
  await studio.page.locator(".preview-title", { hasText: "彩虹包装" }).waitFor();
  assert.match(readFileSync(file("售前/彩虹包装.md"), "utf8"), /- 有彩虹包装吗\n[^]*> 彩虹包装要提前一天备注。/u);
  await studio.button("停用").click();
  await studio.dialog.getByRole("button", { name: "停用" }).click();
  await studio.button("重新启用").waitFor();
  const found = async () => (await desk.service.ask("/v1/search", { q: "有彩虹包装吗" })).hits.some((/** @type {{id: string}} */ { id }) => id === "彩虹包装");
  await until(async () => !(await found()));
  await studio.button("重新启用").click();
  await studio.button("停用").waitFor();
  await studio.button("移动").click();
  await studio.dialog.getByLabel("文件夹").fill("售后/包装");
  await studio.page.keyboard.press("Enter");
  await studio.page.getByText("售后/包装/彩虹包装.md").waitFor();
  await studio.button("删除").click();
  await studio.dialog.getByRole("button", { name: "删除" }).click();
  await studio.told("已删除");
  await until(async () => !(await found()));
  await studio.button("去恢复").click();
  await studio.rows.nth(1).waitFor();
  await studio.rows.nth(1).click();
  await studio.rows.nth(1).focus();
  await studio.page.locator(".history-view .diff").waitFor();
  await studio.button("恢复这一版").click();
  await studio.dialog.getByRole("button", { name: "恢复" }).click();
  await studio.told("已恢复");
  await until(found);
  assert.deepEqual(studio.faults, []);
  await studio.close();
});

test("a version shows what it changed, word by word, a file saved by hand too", async () => {
  const studio = await desk.open("#/library");
  const where = file("售中/分开发货.md");
  const versions = async () => (await desk.service.ask(`/v1/entries/${encodeURIComponent("分开发货")}/history`)).total;
  // What the library held at the start is a version too.
  await until(async () => (await versions()) === 1);
  writeFileSync(where, readFileSync(where, "utf8").replace("title: ", "title: 手改的"));
  await until(async () => (await versions()) === 2);
  await studio.go(`#/history/${encodeURIComponent("分开发货")}`);
  await studio.page.locator(".history-view ins", { hasText: "手改的" }).waitFor();
  await studio.rows.filter({ hasText: "改文件的人" }).first().waitFor();
  await studio.close();
});
