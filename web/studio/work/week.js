// @ts-check
// The weekly pain-point report as one page: figures, the largest pains with what customers wrote, what was done and whether it helped.

import { button, element } from "../../panel/dom.js";
import { part } from "../api.js";
import { link } from "../table.js";
import { attempt } from "../toast.js";
import { DAY_MS } from "./parts.js";

/** The ISO week of a moment, as 2026-W47. @param {number} ms */
export function weekOf(ms) {
  const at = new Date(ms);
  // The Thursday of a week decides its year.
  const thursday = new Date(Date.UTC(at.getFullYear(), at.getMonth(), at.getDate() + 4 - (at.getDay() || 7)));
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.ceil(((thursday.getTime() - first) / DAY_MS + 1) / 7);
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, "0")}`;
}

/** Figures as they are called, in the order of the page. @type {[string, string][]} */
const FIGURES = [["searches", "搜索"], ["agents", "搜索的客服"], ["used", "用到答案"], ["unanswered", "没有好答案"], ["reported", "客服反馈"], ["p50_ms", "p50 毫秒"], ["p99_ms", "p99 毫秒"]];

/** @param {HTMLElement} place @param {import("../screens.js").Visit} visit */
export async function showWeek(place, visit) {
  const { studio, query, signal } = visit;
  const input = element("input", "input");
  input.type = "week";
  input.setAttribute("aria-label", "哪一周");
  // This week has hardly begun on a Monday: the one before is what is talked about.
  input.value = query.get("week") ?? weekOf(Date.now() - (new Date().getDay() === 1 ? DAY_MS : 0));
  const wanted = (/** @type {string} */ format) => ({ query: { week: input.value, format }, signal });
  const markdown = button("take", "下载 Markdown", () => attempt(markdown, () => studio.api.save("v1/reports/weekly", `痛点-${input.value}.md`, wanted("markdown"))));
  const html = button("take", "下载网页（可打印）", () => attempt(html, () => studio.api.save("v1/reports/weekly", `痛点-${input.value}.html`, wanted("html"))));
  visit.head("报表 · 每周痛点", markdown, html);
  const page = element("div", "week");
  place.append(element("div", "filters", input), page);
  const read = async () => {
    query.set("week", input.value);
    visit.keep(query);
    draw(page, await studio.api.get("v1/reports/weekly", wanted("json")));
  };
  input.addEventListener("change", () => input.value && attempt(null, read));
  await read();
}

/** @param {HTMLElement} page @param {any} weekly */
function draw(page, { from, to, figures, figures_before, rows, rising, complete }) {
  const tiles = FIGURES.map(([name, title]) => {
    const [now, then] = [figures[name], figures_before[name]];
    const shown = (/** @type {number} */ value) => (name.endsWith("_ms") ? value.toFixed(2) : String(value));
    return element("div", "tile", element("span", "soft", title), element("strong", "", shown(now)), element("span", "soft", `上周 ${shown(then)}`));
  });
  const list = element("ol", "pains", ...rows.map(painOf));
  const words = rising.map((/** @type {any} */ { word, count }) => element("span", "tag", `${word} ${count}`));
  page.replaceChildren(
    element("p", "soft", `${from} 到 ${to}${complete ? "" : "（记录太多，只数了最近的）"}`),
    element("div", "tiles", ...tiles),
    element("h2", "part-title", "最大的痛点"),
    rows.length > 0 ? list : element("p", "empty", "这一周没有没答上的。"),
    ...(words.length > 0 ? [element("h2", "part-title spaced", "涨得最快的词"), element("p", "tags", ...words)] : []),
  );
}

/**
 * @typedef {{asked: number, used: number}} Success
 * @param {{samples: {text: string}[], count: number, people: number, answer: {entry_id: string, title: string, added_at: number | null} | null, before: Success, after: Success}} pain
 */
function painOf({ samples, count, people, answer, before, after }) {
  const said = samples.slice(0, 3).map(({ text }) => element("p", "", `「${text}」`));
  const share = (/** @type {Success} */ { asked, used }) => (asked > 0 ? `${Math.round((100 * used) / asked)}%（${used}/${asked}）` : "—");
  const done = answer
    ? [answer.added_at ? "新增或修改了 " : "现在的答案是 ", link(answer.title, `#/entry/${part(answer.entry_id)}`, "in-text"), `；用到答案：之前 ${share(before)}，之后 ${after.asked > 0 ? share(after) : "还没有人问"}`]
    : [element("span", "caution", "还没有答案")];
  return element("li", "card", element("p", "", element("strong", "", `${count} 次`), element("span", "soft", `　${people} 位顾客`)), ...said, element("p", "soft", ...done));
}
