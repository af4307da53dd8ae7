// @ts-check
// The service worker: makes all requests, knows the token, answers the scripts in pages, and hears the browser's keys and menus. It may be stopped
// at any moment and keeps nothing in itself that would be missed.

import { isServiceAway, stand, use } from "./away.js";
import { selection } from "./chat.js";
import { closeStorage, onConfig, readConfig } from "./config.js";
import { isAway, listen, post, request } from "./requests.js";
import { doubtProfiles, enter, ordersFor, profiles, register, retell } from "./sites.js";

/** The menu entry of a selection. */
const MENU = "search-selection";

/** Longest text that a selection, the clipboard or a page hands over, in characters: the service looks at the last 2,000. */
const MAX_TEXT = 20_000;

/** Longest `;;` code. */
const MAX_CODE = 40;

/** Requests of the panel that may be called off. @type {Map<string, AbortController>} */
const open = new Map();

/** A question handed over, or the order to read the chat. @typedef {{messages: string[], conversation: string | null} | "read"} Handed */

/** What was handed over before a panel was open to take it: in memory alone. @type {Handed | null} */
let waiting = null;

const storage = closeStorage();

// ---- The panel and the options page: pages of the extension itself.

/** @type {Record<string, (message: any) => Promise<unknown>>} */
const ownPages = {
  async request({ id, asked }) {
    const canceller = new AbortController();
    open.set(id, canceller);
    try {
      return await stand(asked, await request(asked, canceller.signal));
    } catch {
      return null;
    } finally {
      open.delete(id);
    }
  },
  async cancel({ id }) {
    open.get(id)?.abort();
  },
  async waiting() {
    const handed = waiting;
    waiting = null;
    return handed;
  },
  async away() {
    return isServiceAway();
  },
  /** Whether the service answers; the panel asks while it does not. */
  async knock() {
    await stand({ path: "readyz" }, await request({ path: "readyz" }));
    return isServiceAway();
  },
  async profiles() {
    return profiles();
  },
};

// ---- Scripts in chat pages: what they may ask is this and no more.

/** @type {Record<string, (message: any, sender: chrome.runtime.MessageSender) => Promise<unknown>>} */
const chatPages = {
  async hello(_message, sender) {
    return ordersFor(sender.url ?? "", sender.tab?.url ?? "");
  },
  async suggest({ q }) {
    const asked = { path: `v1/suggest?${new URLSearchParams({ q: String(q).slice(0, MAX_CODE), limit: "8" })}` };
    const answer = await stand(asked, await request(asked));
    return answer.status === 200 ? { suggestions: JSON.parse(answer.text ?? "{}").suggestions ?? [] } : { failed: true };
  },
  take: ({ id, chat }) => take(String(id), chat ?? {}),
  async taken({ id, reply_id }) {
    const query_id = crypto.randomUUID();
    const what = { query_id, entry_id: String(id), reply_id: String(reply_id), at: Date.now() };
    const events = ["picked", "inserted"].map((type) => ({ event_id: crypto.randomUUID(), type, ...what }));
    await Promise.all([post("v1/events", { events }), use(String(id), String(reply_id))]);
  },
};

/**
 * Makes a reply ready for the `;;` list; `failed` says why it cannot go out as it is. @param {string} id
 * @param {{shop?: string, channel?: string, conversation?: string | null}} chat
 */
async function take(id, chat) {
  // What the agent chose in the panel holds here, too.
  const chosen = /** @type {any} */ ((await chrome.storage.local.get("panel.chosen"))["panel.chosen"]) ?? {};
  const context = {
    channel: chat.channel || chosen.channel || undefined,
    shop: chat.shop || chosen.shop || undefined,
    authority: chosen.authority || undefined,
    conversation_id: chat.conversation ?? undefined,
  };
  const asked = {
    path: `v1/entries/${encodeURIComponent(id)}/render`,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ slots: {}, context }),
  };
  const answer = await stand(asked, await request(asked));
  if (isAway(answer)) return { failed: "连不上话术服务" };
  const reply = answer.status === 200 ? JSON.parse(answer.text ?? "null") : null;
  if (!reply) return { failed: "这一条没有可以填入的话术" };
  if (reply.served === false) return { failed: "这一条已经失效" };
  if (reply.marks?.includes("above_authority")) return { failed: "这一条超出您的权限，请在侧边栏里看升级话术" };
  if (reply.missing.length > 0) return { failed: `要先填：${reply.missing.map(nameOf).join("、")}。请在侧边栏里用` };
  if (reply.blocked || reply.findings.some((/** @type {{severity: string}} */ finding) => finding.severity === "block")) {
    return { failed: "这一条里有不能发的话，请在侧边栏里改" };
  }
  const segments = reply.segments.map((/** @type {{text: string}} */ segment) => segment.text);
  if (segments.length > 1) return { failed: "这一条要分几次发，请在侧边栏里用" };
  return { text: segments[0] ?? reply.text, reply_id: reply.reply_id };
}

/** A slot as people know it. @param {string} name */
function nameOf(name) {
  return name.replace(/^(?:店铺|shop)\./, "店铺的");
}

chrome.runtime.onMessage.addListener((message, sender, reply) => {
  if (sender.id !== chrome.runtime.id || typeof message?.type !== "string") return false;
  const isOwn = sender.url?.startsWith(chrome.runtime.getURL("")) ?? false;
  const handlers = isOwn ? ownPages : sender.tab ? chatPages : {};
  if (!Object.hasOwn(handlers, message.type)) return false;
  storage
    .then(() => handlers[message.type](message, sender))
    .then((answer) => reply(answer ?? null))
    .catch(() => reply(null));
  return true;
});

// ---- Notices: as long as a panel listens.

/** Rest before the service is listened to again, in milliseconds. */
const RECONNECT_MS = 4_000;

/** The same where the service refused: it wants a token, or has no notices. */
const REFUSED_MS = 30_000;

chrome.runtime.onConnect.addListener((port) => {
  if (port.name !== "notices" || !port.sender?.url?.startsWith(chrome.runtime.getURL(""))) return;
  const leave = new AbortController();
  port.onDisconnect.addListener(() => leave.abort());
  const again = async () => {
    const heard = await listen("v1/notices", (data) => port.postMessage(data), leave.signal).catch(() => true);
    if (!leave.signal.aborted) setTimeout(again, heard ? RECONNECT_MS : REFUSED_MS);
  };
  again();
});

// ---- Handing a text to the panel.

/** Gives a text to the panel, or keeps it until one is open. @param {string} text */
function hand(text) {
  const question = text.trim().slice(-MAX_TEXT);
  if (!question) return;
  leave({ messages: [question], conversation: null });
}

/** @param {Handed} what */
function leave(what) {
  waiting = what;
  chrome.runtime.sendMessage({ type: "question" }).catch(() => {
    // No panel is open yet: it asks when it is.
  });
}

/** Has to be called before anything is waited for: the browser opens a panel only right after a key or a click. @param {chrome.tabs.Tab | undefined} tab */
function openPanel(tab) {
  if (tab?.windowId !== undefined) chrome.sidePanel.open({ windowId: tab.windowId }).catch(() => {});
}

/** Reads the clipboard: a worker cannot, a page that nobody sees can. */
async function clipboardText() {
  const page = "extension/clipboard.html";
  await chrome.offscreen
    .createDocument({ url: page, reasons: [chrome.offscreen.Reason.CLIPBOARD], justification: "读取剪贴板里的文字，用来搜索话术" })
    .catch(() => {
      // It is there still.
    });
  const text = await chrome.runtime.sendMessage({ type: "clipboard" }).catch(() => "");
  await chrome.offscreen.closeDocument().catch(() => {});
  return String(text ?? "");
}

chrome.commands.onCommand.addListener(async (command, tab) => {
  openPanel(tab);
  if (command === "search-clipboard") hand(await clipboardText());
  else if (command === "search-messages") leave("read");
  else if (command === "search-selection" && tab?.id !== undefined) hand(await selection(tab.id).catch(() => ""));
});

chrome.contextMenus.onClicked.addListener((info, tab) => {
  openPanel(tab);
  if (info.menuItemId === MENU) hand(info.selectionText ?? "");
});

// Not by setPanelBehavior: only a click that the extension hears lets it see the page that was clicked on.
chrome.action.onClicked.addListener(openPanel);

// ---- Life.

chrome.runtime.onInstalled.addListener(({ reason }) => {
  chrome.contextMenus.removeAll(() => {
    chrome.contextMenus.create({ id: MENU, title: "在话术里搜索「%s」", contexts: ["selection"] });
  });
  if (reason === "install") chrome.runtime.openOptionsPage();
  register();
});

chrome.runtime.onStartup.addListener(register);

chrome.permissions.onAdded.addListener(async ({ origins = [] }) => {
  await register();
  await enter(origins);
});

chrome.permissions.onRemoved.addListener(register);

let server = readConfig().then((config) => config.server);

onConfig(async () => {
  const before = await server;
  server = readConfig().then((config) => config.server);
  if (before !== (await server)) await doubtProfiles();
  await register();
  await retell();
});
