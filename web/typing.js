// @ts-check

/** Rest after a key before a search begins, in milliseconds: keys that fall together are one, and a tenth of a second from key to hits leaves no more. */
export const REST_MS = 25;

/**
 * Calls back with what was typed, after a short rest, never while an IME composes.
 * @param {HTMLTextAreaElement | HTMLInputElement} field
 * @param {(text: string) => void} typed
 */
export function onTyped(field, typed) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let rest;
  let composing = false;
  const later = () => {
    clearTimeout(rest);
    if (composing) return;
    rest = setTimeout(() => typed(field.value), REST_MS);
  };
  field.addEventListener("compositionstart", () => {
    composing = true;
    clearTimeout(rest);
  });
  field.addEventListener("compositionend", () => {
    composing = false;
    later();
  });
  field.addEventListener("input", later);
}

/**
 * Whether a key belongs to an IME. Some browsers end the composition before they tell of the key that ended it; that key has code 229.
 * @param {KeyboardEvent} event
 */
export function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}
