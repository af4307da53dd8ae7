// @ts-check
// What is known of the chat, as chips: each says where its value comes from, and corrects it.

import { element } from "./dom.js";
import { facetName } from "./hit.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./desk.js").Choice} Choice */
/** @typedef {import("./conversation.js").Fact} Fact */

/** Always shown: what replies cannot be filled or ordered without. */
const FIRST = ["shop", "channel"];

/** Of the conversation, in the order of the screen. */
const FACTS = /** @type {const} */ (["stage", "product", "customer", "emotion"]);

export class Chips {
  /** Whether those without a value are shown, too. */
  #all = false;

  /** @param {HTMLElement} place @param {Desk} desk @param {() => void} corrected */
  constructor(place, desk, corrected) {
    this.place = place;
    this.desk = desk;
    this.corrected = corrected;
  }

  /** Draws what is known now. Where the focus is, it stays. @param {string} [feeling] that the message shows */
  show(feeling = "") {
    const focused = /** @type {HTMLElement | null} */ (this.place.querySelector(":focus"))?.dataset.facet;
    const { desk } = this;
    const facets = desk.library?.facets ?? {};
    const shops = (desk.library?.shops ?? []).map((shop) => ({ value: shop.id, text: shop.name }));
    const plain = (/** @type {string} */ facet) => (facets[facet] ?? []).map((value) => ({ value, text: value }));
    /** @type {HTMLElement[]} */
    const chips = [
      this.#chip("shop", shops, desk.shop, desk.ofPage.shop ? "页面" : "", "不限", (value) => desk.choose("shop", value)),
      this.#chip("channel", plain("channel"), desk.channel, desk.ofPage.channel ? "页面" : "", "不限", (value) => desk.choose("channel", value)),
    ];
    const { said, seen } = desk.conversation;
    for (const fact of FACTS) {
      const detected = fact === "emotion" ? feeling : (seen[fact] ?? "");
      const source = said[fact] === undefined && detected ? "自动" : "";
      const automatic = detected ? `自动：${detected}` : "自动";
      chips.push(
        this.#chip(fact, plain(fact), said[fact] ?? "", source, automatic, (value) => {
          if (value) desk.conversation.said[fact] = value;
          else delete desk.conversation.said[fact];
        }),
      );
    }
    chips.push(this.#chip("authority", plain("authority"), desk.chosen.authority, "", "一线", (value) => desk.choose("authority", value)));
    const hidden = chips.filter((chip) => !this.#all && !FIRST.includes(chip.dataset.facet ?? "") && chip.dataset.empty === "true");
    this.place.replaceChildren(...chips.filter((chip) => !hidden.includes(chip)));
    if (hidden.length > 0 || this.#all) this.place.append(this.#more());
    if (focused) /** @type {HTMLElement | null} */ (this.place.querySelector(`select[data-facet=${focused}]`))?.focus();
  }

  focusShop() {
    /** @type {HTMLElement | null} */ (this.place.querySelector("select[data-facet=shop]"))?.focus();
  }

  #more() {
    const more = element("button", "chip plain", this.#all ? "收起" : "＋ 情境");
    more.type = "button";
    more.setAttribute("aria-expanded", String(this.#all));
    more.addEventListener("click", () => {
      this.#all = !this.#all;
      this.show();
    });
    return more;
  }

  /**
   * @param {string} facet @param {{value: string, text: string}[]} options @param {string} value @param {string} source who filled it in, where not the agent
   * @param {string} none what no choice means @param {(value: string) => unknown} choose
   */
  #chip(facet, options, value, source, none, choose) {
    const select = element("select", "", new Option(none, ""), ...options.filter((option) => option.value !== none).map((option) => new Option(option.text, option.value)));
    select.value = value;
    if (select.selectedIndex < 0) select.value = "";
    select.dataset.facet = facet;
    select.disabled = this.desk.library === null;
    select.addEventListener("change", () => {
      choose(select.value);
      this.show();
      this.corrected();
    });
    const chip = element("label", source ? "chip seen" : "chip", element("span", "", facetName(facet)), select);
    chip.dataset.facet = facet;
    chip.dataset.empty = String(!value && !source);
    if (source) chip.title = `${source}识别，可以改`;
    return chip;
  }
}
