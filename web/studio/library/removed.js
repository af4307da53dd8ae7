// @ts-check
// 删掉的词条: what went, who took it away, and the way back. The history has all of it.

import { button } from "../../panel/dom.js";
import { part } from "../api.js";
import { confirmed } from "../dialog.js";
import { WAYS, moment, named, person } from "../names.js";
import { Pager, Table, link } from "../table.js";
import { attempt, toast } from "../toast.js";

/** Entries on a page. */
const PAGE = 50;

/** @typedef {{id: string, title: string, path: string, at: number, who: string, why: string, way: string, version: string}} Removed */

/** @type {import("../screens.js").Show} */
export async function show(place, visit) {
  const { studio, signal } = visit;
  let offset = 0;
  const restore = (/** @type {Removed} */ { id, title, path, version }) =>
    attempt(null, async () => {
      if (!(await confirmed(`恢复「${title}」？`, `放回 ${path}，和删掉之前一样。`, "恢复"))) return;
      await studio.api.post(`v1/entries/${part(id)}/restore`, { version, why: "恢复删掉的词条" });
      toast("已恢复", "", { text: "去看看", act: () => studio.go("entry", id) });
      await read(offset);
    });
  const may = studio.may("edit");
  /** @type {Table<Removed>} */
  const table = new Table({
    label: "删掉的词条",
    columns: [
      { title: "标题", wide: true, cell: ({ title, id }) => link(title, `#/history/${part(id)}`) },
      { title: "原来在", cell: ({ path }) => path },
      { title: "谁删的", cell: ({ who, way }) => `${person(who)} · ${named(WAYS, way)}` },
      { title: "什么时候", cell: ({ at }) => moment(at) },
      { title: "说明", wide: true, cell: ({ why }) => why },
      ...(may ? [{ title: "", cell: (/** @type {Removed} */ row) => button("take", "恢复", () => restore(row)) }] : []),
    ],
    key: ({ id }) => id,
    open: ({ id }) => studio.go("history", id),
    act: may ? { r: restore } : {},
    empty: "没有。删掉的词条会列在这里，随时能恢复。",
  });
  const pager = new Pager((to) => attempt(null, () => read(to)));
  visit.head("删掉的词条", link("回到词条", "#/library", "take"));
  place.append(table.element, pager.element);
  const read = async (/** @type {number} */ from) => {
    offset = from;
    const answer = await studio.api.get("v1/removed", { query: { limit: PAGE, offset: from }, signal });
    table.show(answer.entries);
    pager.show({ offset: from, shown: answer.entries.length, limit: PAGE, ...answer });
  };
  await read(0);
  table.focus();
}
