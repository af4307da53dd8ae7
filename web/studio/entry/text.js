// @ts-check
// A text area for files: numbered lines, marks behind the text (slots, problems), a jump to a line. The marks stand in a second layer under the field; the
// text itself is always the browser's own, so that input methods, undo and spelling work as everywhere.

import { element } from "../../panel/dom.js";

/** @typedef {{line: number, column: number, width: number, severity: string, message: string, code: string}} Problem lines and columns from 1, in characters */

/** Slots, and braces that nothing closes. */
const SLOT = /\{\{[^{}\n]{0,200}\}\}|\{\{/gu;

export class TextField {
  /** Lines as they are drawn, each with a key of all that it shows. @type {string[]} */
  #drawn = [];
  /** @type {Problem[]} */
  #problems = [];

  /** @param {string} label @param {{changed: (text: string) => void, moved?: (line: number) => void}} told */
  constructor(label, { changed, moved }) {
    this.layer = element("div", "text-lines");
    this.layer.setAttribute("aria-hidden", "true");
    this.field = element("textarea", "text-field");
    this.field.setAttribute("aria-label", label);
    this.field.spellcheck = false;
    this.element = element("div", "text", this.layer, this.field);
    this.field.addEventListener("input", () => {
      this.#draw();
      changed(this.field.value);
    });
    if (moved) for (const event of ["keyup", "click", "input"]) this.field.addEventListener(event, () => moved(this.line));
  }

  get value() {
    return this.field.value;
  }

  /** Replaces all; where it was typed into before, the browser can undo it. @param {string} text */
  set value(text) {
    this.field.value = text;
    this.#draw();
  }

  /** Changes the text as if by hand: in one step, which the browser's undo takes back. @param {string} text */
  edit(text) {
    const before = this.field.value;
    if (before === text || this.field.readOnly) return;
    let head = 0;
    while (head < before.length && before[head] === text[head]) head++;
    let tail = 0;
    while (tail < before.length - head && tail < text.length - head && before[before.length - 1 - tail] === text[text.length - 1 - tail]) tail++;
    const active = document.activeElement;
    this.field.focus({ preventScroll: true });
    this.field.setSelectionRange(head, before.length - tail);
    // The one way that keeps undo; where a browser gives it up the text is set and the event told.
    const put = text.slice(head, text.length - tail);
    if (put) document.execCommand("insertText", false, put);
    else document.execCommand("delete");
    if (this.field.value !== text) {
      this.field.value = text;
      this.field.dispatchEvent(new Event("input"));
    }
    if (active instanceof HTMLElement && active !== this.field) active.focus({ preventScroll: true });
  }

  /** The line of the cursor, from 1. */
  get line() {
    return this.field.value.slice(0, this.field.selectionStart).split("\n").length;
  }

  /** @param {Problem[]} problems */
  set problems(problems) {
    this.#problems = problems;
    this.#draw();
  }

  /** Puts the cursor there and in sight. @param {number} line @param {number} [column] @param {number} [width] */
  goTo(line, column = 1, width = 0) {
    const lines = this.field.value.split("\n");
    const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    const characters = [...(lines[line - 1] ?? "")];
    const start = before + characters.slice(0, column - 1).join("").length;
    const end = start + characters.slice(column - 1, column - 1 + width).join("").length;
    this.field.focus({ preventScroll: true });
    this.field.setSelectionRange(start, end);
    this.layer.children[line - 1]?.scrollIntoView({ block: "center" });
  }

  /** Draws lines that changed, and no others: a lexicon has thousands. */
  #draw() {
    const lines = this.field.value.split("\n");
    /** @type {Map<number, Problem[]>} */
    const problems = new Map();
    for (const problem of this.#problems) problems.set(problem.line, [...(problems.get(problem.line) ?? []), problem]);
    const kinds = kindsOf(lines);
    const keys = lines.map((line, index) => `${kinds[index]}|${JSON.stringify(problems.get(index + 1) ?? "")}|${line}`);
    let head = 0;
    while (head < keys.length && head < this.#drawn.length && keys[head] === this.#drawn[head]) head++;
    let tail = 0;
    while (tail < keys.length - head && tail < this.#drawn.length - head && keys[keys.length - 1 - tail] === this.#drawn[this.#drawn.length - 1 - tail]) tail++;
    for (let at = this.#drawn.length - tail; at-- > head; ) this.layer.children[at]?.remove();
    const made = lines.slice(head, lines.length - tail).map((line, index) => drawn(line, kinds[head + index] ?? "", problems.get(head + index + 1) ?? []));
    const place = this.layer.children[head] ?? null;
    for (const line of made) this.layer.insertBefore(line, place);
    this.#drawn = keys;
    this.layer.style.setProperty("--digits", String(String(lines.length).length));
    this.field.style.setProperty("--digits", String(String(lines.length).length));
  }
}

/** What each line is: of the front matter, a reply, a heading, a conflict, or nothing of the kind. @param {string[]} lines */
function kindsOf(lines) {
  let inFront = lines[0]?.trim() === "---";
  return lines.map((line, index) => {
    if (inFront) {
      if (index > 0 && line.trim() === "---") inFront = false;
      return "front";
    }
    if (/^(?:<{7}|={7}|>{7}|\|{7})(?:\s|$)/u.test(line)) return "conflict";
    if (line.startsWith(">")) return "quote";
    return /^#{1,6}\s/u.test(line) ? "heading" : "";
  });
}

/** @param {string} line @param {string} kind @param {Problem[]} problems */
function drawn(line, kind, problems) {
  const severity = problems.some((problem) => problem.severity === "error") ? " error" : problems.length > 0 ? " warning" : "";
  const made = element("div", `line${kind ? ` ${kind}` : ""}${severity}`);
  /** @type {{from: number, to: number, className: string}[]} */
  const marks = problems
    .filter(({ width }) => width > 0)
    .map(({ column, width, severity: of }) => {
      const characters = [...line];
      const from = characters.slice(0, column - 1).join("").length;
      return { from, to: from + characters.slice(column - 1, column - 1 + width).join("").length, className: of };
    });
  for (const { index, 0: slot } of line.matchAll(SLOT)) marks.push({ from: index, to: index + slot.length, className: slot.endsWith("}}") ? "slot-mark" : "error" });
  let at = 0;
  for (const { from, to, className } of marks.sort((a, b) => a.from - b.from)) {
    // One inside of another is passed over.
    if (from < at || to <= from) continue;
    made.append(line.slice(at, from), element("mark", className, line.slice(from, to)));
    at = to;
  }
  made.append(line.slice(at) || (at === 0 ? "\u200b" : ""));
  return made;
}
