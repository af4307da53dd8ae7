// @ts-check
// A reply on its way to the customer: filled, looked at once more by the service, put where the agent writes. Draws nothing.

import { TransportError } from "../transport.js";
import { fill, fitted } from "./slots.js";

/** @typedef {import("../transport.js").Hit} Hit */
/** @typedef {import("../transport.js").Reply} Reply */
/** @typedef {import("./findings.js").Finding} Finding */

/**
 * What is to be sent.
 * @typedef {object} Parcel
 * @property {Hit} hit
 * @property {Reply} reply
 * @property {string} query id of the search that found it
 * @property {number | undefined} position at which place it stood
 * @property {number} segment which of its messages
 * @property {boolean} append below an unsent draft
 */

/**
 * What became of it. Nothing was put anywhere but with `placed`; where `refused`, `text` is what can still be copied.
 * @typedef {{kind: "placed", how: "copied" | "inserted", left: number, warnings: Finding[]}
 *   | {kind: "blank", missing: string[], ofShop: string[]}
 *   | {kind: "blocked", text: string, findings: Finding[]}
 *   | {kind: "gone"}
 *   | {kind: "authority", authority: string}
 *   | {kind: "refused", reason: import("../host.js").Refusal, text: string}
 *   | {kind: "failed", code: string}} Outcome
 */

/** Failures that say that entry or reply are not what they were. */
const GONE = new Set(["no_entry", "no_reply", "nothing_to_say"]);

/**
 * Sends one message of a reply on its way.
 * @param {import("./desk.js").Desk} desk @param {Parcel} parcel @returns {Promise<Outcome>}
 */
export async function deliver(desk, { hit, reply, segment, append }) {
  // As it is now: while the service is asked another conversation may come.
  const { conversation, conversations, shopValues } = desk;
  const identity = conversations.identity;
  const { missing, missingOfShop } = fill(reply.template, conversation.slots, shopValues);
  if (missing.length + missingOfShop.length > 0) return { kind: "blank", missing, ofShop: missingOfShop };
  let rendered;
  try {
    const slots = fitted(reply.template, conversation.slots);
    rendered = await desk.transport.render(hit.id, { reply_id: reply.id, slots, context: desk.context() });
  } catch (error) {
    const code = error instanceof TransportError ? error.code : "";
    return GONE.has(code) ? { kind: "gone" } : { kind: "failed", code };
  }
  if (!rendered.served) return { kind: "gone" };
  if (rendered.marks.includes("above_authority")) return { kind: "authority", authority: hit.authority };
  if (rendered.blocked) return { kind: "blocked", text: rendered.segments.map(({ text }) => text).join("\n\n"), findings: rendered.findings };
  const text = rendered.segments[segment]?.text;
  if (text === undefined) return { kind: "gone" };
  const placed = await desk.host.place(text, { append, conversation: identity });
  if (!placed.ok) return { kind: "refused", reason: placed.reason ?? "denied", text };
  const left = rendered.segments.length - segment - 1;
  return { kind: "placed", how: placed.how, left, warnings: rendered.findings.filter(({ severity }) => severity === "warn") };
}

/** Where a picture of an entry lies in the library. @param {string} entryPath @param {string} target */
export function picturePath(entryPath, target) {
  const base = new URL(entryPath.split("/").map(encodeURIComponent).join("/"), "http://library/");
  return decodeURIComponent(new URL(target, base).pathname.slice(1));
}
