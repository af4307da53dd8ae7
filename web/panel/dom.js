// @ts-check
// Elements made in one call. Text comes in by textContent alone.

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {string} className @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/**
 * A button that shows its key and tells it to screen readers.
 * @param {string} className @param {string} text @param {() => void} pressed @param {string} [key] such as Alt+S
 */
export function button(className, text, pressed, key) {
  const made = element("button", className, text);
  made.type = "button";
  if (key) {
    made.append(" ", keyCap(key));
    made.setAttribute("aria-keyshortcuts", key.replace("↓", "ArrowDown").replace("Esc", "Escape"));
  }
  made.addEventListener("click", pressed);
  return made;
}

/** A key as it is printed on the keyboard. @param {string} key */
export function keyCap(key) {
  const cap = element("kbd", "", key);
  cap.setAttribute("aria-hidden", "true");
  return cap;
}

/** A text in pieces, what was met in marks. @param {{text: string, hit: boolean}[]} pieces @param {(text: string) => string} [shown] @returns {(Node | string)[]} */
export function marked(pieces, shown = (text) => text) {
  return pieces.map(({ text, hit }) => (hit ? element("mark", "", shown(text)) : shown(text)));
}
