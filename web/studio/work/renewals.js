// @ts-check
// 到期: what ends or is to be looked at soon, renewed in batches.

import { button, element } from "../../panel/dom.js";
import { part } from "../api.js";
import { asked } from "../dialog.js";
import { choice, textField } from "../form.js";
import { Table, link } from "../table.js";
import { attempt, toast } from "../toast.js";
import { reviewed } from "./notices.js";
import { dayFrom } from "./parts.js";

/** How far to look ahead, in days. @type {[string, string][]} */
const AHEAD = [["7", "一周内"], ["30", "一个月内"], ["90", "三个月内"], ["365", "一年内"]];

/** What a renewal offers first, in days. */
const RENEWAL_DAYS = 180;

/** @typedef {{id: string, title: string, path: string, valid_until: string | null, review_by: string | null, overdue: boolean}} Due */

/** @type {import("../screens.js").Show} */
export async function show(place, visit) {
  const { studio, query, signal } = visit;
  const ahead = choice("within_days", AHEAD, query.get("within_days") ?? "30");
  ahead.setAttribute("aria-label", "看多远");
  const until = button("take main", "续有效期…", () => renew("valid_until", "有效期延到"));
  const review = button("take", "改复审日…", () => renew("review_by", "下次复审"));
  /** @type {Table<Due>} */
  const table = new Table({
    label: "到期和待复审的词条",
    columns: [
      { title: "词条", wide: true, cell: ({ id, title }) => link(title, `#/entry/${part(id)}`) },
      { title: "有效期到", cell: ({ valid_until }) => dated(valid_until) },
      { title: "复审日", cell: ({ review_by }) => dated(review_by) },
      { title: "", cell: ({ overdue }) => (overdue ? element("span", "tag bad", "已过") : element("span", "tag caution", "快到了")) },
      { title: "文件", cell: ({ path }) => element("span", "soft", path) },
    ],
    key: ({ id }) => id,
    open: ({ id }) => studio.go("entry", id),
    ...(studio.may("edit") ? { pick: () => mark() } : {}),
    empty: "这段时间里没有到期的，也没有要复审的。",
  });
  const mark = () => {
    const count = table.picked.length;
    until.disabled = review.disabled = count === 0;
    until.textContent = count > 0 ? `续有效期（${count} 条）…` : "续有效期…";
    review.textContent = count > 0 ? `改复审日（${count} 条）…` : "改复审日…";
  };
  const renew = async (/** @type {"valid_until" | "review_by"} */ field, /** @type {string} */ label) => {
    const picked = table.picked;
    const date = textField("day", label, { type: "date", value: dayFrom(RENEWAL_DAYS), required: true, hint: `${picked.length} 条一起改，只动这一个日期` });
    await asked(label, [date], "改好", async ({ day }) => {
      const answer = await studio.api.post("v1/renewals", { ids: picked.map(({ id }) => id), [field]: day });
      tell(answer);
    });
    await read();
  };
  const notices = element("div", "due-notices");
  const noticeOf = (/** @type {{id: string, text: string}} */ notice) => {
    const line = element("p", "", element("span", "tag caution", "通知待复盘"), ` ${notice.text} `);
    if (studio.may("edit")) line.append(button("take", "复盘", async () => void ((await reviewed(studio, notice)) && (await read()))));
    return line;
  };
  place.append(element("div", "filters", ahead), notices, ...(studio.may("edit") ? [element("div", "tools-line", until, review)] : []), table.element);
  const read = async () => {
    query.set("within_days", ahead.value);
    visit.keep(query);
    const answer = await studio.api.get("v1/renewals", { query: { within_days: ahead.value }, signal });
    table.show(answer.entries);
    notices.replaceChildren(...answer.notices.map(noticeOf));
    mark();
  };
  ahead.addEventListener("change", () => attempt(null, read));
  await read();
}

/** @param {string | null} date */
function dated(date) {
  return date ? date.replace("T", " ").replace(/ 00:00(:00)?$/u, "") : element("span", "soft", "—");
}

/** What can become of one. @type {Record<string, string>} */
const OUTCOMES = { changed: "刚被别人改过，请再试", refused: "不能改", unknown: "已经没有了" };

/** What became of each. @param {{outcomes: {id: string, outcome: string, why: string | null}[]}} answer */
function tell({ outcomes }) {
  const failed = outcomes.filter(({ outcome }) => OUTCOMES[outcome]);
  if (failed.length === 0) return toast(`已改好 ${outcomes.length} 条`);
  return toast(`${outcomes.length - failed.length} 条已改好，${failed.length} 条没有：${failed.map(({ id, outcome, why }) => `${id}（${OUTCOMES[outcome]}${why ? `：${why}` : ""}）`).join("、")}`, "caution");
}
