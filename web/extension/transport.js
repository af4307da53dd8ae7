// @ts-check
// The panel's requests in the extension: messages to the worker, which alone does them. In the shape of `fetch`, so that the panel's transport
// is the same as the page's.

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
