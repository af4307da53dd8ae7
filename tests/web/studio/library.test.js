// @ts-check
// The library's table: narrowed by words, filters and categories, sorted, seen as at another time; the address keeps what was asked for.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { until } from "../service.js";
import { useStudio } from "./desk.js";

const desk = useStudio({
  prepare(kb) {
    writeFileSync(path.join(kb, "开门红.md"), "---\ntitle: 开门红专用\nquestions: [开门红有活动吗]\nvalid: {from: 2099-01-01, until: 2099-01-03}\n---\n说明。\n\n> 有的，加我微信。\n");
  },
});

test("words, filters, categories and a moment narrow the table; the address keeps them", async () => {
  const studio = await desk.open("#/library");
  const { page, rows } = studio;
  await rows.nth(20).waitFor();
  const titles = () => rows.locator("td:first-child a").allTextContents();
  const narrowed = (/** @type {RegExp} */ expect) => until(async () => expect.test((await titles()).join("，")) && (await rows.count()) < 20);

  await page.keyboard.press("/");
  await page.keyboard.type("开门红");
  await narrowed(/^开门红专用$/u);
  await rows.first().getByText("不在有效期").waitFor();
  await rows.first().getByText("个问题").waitFor();
  await page.getByLabel("有效期").selectOption("served");
  await page.getByText("没有这样的词条").waitFor();

  // In force then, though not now.
  await studio.button("更多条件").click();
  await page.getByLabel("按时刻").fill("2099-01-02T12:00");
  await narrowed(/^开门红专用$/u);
  await page.reload();
  await narrowed(/^开门红专用$/u);
  assert.match(page.url(), /at=2099/u);

  await studio.button("清除条件").click();
  await rows.nth(20).waitFor();
  await page.getByLabel("问题", { exact: true }).selectOption("true");
  await narrowed(/开门红专用/u);
  await studio.button("清除条件").click();
  await page.locator(".branch", { hasText: "发票" }).click();
  await until(async () => (await rows.count()) === 4);
  const { entries } = await desk.service.ask(`/v1/entries?${new URLSearchParams({ category: "发票", sort: "title" })}`);
  const sorted = entries.map((/** @type {{title: string}} */ { title }) => title);
  const byTitle = page.locator("th .sort", { hasText: "标题" });
  await byTitle.click();
  await until(async () => (await titles()).join() === sorted.join());
  await byTitle.click();
  await until(async () => (await titles()).join() === sorted.toReversed().join());
  assert.deepEqual(studio.faults, []);
  await studio.close();
});
