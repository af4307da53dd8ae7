// @ts-check
// The options page, by keys alone: the service is tried when it is saved, every site says what it is for. And an extension without any permission.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { readFileSync } from "node:fs";
import { startService } from "../service.js";
import { launchExtension } from "./chromium.js";
import { servePages } from "./pages.js";

/** @type {import("../service.js").Service} */
let service;
/** @type {import("./chromium.js").Extension} */
let extension;
/** @type {Awaited<ReturnType<typeof servePages>>} */
let pages;

before(async () => {
  pages = await servePages();
  service = await startService({ kb: "tests/fixtures/kb" });
  // No permission at all: the service lets the extension in by its origin.
  extension = await launchExtension({ origins: [] });
});

after(async () => {
  await extension?.close();
  await service?.stop();
  await pages?.stop();
});

describe("the options page", () => {
  test("tries the service when its address is saved", async () => {
    const page = await extension.open("extension/options.html");
    // The browser's own question has no hand to answer it here.
    await page.evaluate(() => Object.assign(chrome.permissions, { request: async () => false }));
    const tested = page.locator("#tested");
    const save = async (/** @type {string} */ address) => {
      await page.locator("#server").fill(address);
      await page.locator("#server").press("Enter");
    };
    await save("http://127.0.0.1:9");
    await tested.getByText("连不上").waitFor();
    await save("no address at all");
    await tested.getByText("请填像").waitFor();
    await save(pages.url);
    await tested.getByText(/连不上|别的服务/).waitFor();
    await save(service.url.replace("http://", ""));
    await tested.getByText(/连上了「.+」，\d+ 条话术可用/).waitFor();
    await page.reload();
    assert.equal(await page.locator("#server").inputValue(), `${service.url}/`);
    await page.close();
  });

  test("names every site, and what cannot be filled in is for copying", async () => {
    const page = await extension.open("extension/options.html");
    const sites = page.locator("#sites li");
    await sites.filter({ hasText: "拼多多" }).getByRole("button", { name: "允许" }).waitFor();
    assert.equal(await sites.filter({ hasText: "千牛" }).getByRole("button").count(), 0);
    assert.equal(await sites.count(), 9);
    assert.match(await page.locator("#keys").innerText(), /搜索剪贴板里的文字[\s\S]*搜索选中的文字/);
    await page.close();
  });

  test("is fit for screen readers", async () => {
    const page = await extension.open("extension/options.html");
    await page.locator("#sites li").first().waitFor();
    await page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
    const found = await page.evaluate(async () => (await /** @type {any} */ (globalThis).axe.run()).violations.filter((/** @type {any} */ { impact }) => impact === "serious" || impact === "critical"));
    assert.deepEqual(found.map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes.map((/** @type {any} */ node) => node.html)}`), []);
    await page.close();
  });
});

test("without permission the panel searches, and says what a chat page needs", async () => {
  await extension.configure({ server: `${service.url}/` });
  const chat = await extension.context.newPage();
  await chat.goto(`${pages.url}/editor/textarea`);
  const tab = await extension.desk.evaluate(async () => (await chrome.tabs.query({})).at(-1)?.id);
  const panel = await extension.open(`extension/panel.html?tab=${tab}`);
  await panel.locator("#beside").getByText(/要填入这个网页，请点一下工具栏上的话术图标|允许扩展在/).waitFor();
  await panel.locator("select[data-facet=shop]:enabled").waitFor();
  await panel.locator("#question").fill("好的谢谢");
  await panel.locator("#hits > li").first().waitFor();
  await panel.locator("#question").press("Enter");
  await panel.getByText("没有找到聊天输入框").waitFor();
  assert.equal(await chat.evaluate(() => /** @type {any} */ (globalThis).chat.text()), "");
  await chat.close();
  await panel.close();
});
