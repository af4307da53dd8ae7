// @ts-check
// The side panel: a strip that says what is beside it.

import { sayingsOf } from "./beside.js";
import { ExtensionHost } from "./host.js";
import { originPattern } from "./match.js";

/** Rest before a service that is away is asked again, in milliseconds. */
const KNOCK_MS = 3_000;

/** The tab of the chat, where the panel stands in a window of its own. */
const TAB = new URL(location.href).searchParams.get("tab");

const strip = /** @type {HTMLElement} */ (document.getElementById("beside"));
const host = new ExtensionHost(TAB === null ? null : Number(TAB));

/** @type {import("./host.js").Beside} */
let beside = { state: "no-page", address: "", look: null };
let away = false;
let shown = "";

function show() {
  const sayings = sayingsOf(beside, away);
  const now = JSON.stringify(sayings);
  // Only what has changed is drawn: a screen reader would read it again.
  if (now === shown) return;
  shown = now;
  strip.replaceChildren(...sayings.map(lineOf));
}

/** @param {import("./beside.js").Saying} saying */
function lineOf({ kind, text, action }) {
  const line = document.createElement("p");
  line.className = kind;
  const words = document.createElement("span");
  words.textContent = text;
  line.append(words);
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = action.text;
    button.addEventListener("click", () => act(action.name));
    line.append(button);
  }
  return line;
}

/** @param {import("./beside.js").Action} name */
async function act(name) {
  if (name === "options") return chrome.runtime.openOptionsPage();
  if (name === "read") return host.readNow();
  const origin = originPattern(beside.address);
  if (origin) await chrome.permissions.request({ origins: [origin] }).catch(() => false);
}

/** @param {boolean} now */
function setAway(now) {
  away = now;
  show();
}

host.onBeside = (/** @type {import("./host.js").Beside} */ now) => {
  beside = now;
  show();
};

chrome.runtime.onMessage.addListener((message, sender) => {
  if (sender.id === chrome.runtime.id && !sender.tab && message?.type === "away") setAway(message.away);
});

setInterval(async () => {
  if (away && document.visibilityState === "visible") setAway(await chrome.runtime.sendMessage({ type: "knock" }));
}, KNOCK_MS);

chrome.runtime.sendMessage({ type: "away" }).then((now) => setAway(Boolean(now)));
