// @ts-check
// What a panel knows besides its screen: library, choices, conversations, favourites, what was used. Asks `transport` and `host`, draws nothing.

import { newId } from "../events.js";
import { Conversations } from "./conversation.js";
import { isText, isUsed, listOf, toggled, withUsed } from "./shelf.js";

/** @typedef {import("../transport.js").Transport} Transport */
/** @typedef {import("../transport.js").Library} Library */
/** @typedef {import("../transport.js").Context} Context */
/** @typedef {import("../host.js").Host} Host */
/** @typedef {"shop" | "channel" | "authority"} Choice what holds for all conversations until chosen anew */

export class Desk {
  /** @type {Library | null} */
  library = null;
  /** @type {Record<Choice, string>} */
  chosen = { shop: "", channel: "", authority: "" };
  /** What the chat's page says of the conversation that it shows. @type {{shop: string, channel: string}} */
  ofPage = { shop: "", channel: "" };
  conversations = new Conversations(newId);
  /** @type {string[]} */
  favourites = [];
  /** @type {import("./shelf.js").Used[]} */
  recent = [];

  /** @param {Transport} transport @param {Host} host @param {import("../events.js").Reporter} reporter */
  constructor(transport, host, reporter) {
    this.transport = transport;
    this.host = host;
    this.reporter = reporter;
  }

  /** Recalls what was chosen before. */
  async begin() {
    const [chosen, favourites, recent] = await Promise.all(["chosen", "favourites", "recent"].map((key) => this.host.recall(key)));
    for (const choice of /** @type {Choice[]} */ (["shop", "channel", "authority"])) {
      if (typeof chosen?.[choice] === "string") this.chosen[choice] = chosen[choice];
    }
    this.conversations.restore((await this.host.keptConversations?.()) ?? []);
    this.favourites = listOf(favourites, isText);
    this.recent = listOf(recent, isUsed);
  }

  /** Takes the library over. A choice that it does not know is none; the only shop is the shop. @param {Library} library */
  know(library) {
    this.library = library;
    if (!library.shops.some((shop) => shop.id === this.chosen.shop)) this.chosen.shop = "";
    if (!(library.facets.channel ?? []).includes(this.chosen.channel)) this.chosen.channel = "";
    if (library.shops.length === 1) this.chosen.shop = library.shops[0].id;
  }

  get conversation() {
    return this.conversations.current;
  }

  /** Id of the shop: what the page says, else what was chosen. */
  get shop() {
    return this.#shopOf(this.ofPage.shop)?.id ?? this.chosen.shop;
  }

  get channel() {
    return this.ofPage.channel || this.chosen.channel;
  }

  get shopValues() {
    return this.#shopOf(this.shop)?.values ?? {};
  }

  /** What is known of the chat. @returns {Context} */
  context() {
    const { shop, channel } = this;
    return { shop: shop || undefined, channel: channel || undefined, authority: this.chosen.authority || undefined, ...this.conversation.context() };
  }

  /** @param {Choice} choice @param {string} value */
  choose(choice, value) {
    this.chosen[choice] = value;
    if (choice !== "authority") this.ofPage[choice] = "";
    return this.host.remember("chosen", this.chosen);
  }

  /** The chat's page shows a conversation. @param {{conversation: string | null, shop?: string, channel?: string}} chat */
  show({ conversation, shop, channel }) {
    if (conversation === null) this.conversations.begin();
    else this.conversations.show(conversation);
    this.ofPage = { shop: shop ?? "", channel: channel ?? "" };
    this.keep();
  }

  /** Leaves what is known of conversations to the next panel, where the host has a memory that ends with the browser. */
  keep() {
    this.host.keepConversations?.(this.conversations.kept());
  }

  /** A reply was used. What it is for tells of the chat. @param {import("../transport.js").Hit} hit @param {string} replyId */
  used(hit, replyId) {
    this.conversation.use(replyId);
    this.keep();
    for (const fact of /** @type {const} */ (["stage", "product"])) {
      const values = hit.facets.filter(({ facet }) => facet === fact);
      if (values.length === 1) this.conversation.seen[fact] = values[0].value;
    }
    this.recent = withUsed(this.recent, { entry: hit.id, reply: replyId, at: Date.now() });
    return this.host.remember("recent", this.recent);
  }

  /** @param {string} entry */
  toggleFavourite(entry) {
    this.favourites = toggled(this.favourites, entry);
    return this.host.remember("favourites", this.favourites);
  }

  /** @param {string} name an id, a name or an alias */
  #shopOf(name) {
    return name ? this.library?.shops.find((shop) => shop.id === name || shop.name === name || shop.aliases.includes(name)) : undefined;
  }
}
