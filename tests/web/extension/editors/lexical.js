// As WhatsApp Web.
import { createEmptyHistoryState, registerHistory } from "@lexical/history";
import { registerRichText } from "@lexical/rich-text";
import { $getRoot, createEditor } from "lexical";

const element = document.querySelector("#root").appendChild(document.createElement("div"));
element.contentEditable = "true";
const editor = createEditor({ namespace: "test", onError: (error) => { throw error; } });
editor.setRootElement(element);
registerRichText(editor);
registerHistory(editor, createEmptyHistoryState(), 300);
globalThis.chat.text = () => editor.getEditorState().read(() => $getRoot().getTextContent());
