// @ts-check
// The studio's screens, in the order of the navigation. A screen is one row here (or in work.js) and one module with `show`.
//
//   { path: "library", title: "词条", group: "内容", right: "use", load: () => import("./library/library.js") }
//
// `path` is the first part of the address (`#/library/…`), `right` what the caller must have to see it; one with `hidden` has an address and no
// line in the navigation. The module exports
//
//   export async function show(place, visit) { … }
//
// and fills `place`, an empty element. What it throws is shown with a button to try again. See `Visit` for what it is given; `visit.signal` ends all
// listeners and requests when the screen is left.

import { WORK } from "./work.js";

/**
 * @typedef {object} Visit
 * @property {import("./shell.js").Studio} studio who is signed in, requests, the address
 * @property {string[]} rest parts of the address after the screen's own, decoded
 * @property {URLSearchParams} query what follows `?` in the address
 * @property {AbortSignal} signal aborted when the screen is left
 * @property {(title: string, ...tools: Node[]) => void} head writes the line above the screen: its title and what can be done there
 * @property {(query: URLSearchParams) => void} keep writes the query into the address without showing the screen anew
 * @property {(isUnsaved: () => boolean) => void} guard while it answers `true`, leaving the screen or closing the page is asked about first
 * @typedef {(place: HTMLElement, visit: Visit) => Promise<void> | void} Show
 * @typedef {{path: string, title: string, group: string, right: string, hidden?: boolean, load: () => Promise<{show: Show}>}} Screen
 */

/** @type {Screen[]} */
const CONTENT = [
  { path: "library", title: "词条", group: "内容", right: "use", load: () => import("./library/library.js") },
  { path: "entry", title: "词条", group: "内容", right: "use", hidden: true, load: () => import("./entry/editor.js") },
  { path: "new", title: "新建词条", group: "内容", right: "edit", hidden: true, load: () => import("./entry/editor.js") },
  { path: "history", title: "版本", group: "内容", right: "report", hidden: true, load: () => import("./entry/history.js") },
  { path: "removed", title: "删掉的词条", group: "内容", right: "report", hidden: true, load: () => import("./library/removed.js") },
  { path: "lexicon", title: "词库与店铺", group: "内容", right: "edit", load: () => import("./files/desk.js") },
  { path: "import", title: "导入导出", group: "内容", right: "use", load: () => import("./sheets/import.js") },
];

/** @type {Screen[]} */
export const SCREENS = [...CONTENT, ...WORK];
