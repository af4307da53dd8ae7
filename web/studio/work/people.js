// @ts-check
// 人员: who works here, what they may do and see; tokens of programs; limits of compensation.

import { button, element } from "../../panel/dom.js";
import { part } from "../api.js";
import { asked, confirmed } from "../dialog.js";
import { choiceField, textField } from "../form.js";
import { choicesOf, moment, named, ROLES } from "../names.js";
import { Table } from "../table.js";
import { attempt, toast } from "../toast.js";
import { showLimits } from "./limits.js";
import { showOnce } from "./once.js";
import { listOf, minuteOf, partsOf } from "./parts.js";
import { showTokens } from "./tokens.js";

/** How long lent authority lasts where nothing else is said, in milliseconds: a shift. */
const LENT_MS = 8 * 60 * 60 * 1_000;

/** What may be promised. @type {[string, string][]} */
const AUTHORITIES = [["一线", "一线"], ["组长", "组长"], ["主管", "主管"]];

/**
 * @typedef {{name: string, display: string, role: string, authority: string, lent: {authority: string, until: number, by: string} | null,
 *   shops: string[] | null, categories: string[] | null, state: string, created_at: number, last_seen_at: number | null}} User
 */

/** @type {import("../screens.js").Show} */
export function show(place, visit) {
  const { studio } = visit;
  /** @type {[string, string][]} */
  const parts = [["users", "人员"], ["tokens", "令牌"], ["limits", "赔付额度"]];
  const shown = partsOf(place, visit, "people", studio.may("notify") ? parts : parts.slice(1, 2));
  if (shown === "tokens") return showTokens(place, visit);
  if (shown === "limits") return showLimits(place, visit);
  return showUsers(place, visit);
}

/** @param {HTMLElement} place @param {import("../screens.js").Visit} visit */
async function showUsers(place, visit) {
  const { studio, signal } = visit;
  const may = studio.may("administer");
  const add = button("take main", "加一个人", () => create());
  visit.head("人员", ...(may ? [add] : []));
  /** @type {Table<User>} */
  const table = new Table({
    label: "人员",
    columns: [
      { title: "名字", wide: true, cell: ({ name, display, state }) => element("span", "", display || name, ...(display && display !== name ? [element("span", "soft", ` ${name}`)] : []), ...(state === "disabled" ? [" ", element("span", "tag bad", "停用")] : [])) },
      { title: "角色", cell: ({ role }) => named(ROLES, role) },
      { title: "权限", cell: ({ authority, lent }) => (lent ? element("span", "tag caution", `${lent.authority} 到 ${moment(lent.until)}`) : authority) },
      { title: "店铺", cell: ({ shops }) => shops?.join("、") ?? element("span", "soft", "全部") },
      { title: "分类", cell: ({ categories }) => categories?.join("、") ?? element("span", "soft", "全部") },
      { title: "最近来过", cell: ({ last_seen_at }) => moment(last_seen_at) || element("span", "soft", "没来过") },
      { title: "", cell: (user) => toolsOf(user) },
    ],
    key: ({ name }) => name,
    ...(may ? { open: (/** @type {User} */ user) => edit(user), act: { n: () => create() } } : {}),
    empty: "还没有账号：这台电脑上谁都能查，改动要本机令牌。加第一个人（管理员）以后，人人都要登录。",
  });
  place.append(table.element);
  const read = async () => table.show((await studio.api.get("v1/users", { query: { limit: 200 }, signal })).users);
  const toolsOf = (/** @type {User} */ user) => {
    const lend = user.lent ? button("plain", "收回权限", () => change(() => studio.api.delete(`v1/users/${part(user.name)}/authority`), "已收回")) : button("plain", "借权限", () => lendTo(user));
    const tools = element("span", "row-tools");
    if (studio.may("notify")) tools.append(lend);
    if (may) tools.append(button("plain", "改", () => edit(user)), button("plain", "换密码", () => password(user)), stateOf(user));
    return tools;
  };
  const stateOf = (/** @type {User} */ user) =>
    user.state === "disabled"
      ? button("plain", "启用", () => change(() => studio.api.put(`v1/users/${part(user.name)}`, { state: "active" }), "已启用"))
      : button("plain bad", "停用", async () => {
          if (await confirmed(`停用「${user.display || user.name}」？`, "马上退出登录，令牌也不能用了。记录都留着。", "停用", "danger")) await change(() => studio.api.put(`v1/users/${part(user.name)}`, { state: "disabled" }), "已停用");
        });
  const change = (/** @type {() => Promise<unknown>} */ act, /** @type {string} */ said) =>
    attempt(null, async () => {
      await act();
      toast(said);
      await read();
    });
  const fieldsOf = (/** @type {Partial<User>} */ user) => [
    textField("display", "显示的名字", { value: user.display ?? "" }),
    choiceField("role", "角色", choicesOf(ROLES), { value: user.role ?? "agent", hint: "客服：查、用、提议；质检：看报表、留言；培训：改、审；主管：发通知、借权限；管理员：人员和设置" }),
    choiceField("authority", "能承诺到哪一级", user.authority ? AUTHORITIES : [["", "跟角色走"], ...AUTHORITIES], { value: user.authority ?? "" }),
    textField("shops", "只看这些店铺", { value: user.shops?.join("、") ?? "", hint: "留空看全部；几个用顿号隔开" }),
    textField("categories", "只看这些分类", { value: user.categories?.join("、") ?? "", hint: "留空看全部，例：物流、售后/退货" }),
  ];
  const bodyOf = (/** @type {Record<string, string>} */ { display, role, authority, shops, categories }) => ({
    display: display?.trim() || undefined,
    role,
    authority: authority || undefined,
    shops: listOf(shops),
    categories: listOf(categories),
  });
  const create = async () => {
    /** @type {string | null} */
    let once = null;
    const fields = [textField("name", "登录名", { required: true, hint: "字母、数字、汉字都行，定了不改" }), ...fieldsOf({}), textField("password", "密码", { type: "password", autocomplete: "new-password", hint: "至少 8 个字；留空就生成一个，只显示这一次" })];
    const values = await asked("加一个人", fields, "加上", async (all) => {
      const answer = await studio.api.post("v1/users", { name: all.name?.trim(), ...bodyOf(all), password: all.password || undefined });
      once = answer.password;
    });
    if (!values) return;
    if (once) await showOnce(`「${values.name}」的密码`, once);
    await read();
  };
  const edit = async (/** @type {User} */ user) => {
    const done = await asked(`改「${user.name}」`, fieldsOf(user), "保存", (values) => studio.api.put(`v1/users/${part(user.name)}`, bodyOf(values)));
    if (done) await read();
  };
  const password = async (/** @type {User} */ user) => {
    if (!(await confirmed(`给「${user.name}」换密码？`, "生成一个新密码，只显示这一次；已经登录的地方都要重新登录。", "换"))) return;
    await attempt(null, async () => {
      const answer = await studio.api.put(`v1/users/${part(user.name)}/password`, {});
      if (answer?.password) await showOnce(`「${user.name}」的新密码`, answer.password);
    });
  };
  const lendTo = async (/** @type {User} */ user) => {
    const fields = [choiceField("authority", "借到哪一级", AUTHORITIES.slice(1), { value: "组长" }), textField("until", "到什么时候", { type: "datetime-local", required: true, value: minuteOf(Date.now() + LENT_MS) })];
    const done = await asked(`借权限给「${user.display || user.name}」`, fields, "借出", ({ authority, until }) => studio.api.put(`v1/users/${part(user.name)}/authority`, { authority, until: new Date(until ?? "").getTime() }));
    if (done) await read();
  };
  await read();
  table.focus();
}
