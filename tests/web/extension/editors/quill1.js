import Quill from "quill1";

const element = document.querySelector("#root").appendChild(document.createElement("div"));
const quill = new Quill(element, { modules: { toolbar: false } });
globalThis.chat.text = () => quill.getText();
