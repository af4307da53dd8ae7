// @ts-check
// A new entry: its title, place and kind are asked for, the rest is written in the editor.

import { asked } from "../dialog.js";
import { choiceField, textField } from "../form.js";
import { KINDS, choicesOf } from "../names.js";
import { keepDraft } from "./drafts.js";
import { firstText } from "./first.js";

/** Asks, and goes to the editor with a draft. @param {import("../shell.js").Studio} studio @param {string} category of the list that was looked at */
export async function createEntry(studio, category) {
  const fields = [
    textField("title", "标题", { required: true, placeholder: "客服在列表里看到的名字" }),
    textField("folder", "文件夹", { value: category.split("/")[0] ?? "", hint: "在 kb/ 里的位置，可以留空" }),
    choiceField("kind", "类型", choicesOf(KINDS)),
  ];
  const values = await asked("新建词条", fields, "去写");
  if (values === null) return;
  openDraft(studio, { folder: values.folder ?? "", markdown: firstText(values.title ?? "", values.kind ?? "answer", category) });
}

/** Opens the editor on an entry that is not there yet. @param {import("../shell.js").Studio} studio @param {{folder: string, markdown: string}} draft */
export function openDraft(studio, draft) {
  keepDraft("", { ...draft, base: "" });
  studio.go("new");
}
