import { ClassicEditor, Essentials, Paragraph } from "ckeditor5";

const element = document.querySelector("#root").appendChild(document.createElement("div"));
ClassicEditor.create(element, { licenseKey: "GPL", plugins: [Essentials, Paragraph], toolbar: [] }).then((editor) => {
  globalThis.chat.text = () => editor.editing.view.getDomRoot().innerText;
});
