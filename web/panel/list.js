// @ts-check
// The hits on the screen and the choice among them, which the mouse's hovering never moves.

import { element } from "./dom.js";
import { HuashuHit } from "./hit.js";

/** @typedef {import("../transport.js").Hit} Hit */

/**
 * A hit as it stood on the screen when a key went down: what is taken, whatever comes later.
 * @typedef {{element: HuashuHit, hit: Hit, reply: import("../transport.js").Reply, query: string, position: number}} Taken
 */

export class HitList {
  /** Of the search whose hits are shown. */
  query = "";
  #selected = 0;

  /** @param {HTMLOListElement} list */
  constructor(list) {
    this.list = list;
  }

  /** @returns {HuashuHit[]} */
  get hits() {
    return [...this.list.children].map((item) => item.firstElementChild).filter((hit) => hit instanceof HuashuHit);
  }

  /**
   * @param {Hit[]} hits @param {string} query
   * @param {(hit: Hit, number: number) => import("./hit.js").Setting} setting
   */
  show(hits, query, setting) {
    const items = hits.map((hit, index) => {
      const shown = new HuashuHit();
      shown.show(hit, setting(hit, index < 9 ? index + 1 : 0));
      return element("li", "", shown);
    });
    this.list.replaceChildren(...items);
    this.list.classList.remove("old");
    this.query = query;
    this.select(0);
  }

  clear() {
    this.list.replaceChildren();
    this.query = "";
  }

  /** What is shown is another customer's: it stays in sight until the next hits come, and cannot be taken. */
  age() {
    this.list.classList.add("old");
  }

  /** @param {number} index */
  select(index) {
    const items = [...this.list.children];
    this.#selected = Math.max(0, Math.min(index, items.length - 1));
    items.forEach((item, at) => {
      if (at === this.#selected) item.setAttribute("aria-current", "true");
      else item.removeAttribute("aria-current");
    });
  }

  /** @param {number} step */
  move(step) {
    this.select(this.#selected + step);
    this.list.children[this.#selected]?.scrollIntoView({ block: "nearest" });
  }

  /** The chosen hit. @returns {HuashuHit | undefined} */
  get current() {
    return this.hits[this.#selected];
  }

  /** A hit with the reply that it shows, the chosen one where no number is given. @param {number} [index] @returns {Taken | null} */
  at(index = this.#selected) {
    const shown = this.hits[index];
    if (!shown?.hit || !shown.reply || this.list.classList.contains("old")) return null;
    return { element: shown, hit: shown.hit, reply: shown.reply, query: this.query, position: index };
  }

  /** @param {HuashuHit} hit */
  indexOf(hit) {
    return this.hits.indexOf(hit);
  }
}
