// @ts-check
// 词条: the library as a table, with the tree of its categories beside it. What is asked for stands in the address.

import { button, element } from "../../panel/dom.js";
import { explain, part } from "../api.js";
import { KINDS, STATES, moment, named, person } from "../names.js";
import { Pager, Table, link } from "../table.js";
import { toast } from "../toast.js";
import { isComposing, onTyped } from "../../typing.js";
import { filtersOf, queryOf } from "./filters.js";
import { treeOf } from "./tree.js";
import { createEntry } from "../entry/create.js";

/** Rest after a key before the service is asked, in milliseconds: a list is not worth a request a key. */
const REST_MS = 200;

/** Entries on a page: what fits without looking for the end of it. */
const PAGE = 50;

/**
 * @typedef {{id: string, title: string, kind: string, state: string, served: boolean, category: string, path: string, shortcut: string | null,
 *   trigger: string | null, question_count: number, reply_count: number, updated_at?: number | null, updated_by?: string | null, uses?: number,
 *   problems?: number}} Summary
 */

/** @type {import("../screens.js").Show} */
export async function show(place, visit) {
  const { studio, query, signal } = visit;
  const library = await studio.api.get("v1/library", { signal });
  const search = element("input", "input");
  search.type = "search";
  search.placeholder = "标题、编号、问法（/）";
  search.setAttribute("aria-label", "查找词条");
  search.dataset.search = "";
  search.value = query.get("q") ?? "";
  const filters = filtersOf(library, query, () => asked({ offset: 0 }));
  const tree = element("nav", "tree");
  tree.setAttribute("aria-label", "分类");
  /** @type {Table<Summary>} */
  const table = new Table({
    label: "词条",
    columns: COLUMNS,
    key: (entry) => entry.id,
    open: (entry) => studio.go("entry", entry.id),
    sort: (sort) => {
      query.set("sort", query.get("sort") === sort ? `-${sort}` : sort);
      asked({ offset: 0 });
    },
    empty: "没有这样的词条",
  });
  const pager = new Pager((offset) => asked({ offset }).then(() => table.focus()));
  const clear = button("plain", "清除条件", () => {
    for (const name of [...query.keys()]) query.delete(name);
    search.value = "";
    filters.clear();
    asked({ offset: 0 });
  });
  const line = element("div", "filters", search, ...filters.controls, clear);
  line.setAttribute("role", "search");
  place.append(line, element("div", "library", tree, element("div", "", table.element, pager.element)));
  const create = button("take main", "新建词条", () => createEntry(studio, query.get("category") ?? ""));
  const removed = link("删掉的", "#/removed", "take");
  visit.head(library.name, ...(studio.may("report") ? [removed] : []), ...(studio.may("edit") ? [create] : []));

  let turn = 0;
  const asked = async (/** @type {{offset: number}} */ { offset }) => {
    const mine = ++turn;
    filters.read(query);
    if (search.value.trim()) query.set("q", search.value.trim());
    else query.delete("q");
    if (offset) query.set("offset", String(offset));
    else query.delete("offset");
    visit.keep(query);
    table.sorted = query.get("sort");
    clear.hidden = [...query.keys()].length === 0;
    tree.replaceChildren(treeOf(library.categories, query));
    try {
      const answer = await studio.api.get("v1/entries", { query: { ...queryOf(query), limit: PAGE, offset }, signal });
      if (mine !== turn) return;
      table.show(answer.entries);
      pager.show({ offset, shown: answer.entries.length, limit: PAGE, ...answer });
    } catch (error) {
      if (!signal.aborted && mine === turn) toast(explain(error), "caution");
    }
  };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let rest;
  onTyped(search, () => {
    clearTimeout(rest);
    rest = setTimeout(() => asked({ offset: 0 }), REST_MS);
  });
  search.addEventListener("keydown", (event) => {
    if (isComposing(event) || (event.key !== "ArrowDown" && event.key !== "Enter")) return;
    event.preventDefault();
    table.focus();
  });
  tree.addEventListener("click", (event) => {
    const chosen = event.target instanceof Element ? event.target.closest("a") : null;
    if (!chosen) return;
    event.preventDefault();
    if (chosen.dataset.category) query.set("category", chosen.dataset.category);
    else query.delete("category");
    asked({ offset: 0 });
  });
  await asked({ offset: Number(query.get("offset")) || 0 });
}

/** @type {import("../table.js").Column<Summary>[]} */
const COLUMNS = [
  { title: "标题", wide: true, sort: "title", cell: titleOf },
  { title: "分类", cell: ({ category }) => category },
  { title: "类型", cell: ({ kind }) => named(KINDS, kind) },
  { title: "状态", cell: stateOf },
  { title: "问法", number: true, cell: ({ question_count, trigger }) => (trigger ? element("span", "soft", trigger) : String(question_count)) },
  { title: "回复", number: true, cell: ({ reply_count }) => String(reply_count) },
  { title: "用过", number: true, sort: "uses", cell: ({ uses }) => (uses === undefined ? "" : uses === 0 ? element("span", "soft", "0") : String(uses)) },
  { title: "改动", sort: "updated", cell: ({ updated_at, updated_by }) => element("span", "soft", [moment(updated_at), person(updated_by)].filter(Boolean).join(" ")) },
];

/** @param {Summary} entry */
function titleOf({ id, title, shortcut, problems }) {
  const cell = element("span", "", link(title, `#/entry/${part(id)}`));
  if (shortcut) cell.append(" ", element("span", "soft", shortcut));
  if (problems) cell.append(" ", element("span", "tag caution", `${problems} 个问题`));
  return cell;
}

/** @param {Summary} entry */
function stateOf({ state, served }) {
  if (state === "approved" && !served) return element("span", "tag caution", "不在有效期");
  return state === "approved" ? named(STATES, state) : element("span", state === "draft" ? "tag caution" : "tag", named(STATES, state));
}
