// @ts-check
// What somebody must know of what they saved: a file that was written by hand took its place. Above every screen until it was read.

import { button, element } from "../panel/dom.js";
import { part } from "./api.js";
import { link } from "./table.js";
import { attempt } from "./toast.js";

/** How often the service is asked while the page is in sight, in milliseconds. */
const LOOK_MS = 30_000;

/** @typedef {{id: string, zh: string, entry_id: string | null}} Message */

export class Messages {
  element = element("div", "messages");

  /** @param {import("./api.js").Api} api @param {() => boolean} isWriter whether who is signed in writes at all */
  constructor(api, isWriter) {
    this.api = api;
    this.isWriter = isWriter;
    this.element.setAttribute("role", "status");
    setInterval(() => document.visibilityState === "visible" && this.look(), LOOK_MS);
  }

  /** Whether there is something new; silent where the service does not answer: the screens tell that. */
  async look() {
    if (!this.isWriter()) return;
    const answer = await this.api.ask("v1/messages");
    if (answer) this.element.replaceChildren(...answer.messages.map((/** @type {Message} */ message) => this.#line(message)));
  }

  /** @param {Message} message */
  #line(message) {
    const read = button("plain", "知道了", () =>
      attempt(read, async () => {
        await this.api.delete(`v1/messages/${part(message.id)}`);
        line.remove();
      }),
    );
    const line = element("div", "notice", element("p", "", message.zh), element("span", "", ...(message.entry_id ? [link("看版本", `#/history/${part(message.entry_id)}`), " "] : []), read));
    return line;
  }
}
