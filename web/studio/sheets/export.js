// @ts-check
// 导出: the library as a file, in the forms that others read.

import { button, element } from "../../panel/dom.js";
import { choice } from "../form.js";
import { attempt } from "../toast.js";
import { day } from "../names.js";

/** Formats of other programs, which import and export know both. @type {[string, string][]} */
export const FORMATS = [
  ["huashu", "话术表格"], ["qianniu", "千牛快捷短语"], ["lanren", "懒人客服"], ["maxkb", "MaxKB"], ["zammad", "Zammad"], ["briskine", "Briskine"], ["qa", "问题和答案两列"],
];

/** What the library goes out as. @type {[string, string][]} */
const OUT = [
  ["xlsx", "Excel（XLSX）"], ["csv", "CSV"], ["jsonl", "JSONL"], ["qianniu", "千牛"], ["lanren", "懒人客服"], ["maxkb", "MaxKB"], ["zammad", "Zammad"],
  ["briskine", "Briskine"], ["qa", "问题和答案"],
];

/** @param {import("../shell.js").Studio} studio @param {{id: string, name: string}[]} shops */
export function exportCard(studio, shops) {
  const shop = choice("shop", [["", "所有店铺"], ...shops.map(({ id, name }) => /** @type {[string, string]} */ ([id, name]))]);
  shop.setAttribute("aria-label", "导出哪个店铺的");
  const buttons = OUT.map(([format, text]) => {
    const made = button("take", text, () => attempt(made, () => studio.api.save("v1/export", `话术-${format}-${day(Date.now())}`, { query: { format, shop: shop.value } })));
    return made;
  });
  const about = element("p", "soft", "前三种是整个话术库，能原样导回来；后面的照各家的格式，只含它们收得下的内容。");
  return element("section", "card", element("h2", "", "导出"), about, element("div", "tools-line", shop, ...buttons));
}
