// @ts-check
// What a change of the lexicon would do, before it is published.

import { element } from "../../panel/dom.js";
import { part } from "../api.js";
import { link } from "../table.js";

/**
 * @typedef {{id: string, title: string, gained: (string | {message?: string, code?: string, text?: string})[], lost: (string | {message?: string, code?: string, text?: string})[]}} Moved
 * @typedef {{question: string, before: string[], after: string[]}} Asked
 * @typedef {{sentence: {findings: {text: string, why: string, severity: string, class?: string}[], terms: string[]} | null, entries: Moved[], questions: Asked[],
 *   problems: any[]}} Trial
 */

/** @param {Trial} trial */
export function trialView({ sentence, entries, questions }) {
  const parts = [];
  if (sentence) {
    parts.push(element("h3", "part-title", "这句话"));
    if (sentence.findings.length === 0) parts.push(element("p", "soft", "没有命中禁用语"));
    for (const { text, why, severity } of sentence.findings) parts.push(element("p", `finding ${severity}`, element("strong", "", `「${text}」`), ` ${why}`));
    if (sentence.terms.length > 0) parts.push(element("p", "soft", `会按这些词来找：${sentence.terms.join("、")}`));
  }
  parts.push(element("h3", "part-title", entries.length > 0 ? `${entries.length} 个词条会有变化` : "没有词条因此有新问题"));
  for (const { id, title, gained, lost } of entries) {
    const item = element("p", "moved", link(title, `#/entry/${part(id)}`));
    for (const one of gained) item.append(" ", element("span", "tag bad", `新增 ${wordsOf(one)}`));
    for (const one of lost) item.append(" ", element("span", "tag good", `消除 ${wordsOf(one)}`));
    parts.push(item);
  }
  parts.push(element("h3", "part-title", questions.length > 0 ? `${questions.length} 个问题会找到别的` : "搜索结果不变"));
  for (const { question, before, after } of questions) {
    const list = element("p", "moved", element("strong", "", question), element("br", ""), element("del", "", before.join("、") || "没有"), " → ", element("ins", "", after.join("、") || "没有"));
    parts.push(list);
  }
  return parts;
}

/** @param {string | {message?: string, code?: string, text?: string}} one */
function wordsOf(one) {
  return typeof one === "string" ? one : (one.message ?? one.text ?? one.code ?? "");
}
