// @ts-check
// 问法: how customers ask for an entry, as a list beside its text; and how they also did, from the journal, to be taken in at a press.

import { button, element } from "../../panel/dom.js";
import { isComposing } from "../../typing.js";
import { part } from "../api.js";
import { questionsIn, withQuestion, withQuestionAt } from "./front.js";

export class Phrasings {
  /** Also asked; `null`: not asked for yet. @type {{text: string, count: number}[] | null} */
  #asked = null;

  /** @param {HTMLElement} place @param {{text: () => string, edit: (text: string) => void, mayEdit: boolean}} desk */
  constructor(place, desk) {
    this.place = place;
    this.desk = desk;
  }

  /** What customers also wrote; a service without a journal has none. @param {import("../api.js").Api} api @param {string} id @param {AbortSignal} signal */
  async ask(api, id, signal) {
    try {
      this.#asked = (await api.get(`v1/entries/${part(id)}/asked`, { signal })).texts;
      this.draw();
    } catch {
      this.#asked = [];
    }
  }

  draw() {
    // Where somebody types, what stands there is newer than the text.
    if (this.place.contains(document.activeElement) && document.activeElement instanceof HTMLInputElement) return;
    const known = questionsIn(this.desk.text());
    if (known === null) {
      this.place.replaceChildren(element("p", "soft", "这条的问法没有一行一个地写，请在左边改。"));
      return;
    }
    if (!this.desk.mayEdit) {
      const texts = known.map(({ text }) => element("li", "", text));
      this.place.replaceChildren(element("ol", "phrasings", ...texts), ...this.#also(known.map(({ text }) => text)));
      return;
    }
    const list = element("ol", "phrasings", ...known.map((question) => element("li", "", ...this.#line(question))));
    this.place.replaceChildren(list, this.#adder(), ...this.#also(known.map(({ text }) => text)));
  }

  /** @param {{text: string, line: number}} question */
  #line({ text, line }) {
    const field = element("input", "input");
    field.value = text;
    field.setAttribute("aria-label", `问法 ${text}`);
    const reword = () => field.value.trim() !== text && this.#edit(withQuestionAt(this.desk.text(), line, field.value.trim()));
    field.addEventListener("change", reword);
    const away = button("plain", "×", () => this.#edit(withQuestionAt(this.desk.text(), line, "")));
    away.setAttribute("aria-label", `去掉「${text}」`);
    return [field, away];
  }

  #adder() {
    const field = element("input", "input");
    field.placeholder = "再加一种问法，回车";
    field.setAttribute("aria-label", "再加一种问法");
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || isComposing(event) || !field.value.trim()) return;
      event.preventDefault();
      this.#edit(withQuestion(this.desk.text(), field.value.trim()));
      /** @type {HTMLElement | null} */ (this.place.querySelector(".adder input"))?.focus();
    });
    return element("div", "adder", field);
  }

  /** @param {string[]} known @returns {HTMLElement[]} */
  #also(known) {
    if (this.#asked === null) return [];
    const others = this.#asked.filter(({ text }) => !known.includes(text));
    const title = element("h3", "part-title", "顾客还这样问");
    if (others.length === 0) return [title, element("p", "soft", "日志里还没有别的问法")];
    const items = others.map(({ text, count }) => {
      const take = button("plain", "加入", () => this.#edit(withQuestion(this.desk.text(), text)));
      take.setAttribute("aria-label", `加入「${text}」`);
      return element("li", "", element("span", "", text), element("span", "count", `${count} 次`), ...(this.desk.mayEdit ? [take] : []));
    });
    return [title, element("ul", "asked", ...items)];
  }

  /** @param {string} text */
  #edit(text) {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    this.desk.edit(text);
    this.draw();
  }
}
