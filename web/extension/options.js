// @ts-check
// The options page: the service's address and token, the sites where the extension may act, habits, hotkeys.

import { DEFAULT_SERVER, readConfig, serverAddress, writeConfig } from "./config.js";
import { originPattern, originsOf } from "./match.js";

/** @typedef {import("./match.js").Site} Site */

/** @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`no ${type.name} with id ${id}`);
  return found;
}

const server = byId("server", HTMLInputElement);
const token = byId("token", HTMLInputElement);

/** What went wrong with the service, for people. @param {number} status */
function whyNot(status) {
  if (status === 401 || status === 403) return "服务不接受这个令牌";
  if (status === 404) return "这个地址上有别的服务，不是话术";
  return status === 0 ? "连不上：请检查地址，服务要先启动" : `服务回答了 ${status}`;
}

/** @param {string} id @param {string} text @param {"good" | "bad" | ""} kind */
function tell(id, text, kind) {
  const output = byId(id, HTMLOutputElement);
  output.textContent = text;
  output.className = kind;
}

/** @param {SubmitEvent} event */
async function save(event) {
  event.preventDefault();
  const address = serverAddress(server.value || DEFAULT_SERVER);
  if (!address) return tell("tested", "请填像 http://127.0.0.1:7700 这样的地址", "bad");
  // First of all: browsers ask only right after a click. Without it the service itself lets the extension in.
  const origin = originPattern(address);
  if (origin) await chrome.permissions.request({ origins: [origin] }).catch(() => false);
  server.value = address;
  await writeConfig({ server: address, token: token.value.trim() });
  tell("tested", "正在测试…", "");
  const answer = await chrome.runtime.sendMessage({ type: "request", id: crypto.randomUUID(), asked: { path: "v1/library" } });
  const library = answer?.status === 200 ? JSON.parse(answer.text) : null;
  if (typeof library?.served !== "number") return tell("tested", whyNot(answer?.status === 200 ? 404 : (answer?.status ?? 0)), "bad");
  tell("tested", `连上了「${library.name}」，${library.served} 条话术可用`, "good");
}

/** Allows or forbids hosts; the answer stands in the list. @param {string[]} origins @param {boolean} allow */
async function decide(origins, allow) {
  const done = await (allow ? chrome.permissions.request({ origins }) : chrome.permissions.remove({ origins })).catch(() => false);
  if (!done) tell("allowed", allow ? "没有得到允许" : "这个网站是管理员统一允许的，不能在这里撤销", "bad");
  else tell("allowed", "", "");
  await showSites();
}

async function showSites() {
  /** @type {Site[]} */
  const sites = (await chrome.runtime.sendMessage({ type: "profiles" })) ?? [];
  const { origins = [] } = await chrome.permissions.getAll();
  const own = originPattern((await readConfig()).server);
  const known = new Set(sites.flatMap(originsOf));
  const rows = await Promise.all(sites.map(rowOf));
  const others = origins.filter((origin) => !known.has(origin) && origin !== own);
  rows.push(...others.map((origin) => row(new URL(origin.replace("*://", "https://").replace("*.", "")).hostname, "", [origin], true)));
  byId("sites", HTMLUListElement).replaceChildren(...rows);
}

/** @param {Site} site */
async function rowOf(site) {
  const origins = originsOf(site);
  if (site.place === "copy") return row(site.name, site.note ?? "", [], false);
  return row(site.name, site.note ?? "", origins, await chrome.permissions.contains({ origins }));
}

/** @param {string} name @param {string} note @param {string[]} origins empty: nothing to allow @param {boolean} isAllowed */
function row(name, note, origins, isAllowed) {
  const item = document.createElement("li");
  const title = document.createElement("span");
  title.textContent = name;
  item.append(title);
  if (origins.length > 0) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = isAllowed ? "撤销" : "允许";
    button.setAttribute("aria-label", `${button.textContent} ${name}`);
    button.addEventListener("click", () => decide(origins, !isAllowed));
    item.append(button);
  } else {
    const way = document.createElement("span");
    way.textContent = "复制后粘贴";
    item.append(way);
  }
  if (note) {
    const hint = document.createElement("p");
    hint.className = "hint";
    hint.textContent = note;
    item.append(hint);
  }
  return item;
}

/** @param {SubmitEvent} event */
function allowOther(event) {
  event.preventDefault();
  const field = byId("site", HTMLInputElement);
  const origin = originPattern(serverAddress(field.value)?.replace(/^http:/, /^http:/.test(field.value.trim()) ? "http:" : "https:") ?? "");
  if (!origin) return tell("allowed", "请填像 https://kf.example.com 这样的地址", "bad");
  field.value = "";
  decide([origin], true);
}

async function showKeys() {
  const commands = await chrome.commands.getAll();
  const rows = commands.flatMap(({ name, description, shortcut }) => {
    const term = document.createElement("dt");
    term.textContent = description || (name === "_execute_action" ? "打开侧边栏" : (name ?? ""));
    const keys = document.createElement("dd");
    const key = document.createElement(shortcut ? "kbd" : "span");
    key.textContent = shortcut || "没有设";
    keys.append(key);
    return [term, keys];
  });
  byId("keys", HTMLDListElement).replaceChildren(...rows);
}

/** @param {"automatic" | "triggers"} name */
function habit(name) {
  const box = byId(name, HTMLInputElement);
  box.addEventListener("change", () => writeConfig({ [name]: box.checked }));
  return box;
}

async function begin() {
  const config = await readConfig();
  server.value = config.server;
  token.value = config.token;
  habit("automatic").checked = config.automatic;
  habit("triggers").checked = config.triggers;
  byId("service", HTMLFormElement).addEventListener("submit", save);
  byId("other", HTMLFormElement).addEventListener("submit", allowOther);
  byId("change", HTMLButtonElement).addEventListener("click", () => chrome.tabs.create({ url: "chrome://extensions/shortcuts" }));
  await Promise.all([showSites(), showKeys()]);
}

begin();
