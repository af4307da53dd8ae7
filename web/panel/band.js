// @ts-check
// Anger or risk: what was recognised, who takes over now, what may be offered. Once per conversation; haste alone shows none.

import { button, element } from "./dom.js";
import { SHOWN } from "./keys.js";
import { readable } from "./slots.js";

/** @typedef {import("../transport.js").Answer} Answer */
/** @typedef {import("./desk.js").Desk} Desk */

/** What a band tells of, by name: risks, or anger. @param {Answer["emotion"]} emotion */
export function alarms(emotion) {
  if (emotion.risks.length > 0) return emotion.risks.map(({ name }) => name);
  return emotion.emotion === "愤怒" ? ["愤怒"] : [];
}

/** From who talks to the customer up. */
const LEVELS = ["一线", "组长", "主管"];

/**
 * What the levels may offer at once in a shop, this agent's first.
 * @param {Desk} desk @returns {{level: string, offer: string, own: boolean}[]}
 */
export function offers({ library, shopValues, chosen }) {
  const own = chosen.authority || "一线";
  const limits = Object.entries(library?.escalation.limits ?? {});
  const known = limits.map(([level, name]) => ({ level, offer: shopValues[name] ?? "", own: level === own })).filter(({ offer }) => offer);
  return known.sort((a, b) => Number(b.own) - Number(a.own) || LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
}

export class Band {
  /** Of the conversation whose band is shown. @type {unknown} */
  #conversation = null;
  /** @type {string[]} */
  #shown = [];

  /** @param {HTMLElement} place @param {Desk} desk @param {() => void} escalate shows the entries that take over */
  constructor(place, desk, escalate) {
    this.place = place;
    this.desk = desk;
    this.escalate = escalate;
  }

  /** Tells what is new in this conversation; while it stands, typing on changes nothing but what was recognised. @param {Answer} answer */
  show(answer) {
    const { conversation } = this.desk;
    const found = alarms(answer.emotion);
    const stands = this.#conversation === conversation && !this.place.hidden;
    const isNew = found.some((alarm) => !conversation.told.has(alarm));
    if (!isNew && !(stands && found.length > 0)) {
      // Typing on may take the word back that alarmed: then it has told nothing.
      if (stands && found.length === 0) this.#takeBack();
      this.place.hidden = !(stands && found.length > 0);
      return;
    }
    for (const alarm of found) conversation.told.add(alarm);
    this.#conversation = conversation;
    this.#shown = found;
    this.#draw(answer, found);
  }

  /** The agent has read it. */
  dismiss() {
    const stood = !this.place.hidden;
    this.place.hidden = true;
    this.#shown = [];
    return stood;
  }

  #takeBack() {
    for (const alarm of this.#shown) this.desk.conversation.told.delete(alarm);
    this.#shown = [];
  }

  /** @param {Answer} answer @param {string[]} found */
  #draw(answer, found) {
    const risks = answer.emotion.risks.length > 0;
    const words = answer.emotion.words.map((word) => `「${word}」`).join("");
    const head = risks ? `注意：${found.join("、")}。先停用常规话术，按第一条处理` : "顾客很生气。先接住情绪，再谈事情";
    const close = button("plain close", "知道了", () => this.dismiss(), SHOWN.leave);
    this.place.replaceChildren(element("div", "band-head", element("p", "alarm", head), close));
    if (words) this.place.append(element("p", "band-line", `识别到 ${words}`));
    const { library } = this.desk;
    const line = element("p", "band-line");
    const night = (library?.hours ?? []).join("、");
    const able = offers(this.desk);
    if (able.length > 0) line.append(`${night ? `现在是${night}。` : ""}${able.map(({ level, offer, own }) => `${own ? `您（${level}）可当场补偿` : level} ${offer}`).join(" · ")}`);
    else if (night) line.append(`现在是${night}。${this.desk.shop ? "" : "选好店铺会显示可以补偿多少。"}`);
    if (line.hasChildNodes()) this.place.append(line);
    this.#addEscalation(library?.escalation.entries[0]);
    this.place.hidden = false;
  }

  /** @param {string | undefined} id of the entry that says who takes over now */
  async #addEscalation(id) {
    if (!id) return;
    const path = element("p", "band-line");
    path.append(button("escalate", "升级话术", () => this.escalate(), SHOWN.escalate));
    this.place.append(path);
    const found = await this.desk.transport.browse({ ids: [id], context: this.desk.context() }).catch(() => null);
    const advice = found?.hits[0]?.advice;
    if (advice) path.prepend(element("span", "", `升级：${readable(advice, this.desk.shopValues)}`), " ");
  }
}
