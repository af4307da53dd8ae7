// @ts-check
// Requests of the studio. Everything that it knows and does goes through here.
//
//   const { entries, total } = await api.get("v1/entries", { query: { kind: "answer", limit: 50 }, signal });
//   const { data, etag } = await api.request("PUT", `v1/entries/${part(id)}`, { body: { markdown }, match: hash });
//   await api.post("v1/points", {…});   api.put, api.delete likewise: give the answer's JSON, `null` where there is none
//
// A failure is an `ApiProblem`: `code` and `status` to decide by, `zh` to show, `body` with whatever else the document says (409, 412). A request that
// needs signing in asks for it in a dialog and goes on after: nothing that stands on the screen is lost.

import { sentence } from "./problems.js";
import { tokenOf } from "./token.js";

/** Longest wait for an answer, in milliseconds: an import of 20 MB on a busy machine takes that long. */
const TIMEOUT_MS = 120_000;

/** @typedef {Record<string, string | number | boolean | null | undefined>} Query values that are nothing are left out */

/**
 * @typedef {object} How
 * @property {unknown} [body] JSON, or a Blob as it is
 * @property {Query} [query]
 * @property {string} [match] hash of the version that was read: the service writes only over that one
 * @property {boolean} [fresh] writes only where nothing is yet
 * @property {AbortSignal} [signal]
 */

export class ApiProblem extends Error {
  /** @param {number} status 0: no answer @param {any} body the problem document */
  constructor(status, body) {
    const code = typeof body?.code === "string" ? body.code : status === 0 ? "offline" : "request_failed";
    super(body?.detail ?? code);
    this.name = "ApiProblem";
    this.status = status;
    this.code = code;
    this.body = body;
  }

  /** A sentence for people. */
  get zh() {
    return sentence(this.status, this.code, this.message);
  }
}

/** A text as one part of an address. @param {string} text */
export function part(text) {
  return encodeURIComponent(text);
}

/** What went wrong, for people. @param {unknown} error */
export function explain(error) {
  if (error instanceof ApiProblem) return error.zh;
  const message = error instanceof Error ? error.message : String(error);
  // What is thrown here on purpose is a sentence already; what the browser throws is not.
  return /\p{Script=Han}/u.test(message) ? message : `页面出错：${message}`;
}

export class Api {
  /** Asked when the service wants to know who this is; says whether it is worth another try. @type {(() => Promise<boolean>) | null} */
  signIn = null;

  /** @param {string} path @param {How} [how] @returns {Promise<any>} */
  async get(path, how) {
    return (await this.request("GET", path, how)).data;
  }

  /** @param {string} path @param {unknown} [body] @param {How} [how] @returns {Promise<any>} */
  async post(path, body = {}, how) {
    return (await this.request("POST", path, { ...how, body })).data;
  }

  /** @param {string} path @param {unknown} [body] @param {How} [how] @returns {Promise<any>} */
  async put(path, body = {}, how) {
    return (await this.request("PUT", path, { ...how, body })).data;
  }

  /** @param {string} path @param {How} [how] @returns {Promise<any>} */
  async delete(path, how) {
    return (await this.request("DELETE", path, how)).data;
  }

  /** Asked in passing: nobody is asked to sign in for it, and a failure is nothing. @param {string} path @returns {Promise<any>} `null` where it failed */
  async ask(path) {
    const response = await this.#fetch("GET", path, {}).catch(() => null);
    return response?.ok ? response.json().catch(() => null) : null;
  }

  /** A file to keep: asked with the same proof, then handed to the browser. @param {string} path @param {string} name @param {How} [how] */
  async save(path, name, how) {
    const response = await this.#answered("GET", path, how ?? {});
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    // The service knows best how it ends.
    const ending = /filename="[^"]*(\.\w+)"/u.exec(response.headers.get("content-disposition") ?? "")?.[1];
    link.download = ending ? name.replace(/\.\w+$/u, "") + ending : name;
    link.click();
    // The browser has taken it by then.
    setTimeout(() => URL.revokeObjectURL(link.href), TIMEOUT_MS);
  }

  /** The answer as text: SVG, Markdown, HTML. @param {string} path @param {How} [how] */
  async text(path, how) {
    return (await this.#answered("GET", path, how ?? {})).text();
  }

  /**
   * @param {string} method @param {string} path relative to the service's root @param {How} [how]
   * @returns {Promise<{data: any, etag: string | null, status: number}>} `etag` without its quotation marks
   */
  async request(method, path, how = {}) {
    const response = await this.#answered(method, path, how);
    const data = response.status === 204 ? null : await response.json().catch(() => null);
    return { data, etag: response.headers.get("etag")?.replaceAll('"', "") ?? null, status: response.status };
  }

  /** @param {string} method @param {string} path @param {How} how @returns {Promise<Response>} */
  async #answered(method, path, how) {
    let response = await this.#fetch(method, path, how);
    const signsIn = path === "v1/session";
    if (response.status === 401 && !signsIn && this.signIn && (await this.signIn())) response = await this.#fetch(method, path, how);
    if (response.ok) return response;
    throw new ApiProblem(response.status, await response.json().catch(() => null));
  }

  /** @param {string} method @param {string} path @param {How} how */
  async #fetch(method, path, { body, query, match, fresh, signal }) {
    /** @type {Record<string, string>} */
    const headers = { "huashu-client": "studio" };
    const token = tokenOf();
    if (token) headers.authorization = `Bearer ${token}`;
    if (match) headers["if-match"] = `"${match}"`;
    if (fresh) headers["if-none-match"] = "*";
    if (body instanceof Blob) headers["content-type"] = "application/octet-stream";
    else if (body !== undefined) headers["content-type"] = "application/json";
    const limits = [AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])];
    try {
      return await fetch(withQuery(path, query), {
        method,
        headers,
        credentials: "same-origin",
        body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
        signal: AbortSignal.any(limits),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiProblem(0, { detail: String(error) });
    }
  }
}

/** @param {string} path @param {Query} [query] */
export function withQuery(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return search ? `${path}?${search}` : path;
}
