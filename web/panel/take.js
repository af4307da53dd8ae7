// @ts-check
// What becomes of a hit that was taken: sent on its way, told, reported; or why not, and the way out.

import { copyText } from "../clipboard.js";
import { newId } from "../events.js";
import { deliver } from "./deliver.js";
import { HuashuHit } from "./hit.js";
import { SHOWN } from "./keys.js";
import { codeOf } from "./seek.js";
import { failure, REFUSALS, toFill } from "./words.js";

/** @typedef {import("./list.js").Taken} Taken */

export class Take {
  /**
   * @param {import("./desk.js").Desk} desk @param {import("./list.js").HitList} list @param {import("./seek.js").Seek} seek
   * @param {import("./chips.js").Chips} chips @param {(text: string, kind?: string) => void} tell
   */
  constructor(desk, list, seek, chips, tell) {
    this.desk = desk;
    this.list = list;
    this.seek = seek;
    this.chips = chips;
    this.tell = tell;
    /** Set once they exist: they send by this. @type {import("./after.js").After} */
    this.after = /** @type {any} */ (null);
    /** @type {import("./draft.js").Draft} */
    this.draft = /** @type {any} */ (null);
  }

  /** Sends a hit's reply on its way; `taken` is what was on the screen when the key went down. @param {Taken | null} taken @param {{append?: boolean, segment?: number}} [how] */
  async take(taken, { append = false, segment = 0 } = {}) {
    if (!taken) {
      const empty = this.list.hits.length === 0 || !this.list.current?.reply;
      return this.tell(empty ? "这里没有可以发送的话术" : "还在找这位顾客的，请再按一次", "caution");
    }
    const { desk } = this;
    const { conversation, shop } = desk;
    if (taken.element.isConnected) this.list.select(taken.position);
    const outcome = await deliver(desk, { ...taken, segment, append });
    switch (outcome.kind) {
      case "placed": {
        if (segment === 0) this.#report(taken, shop, [outcome.how]);
        if (conversation === desk.conversation) desk.used(taken.hit, taken.reply.id);
        this.after.placed(taken, segment, outcome.left);
        const doubts = outcome.warnings.map((finding) => `「${finding.text}」${finding.why}`);
        return this.tell(`${done(outcome.how)}${doubts.length > 0 ? `。想一想：${doubts.join("；")}` : ""}`, doubts.length > 0 ? "caution" : "");
      }
      case "blank":
        if (!taken.element.isConnected || !taken.element.focusBlank()) this.chips.focusShop();
        return this.tell(toFill(outcome.missing, outcome.ofShop), "caution");
      case "blocked":
        this.tell("含有不能发的话，改好再发", "caution");
        return void this.draft.open(outcome.text, taken);
      case "gone":
        this.tell("这条话术刚刚停用、过期或改了，没有发", "caution");
        return void this.seek.search();
      case "authority":
        return this.tell(`要${outcome.authority}才能承诺，没有发。${SHOWN.escalate} 看升级话术`, "caution");
      case "refused":
        return this.after.refused(REFUSALS[outcome.reason], () => this.#copyInstead(taken, outcome.text, shop));
      default:
        return this.tell(failure(outcome.code), "caution");
    }
  }

  /** The words that ask a customer to wait, whatever is on the screen. */
  async hold() {
    const { library, transport } = this.desk;
    if (!library?.hold) return this.tell("知识库没有设「稍等」（library.toml 的 hold）", "caution");
    try {
      const { hits } = await transport.browse({ ids: [library.hold], context: this.desk.context() });
      const reply = hits[0]?.replies.find(({ missing }) => missing.length === 0) ?? hits[0]?.replies[0];
      if (!reply) return this.tell(`「${library.hold}」现在不能用`, "caution");
      await this.take({ element: new HuashuHit(), hit: hits[0], reply, query: newId(), position: 0 });
    } catch (error) {
      this.tell(failure(codeOf(error)), "caution");
    }
  }

  /** What a notice is tied to: its reply is sent on its way where nothing is to be filled, else the entry is shown. @param {import("../transport.js").Notice} notice */
  async notice({ entry_id, reply_id }) {
    if (entry_id === null) return;
    try {
      const { hits } = await this.desk.transport.browse({ ids: [entry_id], context: this.desk.context() });
      const reply = hits[0]?.replies.find(({ id }) => id === reply_id);
      if (hits.length === 0) return this.tell(`「${entry_id}」现在不能用`, "caution");
      if (!reply || reply.missing.length > 0) return void this.seek.browse("通知", { ids: [entry_id] });
      await this.take({ element: new HuashuHit(), hit: hits[0], reply, query: newId(), position: 0 });
    } catch (error) {
      this.tell(failure(codeOf(error)), "caution");
    }
  }

  /** A draft of the agent's own, or what became of a reply that could not go out as it was. @param {string} text @param {Taken | null} taken */
  async sendDraft(text, taken) {
    const { host, conversations, shop } = this.desk;
    const placed = await host.place(text, { append: false, conversation: conversations.identity });
    if (placed.ok && taken) this.#report(taken, shop, [placed.how, "edited"]);
    this.tell(placed.ok ? done(placed.how) : REFUSALS[placed.reason ?? "denied"], placed.ok ? "" : "caution");
    return placed.ok;
  }

  /** @param {Taken} taken @param {string} text @param {string} shop */
  async #copyInstead(taken, text, shop) {
    if (!(await copyText(text, this.list.list.ownerDocument))) return this.tell(REFUSALS.denied, "caution");
    this.#report(taken, shop, ["copied"]);
    this.after.clear();
    this.tell(done("copied"));
  }

  /** @param {Taken} taken @param {string} shop @param {("copied" | "inserted" | "edited")[]} how */
  #report({ hit, reply, query, position }, shop, how) {
    this.desk.reporter.used(query, { entry_id: hit.id, reply_id: reply.id, position, shop: shop || undefined }, how);
    this.seek.used(query);
  }
}

/** @param {"copied" | "inserted"} how */
function done(how) {
  return how === "inserted" ? "已插入" : "已复制";
}
