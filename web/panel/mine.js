// @ts-check
// Words that somebody keeps for themselves: chosen from a list, sent by way of the draft, where they are checked as any other text, and kept from there.

import { button } from "./dom.js";
import { codeOf } from "./seek.js";
import { failure } from "./words.js";

/** @typedef {import("../transport.js").Mine} Words */

/** Longest title that is made of a text, in characters: a line of the list. */
const TITLE_CHARACTERS = 20;

/** Where a first clause ends. */
const CLAUSE_END = /[，。！？；\n,.!?;]/;

/** What a text is called: its first clause. Pure. @param {string} text */
export function titleOf(text) {
  const clause = text.trim().split(CLAUSE_END).find((part) => part.trim() !== "") ?? "";
  return [...clause.trim()].slice(0, TITLE_CHARACTERS).join("");
}

export class Mine {
  /** The words that the draft was opened with. @type {Words | null} */
  #opened = null;

  /**
   * @param {import("../transport.js").Transport} transport @param {import("./menu.js").Menu} menu @param {import("./draft.js").Draft} draft
   * @param {(text: string, kind?: string) => void} tell
   */
  constructor(transport, menu, draft, tell) {
    this.transport = transport;
    this.menu = menu;
    this.draft = draft;
    this.tell = tell;
    this.keeps = button("plain", "留作我的话术", () => this.#keep());
    this.drops = button("plain", "从我的话术里删掉", () => this.#drop());
    draft.addTools(this.keeps, this.drops);
    draft.place.addEventListener("replaced", () => this.#forget());
    this.#forget();
  }

  /** The list; an item goes into the draft, as does what is to be kept. */
  async open() {
    try {
      const { entries } = await this.transport.mine();
      const items = entries.map((words) => ({
        text: words.shortcut ? `${words.title}（${words.shortcut}）` : words.title,
        chosen: () => this.#edit(words),
      }));
      this.menu.open("我的话术", [...items, { text: "＋ 写一条", chosen: () => this.#edit(null) }]);
    } catch (error) {
      this.tell(failure(codeOf(error)), "caution");
    }
  }

  #forget() {
    this.#opened = null;
    this.drops.hidden = true;
    this.keeps.textContent = "留作我的话术";
  }

  /** @param {Words | null} words */
  #edit(words) {
    this.draft.open(words?.text ?? "");
    this.#opened = words;
    this.drops.hidden = !words;
    this.keeps.textContent = words ? "改我的话术" : "留作我的话术";
  }

  async #keep() {
    const text = this.draft.text.trim();
    if (!text) return this.tell("先写上要留的话", "caution");
    const before = this.#opened;
    // A title that somebody gave stays; one that was made of the text follows it.
    const title = before && before.title !== titleOf(before.text) ? before.title : titleOf(text);
    try {
      this.#edit(await this.transport.keepMine({ id: before?.id, title, shortcut: before?.shortcut ?? null, text }));
      this.tell(before ? "改好了" : "留好了，在「我的」里");
    } catch (error) {
      this.tell(failure(codeOf(error)), "caution");
    }
  }

  async #drop() {
    if (!this.#opened) return;
    try {
      await this.transport.dropMine(this.#opened.id);
      this.#forget();
      this.draft.close();
      this.tell("删掉了");
    } catch (error) {
      this.tell(failure(codeOf(error)), "caution");
    }
  }
}
