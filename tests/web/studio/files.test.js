// @ts-check
// The lexicon's desk, import and export.

import assert from "node:assert/strict";
import { readFileSync, renameSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { until } from "../service.js";
import { useStudio } from "./desk.js";

const desk = useStudio();

test("a banned phrase is tried on a sentence and on the library before it is published", async () => {
  const studio = await desk.open("#/lexicon/lexicon/banned.yaml");
  await studio.text.waitFor();
  await studio.text.fill("rules:\n  - id: 试-仓库\n    class: 推脱\n    why: 试一试\n    severity: block\n    words: [跟仓库商量]\n");
  await studio.page.getByLabel("拿一句话试").fill("我跟仓库商量一下");
  await studio.button("试一试").click();
  await studio.page.locator(".trial .finding", { hasText: "跟仓库商量" }).waitFor();
  await studio.page.locator(".trial .moved", { hasText: "催发货" }).first().waitFor();
  const checked = () => desk.service.ask("/v1/check", { text: "我跟仓库商量一下" });
  assert.equal((await checked()).blocked, false);
  await studio.page.keyboard.press("Control+s");
  await studio.told("已发布");
  await until(async () => (await checked()).blocked);
  assert.match(readFileSync(path.join(desk.service.kb, "lexicon", "banned.yaml"), "utf8"), /试-仓库/u);
  assert.deepEqual(studio.faults, []);
  await studio.close();
});

test("a shop's value is changed, and the next search speaks it", async () => {
  const studio = await desk.open(`#/lexicon/shops/${encodeURIComponent("旗舰店.yaml")}`);
  await until(async () => (await studio.text.inputValue()).includes("付款后48小时内"));
  await studio.replace("付款后48小时内", "付款后3小时内");
  await studio.page.keyboard.press("Control+s");
  await studio.told("已发布");
  await until(async () => JSON.stringify((await desk.service.ask("/v1/search", { q: "怎么还没发货", context: { shop: "旗舰店" } })).hits).includes("付款后3小时内"));
  await studio.close();
});

test("a sheet is read first, its columns corrected, then imported; an export holds it", async () => {
  const studio = await desk.open("#/import");
  const sheet = "标题,问法,怎么答\n星空灯罩,有星空灯罩吗,星空灯罩下周到货\n,没有标题,\n";
  await studio.page.getByLabel("选择要导入的文件").setInputFiles({ name: "新的.csv", mimeType: "text/csv", buffer: Buffer.from(sheet) });
  await studio.page.getByText("试读的结果").waitFor();
  await studio.page.locator(".columns-line .field", { hasText: "怎么答" }).locator("select").selectOption({ label: "答案" });
  await studio.rows.filter({ hasText: "新建" }).first().waitFor();
  assert.equal((await desk.service.ask("/v1/search", { q: "有星空灯罩吗" })).hits.some((/** @type {{title: string}} */ { title }) => title === "星空灯罩"), false);
  await studio.page.getByRole("button", { name: /^导入这/u }).click();
  await studio.dialog.getByRole("button", { name: "导入" }).click();
  await studio.told("已导入");
  await until(async () => (await desk.service.ask("/v1/search", { q: "有星空灯罩吗" })).hits[0]?.title === "星空灯罩");
  assert.match(await exported(studio, "CSV"), /星空灯罩下周到货/u);
  assert.deepEqual(studio.faults, []);
  await studio.close();
});

test("a personal set goes to one's own words, with the codes of the team's, and neither is in the other's export", async () => {
  const studio = await desk.open("#/import");
  await studio.page.getByLabel("导到哪一套").selectOption({ label: "我的话术（只有自己看得到）" });
  const sheet = "快捷短语编码,快捷短语,快捷短语分组\ncfh,我自己说的催发货,我的\n";
  await studio.page.getByLabel("选择要导入的文件").setInputFiles({ name: "个人.csv", mimeType: "text/csv", buffer: Buffer.from(sheet) });
  await studio.page.getByText("进我的话术").waitFor();
  await studio.page.getByRole("button", { name: /^导入这/u }).click();
  await studio.dialog.getByRole("button", { name: "导入" }).click();
  await studio.told("已导入");
  const { entries } = await desk.service.ask("/v1/private");
  assert.deepEqual(entries.map((/** @type {any} */ { shortcut, text }) => [shortcut, text]), [["cfh", "我自己说的催发货"]]);
  assert.doesNotMatch(await exported(studio, "千牛"), /我自己说的/u);
  await studio.page.getByLabel("导出哪一套").selectOption({ label: "我的话术（只有自己看得到）" });
  const own = await exported(studio, "千牛");
  assert.match(own, /cfh,我自己说的催发货/u);
  assert.equal(own.trim().split("\n").length, 2, own);
  assert.deepEqual(studio.faults, []);
  await studio.close();
});

/** The file that an export's button gives. @param {import("./desk.js").StudioPage} studio @param {string} button */
async function exported(studio, button) {
  const download = studio.page.waitForEvent("download");
  await studio.button(button).click();
  return readFileSync(await (await download).path(), "utf8");
}

test("what does not work stands above every screen and on the panel, until it works again", async () => {
  const file = path.join(desk.service.data, "huashu.sqlite3");
  renameSync(file, `${file}.away`);
  await until(async () => (await desk.service.ask("/readyz")).status === "degraded", 30_000);
  const studio = await desk.open("#/library");
  const line = studio.page.locator(".faults .notice");
  await line.filter({ hasText: "台账用不了" }).waitFor();
  await studio.page.goto(`${desk.service.url}/`);
  await studio.page.getByText(/收录 .*台账用不了/u).waitFor();
  renameSync(`${file}.away`, file);
  await until(async () => (await desk.service.ask("/readyz")).status === "ok", 30_000);
  await studio.page.goto(`${desk.service.url}/studio`);
  await studio.page.locator(".nav-link").first().waitFor();
  await line.waitFor({ state: "detached" });
  await studio.close();
});
