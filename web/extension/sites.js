// @ts-check
// The sites that the agent allowed: which profile fits, what scripts in their pages are told, and where the script runs by itself.

import { inject, SCRIPT } from "./chat.js";
import { readConfig } from "./config.js";
import { fits, originPattern, readProfiles, siteOf } from "./match.js";
import { request } from "./requests.js";

/** The key of the profiles that the service gave last. */
const KEY = "profiles";

/** The id under which the browser knows where the script runs. */
const SCRIPT_ID = "chat";

/** Rest before the service is asked for profiles again, in milliseconds: a mended profile is there within a minute. */
const FRESH_MS = 60_000;

/** The salt of conversation ids: new with each start of the browser. */
const SALT = "salt";

/** When profiles were last asked for; the worker forgets it when it sleeps, which does no harm. */
let asked = 0;

/** @returns {Promise<import("./match.js").Site[]>} */
export async function profiles() {
  const { [KEY]: kept } = await chrome.storage.local.get(KEY);
  const known = /** @type {{etag: string, profiles: import("./match.js").Site[]} | undefined} */ (kept);
  if (Date.now() - asked < FRESH_MS) return known?.profiles ?? builtIn();
  asked = Date.now();
  const answer = await request({ path: "v1/site-profiles", headers: known ? { "if-none-match": known.etag } : {} });
  const given = answer.status === 200 ? readProfiles(parsed(answer.text)) : null;
  if (!given) return known?.profiles ?? builtIn();
  await chrome.storage.local.set({ [KEY]: { etag: answer.headers.etag ?? "", profiles: given.profiles } });
  return given.profiles;
}

/** Another service has other profiles: it is asked next, and until it answers those that are known stay. */
export async function doubtProfiles() {
  asked = 0;
  const { [KEY]: kept } = await chrome.storage.local.get(KEY);
  if (kept) await chrome.storage.local.set({ [KEY]: { .../** @type {object} */ (kept), etag: "" } });
}

/** Those that the extension brings. */
async function builtIn() {
  const response = await fetch(chrome.runtime.getURL("site-profiles.json"));
  return readProfiles(await response.json())?.profiles ?? [];
}

/** @param {string | undefined} text */
function parsed(text) {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return null;
  }
}

/** What a page's script is told. @param {string} address of the frame @param {string} top of the page around it */
export async function ordersFor(address, top) {
  const [sites, { triggers }, salt] = await Promise.all([profiles(), readConfig(), sessionSalt()]);
  return { site: siteOf(sites, address) ?? siteOf(sites, top), salt, triggers };
}

async function sessionSalt() {
  const kept = (await chrome.storage.session.get(SALT))[SALT];
  if (typeof kept === "string") return kept;
  const salt = crypto.randomUUID();
  await chrome.storage.session.set({ [SALT]: salt });
  return salt;
}

/** Hosts that the agent allowed, without the service's own. @returns {Promise<string[]>} */
export async function allowedOrigins() {
  const [{ origins = [] }, { server }] = await Promise.all([chrome.permissions.getAll(), readConfig()]);
  const own = originPattern(server);
  return origins.filter((origin) => origin !== own && !isEverywhere(origin));
}

/** A permission for all sites is no choice of a chat page: there the script comes when the panel asks. @param {string} origin */
function isEverywhere(origin) {
  return fits(origin, "https://a.invalid/") || fits(origin, "http://a.invalid/");
}

/** Lets the script run where it may, from the next load of a page on. */
export async function register() {
  const matches = await allowedOrigins();
  const registered = await chrome.scripting.getRegisteredContentScripts({ ids: [SCRIPT_ID] });
  if (matches.length === 0) {
    if (registered.length > 0) await chrome.scripting.unregisterContentScripts({ ids: [SCRIPT_ID] });
    return;
  }
  /** @type {chrome.scripting.RegisteredContentScript} */
  const script = { id: SCRIPT_ID, js: [SCRIPT], matches, allFrames: true, matchOriginAsFallback: true, runAt: "document_idle", persistAcrossSessions: true };
  if (registered.length > 0) await chrome.scripting.updateContentScripts([script]);
  else await chrome.scripting.registerContentScripts([script]);
}

/** Puts the script into pages that are open already. @param {string[]} origins */
export async function enter(origins) {
  const tabs = await chrome.tabs.query({ url: origins });
  await Promise.allSettled(tabs.map((tab) => (tab.id === undefined ? undefined : inject(tab.id))));
}

/** Lets open pages ask again for what has changed. */
export async function retell() {
  const origins = await allowedOrigins();
  const tabs = origins.length > 0 ? await chrome.tabs.query({ url: origins }) : [];
  const renew = () => /** @type {any} */ (globalThis).huashu?.renew();
  const target = (/** @type {number} */ tabId) => ({ tabId, allFrames: true });
  await Promise.allSettled(tabs.map(({ id }) => (id === undefined ? undefined : chrome.scripting.executeScript({ target: target(id), func: renew }))));
}
