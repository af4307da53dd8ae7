// @ts-check
// The way to a chat page: puts content.js into its frames, finds the one that acts, and calls it. For the worker and the side panel.

import { pickFrame } from "./match.js";

/** The script that runs in pages. */
export const SCRIPT = "extension/content.js";

/**
 * What a frame says of itself.
 * @typedef {{rank: number, used_at: number, area: number, site: {id: string, name: string, place: "insert" | "copy", channel: string} | null,
 *   health: "ok" | "editor" | "messages" | "conversation" | "unknown", has_messages: boolean, conversation: string | null, shop?: string,
 *   channel?: string}} Look
 * @typedef {{frame: string, look: Look}} Frame
 */

/** No permission for the page, or one that extensions may not enter. */
export class NoAccess extends Error {}

/**
 * Asks all frames of a tab. @param {number} tab
 * @returns {Promise<{acting: Frame | null, reading: Frame | null, top: Look | null}>} where the box is, where messages are, and the page itself
 */
export async function look(tab) {
  const frames = await ask(tab);
  const reading = frames.find(({ look }) => look.has_messages) ?? null;
  return { acting: pickFrame(frames), reading, top: frames.find(({ is_top }) => is_top)?.look ?? null };
}

/** Asks; where the script is not there yet, puts it there first. @param {number} tab @returns {Promise<(Frame & {is_top: boolean})[]>} */
async function ask(tab) {
  const target = { tabId: tab, allFrames: true };
  const looks = async () => {
    const results = await run(target, () => /** @type {any} */ (globalThis).huashu?.look() ?? null);
    return results.map(({ documentId, frameId, result }) => ({ frame: documentId, is_top: frameId === 0, look: seen(result) }));
  };
  let frames = await looks();
  if (frames.some(({ look }) => look === null)) {
    await inject(tab);
    frames = await looks();
  }
  return frames.flatMap(({ frame, is_top, look }) => (look === null ? [] : [{ frame, is_top, look }]));
}

/** The browser leaves `null` out on the way. @param {any} look @returns {Look | null} */
function seen(look) {
  return look ? { ...look, site: look.site ?? null, conversation: look.conversation ?? null } : null;
}

/** Puts the script into all frames that may be entered; where it is, it stays as it is. @param {number} tab */
export async function inject(tab) {
  try {
    // At once: a frame that never ends to load would keep all others waiting.
    await chrome.scripting.executeScript({ target: { tabId: tab, allFrames: true }, files: [SCRIPT], injectImmediately: true });
  } catch (error) {
    throw new NoAccess(String(error));
  }
}

/**
 * Calls a frame's script. @param {number} tab @param {string} frame @param {"read" | "boxIsEmpty" | "place"} name @param {unknown} [order]
 * @returns {Promise<any>} `null` where the frame is gone
 */
export async function call(tab, frame, name, order = null) {
  try {
    const called = (/** @type {string} */ name, /** @type {unknown} */ order) => /** @type {any} */ (globalThis).huashu?.[name](order) ?? null;
    const [result] = await run({ tabId: tab, documentIds: [frame] }, called, [name, order]);
    const answer = result?.result ?? null;
    return name === "read" && answer ? { ...answer, conversation: answer.conversation ?? null } : answer;
  } catch {
    return null;
  }
}

/** What is selected in a tab, in whichever frame. @param {number} tab @returns {Promise<string>} */
export async function selection(tab) {
  await inject(tab);
  const results = await run({ tabId: tab, allFrames: true }, () => /** @type {any} */ (globalThis).huashu?.selection() ?? "");
  return results.map(({ result }) => String(result ?? "").trim()).find((text) => text !== "") ?? "";
}

/**
 * @param {chrome.scripting.InjectionTarget} target @param {(...args: any[]) => unknown} func @param {unknown[]} [args]
 * @returns {Promise<chrome.scripting.InjectionResult<any>[]>}
 */
async function run(target, func, args = []) {
  try {
    return await chrome.scripting.executeScript({ target, func, args, injectImmediately: true });
  } catch (error) {
    throw new NoAccess(String(error));
  }
}
