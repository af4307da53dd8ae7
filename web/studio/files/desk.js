// @ts-check
// 词库: the lexicon's files, the shops and the library's settings. A change of the lexicon is tried before it is published: on a sentence, and on the whole
// library, to see which entries would break a rule and which questions would be answered otherwise.

import { button, element } from "../../panel/dom.js";
import { isComposing } from "../../typing.js";
import { ApiProblem, part } from "../api.js";
import { asked } from "../dialog.js";
import { merged, hasConflicts } from "../entry/merge.js";
import { problemList, problemsOf } from "../entry/preview.js";
import { TextField } from "../entry/text.js";
import { textField } from "../form.js";
import { attempt, toast } from "../toast.js";
import { LEXICON } from "./names.js";
import { versionsOf } from "./versions.js";
import { trialView } from "./trial.js";

/** @typedef {{group: string, name: string, title: string, address: string, isThere: boolean, canTry: boolean}} File */

/** @type {import("../screens.js").Show} */
export async function show(place, visit) {
  const files = await filesOf(visit);
  const [group = "lexicon", name = "banned.yaml"] = visit.rest;
  const known = files.find((one) => one.group === group && one.name === name);
  const file = known ?? (group === "shops" ? newShop(name) : files[0]);
  if (file && !known && group === "shops") files.splice(files.findLastIndex((one) => one.group === "shops") + 1, 0, file);
  const list = element("nav", "files");
  list.setAttribute("aria-label", "文件");
  let last = "";
  for (const one of files) {
    if (one.group !== last) list.append(element("h2", "nav-group", GROUPS[one.group] ?? one.group));
    last = one.group;
    const made = element("a", "branch", element("span", "branch-name", one.title), element("span", "count", one.isThere ? one.name : "未建"));
    made.href = `#/lexicon/${one.group}/${part(one.name)}`;
    if (one === file) made.setAttribute("aria-current", "true");
    list.append(made);
  }
  const add = button("plain", "＋ 新店铺", () => createShop(visit.studio));
  list.append(add);
  const desk = element("div", "");
  place.append(element("div", "library files-desk", list, desk));
  if (file) await new FileDesk(desk, visit, file).open();
}

/** What a shop's file begins with. */
const SHOP_TEXT = "name: \naliases: []\nchannels: []\nlink_domains: []\nvalues:\n  退货地址: \n";

/** A shop that is not there yet. @param {string} name of its file @returns {File} */
function newShop(name) {
  return { group: "shops", name, title: name.replace(/\.yaml$/u, ""), address: `v1/shops/${part(name)}`, isThere: false, canTry: false };
}

/** @param {import("../shell.js").Studio} studio */
async function createShop(studio) {
  const values = await asked("新店铺", [textField("id", "编号", { required: true, placeholder: "例如 旗舰店", hint: "词条里用它指这家店；也是文件名" })], "去写");
  const id = values?.id?.trim();
  if (id) studio.go("lexicon", "shops", `${id}.yaml`);
}

/** @type {Record<string, string>} */
const GROUPS = { lexicon: "词库", shops: "店铺", settings: "设置" };

/** @param {import("../screens.js").Visit} visit @returns {Promise<File[]>} */
async function filesOf({ studio, signal }) {
  const [{ files }, library] = await Promise.all([studio.api.get("v1/lexicon", { signal }), studio.api.get("v1/library", { signal })]);
  const lexicon = files.map((/** @type {{name: string, etag: string | null}} */ { name, etag }) => ({
    group: "lexicon", name, title: LEXICON[name]?.title ?? name, address: `v1/lexicon/${part(name)}`, isThere: etag !== null, canTry: true,
  }));
  const shops = library.shops.map((/** @type {{id: string, name: string}} */ { id, name }) => ({
    group: "shops", name: `${id}.yaml`, title: name, address: `v1/shops/${part(`${id}.yaml`)}`, isThere: true, canTry: false,
  }));
  const settings = { group: "settings", name: "library.toml", title: "话术库的设置", address: "v1/settings", isThere: true, canTry: false };
  return [...lexicon, ...shops, ...(studio.may("administer") ? [settings] : [])];
}

class FileDesk {
  /** Hash of what is saved; empty: no such file yet. */
  #base = "";
  #saved = "";
  /** Whether its lines end with CRLF: it keeps them. */
  #crlf = false;

  /** @param {HTMLElement} place @param {import("../screens.js").Visit} visit @param {File} file */
  constructor(place, visit, file) {
    this.visit = visit;
    this.api = visit.studio.api;
    this.file = file;
    this.text = new TextField(`文件 ${file.name}`, { changed: () => this.#drawSaved() });
    this.problems = element("div", "");
    this.trial = element("div", "trial");
    this.trial.setAttribute("aria-live", "polite");
    this.versions = element("div", "");
    this.sentence = textField("sentence", "拿一句话试", { placeholder: "例如：亲，加我微信给您补偿" });
    this.publish = button("take main", "发布", () => this.#save(), "Ctrl+S");
    this.why = element("input", "input why");
    this.why.placeholder = "改了什么（可以不填）";
    this.why.setAttribute("aria-label", "改动说明");
    const about = LEXICON[file.name]?.about ?? (file.group === "shops" ? "店铺之间不同的值：{{店铺.…}} 从这里来。" : "");
    const run = button("take", "试一试", () => attempt(run, () => this.#try()));
    this.sentence.querySelector("input")?.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !isComposing(event)) run.click();
    });
    const side = element("div", "editor-side", element("p", "soft", about), this.problems);
    if (file.canTry) side.append(element("section", "card", element("h2", "", "发布之前"), this.sentence, element("div", "tools-line", run, element("span", "soft", "整个话术库也会一起试")), this.trial));
    side.append(element("section", "card", element("h2", "", "版本"), this.versions));
    place.append(element("div", "editor", this.text.element, side));
    document.addEventListener("keydown", (event) => this.#onKey(event), { signal: visit.signal });
    visit.guard(() => this.isUnsaved);
  }

  get isUnsaved() {
    return this.text.value !== this.#saved;
  }

  async open() {
    const isNewShop = this.file.group === "shops" && !this.file.isThere;
    const read = isNewShop ? { data: { text: "" }, etag: null } : await this.api.request("GET", this.file.address, { signal: this.visit.signal });
    const { data, etag } = read;
    const text = data.text;
    this.#crlf = text.includes("\r\n");
    this.text.value = text;
    this.#saved = this.text.value;
    this.#base = data.etag ?? (this.file.isThere ? (etag ?? "") : "");
    this.#show(data.problems ?? []);
    this.visit.head(this.file.title, this.why, this.publish);
    if (isNewShop) this.text.value = SHOP_TEXT;
    this.#drawSaved();
    await this.#drawVersions();
  }

  async #drawVersions() {
    const path = this.file.group === "settings" ? this.file.name : `${this.file.group}/${this.file.name}`;
    const edit = (/** @type {string} */ text) => this.text.edit(text);
    this.versions.replaceChildren(...(await versionsOf(this.api, path, { text: () => this.text.value, edit }, this.visit.signal)));
  }

  #drawSaved() {
    this.publish.disabled = !this.isUnsaved;
    this.why.hidden = !this.isUnsaved;
  }

  /** @param {any[]} told */
  #show(told) {
    const problems = problemsOf(told);
    this.text.problems = problems;
    this.problems.replaceChildren(...(problems.length > 0 ? [problemList(problems, ({ line, column, width }) => this.text.goTo(line, column, width))] : []));
  }

  get #written() {
    return this.#crlf ? this.text.value.replaceAll("\n", "\r\n") : this.text.value;
  }

  async #try() {
    const sentence = this.sentence.querySelector("input")?.value.trim();
    this.trial.replaceChildren(element("p", "soft", "正在试……"));
    try {
      const answer = await this.api.post(`${this.file.address}/trial`, { text: this.#written, sentence: sentence || undefined }, { signal: this.visit.signal });
      this.#show(answer.problems);
      this.trial.replaceChildren(...trialView(answer));
    } catch (error) {
      this.trial.replaceChildren();
      throw error;
    }
  }

  async #save() {
    if (!this.isUnsaved) return;
    if (hasConflicts(this.text.value)) return toast("还有没定下来的冲突，定下来再发布", "caution");
    await attempt(this.publish, async () => {
      const text = this.text.value;
      try {
        const proof = this.#base ? { match: this.#base } : { fresh: true };
        const { data, etag } = await this.api.request("PUT", this.file.address, { body: { text: this.#written, why: this.why.value.trim() || undefined }, ...proof });
        this.#base = data?.etag ?? etag ?? "";
        this.#saved = text;
        this.why.value = "";
        this.#show(data?.problems ?? []);
        this.#drawSaved();
        toast("已发布，新的搜索已经按它来");
        await this.#drawVersions();
      } catch (error) {
        if (!(error instanceof ApiProblem) || error.status !== 412) throw error;
        await this.#merge(error.body, text);
      }
    });
  }

  /** @param {any} current @param {string} mine */
  async #merge(current, mine) {
    const theirs = String(current.current_text ?? current.current_markdown ?? "").replaceAll("\r\n", "\n");
    const answer = await merged(this.api, { base: this.#saved, mine, theirs });
    if (!answer) return;
    this.#base = String(current.current_etag ?? "").replaceAll('"', "");
    this.#saved = theirs;
    this.text.edit(answer.markdown.replaceAll("\r\n", "\n"));
    this.#drawSaved();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (isComposing(event) || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    void this.#save();
  }
}
