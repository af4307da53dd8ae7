// @ts-check
// The settings of the extension, in `chrome.storage.local`. Pages and the scripts in them cannot read it.

/**
 * @typedef {object} Config
 * @property {string} server address of the service, with a slash at its end; empty: not set up yet
 * @property {string} token for services with accounts, and for what needs the local token; empty: none
 * @property {string} install stands for this browser where there are no accounts
 * @property {boolean} automatic whether the customer's newest messages are searched without being asked to
 * @property {boolean} triggers whether `;;` opens a list in input boxes
 */

/** Where a service on this machine listens when nobody says otherwise. */
export const DEFAULT_SERVER = "http://127.0.0.1:7700/";

/** @type {Config} */
const DEFAULTS = { server: DEFAULT_SERVER, token: "", install: "", automatic: false, triggers: true };

/** The key of the settings. */
const KEY = "config";

/** Keeps scripts in pages away from all that is stored: from the token, and from what conversations hold. */
export async function closeStorage() {
  await Promise.all([
    chrome.storage.local.setAccessLevel({ accessLevel: "TRUSTED_CONTEXTS" }),
    chrome.storage.session.setAccessLevel({ accessLevel: "TRUSTED_CONTEXTS" }),
  ]);
}

/** @returns {Promise<Config>} */
export async function readConfig() {
  const kept = (await chrome.storage.local.get(KEY))[KEY];
  const config = { ...DEFAULTS, .../** @type {Partial<Config>} */ (kept ?? {}) };
  if (!config.install) {
    config.install = crypto.randomUUID();
    await chrome.storage.local.set({ [KEY]: config });
  }
  return config;
}

/** @param {Partial<Config>} changed */
export async function writeConfig(changed) {
  await chrome.storage.local.set({ [KEY]: { ...(await readConfig()), ...changed } });
}

/** Calls back when a setting has changed. @param {() => void} changed */
export function onConfig(changed) {
  chrome.storage.onChanged.addListener((changes, area) => {
    if (area === "local" && changes[KEY]) changed();
  });
}

/** An address as somebody types it, made whole; `null` where it is none. @param {string} typed */
export function serverAddress(typed) {
  const text = typed.trim();
  const whole = /^https?:\/\//i.test(text) ? text : `http://${text}`;
  if (!text || !URL.canParse(whole)) return null;
  const url = new URL(whole);
  if (!/^[^%\s]+$/.test(url.hostname) || url.username || url.password) return null;
  return `${url.origin}${url.pathname.replace(/\/*$/, "/")}`;
}
