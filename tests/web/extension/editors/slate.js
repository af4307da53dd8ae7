import { createElement, useState } from "react";
import { createRoot } from "react-dom/client";
import { createEditor, Node } from "slate";
import { withHistory } from "slate-history";
import { Editable, Slate, withReact } from "slate-react";

const editor = withHistory(withReact(createEditor()));
function Box() {
  useState(0);
  return createElement(
    Slate,
    { editor, initialValue: [{ type: "paragraph", children: [{ text: "" }] }] },
    createElement(Editable, { placeholder: "请输入" }),
  );
}
createRoot(document.querySelector("#root")).render(createElement(Box));
globalThis.chat.text = () => editor.children.map((child) => Node.string(child)).join("\n");
