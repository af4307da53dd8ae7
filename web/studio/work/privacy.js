// @ts-check
// 隐私: what masks make of samples, how long what is kept, what is kept of one agent, and who saw and changed what.

import { button, element } from "../../panel/dom.js";
import { part } from "../api.js";
import { asked, opened } from "../dialog.js";
import { textField } from "../form.js";
import { moment } from "../names.js";
import { Pager, Table } from "../table.js";
import { attempt, toast } from "../toast.js";
import { partsOf } from "./parts.js";

/** Lines of the audit list on a page. */
const PAGE = 50;

/** @type {Record<string, string>} */
const KEPT = { journal: "流水", searches: "搜索", events: "采用和反馈", learned: "学到的问法", audit: "审计", sessions: "登录", submissions: "提议", notices: "通知", acknowledgements: "知道了", points: "积分", versions: "版本" };

/** @type {import("../screens.js").Show} */
export function show(place, visit) {
  const shown = partsOf(place, visit, "privacy", [["kept", "打码和保留"], ["audit", "谁看了、改了什么"]]);
  return shown === "audit" ? showAudit(place, visit) : showKept(place, visit);
}

/** @param {HTMLElement} place @param {import("../screens.js").Visit} visit */
async function showKept(place, visit) {
  const { studio, signal } = visit;
  visit.head("隐私");
  const { masks, retention } = await studio.api.get("v1/privacy", { signal });
  /** @type {Table<{kind: string, sample: string, masked: string}>} */
  const masked = new Table({
    label: "打码",
    columns: [
      { title: "什么", cell: ({ kind }) => kind },
      { title: "顾客写的", wide: true, cell: ({ sample }) => sample },
      { title: "留下的", wide: true, cell: ({ masked: left }) => left },
    ],
    key: ({ kind, sample }) => `${kind} ${sample}`,
  });
  masked.show(masks);
  /** @type {Table<{kind: string, days: number | null, oldest_at: number | null, rows: number}>} */
  const kept = new Table({
    label: "保留多久",
    columns: [
      { title: "记录", wide: true, cell: ({ kind }) => KEPT[kind] ?? kind },
      { title: "保留", number: true, cell: ({ days }) => (days === null || days === undefined ? "一直" : `${days} 天`) },
      { title: "最早的", cell: ({ oldest_at }) => moment(oldest_at) || "—" },
      { title: "现有", number: true, cell: ({ rows }) => `${rows} 条` },
    ],
    key: ({ kind }) => kind,
  });
  kept.show(retention);
  const name = element("input", "input");
  name.placeholder = "登录名";
  name.setAttribute("aria-label", "登录名");
  const take = button("take", "导出", () =>
    attempt(take, async () => {
      const who = name.value.trim();
      if (!who) return name.focus();
      await studio.api.save(`v1/privacy/people/${part(who)}`, `${who}.json`);
    }),
  );
  const erase = button("take danger", "抹去…", async () => {
    const who = name.value.trim();
    if (!who) return name.focus();
    /** @type {Record<string, unknown>} */
    let erased = {};
    const field = textField("again", `再输一遍「${who}」`, { required: true, hint: "搜索和采用的记录、登录、令牌都抹掉；写过的内容留着，作者换成代号。不能撤销。" });
    const done = await asked("抹去这个人的记录", [field], "抹去", async ({ again }) => {
      if (again?.trim() !== who) throw new Error("两次的名字不一样");
      erased = (await studio.api.delete(`v1/privacy/people/${part(who)}`)) ?? {};
    });
    if (!done) return;
    const counts = /** @type {Record<string, unknown>} */ (erased.erased ?? erased);
    const lines = Object.entries(counts).filter(([, count]) => typeof count === "number").map(([kind, count]) => element("li", "", `${KEPT[kind] ?? kind}：${count} 条`));
    toast("已抹去");
    await opened("抹去了", (settle) => [element("ul", "plain-list", ...lines), element("div", "dialog-foot", button("take", "好", () => settle(true)))]);
  });
  place.append(
    element("h2", "part-title", "顾客的话先打码再保存"),
    masked.element,
    element("h2", "part-title spaced", "保留多久（library.toml 的 [retention]）"),
    kept.element,
    element("h2", "part-title spaced", "一个人的全部记录"),
    element("p", "soft", "本人要看，或离职后要抹去时用。导出和抹去都会记进审计。"),
    element("div", "tools-line", name, take, erase),
  );
}

/** @param {HTMLElement} place @param {import("../screens.js").Visit} visit */
async function showAudit(place, visit) {
  const { studio, query, signal } = visit;
  visit.head("谁看了、改了什么");
  const who = searchField("谁", query.get("who") ?? "");
  const what = searchField("词条、人、文件", query.get("what") ?? "");
  who.dataset.search = "";
  /** @type {Table<{id: string, at: number, who: string, action: string, what: string, detail: string}>} */
  const table = new Table({
    label: "审计",
    columns: [
      { title: "时间", cell: ({ at }) => moment(at) },
      { title: "谁", cell: (line) => line.who },
      { title: "做了", cell: ({ action }) => actionOf(action) },
      { title: "对什么", wide: true, cell: (line) => line.what },
      { title: "说明", wide: true, cell: ({ detail }) => element("span", "soft", detail) },
    ],
    key: ({ id }) => id,
    empty: "没有这样的记录",
  });
  const pager = new Pager((to) => attempt(null, () => read(to)));
  place.append(element("div", "filters", who, what), table.element, pager.element);
  const read = async (/** @type {number} */ offset) => {
    for (const [key, { value }] of Object.entries({ who, what })) {
      if (value.trim()) query.set(key, value.trim());
      else query.delete(key);
    }
    visit.keep(query);
    const answer = await studio.api.get("v1/audit", { query: { who: who.value.trim(), what: what.value.trim(), limit: PAGE, offset }, signal });
    table.show(answer.lines);
    pager.show({ offset, shown: answer.lines.length, limit: PAGE, ...answer });
  };
  for (const field of [who, what]) field.addEventListener("change", () => attempt(null, () => read(0)));
  await read(0);
}

/** @param {string} label @param {string} value */
function searchField(label, value) {
  const field = element("input", "input narrow");
  field.type = "search";
  field.placeholder = label;
  field.setAttribute("aria-label", label);
  field.value = value;
  return field;
}

/** @type {Record<string, string>} */
const NOUNS = { entry: "词条", phrasing: "问法", submission: "提议", notice: "通知", user: "人员", token: "令牌", session: "登录", limits: "额度", limit: "额度", lexicon: "词库", shop: "店铺", settings: "设置", golden: "黄金问题", report: "报表", import: "导入", export: "导出", privacy: "个人记录", person: "个人记录", authority: "权限", renewal: "续期", points: "积分", history: "版本", audit: "审计" };

/** @type {Record<string, string>} */
const VERBS = { create: "新建", add: "新建", save: "修改", update: "修改", edit: "修改", delete: "删除", remove: "删除", move: "移动", restore: "恢复", accept: "收下", ban: "禁用", forget: "忘掉", list: "看了", read: "看了", see: "看了", export: "导出", erase: "抹去", approve: "通过", return: "退回", propose: "提出", withdraw: "撤回", comment: "留言", publish: "发出", acknowledge: "知道了", review: "复盘", login: "登录", begin: "登录", end: "退出", logout: "退出", disable: "停用", enable: "启用", password: "换密码", revoke: "作废", lend: "借出", take: "收回", run: "试跑", renew: "续期", import: "导入" };

/** `noun.verb` in Chinese; what is not known stands as it is. @param {string} action */
function actionOf(action) {
  const [noun, verb] = action.split(".");
  return NOUNS[noun] && VERBS[verb] ? `${VERBS[verb]}${NOUNS[noun]}` : action;
}
