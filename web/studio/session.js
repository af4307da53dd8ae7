// @ts-check
// Who works here: a session by password, or the local token (token.js).

import { element } from "../panel/dom.js";
import { opened } from "./dialog.js";
import { fieldsOf, submit, textField, valuesOf } from "./form.js";
import { dropToken, setToken, tokenOf } from "./token.js";

/**
 * @typedef {{accounts: boolean, name: string | null, display: string | null, role: string, rights: string[], authority: string | null,
 *   shops: string[] | null, categories: string[] | null, oidc: boolean}} Session
 */

/**
 * Who this is. A token that the service does not know is dropped: of another service, or of before it was made anew.
 * @param {import("./api.js").Api} api @returns {Promise<Session>}
 */
export async function sessionOf(api) {
  try {
    const session = await api.get("v1/session");
    return session;
  } catch (error) {
    if (/** @type {{status?: number}} */ (error).status !== 401 || !tokenOf()) throw error;
    dropToken();
    return api.get("v1/session");
  }
}

/**
 * Asks who this is, by what the service has: name and password, or the local token.
 * @param {import("./api.js").Api} api @param {Session} session as it is
 * @returns {Promise<boolean>} whether somebody is signed in now
 */
export async function signIn(api, session) {
  const done = await opened("登录", (/** @type {(done: true) => void} */ settle) => (session.accounts ? withPassword(api, session, settle) : withToken(api, settle)));
  return done === true;
}

/** @param {import("./api.js").Api} api @param {Session} session @param {(done: true) => void} settle */
function withPassword(api, session, settle) {
  const fields = [
    textField("name", "名字", { required: true, autocomplete: "username" }),
    textField("password", "密码", { required: true, type: "password", autocomplete: "current-password" }),
  ];
  const form = fieldsOf(fields, async () => {
    dropToken();
    await api.post("v1/session", valuesOf(form));
    settle(true);
  });
  form.append(element("div", "dialog-foot", submit("登录")));
  if (!session.oidc) return [form];
  const other = element("a", "take", "用公司账号登录");
  other.href = "v1/oidc/login";
  return [form, element("p", "dialog-text", other)];
}

/** @param {import("./api.js").Api} api @param {(done: true) => void} settle */
function withToken(api, settle) {
  const form = fieldsOf([textField("token", "令牌", { required: true, hint: "启动服务时会印出带令牌的链接；也在数据文件夹的 local-token 里" })], async () => {
    const token = (valuesOf(form).token ?? "").trim().replace(/^.*#token=/u, "");
    if (!setToken(token)) throw new Error("这不是令牌");
    if (!(await sessionOf(api)).rights.includes("edit")) throw new Error("服务不认识这个令牌");
    settle(true);
  });
  form.append(element("div", "dialog-foot", submit("继续")));
  return [element("p", "dialog-text", "还没有建账号：在这台电脑上，写入要出示本机令牌。"), form];
}
