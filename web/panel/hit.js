// @ts-check
// One hit: why it was found, when to use it, its words as they will be sent, blanks to fill in place.

import { button, element, keyCap, marked } from "./dom.js";
import { SHOWN } from "./keys.js";
import { readable, readTemplate, valueOf, withoutUnit } from "./slots.js";
import { FACETS, KINDS, MARKS, MATCHED_BY } from "./words.js";

/** @typedef {import("../transport.js").Hit} Hit */
/** @typedef {import("../transport.js").Reply} Reply */
/** @typedef {import("../transport.js").Piece} Piece */

/** What makes a slot of a name, also where highlights cut it in pieces. */
const SLOT_MARKS = /\{\{(?:店铺\.|shop\.)?|[|｜][^{}|｜\n]*\}\}|\}\}/g;

/**
 * What a hit is shown with.
 * @typedef {object} Setting
 * @property {number} number what Alt takes it by, 0 for none
 * @property {Record<string, string>} values of slots, by slot
 * @property {Record<string, string>} shopValues
 * @property {string} verb what taking does: 复制, 插入
 * @property {boolean} favourite
 * @property {(id: string) => Promise<{heading: string, text: string}[]>} passages the whole entry, read when it is folded out
 */

/**
 * Asks by events that bubble: `take` (`{hit, reply}`), `slot` (`{slot, value}`), `star` and `verdict` (`{hit, verdict}`), `leave-slot`.
 */
export class HuashuHit extends HTMLElement {
  /** @type {Hit | null} */
  hit = null;
  /** Which of its replies is shown. */
  wording = 0;
  /** @type {Setting | null} */
  #setting = null;

  /** The reply that is shown. @returns {Reply | undefined} */
  get reply() {
    return this.hit?.replies[this.wording];
  }

  /** @param {Hit} hit @param {Setting} setting */
  show(hit, setting) {
    this.hit = hit;
    this.#setting = setting;
    this.wording = Math.min(this.wording, Math.max(hit.replies.length - 1, 0));
    this.replaceChildren(this.#head(hit, setting), ...this.#why(hit), ...(this.reply ? [this.#reply(this.reply, setting, true)] : []), this.#more(hit, setting));
  }

  /** Shows another wording. @param {number} step */
  turn(step) {
    if (!this.hit || !this.#setting || this.hit.replies.length < 2) return;
    this.wording = (this.wording + step + this.hit.replies.length) % this.hit.replies.length;
    this.show(this.hit, this.#setting);
  }

  /** Puts the cursor into the first blank that has no value; `false` where there is none. */
  focusBlank() {
    const blank = [...this.querySelectorAll("input.slot")].find((input) => input instanceof HTMLInputElement && !input.value && input.required);
    if (!(blank instanceof HTMLInputElement)) return false;
    blank.focus({ preventScroll: true });
    // Above what is told at the lower edge.
    blank.scrollIntoView({ block: "center" });
    return true;
  }

  /** Shows a value that was filled in elsewhere. @param {string} slot @param {string} value */
  fill(slot, value) {
    if (this.#setting) this.#setting.values[slot] = value;
    for (const input of this.querySelectorAll("input.slot")) {
      if (input instanceof HTMLInputElement && input.dataset.slot === slot && input !== input.ownerDocument.activeElement) setValue(input, withoutUnit(value, input.dataset.next ?? ""));
    }
  }

  /** @param {boolean} favourite */
  setFavourite(favourite) {
    if (!this.hit || !this.#setting) return;
    this.#setting.favourite = favourite;
    this.querySelector(".more")?.replaceWith(this.#more(this.hit, this.#setting));
  }

  /** @param {string} name @param {object} [detail] */
  #ask(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail: { hit: this.hit, ...detail } }));
  }

  /** @param {Hit} hit @param {Setting} setting */
  #head(hit, setting) {
    const head = element("div", "head", element("h2", "title", ...marked(hit.title_pieces)));
    if (setting.number > 0) head.prepend(element("span", "number", String(setting.number)));
    const facts = element("p", "facts", element("span", `kind kind-${hit.kind}`, KINDS[hit.kind] ?? hit.kind));
    if (hit.category) facts.append(element("span", "", hit.category));
    if (hit.shortcut) facts.append(element("span", "", element("kbd", "", hit.shortcut)));
    if (hit.picks > 0) facts.append(element("span", "", `用过 ${hit.picks} 次`));
    if (hit.facets.length > 0 || hit.hours) {
      const suits = hit.facets.filter(({ facet }) => facet !== "stage").map(({ value }) => value);
      if (hit.hours) suits.push(hit.hours);
      if (suits.length > 0) facts.append(element("span", "", `适用 ${suits.join("、")}`));
    }
    if (hit.authority !== "一线") facts.append(element("span", "warning", `${hit.authority}才能承诺`));
    facts.append(...hit.marks.map((mark) => element("span", "warning", mark === "expiring" ? `${until(hit)}到期` : (MARKS[mark] ?? mark))));
    head.append(facts);
    return head;
  }

  /** When to use it, and why it was found. @param {Hit} hit */
  #why(hit) {
    const parts = [];
    if (hit.advice) parts.push(element("p", "advice", readable(hit.advice, this.#setting?.shopValues)));
    const by = MATCHED_BY[hit.matched.by];
    const matched = hit.matched.text_pieces.map((piece) => piece.text).join("");
    // Below the reply of that very section it would say the reply once more.
    const says = hit.snippet_pieces.length > 0 && (!this.reply || (hit.matched.by === "passage" && matched !== this.reply.label));
    if (by && matched && (says || hit.matched.by !== "passage")) {
      const repeats = matched === hit.title;
      parts.push(element("p", "matched", element("span", "matched-by", by), ...(repeats ? [] : ["：", ...marked(hit.matched.text_pieces)])));
    }
    const plain = (/** @type {string} */ text) => text.replace(SLOT_MARKS, "");
    if (says) parts.push(element("p", this.reply ? "snippet" : "snippet alone", ...marked(hit.snippet_pieces, plain)));
    return parts;
  }

  /** @param {Reply} reply @param {Setting} setting @param {boolean} first */
  #reply(reply, setting, first) {
    const segments = readTemplate(reply.template).map((parts, index) => {
      const segment = element("p", "segment", ...parts.map((part, at) => ("text" in part ? part.text : this.#slot(part, parts[at + 1], setting))));
      const pictures = reply.segments[index]?.pictures ?? [];
      if (pictures.length > 0) segment.append(element("span", "pictures", ...pictures.map((picture) => element("span", "picture", `图 ${picture.alt || picture.target}`))));
      return segment;
    });
    const about = element("div", "about");
    if (first && this.hit && this.hit.replies.length > 1) {
      about.append(button("plain turn", `说法 ${this.wording + 1}/${this.hit.replies.length}`, () => this.turn(1), SHOWN.wording));
    }
    if (segments.length > 1) about.append(element("span", "label", `分 ${segments.length} 条发`));
    const conditions = reply.conditions.map(({ facet, value }) => (facet === "emotion" ? `顾客${value}` : value));
    if (reply.label) about.append(element("span", "label", conditions.length > 0 ? conditions.join(" · ") : reply.label));
    if (reply.used) about.append(element("span", "label used", "半小时内用过"));
    const key = !first ? undefined : setting.number > 0 && setting.number <= 9 ? `Alt+${setting.number}` : undefined;
    const take = button("take", setting.verb, () => this.#ask("take", { reply }), key);
    // Of the chosen hit; the style sheet shows one of the two.
    if (key) take.append(keyCap(SHOWN.take));
    return element("div", "reply", element("div", "words", ...segments), element("div", "foot", about, take));
  }

  /** @param {import("./slots.js").Slot} slot @param {import("./slots.js").Part | undefined} next @param {Setting} setting */
  #slot(slot, next, setting) {
    const value = valueOf(slot, setting.values, setting.shopValues);
    if (slot.shop !== null) {
      const filled = element("span", value ? "filled" : "blank", value || slot.shop);
      filled.title = value ? `店铺的${slot.shop}` : "选好店铺自动填写";
      return filled;
    }
    const input = element("input", "slot");
    input.type = "text";
    input.required = slot.fallback === null;
    input.placeholder = slot.fallback ?? slot.slot;
    input.dataset.slot = slot.slot;
    input.setAttribute("aria-label", slot.fallback === null ? slot.slot : `${slot.slot}，不填就用「${slot.fallback}」`);
    input.title = slot.slot;
    input.autocomplete = "off";
    input.spellcheck = false;
    input.dataset.next = next && "text" in next ? next.text.slice(0, 1) : "";
    setValue(input, withoutUnit(value, input.dataset.next));
    input.addEventListener("input", () => {
      setValue(input, input.value);
      this.#ask("slot", { slot: slot.slot, value: input.value });
    });
    return input;
  }

  /** Other wordings, the whole entry, and what can be done with it besides taking. @param {Hit} hit @param {Setting} setting */
  #more(hit, setting) {
    const verdict = (/** @type {string} */ name) => () => this.#ask("verdict", { verdict: name });
    const star = button("plain", setting.favourite ? "★ 已收藏" : "☆ 收藏", () => this.#ask("star"), SHOWN.star);
    star.setAttribute("aria-pressed", String(setting.favourite));
    const tools = element(
      "div",
      "tools",
      star,
      button("plain", "好用", verdict("good"), SHOWN.good),
      button("plain", "不好", verdict("bad"), SHOWN.bad),
      button("plain", "过时", verdict("outdated"), SHOWN.outdated),
    );
    const whole = element("details", "whole", element("summary", "", "全文"));
    whole.addEventListener("toggle", async () => {
      if (!whole.open || whole.childElementCount > 1) return;
      const passages = await setting.passages(hit.id).catch(() => []);
      for (const { heading, text } of passages) {
        if (heading) whole.append(element("h3", "", heading));
        whole.append(element("p", "passage", readable(text, setting.shopValues)));
      }
      if (passages.length === 0) whole.append(element("p", "passage", "暂时读不到"));
    });
    const more = element("div", "more", whole, tools);
    const others = hit.replies.filter((reply) => reply !== this.reply);
    if (others.length > 0) {
      const fold = element("details", "others", element("summary", "", `另有 ${others.length} 种说法`));
      fold.append(...others.map((reply) => this.#reply(reply, setting, false)));
      more.prepend(fold);
    }
    return more;
  }
}

/** The day on which a hit's validity ends. @param {Hit} hit */
function until(hit) {
  const day = /^\d{4}-(\d\d)-(\d\d)(?:T(\d\d:\d\d))?/.exec(hit.valid_until ?? "");
  return day ? `${Number(day[1])} 月 ${Number(day[2])} 日 ${day[3] ?? ""} ` : "即将";
}

/** Sets a value and the width for browsers that do not size fields by their content. @param {HTMLInputElement} input @param {string} value */
function setValue(input, value) {
  if (input.value !== value) input.value = value;
  input.size = Math.max([...(value || input.placeholder)].length * 2, 2);
}

/** @param {string} facet */
export function facetName(facet) {
  return FACETS[facet] ?? facet;
}

customElements.define("huashu-hit", HuashuHit);
