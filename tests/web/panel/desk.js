// @ts-check
// One service and one browser for the tests of a file, and the panel as its users see it.

import { useBoth } from "../both.js";

/** @typedef {import("../browser.js").Page} Page */

/**
 * Starts service and browser before the tests of a file and ends them after.
 * @param {Parameters<typeof useBoth>[0]} [how]
 */
export function useDesk(how) {
  const both = useBoth(how);
  return {
    get service() {
      return both.service;
    },
    /** A fresh panel, ready to type. @param {{path?: string, shop?: string, channel?: string, options?: Parameters<typeof import("../browser.js").openPage>[2], prepare?: (page: Page) => Promise<unknown>}} [how] */
    async open({ path = "/", shop, channel, options, prepare } = {}) {
      const opened = await both.open(path, options, prepare);
      const panel = new Panel(opened.page, opened.faults, opened.close);
      // The choosers know their values once the library has come.
      await panel.page.locator("select[data-facet=shop]:enabled").waitFor();
      if (shop) await panel.chip("shop").selectOption(shop);
      if (channel) await panel.chip("channel").selectOption(channel);
      return panel;
    },
  };
}

export class Panel {
  /** @param {Page} page @param {string[]} faults @param {() => Promise<void>} close */
  constructor(page, faults, close) {
    this.page = page;
    this.faults = faults;
    this.close = close;
    this.question = page.locator("#question");
    this.hits = page.locator("#hits > li");
    this.current = page.locator("#hits > li[aria-current]");
    this.summary = page.locator("#summary");
    this.toast = page.locator("#toast");
    this.band = page.locator("section.band");
    this.after = page.locator("section.after");
    this.menu = page.locator("section.menu");
    this.draft = page.locator("section.draft:not(.propose):not(.sign)");
  }

  /** @param {string} facet */
  chip(facet) {
    return this.page.locator(`select[data-facet=${facet}]`);
  }

  /** Pastes over all that stands there, as an agent does with the next customer's message, and waits for its hits. @param {string} text */
  async paste(text) {
    await this.page.evaluate((text) => navigator.clipboard.writeText(text), text);
    await this.question.focus();
    await this.page.keyboard.press("Control+A");
    const answered = this.page.waitForResponse((response) => response.url().endsWith("/v1/search"));
    await this.page.keyboard.press("Control+V");
    await answered;
    await this.page.locator("#hits:not(.old)").waitFor({ state: "attached" });
    await this.page.waitForFunction(() => document.querySelector("#summary")?.textContent);
  }

  /** @param {string} title */
  hit(title) {
    return this.hits.filter({ has: this.page.locator(".title", { hasText: title }) });
  }

  /** The reply that a hit shows, as it reads, values of its blanks included. @param {import("playwright-core").Locator} hit */
  words(hit) {
    return hit.locator("huashu-hit > .reply > .words").evaluate((words) => {
      /** @type {(node: Node) => string} */
      const read = (node) => (node instanceof HTMLInputElement ? node.value || node.placeholder : node.childNodes.length > 0 ? [...node.childNodes].map(read).join("") : (node.textContent ?? ""));
      return [...words.querySelectorAll(".segment")].map(read).join("\n\n");
    });
  }

  /** What the toast says, once it says what is expected. @param {string | RegExp} text */
  async told(text) {
    await this.toast.filter({ hasText: text }).waitFor();
  }

  /** @param {...string} keys */
  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  clipboard() {
    return this.page.evaluate(() => navigator.clipboard.readText());
  }
}

/**
 * Collects the events that the page sends from now on.
 * @param {Page} page
 */
export function eventsOf(page) {
  /** @type {any[]} */
  const events = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/v1/events")) events.push(...JSON.parse(request.postData() ?? "{}").events);
  });
  return events;
}
