// An element that may be edited, in an open shadow root.
const root = document.querySelector("#root").appendChild(document.createElement("div")).attachShadow({ mode: "open" });
const box = root.appendChild(document.createElement("div"));
box.contentEditable = "true";
let heard = "";
box.addEventListener("input", () => (heard = box.innerText));
globalThis.chat.text = () => heard;
