// @ts-check
// 差不多的词条: two that say nearly the same, side by side; both can become one.

import { button, element } from "../../panel/dom.js";
import { part } from "../api.js";
import { confirmed } from "../dialog.js";
import { choice } from "../form.js";
import { beside } from "../pieces.js";
import { Table, link } from "../table.js";
import { attempt, toast } from "../toast.js";

/** How much alike, from what on. @type {[string, string][]} */
const ABOVE = [["0.9", "九成以上"], ["0.8", "八成以上"], ["0.6", "六成以上"]];

/** @typedef {{id: string, title: string, path: string}} One */
/** @typedef {{a: One, b: One, likeness: number, what: string}} Pair */

/** @param {HTMLElement} place @param {import("../screens.js").Visit} visit */
export async function showSimilar(place, visit) {
  const { studio, query, signal } = visit;
  visit.head("差不多的词条");
  const above = choice("above", ABOVE, query.get("above") ?? "0.8");
  above.setAttribute("aria-label", "多像才算");
  const side = element("section", "card");
  side.hidden = true;
  side.setAttribute("aria-label", "并排看");
  /** @type {Table<Pair>} */
  const table = new Table({
    label: "差不多的词条",
    columns: [
      { title: "一条", wide: true, cell: ({ a }) => link(a.title, `#/entry/${part(a.id)}`) },
      { title: "另一条", wide: true, cell: ({ b }) => link(b.title, `#/entry/${part(b.id)}`) },
      { title: "像", number: true, cell: ({ likeness }) => `${Math.round(likeness * 100)}%` },
      { title: "像在", cell: ({ what }) => (what === "reply" ? "话术" : "问法") },
      { title: "", cell: (pair) => button("take", "并排看", () => look(pair)) },
    ],
    key: ({ a, b, what }) => `${a.id}\n${b.id}\n${what}`,
    open: (pair) => look(pair),
    empty: "没有这么像的两条。",
  });
  const look = (/** @type {Pair} */ pair) =>
    attempt(null, async () => {
      const [a, b] = await Promise.all([pair.a, pair.b].map(({ id }) => studio.api.request("GET", `v1/entries/${part(id)}`, { signal })));
      const into = (/** @type {One} */ kept, /** @type {any} */ of, /** @type {One} */ gone, /** @type {any} */ other) =>
        button("take", `并进「${kept.title}」…`, () => merge(kept, of, gone, other));
      side.replaceChildren(
        element("div", "tools-line", element("strong", "", `像 ${Math.round(pair.likeness * 100)}%`), into(pair.a, a.data, pair.b, b.data), into(pair.b, b.data, pair.a, a.data), button("plain push", "收起", () => (side.hidden = true))),
        beside(pair.a.title, element("pre", "diff", a.data.markdown), pair.b.title, element("pre", "diff", b.data.markdown)),
      );
      side.hidden = false;
      side.scrollIntoView({ block: "start" });
    });
  /** One with the phrasings and replies of both, looked at before it is written. @param {One} kept @param {any} of @param {One} gone @param {any} other */
  const merge = (kept, of, gone, other) =>
    attempt(null, async () => {
      const { markdown } = await studio.api.post("v1/similar/merge", { keep: kept.id, drop: gone.id }, { signal });
      const field = element("textarea", "input source");
      field.value = markdown;
      field.rows = 20;
      field.setAttribute("aria-label", "合并后的内容");
      const save = button("take main", `存为「${kept.title}」，停用「${gone.title}」`, () => write(field.value, kept, of, gone, other));
      side.replaceChildren(element("p", "soft", "两条的问法和话术都在，改好再存："), field, element("div", "tools-line", save, button("plain", "不合并了", () => (side.hidden = true))));
      field.focus();
    });
  /** @param {string} markdown @param {One} kept @param {any} of @param {One} gone @param {any} other */
  const write = async (markdown, kept, of, gone, other) => {
    if (!(await confirmed("合并这两条？", `「${kept.title}」换成新内容，「${gone.title}」删去文件，历史里还能找回。`, "合并", "danger"))) return;
    await attempt(null, async () => {
      const why = `与「${gone.title}」合并`;
      await studio.api.put(`v1/entries/${part(kept.id)}`, { markdown, why }, { match: of.content_hash });
      await studio.api.delete(`v1/entries/${part(gone.id)}`, { match: other.content_hash });
      toast(`已合并到「${kept.title}」`);
      side.hidden = true;
      await read();
    });
  };
  place.append(element("div", "filters", above), table.element, side);
  const read = async () => {
    query.set("above", above.value);
    visit.keep(query);
    table.show((await studio.api.get("v1/similar", { query: { above: above.value }, signal })).pairs);
  };
  above.addEventListener("change", () => attempt(null, read));
  await read();
  table.focus();
}
