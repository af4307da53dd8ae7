// @ts-check
// Values of slots that a message tells for certain: numbers of orders and parcels, amounts. Pure. Where two may be meant, none is guessed.

/** Numbers of orders as platforms write them (拼多多, 淘宝 and 抖音, no identity cards), or any number that is called one. */
const ORDERS = [/(?<![\d-])\d{6}-\d{15}(?![\d-])/g, /(?<![\d-])(?!\d{6}(?:19|20)\d\d(?:0[1-9]|1[0-2])\d{6}(?!\d))\d{18,19}(?![\d-])/g, /(?:订单|单)(?:编?号)?(?:是|为|[:：])?\s*(\d{8,24})(?![\d-])/g];

/** Numbers of parcels as carriers write them, or any that is called one. */
const PARCELS = [
  /(?<![A-Za-z\d])(?:SF|YT|JT|JD[A-Z]{0,2}|ZTO|STO|YD|DPK|DP|EMS|YZPY)\d{9,15}(?![A-Za-z\d])/gi,
  /(?:快递|物流|运单|包裹)(?:单|编)?号(?:是|为|[:：])?\s*([A-Za-z]{0,5}\d{8,20})(?![A-Za-z\d])/g,
];

/** Amounts with their unit; ￥100 too, and 100块 unless something is counted (2块香皂). */
const AMOUNTS = [/(?<![\d.])(\d{1,6}(?:\.\d{1,2})?)\s*(?:元|块钱|块(?=$|[\s，。,.!！?？、；;吗呢吧啊了]))/g, /[¥￥]\s*(\d{1,6}(?:\.\d{1,2})?)(?![\d.])/g];

/** Slots that mean the same. @type {[string[], RegExp[], (found: string) => string][]} */
const RULES = [
  [["快递单号", "运单号", "物流单号"], PARCELS, (found) => found.toUpperCase()],
  [["订单号", "订单编号"], ORDERS, (found) => found],
  [["金额"], AMOUNTS, (found) => `${found}元`],
];

/**
 * What a message tells, by slot.
 * @param {string} message @returns {Record<string, string>}
 */
export function guessSlots(message) {
  /** @type {Record<string, string>} */
  const guessed = {};
  let rest = message;
  for (const [names, patterns, write] of RULES) {
    const found = new Set(patterns.flatMap((pattern) => [...rest.matchAll(pattern)].map((match) => write(match[1] ?? match[0]))));
    // What is a parcel's number is no order's.
    for (const pattern of patterns) rest = rest.replace(pattern, " ");
    if (found.size === 1) for (const name of names) guessed[name] = [...found][0];
  }
  return guessed;
}
