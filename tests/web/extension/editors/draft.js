import { Editor, EditorState } from "draft-js";
import { createElement, useState } from "react";
import { createRoot } from "react-dom/client";

let state = EditorState.createEmpty();
function Box() {
  const [editorState, setEditorState] = useState(state);
  state = editorState;
  return createElement(Editor, { editorState, onChange: setEditorState, placeholder: "请输入" });
}
createRoot(document.querySelector("#root")).render(createElement(Box));
globalThis.chat.text = () => state.getCurrentContent().getPlainText("\n");
