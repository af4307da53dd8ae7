// @ts-check
// Two wrote at once: who was first has it; the other sees both versions and decides.

import { element } from "../../panel/dom.js";
import { chosen } from "../dialog.js";
import { beside, diffHalf } from "../pieces.js";
import { changesBetween } from "./changes.js";

/** What stands in a text that was merged with conflicts. */
const CONFLICT = /^(?:<{7}|>{7})(?:\s|$)/mu;

/** @param {string} text */
export function hasConflicts(text) {
  return CONFLICT.test(text);
}

/**
 * @param {import("../api.js").Api} api @param {{base: string, mine: string, theirs: string}} texts
 * @returns {Promise<{markdown: string, conflicts: number} | null>} what to go on with, over their version; `null`: nothing is decided
 */
export async function merged(api, { base, mine, theirs }) {
  const changes = changesBetween(theirs, mine);
  const view = element(
    "div",
    "",
    element("p", "dialog-text soft", "左边是现在保存着的，右边是您的。合并会把两边的改动放到一起，改在同一处的会标出来，由您定夺；合并后再保存。"),
    beside("现在保存着的", diffHalf(changes, "removed"), "我的", diffHalf(changes, "added")),
  );
  const how = await chosen("这段时间里别人也改过", view, ["合并", "用我的", "用现在保存着的"], "wide");
  if (how === 0) return api.post("v1/merge", { base, mine, theirs });
  if (how === 1) return { markdown: mine, conflicts: 0 };
  if (how === 2) return { markdown: theirs, conflicts: 0 };
  return null;
}
