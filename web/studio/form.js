// @ts-check
// Fields and forms.
//
//   const form = fieldsOf([textField("name", "名字", { required: true }), choiceField("role", "角色", [["agent", "客服"]])], async () => {
//     await api.post("v1/users", valuesOf(form));
//   });
//   form.append(submit("保存"));
//
// A field is a <label> with its control inside, named; `valuesOf` reads all of them as text (boxes: "true" or ""). What the action throws stands
// below the fields, in words.

import { button, element } from "../panel/dom.js";
import { explain } from "./api.js";

/**
 * @typedef {object} FieldHow
 * @property {string} [value]
 * @property {string} [hint] below the field
 * @property {boolean} [required]
 * @property {string} [placeholder]
 * @property {string} [type] of an <input>: text, password, number, date, datetime-local, search, file
 * @property {number} [lines] more than one: a text area
 * @property {string} [autocomplete]
 */

/** A control with its label. @template {HTMLElement} T @param {string} label @param {T} control @param {string} [hint] */
export function labelled(label, control, hint) {
  const field = element("label", "field", element("span", "field-name", label), control);
  if (hint) field.append(element("span", "field-hint", hint));
  return field;
}

/** @param {string} name @param {string} label @param {FieldHow} [how] */
export function textField(name, label, how = {}) {
  const control = how.lines && how.lines > 1 ? element("textarea", "input") : element("input", "input");
  if (control instanceof HTMLTextAreaElement) control.rows = how.lines ?? 2;
  else control.type = how.type ?? "text";
  control.name = name;
  if (how.value !== undefined) control.value = how.value;
  control.required = how.required ?? false;
  control.placeholder = how.placeholder ?? "";
  control.setAttribute("autocomplete", how.autocomplete ?? "off");
  return labelled(label, control, how.hint);
}

/** @param {string} name @param {string} label @param {[value: string, text: string][]} options @param {{value?: string, hint?: string}} [how] */
export function choiceField(name, label, options, how = {}) {
  return labelled(label, choice(name, options, how.value), how.hint);
}

/** A <select> alone. @param {string} name @param {[value: string, text: string][]} options @param {string} [value] */
export function choice(name, options, value) {
  const control = element("select", "input");
  control.name = name;
  for (const [of, text] of options) {
    const option = element("option", "", text);
    option.value = of;
    control.append(option);
  }
  if (value !== undefined) control.value = value;
  return control;
}

/** @param {string} name @param {string} label @param {{checked?: boolean, hint?: string}} [how] */
export function boxField(name, label, how = {}) {
  const control = element("input", "");
  control.type = "checkbox";
  control.name = name;
  control.checked = how.checked ?? false;
  const field = element("label", "field box", control, element("span", "", label));
  if (how.hint) field.append(element("span", "field-hint", how.hint));
  return field;
}

/** A form around fields. Enter sends it, never while an IME composes (browsers see to that). @param {HTMLElement[]} fields @param {() => Promise<unknown>} act */
export function fieldsOf(fields, act) {
  const failure = element("p", "failed");
  failure.setAttribute("role", "alert");
  failure.hidden = true;
  const form = element("form", "form", ...fields, failure);
  let busy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    failure.hidden = true;
    try {
      await act();
    } catch (error) {
      failure.textContent = explain(error);
      failure.hidden = false;
    } finally {
      busy = false;
    }
  });
  return form;
}

/** @param {string} text */
export function submit(text) {
  const made = button("take main", text, () => {});
  made.type = "submit";
  return made;
}

/** What the fields hold, by name. @param {HTMLElement} form @returns {Record<string, string>} */
export function valuesOf(form) {
  /** @type {Record<string, string>} */
  const values = {};
  for (const control of form.querySelectorAll("input, select, textarea")) {
    if (control instanceof HTMLInputElement && control.type === "checkbox") values[control.name] = control.checked ? "true" : "";
    else if (control instanceof HTMLInputElement || control instanceof HTMLSelectElement || control instanceof HTMLTextAreaElement) values[control.name] = control.value;
  }
  return values;
}

/** @param {HTMLElement} within */
export function focusFirst(within) {
  const first = within.querySelector("input, select, textarea") ?? within.querySelector(".main") ?? within.querySelector("button");
  if (first instanceof HTMLElement) first.focus({ preventScroll: true });
}
