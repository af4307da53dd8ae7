// @ts-check
// What several screens of the team's work share: screens in parts, days as values of fields.
//
//   const part = partsOf(place, visit, [["users", "人员"], ["tokens", "令牌"]]);   // links; gives the part of the address, else the first
//   textField("until", "到", { type: "date", value: dayFrom(7) })

import { element } from "../../panel/dom.js";
import { day } from "../names.js";
import { link } from "../table.js";

/** A day in milliseconds. */
export const DAY_MS = 24 * 60 * 60 * 1_000;

/** Parts of a screen, each with an address of its own. @param {HTMLElement} place @param {import("../screens.js").Visit} visit @param {string} path @param {[name: string, title: string][]} parts */
export function partsOf(place, { rest }, path, parts) {
  const shown = parts.find(([name]) => name === rest[0])?.[0] ?? parts[0][0];
  const bar = element("nav", "tabs");
  bar.setAttribute("aria-label", "这一页的部分");
  for (const [name, title] of parts) {
    const made = link(title, `#/${path}/${name}`, "tab");
    if (name === shown) made.setAttribute("aria-current", "page");
    bar.append(made);
  }
  place.append(bar);
  return shown;
}

/** A day so many days from today. @param {number} days */
export function dayFrom(days) {
  return day(Date.now() + days * DAY_MS);
}

/** As `datetime-local` fields take it, in the browser's zone. @param {number} ms */
export function minuteOf(ms) {
  const at = new Date(ms);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return `${day(ms)}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** A comma-separated list as people type it; `null` where it is empty: no limit. @param {string | undefined} text */
export function listOf(text) {
  const list = (text ?? "").split(/[,，、\s]+/u).filter(Boolean);
  return list.length > 0 ? list : null;
}

/** A date in the line of filters. @param {string} label @param {string} value */
export function dateInput(label, value) {
  const input = element("input", "input");
  input.type = "date";
  input.value = value;
  const field = element("label", "in-line", element("span", "soft", label), input);
  return {
    field,
    get value() {
      return input.value;
    },
  };
}
