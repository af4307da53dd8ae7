// @ts-check
// 导出: the library as a file, in the forms that others read.

import { button, element } from "../../panel/dom.js";
import { attempt } from "../toast.js";
import { day } from "../names.js";

/** Formats of other programs, which import and export know both. @type {[string, string][]} */
export const FORMATS = [
  ["sheet", "话术表格"], ["qianniu", "千牛快捷短语"], ["lanren", "懒人客服"], ["maxkb", "MaxKB"], ["zammad", "Zammad"], ["briskine", "Briskine"], ["qa", "问题和答案两列"],
];

/** Format, its name, the ending of its file. @type {[string, string, string][]} */
const OUT = [
  ["xlsx", "Excel（XLSX）", "xlsx"], ["csv", "CSV", "csv"], ["jsonl", "JSONL", "jsonl"], ["qianniu", "千牛", "csv"], ["lanren", "懒人客服", "xlsx"],
  ["maxkb", "MaxKB", "xlsx"], ["zammad", "Zammad", "csv"], ["briskine", "Briskine", "csv"], ["qa", "问题和答案", "csv"],
];

/** @param {import("../shell.js").Studio} studio */
export function exportCard(studio) {
  const buttons = OUT.map(([format, text, ending]) => {
    const made = button("take", text, () => attempt(made, () => studio.api.save("v1/export", `话术-${format}-${day(Date.now())}.${ending}`, { query: { format } })));
    return made;
  });
  return element("section", "card", element("h2", "", "导出"), element("div", "tools-line", ...buttons));
}
