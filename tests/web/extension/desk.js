// @ts-check
// Service, pages and extension for the tests of a file, and a chat with the panel beside it.

import { after, before } from "node:test";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { Panel } from "../panel/desk.js";
import { startService } from "../service.js";
import { launchExtension } from "./chromium.js";
import { servePages } from "./pages.js";

/** Where a test page has what, for `kb/site-profiles.json`. */
export const PROFILES = {
  format: 1,
  replace: true,
  profiles: [
    {
      id: "test",
      name: "测试",
      channel: "抖音",
      match: ["http://localhost:*/editor/*"],
      editor: ["#root textarea", "#root [contenteditable=true]", "textarea:not(#note)"],
      messages: { item: ".message", customer: ".customer", agent: ".agent", text: "p" },
      conversation: [{ select: "[data-conversation]" }],
    },
  ],
};

/**
 * @param {{kb?: string, profiles?: object | null, origins?: string[], prepare?: (kb: string) => void, begun?: () => Promise<void>}} [how] `begun` is
 *   waited for before the first test
 */
export function useExtension({ kb = "kb", profiles = PROFILES, origins, prepare, begun } = {}) {
  /** @type {import("../service.js").Service} */
  let service;
  /** @type {import("./chromium.js").Extension} */
  let extension;
  /** @type {{url: string, stop: () => Promise<void>, bundle: (name: string) => Promise<string>}} */
  let pages;
  before(async () => {
    pages = await servePages();
    service = await startService({
      kb,
      prepare(folder) {
        if (profiles) writeFileSync(path.join(folder, "site-profiles.json"), JSON.stringify(profiles));
        prepare?.(folder);
      },
    });
    extension = await launchExtension({ server: service.url, origins });
    await begun?.();
  });
  after(async () => {
    await extension?.close();
    await service?.stop();
    await pages?.stop();
  });
  return {
    get service() {
      return service;
    },
    get extension() {
      return extension;
    },
    get pages() {
      return pages;
    },
    /** A chat around an editor, with the panel beside it in a window of its own. @param {string} editor */
    async open(editor) {
      const chat = await extension.context.newPage();
      await chat.goto(`${pages.url}/editor/${editor}`);
      const panel = await this.beside(chat);
      return { chat, panel, text: () => chat.evaluate(() => /** @type {any} */ (globalThis).chat.text()), sent: () => chat.evaluate(() => /** @type {any} */ (globalThis).chat.sent) };
    },
    /** The panel beside a page. @param {import("playwright-core").Page} chat */
    async beside(chat) {
      const page = await extension.open(`extension/panel.html?tab=${await extension.tabOf(chat)}`);
      /** @type {string[]} */
      const faults = [];
      page.on("pageerror", (error) => faults.push(String(error)));
      const panel = new Panel(page, faults, () => page.close());
      await page.locator("select[data-facet=shop]:enabled").waitFor();
      return panel;
    },
  };
}
