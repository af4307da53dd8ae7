// @ts-check
// The text that a new entry begins with. Pure.

import { written } from "./front.js";

/** What an entry begins with. @param {string} title @param {string} kind @param {string} category */
export function firstText(title, kind, category) {
  const lines = ["---", `title: ${written(title)}`];
  if (kind === "answer") lines.push("questions:", "  - ");
  else lines.push(`kind: ${kind}`);
  if (category) lines.push(`category: ${category}`);
  lines.push("---", kind === "policy" ? "" : "什么时候用，什么时候不能用。", "", ...(kind === "policy" ? ["## "] : ["> "]), "");
  return lines.join("\n");
}
