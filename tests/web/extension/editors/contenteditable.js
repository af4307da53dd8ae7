// An element that may be edited, and nothing else.
const box = document.createElement("div");
box.contentEditable = "true";
let heard = "";
box.addEventListener("input", () => (heard = box.innerText));
document.querySelector("#root").append(box);
globalThis.chat.text = () => heard;
