// A plain text area; the page hears of it by `input` alone.
const area = document.createElement("textarea");
let heard = "";
area.addEventListener("input", () => (heard = area.value));
document.querySelector("#root").append(area);
globalThis.chat.text = () => heard;
