// @ts-check
// The one script that runs in chat pages, in an isolated world: finds the input box, reads messages when asked, puts a text at the cursor,
// and shows the list behind `;;`. It imports nothing, because a script that is injected cannot, sends nothing, and holds no token: all
// requests are the worker's. It is called by the worker and the side panel through `chrome.scripting` as `huashu.<name>()`.
//
// From the top: places in a page, editors, putting a text in, messages, conversation, the `;;` list, what others call.

(() => {
  /**
   * @typedef {{select: string, attribute?: string}} SiteText
   * @typedef {{id: string, name: string, channel: string, match: string[], place: "insert" | "copy", editor: string[],
   *   messages?: {item: string, customer: string, agent?: string, text?: string} | null, conversation: SiteText[], shop: SiteText[]}} Site
   * @typedef {{site: Site | null, salt: string, triggers: boolean}} Orders what the worker answers to a new page
   * @typedef {HTMLTextAreaElement | HTMLInputElement} Field
   * @typedef {{ok: boolean, reason?: "no-editor" | "other-conversation" | "not-there"}} Put
   * @typedef {{start: number, end: number, node: Node | null, code: string}} Trigger of a field: offsets of its value; else: of the text node
   */

  /** Longest wait until a text is seen in the box, in milliseconds: editors that render by themselves take a frame or two. */
  const SEEN_MS = 600;

  /** Longest wait for the worker, in milliseconds: it may have to start, and the service may be slow; a box must not wait for ever. */
  const ANSWER_MS = 5_000;

  /** How long it must stay there, in milliseconds: an editor that puts its own text back does so at once. */
  const STAY_MS = 60;

  /** How often it is looked, in milliseconds. */
  const LOOK_MS = 20;

  /** Rest after the cursor was moved, in milliseconds: Slate takes notice of a selection at most every 100 ms. */
  const CURSOR_MS = 130;

  /** Most messages of a run: the service searches the end of what it is given. */
  const MAX_MESSAGES = 20;

  /** Longest message that is taken, in characters: longer ones are pasted articles. */
  const MAX_MESSAGE_CHARS = 2_000;

  /** Most messages of a page that are looked at, the newest: a list of thousands would make every look slow. */
  const MAX_ITEMS = 300;

  /** Most open shadow roots that are searched in: pages of chats have none or a handful. */
  const MAX_ROOTS = 500;

  /** Rest after a key before suggestions are asked for, in milliseconds. */
  const REST_MS = 80;

  /** Rows of the `;;` list: what fits above an input box. */
  const MAX_ROWS = 8;

  /** The trigger before the cursor: two semicolons of either width, and a code, initials or the beginning of a title. */
  const TRIGGER = /[;；]{2}([\p{L}\p{N}_-]{1,20})$/u;

  /** What stands for any editor, where no profile names one. */
  const ANY_EDITOR = 'textarea, [contenteditable="true"], [contenteditable=""], [contenteditable="plaintext-only"]';

  /** Editors that keep a model of their own and rebuild the page from it: text reaches them by paste. */
  const MODEL_EDITORS =
    '[data-lexical-editor], .ProseMirror, [data-slate-editor], .public-DraftEditor-content, .ck-editor__editable';

  /** What an empty editor shows, and is no text of the agent. */
  const PLACEHOLDERS = '[data-slate-placeholder], [class*="placeholder" i][contenteditable="false"]';

  /** What differs between what was put in and what is read back: blanks, line ends, invisible characters of editors. */
  const BLANKS = /[\s\u00a0\u200b-\u200d\u2060\ufeff]+/gu;

  // ---- Pure: no page needed.

  /** The text as it is compared. @param {string} text */
  function compact(text) {
    return text.replace(BLANKS, "");
  }

  /** The trigger that ends a text, `null` where there is none. @param {string} before the text up to the cursor @returns {{length: number, code: string} | null} */
  function triggerAt(before) {
    const found = TRIGGER.exec(before);
    return found ? { length: found[0].length, code: found[1] } : null;
  }

  /**
   * The customer's messages since the agent wrote last, oldest first; where the agent wrote last, those before it are answered: none.
   * @param {{side: "customer" | "agent" | "none", text: string}[]} items in the order of the page
   */
  function newestRun(items) {
    const run = [];
    for (let at = items.length - 1; at >= 0 && run.length < MAX_MESSAGES; at--) {
      if (items[at].side === "agent") break;
      const text = items[at].text.trim().slice(0, MAX_MESSAGE_CHARS);
      if (items[at].side === "customer" && text) run.unshift(text);
    }
    return run;
  }

  /** Whether a text is in a box that had another one before: all that was there still is, and the new text once more. @param {string} head @param {string} text @param {string} tail @param {string} now all compact */
  function isThere(head, text, tail, now) {
    if (now === head + text + tail) return true;
    // Some editors change what they show, an emoji name for one: nothing may be lost, and the text must be there once more than before.
    const times = (/** @type {string} */ whole) => whole.split(text).length - 1;
    return text !== "" && now.length >= head.length + text.length + tail.length && times(now) > times(head + tail);
  }

  /** 53 bits that tell texts apart (cyrb53, public domain); with the salt of this browser session they tell nobody the text. @param {string} text @param {string} salt */
  function shortHash(text, salt) {
    let [one, two] = [0xdeadbeef, 0x41c6ce57];
    for (const unit of salt + text) {
      const code = unit.codePointAt(0) ?? 0;
      one = Math.imul(one ^ code, 2654435761);
      two = Math.imul(two ^ code, 1597334677);
    }
    one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(two ^ (two >>> 13), 3266489909);
    two = Math.imul(two ^ (two >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
    return (4294967296 * (2097151 & two) + (one >>> 0)).toString(36);
  }

  // Tests of the pure functions have no page.
  if (typeof document === "undefined") {
    Object.assign(globalThis, { huashuPure: { compact, triggerAt, newestRun, isThere, shortHash } });
    return;
  }

  const world = /** @type {{huashu?: {alive: () => boolean}}} */ (globalThis);
  if (world.huashu?.alive()) return;

  // ---- Places in a page: through open shadow roots. Frames each have a script of their own.

  /** The document and the open shadow roots in it. @returns {(Document | ShadowRoot)[]} */
  function roots() {
    /** @type {(Document | ShadowRoot)[]} */
    const found = [document];
    for (let at = 0; at < found.length && found.length < MAX_ROOTS; at++) {
      for (const element of found[at].querySelectorAll("*")) {
        if (element.shadowRoot) found.push(element.shadowRoot);
      }
    }
    return found;
  }

  /** Elements of a selector, in shadow roots only where the document has none. A selector that browsers do not know finds nothing. @param {string} selector @returns {Element[]} */
  function findAll(selector) {
    try {
      const found = [...document.querySelectorAll(selector)];
      return found.length > 0 ? found : roots().flatMap((root) => [...root.querySelectorAll(selector)]);
    } catch {
      return [];
    }
  }

  /** The element that has the focus, inside of shadow roots, too. */
  function focused() {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element;
  }

  /** @param {Element} element */
  function isVisible(element) {
    return element.isConnected && element.getClientRects().length > 0 && getComputedStyle(element).visibility !== "hidden";
  }

  /** @param {number} ms */
  const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  // ---- Editors.

  /** @param {unknown} element @returns {element is Field} */
  function isField(element) {
    if (element instanceof HTMLTextAreaElement) return !element.disabled && !element.readOnly;
    return element instanceof HTMLInputElement && ["text", "search"].includes(element.type) && !element.disabled && !element.readOnly;
  }

  /** The editor that an element belongs to. @param {Element | null} element @returns {HTMLElement | null} */
  function editorOf(element) {
    if (isField(element)) return element;
    if (!(element instanceof HTMLElement) || !element.isContentEditable) return null;
    let host = element;
    while (host.parentElement?.isContentEditable) host = host.parentElement;
    return host;
  }

  /** The last editor in which somebody wrote, and when: what the agent means by "here". @type {{editor: HTMLElement, at: number} | null} */
  let lastUsed = null;

  /** The last cursor in it: a page may lose it when the side panel takes the focus. @type {Range | null} */
  let lastCursor = null;

  /** The input box, and how it was found: by the profile, by use, or as the only one. @returns {{editor: HTMLElement | null, by: "site" | "use" | "only" | "none"}} */
  function findEditor() {
    for (const selector of orders.site?.editor ?? []) {
      const editor = findAll(selector).map(editorOf).find((editor) => editor && isVisible(editor));
      if (editor) return { editor, by: "site" };
    }
    const used = editorOf(focused()) ?? lastUsed?.editor ?? null;
    // A search box is no place for replies, unless the agent is in it.
    if (used && isVisible(used) && (!(used instanceof HTMLInputElement) || used === focused())) return { editor: used, by: "use" };
    const all = findAll(ANY_EDITOR).map(editorOf).filter((editor) => editor && isVisible(editor));
    const editors = [...new Set(all)];
    return editors.length === 1 ? { editor: editors[0], by: "only" } : { editor: null, by: "none" };
  }

  /** What stands in an editor. @param {HTMLElement} editor */
  function textOf(editor) {
    if (isField(editor)) return editor.value;
    if (!editor.querySelector(PLACEHOLDERS)) return editor.innerText;
    const copy = /** @type {HTMLElement} */ (editor.cloneNode(true));
    for (const placeholder of copy.querySelectorAll(PLACEHOLDERS)) placeholder.remove();
    return copy.textContent ?? "";
  }

  /** The selection of the tree that an editor stands in: Chromium has one per shadow root. @param {Element} editor @returns {Selection | null} */
  function selectionOf(editor) {
    const root = /** @type {Document & {getSelection?: () => Selection | null}} */ (editor.getRootNode());
    return root.getSelection?.() ?? document.getSelection();
  }

  /** The selected range inside of an editor, `null` where the cursor is elsewhere. @param {HTMLElement} editor @returns {Range | null} */
  function cursorIn(editor) {
    const selection = selectionOf(editor);
    if (!selection || selection.rangeCount === 0) return null;
    const range = selection.getRangeAt(0);
    return editor.contains(range.commonAncestorContainer) ? range : null;
  }

  /** @param {HTMLElement} editor @param {Range} range */
  function select(editor, range) {
    const selection = selectionOf(editor);
    selection?.removeAllRanges();
    selection?.addRange(range);
  }

  /** Behind the last character, inside of the innermost block: a cursor behind the last block is in no line of an editor. @param {HTMLElement} editor */
  function endOf(editor) {
    const range = document.createRange();
    /** @type {Node} */
    let last = editor;
    while (last.lastChild && !(last.lastChild instanceof HTMLBRElement)) last = last.lastChild;
    range.selectNodeContents(last);
    range.collapse(false);
    return range;
  }

  // ---- Putting a text in. No key is ever simulated: a line end is text, and cannot send.

  /**
   * Puts a text at the cursor, or below the draft. Whatever stands there stays: a selection is a place, not an order to replace.
   * @param {HTMLElement} editor @param {string} text @param {boolean} append @param {Trigger | null} trigger what it takes the place of
   * @returns {Promise<boolean>} whether it is there now
   */
  function insert(editor, text, append, trigger) {
    return isField(editor) ? insertIntoField(editor, text, append, trigger) : insertIntoRich(editor, text, append, trigger);
  }

  /** @param {Field} field @param {string} text @param {boolean} append @param {Trigger | null} trigger */
  async function insertIntoField(field, text, append, trigger) {
    const before = field.value;
    const end = append ? before.length : field.selectionEnd ?? before.length;
    const from = trigger?.start ?? end;
    const to = trigger?.end ?? end;
    const full = append && before !== "" && !before.endsWith("\n") ? `\n${text}` : text;
    const [head, tail] = [compact(before.slice(0, from)), compact(before.slice(to))];
    const there = () => isThere(head, compact(full), tail, compact(field.value));
    field.focus({ preventScroll: true });
    field.setSelectionRange(from, to);
    // As if typed: the page is told, and Ctrl+Z takes it back.
    document.execCommand("insertText", false, full);
    if (await seen(there)) return true;
    if (field.value !== before) {
      putBack(field, before);
      return false;
    }
    field.setRangeText(full, from, to, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true, inputType: "insertText", data: full }));
    if (await seen(there)) return true;
    if (field.value !== before) putBack(field, before);
    return false;
  }

  /** Puts the draft back that was there before. The isolated world's setter is the browser's own, whatever a framework put over it. @param {Field} field @param {string} before */
  function putBack(field, before) {
    field.value = before;
    field.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true }));
  }

  /** @param {HTMLElement} editor @param {string} text @param {boolean} append @param {Trigger | null} trigger */
  async function insertIntoRich(editor, text, append, trigger) {
    const before = compact(textOf(editor));
    const full = append && before !== "" ? `\n${text}` : text;
    const range = placeIn(editor, append, trigger);
    const { head, tail } = around(editor, range, before);
    const there = () => isThere(head, compact(full), tail, compact(textOf(editor)));
    const unchanged = () => compact(textOf(editor)) === before;
    const ways = editor.matches(MODEL_EDITORS) ? [paste, type] : [type, paste];
    for (const way of [...ways, announce]) {
      if (!(await moveTo(editor, range))) return false;
      way(editor, full);
      if (await seen(there)) return true;
      if (!unchanged()) return false;
    }
    return false;
  }

  /** Where the text goes. @param {HTMLElement} editor @param {boolean} append @param {Trigger | null} trigger */
  function placeIn(editor, append, trigger) {
    const range = document.createRange();
    if (trigger?.node) {
      range.setStart(trigger.node, trigger.start);
      range.setEnd(trigger.node, trigger.end);
      return range;
    }
    if (append) return endOf(editor);
    const kept = lastCursor && editor.contains(lastCursor.commonAncestorContainer) ? lastCursor : null;
    const known = cursorIn(editor) ?? kept;
    if (!known) return endOf(editor);
    const here = known.cloneRange();
    here.collapse(false);
    return here;
  }

  /** The text before and behind a range, compact. @param {HTMLElement} editor @param {Range} range @param {string} all */
  function around(editor, range, all) {
    if (all === "") return { head: "", tail: "" };
    const part = document.createRange();
    part.selectNodeContents(editor);
    part.setEnd(range.startContainer, range.startOffset);
    const head = compact(part.toString());
    part.selectNodeContents(editor);
    part.setStart(range.endContainer, range.endOffset);
    return { head, tail: compact(part.toString()) };
  }

  /** Moves focus and cursor, and waits until the editor has taken notice. @param {HTMLElement} editor @param {Range} range */
  async function moveTo(editor, range) {
    const here = cursorIn(editor);
    const isHere = editor === editorOf(focused()) && here && same(here, range);
    if (isHere) return true;
    editor.focus({ preventScroll: true });
    if (range.startContainer.isConnected && editor.contains(range.startContainer)) select(editor, range);
    else select(editor, endOf(editor));
    await rest(CURSOR_MS);
    return editor.isConnected;
  }

  /** @param {Range} one @param {Range} other */
  function same(one, other) {
    return (
      one.startContainer === other.startContainer &&
      one.startOffset === other.startOffset &&
      one.endContainer === other.endContainer &&
      one.endOffset === other.endOffset
    );
  }

  /** As if typed, line by line; the browser keeps it for Ctrl+Z. @param {HTMLElement} _editor @param {string} text */
  function type(_editor, text) {
    text.split("\n").forEach((line, index) => {
      if (index > 0) document.execCommand("insertLineBreak");
      if (line) document.execCommand("insertText", false, line);
    });
  }

  /** As if pasted. @param {HTMLElement} editor @param {string} text */
  function paste(editor, text) {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    targetIn(editor).dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true, composed: true }));
  }

  /** As an input method announces it: for editors that listen to nothing else. @param {HTMLElement} editor @param {string} text */
  function announce(editor, text) {
    const dataTransfer = new DataTransfer();
    dataTransfer.setData("text/plain", text);
    const how = { bubbles: true, cancelable: true, composed: true, inputType: "insertReplacementText", data: text, dataTransfer };
    targetIn(editor).dispatchEvent(new InputEvent("beforeinput", how));
  }

  /** The element in which the cursor stands. @param {HTMLElement} editor @returns {Element} */
  function targetIn(editor) {
    const node = cursorIn(editor)?.startContainer ?? editor;
    return node instanceof Element ? node : (node.parentElement ?? editor);
  }

  /** Waits for something, for a short time, and whether it stays. @param {() => boolean} holds */
  async function seen(holds) {
    for (let waited = 0; ; waited += LOOK_MS) {
      if (holds()) {
        await rest(STAY_MS);
        if (holds()) return true;
      }
      if (waited >= SEEN_MS) return false;
      await rest(LOOK_MS);
    }
  }

  // ---- Messages.

  /** The messages of the page. @returns {{side: "customer" | "agent" | "none", text: string}[]} */
  function items() {
    const places = orders.site?.messages;
    if (!places) return [];
    return findAll(places.item)
      .slice(-MAX_ITEMS)
      .map((item) => ({ side: sideOf(item, places), text: wordsOf(item, places.text ?? "") }));
  }

  /** @param {Element} item @param {{customer: string, agent?: string}} places @returns {"customer" | "agent" | "none"} */
  function sideOf(item, places) {
    if (isOrHas(item, places.customer)) return "customer";
    if (!places.agent) return "agent";
    return isOrHas(item, places.agent) ? "agent" : "none";
  }

  /** @param {Element} item @param {string} selector */
  function isOrHas(item, selector) {
    try {
      return item.matches(selector) || item.querySelector(selector) !== null;
    } catch {
      return false;
    }
  }

  /** @param {Element} item @param {string} selector */
  function wordsOf(item, selector) {
    const element = selector ? item.querySelector(selector) : item;
    return element instanceof HTMLElement ? element.innerText : (element?.textContent ?? "");
  }

  // ---- Conversation and shop.

  /** The first text that is there. @param {SiteText[]} places */
  function textAt(places) {
    for (const { select: selector, attribute } of places) {
      const element = findAll(selector)[0];
      const text = (attribute ? element?.getAttribute(attribute) : element?.textContent)?.trim();
      if (text) return text;
    }
    return "";
  }

  /** Where the page names no conversation: a message that was there, and the id that stands for it. @type {{text: string, id: string} | null} */
  let anchor = null;

  /** The open conversation as an id that tells nobody its name; `null` where nothing of the page tells it. @returns {string | null} */
  function conversation() {
    const { site, salt } = orders;
    if (!site) return null;
    if (site.conversation.length > 0) {
      const name = textAt(site.conversation);
      return name ? `${site.id}-${shortHash(name, salt)}` : null;
    }
    return site.messages ? byAnchor(site) : null;
  }

  /** As long as a message of the customer is still on the page, it is the same conversation. @param {Site} site */
  function byAnchor(site) {
    const texts = items().filter((item) => item.side === "customer").map((item) => compact(item.text));
    if (anchor && texts.includes(anchor.text)) return anchor.id;
    // The longest of the newest: everybody writes 在吗.
    const text = texts.slice(-MAX_MESSAGES).reduce((best, text) => (text.length > best.length ? text : best), "");
    anchor = text ? { text, id: `${site.id}-${shortHash(text, orders.salt)}` } : null;
    return anchor?.id ?? null;
  }

  /** What surrounds a question, for the panel. */
  function about() {
    const shop = textAt(orders.site?.shop ?? []);
    return { conversation: conversation(), ...(shop ? { shop } : {}), ...(orders.site?.channel ? { channel: orders.site.channel } : {}) };
  }

  // ---- The list behind `;;`.

  /** @typedef {{id: string, title: string, shortcut: string | null}} Suggestion */

  /** @type {{host: HTMLElement, box: HTMLElement, rows: Suggestion[], at: number, editor: HTMLElement, trigger: Trigger} | null} */
  let list = null;

  /** Counts what was asked: a late answer never shows. */
  let asked = 0;

  /** Whether an IME composes: then no key is ours. */
  let composing = false;

  const LIST_STYLE = `
    :host { all: initial; }
    .box { position: fixed; z-index: 2147483647; min-width: 240px; max-width: 420px; padding: 4px; border-radius: 8px; box-sizing: border-box;
      background: Canvas; color: CanvasText; border: 1px solid color-mix(in srgb, CanvasText 18%, Canvas);
      box-shadow: 0 6px 24px rgb(0 0 0 / .18); font: 14px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; color-scheme: light dark; }
    .row { display: flex; gap: 8px; align-items: baseline; padding: 4px 8px; border-radius: 5px; cursor: default; }
    .row[aria-selected="true"] { background: #0f6b5c; color: #fff; }
    .title { flex: 1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .code { opacity: .7; font-size: 12px; }
    .hint { padding: 4px 8px 2px; font-size: 12px; opacity: .7; }
    .wrong { padding: 4px 8px; color: #b54708; }
    @media (prefers-color-scheme: dark) { .wrong { color: #f5a742; } }`;

  /** The trigger before the cursor of an editor. @param {HTMLElement} editor @returns {Trigger | null} */
  function triggerIn(editor) {
    if (isField(editor)) {
      if (editor.selectionStart === null || editor.selectionStart !== editor.selectionEnd) return null;
      const found = triggerAt(editor.value.slice(0, editor.selectionStart));
      return found && { start: editor.selectionStart - found.length, end: editor.selectionStart, node: null, code: found.code };
    }
    const cursor = cursorIn(editor);
    if (!cursor?.collapsed || cursor.startContainer.nodeType !== Node.TEXT_NODE) return null;
    const found = triggerAt((cursor.startContainer.textContent ?? "").slice(0, cursor.startOffset));
    return found && { start: cursor.startOffset - found.length, end: cursor.startOffset, node: cursor.startContainer, code: found.code };
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;

  /** @param {Event} event */
  function onInput(event) {
    const editor = editorOf(/** @type {Element | null} */ (event.composedPath()[0] ?? null)) ?? editorOf(focused());
    if (!editor) return;
    lastUsed = { editor, at: Date.now() };
    seekTrigger(editor);
  }

  /** Opens the list where a trigger stands before the cursor. @param {HTMLElement} editor */
  function seekTrigger(editor) {
    clearTimeout(later);
    if (composing || (isKnown && !orders.triggers)) return closeList();
    const trigger = triggerIn(editor);
    if (!trigger) return closeList();
    later = setTimeout(() => suggest(editor, trigger), REST_MS);
  }

  /** @param {HTMLElement} editor @param {Trigger} trigger */
  async function suggest(editor, trigger) {
    const turn = ++asked;
    await known();
    if (!orders.triggers) return closeList();
    const answer = await ask({ type: "suggest", q: trigger.code });
    if (turn !== asked || composing) return;
    const now = triggerIn(editor);
    if (!now || now.code !== trigger.code) return closeList();
    if (!answer || answer.failed) return showList(editor, now, [], "连不上话术服务");
    showList(editor, now, answer.suggestions.slice(0, MAX_ROWS), answer.suggestions.length === 0 ? "没有这样的话术" : "");
  }

  /** @param {HTMLElement} editor @param {Trigger} trigger @param {Suggestion[]} rows @param {string} wrong */
  function showList(editor, trigger, rows, wrong) {
    closeList();
    const host = document.createElement("div");
    // Closed: the page sees that something is shown, not what.
    const shadow = host.attachShadow({ mode: "closed" });
    const style = new CSSStyleSheet();
    style.replaceSync(LIST_STYLE);
    shadow.adoptedStyleSheets = [style];
    const box = document.createElement("div");
    box.className = "box";
    box.setAttribute("role", "listbox");
    box.setAttribute("aria-label", "话术");
    rows.forEach((row, index) => box.append(rowOf(row, index)));
    box.append(line(wrong ? "wrong" : "hint", wrong || "Tab 填入 · ↑↓ 选择 · Esc 关闭"));
    shadow.append(box);
    document.documentElement.append(host);
    list = { host, box, rows, at: 0, editor, trigger };
    mark(0);
    putAt(box, caretRect(editor));
  }

  /** @param {Suggestion} suggestion @param {number} index */
  function rowOf(suggestion, index) {
    const row = document.createElement("div");
    row.className = "row";
    row.setAttribute("role", "option");
    const title = line("title", suggestion.title);
    row.append(title);
    if (suggestion.shortcut) row.append(line("code", suggestion.shortcut));
    // Not the click: by then the editor has lost its cursor.
    row.addEventListener("mousedown", (event) => {
      event.preventDefault();
      if (!event.isTrusted) return;
      mark(index);
      take();
    });
    return row;
  }

  /** @param {string} className @param {string} text */
  function line(className, text) {
    const element = document.createElement("div");
    element.className = className;
    element.textContent = text;
    return element;
  }

  /** @param {number} index */
  function mark(index) {
    if (!list || list.rows.length === 0) return;
    list.at = (index + list.rows.length) % list.rows.length;
    [...list.box.querySelectorAll(".row")].forEach((row, at) => row.setAttribute("aria-selected", String(at === list?.at)));
  }

  /** Where the cursor is; of a field, which does not tell, its upper left corner. @param {HTMLElement} editor @returns {DOMRect} */
  function caretRect(editor) {
    const rect = isField(editor) ? null : cursorIn(editor)?.getClientRects()[0];
    return rect ?? editor.getBoundingClientRect();
  }

  /** Above the cursor, below where there is no room. @param {HTMLElement} box @param {DOMRect} rect */
  function putAt(box, rect) {
    const { width, height } = box.getBoundingClientRect();
    const above = rect.top - height - 6;
    box.style.left = `${Math.max(4, Math.min(rect.left, innerWidth - width - 4))}px`;
    box.style.top = `${above >= 4 ? above : Math.min(rect.bottom + 6, innerHeight - height - 4)}px`;
  }

  function closeList() {
    clearTimeout(later);
    asked += 1;
    list?.host.remove();
    list = null;
  }

  /** Takes the chosen reply in the trigger's place; where it cannot go out as it is, says why and leaves the box alone. */
  async function take() {
    if (!list || list.rows.length === 0) return closeList();
    const { editor, trigger, rows, at } = list;
    const chat = about();
    closeList();
    const turn = asked;
    const answer = await ask({ type: "take", id: rows[at].id, chat });
    if (turn !== asked) return;
    if (!answer || answer.failed) return showList(editor, trigger, [], answer?.failed ?? "连不上话术服务");
    const now = triggerIn(editor);
    if (!now || now.code !== trigger.code || chat.conversation !== conversation()) return;
    const ok = await insert(editor, answer.text, false, now);
    if (ok) ask({ type: "taken", id: rows[at].id, reply_id: answer.reply_id, query_id: answer.query_id });
    else showList(editor, now, [], "没有填进去，请在侧边栏里复制");
  }

  /** Keys of the list: only while it is open, never while an IME composes. @param {KeyboardEvent} event */
  function onKey(event) {
    if (!list || !event.isTrusted || event.isComposing || event.keyCode === 229 || event.ctrlKey || event.altKey || event.metaKey) return;
    const { at } = list;
    /** @type {Record<string, () => void>} */
    const keys = { Tab: take, ArrowDown: () => mark(at + 1), ArrowUp: () => mark(at - 1), Escape: closeList };
    const act = event.shiftKey ? undefined : keys[event.key];
    if (!act || (list.rows.length === 0 && event.key !== "Escape")) return closeList();
    event.preventDefault();
    event.stopImmediatePropagation();
    act();
  }

  // ---- The worker's orders, and what others call.

  /** @type {Orders} */
  let orders = { site: null, salt: "", triggers: false };

  /** Whether the worker has said so. */
  let isKnown = false;

  /** Asks the worker; `null` where it does not answer, or the extension was reloaded meanwhile. @param {object} message @returns {Promise<any>} */
  async function ask(message) {
    try {
      return await Promise.race([chrome.runtime.sendMessage(message), rest(ANSWER_MS).then(() => null)]);
    } catch {
      return null;
    }
  }

  async function hello() {
    const given = await ask({ type: "hello" });
    if (given) [orders, isKnown] = [given, true];
    if (!orders.triggers) closeList();
  }

  const ready = hello();

  /** Waits for what the worker says, and asks once more where it was asleep for too long. */
  async function known() {
    await ready;
    if (!isKnown) await hello();
  }

  const api = {
    /** Whether the extension that put this script here is still the one that runs. */
    alive: () => Boolean(chrome.runtime?.id),

    /** Settings or profiles have changed. */
    renew: hello,

    /** What this frame can do: the higher, the more it is the chat. Asked of all frames, so that exactly one acts. */
    async look() {
      await known();
      const { site } = orders;
      const { editor, by } = findEditor();
      const isUsed = by === "use";
      const rank = by === "site" ? 3 : isUsed ? 2 : by === "only" ? 1 : 0;
      return {
        rank,
        used_at: editor && lastUsed?.editor === editor ? lastUsed.at : 0,
        area: editor ? editor.clientWidth * editor.clientHeight : 0,
        site: site && { id: site.id, name: site.name, place: site.place, channel: site.channel },
        health: healthOf(by),
        has_messages: items().some((item) => item.side === "customer"),
        ...about(),
      };
    },

    /** Reads the newest run, when asked to. */
    async read() {
      await known();
      const messages = newestRun(items());
      return messages.length > 0 ? { messages, ...about() } : null;
    },

    /** Whether nothing stands in the box; `null` where there is none. */
    async boxIsEmpty() {
      await known();
      const { editor } = findEditor();
      return editor ? compact(textOf(editor)) === "" : null;
    },

    /** What is selected, in fields, too. */
    selection() {
      const element = focused();
      if (isField(element)) return element.value.slice(element.selectionStart ?? 0, element.selectionEnd ?? 0);
      return String((element && selectionOf(element)) || document.getSelection() || "");
    },

    /** Puts a text into the box. An absent `conversation` is not known: the browser leaves `null` out on the way. @param {{text: string, append: boolean, conversation?: string | null}} order @returns {Promise<Put>} */
    async place({ text, append, conversation: wanted = null }) {
      await known();
      closeList();
      if (wanted !== null && wanted !== conversation()) return { ok: false, reason: "other-conversation" };
      const { editor } = findEditor();
      if (!editor) return { ok: false, reason: "no-editor" };
      return (await insert(editor, text.replace(/\r\n?/g, "\n"), append, null)) ? { ok: true } : { ok: false, reason: "not-there" };
    },
  };

  /** Whether the profile still fits its page. That no chat is open looks alike: so only what is there and not as described counts. @param {string} by @returns {"ok" | "editor" | "messages" | "conversation" | "unknown"} */
  function healthOf(by) {
    const { site } = orders;
    if (!site || site.place === "copy" || site.editor.length === 0) return "unknown";
    if (by === "use" && !(focused() instanceof HTMLInputElement)) return "editor";
    if (by !== "site") return "unknown";
    if (site.messages && findAll(site.messages.item).length === 0) return "messages";
    if (site.conversation.length > 0 && !textAt(site.conversation)) return "conversation";
    return "ok";
  }

  document.addEventListener(
    "focusin",
    (event) => {
      const editor = editorOf(/** @type {Element | null} */ (event.composedPath()[0] ?? null));
      if (editor) lastUsed = { editor, at: Date.now() };
      if (list && editor !== list.editor) closeList();
    },
    true,
  );
  document.addEventListener("selectionchange", () => {
    const editor = lastUsed?.editor;
    const cursor = editor && !isField(editor) ? cursorIn(editor) : null;
    if (cursor) lastCursor = cursor.cloneRange();
  });
  document.addEventListener("compositionstart", () => {
    composing = true;
    closeList();
  }, true);
  document.addEventListener("compositionend", (event) => {
    composing = false;
    onInput(event);
  }, true);
  document.addEventListener("input", onInput, true);
  document.addEventListener("pointerdown", (event) => {
    if (list && !event.composedPath().includes(list.host)) closeList();
  }, true);
  addEventListener("keydown", onKey, true);
  addEventListener("scroll", (event) => {
    if (list && event.target !== list.editor) closeList();
  }, true);

  Object.assign(world, { huashu: api });

  // What was typed before this script came.
  const written = editorOf(focused());
  if (written) seekTrigger(written);
})();
