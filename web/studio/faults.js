// @ts-check
// What does not work just now and what goes on all the same: above every screen for as long as it lasts.

import { element } from "../panel/dom.js";

/** How often the service is asked while the page is in sight, in milliseconds. */
const LOOK_MS = 15_000;

/** @typedef {{part: string, since: number, zh: string}} Fault */

export class Faults {
  element = element("div", "faults");

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
    this.element.setAttribute("role", "status");
    setInterval(() => document.visibilityState === "visible" && this.look(), LOOK_MS);
  }

  /** Silent where the service does not answer: the screens tell that. */
  async look() {
    const answer = await this.api.ask("readyz");
    if (answer) this.element.replaceChildren(...(answer.faults ?? []).map(line));
  }
}

/** @param {Fault} fault */
function line(fault) {
  const since = new Date(fault.since).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
  return element("p", "notice caution", `${fault.zh}（${since} 起；恢复后这一行自己消失）`);
}
