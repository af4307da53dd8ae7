// @ts-check
// The panel: the customer's words in, the reply out, by keys alone. The same element is the server's page and the extension's side panel.

import { Reporter } from "./events.js";
import { After } from "./panel/after.js";
import { Band } from "./panel/band.js";
import { Chips } from "./panel/chips.js";
import { Desk } from "./panel/desk.js";
import { Draft } from "./panel/draft.js";
import { HuashuHit } from "./panel/hit.js";
import { commandOf } from "./panel/keys.js";
import { HitList } from "./panel/list.js";
import { Menu } from "./panel/menu.js";
import { Mine } from "./panel/mine.js";
import { Notices } from "./panel/notices.js";
import { Propose } from "./panel/propose.js";
import { codeOf, RETRY_MS, Seek } from "./panel/seek.js";
import { entriesOf, MAX_SHOWN } from "./panel/shelf.js";
import { Sign } from "./panel/sign.js";
import { draw } from "./panel/skeleton.js";
import { Take } from "./panel/take.js";
import { failure } from "./panel/words.js";
import { isComposing, onTyped } from "./typing.js";

/** @typedef {import("./host.js").Host} Host */
/** @typedef {import("./transport.js").Transport} Transport */

/** How long a confirmation stands at least, in milliseconds, and how much longer for each character. */
const [TOAST_MS, TOAST_CHARACTER_MS] = [2_400, 40];

/** Rest before the library is asked for again while somebody has to sign in, in milliseconds: an extension's token may come by another way than the form. */
const SIGNED_OUT_MS = 5_000;

/** How often the library is asked for anew, in milliseconds: day turns to night, and trainers add what can be browsed. */
const LIBRARY_MS = 60_000;

export class HuashuPanel extends HTMLElement {
  /** Requests to the service; set before the element is connected. @type {Transport | undefined} */
  transport;
  /** What surrounds it; likewise. @type {Host | undefined} */
  host;

  /** What was built when it was first connected. @type {ReturnType<HuashuPanel["build"]> | undefined} */
  #built;
  /** Ends what listens to the document, which is another one in a window of its own. */
  #leave = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #toast;

  connectedCallback() {
    const isNew = !this.#built;
    const built = (this.#built ??= this.build());
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    const page = this.ownerDocument;
    page.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    // On some devices the only sign of a page's end is that it is hidden.
    page.addEventListener("visibilitychange", () => page.visibilityState === "hidden" && built.reporter.flush(), { signal });
    page.defaultView?.addEventListener("pagehide", () => built.reporter.flush(), { signal });
    const refresh = setInterval(() => this.#refresh(), LIBRARY_MS);
    signal.addEventListener("abort", () => clearInterval(refresh));
    built.parts.question.focus();
    if (isNew) this.#begin();
  }

  disconnectedCallback() {
    this.#leave.abort();
  }

  /** Puts words into the box and searches. @param {import("./host.js").Chat} chat */
  ask(chat) {
    const { desk, list, seek, parts } = this.#all;
    this.#leaveAnswer();
    desk.show(chat);
    seek.messages = chat.messages;
    parts.question.value = chat.messages.join("\n");
    list.age();
    parts.question.focus();
    return seek.search();
  }

  get #all() {
    if (!this.#built) throw new Error("not connected");
    return this.#built;
  }

  /** Makes the parts and ties them together. @private */
  build() {
    const { transport, host } = this;
    if (!transport || !host) throw new Error("a panel needs its transport and its host before it is connected");
    const reporter = new Reporter((events) => transport.events(events));
    const desk = new Desk(transport, host, reporter);
    const parts = draw(host, (name) => this.#run({ name }));
    const back = () => parts.question.focus();
    const tell = (/** @type {string} */ text, /** @type {string} */ kind = "") => this.#tell(text, kind);
    const list = new HitList(parts.hits);
    const chips = new Chips(parts.chips, desk, () => seek.search());
    const band = new Band(parts.band, desk, () => this.#run({ name: "escalate" }));
    const seek = new Seek(desk, parts, list, chips, band, () => this.#run({ name: "gap" }));
    const take = new Take(desk, list, seek, chips, tell);
    const menu = new Menu(parts.menu, back);
    const draft = new Draft(parts.draft, desk, parts.verb, (text, taken) => take.sendDraft(text, taken), back);
    const mine = new Mine(transport, menu, draft, tell);
    const after = new After(parts.after, desk, tell, (taken, segment) => take.take(taken, { segment }), (ids) => seek.browse("接下来常用", { ids }));
    const propose = new Propose(parts.propose, desk, tell, back);
    const sign = new Sign(parts.sign, parts.person, transport, host.kind, () => this.#enter());
    transport.signedOut = () => void sign.open();
    const notices = new Notices(parts.notices, transport, (notice) => take.notice(notice));
    Object.assign(take, { after, draft });
    this.replaceChildren(parts.whole);
    this.#listen({ parts, desk, list, seek, take });
    return { reporter, desk, parts, list, chips, band, seek, take, menu, draft, mine, after, notices, propose, sign };
  }

  /** @param {{parts: import("./panel/skeleton.js").Parts, desk: Desk, list: HitList, seek: Seek, take: Take}} built */
  #listen({ parts, desk, list, seek, take }) {
    const { question, clear, form } = parts;
    clear.addEventListener("click", () => this.#empty());
    form.addEventListener("submit", (event) => event.preventDefault());
    onTyped(question, () => seek.search());
    question.addEventListener("input", () => (seek.messages = null));
    // What replaces all that stood there is another customer's; what is added to it, more of the same one's.
    question.addEventListener("beforeinput", ({ inputType }) => {
      const all = question.selectionStart === 0 && question.selectionEnd === question.value.length;
      if (!all || (inputType !== "insertFromPaste" && inputType !== "insertFromDrop")) return;
      this.#leaveAnswer();
      if (desk.conversations.identity === null) desk.conversations.begin();
      list.age();
    });
    this.addEventListener("take", (event) => {
      const taken = list.at(list.indexOf(/** @type {HuashuHit} */ (event.target)));
      if (taken) take.take({ ...taken, reply: /** @type {CustomEvent} */ (event).detail.reply });
    });
    this.addEventListener("slot", (event) => {
      const { slot, value } = /** @type {CustomEvent<{slot: string, value: string}>} */ (event).detail;
      desk.conversation.set(slot, value);
      desk.keep();
      for (const hit of list.hits) hit.fill(slot, value);
    });
    this.addEventListener("star", (event) => this.#star(/** @type {HuashuHit} */ (event.target)));
    this.addEventListener("verdict", (event) => this.#judge(/** @type {HuashuHit} */ (event.target), /** @type {CustomEvent} */ (event).detail.verdict));
    this.addEventListener("focusin", ({ target }) => {
      const hit = /** @type {Element} */ (target).closest("huashu-hit");
      if (hit instanceof HuashuHit) list.select(list.indexOf(hit));
    });
  }

  async #begin() {
    const { desk, seek, parts, notices, sign } = this.#all;
    const host = /** @type {Host} */ (this.host);
    await desk.begin();
    // Whoever has to sign in first comes on by `#enter`.
    while (!desk.library && !(await this.#refresh())) await new Promise((resolve) => setTimeout(resolve, sign.isAsking ? SIGNED_OUT_MS : RETRY_MS));
    sign.learn();
    seek.search();
    notices.listen();
    // What was typed while the panel began is for the chat that it began beside.
    let isBeginning = true;
    await host.onConversation((chat) => {
      if (chat.conversation !== null && chat.conversation === desk.conversations.identity) return;
      this.#leaveAnswer();
      desk.show(chat);
      if (!isBeginning) parts.question.value = "";
      seek.search();
    });
    isBeginning = false;
    host.onQuestion((chat) => this.ask(chat));
  }

  /** Somebody signed in or out. */
  async #enter() {
    const { seek, parts, notices } = this.#all;
    await this.#refresh();
    notices.listen();
    parts.question.focus();
    seek.search();
  }

  /** Asks for the library; `false` where it does not come, which is said while there is none. */
  async #refresh() {
    const { desk, seek, parts } = this.#all;
    try {
      desk.know(await desk.transport.library());
    } catch (error) {
      if (!desk.library) seek.say(failure(codeOf(error)), "failed");
      return false;
    }
    const library = /** @type {import("./transport.js").Library} */ (desk.library);
    parts.name.textContent = library.name;
    const { answer = 0, policy = 0, case: cases = 0 } = library.kinds;
    const state = library.degraded ? `；${library.degraded}` : library.errors > 0 ? `；有 ${library.errors} 处错误待改` : "";
    parts.holdings.textContent = `收录 ${library.served} 条：标准答案 ${answer}，政策 ${policy}，案例 ${cases}${state}`;
    this.dispatchEvent(new CustomEvent("library", { bubbles: true, detail: library }));
    return true;
  }

  /** @param {HuashuHit | undefined} shown */
  async #star(shown) {
    const { desk } = this.#all;
    if (!shown?.hit) return;
    await desk.toggleFavourite(shown.hit.id);
    const kept = desk.favourites.includes(shown.hit.id);
    shown.setFavourite(kept);
    this.#tell(kept ? "已收藏" : "已取消收藏");
  }

  /** @param {HuashuHit | undefined} shown @param {string} name */
  #judge(shown, name) {
    const { desk, list, after, reporter } = this.#all;
    const verdict = desk.library?.verdicts.find(({ verdict }) => verdict === name);
    if (!shown?.hit || !verdict) return;
    const [query, what] = [list.query, { entry_id: shown.hit.id, reply_id: shown.reply?.id, position: list.indexOf(shown) }];
    const tell = (/** @type {string | undefined} */ reason) => reporter.feedback(query, what, name, reason);
    after.ask(`「${shown.hit.title}」${verdict.text}，因为`, verdict.reasons, tell, () => tell(undefined));
  }

  /** What was read is done, and what it offered. */
  #leaveAnswer() {
    const { seek, after } = this.#all;
    seek.leave();
    after.clear();
  }

  #empty() {
    const { parts, seek } = this.#all;
    this.#leaveAnswer();
    parts.question.value = "";
    parts.question.focus();
    seek.search();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (isComposing(event) || event.defaultPrevented) return;
    const { question } = this.#all.parts;
    const target = /** @type {HTMLElement | null} */ (event.target);
    const isField = Boolean(target?.matches?.("input, textarea, select"));
    const place = target === question ? "question" : isField ? "text" : "elsewhere";
    const command = commandOf(event, place, !question.value.includes("\n"));
    if (command) {
      if (this.#run(command) !== false) event.preventDefault();
    } else if (event.key === "Enter" && target?.matches?.("input.slot")) {
      event.preventDefault();
      this.#fromBlank(target, event.shiftKey);
    }
  }

  /** On to the next blank, or away with the reply. @param {HTMLElement} blank @param {boolean} append */
  #fromBlank(blank, append) {
    const { list, take } = this.#all;
    const hit = blank.closest("huashu-hit");
    if (hit instanceof HuashuHit && !hit.focusBlank()) take.take(list.at(list.indexOf(hit)), { append });
  }

  /** @param {import("./panel/keys.js").Command} command @returns {unknown} `false` where there is nothing to do */
  #run({ name, number }) {
    const { desk, parts, list, seek, take, menu, draft, after, notices } = this.#all;
    const { library } = desk;
    switch (name) {
      case "take":
        return take.take(list.at(number));
      case "append":
        return take.take(list.at(), { append: true });
      case "select":
        return list.move(number ?? 1);
      case "wording":
        return list.current?.turn(number ?? 1);
      case "hold":
        return take.hold();
      case "gap":
        return this.#gap();
      case "next":
        return after.next();
      case "picture":
        return after.picture();
      case "star":
        return this.#star(list.current);
      case "good":
      case "bad":
      case "outdated":
        return this.#judge(list.current, name);
      case "read":
        return this.#readChat();
      case "draft":
        return draft.open();
      case "propose":
        return this.#propose();
      case "mine":
        return this.#mine();
      case "categories":
        return menu.open("分类", (library?.categories ?? []).map(({ value, count }) => ({ text: value, count, chosen: () => seek.browse(value, { category: value }) })));
      case "triggers":
        return menu.open("时机：没人问也要发的", (library?.triggers ?? []).map(({ value, count }) => ({ text: value, count, chosen: () => seek.browse(value, { trigger: value }) })));
      case "favourites":
        return seek.browse("收藏", { ids: desk.favourites.slice(0, MAX_SHOWN) });
      case "recent":
        return seek.browse("最近用过", { ids: entriesOf(desk.recent) });
      case "escalate":
        return seek.browse("升级", { ids: library?.escalation.entries ?? [] });
      case "window":
        return this.host?.float?.(this).catch(() => this.#tell("浏览器没有打开小窗", "caution")) ?? false;
      case "acknowledge":
        return notices.acknowledge();
      case "notice":
        return notices.useLatest();
      case "ask":
        return parts.question.focus();
      case "leave":
        return this.#back();
    }
  }

  /** One step back: out of what is open, to the question, from the band, to an empty box. */
  #back() {
    const { parts, menu, draft, propose, after, band } = this.#all;
    if (menu.close() || draft.close() || propose.close() || after.clear()) return parts.question.focus();
    const focused = this.ownerDocument.activeElement;
    if (focused !== parts.question && this.contains(focused)) return parts.question.focus();
    return band.dismiss() || this.#empty();
  }

  /** The newest messages of the chat's page. */
  async #readChat() {
    const chat = await this.host?.readMessages();
    if (!chat || chat.messages.length === 0) return this.#tell("没有读到顾客的消息，请粘贴", "caution");
    await this.ask(chat);
  }

  /** From what is on the screen: the chosen hit and what the customer wrote. */
  async #propose() {
    const { list, parts, propose, sign } = this.#all;
    await sign.known();
    if (!sign.may("propose")) return this.#tell(sign.session.accounts || sign.session.name !== null ? "您的账号不能提议" : "提议要有账号：请管理员用 huashu user add 开通", "caution");
    const shown = list.at();
    const question = parts.question.value.trim();
    return propose.open({ hit: shown?.hit ?? list.current?.hit ?? null, reply: shown?.reply ?? null, question, query: question ? list.query : "" });
  }

  /** Words of one's own are somebody's: without an account there are none. */
  async #mine() {
    const { mine, sign } = this.#all;
    await sign.known();
    if (sign.session.name === null) return this.#tell("自己的话术要有账号：请管理员用 huashu user add 开通", "caution");
    return mine.open();
  }

  #gap() {
    const { list, parts, reporter } = this.#all;
    if (!list.query || !parts.question.value.trim()) return false;
    reporter.gap(list.query);
    this.#tell("已报给培训，号码和地址会先打码");
    return true;
  }

  /** @param {string} text @param {string} [kind] */
  #tell(text, kind = "") {
    const { toast } = this.#all.parts;
    toast.textContent = text;
    toast.className = `toast ${kind}`;
    toast.hidden = false;
    clearTimeout(this.#toast);
    this.#toast = setTimeout(() => (toast.hidden = true), TOAST_MS + text.length * TOAST_CHARACTER_MS);
  }
}

customElements.define("huashu-panel", HuashuPanel);
