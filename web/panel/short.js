// @ts-check
// While little is typed: beginnings, shortcuts and initials say more than a search. Pure.

/** Letters and digits so few are initials or a shortcut on their way; a single Chinese character begins a word. */
const SHORT = /^(?:[a-z0-9]{1,4}|\p{Script=Han})$/iu;

/** Whether suggestions come first. @param {string} text */
export function isShort(text) {
  return SHORT.test(text.trim());
}

/**
 * Hits of the suggestions, then those of the search that they lack.
 * @template {{id: string}} T @param {T[]} suggested @param {T[]} found @param {number} limit @returns {T[]}
 */
export function merged(suggested, found, limit) {
  const first = suggested.slice(0, limit);
  return [...first, ...found.filter((hit) => first.every((other) => other.id !== hit.id))].slice(0, limit);
}
