// @ts-check
// A real Chromium with the extension loaded from a copy of `web/`, whose manifest already has the permissions that an agent would grant by a click:
// the browser's own question cannot be answered without a hand.

import { chromium } from "playwright-core";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ACTION_MS, CHROMIUM, FLAGS } from "../browser.js";
import { ROOT, until } from "../service.js";

/** @typedef {import("playwright-core").Page} Page */

/**
 * @typedef {object} Extension
 * @property {import("playwright-core").BrowserContext} context
 * @property {string} origin `chrome-extension://…`
 * @property {Page} desk a page of the extension that shows nothing, to act from
 * @property {() => import("playwright-core").Worker} worker the service worker, which the browser may have started anew
 * @property {(page: string) => Promise<Page>} open a page of the extension, in a tab
 * @property {(page: Page) => Promise<number>} tabOf the browser's number of a tab
 * @property {(config: object) => Promise<void>} configure
 * @property {() => Promise<void>} close
 */

/** The worker, as soon as it runs. @param {import("playwright-core").BrowserContext} context */
async function begun(context) {
  try {
    return context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
  } catch (error) {
    // A browser that stays would keep the tests from ending.
    await context.close();
    throw new Error("the extension did not load: chrome://extensions says why", { cause: error });
  }
}

/**
 * @param {{server?: string, origins?: string[], web?: string}} [how] `origins` that are allowed from the beginning; `web`: the extension's files
 * @returns {Promise<Extension>}
 */
export async function launchExtension({ server, origins = ["http://127.0.0.1/*", "http://localhost/*"], web: from = path.join(ROOT, "web") } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "huashu-extension-"));
  const web = path.join(folder, "web");
  cpSync(from, web, { recursive: true });
  const file = path.join(web, "manifest.json");
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  if (origins.length > 0) manifest.host_permissions = origins;
  writeFileSync(file, JSON.stringify(manifest));
  const context = await chromium.launchPersistentContext(path.join(folder, "profile"), {
    executablePath: CHROMIUM,
    ignoreDefaultArgs: ["--disable-extensions"],
    args: [...FLAGS, `--disable-extensions-except=${web}`, `--load-extension=${web}`],
    locale: "zh-CN",
    timezoneId: "Asia/Shanghai",
    viewport: { width: 1000, height: 760 },
  });
  context.setDefaultTimeout(ACTION_MS);
  const worker = await begun(context);
  const origin = worker.url().replace(/\/extension\/.*$/, "");
  // Just installed it shows its options, in whichever tab is empty.
  await until(() => context.pages().some((page) => page.url().endsWith("/options.html")));
  const open = async (/** @type {string} */ page) => {
    const opened = await context.newPage();
    await opened.goto(`${origin}/${page}`);
    return opened;
  };
  const desk = await open("extension/clipboard.html");
  const configure = (/** @type {object} */ config) =>
    desk.evaluate(async (config) => {
      const { writeConfig } = await import(/** @type {any} */ ("/extension/config.js"));
      await writeConfig(config);
    }, config);
  const tabOf = async (/** @type {Page} */ page) => {
    const tabs = await desk.evaluate(() => chrome.tabs.query({}));
    const tab = tabs.find((tab) => tab.url === page.url());
    if (tab?.id === undefined) throw new Error(`no tab shows ${page.url()}`);
    return tab.id;
  };
  if (server) await configure({ server: `${server}/` });
  const close = async () => {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { context, origin, desk, worker: () => context.serviceWorkers()[0], open, tabOf, configure, close };
}
