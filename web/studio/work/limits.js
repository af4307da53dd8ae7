// @ts-check
// Limits of compensation: the money that a reply's blanks may hold, per role, shop and day.

import { button, element } from "../../panel/dom.js";
import { choice, labelled } from "../form.js";
import { choicesOf, ROLES } from "../names.js";
import { attempt, toast } from "../toast.js";
import { listOf } from "./parts.js";

/** @typedef {{role: string, shop: string | null, per_reply: number | null, per_day: number | null}} Limit */

/** @param {HTMLElement} place @param {import("../screens.js").Visit} visit */
export async function showLimits(place, visit) {
  const { studio, signal } = visit;
  const [{ limits, slots = [] }, library] = await Promise.all([studio.api.get("v1/limits", { signal }), studio.api.get("v1/library", { signal })]);
  const may = studio.may("administer");
  /** @type {[string, string][]} */
  const shops = [["", "全部店铺"], ...library.shops.map((/** @type {{id: string, name: string}} */ { id, name }) => /** @type {[string, string]} */ ([id, name]))];
  const body = element("tbody", "");
  const add = button("take", "加一行", () => {
    body.append(line({ role: "agent", shop: null, per_reply: null, per_day: null }));
    changed = true;
  });
  let changed = false;
  visit.guard(() => changed);
  const save = button("take main", "保存", () =>
    attempt(save, async () => {
      await studio.api.put("v1/limits", { limits: [...body.rows].map(read), slots: listOf(named.value) ?? [] });
      changed = false;
      toast("已保存，马上生效");
    }),
  );
  visit.head("赔付额度", ...(may ? [add, save] : []));
  const line = (/** @type {Limit} */ limit) => {
    const role = choice("role", choicesOf(ROLES), limit.role);
    const shop = choice("shop", shops, limit.shop ?? "");
    const [reply, day] = [amount("每条话术最多，元", limit.per_reply), amount("每天最多，元", limit.per_day)];
    role.setAttribute("aria-label", "角色");
    shop.setAttribute("aria-label", "店铺");
    for (const control of [role, shop, reply, day]) control.disabled = !may;
    const row = element("tr", "", ...[role, shop, reply, day].map((control) => element("td", "", control)));
    if (may) {
      const gone = button("plain bad", "去掉", () => {
        row.remove();
        changed = true;
      });
      row.append(element("td", "", gone));
    }
    return row;
  };
  body.append(...limits.map(line));
  body.addEventListener("input", () => (changed = true));
  const named = element("input", "input wide-input");
  named.value = slots.join("、");
  named.disabled = !may;
  named.addEventListener("input", () => (changed = true));
  const slotsField = labelled("话术里哪些空算金额", named, "几个用顿号隔开");
  slotsField.classList.add("spaced");
  const head = element("thead", "", element("tr", "", ...["角色", "店铺", "每条最多（元）", "每天最多（元）", ...(may ? [""] : [])].map((title) => element("th", "", title))));
  const table = element("table", "table", element("caption", "unseen", "赔付额度"), head, body);
  place.append(element("p", "soft", "话术里的补偿、赔付、退款金额超过额度就发不出去，会说明该找谁。空着的格子不设上限；没有写到的角色不限。"), element("div", "table-place", table), slotsField);
}

/** @param {string} label @param {number | null} value */
function amount(label, value) {
  const input = element("input", "input");
  input.type = "number";
  input.min = "0";
  input.step = "any";
  input.value = value === null || value === undefined ? "" : String(value);
  input.setAttribute("aria-label", label);
  return input;
}

/** @param {HTMLTableRowElement} row @returns {Limit} */
function read(row) {
  const [role, shop] = /** @type {HTMLSelectElement[]} */ ([...row.querySelectorAll("select")]);
  const [reply, day] = [...row.querySelectorAll("input")].map(({ value }) => (value === "" ? null : Number(value)));
  return { role: role.value, shop: shop.value || null, per_reply: reply, per_day: day };
}
