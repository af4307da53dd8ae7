// @ts-check
// A lead's word of the hour: pinned above all until it is acknowledged or over. Silent where the service has none.

import { button, element } from "./dom.js";
import { SHOWN } from "./keys.js";

/** Notices pinned at once, the latest: more would push the work off the screen. */
const MAX_PINNED = 3;

export class Notices {
  /** @type {import("../transport.js").Notice[]} */
  #pinned = [];
  /** Acknowledged ones: the service may tell them again when the line was lost. @type {Set<string>} */
  #read = new Set();
  /** Ends what is listened to. */
  #leave = new AbortController();

  /**
   * @param {HTMLElement} place @param {import("../transport.js").Transport} transport
   * @param {(notice: import("../transport.js").Notice) => unknown} use sends the tied reply on its way, or shows the tied entry
   */
  constructor(place, transport, use) {
    this.place = place;
    this.transport = transport;
    this.use = use;
  }

  /** Listens, as whoever is signed in now. */
  listen() {
    this.#leave.abort();
    this.#leave = new AbortController();
    this.#pinned = [];
    this.#draw();
    this.transport.notices((notice) => ("gone" in notice ? this.#unpin(notice.id) : this.#pin(notice)), this.#leave.signal);
  }

  /** What the latest pinned notice is tied to; `false` where it is tied to nothing. */
  useLatest() {
    const notice = this.#pinned.findLast(({ entry_id }) => entry_id !== null);
    return notice ? this.use(notice) : false;
  }

  /** Takes the latest off; `false` where none is pinned. */
  acknowledge() {
    const notice = this.#pinned.pop();
    if (!notice) return false;
    this.#read.add(notice.id);
    this.#draw();
    // Where it does not arrive the service tells it again, which does no harm.
    this.transport.acknowledge(notice.id).catch(() => {});
    return true;
  }

  /** @param {import("../transport.js").Notice} notice */
  #pin(notice) {
    if (this.#read.has(notice.id)) return;
    this.#pinned = [...this.#pinned.filter(({ id }) => id !== notice.id), notice].slice(-MAX_PINNED);
    this.#draw();
  }

  /** @param {string} id */
  #unpin(id) {
    this.#pinned = this.#pinned.filter((pinned) => pinned.id !== id);
    this.#draw();
  }

  #draw() {
    const latestTied = this.#pinned.findLast(({ entry_id }) => entry_id !== null);
    const lines = this.#pinned.map((notice, index) => {
      const line = element("div", "notice", element("p", "", element("strong", "", notice.shops.length > 0 ? `通知（${notice.shops.join("、")}）` : "通知"), ` ${notice.text}`));
      if (notice.entry_id !== null) {
        const what = notice.reply_id === null ? "看条目" : "用这句";
        line.append(button("plain", what, () => this.use(notice), notice === latestTied ? SHOWN.notice : undefined));
      }
      if (index === this.#pinned.length - 1) line.append(button("plain", "知道了", () => this.acknowledge(), SHOWN.acknowledge));
      return line;
    });
    this.place.replaceChildren(...lines);
    this.place.hidden = lines.length === 0;
  }
}
