// @ts-check
// What can be done with an entry besides writing it: retire or bring back, move, delete.

import { button } from "../../panel/dom.js";
import { part } from "../api.js";
import { asked } from "../dialog.js";
import { textField } from "../form.js";
import { attempt, toast } from "../toast.js";
import { dropDraft } from "./drafts.js";
import { withValue } from "./front.js";

/**
 * What they need of the editor.
 * @typedef {object} Desk
 * @property {string} id
 * @property {boolean} isUnsaved
 * @property {{markdown: string, hash: string, folder: string}} saved
 * @property {(how: {folder?: string, markdown?: string, why?: string}) => Promise<void>} change
 * @property {import("../shell.js").Studio} studio
 */

/** @param {Desk} desk @param {{state: string}} entry */
export function moreOf(desk, entry) {
  const isRetired = entry.state === "retired";
  const retire = button("take", isRetired ? "重新启用" : "停用", () => unlessUnsaved(desk, retire, () => switched(desk, !isRetired)));
  const move = button("take", "移动", () => unlessUnsaved(desk, move, () => moved(desk)));
  const remove = button("take danger", "删除", () => unlessUnsaved(desk, remove, () => deleted(desk)));
  return [retire, move, remove];
}

/** @param {Desk} desk @param {HTMLButtonElement} pressed @param {() => Promise<unknown>} act */
function unlessUnsaved(desk, pressed, act) {
  if (desk.isUnsaved) return toast("先保存或撤回正在写的改动", "caution");
  void attempt(pressed, act);
}

/** @param {Desk} desk @param {boolean} off */
async function switched(desk, off) {
  const why = off ? await asked("停用这条", [textField("why", "说明", { placeholder: "为什么停用（可以不填）" })], "停用") : {};
  if (why === null) return;
  const markdown = withValue(desk.saved.markdown, "state", off ? "retired" : "approved");
  await desk.change({ markdown, why: why.why || (off ? "停用" : "重新启用") });
  await desk.studio.again();
}

/** @param {Desk} desk */
async function moved(desk) {
  const fields = [textField("folder", "文件夹", { value: desk.saved.folder, hint: "在 kb/ 里的位置，空着是最上层；编号不变" })];
  const done = await asked("移动到", fields, "移动", ({ folder = "" }) => desk.change({ folder: folder.trim().replace(/^\/+|\/+$/gu, ""), why: "移动" }));
  if (done !== null) await desk.studio.again();
}

/** @param {Desk} desk */
async function deleted(desk) {
  const { studio, id } = desk;
  const done = await asked(`删除「${id}」`, [textField("why", "说明", { placeholder: "为什么删除（可以不填）", hint: "文件会删掉；历史留着，随时能恢复" })], "删除", ({ why }) =>
    studio.api.delete(`v1/entries/${part(id)}`, { match: desk.saved.hash, query: { why: why || undefined } }),
  );
  if (done === null) return;
  dropDraft(id);
  studio.go("library");
  toast("已删除", "", { text: "去恢复", act: () => studio.go("history", id) });
}
