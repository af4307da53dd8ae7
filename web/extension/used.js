// @ts-check
// Replies that were used lately, at hand while the service is away. Pure: what was found goes in with the time, what can be shown comes out.
// Kept are hits as the service gave them: words of the library, none of a customer.

/**
 * @typedef {{id: string, title: string, shortcut: string | null, category: string, replies: {id: string, text: string, template?: string,
 *   segments: {text: string}[], missing: string[]}[], matched: {by: string, text_pieces: {text: string, hit: boolean}[]}, title_pieces: {text: string, hit: boolean}[],
 *   [name: string]: unknown}} Hit
 * @typedef {{hit: Hit, reply_id: string, ends_at: number | null, used_at: number}} Used
 */

/** Most that are kept: what one agent uses in weeks. */
export const MAX_USED = 200;

/** Most that one answer shows: what nine keys reach. */
const MAX_SHOWN = 9;

/** Where nothing of the question is met, this many of the latest are shown: better than an empty panel. */
const LATEST = 5;

/**
 * Adds what was used; an entry stands once, with its latest use and the reply that was used first.
 * @param {Used[]} kept latest first @param {Used} used
 */
export function add(kept, used) {
  const replies = [...used.hit.replies].sort((one, other) => Number(other.id === used.reply_id) - Number(one.id === used.reply_id));
  const entry = { ...used, hit: { ...used.hit, replies } };
  return [entry, ...kept.filter(({ hit }) => hit.id !== used.hit.id)].slice(0, MAX_USED);
}

/** Whether a reply may not go out any more. @param {Used} used @param {number} now */
export function isOver({ ends_at }, now) {
  return ends_at !== null && ends_at <= now;
}

/** Pairs of neighbouring letters, in lower case. @param {string} text */
function pairs(text) {
  const letters = [...text.toLowerCase().replace(/[\s\p{P}]/gu, "")];
  return new Set(letters.slice(1).map((letter, at) => letters[at] + letter));
}

/** How much of an entry a question meets. @param {Used} used @param {string} q */
function met({ hit }, q) {
  if (hit.shortcut && hit.shortcut.toLowerCase() === q.toLowerCase()) return 100;
  const words = pairs([hit.title, hit.category, ...hit.replies.map((reply) => reply.text)].join(" "));
  const titles = pairs(hit.title);
  let sum = 0;
  for (const pair of pairs(q)) sum += titles.has(pair) ? 3 : words.has(pair) ? 1 : 0;
  return sum;
}

/**
 * An answer in the shape of the service's. What is past its validity is left out: it cannot go out.
 * @param {Used[]} kept @param {string} q @param {number} now
 */
export function answer(kept, q, now) {
  const valid = kept.filter((used) => !isOver(used, now));
  const ranked = valid.map((used) => ({ used, score: met(used, q) })).sort((one, other) => other.score - one.score || other.used.used_at - one.used.used_at);
  const found = ranked.filter(({ score }) => score > 0).slice(0, MAX_SHOWN);
  const shown = found.length > 0 ? found : ranked.slice(0, LATEST);
  return {
    query_id: crypto.randomUUID(),
    hits: shown.map(({ used }) => asHit(used)),
    total: found.length,
    took_ms: 0,
    facets: {},
    emotion: { emotion: "平静", score: 0, words: [], haste: false, risks: [] },
    act: null,
    stage: null,
    confidence: 0,
    confident: false,
    truncated: false,
  };
}

/** Marks of another question do not belong here. @param {Used} used */
function asHit({ hit }) {
  return { ...hit, title_pieces: [{ text: hit.title, hit: false }], matched: { by: "title", text_pieces: [] }, snippet_pieces: [], score: 0, confidence: 0 };
}

/** A slot: its name, and what stands there where nobody fills it. */
const SLOT = /\{\{\s*([^{}|｜\n]+?)\s*(?:[|｜]([^{}\n]*))?\}\}/gu;

/** What makes a slot one of the shop's. */
const OF_SHOP = /^(?:店铺|shop)\./;

/**
 * A reply made ready while the service is away, in the shape of the service's. `null`: not kept, or over.
 * @param {Used[]} kept @param {string} id of the entry @param {{reply_id?: string | null, slots?: Record<string, string>}} request
 * @param {Record<string, string>} shop its values @param {number} now
 */
export function render(kept, id, { reply_id, slots = {} }, shop, now) {
  const used = kept.find(({ hit }) => hit.id === id);
  const reply = used && (used.hit.replies.find((reply) => reply.id === reply_id) ?? used.hit.replies[0]);
  if (!used || !reply || isOver(used, now)) return null;
  /** @type {Set<string>} */
  const missing = new Set();
  const fill = (/** @type {string} */ text) =>
    text.replace(SLOT, (whole, name, fallback) => {
      const value = slots[name]?.trim() || (OF_SHOP.test(name) ? shop[name.replace(OF_SHOP, "")] : "") || fallback?.trim();
      if (!value) missing.add(name);
      return value || whole;
    });
  const text = fill(reply.template ?? reply.text);
  const parts = text.split("\n***\n");
  const segments = parts.length === reply.segments.length ? parts : [text];
  return {
    entry_id: id,
    reply_id: reply.id,
    label: "",
    text,
    segments: segments.map((text, at) => ({ ...reply.segments[at], text })),
    missing: [...missing],
    findings: [],
    blocked: false,
    served: true,
    marks: [],
  };
}

/** Entries by their ids, in the shape of the service's. @param {Used[]} kept @param {string[]} ids @param {number} now */
export function browse(kept, ids, now) {
  const known = new Map(kept.filter((used) => !isOver(used, now)).map((used) => [used.hit.id, used]));
  const hits = ids.flatMap((id) => known.get(id) ?? []).map(asHit);
  return { hits, gone: ids.filter((id) => !known.has(id)), total: hits.length };
}

/** Suggestions for letters, in the shape of the service's. @param {Used[]} kept @param {string} q @param {number} now */
export function suggest(kept, q, now) {
  const letters = q.toLowerCase();
  const fits = (/** @type {Used} */ { hit }) => hit.shortcut?.toLowerCase().startsWith(letters) || hit.title.toLowerCase().includes(letters);
  const found = kept.filter((used) => !isOver(used, now) && fits(used)).slice(0, MAX_SHOWN);
  return { suggestions: found.map(({ hit }) => ({ id: hit.id, title: hit.title, text: hit.title, shortcut: hit.shortcut })) };
}
