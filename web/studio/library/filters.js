// @ts-check
// The filters above the library's table: one <select> each. What they mean to the API stands in `queryOf`.

import { button, element } from "../../panel/dom.js";
import { choice } from "../form.js";
import { FACETS, KINDS, STATES, choicesOf, day } from "../names.js";

const DAY_MS = 86_400_000;

/** Filters that always show; the others do at a press, or where one of them is set. */
const FIRST = ["kind", "state", "validity", "used", "problem", "shop"];

/** Facets of entries that have few values. Hours and shops come from elsewhere in the library. */
const OF_FACETS = ["channel", "product", "customer", "emotion", "stage", "authority"];

/** Name of a filter → what it is called, and its values. @param {any} library @returns {[string, string, [string, string][]][]} */
function filtersIn(library) {
  const same = (/** @type {string[]} */ values) => values.map((value) => /** @type {[string, string]} */ ([value, value]));
  /** @type {[string, string, [string, string][]][]} */
  const facets = OF_FACETS.map((facet) => [facet, FACETS[facet] ?? facet, same(library.facets?.[facet] ?? [])]);
  return [
    ["kind", "类型", choicesOf(KINDS)],
    ["state", "状态", choicesOf(STATES)],
    ["validity", "有效期", [["served", "现在能用"], ["unserved", "现在不能用"], ["7", "7 天内到期"], ["30", "30 天内到期"]]],
    ["used", "使用", [["never", "从没用过"], ["some", "用过"]]],
    ["problem", "问题", [["true", "有问题的"]]],
    ["shop", FACETS.shop ?? "", library.shops.map((/** @type {{id: string}} */ { id }) => [id, id])],
    ...facets,
    ["hours", FACETS.hours ?? "", same(library.hours ?? [])],
    ["trigger", "时机", library.triggers.map((/** @type {{value: string}} */ { value }) => [value, value])],
  ];
}

/**
 * @param {any} library @param {URLSearchParams} query @param {() => void} changed
 * @returns {{controls: HTMLElement[], read: (query: URLSearchParams) => void, clear: () => void}}
 */
export function filtersOf(library, query, changed) {
  const controls = filtersIn(library)
    .filter(([, , values]) => values.length > 0)
    .map(([name, title, values]) => {
      const control = choice(name, [["", title], ...values], query.get(name) ?? "");
      control.setAttribute("aria-label", title);
      control.classList.toggle("set", control.value !== "");
      control.addEventListener("change", () => {
        control.classList.toggle("set", control.value !== "");
        changed();
      });
      return control;
    });
  const owner = element("input", "input owner");
  owner.name = "owner";
  owner.placeholder = "谁改的";
  owner.setAttribute("aria-label", "最后由谁改动");
  owner.value = query.get("owner") ?? "";
  owner.addEventListener("change", changed);
  const at = element("input", "input at");
  at.type = "datetime-local";
  at.name = "at";
  at.value = query.get("at") ?? "";
  at.addEventListener("change", () => {
    at.classList.toggle("set", at.value !== "");
    changed();
  });
  at.classList.toggle("set", at.value !== "");
  const all = [...controls, owner, at];
  const others = [...controls.filter(({ name }) => !FIRST.includes(name)), owner, element("label", "at-field soft", "按时刻", at)];
  const more = button("plain", "更多条件", () => toggle(more.getAttribute("aria-expanded") !== "true"));
  const toggle = (/** @type {boolean} */ isOpen) => {
    more.setAttribute("aria-expanded", String(isOpen));
    more.textContent = isOpen ? "少些条件" : "更多条件";
    for (const control of others) control.hidden = !isOpen;
  };
  toggle(all.some(({ name, value }) => value !== "" && !FIRST.includes(name)));
  return {
    controls: [...controls.filter(({ name }) => FIRST.includes(name)), more, ...others],
    read(into) {
      for (const { name, value } of all) {
        if (value.trim()) into.set(name, value.trim());
        else into.delete(name);
      }
    },
    clear() {
      for (const control of all) {
        control.value = "";
        control.classList.remove("set");
      }
    },
  };
}

/** The filters of the address as the API has them. @param {URLSearchParams} query @param {number} [now] @returns {import("../api.js").Query} */
export function queryOf(query, now = Date.now()) {
  const { validity, offset: _, ...others } = Object.fromEntries(query);
  if (validity === "served" || validity === "unserved") return { ...others, served: validity === "served" };
  if (validity) return { ...others, expiring_before: day(now + Number(validity) * DAY_MS) };
  return others;
}
