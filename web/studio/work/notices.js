// @ts-check
// 通知: a lead's word of the hour, pinned in every open panel; who has read it.

import { button, element } from "../../panel/dom.js";
import { part } from "../api.js";
import { asked, confirmed, opened } from "../dialog.js";
import { choiceField, textField } from "../form.js";
import { moment } from "../names.js";
import { entryField } from "../pick.js";
import { Table, link } from "../table.js";
import { attempt, toast } from "../toast.js";
import { minuteOf } from "./parts.js";

/** How long a notice lives where nothing else is said, in milliseconds: a shift. */
const USUAL_MS = 8 * 60 * 60 * 1_000;

/** @type {Record<string, string>} */
const STATES = { in_force: "生效中", ended: "已结束", withdrawn: "已撤回" };

/**
 * @typedef {{id: string, text: string, by: string, from: number, until: number, shops: string[], entry_id: string | null, reply_id: string | null,
 *   state: string, acknowledged: number, reviewed: boolean, review_due: boolean, reviewed_by: string | null, review: string | null}} Notice
 */

/** @type {import("../screens.js").Show} */
export async function show(place, visit) {
  const { studio, signal } = visit;
  const library = await studio.api.get("v1/library", { signal });
  const toolsOf = (/** @type {Notice} */ row) => {
    const tools = element("span", "row-tools");
    if (row.state === "in_force") tools.append(button("take danger", "撤回", () => withdraw(row)));
    if (row.review_due) tools.append(button("take", "复盘", () => review(row)));
    return tools;
  };
  const publish = button("take main", "发通知", () => write());
  visit.head("通知", publish);
  /** @type {Table<Notice>} */
  const table = new Table({
    label: "通知",
    columns: [
      { title: "通知", wide: true, cell: textOf },
      { title: "谁发的", cell: ({ by }) => by },
      { title: "到", cell: ({ until }) => moment(until) },
      { title: "店铺", cell: ({ shops }) => shops.join("、") || "全部" },
      { title: "状态", cell: stateOf },
      { title: "知道了", number: true, cell: (row) => button("plain", `${row.acknowledged} 人`, () => readers(row)) },
      { title: "", cell: toolsOf },
    ],
    key: ({ id }) => id,
    open: (row) => readers(row),
    act: { n: () => write() },
    empty: "还没有通知。发出后，所有开着的面板五秒内都会钉上。",
  });
  place.append(table.element);
  const read = async () => table.show((await studio.api.get("v1/notices/list", { signal })).notices);
  const write = async () => {
    const shops = /** @type {{id: string, name: string}[]} */ (library.shops);
    const fields = [
      textField("text", "要说的话", { lines: 3, required: true, placeholder: "例：顺丰华东停运，今天起改发中通，不要承诺次日达" }),
      textField("until", "到什么时候", { type: "datetime-local", required: true, value: minuteOf(Date.now() + USUAL_MS) }),
      choiceField("shop", "给谁", [["", "全部店铺"], ...shops.map(({ id, name }) => /** @type {[string, string]} */ ([id, name]))]),
      entryField(studio.api, "entry_id", "配套话术（可以不填）", { hint: "客服可以从通知直接用", reply: "reply_id" }),
    ];
    const done = await asked("发通知", fields, "发出", ({ text, until, shop, entry_id, reply_id }) =>
      studio.api.post("v1/notices", {
        text: text?.trim(),
        until: new Date(until ?? "").getTime(),
        shops: shop ? [shop] : undefined,
        entry_id: entry_id || undefined,
        reply_id: reply_id || undefined,
      }),
    );
    if (!done) return;
    toast("已发出，开着的面板都会钉上");
    await read();
  };
  const withdraw = async (/** @type {Notice} */ { id, text }) => {
    if (!(await confirmed("撤回这条通知？", text, "撤回", "danger"))) return;
    if (await attempt(null, () => studio.api.delete(`v1/notices/${part(id)}`))) await read();
  };
  const review = async (/** @type {Notice} */ row) => {
    if (await reviewed(studio, row)) await read();
  };
  const readers = (/** @type {Notice} */ { id, text }) =>
    attempt(null, async () => {
      const { people } = await studio.api.get(`v1/notices/${part(id)}/acknowledgements`, { signal });
      const lines = people.map((/** @type {{who: string, at: number}} */ { who, at }) => element("li", "", `${who}　`, element("span", "soft", moment(at))));
      const list = lines.length > 0 ? element("ul", "plain-list", ...lines) : element("p", "soft", "还没有人按「知道了」");
      await opened("谁知道了", () => [element("p", "dialog-text", text), list, element("div", "dialog-foot", closing())]);
    });
  await read();
}

/** Asks what came of a notice that is over. @param {import("../shell.js").Studio} studio @param {{id: string, text: string}} notice @returns {Promise<boolean>} whether it was said */
export async function reviewed(studio, { id, text }) {
  const field = textField("note", "后来怎么样，要不要写进知识库", { lines: 3, required: true });
  const values = await asked("复盘", [element("p", "dialog-text", text), field], "记下", ({ note }) => studio.api.post(`v1/notices/${part(id)}/review`, { note: note?.trim() }));
  return values !== null;
}

/** @param {Notice} notice */
function stateOf({ state, review_due, reviewed, reviewed_by, review }) {
  const cell = element("span", "", element("span", state === "in_force" ? "tag good" : "tag", STATES[state] ?? state));
  if (review_due) cell.append(" ", element("span", "tag caution", "待复盘"));
  if (reviewed) cell.append(" ", element("span", "soft", `${reviewed_by ?? ""}：${review ?? ""}`));
  return cell;
}

function closing() {
  const made = button("take", "关闭", () => made.closest("dialog")?.close());
  return made;
}

/** @param {Notice} notice */
function textOf({ text, entry_id }) {
  return element("span", "", text, ...(entry_id ? [" ", link(`话术 ${entry_id}`, `#/entry/${part(entry_id)}`, "in-text")] : []));
}
