// @ts-check
// What the strip above the panel says of the page beside it: whether replies can get in, and what to do where not. Pure.

/**
 * @typedef {import("./host.js").Beside} Beside
 * @typedef {"allow" | "options"} Action
 * @typedef {{kind: "good" | "caution" | "away" | "quiet", text: string, action?: {name: Action, text: string}}} Saying
 */

/** What does not fit any more, and what that means for the agent. @type {Record<string, string>} */
const MISFITS = {
  editor: "输入框和配置对不上了，已改用您正在写的那个框，填入前请看一眼",
  messages: "读不到消息了，请选中文字或粘贴来搜索",
  conversation: "认不出是哪位顾客了，填入前请看一眼对面是谁",
};

/** The host of an address. @param {string} address */
function hostOf(address) {
  return URL.canParse(address) ? new URL(address).hostname : "";
}

/**
 * @param {Beside} beside
 * @param {boolean} away whether the service is away
 * @returns {Saying[]} the most urgent first
 */
export function sayingsOf(beside, away) {
  /** @type {Saying[]} */
  const sayings = away
    ? [{ kind: "away", text: "连不上话术服务，正在自动重试。只能用最近用过的话术，已过期的不显示", action: { name: "options", text: "检查地址" } }]
    : [];
  return [...sayings, ofPage(beside)];
}

/** @param {Beside} beside @returns {Saying} */
function ofPage({ state, address, look }) {
  if (state === "no-page") return { kind: "quiet", text: "切到聊天网页，就能把话术填进输入框" };
  if (state === "no-access") {
    const host = hostOf(address);
    if (!host) return { kind: "caution", text: "要填入这个网页，请点一下工具栏上的话术图标，再点「允许」" };
    const text = `允许扩展在 ${host} 里填入话术、读取最新消息？只在您操作时读，不保存，从不代发`;
    return { kind: "caution", text, action: { name: "allow", text: "允许" } };
  }
  const site = look?.site;
  if (site?.place === "copy") return { kind: "quiet", text: `${site.name}：复制后到聊天窗口里粘贴` };
  const misfit = MISFITS[look?.health ?? ""];
  if (site && misfit) return { kind: "caution", text: `${site.name}改版了？${misfit}。请告诉管理员更新网站配置` };
  if (!look || look.rank === 0) return { kind: "quiet", text: `${site ? `${site.name}：` : ""}还没有看到输入框，请打开一个会话` };
  if (!site) return { kind: "quiet", text: "不认识这个网站：填进您最后写字的框，填入前请看一眼" };
  if (look.conversation === null) return { kind: "quiet", text: `${site.name}：可以填入。认不出会话，填入前请看一眼对面是谁` };
  return { kind: "good", text: `${site.name}：可以填入` };
}
