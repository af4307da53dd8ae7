// @ts-check
// Requests to the service. The page fetches; the extension will have a second implementation with the same methods.

/** Longest wait for an answer, in milliseconds: the service itself gives up after 15 s. */
const TIMEOUT_MS = 16_000;

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
 * @typedef {{id: string, label: string, text: string, segments: {text: string}[], missing: string[], used: boolean}} Reply
 * @typedef {{id: string, kind: string, title: string, title_pieces: Piece[], score: number, confidence: number,
 *   matched: {by: string, text_pieces: Piece[]}, snippet_pieces: Piece[], category: string, replies: Reply[], advice: string,
 *   authority: string, marks: string[], path: string, shortcut: string | null}} Hit
 * @typedef {{emotion: string, haste: boolean, risks: {name: string, entry: string}[]}} Emotion
 * @typedef {{query_id: string, hits: Hit[], total: number, took_ms: number, emotion: Emotion, act: string | null, confident: boolean, truncated: boolean}} Answer
 * @typedef {{name: string, served: number, kinds: Record<string, number>, shops: {id: string, name: string}[],
 *   facets: Record<string, string[]>, errors: number, warnings: number, degraded: string | null}} Library
 * @typedef {{shop?: string, channel?: string, conversation_id?: string}} Context
 */

/** The service, asked with fetch from the page that it serves. */
export class PageTransport {
  /** @param {string} install stands for the person where there are no accounts @param {string} base address of the service, with a slash at its end */
  constructor(install, base = "./") {
    this.install = install;
    this.base = base;
  }

  /** @param {{q: string, context: Context, limit: number}} request @param {AbortSignal} [signal] @returns {Promise<Answer>} */
  search(request, signal) {
    return this.#ask("v1/search", request, { signal });
  }

  /** @returns {Promise<Library>} */
  library() {
    return this.#ask("v1/library");
  }

  /** @param {string} id @returns {Promise<{entry: {id: string, kind: string, title: string, category: string, advice: string, authority: string, path: string}}>} */
  entry(id) {
    return this.#ask(`v1/entries/${encodeURIComponent(id)}`);
  }

  /** @param {string} id @param {Context} context @returns {Promise<{reply_id: string, label: string, text: string, segments: {text: string}[], missing: string[]}>} */
  render(id, context) {
    return this.#ask(`v1/entries/${encodeURIComponent(id)}/render`, { context });
  }

  /** Tells what became of searches; the request outlives the page. @param {import("./events.js").Happening[]} events @returns {Promise<{accepted: number}>} */
  events(events) {
    return this.#ask("v1/events", { events }, { keepalive: true });
  }

  /** @param {string} path @param {unknown} [body] @param {{signal?: AbortSignal, keepalive?: boolean}} [how] @returns {Promise<any>} */
  async #ask(path, body, { signal, keepalive = false } = {}) {
    const limits = [AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])];
    /** @type {RequestInit} */
    const init = { signal: AbortSignal.any(limits), credentials: "same-origin", keepalive, headers: { "huashu-install": this.install } };
    if (body !== undefined) {
      // In the body, not in the address: what customers write belongs in no log and no history.
      Object.assign(init, { method: "POST", headers: { ...init.headers, "content-type": "application/json" }, body: JSON.stringify(body) });
    }
    let response;
    try {
      response = await fetch(this.base + path, init);
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new TransportError("offline", String(error));
    }
    const answer = await response.json().catch(() => null);
    if (response.ok && answer !== null) return answer;
    throw new TransportError(answer?.code ?? "offline", answer?.detail ?? response.statusText);
  }
}
