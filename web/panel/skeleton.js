// @ts-check
// The parts of the panel in the order of the screen, which is that of the keyboard.

import { button, element, keyCap } from "./dom.js";
import { SHOWN } from "./keys.js";

/** Keys that act anywhere, with what they do. @type {[string, string][]} */
const HINTS = [
  ["Enter", "用选中的一条"],
  ["Shift+Enter", "接在草稿后面"],
  ["Alt+1 … 9", "用第几条"],
  ["↑ ↓", "换一条"],
  ["Alt+↓", "换一种说法"],
  ["Alt+0", "发「稍等」"],
  ["/", "回到输入框"],
  ["Esc", "返回、清空"],
];

/** @typedef {ReturnType<typeof draw>} Parts */

/**
 * @param {import("../host.js").Host} host @param {(name: import("./keys.js").Name) => void} run
 */
export function draw(host, run) {
  const verb = host.kind === "extension" ? "插入" : "复制";
  const name = element("h1", "brand", "话术");
  const tools = element("div", "bar-tools");
  tools.setAttribute("role", "toolbar");
  tools.setAttribute("aria-label", "浏览和工具");
  const tool = (/** @type {import("./keys.js").Name} */ command, /** @type {string} */ text) => tools.append(button("plain tool", text, () => run(command), SHOWN[command]));
  if (host.kind === "extension") tool("read", "读取消息");
  tool("triggers", "时机");
  tool("categories", "分类");
  tool("favourites", "收藏");
  tool("recent", "最近");
  tool("mine", "我的");
  tool("draft", "查草稿");
  tool("propose", "提议");
  if (host.float) tool("window", "小窗");

  const question = element("textarea", "question");
  question.id = "question";
  question.rows = 1;
  question.spellcheck = false;
  question.autocomplete = "off";
  question.enterKeyHint = "search";
  question.placeholder = "粘贴顾客的话，或输入关键词、快捷码、拼音首字母";
  const label = element("label", "unseen", "顾客说了什么");
  label.htmlFor = "question";
  const clear = element("button", "clear", "×");
  clear.type = "button";
  clear.hidden = true;
  clear.title = "清空（Esc）";
  clear.setAttribute("aria-label", "清空");
  const form = element("form", "ask", label, question, clear);
  form.setAttribute("role", "search");

  const chips = group("chips", "情境");
  const summary = element("p", "summary");
  summary.id = "summary";
  summary.setAttribute("role", "status");
  const notices = section("notices", "通知");
  notices.setAttribute("aria-live", "assertive");
  const band = section("band", "风险和情绪");
  band.setAttribute("aria-live", "assertive");
  const menu = section("menu", "浏览");
  const draft = section("draft", "查草稿");
  const propose = section("draft propose", "提议给培训");
  const sign = section("draft sign", "登录");
  const hits = element("ol", "hits");
  hits.id = "hits";
  hits.setAttribute("aria-label", "搜索结果");
  const after = section("after", "接下来");
  const toast = element("p", "toast");
  toast.id = "toast";
  toast.setAttribute("role", "status");
  toast.hidden = true;

  const holdings = element("p", "soft");
  const person = element("p", "soft person");
  person.hidden = true;
  const keys = element("dl", "", ...HINTS.map(([key, does]) => element("div", "", element("dt", "", keyCap(key)), element("dd", "", does))));
  for (const cap of keys.querySelectorAll("kbd")) cap.removeAttribute("aria-hidden");
  const hints = element("section", "hints", keys, holdings, person);
  hints.setAttribute("aria-label", "按键");

  const whole = element(
    "div",
    "panel",
    element("div", "bar", name, tools),
    sign,
    notices,
    form,
    chips,
    summary,
    band,
    menu,
    draft,
    propose,
    hits,
    hints,
    element("div", "foot-bar", after, toast),
  );
  return { whole, verb, name, question, clear, form, chips, summary, notices, band, menu, draft, propose, sign, person, hits, after, toast, hints, holdings };
}

/** @param {string} className @param {string} label */
function section(className, label) {
  const made = element("section", className);
  made.setAttribute("aria-label", label);
  made.hidden = true;
  return made;
}

/** @param {string} className @param {string} label */
function group(className, label) {
  const made = element("div", className);
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", label);
  return made;
}
