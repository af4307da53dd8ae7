// @ts-check
// The local token of the link that `serve` prints, kept for this tab alone.

/** Where the token is kept: `sessionStorage`, so that it ends with the tab. */
const TOKEN = "huashu-token";

/** Hexadecimal digits of a local token, and what else tokens are made of. */
const TOKEN_FORM = /^[\w.-]{16,200}$/u;

/** Takes the token out of the address: it belongs in no history. */
export function keepToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  setToken(token);
  history.replaceState(null, "", location.pathname);
}

/** @returns {string | null} */
export function tokenOf() {
  return sessionStorage.getItem(TOKEN);
}

export function dropToken() {
  sessionStorage.removeItem(TOKEN);
}

/** Keeps a token; `false` where it is none. @param {string} token */
export function setToken(token) {
  if (!TOKEN_FORM.test(token)) return false;
  sessionStorage.setItem(TOKEN, token);
  return true;
}
