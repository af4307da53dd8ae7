// @ts-check
// One hit as a custom element. Text comes in by textContent alone.

/** @typedef {import("./transport.js").Hit} Hit */
/** @typedef {import("./transport.js").Reply} Reply */
/** @typedef {import("./transport.js").Piece} Piece */

/** @type {Record<string, string>} */
const KINDS = { answer: "标准答案", policy: "政策", case: "案例" };

/** @type {Record<string, string>} */
const MARKS = {
  other_channel: "其他渠道",
  other_shop: "其他店铺",
  above_authority: "超出权限",
  expiring: "即将到期",
  review_due: "待复审",
  outside_hours: "不在时段",
};

/** What the match is called. A title says nothing new below the title. @type {Record<string, string>} */
const MATCHED_BY = { question: "问法", sound: "拼音", passage: "段落", shortcut: "快捷码", category: "分类" };

/** A slot that nobody filled, as it stands in a text. */
const SLOT = /\{\{([^{}\n]*)\}\}/g;

/** What makes a slot of a name, also where highlights cut it in pieces. */
const SLOT_MARKS = /\{\{(?:店铺\.|shop\.)?|[|｜][^{}|｜\n]*\}\}|\}\}/g;

/** Prefixes of slots that a shop fills. */
const SHOP_SLOT = /^(?:店铺|shop)\./;

/**
 * @param {string} tag @param {string} className @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** A text in pieces, what was met in marks; slots are shown by name. @param {Piece[]} pieces @returns {(Node | string)[]} */
function marked(pieces) {
  return pieces.map(({ text, hit }) => {
    const shown = text.replace(SLOT_MARKS, "");
    return hit ? element("mark", "", shown) : shown;
  });
}

/** What is still to be filled in, for people. @param {string[]} missing */
export function toFill(missing) {
  const own = missing.filter((name) => !SHOP_SLOT.test(name));
  const parts = own.length > 0 ? [`待填：${own.join("、")}`] : [];
  if (own.length < missing.length) parts.push("选好店铺会自动填写店铺信息");
  return parts.join("；");
}

/** A reply's text, unfilled slots shown as blanks. @param {string} text @returns {(Node | string)[]} */
function withBlanks(text) {
  /** @type {(Node | string)[]} */
  const parts = [];
  let at = 0;
  for (const slot of text.matchAll(SLOT)) {
    const blank = element("span", "blank", slot[1].split(/[|｜]/)[0].trim().replace(SHOP_SLOT, ""));
    blank.title = "发送前要填写";
    parts.push(text.slice(at, slot.index), blank);
    at = slot.index + slot[0].length;
  }
  parts.push(text.slice(at));
  return parts;
}

/** What goes into a chat: segments one below the other. @param {Reply} reply */
export function textToSend(reply) {
  return reply.segments.map((segment) => segment.text).join("\n\n");
}

export class HuashuHit extends HTMLElement {
  /** @type {Hit | null} */
  hit = null;

  /**
   * Shows a hit. `number` is what Alt copies it by, 0 for none.
   * @param {Hit} hit @param {number} number
   */
  show(hit, number) {
    this.hit = hit;
    this.replaceChildren(this.#head(hit, number));
    const [best, ...others] = hit.replies;
    if (hit.advice) this.append(element("p", "advice", ...marked([{ text: hit.advice, hit: false }])));
    const by = MATCHED_BY[hit.matched.by];
    const matched = hit.matched.text_pieces.map((piece) => piece.text).join("");
    // Below the reply of that very section it would say the reply once more.
    const says = hit.snippet_pieces.length > 0 && (!best || (hit.matched.by === "passage" && matched !== best.label));
    if (by && matched && (says || hit.matched.by !== "passage")) {
      this.append(element("p", "matched", element("span", "matched-by", by), ...marked(hit.matched.text_pieces)));
    }
    if (says) this.append(element("p", best ? "snippet" : "snippet alone", ...marked(hit.snippet_pieces)));
    if (best) this.append(this.#reply(best, number));
    if (others.length > 0) {
      const fold = element("details", "others", element("summary", "", `另有 ${others.length} 种说法`));
      fold.append(...others.map((reply) => this.#reply(reply, 0)));
      this.append(fold);
    }
  }

  /** Asks for the best reply to be copied. */
  copyBest() {
    this.#copy(this.hit?.replies[0]);
  }

  /** @param {Reply | undefined} reply */
  #copy(reply) {
    this.dispatchEvent(new CustomEvent("copy-reply", { bubbles: true, detail: { hit: this.hit, reply } }));
  }

  /** @param {Hit} hit @param {number} number */
  #head(hit, number) {
    const title = element("h2", "title", ...marked(hit.title_pieces));
    const facts = element("p", "facts", element("span", `kind kind-${hit.kind}`, KINDS[hit.kind] ?? hit.kind));
    if (hit.category) facts.append(element("span", "", hit.category));
    if (hit.shortcut) facts.append(element("kbd", "", hit.shortcut));
    if (hit.authority !== "一线") facts.append(element("span", "warning", `${hit.authority}可承诺`));
    facts.append(...hit.marks.map((mark) => element("span", "warning", MARKS[mark] ?? mark)));
    const head = element("div", "head", title, facts);
    if (number > 0) head.prepend(element("span", "number", String(number)));
    return head;
  }

  /** @param {Reply} reply @param {number} number */
  #reply(reply, number) {
    const words = element("div", "words", ...reply.segments.map((segment) => element("p", "segment", ...withBlanks(segment.text))));
    const button = /** @type {HTMLButtonElement} */ (element("button", "copy", "复制"));
    button.type = "button";
    if (number > 0 && number <= 9) {
      button.title = `Alt+${number}`;
      button.setAttribute("aria-keyshortcuts", `Alt+${number}`);
    }
    button.addEventListener("click", () => this.#copy(reply));
    const about = element("div", "about");
    if (reply.label) about.append(element("span", "label", reply.label));
    if (reply.used) about.append(element("span", "label", "刚用过"));
    if (reply.missing.length > 0) about.append(element("span", "todo", toFill(reply.missing)));
    return element("div", "reply", words, element("div", "foot", about, button));
  }
}

customElements.define("huashu-hit", HuashuHit);
