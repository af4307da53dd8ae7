// @ts-check
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { clipboardText, launchBrowser, openPage } from "../browser.js";
import { startService } from "../service.js";

/** @type {import("../service.js").Service} */
let service;
/** @type {import("../browser.js").Browser} */
let browser;

before(async () => {
  [service, browser] = await Promise.all([startService(), launchBrowser()]);
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

test("a pasted message finds its entry, and Enter copies what stands there", async () => {
  const { page, faults, close } = await openPage(browser, service.url);
  await page.locator("#question").fill("怎么还没发货");
  const first = page.locator("#hits > li").first();
  await first.getByText("催发货（时效内）").waitFor();
  const words = await first.locator(".segment").first().innerText();
  await page.keyboard.press("Enter");
  await page.locator("#toast").waitFor();
  assert.ok(words.length > 20);
  assert.equal((await clipboardText(page)).slice(0, 8), words.slice(0, 8));
  assert.deepEqual(faults, []);
  await close();
});
