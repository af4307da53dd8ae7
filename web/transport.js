// @ts-check
// Requests to the service. The page fetches; the extension has a second implementation of the same contract.

/** Longest wait for an answer, in milliseconds: the service itself gives up after 15 s. */
const TIMEOUT_MS = 16_000;

/** Rest before notices are listened to again, in milliseconds: below it a lead's word would be late, far below it a sleeping service is asked in vain. */
const RECONNECT_MS = 4_000;

/** The same where the service refused the first time: it asks to sign in, or has no more room. */
const REFUSED_MS = 30_000;

/** A request that failed: a problem document of the service, or no answer at all (`code` is "offline"). */
export class TransportError extends Error {
  /** @param {string} code @param {string} detail */
  constructor(code, detail) {
    super(detail);
    this.name = "TransportError";
    this.code = code;
  }
}

/**
 * @typedef {{text: string, hit: boolean}} Piece
 * @typedef {{alt: string, target: string}} Picture
 * @typedef {{text: string, pictures: Picture[]}} Segment
 * @typedef {{facet: string, value: string}} Condition
 * @typedef {{id: string, label: string, text: string, template: string, segments: Segment[], missing: string[], used: boolean, conditions: Condition[]}} Reply
 * @typedef {{id: string, kind: string, title: string, title_pieces: Piece[], score: number, confidence: number,
 *   matched: {by: string, text_pieces: Piece[]}, snippet_pieces: Piece[], category: string, replies: Reply[], advice: string,
 *   authority: string, marks: string[], picks: number, facets: Condition[], hours: string | null, valid_until: string | null, path: string,
 *   shortcut: string | null, trigger: string | null, next: string[]}} Hit
 * @typedef {{emotion: string, words: string[], haste: boolean, risks: {name: string, entry: string}[]}} Emotion
 * @typedef {{query_id: string, hits: Hit[], total: number, took_ms: number, emotion: Emotion, act: string | null, stage: string | null,
 *   confident: boolean, truncated: boolean}} Answer
 * @typedef {{id: string, name: string, aliases: string[], channels: string[], values: Record<string, string>}} Shop
 * @typedef {{value: string, count: number}} Count
 * @typedef {{verdict: string, text: string, reasons: {reason: string, text: string}[]}} Verdict
 * @typedef {{name: string, served: number, kinds: Record<string, number>, shops: Shop[], facets: Record<string, string[]>,
 *   categories: Count[], triggers: Count[], hours: string[], hold: string | null, escalation: {entries: string[], limits: Record<string, string>},
 *   verdicts: Verdict[], errors: number, warnings: number, degraded: string | null}} Library
 * @typedef {{shop?: string, channel?: string, stage?: string, product?: string, customer?: string, emotion?: string, authority?: string,
 *   conversation_id?: string, used_reply_ids?: string[]}} Context
 * @typedef {{entry_id: string, reply_id: string, label: string, text: string, segments: Segment[], missing: string[],
 *   findings: import("./panel/findings.js").Finding[], blocked: boolean, served: boolean, marks: string[]}} Rendered
 * @typedef {{findings: import("./panel/findings.js").Finding[], blocked: boolean}} Checked
 * @typedef {{accounts: boolean, name: string | null, display: string, role: string, rights: string[], oidc: boolean}} Session `name` is `null` where nobody
 *   is signed in
 * @typedef {{kind: string, entry_id?: string, base_etag?: string, markdown?: string, text?: string, note?: string, query_id?: string}} Proposal
 * @typedef {{id: string, kind: string, entry_id: string | null, title: string, at: number, state: string, reason: string | null}} Submission
 * @typedef {{id: string, title: string, shortcut: string | null, text: string}} Mine
 * @typedef {{id: string, text: string, shops: string[], entry_id: string | null, reply_id: string | null}} Notice `shops`: names; none: all
 * @typedef {{id: string, gone: true}} Gone a notice that is over
 */

/**
 * The contract: each method gives what the API gives, and fails with a `TransportError` (or the signal's abort).
 * @typedef {object} Transport
 * @property {(request: {q?: string, messages?: string[], context: Context, limit: number}, signal?: AbortSignal) => Promise<Answer>} search
 * @property {(q: string, limit: number, signal?: AbortSignal) => Promise<{suggestions: {id: string}[]}>} suggest
 * @property {(request: {ids?: string[], category?: string, trigger?: string, context: Context, limit?: number}, signal?: AbortSignal) =>
 *   Promise<{hits: Hit[], gone: string[], total: number}>} browse
 * @property {() => Promise<Library>} library
 * @property {(id: string) => Promise<{markdown: string, content_hash: string,
 *   entry: {passages: {heading: string, text: string}[]}}>} entry
 * @property {(id: string, request: {reply_id: string, slots: Record<string, string>, context: Context}) => Promise<Rendered>} render
 * @property {(request: {text: string, channel?: string, shop?: string}, signal?: AbortSignal) => Promise<Checked>} check
 * @property {(events: import("./events.js").Happening[]) => Promise<unknown>} events the request outlives the page
 * @property {(path: string) => Promise<Blob>} picture path relative to the library
 * @property {(told: (notice: Notice | Gone) => void, signal: AbortSignal) => void} notices calls back with what a lead says now, and with what is over,
 *   until aborted
 * @property {(id: string) => Promise<unknown>} acknowledge says that a notice was read
 * @property {() => Promise<Session>} session who is there
 * @property {(name: string, password: string) => Promise<Session>} signIn
 * @property {() => Promise<unknown>} signOut
 * @property {(text: string) => Promise<{text: string}>} mask the text with placeholders for what is private
 * @property {(proposal: Proposal) => Promise<unknown>} propose
 * @property {(limit: number) => Promise<{submissions: Submission[]}>} proposals the caller's own, latest first
 * @property {() => Promise<{entries: Mine[]}>} mine words that the caller keeps for themselves
 * @property {(words: Omit<Mine, "id"> & {id?: string}) => Promise<Mine>} keepMine adds them, or with an id changes them
 * @property {(id: string) => Promise<unknown>} dropMine
 * @property {() => void} signedOut called whenever the service wants to know who asks; set by the panel
 */

/**
 * The service, asked with fetch from the page that it serves.
 * @implements {Transport}
 */
export class PageTransport {
  /**
   * @param {string} install stands for the person where there are no accounts @param {string} base address of the service, with a slash at its end
   * @param {(url: string, init: RequestInit) => Promise<Response>} fetcher who fetches: in the extension, the worker
   */
  constructor(install, base = "./", fetcher = (url, init) => fetch(url, init)) {
    this.install = install;
    this.base = base;
    this.fetcher = fetcher;
  }

  signedOut() {}

  /** @type {Transport["search"]} */
  search(request, signal) {
    return this.#ask("v1/search", request, { signal });
  }

  /** @type {Transport["suggest"]} */
  suggest(q, limit, signal) {
    return this.#ask(`v1/suggest?${new URLSearchParams({ q, limit: String(limit) })}`, undefined, { signal });
  }

  /** @type {Transport["browse"]} */
  browse(request, signal) {
    return this.#ask("v1/browse", request, { signal });
  }

  /** @type {Transport["library"]} */
  library() {
    return this.#ask("v1/library");
  }

  /** @type {Transport["entry"]} */
  entry(id) {
    return this.#ask(`v1/entries/${encodeURIComponent(id)}`);
  }

  /** @type {Transport["render"]} */
  render(id, request) {
    return this.#ask(`v1/entries/${encodeURIComponent(id)}/render`, request);
  }

  /** @type {Transport["check"]} */
  check(request, signal) {
    return this.#ask("v1/check", request, { signal });
  }

  /** @type {Transport["events"]} */
  events(events) {
    return this.#ask("v1/events", { events }, { keepalive: true });
  }

  /** @type {Transport["picture"]} */
  async picture(path) {
    const response = await this.#fetch(`v1/pictures?${new URLSearchParams({ path })}`, {});
    if (!response.ok) throw new TransportError("no_picture", response.statusText);
    return response.blob();
  }

  /** @type {Transport["notices"]} */
  notices(told, signal) {
    const listen = () => {
      // Such a request has no headers of its own: the page says in the address who acknowledged what before.
      const source = new EventSource(`${this.base}v1/notices?${new URLSearchParams({ install: this.install })}`);
      signal.addEventListener("abort", () => source.close());
      const hear = (/** @type {MessageEvent<string>} */ { data }) => {
        const notice = readNotice(data);
        if (notice) told(notice);
      };
      source.addEventListener("message", hear);
      source.addEventListener("gone", hear);
      // A lost line the browser takes up again by itself; a refusal it does not.
      source.addEventListener("error", () => {
        if (source.readyState !== EventSource.CLOSED || signal.aborted) return;
        setTimeout(() => signal.aborted || listen(), opened ? RECONNECT_MS : REFUSED_MS);
      });
      source.addEventListener("open", () => (opened = true));
    };
    let opened = false;
    listen();
  }

  /** @type {Transport["acknowledge"]} */
  acknowledge(id) {
    return this.#ask(`v1/notices/${encodeURIComponent(id)}/acknowledge`, {});
  }

  /** @type {Transport["session"]} */
  session() {
    return this.#ask("v1/session");
  }

  /** @type {Transport["signIn"]} */
  signIn(name, password) {
    return this.#ask("v1/session", { name, password });
  }

  /** @type {Transport["signOut"]} */
  signOut() {
    return this.#ask("v1/session", undefined, { method: "DELETE" });
  }

  /** @type {Transport["mask"]} */
  mask(text) {
    return this.#ask("v1/mask", { text });
  }

  /** @type {Transport["mine"]} */
  mine() {
    return this.#ask("v1/private");
  }

  /** @type {Transport["keepMine"]} */
  keepMine({ id, ...words }) {
    return id === undefined ? this.#ask("v1/private", words) : this.#ask(`v1/private/${encodeURIComponent(id)}`, words, { method: "PUT" });
  }

  /** @type {Transport["dropMine"]} */
  dropMine(id) {
    return this.#ask(`v1/private/${encodeURIComponent(id)}`, undefined, { method: "DELETE" });
  }

  /** @type {Transport["propose"]} */
  propose(proposal) {
    return this.#ask("v1/submissions", proposal);
  }

  /** @type {Transport["proposals"]} */
  proposals(limit) {
    return this.#ask(`v1/submissions?mine=true&limit=${limit}`);
  }

  /** @param {string} path @param {unknown} [body] @param {{signal?: AbortSignal, keepalive?: boolean, method?: string}} [how] @returns {Promise<any>} */
  async #ask(path, body, { signal, keepalive = false, method = body === undefined ? "GET" : "POST" } = {}) {
    /** @type {RequestInit} */
    const init = { keepalive, method };
    if (body !== undefined) {
      // In the body, not in the address: what customers write belongs in no log and no history.
      Object.assign(init, { headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    }
    const response = await this.#fetch(path, init, signal);
    const answer = await response.json().catch(() => null);
    if (response.ok && (answer !== null || response.status === 204)) return answer;
    if (answer?.code === "unauthorized") this.signedOut();
    throw new TransportError(answer?.code ?? "offline", answer?.detail ?? response.statusText);
  }

  /** @param {string} path @param {RequestInit} init @param {AbortSignal} [signal] */
  async #fetch(path, init, signal) {
    const limits = [AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])];
    const headers = { ...init.headers, "huashu-install": this.install };
    try {
      return await this.fetcher(this.base + path, { ...init, headers, credentials: "same-origin", signal: AbortSignal.any(limits) });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new TransportError("offline", String(error));
    }
  }
}

/** A notice as the service sends it; `null` where it is none. @param {string} data @returns {Notice | Gone | null} */
export function readNotice(data) {
  try {
    const notice = JSON.parse(data);
    if (typeof notice?.id !== "string") return null;
    const { id, text, shops = [], entry_id = null, reply_id = null, gone } = notice;
    if (gone === true) return { id, gone };
    return typeof text === "string" ? { id, text, shops, entry_id, reply_id } : null;
  } catch {
    return null;
  }
}
