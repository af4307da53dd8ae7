// @ts-check
// 字段: the common keys of the front matter as a form. It changes the text, a line at a time; what is written over several lines stays with the text.

import { element } from "../../panel/dom.js";
import { choiceField, textField } from "../form.js";
import { KINDS, STATES, choicesOf } from "../names.js";
import { valueIn, withValue } from "./front.js";

/** Key, name, and whether its value is a list that is written in brackets. @type {[key: string, name: string, list?: boolean][]} */
const TEXTS = [
  ["title", "标题"], ["category", "分类"], ["shortcut", "快捷码"], ["stage", "阶段", true], ["tags", "标签", true], ["channels", "渠道", true],
  ["products", "品类", true], ["customers", "客群", true], ["emotions", "情绪", true], ["shops", "店铺", true], ["hours", "时段"], ["authority", "权限"],
  ["trigger", "时机"], ["campaign", "活动"], ["replaces", "替代", true], ["next", "接着", true], ["source", "依据"], ["checked_on", "核对日"],
  ["review_by", "复审"], ["note", "备注"],
];

/** @param {string} text of the entry @param {(text: string) => void} edit */
export function fieldsForm(text, edit) {
  const form = element("div", "form columns");
  let now = text;
  const bind = (/** @type {HTMLElement} */ field, /** @type {string} */ key, /** @type {boolean} */ list) => {
    const control = field.querySelector("input, select");
    if (!(control instanceof HTMLInputElement || control instanceof HTMLSelectElement)) return field;
    control.addEventListener("change", () => {
      const value = control.value.trim();
      now = list ? withValue(now, key, asList(value), true) : withValue(now, key, value);
      edit(now);
    });
    return field;
  };
  form.append(
    bind(choiceField("kind", "类型", choicesOf(KINDS), { value: known(KINDS, valueIn(text, "kind")) ?? "answer" }), "kind", false),
    bind(choiceField("state", "状态", choicesOf(STATES), { value: known(STATES, valueIn(text, "state")) ?? "approved" }), "state", false),
  );
  for (const [key, name, list = false] of TEXTS) {
    const value = valueIn(text, key);
    if (value === null) continue;
    form.append(bind(textField(key, name, { value: list ? value.replace(/^\[(.*)\]$/u, "$1") : value }), key, list));
  }
  return form;
}

/** The API's name of a value in either language. @param {Record<string, string>} names @param {string | null} value */
function known(names, value) {
  return Object.entries(names).find(([name, zh]) => value === name || value === zh)?.[0];
}

/** @param {string} value parted by commas */
function asList(value) {
  const items = value.split(/[,，、]/u).map((item) => item.trim()).filter(Boolean);
  return items.length === 0 ? "" : `[${items.join(", ")}]`;
}
