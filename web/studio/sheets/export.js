// @ts-check
// 导出: the library as a file, in the forms that others read.

import { button, element } from "../../panel/dom.js";
import { choice, choiceField } from "../form.js";
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

/** What one's own words go out as. @type {[string, string][]} */
const OUT_OWN = [["xlsx", "Excel（XLSX）"], ["csv", "CSV"], ["qianniu", "千牛"], ["qa", "问题和答案"]];

/** The set of words that somebody keeps for themselves. */
export const OWN = "personal";

/** @typedef {{id: string, name: string}} Shop */

/** The sets that somebody may work with: the library needs the right to edit, one's own words an account or the local token. @param {import("../shell.js").Studio} studio @returns {[string, string][]} */
export function setsOf(studio) {
  return [...(studio.may("edit") ? [/** @type {[string, string]} */ (["team", "团队的话术库"])] : []), [OWN, "我的话术（只有自己看得到）"]];
}

/** The shop whose set a table is. @param {Shop[]} shops */
export function shopField(shops) {
  return choiceField("shop", "哪个店铺的", shopsOf(shops, "不限，按表格里写的"), { hint: "快捷码每个店铺一套；新词条只给这个店铺" });
}

/** @param {Shop[]} shops @param {string} all @returns {[string, string][]} */
function shopsOf(shops, all) {
  return [["", all], ...shops.map(({ id, name }) => /** @type {[string, string]} */ ([id, name]))];
}

/** @param {import("../shell.js").Studio} studio @param {Shop[]} shops */
export function exportCard(studio, shops) {
  const set = choice("export-set", setsOf(studio));
  set.setAttribute("aria-label", "导出哪一套");
  const shop = choice("shop", shopsOf(shops, "所有店铺"));
  shop.setAttribute("aria-label", "导出哪个店铺的");
  const about = element("p", "soft");
  const tools = element("div", "tools-line");
  const draw = () => {
    const own = set.value === OWN;
    about.textContent = own
      ? "您自己留的话术，没有别人的，也没有团队的。"
      : "前三种是整个话术库，能原样导回来；后面的照各家的格式，只含它们收得下的内容。";
    const buttons = (own ? OUT_OWN : OUT).map(([format, text]) => {
      const [path, name, query] = own ? ["v1/private/export", "我的话术", { format }] : ["v1/export", "话术", { format, shop: shop.value }];
      const made = button("take", text, () => attempt(made, () => studio.api.save(path, `${name}-${format}-${day(Date.now())}`, { query })));
      return made;
    });
    tools.replaceChildren(set, ...(own ? [] : [shop]), ...buttons);
  };
  for (const control of [set, shop]) control.addEventListener("change", draw);
  draw();
  return element("section", "card", element("h2", "", "导出"), about, tools);
}
