// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { commandOf } from "../../../web/panel/keys.js";

/** @param {string} text such as Alt+Shift+Digit1 */
function stroke(text) {
  const parts = text.split("+");
  const code = /** @type {string} */ (parts.pop());
  const key = code.replace(/^(?:Digit|Key)/, "").replace("Slash", "/");
  const has = (/** @type {string} */ name) => parts.includes(name);
  return { key, code, altKey: has("Alt"), ctrlKey: has("Ctrl"), metaKey: has("Meta"), shiftKey: has("Shift") };
}

test("a key does what stands beside it, and text stays text", () => {
  const check = (/** @type {string} */ text, /** @type {import("../../../web/panel/keys.js").Place} */ place, /** @type {string | null} */ expect, single = true) => {
    const command = commandOf(stroke(text), place, single);
    assert.equal(command && [command.name, command.number].filter((part) => part !== undefined).join(" "), expect, `${text} in ${place}`);
  };
  check("Enter", "question", "take");
  check("Shift+Enter", "question", "append");
  check("Enter", "text", null);
  check("Enter", "elsewhere", null);
  check("Alt+Digit1", "question", "take 0");
  check("Alt+Digit9", "text", "take 8");
  check("Alt+Digit0", "question", "hold");
  check("Digit7", "question", null);
  check("ArrowDown", "question", "select 1");
  check("ArrowUp", "question", "select -1");
  check("ArrowDown", "question", null, false);
  check("ArrowDown", "text", null);
  check("Alt+ArrowDown", "question", "wording 1");
  check("Alt+ArrowUp", "text", "wording -1");
  check("Alt+KeyM", "question", "gap");
  check("Alt+KeyD", "question", null);
  check("Alt+Shift+KeyM", "question", null);
  check("Ctrl+Alt+KeyM", "question", null);
  check("Escape", "text", "leave");
  check("Slash", "elsewhere", "ask");
  check("Slash", "question", null);
});
