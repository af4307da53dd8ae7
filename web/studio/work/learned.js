// @ts-check
// 学到的问法: what was learned from use, entries that are nearly the same, and what customers ask and the library lacks.

import { button, element } from "../../panel/dom.js";
import { part } from "../api.js";
import { asked } from "../dialog.js";
import { moment } from "../names.js";
import { entryField } from "../pick.js";
import { Pager, Table, link } from "../table.js";
import { attempt, toast } from "../toast.js";
import { partsOf } from "./parts.js";
import { showSimilar } from "./similar.js";
import { showWishes } from "./wishes.js";

/** Phrasings on a page. */
const PAGE = 50;

/**
 * @typedef {{id: string, text: string, entry_id: string, weight: number, picks: number, identities: number, conversations: number, shown: number,
 *   passed_over: number, last_at: number, single_identity: boolean, shareable: boolean, provenance: string}} Phrasing
 */

/** @type {import("../screens.js").Show} */
export function show(place, visit) {
  const shown = partsOf(place, visit, "learned", [["phrasings", "问法"], ["wishes", "顾客问、库里没有"], ["similar", "差不多的词条"]]);
  if (shown === "wishes") return showWishes(place, visit);
  if (shown === "similar") return showSimilar(place, visit);
  return showPhrasings(place, visit);
}

/** @param {HTMLElement} place @param {import("../screens.js").Visit} visit */
async function showPhrasings(place, visit) {
  const { studio, signal } = visit;
  visit.head("学到的问法");
  let offset = 0;
  const pager = new Pager((to) => attempt(null, () => read(to)));
  const may = studio.may("edit");
  const decide = (/** @type {Phrasing} */ phrasing, /** @type {"accept" | "ban" | "forget"} */ verdict, /** @type {string} */ said) =>
    attempt(null, async () => {
      await studio.api.post(`v1/phrasings/${part(phrasing.id)}/${verdict}`);
      toast(said);
      await read(offset);
    });
  const accept = (/** @type {Phrasing} */ phrasing) => decide(phrasing, "accept", `已写进「${phrasing.entry_id}」`);
  const ban = (/** @type {Phrasing} */ phrasing) => decide(phrasing, "ban", "已禁用，不会再学到");
  const forget = (/** @type {Phrasing} */ phrasing) => decide(phrasing, "forget", "已忘掉，以后还可能再学到");
  const move = async (/** @type {Phrasing} */ phrasing) => {
    const field = entryField(studio.api, "entry_id", "换到哪条", { required: true, hint: `现在是「${phrasing.entry_id}」` });
    const done = await asked(`「${phrasing.text}」换到别的词条`, [field], "换过去", ({ entry_id }) => studio.api.post(`v1/phrasings/${part(phrasing.id)}/move`, { entry_id }));
    if (!done) return;
    toast(`已换到「${done.entry_id}」`);
    await read(offset);
  };
  const tools = (/** @type {Phrasing} */ phrasing) =>
    element(
      "span",
      "row-tools",
      button("take", "收下", () => accept(phrasing)),
      button("plain", "换词条", () => move(phrasing)),
      button("plain", "忘掉", () => forget(phrasing)),
      button("plain bad", "禁用", () => ban(phrasing)),
    );
  /** @type {Table<Phrasing>} */
  const table = new Table({
    label: "学到的问法",
    columns: [
      { title: "顾客这样问", wide: true, cell: ({ text }) => text },
      { title: "大家用的词条", cell: ({ entry_id }) => link(entry_id, `#/entry/${part(entry_id)}`) },
      { title: "用过", number: true, cell: ({ picks }) => String(picks) },
      { title: "几个人", number: true, cell: ({ identities, single_identity }) => element("span", single_identity ? "caution" : "", String(identities)) },
      { title: "跳过", number: true, cell: ({ passed_over }) => String(passed_over) },
      { title: "最近", cell: ({ last_at }) => moment(last_at) },
      ...(may ? [{ title: "", cell: tools }] : []),
    ],
    key: ({ id }) => id,
    act: may ? { a: accept, m: move, x: ban, d: forget } : {},
    empty: "还没有学到什么。客服用得多了就会有。",
  });
  place.append(table.element, pager.element, ...(may ? [element("p", "soft keys-line", "j k 上下 · a 收下 · m 换词条 · d 忘掉 · x 禁用")] : []));
  const read = async (/** @type {number} */ from) => {
    offset = from;
    const answer = await studio.api.get("v1/phrasings", { query: { limit: PAGE, offset: from }, signal });
    table.show(answer.phrasings);
    pager.show({ offset: from, shown: answer.phrasings.length, limit: PAGE, ...answer });
  };
  await read(0);
  table.focus();
}
