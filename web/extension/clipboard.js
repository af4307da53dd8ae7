// @ts-check
// A page that nobody sees: pastes the clipboard into a field and hands its text to the worker, which cannot read it itself.

chrome.runtime.onMessage.addListener((message, sender, reply) => {
  if (sender.id !== chrome.runtime.id || message?.type !== "clipboard") return false;
  const field = /** @type {HTMLTextAreaElement} */ (document.getElementById("field"));
  field.value = "";
  field.focus();
  document.execCommand("paste");
  reply(field.value);
  field.value = "";
  return false;
});
