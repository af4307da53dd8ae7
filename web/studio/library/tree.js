// @ts-check
// The categories as a tree: paths such as 物流/发货, each with the number of entries in it and below it.

import { element } from "../../panel/dom.js";

/** @typedef {{name: string, path: string, count: number, below: Branch[]}} Branch */

/** Paths and counts as branches; what has only branches of its own counts theirs. Pure. @param {{value: string, count: number}[]} categories @returns {Branch[]} */
export function branchesOf(categories) {
  /** @type {Branch} */
  const root = { name: "", path: "", count: 0, below: [] };
  for (const { value, count } of categories) {
    let at = root;
    for (const name of value.split("/")) {
      let branch = at.below.find((one) => one.name === name);
      if (!branch) at.below.push((branch = { name, path: at.path ? `${at.path}/${name}` : name, count: 0, below: [] }));
      branch.count += count;
      at = branch;
    }
  }
  return root.below;
}

/** @param {{value: string, count: number}[]} categories @param {URLSearchParams} query */
export function treeOf(categories, query) {
  const chosen = query.get("category") ?? "";
  const branches = branchesOf(categories);
  const total = branches.reduce((sum, { count }) => sum + count, 0);
  return element("ul", "branches", leaf({ name: "全部", path: "", count: total, below: [] }, chosen), ...branches.map((branch) => leaf(branch, chosen)));
}

/** @param {Branch} branch @param {string} chosen @returns {HTMLLIElement} */
function leaf(branch, chosen) {
  const link = element("a", "branch", element("span", "branch-name", branch.name), element("span", "count", String(branch.count)));
  link.href = branch.path ? `#/library?category=${encodeURIComponent(branch.path)}` : "#/library";
  link.dataset.category = branch.path;
  if (branch.path === chosen) link.setAttribute("aria-current", "true");
  const item = element("li", "", link);
  // Open along what is chosen, closed elsewhere.
  if (branch.below.length > 0 && (chosen === branch.path || chosen.startsWith(`${branch.path}/`))) item.append(element("ul", "branches", ...branch.below.map((below) => leaf(below, chosen))));
  return item;
}
