// @ts-check
// What the API names in English, in Chinese; and times as people say them. Pure.

/** @type {Record<string, string>} */
export const KINDS = { answer: "标准答案", policy: "政策", case: "案例" };

/** @type {Record<string, string>} */
export const STATES = { draft: "草稿", approved: "启用", retired: "停用" };

/** @type {Record<string, string>} */
export const ROLES = { agent: "客服", qa: "质检", trainer: "培训", lead: "主管", admin: "管理员" };

/** @type {Record<string, string>} */
export const WAYS = { api: "接口", studio: "工作台", import: "导入", file: "文件", review: "审核", cli: "命令行" };

/** @type {Record<string, string>} */
export const ACTIONS = { create: "新建", save: "修改", move: "移动", delete: "删除", restore: "恢复" };

/** @type {Record<string, string>} */
export const SUBMISSION_KINDS = { new: "新话术", case: "案例", edit: "修改", phrasing: "问法", correction: "纠错", outdated: "过时" };

/** @type {Record<string, string>} */
export const FACETS = { channel: "渠道", product: "品类", customer: "客群", emotion: "情绪", stage: "阶段", hours: "时段", authority: "权限", shop: "店铺" };

/** Names in Chinese, one that is not known as it is. @param {Record<string, string>} names @param {string} name */
export function named(names, name) {
  return names[name] ?? name;
}

/** Who did something, as people say it: not everybody is a person. @param {string | null | undefined} who */
export function person(who) {
  return named({ file: "改文件的人", local: "本机" }, who ?? "");
}

/** As choices of a field, with one for all where it has a name. @param {Record<string, string>} names @param {string} [all] @returns {[string, string][]} */
export function choicesOf(names, all) {
  return [...(all === undefined ? [] : [/** @type {[string, string]} */ (["", all])]), ...Object.entries(names)];
}

/** A moment: today its time, this year without the year. @param {number | null | undefined} ms @param {number} [now] */
export function moment(ms, now = Date.now()) {
  if (ms === null || ms === undefined) return "";
  const [at, today] = [new Date(ms), new Date(now)];
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  const day = `${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  if (at.toDateString() === today.toDateString()) return `今天 ${time}`;
  return at.getFullYear() === today.getFullYear() ? `${day} ${time}` : `${at.getFullYear()}-${day} ${time}`;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long ago. @param {number} ms @param {number} [now] */
export function ago(ms, now = Date.now()) {
  const past = now - ms;
  if (past < MINUTE_MS) return "刚刚";
  if (past < HOUR_MS) return `${Math.floor(past / MINUTE_MS)} 分钟前`;
  if (past < DAY_MS) return `${Math.floor(past / HOUR_MS)} 小时前`;
  return `${Math.floor(past / DAY_MS)} 天前`;
}

/** A day as dates are written, in the browser's zone. @param {number} ms */
export function day(ms) {
  const at = new Date(ms);
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;
}
