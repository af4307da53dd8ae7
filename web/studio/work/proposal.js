// @ts-check
// One proposal: what it changes, what is wrong with it, which golden questions it moves, what others say; and the decision.

import { button, element } from "../../panel/dom.js";
import { isComposing, onTyped } from "../../typing.js";
import { ApiProblem, explain, part } from "../api.js";
import { asked, chosen, confirmed } from "../dialog.js";
import { textField } from "../form.js";
import { SUBMISSION_KINDS, ago, moment } from "../names.js";
import { diffView } from "../pieces.js";
import { link } from "../table.js";
import { attempt, toast } from "../toast.js";
import { runView } from "./golden.js";

/** Rest after a key before a text is looked at anew, in milliseconds: it builds an index on the way. */
const PREVIEW_MS = 600;

/** Lines of the text at once: what it moves stays in sight below. */
const MAX_ROWS = 18;

/**
 * @typedef {{severity: string, line: number, message: string}} Problem
 * @typedef {import("./review.js").Submission & {markdown: string | null, current_markdown: string | null, current_etag: string | null, text: string | null, asked: string | null, path: string | null, refused: string | null,
 *   pieces: import("../pieces.js").Change[], problems: Problem[], comments: {at: number, who: string, text: string}[]}} Whole
 */

export class Proposal {
  /** @type {Whole | null} */
  #whole = null;
  /** The text as the trainer has changed it. @type {HTMLTextAreaElement | null} */
  #field = null;
  problems = element("ul", "problem-list");
  golden = element("div", "card");
  text = element("div", "");
  /** Asked for last: an earlier answer that comes later is dropped. */
  #turn = 0;

  /**
   * @param {HTMLElement} place @param {import("../screens.js").Visit} visit @param {() => Promise<unknown>} decided
   */
  constructor(place, visit, decided) {
    this.place = place;
    this.visit = visit;
    this.api = visit.studio.api;
    this.decided = decided;
    visit.guard(() => this.#isChanged);
    this.golden.setAttribute("role", "status");
    place.addEventListener("keydown", (event) => {
      if (isComposing(event) || event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.target !== this.#field) return;
      event.preventDefault();
      this.approve();
    });
  }

  get #isChanged() {
    return this.#field !== null && this.#field.value !== (this.#whole?.markdown ?? this.#whole?.current_markdown);
  }

  clear() {
    this.#turn += 1;
    this.#whole = this.#field = null;
    this.place.replaceChildren();
  }

  /** @param {string} id */
  async show(id) {
    // What is being reworded stays until it is decided or left.
    if (this.#whole?.id === id || (this.#isChanged && !(await confirmed("离开这条提议？", "改了一半的内容会丢掉。", "离开")))) return;
    const mine = ++this.#turn;
    try {
      const whole = await this.api.get(`v1/submissions/${part(id)}`, { signal: this.visit.signal });
      if (mine === this.#turn) this.#draw(whole);
    } catch (error) {
      if (mine === this.#turn && !this.visit.signal.aborted) this.place.replaceChildren(element("p", "empty failed", explain(error)));
    }
  }

  /** @param {Whole} whole */
  #draw(whole) {
    this.#whole = whole;
    this.#field = null;
    const { studio } = this.visit;
    const { kind, title, by, at, note, reason, entry_id, state, stale, asked: wrote, path, refused } = whole;
    const facts = element("p", "soft", `${by} · ${moment(at)}（${ago(at)}）`);
    if (entry_id) facts.append(" · ", link(`词条 ${entry_id}`, `#/entry/${part(entry_id)}`, "in-text"));
    const head = element("div", "", element("h2", "part-title", element("span", "tag", SUBMISSION_KINDS[kind] ?? kind), " ", title), facts);
    if (path && !entry_id) facts.append(` · 存为 ${path}`);
    if (wrote) head.append(element("p", "soft", `顾客写的：${wrote}`));
    if (note) head.append(element("p", "said", `「${note}」`));
    if (reason) head.append(element("p", "said", `答复：${reason}`));
    if (stale && state === "open") head.append(element("p", "caution", "提议之后词条又改过：请「改后通过」，对照现在的内容改好。"));
    if (refused && state === "open") head.append(element("p", "caution", `不能照原样通过，请「改后通过」（${refused}）`));
    const decide = element("div", "tools-line");
    if (state === "open" && studio.may("edit")) {
      decide.append(
        button("take main", "通过", () => this.approve(), "a"),
        button("take", "改后通过", () => this.edit(), "e"),
        button("take danger", "退回", () => this.sendBack(), "r"),
      );
    }
    if (state === "open" && by === studio.session.name) decide.append(button("plain push", "撤回我的提议", () => this.#withdraw()));
    this.golden.replaceChildren();
    this.#drawText(whole);
    this.#drawProblems(whole.problems);
    this.place.replaceChildren(element("div", "card", head, decide), this.text, this.problems, ...(state === "open" ? [this.golden] : []), this.#comments(whole));
    if (state === "open") this.#try();
  }

  /** @param {Whole} whole */
  #drawText({ kind, markdown, pieces, current_markdown, text }) {
    const what = kind === "phrasing" && text ? [element("p", "said", `顾客这样问：${text}`)] : [];
    if (pieces.length > 0 && current_markdown !== null) this.text.replaceChildren(...what, diffView(pieces));
    else if (markdown) this.text.replaceChildren(...what, element("pre", "diff", markdown));
    else this.text.replaceChildren(...what, ...(text && what.length === 0 ? [element("p", "said", text)] : []));
  }

  /** @param {Problem[]} problems */
  #drawProblems(problems) {
    const lines = problems.map(({ severity, line, message }) =>
      element("li", severity === "error" ? "bad" : "caution", `第 ${line} 行：${message}`),
    );
    this.problems.replaceChildren(...lines);
    this.problems.hidden = lines.length === 0;
  }

  /** Runs the golden questions with the change. */
  async #try() {
    const { golden } = this;
    const whole = this.#whole;
    if (!whole) return;
    const mine = this.#turn;
    golden.replaceChildren(element("p", "soft", "正在试跑黄金问题…"));
    try {
      const markdown = this.#field?.value;
      const run = await this.api.post(`v1/submissions/${part(whole.id)}/trial`, markdown === undefined ? {} : { markdown }, { signal: this.visit.signal });
      if (mine === this.#turn) golden.replaceChildren(element("h3", "", "黄金问题"), runView(run.golden));
    } catch (error) {
      if (mine === this.#turn && !this.visit.signal.aborted) golden.replaceChildren(element("p", "caution", `没有试跑：${explain(error)}`));
    }
  }

  /** @param {Whole} whole */
  #comments(whole) {
    const lines = whole.comments.map(({ at, who, text }) => element("p", "", element("span", "soft", `${who} ${moment(at)} `), text));
    const box = element("section", "card", element("h3", "", "留言"), ...lines);
    if (!this.visit.studio.may("comment")) return box;
    const field = element("input", "input");
    field.placeholder = "说给提议人和同事听，Enter 发出";
    field.setAttribute("aria-label", "留言");
    field.name = "comment";
    const send = async () => {
      const text = field.value.trim();
      if (!text) return;
      const done = await attempt(null, () => this.api.post(`v1/submissions/${part(whole.id)}/comments`, { text }));
      if (!done) return;
      field.value = "";
      field.before(element("p", "", element("span", "soft", `${this.visit.studio.session.name ?? "本机"} 刚刚 `), text));
    };
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || isComposing(event)) return;
      event.preventDefault();
      send();
    });
    box.append(field);
    return box;
  }

  focusComment() {
    const field = this.place.querySelector("[name=comment]");
    if (field instanceof HTMLElement) field.focus();
  }

  /** The whole text, to be changed before it is approved. @param {string} [text] where it is not as proposed */
  edit(text) {
    const whole = this.#whole;
    if (!whole || whole.state !== "open" || !this.visit.studio.may("edit")) return;
    if (this.#field) return this.#field.focus();
    const field = element("textarea", "input source");
    field.setAttribute("aria-label", "改后的内容");
    field.spellcheck = false;
    field.value = text ?? whole.markdown ?? whole.current_markdown ?? "";
    field.rows = Math.min(MAX_ROWS, Math.max(10, field.value.split("\n").length + 1));
    this.#field = field;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let rest;
    onTyped(field, () => {
      clearTimeout(rest);
      rest = setTimeout(() => this.#look(), PREVIEW_MS);
    });
    const foot = element(
      "div",
      "tools-line",
      button("take main", "这样通过", () => this.approve(), "Ctrl+Enter"),
      button("plain", "不改了", () => this.#leaveEdit()),
    );
    const shown = whole.stale && whole.current_markdown !== null ? [element("p", "soft", "现在的内容："), element("pre", "diff", whole.current_markdown)] : [];
    this.text.replaceChildren(...shown, field, foot);
    field.focus();
    field.setSelectionRange(0, 0);
    field.scrollTop = this.place.scrollTop = 0;
  }

  #leaveEdit() {
    this.#field = null;
    if (this.#whole) this.#drawText(this.#whole);
    this.#drawProblems(this.#whole?.problems ?? []);
    this.#try();
  }

  /** What is wrong with the text as it stands, and what it moves. */
  async #look() {
    const field = this.#field;
    if (!field) return;
    try {
      const { problems } = await this.api.post("v1/preview", { markdown: field.value, id: this.#whole?.entry_id ?? undefined }, { signal: this.visit.signal });
      if (field === this.#field) this.#drawProblems(problems);
    } catch {
      // The decision says what is wrong.
    }
    if (field === this.#field) await this.#try();
  }

  /** @param {boolean} [acceptBroken] */
  async approve(acceptBroken = false) {
    const whole = this.#whole;
    if (!whole || whole.state !== "open" || !this.visit.studio.may("edit")) return;
    const markdown = this.#field?.value;
    try {
      // What was read of the entry: with it the service knows that nobody changed it since.
      const base_etag = markdown === undefined ? undefined : whole.current_etag;
      await this.api.post(`v1/submissions/${part(whole.id)}/approve`, { markdown, base_etag, accept_broken: acceptBroken || undefined });
      this.clear();
      toast(whole.kind === "outdated" ? "已通过，这条不再出现" : "已通过，客服现在就能找到");
      await this.decided();
    } catch (error) {
      if (error instanceof ApiProblem && error.code === "golden_broken") return this.#askBroken(error);
      toast(explain(error), "caution");
      if (error instanceof ApiProblem && error.code === "stale") {
        this.#whole = { ...whole, stale: true, current_markdown: error.body.current_markdown ?? whole.current_markdown, current_etag: error.body.current_etag ?? whole.current_etag };
        this.#field = null;
        this.edit(markdown);
      }
    }
  }

  /** @param {ApiProblem} problem */
  async #askBroken({ body }) {
    if ((await chosen("有黄金问题会找不到", runView(body.golden), ["仍然通过"], "danger")) === 0) await this.approve(true);
  }

  async sendBack() {
    const whole = this.#whole;
    if (!whole || whole.state !== "open" || !this.visit.studio.may("edit")) return;
    const field = textField("reason", "为什么退回，怎么改就能通过", { required: true, lines: 3 });
    const done = await asked("退回提议", [field], "退回", ({ reason }) => this.api.post(`v1/submissions/${part(whole.id)}/return`, { reason: reason?.trim() }));
    if (!done) return;
    this.clear();
    toast("已退回，提议人会看到原因");
    await this.decided();
  }

  async #withdraw() {
    const whole = this.#whole;
    if (!whole || !(await confirmed("撤回这条提议？", "", "撤回", "danger"))) return;
    if (!(await attempt(null, () => this.api.delete(`v1/submissions/${part(whole.id)}`)))) return;
    this.clear();
    await this.decided();
  }
}
