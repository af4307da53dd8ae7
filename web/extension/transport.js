// @ts-check
// The panel's requests in the extension: messages to the worker, which alone does them. In the shape of `fetch`, so that the panel's transport
// is the same as the page's.

import { PageTransport, readNotice } from "../transport.js";

/** @typedef {import("../transport.js").Transport} Transport */

/** The panel's transport in the extension. */
export class ExtensionTransport extends PageTransport {
  /** @param {string} install */
  constructor(install) {
    super(install, "", workerFetch);
  }

  /** The worker listens, and is kept awake by being listened to. @type {Transport["notices"]} */
  notices(told, signal) {
    const listen = () => {
      const port = chrome.runtime.connect({ name: "notices" });
      signal.addEventListener("abort", () => port.disconnect());
      port.onMessage.addListener((data) => {
        const notice = readNotice(String(data));
        if (notice) told(notice);
      });
      // The browser ends a worker now and then.
      port.onDisconnect.addListener(() => signal.aborted || setTimeout(() => signal.aborted || listen(), RECONNECT_MS));
    };
    listen();
  }
}

/** Rest before the worker is asked to listen again, in milliseconds. */
const RECONNECT_MS = 4_000;

/** Bytes of base64. @param {string} text */
function bytesOf(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/**
 * As `fetch`, by the worker. @param {string} path below the service's address @param {RequestInit} [init] with a text as its body
 * @returns {Promise<Response>}
 */
export async function workerFetch(path, { method = "GET", headers = {}, body = null, signal } = {}) {
  signal?.throwIfAborted();
  const id = crypto.randomUUID();
  const asked = { path, method, headers: Object.fromEntries(new Headers(headers)), body: body === null ? null : String(body) };
  const cancelled = new Promise((_, reject) => {
    signal?.addEventListener("abort", () => {
      chrome.runtime.sendMessage({ type: "cancel", id }).catch(() => {});
      reject(signal.reason);
    });
  });
  const answer = await Promise.race([chrome.runtime.sendMessage({ type: "request", id, asked }), cancelled]);
  if (!answer || answer.status === 0) throw new TypeError(answer?.text ?? "the worker did not answer");
  const content = answer.base64 === undefined ? answer.text : bytesOf(answer.base64);
  const empty = answer.status === 204 || answer.status === 304;
  return new Response(empty ? null : content, { status: answer.status, headers: answer.headers });
}
