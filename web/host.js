// @ts-check
// What surrounds the panel: the server's own page here, the browser's side panel with a chat page beside it in the extension.

import { copyText } from "./clipboard.js";

/**
 * Why a text did not arrive: no editor has been found, the chat shows another conversation than the one that was searched for, an unsent draft
 * would be replaced, it is not there when looked for afterwards, or the browser refuses.
 * @typedef {"no-editor" | "other-conversation" | "draft" | "not-there" | "denied"} Refusal
 */

/**
 * What became of a text. Where `ok` is false nothing was changed, and the panel offers a copy as the way out.
 * @typedef {{ok: boolean, how: "copied" | "inserted", reason?: Refusal}} Placed
 */

/**
 * A chat as far as its page tells: messages of the customer, oldest first, since the agent wrote last. `conversation` is `null` where the page
 * gives no identity; it never leaves the machine but as part of a search. `shop` and `channel` may be names or aliases.
 * @typedef {{messages: string[], conversation: string | null, shop?: string, channel?: string}} Chat
 */

/**
 * The contract of the panel with its surroundings. No method rejects; none keeps a customer's words but in memory.
 * @typedef {object} Host
 * @property {"page" | "extension"} kind
 * @property {(text: string, how: {append: boolean, conversation: string | null}) => Promise<Placed>} place puts a text where the agent writes,
 *   below an unsent draft where `append`; never sends it. `conversation` is the one that was searched for, `null` where unknown.
 * @property {() => Promise<Chat | null>} readMessages the newest run of the customer's messages; `null` where there is nothing to read from
 * @property {() => Promise<boolean | null>} boxIsEmpty whether the agent's input box is empty; `null` where nobody can know
 * @property {(callback: (chat: {conversation: string | null, shop?: string, channel?: string}) => void) => Promise<void>} onConversation calls back
 *   whenever another conversation is shown, and once where one is known at the beginning, which it waits for
 * @property {(callback: (chat: Chat) => void) => void} onQuestion calls back with what is handed in from outside: a selection, the clipboard by
 *   hotkey, the newest messages. What came before is handed over at once.
 * @property {(key: string, value: unknown) => Promise<void>} remember keeps a preference, favourites, what was used lately: ids, never texts of
 *   customers. `value` is JSON; `undefined` forgets.
 * @property {(key: string) => Promise<any>} recall what was kept under a key, `undefined` where nothing was
 * @property {(kept: import("./panel/conversation.js").Kept[]) => Promise<void>} [keepConversations] keeps what is known of conversations in memory, until the
 *   browser ends at the latest, never on a disk: they hold what customers wrote. Absent where there is no such memory.
 * @property {() => Promise<import("./panel/conversation.js").Kept[]>} [keptConversations] what was kept last
 * @property {((panel: HTMLElement) => Promise<void>) | undefined} [float] moves the panel into a window above all others, for clients that are no web page;
 *   absent where there is none
 */

/** Size of the window above all others, in pixels: as narrow as a side panel, beside a chat client. */
const FLOATING = { width: 420, height: 640 };

/** Prefix of the keys in the browser's storage. */
const PREFIX = "huashu.";

/**
 * The server's page: copies, and knows no chat.
 * @implements {Host}
 */
export class PageHost {
  /** @type {"page"} */
  kind = "page";
  /** Where the panel is: clipboards are for the document that has the focus. */
  #page = document;
  float = "documentPictureInPicture" in globalThis ? (/** @type {HTMLElement} */ panel) => this.#float(panel) : undefined;

  /** @param {string} text @returns {Promise<Placed>} */
  async place(text) {
    return (await copyText(text, this.#page)) ? { ok: true, how: "copied" } : { ok: false, how: "copied", reason: "denied" };
  }

  /** @returns {Promise<null>} */
  async readMessages() {
    return null;
  }

  /** @returns {Promise<null>} */
  async boxIsEmpty() {
    return null;
  }

  async onConversation() {}

  /** The question of the address, `?q=…`, which then leaves the address: what a customer wrote belongs in no history. @param {(chat: Chat) => void} callback */
  onQuestion(callback) {
    const address = new URL(location.href);
    const question = address.searchParams.get("q");
    if (question === null) return;
    address.searchParams.delete("q");
    history.replaceState(history.state, "", address);
    if (question.trim()) callback({ messages: [question], conversation: null });
  }

  /** A private window may refuse: then it lasts as long as the page. @param {string} key @param {unknown} value */
  async remember(key, value) {
    this.#kept.set(key, value);
    try {
      if (value === undefined) localStorage.removeItem(PREFIX + key);
      else localStorage.setItem(PREFIX + key, JSON.stringify(value));
    } catch {
      // Not kept beyond the page.
    }
  }

  /** @param {string} key */
  async recall(key) {
    if (this.#kept.has(key)) return this.#kept.get(key);
    try {
      return JSON.parse(localStorage.getItem(PREFIX + key) ?? "null") ?? undefined;
    } catch {
      return undefined;
    }
  }

  /** @type {Map<string, unknown>} */
  #kept = new Map();

  /** Into the window and back again when it is closed. @param {HTMLElement} panel */
  async #float(panel) {
    const { documentPictureInPicture } = /** @type {any} */ (globalThis);
    if (documentPictureInPicture.window) return documentPictureInPicture.window.close();
    const home = panel.parentElement;
    const window = await documentPictureInPicture.requestWindow(FLOATING);
    for (const sheet of document.querySelectorAll("link[rel=stylesheet]")) {
      const copy = window.document.createElement("link");
      copy.rel = "stylesheet";
      copy.href = /** @type {HTMLLinkElement} */ (sheet).href;
      window.document.head.append(copy);
    }
    window.document.documentElement.lang = document.documentElement.lang;
    window.document.title = document.title;
    const main = window.document.createElement("main");
    main.append(panel);
    window.document.body.append(main);
    this.#page = window.document;
    window.addEventListener("pagehide", () => {
      this.#page = document;
      home?.append(panel);
    });
  }
}
