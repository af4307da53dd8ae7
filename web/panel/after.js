// @ts-check
// What comes after a reply was used: its next message, its pictures, what usually follows; reasons for a verdict; a copy as the way out.

import { copyPicture } from "../clipboard.js";
import { picturePath } from "./deliver.js";
import { button, element } from "./dom.js";
import { SHOWN } from "./keys.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./list.js").Taken} Taken */

/** How often the input box is looked at while messages wait, in milliseconds: the next one is there when the hand is back. */
const BOX_MS = 400;

export class After {
  /** What has still to be sent of a reply. @type {{taken: Taken, segment: number, conversation: unknown} | null} */
  #waiting = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #looking;
  /** @type {(() => void) | null} */
  #next = null;
  /** @type {(() => void) | null} */
  #picture = null;
  /** What to do where nothing of what is offered was chosen. @type {(() => void) | null} */
  #left = null;
  /** Whether the box was seen with something in it since the last message: then empty means sent. */
  #wasFull = false;

  /**
   * @param {HTMLElement} place @param {Desk} desk @param {(text: string, kind?: string) => void} tell
   * @param {(taken: Taken, segment: number) => void} send @param {(ids: string[]) => void} browse
   */
  constructor(place, desk, tell, send, browse) {
    this.place = place;
    this.desk = desk;
    this.tell = tell;
    this.send = send;
    this.browse = browse;
  }

  /** A message was put in its place. @param {Taken} taken @param {number} segment @param {number} left how many follow */
  placed(taken, segment, left) {
    this.clear();
    const total = segment + left + 1;
    this.#pictures(taken, segment);
    if (left > 0) {
      this.#waiting = { taken, segment: segment + 1, conversation: this.desk.conversation };
      this.#next = () => this.#sendNext();
      this.place.prepend(
        element("span", "after-text", `第 ${segment + 1} 条已好，还有 ${left} 条`),
        button("take", `第 ${segment + 2}/${total} 条`, () => this.#sendNext(), SHOWN.next),
      );
      this.#wasFull = false;
      this.#looking = setInterval(() => this.#look(), BOX_MS);
    } else if (taken.hit.next.length > 0) {
      this.#next = () => this.browse(taken.hit.next);
      this.place.append(element("span", "after-text", `接下来常用：${taken.hit.next.join("、")}`), button("plain", "看看", this.#next, SHOWN.next));
    }
    this.place.hidden = this.place.childElementCount === 0;
  }

  /** It did not arrive: what can be done instead. @param {string} why @param {() => void} copy */
  refused(why, copy) {
    this.clear();
    this.#next = copy;
    this.place.append(element("span", "after-text failed", why), button("take", "改为复制", copy, SHOWN.next));
    this.place.hidden = false;
  }

  /** Asks why; the verdict itself is told already. @param {string} told @param {{reason: string, text: string}[]} reasons @param {(reason: string) => void} chosen @param {() => void} left without one */
  ask(told, reasons, chosen, left) {
    this.clear();
    this.#left = left;
    this.place.append(element("span", "after-text", told));
    const buttons = reasons.map(({ reason, text }, index) =>
      button("reason", text, () => {
        this.#left = null;
        chosen(reason);
        this.clear();
        this.tell("谢谢，已记下");
      }, String(index + 1)),
    );
    this.place.append(...buttons);
    this.place.hidden = false;
    this.place.onkeydown = (event) => {
      const index = Number(event.key) - 1;
      if (event.altKey || event.ctrlKey || event.metaKey || !buttons[index]) return;
      event.preventDefault();
      event.stopPropagation();
      buttons[index].click();
    };
    buttons[0]?.focus();
  }

  /** Does what Alt+N offers; `false` where nothing is offered. */
  next() {
    const next = this.#next;
    next?.();
    return next !== null;
  }

  picture() {
    const picture = this.#picture;
    picture?.();
    return picture !== null;
  }

  /** Nothing is offered any more; `true` where something was. */
  clear() {
    const was = !this.place.hidden;
    clearInterval(this.#looking);
    this.#left?.();
    this.#left = this.#waiting = this.#next = this.#picture = null;
    this.place.onkeydown = null;
    this.place.replaceChildren();
    this.place.hidden = true;
    return was;
  }

  #sendNext() {
    const waiting = this.#waiting;
    if (!waiting) return;
    clearInterval(this.#looking);
    this.send(waiting.taken, waiting.segment);
  }

  /** The next message goes in when the box is empty again, in the same conversation alone. */
  async #look() {
    const waiting = this.#waiting;
    const empty = await this.desk.host.boxIsEmpty();
    if (waiting === null || waiting !== this.#waiting || empty === null) return;
    if (waiting.conversation !== this.desk.conversation) return void this.clear();
    if (!empty) this.#wasFull = true;
    else if (this.#wasFull) this.#sendNext();
  }

  /** @param {Taken} taken @param {number} segment */
  #pictures({ hit, reply }, segment) {
    const pictures = reply.segments[segment]?.pictures ?? [];
    for (const [index, { alt, target }] of pictures.entries()) {
      const copy = async () => {
        try {
          const blob = await this.desk.transport.picture(picturePath(hit.path, target));
          this.tell((await copyPicture(blob, this.place.ownerDocument)) ? "图片已复制" : "浏览器不允许复制图片，请在图上点右键复制", "");
        } catch {
          this.tell("图片读不到了", "caution");
        }
      };
      if (index === 0) this.#picture = copy;
      this.place.append(button("plain", `复制图片 ${alt || target}`, copy, index === 0 ? SHOWN.picture : undefined));
    }
  }
}
