// @ts-check
// Tokens: how the extension and other programs say who they are. Shown once, kept as a hash.

import { button, element } from "../../panel/dom.js";
import { part } from "../api.js";
import { asked, confirmed } from "../dialog.js";
import { textField } from "../form.js";
import { moment } from "../names.js";
import { Table } from "../table.js";
import { attempt, toast } from "../toast.js";
import { showOnce } from "./once.js";
import { dayFrom, listOf } from "./parts.js";

/** How long a token lives where nothing else is said, in days. */
const USUAL_DAYS = 180;

/**
 * @typedef {{id: string, label: string, user: string, created_at: number, expires_at: number | null, last_used_at: number | null,
 *   shops: string[] | null, categories: string[] | null}} Token
 */

/** @param {HTMLElement} place @param {import("../screens.js").Visit} visit */
export async function showTokens(place, visit) {
  const { studio, query, signal } = visit;
  const add = button("take main", "新令牌", () => create());
  const own = button("take", "改我的密码", () => password(studio));
  visit.head("令牌", ...(studio.session.accounts && studio.session.name !== null ? [own, add] : []));
  const user = element("input", "input narrow");
  user.type = "search";
  user.placeholder = "谁的（留空是我的）";
  user.setAttribute("aria-label", "谁的令牌");
  user.value = query.get("user") ?? "";
  /** @type {Table<Token>} */
  const table = new Table({
    label: "令牌",
    columns: [
      { title: "用来做什么", wide: true, cell: ({ label }) => label },
      { title: "谁的", cell: ({ user: of }) => of },
      { title: "建于", cell: ({ created_at }) => moment(created_at) },
      { title: "到", cell: ({ expires_at }) => moment(expires_at) || element("span", "caution", "一直有效") },
      { title: "最近用过", cell: ({ last_used_at }) => moment(last_used_at) || element("span", "soft", "没用过") },
      { title: "只看", cell: ({ shops, categories }) => [...(shops ?? []), ...(categories ?? [])].join("、") || element("span", "soft", "同本人") },
      { title: "", cell: (token) => button("plain bad", "作废", () => revoke(token)) },
    ],
    key: ({ id }) => id,
    empty: "没有令牌。浏览器扩展和别的程序用令牌登录。",
  });
  place.append(...(studio.may("administer") ? [element("div", "filters", user)] : []), table.element);
  const read = async () => {
    if (user.value.trim()) query.set("user", user.value.trim());
    else query.delete("user");
    visit.keep(query);
    table.show((await studio.api.get("v1/tokens", { query: { user: user.value.trim() }, signal })).tokens);
  };
  user.addEventListener("change", () => attempt(null, read));
  const create = async () => {
    let token = "";
    const fields = [
      textField("label", "用来做什么", { required: true, placeholder: "例：前台电脑的浏览器扩展" }),
      textField("expires", "到哪天", { type: "date", value: dayFrom(USUAL_DAYS), hint: "留空一直有效，直到作废" }),
      textField("shops", "只看这些店铺", { hint: "留空同本人" }),
      textField("categories", "只看这些分类", { hint: "留空同本人" }),
    ];
    const values = await asked("新令牌", fields, "生成", async ({ label, expires, shops, categories }) => {
      const expires_at = expires ? new Date(`${expires}T23:59:59`).getTime() : undefined;
      const answer = await studio.api.post("v1/tokens", { label: label?.trim(), expires_at, shops: listOf(shops) ?? undefined, categories: listOf(categories) ?? undefined });
      token = answer.token;
    });
    if (!values) return;
    await showOnce("新令牌", token);
    await read();
  };
  const revoke = async (/** @type {Token} */ { id, label }) => {
    if (!(await confirmed(`作废「${label}」？`, "用它的程序马上就不能用了。", "作废", "danger"))) return;
    await attempt(null, async () => {
      await studio.api.delete(`v1/tokens/${part(id)}`);
      await read();
    });
  };
  await read();
}

/** One's own password. @param {import("../shell.js").Studio} studio */
async function password(studio) {
  const fields = [
    textField("old", "现在的密码", { type: "password", required: true, autocomplete: "current-password" }),
    textField("new", "新密码", { type: "password", required: true, autocomplete: "new-password", hint: "至少 8 个字" }),
  ];
  const done = await asked("改我的密码", fields, "改", (values) => studio.api.put("v1/session/password", { old: values.old, new: values.new }));
  if (done) toast("密码已改");
}
