// @ts-check
// The editor of an entry: its text, beside it what agents will see, what is wrong, how customers ask, the common keys. A new entry opens on the draft that
// create.js keeps.

import { button, element } from "../../panel/dom.js";
import { isComposing } from "../../typing.js";
import { ApiProblem, explain, part } from "../api.js";
import { moment, person } from "../names.js";
import { link } from "../table.js";
import { tabsOf } from "../tabs.js";
import { attempt, toast } from "../toast.js";
import { moreOf } from "./actions.js";
import { draftOf, dropDraft, keepDraft } from "./drafts.js";
import { fieldsForm } from "./fields.js";
import { hasConflicts, merged } from "./merge.js";
import { Phrasings } from "./phrasings.js";
import { previewOf, problemList, problemsOf, showReplyAt } from "./preview.js";
import { TextField } from "./text.js";

/** Rest after a key before the preview is asked for and the draft is kept, in milliseconds. */
const REST_MS = 350;

/** How long after a save it is asked whether a file written by hand took its place, in milliseconds: the service keeps watch for five seconds. */
const WATCH_MS = 6_500;

/** @type {import("../screens.js").Show} */
export async function show(place, visit) {
  const editor = new Editor(place, visit);
  try {
    await editor.open();
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.code !== "no_entry" || !visit.studio.may("report")) throw error;
    place.replaceChildren(element("p", "empty", "没有这个词条，可能已被删除。 ", link("看它的版本", `#/history/${part(editor.id)}`)));
  }
}

class Editor {
  /** Hash of the version that the text began with; empty: not there yet. */
  #base = "";
  /** The text of that version. */
  #saved = "";
  #folder = "";
  /** Whether the file's lines end with CRLF: it keeps them. */
  #crlf = false;
  #turn = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #rest;

  /** @param {HTMLElement} place @param {import("../screens.js").Visit} visit */
  constructor(place, visit) {
    this.visit = visit;
    this.studio = visit.studio;
    this.api = visit.studio.api;
    this.id = visit.rest[0] ?? "";
    this.mayEdit = this.studio.may("edit");
    this.text = new TextField("词条的文本", { changed: () => this.#changed(), moved: () => this.#showReply() });
    this.text.field.readOnly = !this.mayEdit;
    this.facts = element("p", "soft entry-facts");
    this.draftLine = element("div", "draft-line");
    this.problems = element("div", "");
    this.preview = element("div", "preview");
    this.fields = element("div", "");
    const asked = element("div", "");
    this.phrasings = new Phrasings(asked, { text: () => this.text.value, edit: (text) => this.text.edit(text), mayEdit: this.mayEdit });
    const tabs = tabsOf("旁边看什么", [
      { title: "预览", panel: this.preview },
      { title: "问法", panel: asked, shown: () => this.phrasings.draw() },
      { title: "字段", panel: this.fields, shown: () => this.#drawFields() },
    ]);
    const side = element("div", "editor-side", this.problems, tabs);
    place.append(this.facts, this.draftLine, element("div", "editor", this.text.element, side));
    this.save = button("take main", "保存", () => this.#save(), "Ctrl+S");
    this.why = element("input", "input why");
    this.why.placeholder = "改了什么（可以不填）";
    this.why.setAttribute("aria-label", "改动说明");
    document.addEventListener("keydown", (event) => this.#onKey(event), { signal: visit.signal });
    visit.signal.addEventListener("abort", () => clearTimeout(this.#rest));
    visit.guard(() => this.isUnsaved);
  }

  get isUnsaved() {
    return this.mayEdit && this.text.value !== this.#saved;
  }

  async open() {
    if (this.visit.rest.length === 0) return this.#openNew();
    const { markdown, content_hash, entry, problems } = await this.api.get(`v1/entries/${part(this.id)}`, { signal: this.visit.signal });
    this.#take(markdown, content_hash);
    this.#folder = entry.path.includes("/") ? entry.path.slice(0, entry.path.lastIndexOf("/")) : "";
    this.facts.textContent = [entry.path, entry.updated_at ? `${moment(entry.updated_at)} ${person(entry.updated_by)} 改` : ""].filter(Boolean).join(" · ");
    this.#head(entry.title, entry);
    this.#showPreview({ entry, problems });
    this.#offerDraft();
    this.#ask();
    if (this.studio.may("report")) void this.phrasings.ask(this.api, this.id, this.visit.signal);
    const line = Number(this.visit.query.get("line"));
    if (line > 0) this.text.goTo(line);
  }

  #openNew() {
    const draft = draftOf("");
    this.text.value = draft?.markdown ?? "---\ntitle: \n---\n\n> \n";
    this.#folder = draft?.folder ?? "";
    this.facts.textContent = this.#folder ? `新词条，放在 ${this.#folder}` : "新词条，放在最上层";
    this.#head("新建词条", null);
    this.#ask();
    // Behind the mark of the first reply, where there is one: what is most to write.
    const lines = this.text.value.split("\n");
    const reply = lines.findIndex((line) => line === "> ");
    this.text.goTo(reply < 0 ? lines.length : reply + 1, (reply < 0 ? 0 : 2) + 1);
  }

  /** The text is now what is saved. @param {string} markdown @param {string} hash */
  #take(markdown, hash) {
    this.#crlf = markdown.includes("\r\n");
    this.text.value = markdown;
    // The browser's own line ends.
    this.#saved = this.text.value;
    this.#base = hash;
    this.#drawSaved();
  }

  /** @param {string} title @param {any} entry */
  #head(title, entry) {
    const history = entry && this.studio.may("report") ? [link("版本", `#/history/${part(this.id)}`, "take")] : [];
    if (!this.mayEdit) return this.visit.head(title, ...history);
    this.visit.head(title, ...history, ...(entry ? moreOf(this, entry) : []), this.why, this.save);
  }

  #changed() {
    this.#drawSaved();
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      if (this.isUnsaved) keepDraft(this.id, { markdown: this.text.value, base: this.#base, folder: this.#folder });
      else if (this.id) dropDraft(this.id);
      this.#ask();
    }, REST_MS);
  }

  #drawSaved() {
    this.save.disabled = !this.isUnsaved;
    this.why.hidden = !this.isUnsaved;
  }

  async #ask() {
    const mine = ++this.#turn;
    try {
      const preview = await this.api.post("v1/preview", { markdown: this.text.value, id: this.id || undefined }, { signal: this.visit.signal });
      if (mine === this.#turn) this.#showPreview(preview);
    } catch (error) {
      if (this.visit.signal.aborted || mine !== this.#turn) return;
      this.preview.querySelector(".failed")?.remove();
      this.preview.prepend(element("p", "failed", `没有新的预览：${explain(error)}`));
    }
  }

  /** @param {import("./preview.js").Preview} preview */
  #showPreview(preview) {
    const problems = problemsOf(preview.problems);
    this.text.problems = problems;
    this.problems.replaceChildren(...(problems.length > 0 ? [problemList(problems, ({ line, column, width }) => this.text.goTo(line, column, width))] : []));
    this.preview.replaceChildren(...previewOf(preview, (line) => this.text.goTo(line)));
    this.phrasings.draw();
    this.#showReply();
  }

  #showReply() {
    showReplyAt(this.preview, this.text.line, this.text.value.split("\n"));
  }

  #drawFields() {
    this.fields.replaceChildren(fieldsForm(this.text.value, (text) => this.text.edit(text)));
    for (const control of this.fields.querySelectorAll("input, select")) /** @type {HTMLInputElement} */ (control).disabled = !this.mayEdit;
  }

  /** A draft of before, where there is one that is not what is saved. */
  #offerDraft() {
    const draft = draftOf(this.id);
    if (!draft || !this.mayEdit) return;
    if (draft.markdown === this.#saved) return dropDraft(this.id);
    const close = () => this.draftLine.replaceChildren();
    const take = button("take", "接着写", () => {
      close();
      // What it began with decides whether saving meets somebody else's version.
      this.#base = draft.base || this.#base;
      this.text.edit(draft.markdown);
    });
    const drop = button("plain", "不要了", () => {
      close();
      dropDraft(this.id);
    });
    const meanwhile = draft.base === this.#base ? "" : "；词条在那之后又改过，保存时可以合并";
    this.draftLine.replaceChildren(element("p", "notice", `${moment(draft.at)} 有没保存的草稿${meanwhile}`, element("span", "", take, drop)));
  }

  #save() {
    if (!this.isUnsaved || !this.mayEdit) return Promise.resolve(false);
    if (hasConflicts(this.text.value)) {
      toast("还有没定下来的冲突（<<<<<<< 与 >>>>>>> 之间），定下来再保存", "caution");
      return Promise.resolve(false);
    }
    return attempt(this.save, () => (this.id ? this.#saveKnown({}) : this.#saveNew()));
  }

  async #saveNew() {
    const { id } = await this.api.post("v1/entries", { folder: this.#folder || undefined, markdown: this.text.value, why: this.why.value.trim() || undefined });
    dropDraft("");
    this.#saved = this.text.value;
    toast("已新建");
    this.studio.go("entry", id);
  }

  /** Saves over the version that the text began with. @param {{folder?: string, markdown?: string, why?: string}} how what differs from what stands there */
  async #saveKnown({ folder, markdown, why }) {
    const text = markdown ?? this.text.value;
    const body = { markdown: this.#crlf ? text.replaceAll("\n", "\r\n") : text, folder, why: why ?? (this.why.value.trim() || undefined) };
    try {
      const { data, etag } = await this.api.request("PUT", `v1/entries/${part(this.id)}`, { body, match: this.#base });
      this.#saved = text;
      if (this.text.value !== text && markdown !== undefined) this.text.value = text;
      this.#base = data.etag ?? etag ?? "";
      this.why.value = "";
      dropDraft(this.id);
      this.#drawSaved();
      const [warning] = data.warnings ?? [];
      if (warning) toast(warning.zh, "caution");
      else toast("已保存");
      this.#ask();
      setTimeout(() => this.studio.messages.look(), WATCH_MS);
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.status !== 412) throw error;
      await this.#merge(error.body, text);
    }
  }

  /** @param {{current_markdown: string, current_etag: string}} current @param {string} mine */
  async #merge({ current_markdown, current_etag }, mine) {
    const theirs = current_markdown.replaceAll("\r\n", "\n");
    const answer = await merged(this.api, { base: this.#saved, mine, theirs });
    if (!answer) return;
    this.#base = current_etag.replaceAll('"', "");
    this.#saved = theirs;
    this.text.edit(answer.markdown.replaceAll("\r\n", "\n"));
    this.#changed();
    toast(answer.conflicts > 0 ? `合并了，有 ${answer.conflicts} 处要您定夺` : this.isUnsaved ? "看一看，再保存" : "已是现在保存着的版本");
  }

  /** What actions.js does with the saved text. @param {{folder?: string, markdown?: string, why?: string}} how */
  change(how) {
    return this.#saveKnown(how);
  }

  get saved() {
    return { markdown: this.#saved, hash: this.#base, folder: this.#folder };
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (isComposing(event) || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    void this.#save();
  }
}
