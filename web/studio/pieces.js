// @ts-check
// Texts that show what changed.
//
//   place.append(diffView(pieces));                       // [{text, change: "same" | "added" | "removed"}] of the service, in one text
//   place.append(beside("我的", diffHalf(pieces, "removed"), "现在的", diffHalf(pieces, "added")));   // side by side
//
// Long unchanged stretches are folded; pressing one opens it.

import { button, element } from "../panel/dom.js";

/** @typedef {{text: string, change: "same" | "added" | "removed"}} Change */

/** Lines shown around what changed. */
const AROUND_LINES = 3;

/** @param {Change[]} pieces */
export function diffView(pieces) {
  const view = element("div", "diff");
  if (pieces.every(({ change }) => change === "same")) view.append(element("p", "soft", "没有不同"));
  pieces.forEach((piece, index) => view.append(...drawn(piece, index > 0, index < pieces.length - 1)));
  return view;
}

/** One of the two texts of a diff, with its own changes marked. @param {Change[]} pieces @param {"added" | "removed"} which */
export function diffHalf(pieces, which) {
  const view = element("div", "diff");
  pieces.forEach((piece, index) => {
    // Both halves fold the same stretches.
    if (piece.change === "same" || piece.change === which) view.append(...drawn(piece, index > 0, index < pieces.length - 1));
  });
  return view;
}

/** @param {string} leftTitle @param {Node} left @param {string} rightTitle @param {Node} right */
export function beside(leftTitle, left, rightTitle, right) {
  const half = (/** @type {string} */ title, /** @type {Node} */ view) => element("section", "half", element("h3", "half-title", title), view);
  return element("div", "halves", half(leftTitle, left), half(rightTitle, right));
}

/** @param {Change} piece */
function tagged({ text, change }) {
  if (change === "added") return element("ins", "", text);
  if (change === "removed") return element("del", "", text);
  return document.createTextNode(text);
}

/** @param {Change} piece @param {boolean} hasBefore @param {boolean} hasAfter @returns {Node[]} */
function drawn(piece, hasBefore, hasAfter) {
  if (piece.change !== "same") return [tagged(piece)];
  const lines = piece.text.split(/(?<=\n)/u);
  const head = hasBefore ? AROUND_LINES : 0;
  const tail = hasAfter ? AROUND_LINES : 0;
  const hidden = lines.length - head - tail;
  if (hidden <= AROUND_LINES) return [document.createTextNode(piece.text)];
  const middle = lines.slice(head, lines.length - tail).join("");
  const fold = button("fold", `⋯ ${hidden} 行没有变`, () => fold.replaceWith(middle));
  return [document.createTextNode(lines.slice(0, head).join("")), fold, document.createTextNode(lines.slice(lines.length - tail).join(""))];
}
