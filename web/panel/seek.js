// @ts-check
// From what stands in the box to hits on the screen: searching, suggesting, browsing. Only the latest answer is shown.

import { newId, SHOWN_MS } from "../events.js";
import { TransportError } from "../transport.js";
import { button } from "./dom.js";
import { guessSlots } from "./guess.js";
import { SHOWN } from "./keys.js";
import { MAX_SHOWN } from "./shelf.js";
import { isShort, merged } from "./short.js";
import { failure, isSure, LASTING, summaryOf } from "./words.js";

/** @typedef {import("../transport.js").Hit} Hit */
/** @typedef {import("../transport.js").Answer} Answer */

/** Hits of one page: what nine keys reach. */
const LIMIT = 9;

/** Rest before a failed request is tried again, in milliseconds. */
export const RETRY_MS = 1_500;

/** The code of a failure. @param {unknown} error */
export function codeOf(error) {
  return error instanceof TransportError ? error.code : "";
}

export class Seek {
  /** Aborted as soon as another search begins. */
  #latest = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** The answer that was read and not used yet: its search's id. */
  #read = "";
  /** What the chat's page gave, while the box says the same. @type {string[] | null} */
  messages = null;

  /**
   * @param {import("./desk.js").Desk} desk @param {import("./skeleton.js").Parts} parts
   * @param {import("./list.js").HitList} list @param {import("./chips.js").Chips} chips @param {import("./band.js").Band} band @param {() => void} reportGap
   */
  constructor(desk, parts, list, chips, band, reportGap) {
    this.desk = desk;
    this.parts = parts;
    this.list = list;
    this.chips = chips;
    this.band = band;
    this.reportGap = reportGap;
  }

  /** Searches for what stands in the box. */
  async search() {
    this.#latest.abort();
    clearTimeout(this.#retry);
    const { signal } = (this.#latest = new AbortController());
    const { question, clear, hints } = this.parts;
    const q = question.value.trim();
    clear.hidden = question.value === "";
    hints.hidden = q !== "";
    if (q === "") return this.#rest();
    const { desk } = this;
    const { conversation } = desk;
    conversation.guess(guessSlots(q));
    desk.keep();
    try {
      const what = this.messages ? { messages: this.messages } : { q };
      const [answer, suggested] = await Promise.all([
        desk.transport.search({ ...what, context: desk.context(), limit: LIMIT }, signal),
        isShort(q) ? this.#suggest(q, signal) : [],
      ]);
      if (!signal.aborted) this.#show(answer, answer.act ? answer.hits : merged(suggested, answer.hits, LIMIT), signal);
    } catch (error) {
      if (signal.aborted) return;
      const code = codeOf(error);
      this.say(failure(code), "failed");
      if (!LASTING.has(code)) this.#retry = setTimeout(() => this.search(), RETRY_MS);
    }
  }

  /** Shows entries without a question, as hits. @param {string} title @param {{ids?: string[], category?: string, trigger?: string}} what */
  async browse(title, what) {
    this.#latest.abort();
    const { signal } = (this.#latest = new AbortController());
    if (what.ids?.length === 0) return this.say(`${title}：还没有`);
    try {
      const { hits, gone, total } = await this.desk.transport.browse({ ...what, context: this.desk.context(), limit: MAX_SHOWN }, signal);
      if (signal.aborted) return;
      this.parts.hints.hidden = true;
      this.#showHits(hits, newId());
      const expired = gone.length > 0 ? ` · ${gone.length} 条已停用或过期，不再显示` : "";
      this.say(`${title} · ${total} 条${expired}`);
      this.parts.question.focus();
    } catch (error) {
      if (!signal.aborted) this.say(failure(codeOf(error)), "failed");
    }
  }

  /** What was read is done: another customer's message comes. It tells where nothing of it was used. */
  leave() {
    if (this.#read) this.desk.reporter.unused(this.#read);
    this.#read = "";
  }

  /** Something of an answer was used. @param {string} query */
  used(query) {
    if (this.#read === query) this.#read = "";
  }

  /** @param {string} text @param {string} [kind] */
  say(text, kind = "") {
    this.parts.summary.replaceChildren(text);
    this.parts.summary.className = `summary ${kind}`;
  }

  /** Nothing is asked. */
  #rest() {
    if (this.desk.conversations.identity === null) this.desk.conversations.begin();
    this.say("");
    this.list.clear();
    this.band.dismiss();
    this.chips.show();
  }

  /** Hits for a beginning. @param {string} q @param {AbortSignal} signal @returns {Promise<Hit[]>} */
  async #suggest(q, signal) {
    const { transport } = this.desk;
    const { suggestions } = await transport.suggest(q, LIMIT, signal);
    if (suggestions.length === 0) return [];
    return (await transport.browse({ ids: suggestions.map(({ id }) => id), context: this.desk.context() }, signal)).hits;
  }

  /** @param {Answer} answer @param {Hit[]} hits @param {AbortSignal} signal */
  #show(answer, hits, signal) {
    const { conversation, reporter } = this.desk;
    if (answer.stage) conversation.seen.stage = answer.stage;
    this.#showHits(hits, answer.query_id);
    this.say(summaryOf(answer), isSure(answer) || hits.length > answer.hits.length ? "" : "unsure");
    if (!isSure(answer)) this.parts.summary.append(" ", button("plain gap", "报给培训", this.reportGap, SHOWN.gap));
    this.chips.show(answer.emotion.emotion === "平静" ? "" : answer.emotion.emotion);
    this.band.show(answer);
    const seen = setTimeout(() => {
      reporter.shown(answer.query_id);
      this.#read = answer.query_id;
    }, SHOWN_MS);
    // Whoever types on has not read it.
    const forget = () => clearTimeout(seen);
    signal.addEventListener("abort", forget);
    this.parts.question.addEventListener("input", forget, { once: true });
  }

  /** @param {Hit[]} hits @param {string} query */
  #showHits(hits, query) {
    const { desk } = this;
    const { slots } = desk.conversation;
    this.list.show(hits, query, (hit, number) => ({
      number,
      values: { ...slots },
      shopValues: desk.shopValues,
      verb: this.parts.verb,
      favourite: desk.favourites.includes(hit.id),
      passages: async (id) => (await desk.transport.entry(id)).entry.passages,
    }));
  }
}
