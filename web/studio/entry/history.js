// @ts-check
// 版本: every change of an entry, by whatever way; what it changed, word by word; and the way back.

import { button, element } from "../../panel/dom.js";
import { part } from "../api.js";
import { asked } from "../dialog.js";
import { choice, textField } from "../form.js";
import { ACTIONS, WAYS, moment, named, person } from "../names.js";
import { diffView } from "../pieces.js";
import { Pager, Table, link } from "../table.js";
import { attempt, toast } from "../toast.js";

/** Versions on a page. */
const PAGE = 50;

/** @typedef {{version: number | string, at: number, who: string, why: string | null, way: string, action: string, path: string, etag: string}} Version */

/** @type {import("../screens.js").Show} */
export async function show(place, visit) {
  const { studio, rest, signal } = visit;
  const id = rest[0] ?? "";
  const where = `v1/entries/${part(id)}`;
  const view = element("section", "history-view");
  view.setAttribute("aria-live", "polite");
  const against = choice("against", [["before", "与前一版比"], ["now", "与现在比"], ["text", "整篇"]]);
  against.setAttribute("aria-label", "怎么看");
  /** @type {Version[]} */
  let versions = [];
  /** @type {Table<Version>} */
  const table = new Table({
    label: "版本",
    columns: [
      { title: "时间", cell: ({ at }) => moment(at) },
      { title: "谁", cell: ({ who }) => person(who) },
      { title: "做了什么", cell: ({ action, way }) => `${named(ACTIONS, action)} · ${named(WAYS, way)}` },
      { title: "说明", wide: true, cell: ({ why }) => why ?? "" },
    ],
    key: ({ version }) => String(version),
    moved: (version) => draw(version),
    empty: "还没有记下版本",
  });
  const restore = button("take main", "恢复这一版", () => table.current && restored(table.current));
  const pager = new Pager((offset) => turn(offset));
  const tools = element("div", "tools-line", against, ...(studio.may("edit") ? [restore] : []));
  place.append(element("div", "history", element("div", "", table.element, pager.element), element("div", "", tools, view)));
  visit.head(`版本：${id}`, link("回到词条", `#/entry/${part(id)}`, "take"));

  let drawn = 0;
  const draw = async (/** @type {Version} */ version) => {
    const mine = ++drawn;
    const at = versions.findIndex((one) => one.version === version.version);
    const before = versions[at + 1];
    restore.disabled = version.action === "delete";
    const shown = async () => {
      if (against.value === "text" || (against.value === "before" && !before)) {
        const { markdown } = await studio.api.get(`${where}/history/${part(String(version.version))}`, { signal });
        return element("div", "diff", markdown ?? "");
      }
      const query = against.value === "now" ? { from: version.version, to: "now" } : { from: before?.version, to: version.version };
      return diffView((await studio.api.get(`${where}/diff`, { query, signal })).pieces);
    };
    await attempt(null, async () => {
      const made = await shown();
      if (mine === drawn) view.replaceChildren(made);
    });
  };
  against.addEventListener("change", () => table.current && draw(table.current));

  const turn = async (/** @type {number} */ offset) => {
    const answer = await studio.api.get(`${where}/history`, { query: { limit: PAGE, offset }, signal });
    versions = answer.versions;
    table.show(versions);
    pager.show({ offset, shown: versions.length, limit: PAGE, ...answer });
    tools.hidden = versions.length === 0;
    if (table.current) await draw(table.current);
  };

  const restored = async (/** @type {Version} */ version) => {
    const done = await asked(`恢复 ${moment(version.at)} 的版本`, [textField("why", "说明", { placeholder: "为什么回到这一版（可以不填）" })], "恢复", ({ why }) =>
      studio.api.post(`${where}/restore`, { version: version.version, why: why || undefined }),
    );
    if (done === null) return;
    toast("已恢复");
    await turn(0);
  };
  await turn(0);
  table.focus();
}
