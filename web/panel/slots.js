// @ts-check
// The blanks of a reply: `{{订单号}}`, `{{昵称|亲}}`, `{{店铺.退货地址}}`. Pure; the service fills them once more before anything is sent.

/**
 * @typedef {{slot: string, fallback: string | null, shop: string | null}} Slot `shop`: name of the shop's value that fills it
 * @typedef {{text: string} | Slot} Part
 */

const SLOT = /\{\{((?:(?!\{\{|\}\})[^\n])*)\}\}/g;

/** Prefixes of slots that a shop fills. */
const SHOP = /^(?:店铺|shop)\./;

/** What parts the messages of a reply. */
const SEGMENT_BREAK = "\n***\n";

/** A template in segments, each cut at its slots. @param {string} template @returns {Part[][]} */
export function readTemplate(template) {
  return template.split(SEGMENT_BREAK).map(cut);
}

/** @param {string} text @returns {Part[]} */
function cut(text) {
  /** @type {Part[]} */
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(SLOT)) {
    if (found.index > at) parts.push({ text: text.slice(at, found.index) });
    const bar = found[1].search(/[|｜]/);
    const slot = (bar < 0 ? found[1] : found[1].slice(0, bar)).trim();
    parts.push({ slot, fallback: bar < 0 ? null : found[1].slice(bar + 1).trim(), shop: SHOP.test(slot) ? slot.replace(SHOP, "") : null });
    at = found.index + found[0].length;
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return parts;
}

/** Unit of amounts: half of the templates bring it (`{{金额}}元`), half leave it to the value. */
const UNIT = "元";

/** A value without the unit that the template brings behind its slot. @param {string} value @param {string} following what the template says next */
export function withoutUnit(value, following) {
  return following.startsWith(UNIT) && value.endsWith(UNIT) ? value.slice(0, -UNIT.length) : value;
}

/**
 * Values as a template takes them: those of its own slots, without units that it brings wherever they stand.
 * @param {string} template @param {Record<string, string>} values @returns {Record<string, string>}
 */
export function fitted(template, values) {
  /** @type {Record<string, string>} */
  const fit = {};
  for (const parts of readTemplate(template)) {
    for (const [index, part] of parts.entries()) {
      if ("text" in part || !values[part.slot]?.trim()) continue;
      const next = parts[index + 1];
      fit[part.slot] = withoutUnit(fit[part.slot] ?? values[part.slot], next && "text" in next ? next.text : "");
    }
  }
  return fit;
}

/**
 * What stands in a slot now; an empty value is none.
 * @param {Slot} slot @param {Record<string, string>} values by slot @param {Record<string, string>} shopValues
 */
export function valueOf(slot, values, shopValues) {
  const given = values[slot.slot]?.trim() ? values[slot.slot] : "";
  return given || (slot.shop === null ? "" : (shopValues[slot.shop] ?? ""));
}

/**
 * A template filled, slots without value and fallback as written.
 * @param {string} template @param {Record<string, string>} values @param {Record<string, string>} shopValues
 * @returns {{segments: string[], missing: string[], missingOfShop: string[]}}
 */
export function fill(template, values, shopValues) {
  /** @type {Set<string>} */
  const missing = new Set();
  /** @type {Set<string>} */
  const missingOfShop = new Set();
  const own = fitted(template, values);
  const segments = readTemplate(template).map((parts) =>
    parts
      .map((part) => {
        if ("text" in part) return part.text;
        const value = valueOf(part, own, shopValues) || part.fallback;
        if (value !== null) return value;
        (part.shop === null ? missing : missingOfShop).add(part.shop ?? part.slot);
        return `{{${part.slot}}}`;
      })
      .join(""),
  );
  return { segments, missing: [...missing], missingOfShop: [...missingOfShop] };
}

/** A text in which slots are shown by name, or by the shop's value where there is one. @param {string} text @param {Record<string, string>} [shopValues] */
export function readable(text, shopValues = {}) {
  return cut(text)
    .map((part) => ("text" in part ? part.text : valueOf(part, {}, shopValues) || part.shop || part.slot))
    .join("");
}
