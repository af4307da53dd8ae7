// @ts-check
// What the worker answers from while the service is away, and how it learns what was used. Keeps replies in `chrome.storage.local`; of what was
// searched, only the entries found, in memory.

import { isAway, json } from "./requests.js";
import * as used from "./used.js";

/** The key of the replies. */
const KEY = "used";

/** The key of what the service last said of its library: a panel that is opened while it is away needs the shops. */
const LIBRARY = "library";

/** Searches of which the hits are remembered until one is used: several chats at once. */
const MAX_ANSWERS = 20;

/** Events that say that a reply went out. */
const USES = new Set(["picked", "copied", "inserted", "edited"]);

/** Hits of the latest searches, by entry. The worker sleeps: what it forgets is asked for again. @type {Map<string, used.Hit>} */
const found = new Map();

let away = false;

/** @returns {Promise<used.Used[]>} */
async function kept() {
  return /** @type {used.Used[] | undefined} */ ((await chrome.storage.local.get(KEY))[KEY]) ?? [];
}

/** Whether the service was away when it was last asked. */
export function isServiceAway() {
  return away;
}

/** Tells the panel when the service goes and comes. @param {boolean} now */
function tell(now) {
  if (away === now) return;
  away = now;
  chrome.runtime.sendMessage({ type: "away", away }).catch(() => {
    // No panel is open.
  });
}

/**
 * Looks at an answer on its way to the panel: remembers hits and uses, and takes the place of a service that is away.
 * @param {import("./requests.js").Asked} asked @param {import("./requests.js").Answer} answer @returns {Promise<import("./requests.js").Answer>}
 */
export async function stand(asked, answer) {
  tell(isAway(answer));
  if (!isAway(answer)) {
    await learn(asked, answer);
    return answer;
  }
  if (asked.path === "v1/events") await remember(asked);
  const own = await ownAnswer(asked);
  return own === null ? answer : { status: 200, headers: { "content-type": "application/json" }, text: JSON.stringify(own) };
}

/** @param {import("./requests.js").Asked} asked */
async function ownAnswer({ path, body }) {
  const url = new URL(path, "http://away/");
  const given = read(body);
  const replies = await kept();
  const now = Date.now();
  if (url.pathname === "/v1/search") return used.answer(replies, [given.q ?? "", ...(given.messages ?? [])].join("\n"), now);
  if (url.pathname === "/v1/suggest") return used.suggest(replies, url.searchParams.get("q") ?? "", now);
  if (url.pathname === "/v1/browse") return used.browse(replies, given.ids ?? [], now);
  const library = /** @type {any} */ ((await chrome.storage.local.get(LIBRARY))[LIBRARY]) ?? null;
  if (url.pathname === "/v1/library") return library;
  const rendered = /^\/v1\/entries\/([^/]+)\/render$/.exec(url.pathname);
  const shop = library?.shops?.find((/** @type {{id: string}} */ { id }) => id === given.context?.shop);
  return rendered ? used.render(replies, decodeURIComponent(rendered[1]), given, shop?.values ?? {}, now) : null;
}

/** @param {string | null | undefined} body */
function read(body) {
  try {
    return JSON.parse(body ?? "{}") ?? {};
  } catch {
    return {};
  }
}

/** @param {import("./requests.js").Asked} asked @param {import("./requests.js").Answer} answer */
async function learn(asked, answer) {
  if (answer.status !== 200 && answer.status !== 202) return;
  if (asked.path === "v1/search" || asked.path === "v1/browse") {
    for (const hit of read(answer.text).hits ?? []) {
      found.delete(hit.id);
      found.set(hit.id, hit);
    }
    for (const id of [...found.keys()].slice(0, Math.max(0, found.size - MAX_ANSWERS * 9))) found.delete(id);
  } else if (asked.path === "v1/library") {
    await chrome.storage.local.set({ [LIBRARY]: read(answer.text) });
  } else if (asked.path === "v1/events") {
    await remember(asked);
  }
}

/** @param {import("./requests.js").Asked} asked */
async function remember({ body }) {
  for (const event of read(body).events ?? []) {
    if (USES.has(event.type) && event.entry_id) await use(event.entry_id, event.reply_id ?? "");
  }
}

/** Keeps a reply that was used. @param {string} id of the entry @param {string} replyId */
export async function use(id, replyId) {
  const replies = await kept();
  const before = replies.find(({ hit }) => hit.id === id);
  const hit = found.get(id) ?? before?.hit ?? (await hitOf(id));
  if (!hit) return;
  const entry = away ? null : (await json({ path: `v1/entries/${encodeURIComponent(id)}` }))?.entry;
  const ends_at = entry ? (entry.ends_at ?? null) : (before?.ends_at ?? null);
  await chrome.storage.local.set({ [KEY]: used.add(await kept(), { hit, reply_id: replyId, ends_at, used_at: Date.now() }) });
}

/** The hit of an entry that was used without a search that is remembered. @param {string} id @returns {Promise<used.Hit | null>} */
async function hitOf(id) {
  if (away) return null;
  const entry = (await json({ path: `v1/entries/${encodeURIComponent(id)}` }))?.entry;
  if (!entry) return null;
  const whole = (/** @type {any} */ reply) => reply.segments.map((/** @type {{text: string}} */ segment) => segment.text).join("\n***\n");
  const replies = entry.replies.map((/** @type {any} */ reply) => ({
    ...reply,
    text: whole(reply),
    template: whole(reply),
    missing: reply.slots.filter((/** @type {any} */ slot) => slot.fallback === null).map((/** @type {{name: string}} */ slot) => slot.name),
    used: false,
  }));
  return { ...entry, replies, marks: [], title_pieces: [], matched: { by: "title", text_pieces: [] }, snippet_pieces: [], score: 0, confidence: 0 };
}
