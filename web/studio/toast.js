// @ts-check
// A word on what was done, at the foot of the page; screen readers hear it.
//
//   toast("已保存");   toast("没有保存：…", "caution");   toast("已停用", "", { text: "撤销", act: () => … });
//   await attempt(button, async () => { … });   disables the button while it lasts, and shows what went wrong

import { button, element } from "../panel/dom.js";
import { explain } from "./api.js";

/** How long it stands, in milliseconds; a failure has to be read. */
const SHOWN_MS = 4_000;
const FAILURE_MS = 12_000;

const place = element("div", "toasts");
place.setAttribute("role", "status");
/** @type {ReturnType<typeof setTimeout> | undefined} */
let going;

/** @param {string} text @param {"" | "caution"} [kind] @param {{text: string, act: () => void}} [offer] */
export function toast(text, kind = "", offer) {
  if (!place.isConnected) document.body.append(place);
  clearTimeout(going);
  const shown = element("p", kind ? `toast ${kind}` : "toast", text);
  if (offer) {
    const taken = () => {
      place.replaceChildren();
      offer.act();
    };
    shown.append(" ", button("offer", offer.text, taken));
  }
  place.replaceChildren(shown);
  going = setTimeout(() => place.replaceChildren(), kind === "caution" ? FAILURE_MS : SHOWN_MS);
}

/**
 * Does something that may fail. Says whether it was done.
 * @param {HTMLButtonElement | null} pressed @param {() => Promise<unknown>} act
 */
export async function attempt(pressed, act) {
  if (pressed?.getAttribute("aria-busy") === "true") return false;
  // Not `disabled`: that would lose the focus.
  pressed?.setAttribute("aria-busy", "true");
  try {
    await act();
    return true;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return false;
    toast(explain(error), "caution");
    return false;
  } finally {
    pressed?.removeAttribute("aria-busy");
  }
}
