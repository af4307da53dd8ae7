// @ts-check
// Any draft, checked while it is written: findings underlined, better words one key away, a ban stops it.

import { isComposing, onTyped } from "../typing.js";
import { button, element } from "./dom.js";
import { choices, piecesOf, replaced } from "./findings.js";

/** @typedef {import("./findings.js").Finding} Finding */
/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./list.js").Taken} Taken */

/** Better words that a key reaches. */
const MAX_KEYS = 9;

export class Draft {
  #latest = new AbortController();
  /** @type {Finding[]} */
  #findings = [];
  /** The text that was checked last. @type {string | null} */
  #checked = null;
  #blocked = false;
  /** The reply that it was made of. @type {Taken | null} */
  #taken = null;

  /**
   * @param {HTMLElement} place @param {Desk} desk @param {string} verb
   * @param {(text: string, taken: Taken | null) => Promise<boolean>} send puts it where the agent writes @param {() => void} closed
   */
  constructor(place, desk, verb, send, closed) {
    this.place = place;
    this.desk = desk;
    this.send = send;
    this.closed = closed;
    this.field = element("textarea", "draft-field");
    this.field.setAttribute("aria-label", "要检查的话");
    this.field.placeholder = "把要发的话写在这里，边写边查";
    this.field.autocomplete = "off";
    this.field.spellcheck = false;
    this.field.rows = 2;
    // Behind the field, with the same text in the same place: it underlines.
    this.lines = element("div", "draft-lines");
    this.lines.setAttribute("aria-hidden", "true");
    this.told = element("div", "draft-told");
    this.told.setAttribute("role", "status");
    this.take = button("take", verb, () => this.#take(), "Ctrl+Enter");
    this.tools = element("span", "draft-tools");
    const foot = element("div", "foot", element("span", "soft", "只检查，不会发出"), this.tools, this.take);
    place.append(element("h2", "menu-title", "查草稿"), element("div", "draft-box", this.lines, this.field), this.told, foot);
    onTyped(this.field, () => this.check());
    this.field.addEventListener("input", () => this.#underline([]));
    place.addEventListener("keydown", (event) => this.#onKey(event));
  }

  get isOpen() {
    return !this.place.hidden;
  }

  get text() {
    return this.field.value;
  }

  /** Adds what else can be done with a draft. @param {HTMLElement[]} tools */
  addTools(...tools) {
    this.tools.append(...tools);
  }

  /** Opens as it was left, or with a reply that could not go out as it was. @param {string} [text] @param {Taken} [taken] */
  open(text, taken) {
    this.place.hidden = false;
    if (text !== undefined) {
      this.#taken = taken ?? null;
      this.field.value = text;
      // It is about something else now.
      this.place.dispatchEvent(new Event("replaced"));
    }
    this.field.focus();
    return this.check();
  }

  close() {
    const was = this.isOpen;
    this.place.hidden = true;
    this.#latest.abort();
    if (was) this.closed();
    return was;
  }

  /** Asks what is wrong with it; a late answer to an earlier text is dropped. */
  async check() {
    this.#latest.abort();
    this.#latest = new AbortController();
    const { signal } = this.#latest;
    const text = this.field.value;
    if (!text.trim()) return this.#show(text, [], false);
    try {
      const { shop, channel } = this.desk;
      const { findings, blocked } = await this.desk.transport.check({ text, shop: shop || undefined, channel: channel || undefined }, signal);
      if (!signal.aborted) this.#show(text, findings, blocked);
    } catch {
      if (signal.aborted) return;
      this.#checked = null;
      this.told.replaceChildren(element("p", "failed", "现在查不了，稍后再试"));
    }
  }

  /** @param {string} text @param {Finding[]} findings @param {boolean} blocked */
  #show(text, findings, blocked) {
    this.#checked = text;
    this.#findings = findings;
    this.#blocked = blocked;
    this.#underline(findings);
    this.take.disabled = blocked || !text.trim();
    const numbered = choices(findings);
    const told = findings.map((finding) => {
      const words = numbered.filter((choice) => choice.finding === finding).map((choice) => {
        const number = numbered.indexOf(choice) + 1;
        return button("better", choice.better, () => this.#replace(choice), number <= MAX_KEYS ? `Alt+${number}` : undefined);
      });
      const severity = finding.severity === "block" ? "不能发" : "想一想";
      return element("div", `finding ${finding.severity}`, element("p", "", element("strong", "", `${severity}：${finding.text}`), ` ${finding.why}`), ...words);
    });
    if (findings.length === 0 && text.trim()) told.push(element("div", "finding fine", element("p", "", "没有问题")));
    this.told.replaceChildren(...told);
  }

  /** @param {Finding[]} findings */
  #underline(findings) {
    const pieces = piecesOf(this.field.value, findings);
    // A line end at the end takes no room without something behind it.
    this.lines.replaceChildren(...pieces.map(({ text, finding }) => (finding ? element("mark", finding.severity, text) : text)), "\u200b");
  }

  /** @param {{finding: Finding, better: string}} choice */
  #replace({ finding, better }) {
    if (this.#checked !== this.field.value) return;
    this.field.value = replaced(this.field.value, finding, better);
    this.field.focus();
    this.check();
  }

  /** Only what was checked as it stands goes out. */
  async #take() {
    const text = this.field.value;
    if (this.#checked !== text) await this.check();
    if (this.#checked !== text || this.#blocked || !text.trim()) return;
    if (!(await this.send(text, this.#taken))) return;
    this.#taken = null;
    this.close();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (isComposing(event)) return;
    const digit = event.altKey ? /^Digit([1-9])$/.exec(event.code) : null;
    const choice = digit ? choices(this.#findings)[Number(digit[1]) - 1] : undefined;
    if (choice) this.#replace(choice);
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#take();
    else if (!digit) return;
    event.preventDefault();
    event.stopPropagation();
  }
}
