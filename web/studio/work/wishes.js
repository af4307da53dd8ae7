// @ts-check
// 顾客问、库里没有: messages without a good answer, grouped; each opens a draft with its messages as phrasings.

import { button, element } from "../../panel/dom.js";
import { part } from "../api.js";
import { openDraft } from "../entry/create.js";
import { Table, link } from "../table.js";
import { attempt } from "../toast.js";

/**
 * @typedef {{id: string, title: string, samples: {text: string, count: number}[], count: number, people: number, nearest: {id: string, title: string, score: number}[]}} Wish
 */

/** @param {HTMLElement} place @param {import("../screens.js").Visit} visit */
export async function showWishes(place, visit) {
  const { studio, signal } = visit;
  visit.head("顾客问、库里没有");
  const write = (/** @type {Wish} */ { id }) =>
    attempt(null, async () => {
      const { markdown, folder = "" } = await studio.api.get(`v1/wishes/${part(id)}/draft`, { signal });
      openDraft(studio, { folder, markdown });
    });
  const may = studio.may("edit");
  /** @type {Table<Wish>} */
  const table = new Table({
    label: "顾客问、库里没有",
    columns: [
      { title: "顾客这样问", wide: true, cell: ({ samples }) => element("div", "samples", ...samples.slice(0, 4).map(({ text, count }) => element("p", "", `「${text}」`, ...(count > 1 ? [element("span", "soft", ` ${count} 次`)] : [])))) },
      { title: "次数", number: true, cell: ({ count }) => String(count) },
      { title: "几位顾客", number: true, cell: ({ people }) => String(people) },
      { title: "库里最相近的", cell: ({ nearest }) => element("div", "samples", ...nearest.slice(0, 3).map(({ id, title }) => element("p", "", link(title || id, `#/entry/${part(id)}`)))) },
      ...(may ? [{ title: "", cell: (/** @type {Wish} */ wish) => button("take", "写一条", () => write(wish)) }] : []),
    ],
    key: ({ id }) => id,
    open: may ? write : undefined,
    empty: "没有。顾客问的库里都有好答案。",
  });
  place.append(table.element);
  table.show((await studio.api.get("v1/wishes", { signal })).wishes);
  table.focus();
}
