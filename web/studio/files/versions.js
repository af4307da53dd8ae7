// @ts-check
// 版本 of a file beside the entries: what it said, against what stands in the editor; an earlier one can be taken up again and published.

import { button, element } from "../../panel/dom.js";
import { part } from "../api.js";
import { chosen } from "../dialog.js";
import { changesBetween } from "../entry/changes.js";
import { ACTIONS, WAYS, moment, named, person } from "../names.js";
import { diffView } from "../pieces.js";
import { attempt } from "../toast.js";

/** Versions that are listed: the rest is history. */
const SHOWN = 20;

/**
 * @param {import("../api.js").Api} api @param {string} path relative to the library
 * @param {{text: () => string, edit: (text: string) => void}} desk @param {AbortSignal} signal
 */
export async function versionsOf(api, path, desk, signal) {
  const { versions, total } = await api.get("v1/file-history", { query: { path, limit: SHOWN }, signal });
  const list = element("ul", "asked");
  for (const { version, at, who, why, way, action } of versions) {
    const look = button("plain", "看看", () =>
      attempt(look, async () => {
        const { markdown } = await api.get(`v1/file-history/${part(version)}`, { signal });
        const text = markdown.replaceAll("\r\n", "\n");
        const view = element("div", "", element("p", "dialog-text soft", "与现在编辑框里的比：红的是这一版有、现在没有的。"), diffView(changesBetween(text, desk.text())));
        if ((await chosen(`${moment(at)} 的版本`, view, ["放进编辑框"], "wide")) === 0) desk.edit(text);
      }),
    );
    list.append(element("li", "", element("span", "", [moment(at), person(who), named(ACTIONS, action), named(WAYS, way), why].filter(Boolean).join(" · ")), look));
  }
  const more = total > versions.length ? [element("p", "soft", `只列出最近 ${SHOWN} 版，共 ${total} 版`)] : [];
  return total === 0 ? [element("p", "soft", "还没有记下版本")] : [list, ...more];
}
