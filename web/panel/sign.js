// @ts-check
// Who is there: asks for name and password where the service wants to know, says who is signed in. The extension has a token instead.

import { isComposing } from "../typing.js";
import { button, element } from "./dom.js";
import { codeOf } from "./seek.js";
import { failure } from "./words.js";

/** @typedef {import("../transport.js").Session} Session */

/** Where nobody is known. @type {Session} */
const NOBODY = { accounts: false, name: null, display: "", role: "agent", rights: [], oidc: false };

export class Sign {
  /** @type {Session} */
  session = NOBODY;

  /**
   * @param {HTMLElement} place of the form @param {HTMLElement} line that says who is there @param {import("../transport.js").Transport} transport
   * @param {"page" | "extension"} kind @param {() => void} changed somebody came or left
   */
  constructor(place, line, transport, kind, changed) {
    this.place = place;
    this.line = line;
    this.transport = transport;
    this.kind = kind;
    this.changed = changed;
    this.name = field("账号", "username", "text");
    this.password = field("密码", "current-password", "password");
    this.said = element("p", "failed");
    this.said.setAttribute("role", "alert");
    place.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || isComposing(event) || event.target instanceof HTMLButtonElement) return;
      event.preventDefault();
      event.stopPropagation();
      this.#send();
    });
  }

  /** The last question who is there. @type {Promise<void> | undefined} */
  #learning;

  /** Asks the service who is there. A service without accounts knows nobody. */
  learn() {
    return (this.#learning = this.#learn());
  }

  /** Waits until it is known who is there: keys are faster than the service. */
  known() {
    return this.#learning ?? this.learn();
  }

  async #learn() {
    this.session = await this.transport.session().catch(() => NOBODY);
    const { name, display, accounts } = this.session;
    this.line.replaceChildren();
    this.line.hidden = name === null;
    if (name !== null && accounts) {
      this.line.append(`${display || name} 已登录`);
      if (this.kind === "page") this.line.append(" ", button("plain", "退出", () => this.#leave()));
    }
    if (this.kind === "page" && (this.may("report") || this.may("edit"))) {
      const studio = element("a", "plain", "打开工作台");
      studio.href = "studio";
      this.line.hidden = false;
      this.line.append(" ", studio);
    }
  }

  /** Whether it waits for somebody to sign in. */
  get isAsking() {
    return !this.place.hidden;
  }

  /** @param {string} right */
  may(right) {
    return this.session.rights.includes(right);
  }

  /** Shows the form; nothing where it is there already. */
  async open() {
    if (!this.place.hidden) return;
    this.place.hidden = false;
    await this.learn();
    if (this.kind === "extension") {
      return this.place.replaceChildren(element("h2", "menu-title", "需要登录"), element("p", "", "服务要知道您是谁：请在扩展的设置里填入您的令牌（工作台 → 人员 → 令牌）。"));
    }
    const go = button("take", "登录", () => this.#send(), "Enter");
    const foot = element("div", "foot", this.said, go);
    const outside = [];
    if (this.session.oidc) {
      const link = element("a", "plain", "用企业账号登录");
      link.href = "v1/oidc/login";
      outside.push(link);
    }
    this.place.replaceChildren(element("h2", "menu-title", "请先登录"), this.name, this.password, foot, ...outside);
    this.#input(this.name).focus();
  }

  /** @param {HTMLElement} label */
  #input(label) {
    return /** @type {HTMLInputElement} */ (label.querySelector("input"));
  }

  async #send() {
    const [name, password] = [this.#input(this.name), this.#input(this.password)];
    if (!name.value.trim() || !password.value) return (name.value.trim() ? password : name).focus();
    try {
      await this.transport.signIn(name.value.trim(), password.value);
    } catch (error) {
      const code = codeOf(error);
      this.said.textContent = code === "wrong_credentials" ? "账号或密码不对" : code === "throttled" ? "试得太多了，请过一会儿再试" : failure(code);
      return password.select();
    }
    password.value = "";
    this.said.textContent = "";
    this.place.hidden = true;
    await this.learn();
    this.changed();
  }

  async #leave() {
    await this.transport.signOut().catch(() => {});
    await this.learn();
    this.changed();
  }
}

/** @param {string} name @param {AutoFill} autocomplete @param {string} type */
function field(name, autocomplete, type) {
  const input = element("input", "draft-field");
  input.type = type;
  input.autocomplete = autocomplete;
  input.spellcheck = false;
  return element("label", "blank-line", element("span", "label", name), input);
}
