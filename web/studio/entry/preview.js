// @ts-check
// An entry as agents will see it, beside its text: replies as messages, slots and banned phrases marked; what is like it elsewhere.

import { button, element } from "../../panel/dom.js";
import { part } from "../api.js";
import { FACETS, KINDS, STATES, named } from "../names.js";
import { link } from "../table.js";

/**
 * @typedef {{text: string, severity: string, why: string, better: string[], class: string}} Finding
 * @typedef {{id: string, label: string, line: number, conditions: {facet: string, value: string}[], segments: {text: string, pictures: {alt: string}[]}[],
 *   slots: {name: string, fallback: string | null, shop_value: string | null}[]}} Reply
 * @typedef {{entry: any, problems: any[], findings?: Finding[], slots?: any[], similar?: {id: string, title: string, likeness: number}[]}} Preview
 */

/** @param {Preview} preview @param {(line: number) => void} goTo */
export function previewOf({ entry, findings = [], similar = [] }, goTo) {
  if (!entry) return [element("p", "empty", "现在的文本还读不成一个词条，先看上面的问题。")];
  const words = findings.map(({ text }) => text).filter(Boolean);
  /** @type {HTMLElement[]} */
  const parts = [element("h2", "preview-title", entry.title), factsOf(entry)];
  if (entry.advice) parts.push(element("p", "soft", entry.advice));
  for (const reply of /** @type {Reply[]} */ (entry.replies)) parts.push(replyOf(reply, words, goTo));
  for (const finding of findings) parts.push(findingOf(finding));
  const texts = entry.passages.filter((/** @type {{text: string}} */ { text }) => text.trim());
  if (texts.length > 0) {
    const details = element("details", "whole", element("summary", "", `正文（${texts.length} 段）`));
    for (const { heading, text, line } of texts) {
      if (heading) details.append(button("passage-link", heading, () => goTo(line)));
      details.append(element("p", "passage", text));
    }
    parts.push(details);
  }
  const others = similar.filter(({ id }) => id !== entry.id);
  if (others.length > 0) {
    const list = element("ul", "likes", ...others.map(({ id, title, likeness }) => element("li", "", link(title, `#/entry/${part(id)}`), ` ${Math.round(likeness * 100)}%`)));
    parts.push(element("h3", "part-title", "相近的词条"), list);
  }
  return parts;
}

/** @param {any} entry */
function factsOf(entry) {
  const facts = element("p", "facts", entry.category, named(KINDS, entry.kind));
  if (entry.state !== "approved") facts.append(element("span", "tag caution", named(STATES, entry.state)));
  for (const { facet, value } of entry.facets) facts.append(`${named(FACETS, facet)} ${value}`);
  if (entry.authority && entry.authority !== "一线") facts.append(`权限 ${entry.authority}`);
  if (entry.hours) facts.append(`时段 ${entry.hours}`);
  if (entry.shortcut) facts.append(`快捷码 ${entry.shortcut}`);
  if (entry.trigger) facts.append(`时机 ${entry.trigger}`);
  if (entry.campaign) facts.append(`活动 ${entry.campaign}`);
  if (entry.valid_from || entry.valid_until) facts.append(`有效 ${shortly(entry.valid_from)} 至 ${shortly(entry.valid_until)}`);
  if (entry.review_by) facts.append(`复审 ${entry.review_by}`);
  return element("div", "", facts.childNodes.length ? spaced(facts) : facts);
}

/** A time of the library without seconds; midnight as the day alone. @param {string | null} at */
function shortly(at) {
  return at === null ? "…" : at.replace("T", " ").replace(/:00$/u, "").replace(/ 00:00$/u, "");
}

/** Each child text as an element of its own, so that the line parts them. @param {HTMLElement} line */
function spaced(line) {
  const parts = [...line.childNodes].filter(({ textContent }) => textContent).map((node) => (node instanceof Text ? element("span", "", node) : node));
  line.replaceChildren(...parts);
  return line;
}

/** @param {Reply} reply @param {string[]} words @param {(line: number) => void} goTo */
function replyOf(reply, words, goTo) {
  const segments = reply.segments.map(({ text, pictures }) => {
    const segment = element("p", "segment", ...marksIn(text, words));
    for (const { alt } of pictures) segment.append(" ", element("span", "picture", `图：${alt}`));
    return segment;
  });
  const head = button("passage-link", `${reply.label || "回复"} · 第 ${reply.line} 行`, () => goTo(reply.line));
  const length = reply.segments.reduce((sum, { text }) => sum + [...text].length, 0);
  const section = element("section", "reply", element("p", "reply-head", head, element("span", "soft", `${length} 字`)), element("div", "words", ...segments));
  section.dataset.line = String(reply.line);
  return section;
}

/** Marks the reply that stands on a line of the text, and brings it in sight. @param {HTMLElement} place @param {number} line @param {string[]} lines */
export function showReplyAt(place, line, lines) {
  // Up to the beginning of its quote.
  let first = line;
  while (first > 1 && lines[first - 1]?.startsWith(">") && lines[first - 2]?.startsWith(">")) first--;
  for (const section of place.querySelectorAll("section.reply")) {
    const isIt = /** @type {HTMLElement} */ (section).dataset.line === String(first);
    if (isIt && !section.classList.contains("at")) section.scrollIntoView({ block: "nearest" });
    section.classList.toggle("at", isIt);
  }
}

/** A text with its slots and the phrases that were found in it. @param {string} text @param {string[]} words @returns {(Node | string)[]} */
function marksIn(text, words) {
  const spots = [...words].sort((a, b) => b.length - a.length).map(escaped);
  const parts = text.split(new RegExp(`(${[String.raw`\{\{[^{}\n]*\}\}`, ...spots].join("|")})`, "gu"));
  return parts.map((part, index) => {
    if (index % 2 === 0) return part;
    return part.startsWith("{{") && part.endsWith("}}") ? slotOf(part.slice(2, -2)) : element("mark", "banned", part);
  });
}

/** @param {string} inner */
function slotOf(inner) {
  const [name = "", fallback] = inner.split(/[|｜]/u, 2);
  const made = element("span", name.startsWith("店铺.") ? "filled" : "blank", fallback ?? name.replace(/^店铺\./u, ""));
  made.title = fallback === undefined ? `变量「${name}」` : `变量「${name}」，没有填时是「${fallback}」`;
  return made;
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&");
}

/** @param {Finding} finding */
function findingOf({ text, why, better, severity, class: of }) {
  const line = element("p", `finding ${severity}`, element("strong", "", `「${text}」`), ` ${[of, why].filter(Boolean).join("：")}`);
  if (better.length > 0) line.append(element("span", "soft", `　可以说：${better.join("；")}`));
  return line;
}

/** Problems as a list, each leading to its line. @param {any[]} problems @param {(problem: import("./text.js").Problem) => void} goTo */
export function problemList(problems, goTo) {
  const items = problems.map((problem) => {
    const line = button(`problem ${problem.severity}`, "", () => goTo(problem));
    line.append(element("span", "number", `${problem.line}`), ` ${problem.message}`);
    return element("li", "", line);
  });
  const list = element("ul", "problems", ...items);
  list.setAttribute("aria-label", "问题");
  return list;
}

/** Problems as the API tells them, in either of its shapes. @param {any[]} problems @returns {import("./text.js").Problem[]} */
export function problemsOf(problems) {
  return problems.map(({ line, column, width = 0, severity, code, message, zh }) => ({ line, column, width, severity, code, message: message ?? zh ?? code }));
}
