// A text area that takes five characters.
const area = document.createElement("textarea");
area.maxLength = 5;
document.querySelector("#root").append(area);
globalThis.chat.text = () => area.value;
