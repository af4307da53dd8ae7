// @ts-check
// The panel: the customer's words in, the reply out, by keys alone. The same element is the server's page and the extension's side panel.

import { copyText } from "./clipboard.js";
import { newId, Reporter, SHOWN_MS } from "./events.js";
import { After } from "./panel/after.js";
import { Band } from "./panel/band.js";
import { Chips } from "./panel/chips.js";
import { deliver } from "./panel/deliver.js";
import { Desk } from "./panel/desk.js";
import { Draft } from "./panel/draft.js";
import { guessSlots } from "./panel/guess.js";
import { HuashuHit } from "./panel/hit.js";
import { commandOf, SHOWN } from "./panel/keys.js";
import { HitList } from "./panel/list.js";
import { Menu } from "./panel/menu.js";
import { Notices } from "./panel/notices.js";
import { isShort, merged } from "./panel/short.js";
import { entriesOf, MAX_SHOWN } from "./panel/shelf.js";
import { draw } from "./panel/skeleton.js";
import { button } from "./panel/dom.js";
import { failure, isSure, LASTING, REFUSALS, summaryOf, toFill } from "./panel/words.js";
import { TransportError } from "./transport.js";
import { isComposing, onTyped } from "./typing.js";

/** @typedef {import("./transport.js").Hit} Hit */
/** @typedef {import("./transport.js").Answer} Answer */
/** @typedef {import("./panel/list.js").Taken} Taken */

/** Hits of one page: what nine keys reach. */
const LIMIT = 9;

/** How long a confirmation stands, in milliseconds. */
const TOAST_MS = 2_400;

/** Rest before a failed request is tried again, in milliseconds. */
const RETRY_MS = 1_500;

export class HuashuPanel extends HTMLElement {
  /** Requests to the service; set before the element is connected. @type {import("./transport.js").Transport | undefined} */
  transport;
  /** What surrounds it; likewise. @type {import("./host.js").Host | undefined} */
  host;

  /** @type {ReturnType<typeof draw> | undefined} */
  #parts;
  /** @type {Desk | undefined} */
  #desk;
  /** Ends what listens to the document, which is another one in a window of its own. */
  #leave = new AbortController();
  #onKeyDown = (/** @type {KeyboardEvent} */ event) => this.#onKey(event);

  connectedCallback() {
    if (!this.#parts) this.#build();
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    this.ownerDocument.addEventListener("keydown", this.#onKeyDown, { signal });
    // On some devices the only sign of a page's end is that it is hidden.
    this.ownerDocument.addEventListener("visibilitychange", () => this.ownerDocument.visibilityState === "hidden" && this.#reporter.flush(), { signal });
    this.ownerDocument.defaultView?.addEventListener("pagehide", () => this.#reporter.flush(), { signal });
    this.#part.question.focus();
  }

  disconnectedCallback() {
    this.#leave.abort();
  }

  /** Puts words into the box and searches. @param {import("./host.js").Chat} chat */
  ask(chat) {
    this.#leaveAnswer();
    this.#knows.show(chat);
    this.#messages = chat.messages;
    this.#part.question.value = chat.messages.join("\n");
    this.#list.age();
    this.#part.question.focus();
    return this.#search();
  }

  // What was built once.
  get #part() {
    if (!this.#parts) throw new Error("not connected");
    return this.#parts;
  }

  get #knows() {
    if (!this.#desk) throw new Error("not connected");
    return this.#desk;
  }

  /** Aborted as soon as another search begins: only the latest answer is shown. */
  #latest = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #toast;
  /** What the chat's page gave, while the box says the same. @type {string[] | null} */
  #messages = null;
  /** The answer that was read and not used yet: its search's id. */
  #read = "";
  #reporter = new Reporter((events) => this.transport?.events(events) ?? Promise.resolve());
  /** @type {HitList} */ #list = /** @type {any} */ (null);
  /** @type {Chips} */ #chips = /** @type {any} */ (null);
  /** @type {Band} */ #band = /** @type {any} */ (null);
  /** @type {Menu} */ #menu = /** @type {any} */ (null);
  /** @type {Draft} */ #draft = /** @type {any} */ (null);
  /** @type {After} */ #after = /** @type {any} */ (null);
  /** @type {Notices} */ #notices = /** @type {any} */ (null);
  #feeling = "";

  #build() {
    const { transport, host } = this;
    if (!transport || !host) throw new Error("a panel needs its transport and its host before it is connected");
    const desk = (this.#desk = new Desk(transport, host, this.#reporter));
    const parts = (this.#parts = draw(host, (name) => this.#run({ name })));
    this.replaceChildren(parts.whole);
    const back = () => parts.question.focus();
    this.#list = new HitList(parts.hits);
    this.#chips = new Chips(parts.chips, desk, () => this.#search());
    this.#band = new Band(parts.band, desk, () => this.#run({ name: "escalate" }));
    this.#menu = new Menu(parts.menu, back);
    this.#draft = new Draft(parts.draft, desk, parts.verb, (text) => this.#sendDraft(text), back);
    this.#after = new After(parts.after, desk, (text, kind) => this.#tell(text, kind), (taken, segment) => this.#take(taken, false, segment), (ids) => this.#browse("接下来常用", { ids }));
    this.#notices = new Notices(parts.notices, transport);
    this.#listen();
    this.#begin();
  }

  #listen() {
    const { question, clear, form } = this.#part;
    clear.addEventListener("click", () => this.#empty());
    form.addEventListener("submit", (event) => event.preventDefault());
    onTyped(question, () => this.#search());
    question.addEventListener("input", () => (this.#messages = null));
    // What replaces all that stood there is another customer's; what is added to it, more of the same one's.
    question.addEventListener("beforeinput", ({ inputType }) => {
      const all = question.selectionStart === 0 && question.selectionEnd === question.value.length;
      if (!all || (inputType !== "insertFromPaste" && inputType !== "insertFromDrop")) return;
      this.#leaveAnswer();
      if (this.#knows.conversations.identity === null) this.#knows.conversations.begin();
      this.#list.age();
    });
    this.addEventListener("take", (event) => {
      const taken = this.#list.at(this.#list.indexOf(/** @type {HuashuHit} */ (event.target)));
      if (taken) this.#take({ ...taken, reply: /** @type {CustomEvent} */ (event).detail.reply }, false);
    });
    this.addEventListener("slot", (event) => {
      const { slot, value } = /** @type {CustomEvent<{slot: string, value: string}>} */ (event).detail;
      this.#knows.conversation.set(slot, value);
      for (const hit of this.#list.hits) hit.fill(slot, value);
    });
    this.addEventListener("star", (event) => this.#star(/** @type {HuashuHit} */ (event.target)));
    this.addEventListener("verdict", (event) => this.#judge(/** @type {HuashuHit} */ (event.target), /** @type {CustomEvent} */ (event).detail.verdict));
    this.addEventListener("focusin", ({ target }) => {
      const hit = target instanceof HTMLElement ? target.closest("huashu-hit") : null;
      if (hit instanceof HuashuHit) this.#list.select(this.#list.indexOf(hit));
    });
  }

  async #begin() {
    const [desk, host] = [this.#knows, /** @type {import("./host.js").Host} */ (this.host)];
    await desk.begin();
    await this.#know();
    this.#notices.listen();
    host.onConversation((chat) => {
      if (chat.conversation === desk.conversations.identity && chat.conversation !== null) return;
      this.#leaveAnswer();
      desk.show(chat);
      this.#part.question.value = "";
      this.#search();
    });
    host.onQuestion((chat) => this.ask(chat));
  }

  /** Asks for the library until it comes. */
  async #know() {
    for (;;) {
      try {
        this.#knows.know(await this.#knows.transport.library());
        break;
      } catch (error) {
        this.#say(failure(error instanceof TransportError ? error.code : ""), "failed");
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    const library = /** @type {import("./transport.js").Library} */ (this.#knows.library);
    this.#part.name.textContent = library.name;
    const { answer = 0, policy = 0, case: cases = 0 } = library.kinds;
    const state = library.degraded ? "；文件夹有新内容读不出来，暂用上一版" : library.errors > 0 ? `；有 ${library.errors} 处错误待改` : "";
    this.#part.holdings.textContent = `收录 ${library.served} 条：标准答案 ${answer}，政策 ${policy}，案例 ${cases}${state}`;
    this.dispatchEvent(new CustomEvent("library", { bubbles: true, detail: library }));
    this.#search();
  }

  /** Searches for what stands in the box. */
  async #search() {
    this.#latest.abort();
    clearTimeout(this.#retry);
    const { signal } = (this.#latest = new AbortController());
    const { question, clear, hints } = this.#part;
    const q = question.value.trim();
    clear.hidden = question.value === "";
    hints.hidden = q !== "";
    if (q === "") return this.#rest();
    const desk = this.#knows;
    const conversation = desk.conversation;
    conversation.guess(guessSlots(q));
    try {
      const what = this.#messages ? { messages: this.#messages } : { q };
      const [answer, suggested] = await Promise.all([
        desk.transport.search({ ...what, context: desk.context(), limit: LIMIT }, signal),
        isShort(q) ? this.#suggest(q, signal) : [],
      ]);
      if (!signal.aborted) this.#show(answer, answer.act ? answer.hits : merged(suggested, answer.hits, LIMIT), conversation, signal);
    } catch (error) {
      if (signal.aborted) return;
      const code = error instanceof TransportError ? error.code : "";
      this.#say(failure(code), "failed");
      if (!LASTING.has(code)) this.#retry = setTimeout(() => this.#search(), RETRY_MS);
    }
  }

  /** Hits for a beginning. @param {string} q @param {AbortSignal} signal @returns {Promise<Hit[]>} */
  async #suggest(q, signal) {
    const { transport } = this.#knows;
    const { suggestions } = await transport.suggest(q, LIMIT, signal);
    if (suggestions.length === 0) return [];
    return (await transport.browse({ ids: suggestions.map(({ id }) => id), context: this.#knows.context() }, signal)).hits;
  }

  /** Nothing is asked. */
  #rest() {
    if (this.#knows.conversations.identity === null) this.#knows.conversations.begin();
    this.#feeling = "";
    this.#say("");
    this.#list.clear();
    this.#band.dismiss();
    this.#chips.show();
  }

  /** @param {Answer} answer @param {Hit[]} hits @param {import("./panel/conversation.js").Conversation} conversation @param {AbortSignal} signal */
  #show(answer, hits, conversation, signal) {
    if (answer.stage) conversation.seen.stage = answer.stage;
    this.#feeling = answer.emotion.emotion === "平静" ? "" : answer.emotion.emotion;
    this.#showHits(hits, answer.query_id);
    this.#say(summaryOf(answer), isSure(answer) || hits.length > answer.hits.length ? "" : "unsure");
    if (!isSure(answer)) this.#part.summary.append(" ", button("plain gap", "报给培训", () => this.#run({ name: "gap" }), SHOWN.gap));
    this.#chips.show(this.#feeling);
    this.#band.show(answer);
    const seen = setTimeout(() => {
      this.#reporter.shown(answer.query_id);
      this.#read = answer.query_id;
    }, SHOWN_MS);
    signal.addEventListener("abort", () => clearTimeout(seen));
    this.#part.question.addEventListener("input", () => clearTimeout(seen), { once: true });
  }

  /** @param {Hit[]} hits @param {string} query */
  #showHits(hits, query) {
    const desk = this.#knows;
    const { slots } = desk.conversation;
    this.#list.show(hits, query, desk.conversation, (hit, number) => ({
      number,
      values: { ...slots },
      shopValues: desk.shopValues,
      verb: this.#part.verb,
      favourite: desk.favourites.includes(hit.id),
      passages: async (id) => (await desk.transport.entry(id)).entry.passages,
    }));
  }

  /** Entries without a question, as hits. @param {string} title @param {{ids?: string[], category?: string, trigger?: string}} what */
  async #browse(title, what) {
    this.#latest.abort();
    const { signal } = (this.#latest = new AbortController());
    if (what.ids?.length === 0) return this.#say(`${title}：还没有`);
    try {
      const { hits, gone, total } = await this.#knows.transport.browse({ ...what, context: this.#knows.context(), limit: MAX_SHOWN }, signal);
      if (signal.aborted) return;
      this.#part.hints.hidden = true;
      this.#showHits(hits, newId());
      const expired = gone.length > 0 ? ` · ${gone.length} 条已停用或过期，不再显示` : "";
      this.#say(`${title} · ${total} 条${expired}`);
      this.#part.question.focus();
    } catch (error) {
      if (!signal.aborted) this.#say(failure(error instanceof TransportError ? error.code : ""), "failed");
    }
  }

  /** Sends a hit's reply on its way; `taken` is what was on the screen when the key went down. @param {Taken | null} taken @param {boolean} append @param {number} [segment] */
  async #take(taken, append, segment = 0) {
    if (!taken) {
      const empty = this.#list.hits.length === 0 || !this.#list.current?.reply;
      return this.#tell(empty ? "这里没有可以发送的话术" : "还在找这位顾客的，请再按一次", "caution");
    }
    const desk = this.#knows;
    const { conversation, shop } = desk;
    this.#list.select(taken.position);
    const outcome = await deliver(desk, { ...taken, segment, append });
    switch (outcome.kind) {
      case "placed": {
        const what = { entry_id: taken.hit.id, reply_id: taken.reply.id, position: taken.position, shop: shop || undefined };
        if (segment === 0) this.#reporter.used(taken.query, what, [outcome.how]);
        if (this.#read === taken.query) this.#read = "";
        if (conversation === desk.conversation) desk.used(taken.hit, taken.reply.id);
        this.#after.placed(taken, segment, outcome.left);
        const done = outcome.how === "inserted" ? "已插入" : "已复制";
        return outcome.warnings.length > 0
          ? this.#tell(`${done}。想一想：${outcome.warnings.map((finding) => `「${finding.text}」${finding.why}`).join("；")}`, "caution")
          : this.#tell(done);
      }
      case "blank":
        if (!taken.element.isConnected || !taken.element.focusBlank()) this.#chips.focusShop();
        return this.#tell(toFill(outcome.missing, outcome.ofShop), "caution");
      case "blocked":
        this.#tell("含有不能发的话，改好再发", "caution");
        return void this.#draft.open(outcome.text);
      case "gone":
        this.#tell("这条话术刚刚停用、过期或改了，没有发", "caution");
        return void this.#search();
      case "authority":
        return this.#tell(`要${outcome.authority}才能承诺，没有发。${SHOWN.escalate} 看升级话术`, "caution");
      case "refused":
        return this.#after.refused(REFUSALS[outcome.reason], () => this.#copyInstead(taken, outcome.text, shop));
      default:
        return this.#tell(failure(outcome.code), "caution");
    }
  }

  /** @param {Taken} taken @param {string} text @param {string} shop */
  async #copyInstead(taken, text, shop) {
    if (!(await copyText(text, this.ownerDocument))) return this.#tell(REFUSALS.denied, "caution");
    this.#reporter.used(taken.query, { entry_id: taken.hit.id, reply_id: taken.reply.id, position: taken.position, shop: shop || undefined }, ["copied"]);
    this.#after.clear();
    this.#tell("已复制");
  }

  /** A draft of the agent's own. @param {string} text */
  async #sendDraft(text) {
    const desk = this.#knows;
    const placed = await desk.host.place(text, { append: false, conversation: desk.conversations.identity });
    this.#tell(placed.ok ? (placed.how === "inserted" ? "已插入" : "已复制") : REFUSALS[placed.reason ?? "denied"], placed.ok ? "" : "caution");
    return placed.ok;
  }

  /** @param {HuashuHit | undefined} shown */
  async #star(shown) {
    if (!shown?.hit) return;
    await this.#knows.toggleFavourite(shown.hit.id);
    const kept = this.#knows.favourites.includes(shown.hit.id);
    shown.setFavourite(kept);
    this.#tell(kept ? "已收藏" : "已取消收藏");
  }

  /** @param {HuashuHit | undefined} shown @param {string} name */
  #judge(shown, name) {
    const verdict = this.#knows.library?.verdicts.find(({ verdict }) => verdict === name);
    if (!shown?.hit || !verdict) return;
    const [query, what] = [this.#list.query, { entry_id: shown.hit.id, reply_id: shown.reply?.id, position: this.#list.indexOf(shown) }];
    const tell = (/** @type {string | undefined} */ reason) => this.#reporter.feedback(query, what, name, reason);
    this.#after.ask(`「${shown.hit.title}」${verdict.text}，因为`, verdict.reasons, tell, () => tell(undefined));
  }

  /** What was read and not used is left: the question is done, or another customer's comes. */
  #leaveAnswer() {
    if (this.#read) this.#reporter.unused(this.#read);
    this.#read = "";
    this.#after?.clear();
  }

  #empty() {
    this.#leaveAnswer();
    this.#part.question.value = "";
    this.#part.question.focus();
    this.#search();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (isComposing(event) || event.defaultPrevented) return;
    const { question } = this.#part;
    const target = /** @type {HTMLElement | null} */ (event.target);
    const isField = Boolean(target?.matches?.("input, textarea, select"));
    const place = target === question ? "question" : isField ? "text" : "elsewhere";
    const command = commandOf(event, place, !question.value.includes("\n"));
    if (command) {
      if (this.#run(command) !== false) event.preventDefault();
    } else if (event.key === "Enter" && target?.matches?.("input.slot")) {
      event.preventDefault();
      const hit = target.closest("huashu-hit");
      if (hit instanceof HuashuHit && !hit.focusBlank()) this.#take(this.#list.at(this.#list.indexOf(hit)), event.shiftKey);
    }
  }

  /** @param {import("./panel/keys.js").Command} command @returns {unknown} `false` where there is nothing to do */
  #run({ name, number }) {
    const { question } = this.#part;
    const library = this.#knows.library;
    switch (name) {
      case "take":
        return void this.#take(this.#list.at(number), false);
      case "append":
        return void this.#take(this.#list.at(), true);
      case "select":
        return this.#list.move(number ?? 1);
      case "wording":
        return this.#list.current?.turn(number ?? 1);
      case "hold":
        return void this.#hold();
      case "gap":
        return this.#gap();
      case "next":
        return this.#after.next();
      case "picture":
        return this.#after.picture();
      case "star":
        return void this.#star(this.#list.current);
      case "good":
      case "bad":
      case "outdated":
        return this.#judge(this.#list.current, name);
      case "read":
        return void this.#readChat();
      case "draft":
        return void this.#draft.open();
      case "categories":
        return this.#menu.open("分类", (library?.categories ?? []).map(({ value, count }) => ({ text: value, count, chosen: () => this.#browse(value, { category: value }) })));
      case "triggers":
        return this.#menu.open("时机：没人问也要发的", (library?.triggers ?? []).map(({ value, count }) => ({ text: value, count, chosen: () => this.#browse(value, { trigger: value }) })));
      case "favourites":
        return void this.#browse("收藏", { ids: this.#knows.favourites.slice(0, MAX_SHOWN) });
      case "recent":
        return void this.#browse("最近用过", { ids: entriesOf(this.#knows.recent) });
      case "escalate":
        return void this.#browse("升级", { ids: library?.escalation.entries ?? [] });
      case "window":
        return this.host?.float ? void this.host.float(this).catch(() => this.#tell("浏览器没有打开小窗", "caution")) : false;
      case "acknowledge":
        return this.#notices.acknowledge();
      case "ask":
        return question.focus();
      case "leave":
        if (this.#menu.close() || this.#draft.close() || this.#after.clear()) return question.focus();
        if (this.ownerDocument.activeElement !== question && this.contains(this.ownerDocument.activeElement)) return question.focus();
        return this.#band.dismiss() || this.#empty();
    }
  }

  /** The words that ask a customer to wait, whatever is on the screen. */
  async #hold() {
    const id = this.#knows.library?.hold;
    if (!id) return this.#tell("知识库没有设「稍等」（library.toml 的 hold）", "caution");
    const { signal } = this.#latest;
    try {
      const { hits } = await this.#knows.transport.browse({ ids: [id], context: this.#knows.context() }, signal);
      const hit = hits[0];
      const reply = hit?.replies.find(({ missing }) => missing.length === 0) ?? hit?.replies[0];
      if (!reply) return this.#tell(`「${id}」现在不能用`, "caution");
      this.#take({ element: new HuashuHit(), hit, reply, query: newId(), position: 0 }, false);
    } catch (error) {
      this.#tell(failure(error instanceof TransportError ? error.code : ""), "caution");
    }
  }

  /** The newest messages of the chat's page. */
  async #readChat() {
    const chat = await this.host?.readMessages();
    if (!chat || chat.messages.length === 0) return this.#tell("没有读到顾客的消息，请粘贴", "caution");
    this.ask(chat);
  }

  #gap() {
    const { query } = this.#list;
    if (!query || !this.#part.question.value.trim()) return false;
    this.#reporter.gap(query);
    this.#tell("已报给培训，号码和地址会先打码");
    return true;
  }

  /** @param {string} text @param {string} [kind] */
  #say(text, kind = "") {
    this.#part.summary.replaceChildren(text);
    this.#part.summary.className = `summary ${kind}`;
  }

  /** @param {string} text @param {string} [kind] */
  #tell(text, kind = "") {
    const { toast } = this.#part;
    toast.textContent = text;
    toast.className = `toast ${kind}`;
    toast.hidden = false;
    clearTimeout(this.#toast);
    this.#toast = setTimeout(() => (toast.hidden = true), TOAST_MS + text.length * 40);
  }
}

customElements.define("huashu-panel", HuashuPanel);
