// @ts-check
// What an agent proposes to the trainers: another way of asking, better words, an outdated mark, a new reply, a case. Nothing changes until it is approved.

import { isComposing } from "../typing.js";
import { button, element } from "./dom.js";
import { askable, corrected, FIELDS, KINDS, markdownOf, STATES } from "./proposal.js";
import { codeOf } from "./seek.js";
import { failure } from "./words.js";

/** @typedef {import("./proposal.js").Field} Field */
/** @typedef {import("./proposal.js").Kind} Kind */

/** Own proposals that are listed, the latest. */
const MAX_MINE = 8;

/**
 * What it is about. @typedef {{hit: import("../transport.js").Hit | null, reply: import("../transport.js").Reply | null, question: string, query: string}} Subject
 */

export class Propose {
  /** @type {Subject} */
  #about = { hit: null, reply: null, question: "", query: "" };
  /** @type {Kind} */
  #kind = "new";
  /** What was written, kept from one kind to the next. @type {import("./proposal.js").Values} */
  #values = {};
  /** The entry's file, once it has been read. @type {{markdown: string, content_hash: string} | null} */
  #file = null;
  #sending = false;

  /**
   * @param {HTMLElement} place @param {import("./desk.js").Desk} desk @param {(text: string, kind?: string) => void} tell
   * @param {() => void} closed
   */
  constructor(place, desk, tell, closed) {
    this.place = place;
    this.desk = desk;
    this.tell = tell;
    this.closed = closed;
    this.kinds = element("div", "kinds");
    this.kinds.setAttribute("role", "group");
    this.kinds.setAttribute("aria-label", "提议什么");
    this.form = element("div", "blanks");
    this.mine = element("details", "whole", element("summary", "", "我的提议"));
    this.mine.addEventListener("toggle", () => this.mine.open && this.#showMine());
    this.send = button("take", "提交", () => this.#send(), "Ctrl+Enter");
    const foot = element("div", "foot", element("span", "soft", "培训通过后才会生效"), this.send);
    place.append(element("h2", "menu-title", "提议给培训"), this.kinds, this.form, foot, this.mine);
    place.addEventListener("keydown", (event) => this.#onKey(event));
  }

  get isOpen() {
    return !this.place.hidden;
  }

  /** Opens on what is on the screen; what the customer wrote is masked by the service first. @param {Subject} about */
  async open(about) {
    const isSame = about.hit?.id === this.#about.hit?.id && about.reply?.id === this.#about.reply?.id && about.question === this.#about.question;
    if (!isSame) this.#values = {};
    if (!isSame || about.hit === null) this.#file = null;
    this.#about = about;
    if (!isSame || (!about.hit && KINDS.find(({ kind }) => kind === this.#kind)?.ofEntry)) this.#kind = about.hit ? "phrasing" : "new";
    this.mine.open = false;
    this.place.hidden = false;
    this.#draw();
    if (isSame || about.question === "") return;
    const { text } = await this.desk.transport.mask(about.question).catch(() => ({ text: "" }));
    // Another subject has come meanwhile.
    if (this.#about !== about || text === "") return;
    this.#fill("text", askable(text));
    this.#fill("questions", askable(text));
    this.#fill("situation", `顾客：${text}`);
  }

  close() {
    const was = this.isOpen;
    this.place.hidden = true;
    if (was) this.closed();
    return was;
  }

  /** What it is about has gone: it begins anew. */
  #forget() {
    this.#about = { hit: null, reply: null, question: "", query: "" };
    this.#values = {};
    this.#file = null;
  }

  get #shown() {
    return KINDS.find(({ kind }) => kind === this.#kind) ?? KINDS[0];
  }

  /** Writes into a blank that nobody wrote into. @param {Field} field @param {string} text */
  #fill(field, text) {
    if (this.#values[field]) return;
    this.#values[field] = text;
    const input = this.form.querySelector(`[name=${field}]`);
    if (input instanceof HTMLTextAreaElement || input instanceof HTMLInputElement) input.value = text;
  }

  #draw() {
    const { hit, reply } = this.#about;
    this.kinds.replaceChildren(
      ...KINDS.map(({ kind, name, ofEntry }, index) => {
        const made = button("reason", name, () => this.#choose(kind), `Alt+${index + 1}`);
        made.setAttribute("aria-pressed", String(kind === this.#kind));
        made.disabled = ofEntry && !hit;
        return made;
      }),
    );
    const { ofEntry, fields, needs } = this.#shown;
    const about = ofEntry && hit ? [element("p", "about-entry", `针对「${hit.title}」`)] : [];
    if (this.#kind === "correction" && reply) this.#fill("reply", reply.template);
    const shown = this.#kind === "correction" && this.#values.markdown !== undefined ? fields.map((field) => (field === "reply" ? "markdown" : field)) : fields;
    this.form.replaceChildren(...about, ...shown.map((field) => this.#blank(/** @type {Field} */ (field), needs.includes(/** @type {Field} */ (field)))));
    /** @type {HTMLElement | null} */ (this.form.querySelector("textarea, input"))?.focus();
  }

  /** @param {Field} field @param {boolean} needed */
  #blank(field, needed) {
    const { name, hint, rows } = FIELDS[field];
    const input = element(rows === 1 ? "input" : "textarea", "draft-field");
    if (input instanceof HTMLTextAreaElement) input.rows = rows;
    input.name = field;
    input.placeholder = hint;
    input.required = needed;
    input.autocomplete = "off";
    input.spellcheck = false;
    input.value = this.#values[field] ?? "";
    input.addEventListener("input", () => {
      this.#values[field] = input.value;
      input.removeAttribute("aria-invalid");
    });
    return element("label", "blank-line", element("span", "label", needed ? name : `${name}（可不填）`), input);
  }

  /** @param {Kind} kind */
  #choose(kind) {
    this.#kind = kind;
    this.#draw();
  }

  async #send() {
    if (this.#sending) return;
    const empty = [...this.form.querySelectorAll("textarea, input")].find((input) => /** @type {HTMLTextAreaElement} */ (input).required && !(/** @type {HTMLTextAreaElement} */ (input).value.trim()));
    if (empty instanceof HTMLElement) {
      empty.setAttribute("aria-invalid", "true");
      empty.focus();
      return this.tell("还有没填的", "caution");
    }
    this.#sending = this.send.disabled = true;
    try {
      const proposal = await this.#proposal();
      if (proposal === null) return;
      await this.desk.transport.propose(proposal);
      this.#forget();
      this.close();
      this.tell("已交给培训，通过后会生效");
    } catch (error) {
      this.tell(refusal(codeOf(error)), "caution");
    } finally {
      this.#sending = this.send.disabled = false;
    }
  }

  /** What is sent; `null` where a blank has to be looked at once more. @returns {Promise<import("../transport.js").Proposal | null>} */
  async #proposal() {
    const { hit, reply, query } = this.#about;
    const kind = this.#kind;
    const values = this.#values;
    const all = { kind, note: values.note?.trim() || undefined, query_id: query || undefined };
    if (kind === "new" || kind === "case") return { ...all, markdown: markdownOf(kind, values) };
    const entry_id = hit?.id ?? "";
    if (kind === "phrasing") return { ...all, entry_id, text: values.text?.trim() };
    if (kind === "outdated") return { ...all, entry_id };
    this.#file ??= await this.desk.transport.entry(entry_id);
    const markdown = values.markdown ?? corrected(this.#file.markdown, reply?.template ?? "", values.reply ?? "");
    if (markdown === null) {
      this.#values.markdown = this.#file.markdown;
      this.#draw();
      this.tell("这条话术写法特别，请直接改整条内容", "caution");
      return null;
    }
    return { ...all, entry_id, base_etag: this.#file.content_hash, markdown };
  }

  /** What became of what one has proposed. */
  async #showMine() {
    const say = (/** @type {string} */ text) => this.mine.replaceChildren(this.mine.children[0], element("p", "passage", text));
    try {
      const { submissions } = await this.desk.transport.proposals(MAX_MINE);
      if (submissions.length === 0) return say("还没有");
      const lines = submissions.map(({ title, kind, state, reason }) => {
        const name = KINDS.find((other) => other.kind === kind)?.name ?? "修改";
        return element("p", "passage", `${STATES[state] ?? state} · ${name}「${title}」${reason ? `：${reason}` : ""}`);
      });
      this.mine.replaceChildren(this.mine.children[0], ...lines);
    } catch (error) {
      say(refusal(codeOf(error)));
    }
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (isComposing(event)) return;
    const digit = event.altKey ? /^Digit([1-9])$/.exec(event.code) : null;
    const chosen = digit ? KINDS[Number(digit[1]) - 1] : undefined;
    if (chosen && (!chosen.ofEntry || this.#about.hit)) this.#choose(chosen.kind);
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#send();
    else if (!digit) return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** @param {string} code */
function refusal(code) {
  if (code === "forbidden") return "您的账号不能提议";
  if (code === "unauthorized") return "提议要先登录；没有账号请找管理员开通";
  return failure(code);
}
