// @ts-check
// Favourites and what was used lately: ids of entries and replies, never texts. Pure; the host keeps them.

/** @typedef {{entry: string, reply: string, at: number}} Used */

/** Used replies that are kept: what is at hand when the service is away. */
export const MAX_RECENT = 200;

/** Favourites that are kept: two pages of nine are already many to look through. */
export const MAX_FAVOURITES = 200;

/** Entries of one list on the screen: what nine keys reach, four times. */
export const MAX_SHOWN = 36;

/** @param {Used[]} recent the latest first @param {Used} used */
export function withUsed(recent, used) {
  return [used, ...recent.filter((other) => other.entry !== used.entry || other.reply !== used.reply)].slice(0, MAX_RECENT);
}

/** Adds a favourite as the first, or takes it away. @param {string[]} favourites @param {string} entry */
export function toggled(favourites, entry) {
  return favourites.includes(entry) ? favourites.filter((other) => other !== entry) : [entry, ...favourites].slice(0, MAX_FAVOURITES);
}

/** Entries of what was used, each once. @param {Used[]} recent */
export function entriesOf(recent) {
  return [...new Set(recent.map((used) => used.entry))].slice(0, MAX_SHOWN);
}

/** What the storage gave, as far as it is a list of the kind; anybody may have changed it. @template T @param {unknown} kept @param {(item: any) => item is T} isItem @returns {T[]} */
export function listOf(kept, isItem) {
  return Array.isArray(kept) ? kept.filter(isItem) : [];
}

/** @param {any} item @returns {item is Used} */
export function isUsed(item) {
  return typeof item?.entry === "string" && typeof item.reply === "string" && typeof item.at === "number";
}

/** @param {any} item @returns {item is string} */
export function isText(item) {
  return typeof item === "string";
}
