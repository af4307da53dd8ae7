// @ts-check
// Lists to choose from without a question: moments of proactive scripts, categories. Each item has a key of its own.

import { button, element } from "./dom.js";
import { MENU_KEYS } from "./keys.js";

/** @typedef {{text: string, count?: number, chosen: () => void}} Item */

export class Menu {
  /** @type {Item[]} */
  #items = [];

  /** @param {HTMLElement} place @param {() => void} closed */
  constructor(place, closed) {
    this.place = place;
    this.closed = closed;
    place.addEventListener("keydown", (event) => this.#onKey(event));
  }

  get isOpen() {
    return !this.place.hidden;
  }

  /** @param {string} title @param {Item[]} items */
  open(title, items) {
    this.#items = items;
    const list = element("ul", "menu-items");
    for (const [index, item] of items.entries()) {
      const made = button("menu-item", item.text, () => this.#choose(index));
      if (item.count !== undefined && item.count > 1) made.append(" ", element("span", "count", String(item.count)));
      const key = MENU_KEYS[index];
      if (key) {
        const cap = element("kbd", "", key);
        cap.setAttribute("aria-hidden", "true");
        made.prepend(cap, " ");
        made.setAttribute("aria-keyshortcuts", key);
      }
      list.append(element("li", "", made));
    }
    const empty = items.length === 0 ? [element("p", "soft", "还没有")] : [];
    this.place.replaceChildren(element("h2", "menu-title", title), list, ...empty);
    this.place.hidden = false;
    /** @type {HTMLElement | null} */ (this.place.querySelector("button"))?.focus();
  }

  close() {
    const was = this.isOpen;
    this.place.hidden = true;
    if (was) this.closed();
    return was;
  }

  /** @param {number} index */
  #choose(index) {
    this.place.hidden = true;
    this.#items[index]?.chosen();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const buttons = [...this.place.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const index = MENU_KEYS.indexOf(event.key.toLowerCase());
    if (step) {
      const at = buttons.findIndex((other) => other === event.target);
      buttons[(at + step + buttons.length) % buttons.length]?.focus();
    } else if (index >= 0 && index < this.#items.length) {
      this.#choose(index);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
