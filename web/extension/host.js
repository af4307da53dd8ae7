// @ts-check
// What surrounds the panel in the side panel: the chat page beside it.

import { copyText } from "../clipboard.js";
import { call, look, NoAccess } from "./chat.js";
import { readConfig } from "./config.js";

/**
 * @typedef {import("../host.js").Host} Host
 * @typedef {import("../panel/conversation.js").Kept} Kept
 * @typedef {import("../host.js").Placed} Placed
 * @typedef {import("../host.js").Chat} Chat
 * @typedef {import("./chat.js").Look} Look
 * @typedef {{conversation: string | null, shop?: string, channel?: string}} About
 */

/**
 * What is known of the page beside the panel.
 * @typedef {object} Beside
 * @property {"chat" | "no-access" | "no-page"} state
 * @property {string} address of the page, empty where the browser does not tell
 * @property {Look | null} look of the frame that acts, or of the page where none can
 */

/** How often the page is looked at while the panel is seen, in milliseconds: a switched conversation is noticed before a search is typed. */
const LOOK_MS = 800;

/** Size of a window of its own, in CSS pixels: as wide as a side panel. */
const FLOATING = { width: 440, height: 760 };

/** Prefix of what the panel keeps. */
const PREFIX = "panel.";

/** The key of what is known of conversations: in memory, as long as the browser runs. */
const CONVERSATIONS = "conversations";

/**
 * The side panel: puts replies into the chat's input box, reads messages, notices other conversations.
 * @implements {Host}
 */
export class ExtensionHost {
  /** @type {"extension"} */
  kind = "extension";

  /** Called with what is known of the page, whenever that may have changed. @type {(beside: Beside) => void} */
  onBeside = () => {};

  /** @type {((about: About) => void)[]} */
  #conversationCalls = [];

  /** @type {((chat: Chat) => void)[]} */
  #questionCalls = [];

  /** The conversation that was told last. @type {string | null} */
  #told = null;

  /** The newest messages that were handed over, so that they are not twice. */
  #read = "";

  /** @type {Beside} */
  #beside = { state: "no-page", address: "", look: null };

  /** The first look at the page. @type {Promise<unknown>} */
  #first;

  /** @param {number | null} tab the chat's, where the panel stands in a window of its own; else the one that is open beside it */
  constructor(tab) {
    this.tab = tab;
    chrome.runtime.onMessage.addListener((message, sender) => this.#hear(message, sender));
    const again = () => this.#look();
    chrome.tabs.onActivated.addListener(again);
    chrome.tabs.onUpdated.addListener((_id, { status }) => status === "complete" && again());
    chrome.permissions.onAdded.addListener(again);
    document.addEventListener("visibilitychange", again);
    setInterval(() => document.visibilityState === "visible" && again(), LOOK_MS);
    this.#first = again();
  }

  /** @type {Host["place"]} */
  async place(text, { append, conversation }) {
    const beside = await this.#look();
    // The strip above says how to let it in.
    if (beside.state === "no-access") return { ok: false, how: "inserted", reason: "no-editor" };
    if (beside.look?.site?.place === "copy") return this.#copy(text);
    const tab = await this.#chatTab();
    const { acting } = tab?.id === undefined ? { acting: null } : await look(tab.id).catch(() => ({ acting: null }));
    if (!acting || tab?.id === undefined) return { ok: false, how: "inserted", reason: "no-editor" };
    const put = await call(tab.id, acting.frame, "place", { text, append, conversation });
    return put?.ok ? { ok: true, how: "inserted" } : { ok: false, how: "inserted", reason: put?.reason ?? "not-there" };
  }

  /** @param {string} text @returns {Promise<Placed>} */
  async #copy(text) {
    return (await copyText(text)) ? { ok: true, how: "copied" } : { ok: false, how: "copied", reason: "denied" };
  }

  /** @returns {Promise<Chat | null>} */
  async readMessages() {
    const tab = await this.#chatTab();
    if (tab?.id === undefined) return null;
    const { reading } = await look(tab.id).catch(() => ({ reading: null }));
    return reading && call(tab.id, reading.frame, "read");
  }

  /** @returns {Promise<boolean | null>} */
  async boxIsEmpty() {
    const tab = await this.#chatTab();
    if (tab?.id === undefined) return null;
    const { acting } = await look(tab.id).catch(() => ({ acting: null }));
    return acting && call(tab.id, acting.frame, "boxIsEmpty");
  }

  /** @type {Host["onConversation"]} */
  async onConversation(callback) {
    // Where it failed the next one follows.
    await this.#first.catch(() => {});
    this.#conversationCalls.push(callback);
    const { look } = this.#beside;
    if (look?.conversation) callback(aboutOf(look));
  }

  /** @type {Host["onQuestion"]} */
  onQuestion(callback) {
    this.#questionCalls.push(callback);
    this.#takeWaiting();
  }

  /** @param {string} key @param {unknown} value */
  async remember(key, value) {
    if (value === undefined) await chrome.storage.local.remove(PREFIX + key);
    else await chrome.storage.local.set({ [PREFIX + key]: value });
  }

  /** @param {string} key */
  async recall(key) {
    // One browser, one identity: the worker's.
    if (key === "install") return (await readConfig()).install;
    return (await chrome.storage.local.get(PREFIX + key))[PREFIX + key];
  }

  /** @param {Kept[]} kept */
  async keepConversations(kept) {
    await chrome.storage.session.set({ [CONVERSATIONS]: kept });
  }

  async keptConversations() {
    return /** @type {Kept[] | undefined} */ ((await chrome.storage.session.get(CONVERSATIONS))[CONVERSATIONS]) ?? [];
  }

  /** A window of its own beside the browser: the panel in it goes on acting in this tab. */
  async float() {
    const tab = await this.#chatTab();
    const url = `${chrome.runtime.getURL("extension/panel.html")}?tab=${tab?.id ?? ""}`;
    await chrome.windows.create({ type: "popup", url, ...FLOATING });
  }

  /** Messages of the worker. @param {any} message @param {chrome.runtime.MessageSender} sender */
  #hear(message, sender) {
    if (sender.id !== chrome.runtime.id || sender.tab) return;
    if (message?.type === "question") this.#takeWaiting();
  }

  async #takeWaiting() {
    if (this.#questionCalls.length === 0) return;
    const handed = await chrome.runtime.sendMessage({ type: "waiting" });
    const chat = handed === "read" ? await this.readMessages() : handed;
    if (chat) this.#ask(chat);
  }

  /** @param {Chat} chat */
  #ask(chat) {
    for (const call of this.#questionCalls) call(chat);
  }

  /** The tab with the chat. */
  async #chatTab() {
    if (this.tab !== null) return chrome.tabs.get(this.tab).catch(() => undefined);
    const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
    return tab;
  }

  /** Looks at the page, and tells what has changed. @returns {Promise<Beside>} */
  async #look() {
    const tab = await this.#chatTab();
    this.#beside = await besideOf(tab);
    this.onBeside(this.#beside);
    const { look: seen } = this.#beside;
    const conversation = seen?.conversation ?? null;
    if (conversation !== this.#told) {
      this.#told = conversation;
      if (seen) for (const call of this.#conversationCalls) call(aboutOf(seen));
    }
    if (seen?.has_messages && (await readConfig()).automatic) await this.#readNewest();
    return this.#beside;
  }

  /** Hands over the newest messages, once. */
  async #readNewest() {
    const chat = await this.readMessages();
    const read = chat ? JSON.stringify([chat.conversation, chat.messages]) : "";
    if (!chat || read === this.#read) return;
    this.#read = read;
    this.#ask(chat);
  }
}

/** @param {Look} look @returns {About} */
function aboutOf({ conversation, shop, channel }) {
  return { conversation, ...(shop ? { shop } : {}), ...(channel ? { channel } : {}) };
}

/** @param {chrome.tabs.Tab | undefined} tab @returns {Promise<Beside>} */
async function besideOf(tab) {
  const address = tab?.url ?? "";
  if (tab?.id === undefined || (address && !/^https?:/.test(address))) return { state: "no-page", address, look: null };
  try {
    const { acting, reading, top } = await look(tab.id);
    return { state: "chat", address, look: merged(acting?.look ?? top, reading?.look ?? null) };
  } catch (error) {
    if (error instanceof NoAccess) return { state: "no-access", address, look: null };
    throw error;
  }
}

/** The box and the messages may stand in different frames. @param {Look | null} acting @param {Look | null} reading */
function merged(acting, reading) {
  if (!acting || !reading) return acting ?? reading;
  const { shop = reading.shop, channel = reading.channel } = acting;
  return {
    ...acting,
    has_messages: true,
    conversation: acting.conversation ?? reading.conversation,
    ...(shop ? { shop } : {}),
    ...(channel ? { channel } : {}),
  };
}
