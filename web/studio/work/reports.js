// @ts-check
// 报表: what customers asked, what was found and used, what is missing; each as a table, a picture and a file. The week's pains as one page.

import { button, element } from "../../panel/dom.js";
import { part } from "../api.js";
import { choice } from "../form.js";
import { moment, named } from "../names.js";
import { Table, link } from "../table.js";
import { attempt } from "../toast.js";
import { dateInput, dayFrom, partsOf } from "./parts.js";
import { showWeek } from "./week.js";

/** What is shown where no days are chosen. */
const USUAL_DAYS = 7;

/** @typedef {Record<string, any>} Row */
/** @typedef {import("../table.js").Column<Row>} Column */

/** @param {unknown} share */
function percent(share) {
  return typeof share === "number" ? `${share > 0 ? "+" : ""}${Math.round(share * 100)}%` : "";
}

/** An entry by its title. @type {(row: Row) => Node | string} */
const entryOf = (row) => (row.entry_id ? link(row.title || row.entry_id, `#/entry/${part(row.entry_id)}`) : element("span", "soft", "—"));

/** Messages of customers, masked, the commonest first. @type {(row: Row) => Node} */
const samplesOf = ({ samples = [] }) =>
  element(
    "div",
    "samples",
    ...samples.slice(0, 3).map((/** @type {any} */ sample) => {
      const { text, count } = typeof sample === "string" ? { text: sample, count: 0 } : sample;
      return element("p", "", `「${text}」`, ...(count > 1 ? [element("span", "soft", ` ${count} 次`)] : []));
    }),
  );

/** @type {(row: Row) => Node | string} */
const nearestOf = ({ nearest }) => (nearest ? link(nearest.title, `#/entry/${part(nearest.id)}`) : element("span", "soft", "没有相近的"));

/** @type {Record<string, string>} */
const SAID = { gap: "没有合适的", good: "好用", bad: "不好", outdated: "过时" };

/** @type {Record<string, string>} */
const BY = { entry: "词条", category: "分类", agent: "客服", channel: "渠道" };

/** Each report: what it is called, what it tells, its columns. @type {Record<string, {title: string, about: string, columns: Column[], key: (row: Row) => string}>} */
const REPORTS = {
  "hot-words": {
    title: "热词",
    about: "顾客说得最多的词，和上一段同样长的时间比。",
    columns: [
      { title: "词", wide: true, cell: ({ word }) => word },
      { title: "消息", number: true, cell: ({ count }) => String(count) },
      { title: "上一段", number: true, cell: ({ before }) => String(before) },
      { title: "涨跌", number: true, cell: ({ rise, before, count }) => (before === 0 && count > 0 ? element("span", "tag caution", "新出现") : element("span", rise > 0.5 ? "caution" : "soft", percent(rise))) },
    ],
    key: ({ word }) => word,
  },
  "no-hits": {
    title: "没答上",
    about: "没有好答案的消息，相近的归在一起。号码、地址已打码。",
    columns: [
      { title: "顾客这样问", wide: true, cell: samplesOf },
      { title: "次数", number: true, cell: ({ count }) => String(count) },
      { title: "几位顾客", number: true, cell: ({ people }) => String(people) },
      { title: "最相近的", cell: nearestOf },
    ],
    key: ({ id }) => id,
  },
  unused: {
    title: "找到没用",
    about: "常排在前三却几乎没人用的词条：多半是话不顺手，或排错了。",
    columns: [
      { title: "词条", wide: true, cell: entryOf },
      { title: "出现", number: true, cell: ({ shown }) => String(shown) },
      { title: "被用", number: true, cell: ({ used }) => String(used) },
    ],
    key: ({ entry_id }) => entry_id,
  },
  gaps: {
    title: "客服反馈",
    about: "客服报的缺口、不好用、过时。",
    columns: [
      { title: "说什么", cell: ({ verdict, kind, reason_zh }) => element("span", "", named(SAID, verdict ?? kind), ...(reason_zh ? [element("span", "soft", ` ${reason_zh}`)] : [])) },
      { title: "词条", cell: entryOf },
      { title: "顾客的话", wide: true, cell: samplesOf },
      { title: "次数", number: true, cell: ({ count }) => String(count) },
      { title: "最近", cell: ({ last_at }) => moment(last_at) },
    ],
    key: (row) => JSON.stringify([row.kind, row.verdict, row.reason, row.entry_id, row.samples]),
  },
  usage: {
    title: "用量",
    about: "用了多少次，按词条、分类、客服或渠道数。",
    columns: [
      { title: "", wide: true, cell: ({ key, title, by }) => (by === "entry" ? link(title || key, `#/entry/${part(key)}`) : title || key || element("span", "soft", "不知道")) },
      { title: "用了", number: true, cell: ({ count }) => String(count) },
      { title: "几个人", number: true, cell: ({ people }) => String(people) },
    ],
    key: ({ key }) => key,
  },
  "never-used": {
    title: "没人用过",
    about: "这段时间里一次也没用过的词条。",
    columns: [
      { title: "词条", wide: true, cell: entryOf },
      { title: "分类", cell: ({ category }) => category },
      { title: "出现过", number: true, cell: ({ shown }) => String(shown) },
    ],
    key: ({ entry_id }) => entry_id,
  },
  expiring: {
    title: "到期复审",
    about: "快到期的和该复审的；去「到期」成批续期。",
    columns: [
      { title: "词条", wide: true, cell: entryOf },
      { title: "有效期到", cell: ({ valid_until }) => valid_until ?? "" },
      { title: "复审日", cell: ({ review_by }) => review_by ?? "" },
      { title: "", cell: ({ overdue }) => (overdue ? element("span", "tag bad", "已过") : "") },
    ],
    key: ({ entry_id }) => entry_id,
  },
  speed: {
    title: "搜索速度",
    about: "每小时一半的搜索快于 p50，百分之九十九快于 p99。",
    columns: [
      { title: "时间", wide: true, cell: ({ hour }) => hour },
      { title: "p50 毫秒", number: true, cell: ({ p50_ms }) => Number(p50_ms).toFixed(2) },
      { title: "p99 毫秒", number: true, cell: ({ p99_ms }) => Number(p99_ms).toFixed(2) },
      { title: "搜索", number: true, cell: ({ searches }) => String(searches) },
    ],
    key: ({ hour }) => hour,
  },
};

/** @type {import("../screens.js").Show} */
export async function show(place, visit) {
  const parts = [.../** @type {[string, string][]} */ ([["weekly", "每周痛点"]]), ...Object.entries(REPORTS).map(([name, { title }]) => /** @type {[string, string]} */ ([name, title]))];
  const name = partsOf(place, visit, "reports", parts);
  if (name === "weekly") return showWeek(place, visit);
  const { studio, query, signal } = visit;
  const report = REPORTS[name];
  const library = await studio.api.get("v1/library", { signal });
  const from = dateInput("从", query.get("from") ?? dayFrom(1 - USUAL_DAYS));
  const to = dateInput("到", query.get("to") ?? dayFrom(0));
  const shop = choice("shop", [["", "全部店铺"], ...library.shops.map((/** @type {{id: string, name: string}} */ one) => [one.id, one.name])], query.get("shop") ?? "");
  shop.setAttribute("aria-label", "店铺");
  const by = choice("by", Object.entries(BY).map(([value, text]) => [value, `按${text}`]), query.get("by") ?? "entry");
  by.setAttribute("aria-label", "按什么数");
  const wanted = () => ({ from: from.value, to: to.value, shop: shop.value, by: name === "usage" ? by.value : "" });
  const save = button("take", "下载表格", () => attempt(save, () => studio.api.save(`v1/reports/${name}`, `${report.title}-${from.value}-${to.value}.csv`, { query: { ...wanted(), format: "csv" } })));
  visit.head(`报表 · ${report.title}`, save);
  /** @type {Table<Row>} */
  const table = new Table({ label: report.title, columns: report.columns, key: report.key, empty: "这段时间没有数据" });
  const total = element("p", "soft");
  const picture = element("img", "chart");
  picture.alt = `${report.title}的图，数字见下表`;
  picture.hidden = true;
  place.append(element("p", "soft", report.about), element("div", "filters", from.field, to.field, shop, ...(name === "usage" ? [by] : [])), picture, table.element, total);
  let address = "";
  signal.addEventListener("abort", () => URL.revokeObjectURL(address));
  const read = async () => {
    for (const [key, value] of Object.entries(wanted())) if (value) query.set(key, value);
    if (!shop.value) query.delete("shop");
    visit.keep(query);
    const answer = await studio.api.get(`v1/reports/${name}`, { query: wanted(), signal });
    table.show(answer.rows);
    total.textContent = answer.total > answer.rows.length ? `共 ${answer.total} 行，显示前 ${answer.rows.length} 行` : "";
    picture.hidden = true;
    if (answer.rows.length === 0) return;
    const svg = await studio.api.text(`v1/reports/${name}`, { query: { ...wanted(), format: "svg" }, signal }).catch(() => "");
    if (!svg) return;
    // By a fetch that says who asks; an address of an image says it by cookie alone.
    URL.revokeObjectURL(address);
    address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    picture.src = address;
    picture.hidden = false;
  };
  for (const control of [from.field, to.field, shop, by]) control.addEventListener("change", () => attempt(null, read));
  await read();
}
