// A text area in an open shadow root in another one.
const outer = document.querySelector("#root").appendChild(document.createElement("div")).attachShadow({ mode: "open" });
const inner = outer.appendChild(document.createElement("section")).attachShadow({ mode: "open" });
const area = inner.appendChild(document.createElement("textarea"));
let heard = "";
area.addEventListener("input", () => (heard = area.value));
globalThis.chat.text = () => heard;
