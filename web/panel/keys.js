// @ts-check
// Keys and what they do. Pure. A digit alone is text (7天, 500g), so that numbers go with Alt.

/**
 * @typedef {"take" | "append" | "select" | "wording" | "hold" | "gap" | "next" | "star" | "good" | "bad" | "outdated" | "read" | "draft" | "categories" |
 *   "triggers" | "favourites" | "recent" | "escalate" | "picture" | "window" | "acknowledge" | "notice" | "propose" | "mine" | "leave" | "ask"} Name
 * @typedef {{name: Name, number?: number}} Command `number`: which hit, from 0, or how far to move
 * @typedef {{key: string, code: string, altKey: boolean, ctrlKey: boolean, metaKey: boolean, shiftKey: boolean}} Stroke
 * @typedef {"question" | "text" | "elsewhere"} Place where the key was pressed: in the question, in another field, outside of fields
 */

/** Letters with Alt. None of D, E, F: they are the browser's own. @type {Record<string, Name>} */
const LETTERS = {
  KeyA: "acknowledge",
  KeyB: "bad",
  KeyC: "categories",
  KeyG: "good",
  KeyI: "picture",
  KeyJ: "propose",
  KeyK: "draft",
  KeyL: "recent",
  KeyM: "gap",
  KeyN: "next",
  KeyO: "outdated",
  KeyP: "window",
  KeyR: "read",
  KeyS: "star",
  KeyT: "triggers",
  KeyU: "escalate",
  KeyV: "favourites",
  KeyX: "mine",
  KeyY: "notice",
};

/** The key of a command, as shown on the screen. @type {Record<string, string>} */
export const SHOWN = Object.fromEntries([
  ...Object.entries(LETTERS).map(([code, name]) => [name, `Alt+${code.slice(3)}`]),
  ["hold", "Alt+0"],
  ["wording", "Alt+↓"],
  ["take", "Enter"],
  ["append", "Shift+Enter"],
  ["leave", "Esc"],
  ["ask", "/"],
]);

/**
 * What a key does; `null`: what it always does.
 * @param {Stroke} stroke @param {Place} place @param {boolean} single whether the question has one line: then arrows move the choice
 * @returns {Command | null}
 */
export function commandOf(stroke, place, single) {
  if (stroke.ctrlKey || stroke.metaKey) return null;
  if (stroke.altKey) return stroke.shiftKey ? null : withAlt(stroke);
  if (stroke.key === "Escape") return { name: "leave" };
  if (place === "text") return null;
  if (stroke.key === "Enter" && place === "question") return { name: stroke.shiftKey ? "append" : "take" };
  if (stroke.shiftKey) return null;
  if (place === "elsewhere" && stroke.key === "/") return { name: "ask" };
  if (place === "elsewhere" || single) {
    if (stroke.key === "ArrowDown") return { name: "select", number: 1 };
    if (stroke.key === "ArrowUp") return { name: "select", number: -1 };
  }
  return null;
}

/** By the key's place on the keyboard: with Alt some systems type other characters. @param {Stroke} stroke @returns {Command | null} */
function withAlt({ code }) {
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(code);
  if (digit) return digit[1] === "0" ? { name: "hold" } : { name: "take", number: Number(digit[1]) - 1 };
  if (code === "ArrowDown") return { name: "wording", number: 1 };
  if (code === "ArrowUp") return { name: "wording", number: -1 };
  const name = LETTERS[code];
  return name ? { name } : null;
}

/** Keys of a menu's items, in order: nine digits, then letters. */
export const MENU_KEYS = [..."123456789abcdefghijklmnopqrstuvwxyz"];
