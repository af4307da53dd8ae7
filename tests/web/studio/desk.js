// @ts-check
// One service and one browser for the tests of a file, and the studio as trainers see it.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { useBoth } from "../both.js";
import { cookieOf } from "./team.js";

/** @typedef {import("../browser.js").Page} Page */

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * Starts service and browser before the tests of a file and ends them after.
 * @param {Parameters<typeof useBoth>[0]} [how]
 */
export function useStudio(how) {
  const both = useBoth(how);
  return {
    get service() {
      return both.service;
    },
    /** The studio by the link that `serve` prints. @param {string} hash such as `#/library` @param {Parameters<typeof import("../browser.js").openPage>[2]} [options] */
    async open(hash, options) {
      const { page, faults, close } = await both.open(`/studio#token=${both.service.token}`, options);
      await page.locator(".nav-link").first().waitFor();
      const studio = new StudioPage(page, faults, close);
      await studio.go(hash);
      return studio;
    },
  };
}

/** Pages of people who are signed in. @param {ReturnType<typeof useBoth>} both */
export function pagesOf(both) {
  /** @typedef {Parameters<typeof both.open>[1]} Options */
  /** @param {string} where @param {import("./team.js").Person} person @param {Options} [options] */
  const open = (where, person, options) => both.open(where, options, (page) => page.context().addCookies([cookieOf(person)]));
  return {
    open,
    /** @param {string} hash @param {import("./team.js").Person} person @param {Options} [options] */
    async studioOf(hash, person, options) {
      const { page, faults, close } = await open(`/studio${hash}`, person, options);
      const studio = new StudioPage(page, faults, close);
      await page.locator(".nav-link").first().waitFor();
      return studio;
    },
  };
}

export class StudioPage {
  /** @param {Page} page @param {string[]} faults @param {() => Promise<void>} close */
  constructor(page, faults, close) {
    this.page = page;
    this.faults = faults;
    this.close = close;
    this.title = page.locator(".studio-title");
    this.text = page.locator("textarea.text-field");
    this.rows = page.locator(".table tbody tr");
    this.toast = page.locator(".toasts .toast");
    this.dialog = page.locator("dialog");
  }

  /** @param {string} hash */
  async go(hash) {
    await this.page.evaluate((hash) => (location.hash = hash), hash);
  }

  /** @param {string} name */
  button(name) {
    return this.page.getByRole("button", { name, exact: true });
  }

  /** @param {string | RegExp} text */
  async told(text) {
    await this.toast.filter({ hasText: text }).waitFor();
  }

  /** The editor with an entry in it. @param {string} id */
  async edit(id) {
    await this.go(`#/entry/${encodeURIComponent(id)}`);
    await this.page.locator(".preview-title").waitFor();
  }

  /** Replaces a part of the text as a hand would. @param {string} from @param {string} to */
  async replace(from, to) {
    await this.text.evaluate((field, from) => {
      if (!(field instanceof HTMLTextAreaElement)) return;
      const at = field.value.indexOf(from);
      field.focus();
      field.setSelectionRange(at, at + from.length);
    }, from);
    await this.page.keyboard.insertText(to);
  }

  async save() {
    const saved = this.page.waitForResponse((response) => ["PUT", "POST"].includes(response.request().method()) && /\/v1\/entries/u.test(response.url()));
    await this.page.keyboard.press("Control+s");
    return saved;
  }

  /** What axe-core calls serious or worse. @returns {Promise<string[]>} */
  async serious() {
    // The page's policy lets no script in: the debugger's does.
    const devtools = await this.page.context().newCDPSession(this.page);
    await devtools.send("Page.setBypassCSP", { enabled: true });
    await this.page.evaluate(AXE);
    const { violations } = await this.page.evaluate(() => /** @type {any} */ (window).axe.run());
    return violations
      .filter((/** @type {any} */ violation) => ["serious", "critical"].includes(violation.impact))
      .map((/** @type {any} */ violation) => `${violation.id}: ${violation.nodes.map((/** @type {any} */ node) => node.html).join(" | ")}`);
  }

  /** How much wider than the window the page is. */
  overflow() {
    return this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  }
}
