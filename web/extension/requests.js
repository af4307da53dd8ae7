// @ts-check
// Requests to the service: made by the worker alone, which alone knows the token.

import { readConfig } from "./config.js";

/** Longest wait, in milliseconds: the service itself gives up after 15 s. */
const TIMEOUT_MS = 16_000;

/** What may be asked of the service. */
const PATHS = /^(v1\/|readyz$|healthz$)/;

/** Headers that a caller may set itself; the worker adds those that say who asks. */
const HEADERS = ["content-type", "if-none-match", "if-match", "accept"];

/**
 * An answer in the shape that messages carry: text, or base64 where it is a picture. `status` 0: no answer at all.
 * @typedef {{status: number, headers: Record<string, string>, text?: string, base64?: string}} Answer
 * @typedef {{path: string, method?: string, headers?: Record<string, string>, body?: string | null}} Asked
 */

/**
 * @param {Asked} asked @param {AbortSignal} [signal]
 * @returns {Promise<Answer>}
 */
export async function request({ path, method = "GET", headers = {}, body = null }, signal) {
  const config = await readConfig();
  if (!PATHS.test(path) || path.includes("..")) throw new Error(`no path of the service: ${path}`);
  const sent = new Headers();
  for (const name of HEADERS) if (headers[name]) sent.set(name, headers[name]);
  sent.set("huashu-install", config.install);
  if (config.token) sent.set("authorization", `Bearer ${config.token}`);
  const limits = [AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])];
  try {
    const response = await fetch(config.server + path, {
      method,
      headers: sent,
      body,
      signal: AbortSignal.any(limits),
      credentials: "omit",
      cache: "no-store",
      // The token goes to the address that was set, and nowhere else.
      redirect: "error",
    });
    return await packed(response);
  } catch (error) {
    if (signal?.aborted) throw error;
    return { status: 0, headers: {}, text: String(error) };
  }
}

/** JSON of the service; `null` where there is none. @param {Asked} asked @returns {Promise<any>} */
export async function json(asked) {
  const { status, text } = await request(asked);
  if (status < 200 || status > 299 || !text) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A POST of JSON. @param {string} path @param {unknown} body @returns {Promise<any>} */
export function post(path, body) {
  return json({ path, method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

/** Whether an answer says that the service is away: nothing came, or a proxy says so for it. @param {Answer} answer */
export function isAway({ status }) {
  return status === 0 || status === 502 || status === 504;
}

/**
 * Reads server-sent events until aborted or the service ends; silent where it has none. @param {string} path
 * @param {(data: string) => void} told @param {AbortSignal} signal
 * @returns {Promise<boolean>} whether the service has such events at all
 */
export async function listen(path, told, signal) {
  const { server, token, install } = await readConfig();
  const headers = { accept: "text/event-stream", "huashu-install": install, ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const response = await fetch(server + path, { headers, signal, credentials: "omit", cache: "no-store", redirect: "error" });
  if (!response.ok || !response.body) return response.status >= 500;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ; ) {
    const { done, value = "" } = await reader.read();
    if (done) return true;
    const parts = (rest + value).split(/\r?\n\r?\n/);
    rest = (parts.pop() ?? "").slice(-MAX_EVENT_CHARS);
    parts.map(dataOf).filter((data) => data !== "").forEach(told);
  }
}

/** Longest event that is waited for, in characters: a lead's word has some hundred. */
const MAX_EVENT_CHARS = 64_000;

/** The data of one event. @param {string} event */
export function dataOf(event) {
  const lines = event.split(/\r?\n/).filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n");
}

/** @param {Response} response @returns {Promise<Answer>} */
async function packed(response) {
  const headers = Object.fromEntries(["content-type", "etag", "x-request-id"].flatMap((name) => {
    const value = response.headers.get(name);
    return value === null ? [] : [[name, value]];
  }));
  const type = headers["content-type"] ?? "";
  if (/json|^text\//.test(type)) return { status: response.status, headers, text: await response.text() };
  const bytes = new Uint8Array(await response.arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return { status: response.status, headers, base64: btoa(binary) };
}
