// @ts-check
// What surrounds the screens: navigation, the address, who is signed in. Knows no screen but by the registry in screens.js.

import { button, element } from "../panel/dom.js";
import { isComposing } from "../typing.js";
import { explain, part } from "./api.js";
import { confirmed } from "./dialog.js";
import { Faults } from "./faults.js";
import { Messages } from "./messages.js";
import { ROLES, named } from "./names.js";
import { SCREENS } from "./screens.js";
import { sessionOf, signIn } from "./session.js";
import { toast } from "./toast.js";
import { dropToken, tokenOf } from "./token.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./screens.js").Screen} Screen */

export class Studio {
  /** @type {Session} */
  session = { accounts: false, name: null, display: null, role: "agent", rights: [], authority: null, shops: null, categories: null, oidc: false };
  /** Ends what the shown screen listens to and asks. */
  #left = new AbortController();
  /** Whether something unsaved stands on the screen. */
  #isUnsaved = () => false;
  /** The address of what is shown: where unsaved work is not left, it is gone back to. */
  #shown = "";
  /** @type {Promise<boolean> | null} */
  #signing = null;

  /** @param {import("./api.js").Api} api @param {HTMLElement} root */
  constructor(api, root) {
    this.api = api;
    this.root = root;
    this.nav = element("nav", "studio-nav");
    this.nav.setAttribute("aria-label", "工作台");
    this.title = element("h1", "studio-title");
    this.tools = element("div", "studio-tools");
    this.place = element("div", "studio-place");
    this.messages = new Messages(api, () => this.may("edit"));
    this.faults = new Faults(api);
    this.main = element("main", "studio-main", element("header", "studio-head", this.title, this.tools), this.faults.element, this.messages.element, this.place);
  }

  async start() {
    this.root.append(this.nav, this.main);
    this.api.signIn = () => (this.#signing ??= this.#signIn().finally(() => (this.#signing = null)));
    addEventListener("hashchange", () => this.#follow());
    addEventListener("beforeunload", (event) => {
      if (this.#isUnsaved()) event.preventDefault();
    });
    document.addEventListener("keydown", (event) => this.#onKey(event));
    try {
      await this.#readSession();
      if (this.session.rights.length === 0) await this.api.signIn();
    } catch (error) {
      toast(explain(error), "caution");
    }
    await this.#show();
    await Promise.all([this.messages.look(), this.faults.look()]);
  }

  /** @param {string} right */
  may(right) {
    return this.session.rights.includes(right);
  }

  /** Goes to an address of the studio. @param {string} screen @param {...string} rest */
  go(screen, ...rest) {
    location.hash = `#/${[screen, ...rest].map(part).join("/")}`;
  }

  /** Shows the screen anew. */
  again() {
    return this.#show();
  }

  async #readSession() {
    this.session = await sessionOf(this.api);
    this.#drawNav();
  }

  async #signIn() {
    const done = await signIn(this.api, this.session);
    if (done) await this.#readSession();
    return done;
  }

  async #signOut() {
    if (this.#isUnsaved() && !(await leaveUnsaved())) return;
    this.#isUnsaved = () => false;
    if (tokenOf()) dropToken();
    else await this.api.delete("v1/session");
    location.reload();
  }

  #drawNav() {
    /** @type {Map<string, Screen[]>} */
    const groups = new Map();
    for (const screen of SCREENS) if (!screen.hidden && this.may(screen.right)) groups.set(screen.group, [...(groups.get(screen.group) ?? []), screen]);
    const lists = [...groups].map(([group, screens]) => {
      const heading = element("h2", "nav-group", group);
      heading.id = `nav-${group}`;
      const list = element("ul", "nav-list", ...screens.map((screen) => element("li", "", this.#navLink(screen))));
      list.setAttribute("aria-labelledby", heading.id);
      return element("div", "", heading, list);
    });
    const { name, display, role, accounts } = this.session;
    const who = element("div", "nav-who");
    if (name !== null) {
      who.append(element("p", "", display || name), element("p", "soft", named(ROLES, role)), button("plain", "退出", () => this.#signOut()));
    } else if (tokenOf()) {
      who.append(element("p", "", "本机令牌"), button("plain", "退出", () => this.#signOut()));
    } else {
      who.append(element("p", "soft", accounts ? "没有登录" : "只能看，不能改"), button("take", accounts ? "登录" : "出示令牌", async () => void ((await this.api.signIn?.()) && this.#show())));
    }
    const home = element("a", "nav-brand", "话术");
    home.href = "./";
    home.title = "到客服用的查词页";
    this.nav.replaceChildren(home, ...lists, who);
    this.#markNav();
  }

  /** @param {Screen} screen */
  #navLink(screen) {
    const made = element("a", "nav-link", screen.title);
    made.href = `#/${screen.path}`;
    made.dataset.path = screen.path;
    return made;
  }

  #markNav() {
    const { path } = this.#address();
    for (const made of this.nav.querySelectorAll(".nav-link")) {
      if (/** @type {HTMLElement} */ (made).dataset.path === path) made.setAttribute("aria-current", "page");
      else made.removeAttribute("aria-current");
    }
  }

  #address() {
    const [where = "", search = ""] = location.hash.replace(/^#\/?/u, "").split("?", 2);
    const [path = "", ...rest] = where.split("/").map(decoded);
    return { path: path || "library", rest: rest.filter(Boolean), query: new URLSearchParams(search) };
  }

  /** The address changed: by a link, by the browser's buttons, or back because unsaved work is not left. */
  async #follow() {
    if (location.hash === this.#shown) return;
    if (this.#isUnsaved()) {
      const wanted = location.hash;
      history.replaceState(null, "", this.#shown || "#/");
      if (!(await leaveUnsaved())) return;
      history.replaceState(null, "", wanted);
    }
    await this.#show();
  }

  async #show() {
    this.#left.abort();
    const left = (this.#left = new AbortController());
    this.#isUnsaved = () => false;
    this.#shown = location.hash;
    const { path, rest, query } = this.#address();
    const screen = SCREENS.find((one) => one.path === path);
    const place = element("div", "screen");
    this.place.replaceChildren(place);
    this.tools.replaceChildren();
    this.#markNav();
    const head = (/** @type {string} */ title, /** @type {Node[]} */ ...tools) => {
      if (left.signal.aborted) return;
      this.title.textContent = title;
      document.title = `${title} · 话术工作台`;
      this.tools.replaceChildren(...tools);
    };
    head(screen?.title ?? "没有这个页面");
    if (!screen) return place.append(element("p", "empty", "地址不对，请从左边选。"));
    if (!this.may(screen.right)) return place.append(element("p", "empty", this.session.rights.length === 0 ? "请先登录。" : "您的角色没有权限看这个页面。"));
    const keep = (/** @type {URLSearchParams} */ changed) => {
      if (left.signal.aborted) return;
      const search = changed.toString();
      history.replaceState(null, "", `#/${[path, ...rest].map(part).join("/")}${search ? `?${search}` : ""}`);
      this.#shown = location.hash;
    };
    const guard = (/** @type {() => boolean} */ isUnsaved) => {
      if (!left.signal.aborted) this.#isUnsaved = isUnsaved;
    };
    try {
      const { show } = await screen.load();
      if (left.signal.aborted) return;
      await show(place, { studio: this, rest, query, signal: left.signal, head, keep, guard });
    } catch (error) {
      if (left.signal.aborted) return;
      place.replaceChildren(element("p", "empty failed", explain(error)), button("take", "再试一次", () => this.#show()));
    }
  }

  /** `/` goes to the screen's own search. @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key !== "/" || isComposing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    const { target } = event;
    if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return;
    const search = this.place.querySelector("[data-search]");
    if (!(search instanceof HTMLElement)) return;
    event.preventDefault();
    search.focus();
  }
}

/** A part of an address, as it is where it was broken by hand. @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Asks before unsaved work is left. */
function leaveUnsaved() {
  return confirmed("离开这一页？", "改动还没有保存；草稿留在这个浏览器里，回来时还在。", "离开");
}
