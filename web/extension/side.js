// @ts-check
// The side panel: a strip that says what is beside it, and the panel.

import { HuashuPanel } from "../panel.js";
import { sayingsOf } from "./beside.js";
import { readConfig } from "./config.js";
import { ExtensionHost } from "./host.js";
import { originPattern } from "./match.js";
import { ExtensionTransport } from "./transport.js";

/** Rest before a service that is away is asked again, in milliseconds. */
const KNOCK_MS = 3_000;

/** The tab of the chat, where the panel stands in a window of its own. */
const TAB = new URL(location.href).searchParams.get("tab");

const strip = /** @type {HTMLElement} */ (document.getElementById("beside"));
const host = new ExtensionHost(TAB ? Number(TAB) : null);

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
  const origin = originPattern(beside.address);
  if (origin) await chrome.permissions.request({ origins: [origin] }).catch(() => false);
}

/** @param {boolean} now */
function setAway(now) {
  const isBack = away && !now;
  away = now;
  show();
  // What was found meanwhile came from what is kept: now the service can answer.
  if (isBack) panel.querySelector("#question")?.dispatchEvent(new InputEvent("input", { bubbles: true }));
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

const panel = new HuashuPanel();
panel.transport = new ExtensionTransport((await readConfig()).install);
panel.host = host;
panel.addEventListener("library", (event) => {
  document.title = /** @type {CustomEvent<{name: string}>} */ (event).detail.name;
});
document.querySelector("main")?.replaceChildren(panel);

chrome.runtime.sendMessage({ type: "away" }).then((now) => setAway(Boolean(now)));
