// @ts-check
// A table of rows that came from the service, for keys and mouse.
//
//   const table = new Table({
//     label: "词条",
//     columns: [{ title: "标题", cell: (row) => link(row.title, `#/entry/${part(row.id)}`), wide: true }, { title: "用过", cell: (row) => count(row.uses), number: true }],
//     key: (row) => row.id,
//     open: (row) => { location.hash = …; },          // Enter, double click; may be absent
//     pick: (rows) => { … },                           // absent: no boxes
//     act: { a: (row) => …, x: (row) => … },           // single keys on the current row; may be absent
//   });
//   place.append(table.element);
//   table.show(rows);                                   // the current row stays, where it is still there
//   table.current; table.picked;
//
// ↑↓ (or k j) move, Home and End jump, Enter opens, Space picks. `Pager` below turns pages.

import { button, element } from "../panel/dom.js";
import { isComposing } from "../typing.js";

/**
 * @template R
 * @typedef {{title: string, cell: (row: R) => Node | string, wide?: boolean, number?: boolean, className?: string, sort?: string}} Column
 */

/**
 * @template R
 * @typedef {object} TableHow
 * @property {string} label for screen readers
 * @property {Column<R>[]} columns
 * @property {(row: R) => string} key
 * @property {(row: R) => void} [open]
 * @property {(rows: R[]) => void} [pick]
 * @property {(row: R) => void} [moved] the current row changed
 * @property {Record<string, (row: R) => void>} [act]
 * @property {string} [empty] said where there is no row
 * @property {(sort: string) => void} [sort] a heading of a column with `sort` was pressed
 */

/** @template R */
export class Table {
  /** @type {R[]} */
  #rows = [];
  /** @type {string | null} */
  #at = null;
  /** @type {Set<string>} */
  #picked = new Set();

  /** @param {TableHow<R>} how */
  constructor(how) {
    this.how = how;
    this.body = element("tbody", "");
    this.all = how.pick ? box("全选", (checked) => this.#pickAll(checked)) : null;
    const headings = how.columns.map((column) => {
      const heading = element("th", column.number ? "number" : "");
      heading.scope = "col";
      const { sort } = column;
      if (sort) heading.dataset.sort = sort;
      if (sort && how.sort) heading.append(button("sort", column.title, () => how.sort?.(sort)));
      else heading.append(column.title);
      return heading;
    });
    if (this.all) headings.unshift(element("th", "box", this.all));
    const head = element("thead", "", element("tr", "", ...headings));
    this.table = element("table", "table", element("caption", "unseen", how.label), head, this.body);
    this.none = element("p", "empty", how.empty ?? "没有");
    this.none.hidden = true;
    this.element = element("div", "table-place", this.table, this.none);
    this.body.addEventListener("keydown", (event) => this.#onKey(event));
    this.body.addEventListener("focusin", ({ target }) => {
      const row = target instanceof Element ? target.closest("tr") : null;
      if (row) this.#move(row.dataset.key ?? null);
    });
    this.body.addEventListener("dblclick", () => this.current && how.open?.(this.current));
  }

  /** By which column the rows are sorted; with `-` before it the other way round. @param {string | null} sort */
  set sorted(sort) {
    for (const heading of this.table.querySelectorAll("th[data-sort]")) {
      const by = /** @type {HTMLElement} */ (heading).dataset.sort;
      const order = sort === by ? "ascending" : sort === `-${by}` ? "descending" : "none";
      heading.setAttribute("aria-sort", order);
    }
  }

  /** @returns {R | null} */
  get current() {
    return this.#rows.find((row) => this.how.key(row) === this.#at) ?? null;
  }

  /** @returns {R[]} */
  get picked() {
    return this.#rows.filter((row) => this.#picked.has(this.how.key(row)));
  }

  /** @param {R[]} rows */
  show(rows) {
    const had = this.body.contains(document.activeElement);
    this.#rows = rows;
    const keys = rows.map((row) => this.how.key(row));
    this.#picked = new Set(keys.filter((key) => this.#picked.has(key)));
    if (this.#at === null || !keys.includes(this.#at)) this.#at = keys[0] ?? null;
    this.body.replaceChildren(...rows.map((row) => this.#line(row)));
    this.none.hidden = rows.length > 0;
    this.table.hidden = rows.length === 0;
    if (this.all) this.all.checked = rows.length > 0 && this.#picked.size === rows.length;
    if (had) this.focus();
  }

  /** Puts the keys on the current row. */
  focus() {
    this.#lineAt(this.#at)?.focus();
  }

  /** @param {R} row */
  #line(row) {
    const key = this.how.key(row);
    const cells = this.how.columns.map((column) => {
      const cell = element("td", [column.number ? "number" : "", column.wide ? "wide" : "", column.className ?? ""].filter(Boolean).join(" "));
      cell.append(column.cell(row));
      return cell;
    });
    if (this.how.pick) {
      const pick = box("选", (checked) => this.#pick(key, checked));
      pick.checked = this.#picked.has(key);
      pick.tabIndex = -1;
      cells.unshift(element("td", "box", pick));
    }
    const line = element("tr", "", ...cells);
    line.dataset.key = key;
    this.#mark(line, key === this.#at);
    return line;
  }

  /** @param {HTMLTableRowElement} line @param {boolean} current */
  #mark(line, current) {
    line.tabIndex = current ? 0 : -1;
    if (current) line.setAttribute("aria-current", "true");
    else line.removeAttribute("aria-current");
  }

  /** @param {string | null} key */
  #move(key) {
    if (key === this.#at) return;
    const before = this.#lineAt(this.#at);
    if (before) this.#mark(before, false);
    this.#at = key;
    const line = this.#lineAt(key);
    if (line) this.#mark(line, true);
    if (this.current) this.how.moved?.(this.current);
  }

  /** @param {string | null} key */
  #lineAt(key) {
    return [...this.body.rows].find((line) => line.dataset.key === key) ?? null;
  }

  /** @param {string} key @param {boolean} picked */
  #pick(key, picked) {
    if (picked) this.#picked.add(key);
    else this.#picked.delete(key);
    if (this.all) this.all.checked = this.#picked.size === this.#rows.length;
    this.how.pick?.(this.picked);
  }

  /** @param {boolean} picked */
  #pickAll(picked) {
    this.#picked = new Set(picked ? this.#rows.map((row) => this.how.key(row)) : []);
    for (const one of this.body.querySelectorAll("td.box input")) if (one instanceof HTMLInputElement) one.checked = picked;
    this.how.pick?.(this.picked);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (isComposing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    // Only where the row itself has the keys: a link or a field in it keeps its own.
    const line = event.target instanceof HTMLTableRowElement ? event.target : null;
    const inLink = event.target instanceof HTMLAnchorElement;
    if (!line && !inLink) return;
    const at = this.#rows.findIndex((row) => this.how.key(row) === this.#at);
    const to = { ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1, Home: 0, End: this.#rows.length - 1 }[event.key];
    if (to !== undefined) {
      const row = this.#rows[Math.max(0, Math.min(this.#rows.length - 1, to))];
      if (row) this.#lineAt(this.how.key(row))?.focus();
    } else if (event.key === "Enter" && line && this.current && this.how.open) {
      this.how.open(this.current);
    } else if (event.key === " " && line && this.how.pick) {
      const pick = line.querySelector("td.box input");
      if (pick instanceof HTMLInputElement) pick.click();
    } else if (this.how.act?.[event.key] && this.current) {
      this.how.act[event.key]?.(this.current);
    } else {
      return;
    }
    event.preventDefault();
  }
}

/** @param {string} label @param {(checked: boolean) => void} changed */
function box(label, changed) {
  const made = element("input", "");
  made.type = "checkbox";
  made.setAttribute("aria-label", label);
  made.addEventListener("change", () => changed(made.checked));
  return made;
}

/** A link. @param {string} text @param {string} href @param {string} [className] */
export function link(text, href, className = "") {
  const made = element("a", className, text);
  made.href = href;
  return made;
}

/** Which rows are shown of how many, and the pages before and after. */
export class Pager {
  /** @param {(offset: number) => void} turn */
  constructor(turn) {
    this.words = element("span", "soft");
    this.words.setAttribute("role", "status");
    this.before = button("take", "上一页", () => turn(this.#previous));
    this.after = button("take", "下一页", () => this.#next !== null && turn(this.#next));
    this.element = element("div", "pager", this.words, this.before, this.after);
  }

  #previous = 0;
  /** @type {number | null} */
  #next = null;

  /** @param {{offset: number, shown: number, limit: number, total: number, next_offset?: number | null}} page */
  show({ offset, shown, limit, total, next_offset = null }) {
    this.#previous = Math.max(0, offset - limit);
    this.#next = next_offset;
    this.words.textContent = total === 0 ? "共 0 条" : shown === total ? `共 ${total} 条` : `第 ${offset + 1}–${offset + shown} 条，共 ${total} 条`;
    this.before.hidden = this.after.hidden = shown === total;
    this.before.disabled = offset === 0;
    this.after.disabled = next_offset === null;
  }
}
