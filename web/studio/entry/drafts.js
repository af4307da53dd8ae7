// @ts-check
// Unsaved texts of entries: they outlive a reload. Content of the library only, nothing that a customer wrote in a chat.

/** Before each entry's id in `localStorage`. */
const KEY = "huashu-studio-draft:";

/** Drafts kept at most; the oldest go. */
const MAX_DRAFTS = 30;

/** @typedef {{markdown: string, base: string, folder?: string, at?: number}} Draft `base`: hash of the version that it began with; of a new entry: empty */

/** @param {string} id @param {Draft} draft */
export function keepDraft(id, draft) {
  try {
    localStorage.setItem(KEY + id, JSON.stringify({ ...draft, at: Date.now() }));
    const known = draftsKept();
    for (const { key } of known.slice(MAX_DRAFTS)) localStorage.removeItem(key);
  } catch {
    // No room, or forbidden: the text still stands on the screen, and leaving warns.
  }
}

/** @param {string} id @returns {Draft | null} */
export function draftOf(id) {
  return read(KEY + id);
}

/** @param {string} id */
export function dropDraft(id) {
  localStorage.removeItem(KEY + id);
}

/** Latest first. */
function draftsKept() {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(KEY));
  return keys.map((key) => ({ key, at: read(key)?.at ?? 0 })).sort((a, b) => b.at - a.at);
}

/** @param {string} key @returns {Draft | null} */
function read(key) {
  try {
    const draft = JSON.parse(localStorage.getItem(key) ?? "null");
    return typeof draft?.markdown === "string" && typeof draft.base === "string" ? draft : null;
  } catch {
    return null;
  }
}
