// @ts-check
// Which profile fits an address, and what to ask the browser for. Pure.

/** @typedef {{id: string, name: string, channel: string, match: string[], place: "insert" | "copy", editor: string[],
 *   messages?: {item: string, customer: string, agent?: string, text?: string} | null,
 *   conversation: {select: string, attribute?: string}[], shop: {select: string, attribute?: string}[], note?: string}} Site */

/** @typedef {{format: number, profiles: Site[]}} SiteProfiles */

/** The format of profiles that this extension knows. */
export const FORMAT = 1;

/** Scheme, host, port and path of a match pattern. */
const PATTERN = /^(\*|https?):\/\/(\*\.)?([^/:*]+)(?::(\d+|\*))?(\/.*)$/;

/**
 * Whether an address fits a match pattern as browsers have them; a pattern without a port fits every port.
 * @param {string} pattern @param {string} address
 */
export function fits(pattern, address) {
  const found = PATTERN.exec(pattern);
  if (!found || !URL.canParse(address)) return false;
  const [, scheme, below, host, port, path] = found;
  const url = new URL(address);
  const isScheme = scheme === "*" ? url.protocol === "http:" || url.protocol === "https:" : url.protocol === `${scheme}:`;
  const isHost = url.hostname === host || (below !== undefined && url.hostname.endsWith(`.${host}`));
  const isPort = port === undefined || port === "*" || (url.port || (url.protocol === "https:" ? "443" : "80")) === port;
  return isScheme && isHost && isPort && fitsPath(path, url.pathname + url.search);
}

/** `*` stands for anything. Parts are looked for one after another, so that no pattern takes long. @param {string} glob @param {string} path */
function fitsPath(glob, path) {
  const parts = glob.split("*");
  const [first, last] = [parts[0], parts[parts.length - 1]];
  if (parts.length === 1) return path === glob;
  if (!path.startsWith(first) || !path.endsWith(last) || path.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = path.indexOf(part, at);
    if (found < 0 || found + part.length > path.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}

/** The first profile that fits. @param {Site[]} sites @param {string} address @returns {Site | null} */
export function siteOf(sites, address) {
  return sites.find((site) => site.match.some((pattern) => fits(pattern, address))) ?? null;
}

/** The pattern of a whole host, for permissions; `null` where no page of it could be a chat. @param {string} address */
export function originPattern(address) {
  if (!URL.canParse(address)) return null;
  const { protocol, hostname } = new URL(address);
  return (protocol === "http:" || protocol === "https:") && hostname ? `${protocol}//${hostname}/*` : null;
}

/** The hosts that a profile needs: its patterns without their paths. @param {Site} site */
export function originsOf(site) {
  const origins = site.match.map((pattern) => PATTERN.exec(pattern)).filter((found) => found !== null);
  return [...new Set(origins.map(([, scheme, below = "", host]) => `${scheme}://${below}${host}/*`))];
}

/** Profiles as they came, if they are of a format that is known; what else they hold is passed over. @param {any} given @returns {SiteProfiles | null} */
export function readProfiles(given) {
  if (given?.format !== FORMAT || !Array.isArray(given.profiles)) return null;
  const isText = (/** @type {unknown} */ value) => typeof value === "string";
  const isTexts = (/** @type {unknown} */ value) => Array.isArray(value) && value.every(isText);
  /** @type {Site[]} */
  const profiles = given.profiles
    .filter((/** @type {any} */ site) => isText(site?.id) && isText(site.name) && isTexts(site.match))
    .map((/** @type {any} */ site) => ({
      id: site.id,
      name: site.name,
      channel: site.channel ?? "",
      match: site.match,
      place: site.place === "copy" ? "copy" : "insert",
      editor: isTexts(site.editor) ? site.editor : [],
      messages: isText(site.messages?.item) && isText(site.messages?.customer) ? site.messages : null,
      conversation: places(site.conversation),
      shop: places(site.shop),
      note: site.note ?? "",
    }));
  return { format: FORMAT, profiles };
}

/** @param {any} given @returns {{select: string, attribute?: string}[]} */
function places(given) {
  return Array.isArray(given) ? given.filter((place) => typeof place?.select === "string") : [];
}

/**
 * The one frame that acts: where the profile's box is, else where the agent wrote last, else the only box; of equals the one used last, then the largest.
 * @template {{rank: number, used_at: number, area: number}} Look
 * @param {{frame: string, look: Look}[]} frames
 * @returns {{frame: string, look: Look} | null}
 */
export function pickFrame(frames) {
  const order = (/** @type {{look: Look}} */ { look: one }, /** @type {{look: Look}} */ { look: other }) =>
    other.rank - one.rank || other.used_at - one.used_at || other.area - one.area;
  const best = frames.filter(({ look }) => look.rank > 0).sort(order)[0];
  return best ?? null;
}
