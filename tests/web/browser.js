// @ts-check
// A real Chromium, driven without a window. Nothing is downloaded: the system's own browser is taken.

import { chromium } from "playwright-core";

/** Where Debian has it; `CHROMIUM` names another one. */
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** What makes it quiet: no display, no updates, no reports. Tests may run as root, where its sandbox refuses. */
export const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** How long an action may take, in milliseconds: debug builds on a busy machine. */
export const ACTION_MS = 15_000;

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").Browser} Browser */

/** @returns {Promise<Browser>} */
export function launchBrowser() {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/**
 * A fresh profile with one page on an address, which may read and write the clipboard. What the page throws or logs as an error fails the test that
 * looks at `faults`.
 * @param {Browser} browser @param {string} url @param {import("playwright-core").BrowserContextOptions} [options]
 * @param {(page: Page) => Promise<unknown>} [prepare] done before the address is opened
 * @returns {Promise<{page: Page, faults: string[], close: () => Promise<void>}>}
 */
export async function openPage(browser, url, options = {}, prepare) {
  const context = await browser.newContext({ locale: "zh-CN", timezoneId: "Asia/Shanghai", viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(ACTION_MS);
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(url).origin });
  const page = await context.newPage();
  /** @type {string[]} */
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  await prepare?.(page);
  await page.goto(url);
  return { page, faults, close: () => context.close() };
}

/** What is in the clipboard. @param {Page} page @returns {Promise<string>} */
export function clipboardText(page) {
  return page.evaluate(() => navigator.clipboard.readText());
}

/** Between two keys of a fast hand, in milliseconds: long enough that something could begin in between. */
const KEY_MS = 120;

/**
 * Types by an input method, as it does in Chinese: composition events, then the text. `steps` are what it shows on the way.
 * @param {Page} page @param {string[]} steps @param {string} text
 */
export async function compose(page, steps, text) {
  const devtools = await page.context().newCDPSession(page);
  for (const step of steps) {
    await devtools.send("Input.imeSetComposition", { text: step, selectionStart: step.length, selectionEnd: step.length });
    await page.waitForTimeout(KEY_MS);
  }
  await devtools.send("Input.insertText", { text });
  await devtools.detach();
}
