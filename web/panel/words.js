// @ts-check
// Words on the screen for what the service says by name. Pure.

/** @typedef {import("../transport.js").Answer} Answer */

/** @type {Record<string, string>} */
export const KINDS = { answer: "标准答案", policy: "政策", case: "案例" };

/** What to mind of a hit. @type {Record<string, string>} */
export const MARKS = {
  other_channel: "其他渠道",
  other_shop: "其他店铺",
  above_authority: "超出权限",
  expiring: "即将到期",
  review_due: "待复审",
  outside_hours: "不在时段",
  banned: "含违禁词",
};

/** What the match is called. A title says nothing new below the title. @type {Record<string, string>} */
export const MATCHED_BY = { question: "问法", sound: "拼音", passage: "段落", shortcut: "快捷码", category: "分类", learned: "学到的问法", risk: "风险接手", comfort: "先安抚" };

/** @type {Record<string, string>} */
export const FACETS = { stage: "阶段", channel: "渠道", product: "品类", customer: "客群", emotion: "情绪", authority: "权限", hours: "时段", shop: "店铺", trigger: "时机" };

/** @type {Record<string, string>} */
const ACTS = { 致谢: "顾客在道谢", 确认: "顾客在确认", 稍等: "顾客请您稍等", 放弃: "顾客不想要了" };

/** @type {Record<string, string>} */
const FAILURES = {
  offline: "连不上服务，正在自动重试",
  busy: "服务正忙，正在自动重试",
  crowded: "服务正忙，正在自动重试",
  too_often: "请求太频繁，正在自动重试",
  timeout: "服务没有及时回答，正在自动重试",
  unauthorized: "请先登录",
  forbidden: "您的账号没有这个权限",
  too_large: "内容太长了，请只粘贴关键的几句",
};

/** @param {string} code */
export function failure(code) {
  return FAILURES[code] ?? "没有成功，请再试一次";
}

/** Failures that another try does not mend. */
export const LASTING = new Set(["too_large", "bad_value", "unauthorized", "forbidden"]);

/** Why a text did not arrive, and the way out. @type {Record<import("../host.js").Refusal, string>} */
export const REFUSALS = {
  "no-editor": "没有找到聊天输入框",
  "other-conversation": "聊天已经切到另一位顾客，没有插入",
  draft: "输入框里有没发的草稿，没有覆盖；Shift+Enter 接在后面",
  "not-there": "插入后没有在输入框里看到，请检查",
  denied: "浏览器不允许复制，请选中文字后按 Ctrl+C",
};

/** @param {Answer} answer */
export function summaryOf(answer) {
  const parts = [];
  if (answer.act) parts.push(ACTS[answer.act] ?? answer.act);
  else if (answer.hits.length === 0) parts.push("没有找到。换个说法，或去掉人名、单号再试");
  else if (!answer.confident) parts.push("没有很合适的，下面是最接近的");
  else parts.push(`最合适的 ${answer.hits.length} 条`);
  if (answer.emotion.emotion !== "平静") parts.push(`顾客${answer.emotion.emotion}`);
  if (answer.emotion.haste) parts.push("很急");
  if (answer.truncated) parts.push("内容较长，只看了最后一部分");
  return parts.join(" · ");
}

/** Whether the answer is one to rely on. @param {Answer} answer */
export function isSure(answer) {
  return answer.confident || Boolean(answer.act);
}

/** What is still to be filled in. @param {string[]} missing @param {string[]} ofShop */
export function toFill(missing, ofShop) {
  const parts = missing.length > 0 ? [`待填：${missing.join("、")}`] : [];
  if (ofShop.length > 0) parts.push(`选店铺后填：${ofShop.join("、")}`);
  return parts.join("；");
}
