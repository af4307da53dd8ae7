// @ts-check
// 隐私: what masks make of samples, how long what is kept, what is kept of one agent, and who saw and changed what.

import { button, element } from "../../panel/dom.js";
import { part } from "../api.js";
import { asked, opened } from "../dialog.js";
import { textField } from "../form.js";
import { moment, named } from "../names.js";
import { Pager, Table } from "../table.js";
import { attempt, toast } from "../toast.js";
import { partsOf } from "./parts.js";

/** Lines of the audit list on a page. */
const PAGE = 50;

/** @type {Record<string, string>} */
const KEPT = { journal: "流水", searches: "搜索", events: "采用和反馈", learned: "学到的问法", audit: "审计", sessions: "登录", submissions: "提议", notices: "通知", acknowledgements: "知道了", points: "积分", versions: "版本", submission_comments: "留言", decisions: "对学到的问法的决定", tokens: "令牌", users: "帐号" };

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
  /** @type {Table<{kind: string, zh: string, sample: string, masked: string}>} */
  const masked = new Table({
    label: "打码",
    columns: [
      { title: "什么", cell: ({ zh }) => zh },
      { title: "顾客写的", wide: true, cell: ({ sample }) => sample },
      { title: "留下的", wide: true, cell: ({ masked: left }) => left },
    ],
    key: ({ kind, sample }) => `${kind} ${sample}`,
  });
  masked.show(masks);
  /** @type {Table<{kind: string, days: number, oldest_at: number | null, rows: number}>} */
  const kept = new Table({
    label: "保留多久",
    columns: [
      { title: "记录", wide: true, cell: ({ kind }) => named(KEPT, kind) },
      { title: "保留", number: true, cell: ({ days }) => `${days} 天` },
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
    /** @type {Record<string, number>} */
    let erased = {};
    const field = textField("again", `再输一遍「${who}」`, { required: true, hint: "搜索和采用的记录、登录、令牌都抹掉；写过的内容留着，作者换成代号。不能撤销。" });
    const done = await asked("抹去这个人的记录", [field], "抹去", async ({ again }) => {
      if (again?.trim() !== who) throw new Error("两次的名字不一样");
      erased = (await studio.api.delete(`v1/privacy/people/${part(who)}`)).erased;
    });
    if (!done) return;
    const lines = Object.entries(erased).map(([kind, count]) => element("li", "", `${named(KEPT, kind)}：${count} 条`));
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
      { title: "做了", cell: ({ action }) => named(ACTIONS, action) },
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

/** What the audit list calls what was done. @type {Record<string, string>} */
const ACTIONS = {
  "entry.asked": "看了顾客怎么问",
  "entry.create": "新建词条",
  "entry.delete": "删除词条",
  "entry.move": "移动词条",
  "entry.restore": "恢复词条",
  "entry.save": "修改词条",
  "file.save": "修改词库、店铺或设置",
  "golden.add": "加黄金问题",
  "library.export": "导出词条",
  "library.import": "导入词条",
  "limits.set": "改赔付额度",
  "notice.publish": "发通知",
  "notice.readers": "看了谁知道了",
  "notice.review": "复盘通知",
  "notice.withdraw": "撤回通知",
  "person.erase": "抹去个人记录",
  "person.export": "导出个人记录",
  "phrasing.accept": "收下问法",
  "phrasing.ban": "禁用问法",
  "phrasing.forget": "忘掉问法",
  "phrasing.list": "看了学到的问法",
  "phrasing.move": "问法换词条",
  "points.export": "导出积分",
  "private.change": "改自己的话术",
  "private.create": "留自己的话术",
  "private.drop": "删自己的话术",
  "private.export": "导出自己的话术",
  "private.import": "导入自己的话术",
  "report.read": "看了报表",
  "session.begin": "登录",
  "session.end": "退出",
  "submission.approve": "通过提议",
  "submission.comment": "给提议留言",
  "submission.create": "提议",
  "submission.return": "退回提议",
  "submission.withdraw": "撤回提议",
  "token.create": "建令牌",
  "token.revoke": "作废令牌",
  "user.change": "改账号",
  "user.create": "建账号",
  "user.lend": "借权限",
  "user.password": "换密码",
  "user.take_back": "收回权限",
  "wish.draft": "按顾客的问法写草稿",
};
