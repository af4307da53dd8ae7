// @ts-check
// 积分: who helped the library along: the board, the ledger, an export.

import { button, element } from "../../panel/dom.js";
import { part } from "../api.js";
import { moment } from "../names.js";
import { Table, link } from "../table.js";
import { attempt } from "../toast.js";
import { dateInput, dayFrom } from "./parts.js";

/** What is shown where no days are chosen. */
const USUAL_DAYS = 30;

/** @type {Record<string, string>} */
const REASONS = { new: "新话术被采用", case: "案例被采用", phrasing: "问法被采用", correction: "纠错被采用", edit: "修改被采用", outdated: "标出过时", gap: "报的缺口属实" };

/** @typedef {{at: number, who: string, points: number, reason: string, entry_id: string, state: string, uses: number | null, needed: number}} Line */

/** @type {import("../screens.js").Show} */
export async function show(place, visit) {
  const { studio, query, signal } = visit;
  const from = dateInput("从", query.get("from") ?? dayFrom(-USUAL_DAYS));
  const to = dateInput("到", query.get("to") ?? dayFrom(0));
  const range = () => ({ from: from.value, to: to.value });
  const save = button("take", "导出表格", () => attempt(save, () => studio.api.save("v1/points", `积分-${from.value}-${to.value}.csv`, { query: { ...range(), format: "csv" } })));
  visit.head("积分", save);
  /** @type {Table<{who: string, points: number, pending?: number}>} */
  const board = new Table({
    label: "积分榜",
    columns: [
      { title: "谁", wide: true, cell: ({ who }) => who },
      { title: "积分", number: true, cell: ({ points }) => element("strong", "", String(points)) },
    ],
    key: ({ who }) => who,
    empty: "这段时间还没有积分。提议被采用、别人用满十次后计分。",
  });
  /** @type {Table<Line>} */
  const ledger = new Table({
    label: "明细",
    columns: [
      { title: "时间", cell: ({ at }) => moment(at) },
      { title: "谁", cell: ({ who }) => who },
      { title: "为什么", wide: true, cell: ({ reason, entry_id }) => element("span", "", REASONS[reason] ?? reason, ...(entry_id ? ["：", link(entry_id, `#/entry/${part(entry_id)}`, "in-text")] : [])) },
      { title: "积分", number: true, cell: ({ points }) => `+${points}` },
      { title: "", cell: ({ state, uses, needed }) => (state === "pending" ? element("span", "tag caution", `别人用了 ${uses ?? 0}/${needed} 次`) : element("span", "tag good", "已计入")) },
    ],
    key: ({ at, who, reason, entry_id }) => `${at} ${who} ${reason} ${entry_id}`,
    empty: "没有明细",
  });
  place.append(
    element("div", "filters", from.field, to.field),
    element("div", "points", element("section", "", element("h2", "part-title", "榜"), board.element), element("section", "", element("h2", "part-title", "明细"), ledger.element)),
  );
  const read = async () => {
    query.set("from", from.value);
    query.set("to", to.value);
    visit.keep(query);
    const answer = await studio.api.get("v1/points", { query: range(), signal });
    board.show(answer.board);
    ledger.show([...answer.ledger].sort((/** @type {Line} */ a, /** @type {Line} */ b) => b.at - a.at));
  };
  for (const { field } of [from, to]) field.addEventListener("change", () => attempt(null, read));
  await read();
}
