// An editor that takes what is typed by keys and throws away everything else.
const box = document.createElement("div");
box.contentEditable = "true";
let typed = "";
box.addEventListener("keydown", (event) => {
  if (event.key.length === 1 && !event.ctrlKey) typed += event.key;
});
box.addEventListener("input", () => setTimeout(() => {
  if (box.innerText !== typed) box.textContent = typed;
}));
box.addEventListener("paste", (event) => event.preventDefault());
document.querySelector("#root").append(box);
globalThis.chat.text = () => typed;
