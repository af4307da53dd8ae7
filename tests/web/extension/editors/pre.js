// As 1688: a <pre> that may be edited.
const box = document.createElement("pre");
box.className = "edit";
box.contentEditable = "true";
let heard = "";
box.addEventListener("input", () => (heard = box.innerText));
document.querySelector("#root").append(box);
globalThis.chat.text = () => heard;
