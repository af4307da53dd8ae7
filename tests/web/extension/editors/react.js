// A controlled text area of React: its state is the text.
import { createElement, useState } from "react";
import { createRoot } from "react-dom/client";

let state = "";
function Box() {
  const [text, setText] = useState("");
  state = text;
  return createElement("textarea", { value: text, onChange: (event) => setText(event.target.value) });
}
createRoot(document.querySelector("#root")).render(createElement(Box));
globalThis.chat.text = () => state;
