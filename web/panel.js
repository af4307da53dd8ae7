// @ts-check
// The page: a question in, hits out, a reply into the clipboard.

import { copyText } from "./clipboard.js";
import { newId, Reporter, SHOWN_MS } from "./events.js";
import { HuashuHit, textToSend, toFill } from "./hit.js";
import { PageTransport, TransportError } from "./transport.js";
import { isComposing, onTyped } from "./typing.js";

/** @typedef {import("./transport.js").Answer} Answer */
/** @typedef {import("./transport.js").Hit} Hit */
/** @typedef {import("./transport.js").Reply} Reply */

/** Hits of one page: what nine keys reach. */
const LIMIT = 9;

/** How long a confirmation stands, in milliseconds. */
const TOAST_MS = 2_400;

/** Rest before a failed search is tried again, in milliseconds. */
const RETRY_MS = 1_500;

/** @type {Record<string, string>} */
const ACTS = { 致谢: "顾客在道谢", 确认: "顾客在确认", 稍等: "顾客请您稍等", 放弃: "顾客不想要了" };

/** @type {Record<string, string>} */
const FAILURES = {
  offline: "连不上服务，稍后自动重试",
  busy: "服务正忙，稍后自动重试",
  timeout: "服务没有及时回答，稍后自动重试",
  too_large: "内容太长了，请只粘贴关键的几句",
};

/** @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`no ${type.name} with id ${id}`);
  return found;
}

const question = byId("question", HTMLTextAreaElement);
const clear = byId("clear", HTMLButtonElement);
const summary = byId("summary", HTMLParagraphElement);
const risk = byId("risk", HTMLElement);
const list = byId("hits", HTMLOListElement);
const hints = byId("hints", HTMLElement);
const toast = byId("toast", HTMLParagraphElement);
const choosers = { shop: byId("shop", HTMLSelectElement), channel: byId("channel", HTMLSelectElement) };

const install = remembered("install") || newId();
remember("install", install);
const transport = new PageTransport(install);
const reporter = new Reporter((events) => transport.events(events));
/** Aborted as soon as another search begins: only the latest answer is shown. */
let latest = new AbortController();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retry;
let selected = 0;
/** Whether the hits are older than what was typed. */
let stale = false;
/** What to copy as soon as the hits are those of what was typed. @type {number | null} */
let wanted = null;
/** Of the answer that is shown. */
let queryId = "";
/** One customer's, as far as the page can know: in memory alone. */
let conversation = newId();

function context() {
  return { shop: choosers.shop.value || undefined, channel: choosers.channel.value || undefined, conversation_id: conversation };
}

/** @param {string} text */
async function search(text) {
  latest.abort();
  clearTimeout(retry);
  latest = new AbortController();
  const { signal } = latest;
  const q = text.trim();
  clear.hidden = text === "";
  hints.hidden = q !== "";
  if (q === "") {
    conversation = newId();
    stale = false;
    summary.textContent = "";
    list.replaceChildren();
    risk.hidden = true;
    return;
  }
  try {
    const answer = await transport.search({ q, context: context(), limit: LIMIT }, signal);
    if (!signal.aborted) show(answer, signal);
  } catch (error) {
    if (signal.aborted) return;
    wanted = null;
    const code = error instanceof TransportError ? error.code : "";
    summary.textContent = FAILURES[code] ?? "没有搜成，请再试一次";
    summary.className = "summary failed";
    if (code !== "too_large") retry = setTimeout(() => search(question.value), RETRY_MS);
  }
}

/** @param {Answer} answer @param {AbortSignal} signal */
function show(answer, signal) {
  const hits = answer.hits.map((hit, index) => {
    const shown = new HuashuHit();
    shown.show(hit, index + 1);
    const item = document.createElement("li");
    item.append(shown);
    return item;
  });
  list.replaceChildren(...hits);
  select(0);
  stale = false;
  queryId = answer.query_id;
  setTimeout(() => {
    if (!stale && !signal.aborted) reporter.shown(answer.query_id);
  }, SHOWN_MS);
  if (wanted !== null) copyHit(wanted);
  wanted = null;
  summary.textContent = summaryOf(answer);
  summary.className = answer.confident || answer.act ? "summary" : "summary unsure";
  showRisk(answer.emotion.risks[0], signal);
}

/** @param {Answer} answer */
function summaryOf(answer) {
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

/** A risk stops routine replies: the entry that takes over stands above all. @param {{name: string, entry: string} | undefined} found @param {AbortSignal} signal */
async function showRisk(found, signal) {
  risk.hidden = true;
  if (!found) return;
  const warning = document.createElement("p");
  warning.textContent = `注意：${found.name}。先停用常规话术，按「${found.entry}」处理`;
  risk.replaceChildren(warning);
  risk.hidden = false;
  try {
    const [{ entry }, reply] = await Promise.all([transport.entry(found.entry), transport.render(found.entry, context())]);
    if (signal.aborted) return;
    const shown = new HuashuHit();
    shown.show(
      {
        ...entry,
        title_pieces: [{ text: entry.title, hit: false }],
        score: 1,
        confidence: 1,
        matched: { by: "risk", text_pieces: [] },
        snippet_pieces: [],
        replies: [{ ...reply, id: reply.reply_id, used: false }],
        marks: [],
        shortcut: null,
      },
      0,
    );
    risk.append(shown);
  } catch {
    // The warning itself stands.
  }
}

/** @param {number} index */
function select(index) {
  const items = [...list.children];
  selected = Math.max(0, Math.min(index, items.length - 1));
  items.forEach((item, at) => {
    if (at === selected) item.setAttribute("aria-current", "true");
    else item.removeAttribute("aria-current");
  });
}

/** Copies a hit's best reply; of hits that are on their way, once they are here: a reply to the last question is a wrong one. @param {number} index */
function copyHit(index) {
  if (stale) {
    wanted = index;
    return;
  }
  const shown = list.children[index]?.firstElementChild;
  if (shown instanceof HuashuHit) {
    select(index);
    shown.copyBest();
  }
}

/** @param {string} text @param {string} [kind] */
function tell(text, kind = "") {
  toast.textContent = text;
  toast.className = `toast ${kind}`;
  toast.hidden = false;
  clearTimeout(Number(toast.dataset.timer));
  toast.dataset.timer = String(setTimeout(() => (toast.hidden = true), TOAST_MS));
}

document.addEventListener("copy-reply", async (event) => {
  const { hit, reply } = /** @type {CustomEvent<{hit: Hit, reply?: Reply}>} */ (event).detail;
  if (!reply) return tell("这一条没有可以发送的话术", "caution");
  // As they are now: the next answer may come while the clipboard is asked. A risk's entry stands above all places.
  const place = [...list.children].findIndex((item) => item.firstElementChild === event.target);
  const report = { query: queryId, what: { entry_id: hit.id, reply_id: reply.id, position: place < 0 ? undefined : place } };
  if (!(await copyText(textToSend(reply)))) return tell("没有复制成，请选中文字后按 Ctrl+C", "caution");
  reporter.copied(report.query, report.what);
  if (reply.missing.length > 0) return tell(`已复制。${toFill(reply.missing)}`, "caution");
  tell("已复制");
});

document.addEventListener("keydown", (event) => {
  if (isComposing(event)) return;
  const digit = event.altKey && !event.ctrlKey && !event.metaKey ? /^Digit([1-9])$/.exec(event.code) : null;
  if (digit) {
    event.preventDefault();
    copyHit(Number(digit[1]) - 1);
  } else if (event.key === "Escape") {
    event.preventDefault();
    empty();
  } else if (event.key === "/" && event.target !== question && !(event.target instanceof HTMLSelectElement)) {
    event.preventDefault();
    question.focus();
  }
});

question.addEventListener("keydown", (event) => {
  if (isComposing(event) || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const single = !question.value.includes("\n");
  if (event.key === "Enter") {
    event.preventDefault();
    copyHit(stale ? 0 : selected);
  } else if (single && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    select(selected + (event.key === "ArrowDown" ? 1 : -1));
    list.children[selected]?.scrollIntoView({ block: "nearest" });
  }
});

function empty() {
  question.value = "";
  question.focus();
  search("");
}

clear.addEventListener("click", empty);
byId("ask", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
question.addEventListener("input", () => {
  stale = true;
  wanted = null;
});
// What replaces all that stood there is another customer's; what is added to it, more of the same one's.
question.addEventListener("beforeinput", ({ inputType }) => {
  const all = question.selectionStart === 0 && question.selectionEnd === question.value.length;
  if (all && (inputType === "insertFromPaste" || inputType === "insertFromDrop")) conversation = newId();
});
onTyped(question, search);

// On some devices the only sign of a page's end is that it is hidden.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") reporter.flush();
});
addEventListener("pagehide", () => reporter.flush());

/** The browser keeps the choice; a private window may refuse, then it lasts as long as the page. @param {string} name */
function remembered(name) {
  try {
    return localStorage.getItem(`huashu.${name}`) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} name @param {string} value */
function remember(name, value) {
  try {
    localStorage.setItem(`huashu.${name}`, value);
  } catch {
    // Not kept.
  }
}

/** @param {"shop" | "channel"} name @param {{value: string, text: string}[]} options */
function fill(name, options) {
  const chooser = choosers[name];
  chooser.append(...options.map(({ value, text }) => new Option(text, value)));
  chooser.value = remembered(name);
  if (chooser.selectedIndex < 0) chooser.value = "";
  // The only shop is the shop.
  if (name === "shop" && options.length === 1) chooser.value = options[0].value;
  chooser.disabled = false;
  chooser.addEventListener("change", () => {
    remember(name, chooser.value);
    search(question.value);
    question.focus();
  });
}

async function begin() {
  question.focus();
  try {
    const library = await transport.library();
    byId("name", HTMLHeadingElement).textContent = library.name;
    document.title = library.name;
    fill("shop", library.shops.map((shop) => ({ value: shop.id, text: shop.name })));
    fill("channel", library.facets.channel.map((value) => ({ value, text: value })));
    const { answer = 0, policy = 0, case: cases = 0 } = library.kinds;
    const state = library.degraded ? "；文件夹有新内容读不出来，暂用上一版" : library.errors > 0 ? `；有 ${library.errors} 处错误待改` : "";
    byId("holdings", HTMLParagraphElement).textContent = `收录 ${library.served} 条：标准答案 ${answer}，政策 ${policy}，案例 ${cases}${state}`;
  } catch {
    setTimeout(begin, RETRY_MS);
    return;
  }
  // A reload keeps what was typed; so does the way back from another page.
  if (question.value) search(question.value);
}

begin();
