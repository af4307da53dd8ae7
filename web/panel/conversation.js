// @ts-check
// What is remembered of each conversation, in memory alone: filled slots, used wordings, corrected context, whether its band was shown. Pure.

/** Conversations remembered, the latest: an agent has a handful at once. */
export const MAX_CONVERSATIONS = 50;

/** Used replies that a search is told: what the service reads of them. */
export const MAX_USED = 100;

/** Facets that a conversation fills by itself or an agent corrects. @typedef {"stage" | "product" | "customer" | "emotion"} Fact */

/** Values of a slot longer than that are none: the service reads no more. */
export const MAX_VALUE_CHARS = 500;

export class Conversation {
  /** Values of slots, typed or guessed. @type {Record<string, string>} */
  slots = {};
  /** Ids of used replies, oldest first. @type {string[]} */
  used = [];
  /** What the agent said of it. @type {Partial<Record<Fact, string>>} */
  said = {};
  /** What messages and choices showed. @type {Partial<Record<Fact, string>>} */
  seen = {};
  /** What the band has told already. @type {Set<string>} */
  told = new Set();

  /** @param {string} id */
  constructor(id) {
    this.id = id;
  }

  /** @param {string} replyId */
  use(replyId) {
    this.used = [...this.used.filter((used) => used !== replyId), replyId].slice(-MAX_USED);
  }

  /** Takes guesses over where nothing was typed. @param {Record<string, string>} guessed */
  guess(guessed) {
    for (const [slot, value] of Object.entries(guessed)) if (!this.slots[slot] || this.#guessed.has(slot)) this.set(slot, value, true);
  }

  /** @param {string} slot @param {string} value @param {boolean} [guessed] */
  set(slot, value, guessed = false) {
    this.slots[slot] = value.slice(0, MAX_VALUE_CHARS);
    if (guessed) this.#guessed.add(slot);
    else this.#guessed.delete(slot);
  }

  /** What a search is told; a feeling is read from each message anew. */
  context() {
    const { stage, product, customer } = { ...this.seen, ...this.said };
    return { stage, product, customer, emotion: this.said.emotion, conversation_id: this.id, used_reply_ids: this.used };
  }

  /** As JSON. @returns {Kept} */
  kept() {
    return { id: this.id, slots: this.slots, used: this.used, said: this.said, seen: this.seen, told: [...this.told], guessed: [...this.#guessed] };
  }

  /** @param {Kept} kept */
  static of({ id, slots, used, said, seen, told, guessed }) {
    const conversation = new Conversation(id);
    Object.assign(conversation, { slots, used, said, seen, told: new Set(told) });
    conversation.#guessed = new Set(guessed);
    return conversation;
  }

  /** @type {Set<string>} */
  #guessed = new Set();
}

/**
 * A conversation as JSON.
 * @typedef {{id: string, slots: Record<string, string>, used: string[], said: Partial<Record<Fact, string>>, seen: Partial<Record<Fact, string>>,
 *   told: string[], guessed: string[]}} Kept
 */

/** The conversations of a panel, by the identity that the chat's page gives. */
export class Conversations {
  /** @type {Map<string, Conversation>} */
  #known = new Map();

  /** @param {() => string} newId */
  constructor(newId) {
    this.newId = newId;
    this.current = new Conversation(newId());
    /** The page's identity of the current one; `null` where it gives none. @type {string | null} */
    this.identity = null;
  }

  /** Those that the page gave an identity, as JSON. @returns {Kept[]} */
  kept() {
    return [...this.#known.values()].map((conversation) => conversation.kept());
  }

  /** Takes over what a panel before this one knew. @param {Kept[]} kept */
  restore(kept) {
    for (const conversation of kept) this.#known.set(conversation.id, Conversation.of(conversation));
  }

  /** Another customer of whom nothing is known. */
  begin() {
    this.identity = null;
    this.current = new Conversation(this.newId());
  }

  /** The conversation that a chat's page shows. @param {string} identity */
  show(identity) {
    if (this.identity === identity) return;
    const known = this.#known.get(identity) ?? new Conversation(identity);
    this.#known.delete(identity);
    this.#known.set(identity, known);
    for (const oldest of this.#known.keys()) if (this.#known.size > MAX_CONVERSATIONS) this.#known.delete(oldest);
    this.identity = identity;
    this.current = known;
  }
}
