// @ts-check
// Fields in which an entry, and one of its replies, is found by searching: nobody knows ids by heart.
//
//   const field = entryField(api, "entry_id", "换到哪条", { required: true, reply: "reply_id" });
//
// `valuesOf` reads the ids, "" where nothing is chosen. ↑↓ move among what was found, Enter takes, Esc closes the list.

import { element } from "../panel/dom.js";
import { isComposing, onTyped } from "../typing.js";
import { choice, labelled } from "./form.js";

/** Entries offered: more are a list to read, and one more word finds it. */
const FOUND = 6;

/** Longest beginning of a reply that is shown, in characters: a line of a <select>. */
const REPLY_CHARACTERS = 36;

let last = 0;

/** @typedef {{id: string, title: string, category?: string, replies: {id: string, label: string, template: string}[]}} Found */

/**
 * @param {import("./api.js").Api} api @param {string} name of the hidden field with the entry's id @param {string} label
 * @param {{required?: boolean, hint?: string, reply?: string}} [how] `reply`: name of a field with the id of one of its replies
 */
export function entryField(api, name, label, how = {}) {
  const entry = hidden(name);
  const search = element("input", "input");
  search.type = "search";
  search.placeholder = "搜标题、问法或快捷码";
  search.autocomplete = "off";
  search.required = how.required ?? false;
  search.setAttribute("role", "combobox");
  search.setAttribute("aria-autocomplete", "list");
  const list = element("ul", "picks");
  list.id = `picks-${++last}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "找到的词条");
  search.setAttribute("aria-controls", list.id);
  const reply = choice(how.reply ?? "", []);
  const replies = labelled("哪一句", reply);
  replies.hidden = true;
  const field = element("div", "field pick", labelled(label, search, how.hint), list, entry, ...(how.reply ? [replies] : []));

  /** @type {Found[]} */
  let found = [];
  let at = -1;
  let turn = 0;
  const close = () => {
    turn += 1;
    found = [];
    draw();
  };
  const draw = () => {
    at = found.length > 0 ? Math.min(Math.max(at, 0), found.length - 1) : -1;
    list.replaceChildren(...found.map(line));
    list.hidden = found.length === 0;
    search.setAttribute("aria-expanded", String(found.length > 0));
    const current = list.children[at];
    if (current) search.setAttribute("aria-activedescendant", current.id);
    else search.removeAttribute("aria-activedescendant");
  };
  const line = (/** @type {Found} */ one, /** @type {number} */ index) => {
    const option = element("li", "", element("span", "", one.title), element("span", "soft", one.category ?? ""));
    option.id = `${list.id}-${index}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", String(index === at));
    // Not `click`: the field would lose the focus first.
    option.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      take(one);
    });
    return option;
  };
  const take = (/** @type {Found | null} */ one) => {
    entry.value = one?.id ?? "";
    if (one) search.value = one.title;
    search.setCustomValidity(one || search.value.trim() === "" ? "" : "请从找到的里面选一条，或者清空");
    reply.replaceChildren(...choice("", [["", "整条，让客服自己选"], ...(one?.replies ?? []).map(choiceOf)]).children);
    // An option that left another <select> brings along what was chosen there.
    reply.value = "";
    replies.hidden = !one || one.replies.length === 0;
    close();
  };
  onTyped(search, async (text) => {
    take(null);
    const q = text.trim();
    if (!q) return;
    const mine = ++turn;
    const answer = await api.post("v1/search", { q, limit: FOUND }).catch(() => null);
    if (mine !== turn) return;
    found = answer?.hits ?? [];
    at = 0;
    draw();
  });
  search.addEventListener("keydown", (event) => {
    if (isComposing(event) || found.length === 0) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) at = (at + step + found.length) % found.length;
    else if (event.key === "Enter") take(found[at] ?? null);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    if (step) draw();
  });
  search.addEventListener("blur", close);
  draw();
  return field;
}

/** @param {Found["replies"][number]} reply @returns {[string, string]} */
function choiceOf({ id, label, template }) {
  const text = [...template.replace(/\s+/gu, " ")];
  const shown = text.length > REPLY_CHARACTERS ? `${text.slice(0, REPLY_CHARACTERS).join("")}…` : text.join("");
  return [id, label ? `${label}：${shown}` : shown];
}

/** @param {string} name */
function hidden(name) {
  const control = element("input", "");
  control.type = "hidden";
  control.name = name;
  return control;
}
