// What every test page does: notes what would send, shows another customer, and knows its editor's text.
globalThis.chat = {
  /** What Enter or a form would have sent. */
  sent: [],
  /** The editor's own idea of its text; the editor's page sets it. */
  text: () => "",
  switchTo(name) {
    document.querySelector("[data-conversation]").textContent = name;
  },
};
for (const type of ["keydown", "keypress", "keyup"]) {
  document.addEventListener(type, (event) => event.key === "Enter" && !event.shiftKey && globalThis.chat.sent.push(type), true);
}
document.addEventListener("submit", (event) => {
  event.preventDefault();
  globalThis.chat.sent.push("submit");
});
