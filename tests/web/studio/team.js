// @ts-check
// A team at work, over the API as any client: people with accounts, what they search, use and propose. For tests and pictures.

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { newId } from "../../../web/events.js";

/** @typedef {import("../service.js").Service} Service */

/** Long enough for any rule. */
export const PASSWORD = "correct horse 电池 42";

export class Person {
  /** @param {string} url @param {string} name @param {string} cookie */
  constructor(url, name, cookie) {
    this.url = url;
    this.name = name;
    this.cookie = cookie;
  }

  /** JSON of the API; a failure is thrown. @param {string} path @param {unknown} [body] @param {string} [method] @returns {Promise<any>} */
  async ask(path, body, method = body === undefined ? "GET" : "POST") {
    return asked(this.url, path, { cookie: this.cookie }, body, method);
  }

  /** Searches and looks; copies a reply of the entry where it is among the hits. @param {string} q @param {string} [entry] */
  async search(q, entry) {
    const answer = await this.ask("/v1/search", { q, context: { conversation_id: newId() }, limit: 9 });
    const at = Date.now();
    const position = answer.hits.findIndex((/** @type {any} */ hit) => hit.id === entry);
    const event = (/** @type {string} */ type, /** @type {object} */ more = {}) => ({ event_id: newId(), query_id: answer.query_id, type, at, ...more });
    const events = [event("shown")];
    if (position >= 0) {
      const what = { entry_id: entry, reply_id: answer.hits[position].replies[0]?.id, position };
      events.push(event("picked", what), event("copied", what));
    }
    await this.ask("/v1/events", { events });
    return answer;
  }

  /** Says that nothing fits. @param {string} q */
  async miss(q) {
    const { query_id } = await this.search(q);
    await this.ask("/v1/events", { events: [{ event_id: newId(), query_id, type: "gap", at: Date.now() }] });
  }
}

/** The cookie of a person's session, for a browser. @param {Person} person */
export function cookieOf({ url, cookie }) {
  const [name, value] = cookie.split("=");
  return { name, value, url, httpOnly: true, sameSite: /** @type {const} */ ("Strict") };
}

/** Makes an account and signs in. @param {Service} service @param {string} name @param {string} role @param {object} [more] */
export async function hire(service, name, role, more = {}) {
  await asked(service.url, "/v1/users", { authorization: `Bearer ${service.token}` }, { name, display: name, role, password: PASSWORD, ...more }, "POST");
  return signIn(service, name);
}

/** @param {Service} service @param {string} name */
export async function signIn(service, name) {
  const response = await fetch(`${service.url}/v1/session`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ name, password: PASSWORD }) });
  const cookie = response.headers.getSetCookie().map((one) => one.split(";")[0]).join("; ");
  if (!response.ok || !cookie) throw new Error(`${name} cannot sign in: ${response.status} ${await response.text()}`);
  return new Person(service.url, name, cookie);
}

/** @param {string} url @param {string} path @param {Record<string, string>} headers @param {unknown} body @param {string} method @returns {Promise<any>} */
async function asked(url, path, headers, body, method) {
  const init = body === undefined ? { method, headers } : { method, headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(url + path, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

/** Golden questions that a copy of the library keeps: a trial of them all takes a debug build half a minute. */
const KEPT_GOLDEN = 20;

/** Cuts the golden questions of a copy of the library down to some, among them the given ones. @param {string} kb @param {string[]} [among] */
export function withFewGolden(kb, among = []) {
  const file = path.join(kb, "golden.tsv");
  const lines = readFileSync(file, "utf8").split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const kept = new Set([...lines.filter((line) => among.includes(line.split("\t")[0])), ...lines.slice(0, KEPT_GOLDEN)]);
  writeFileSync(file, `${[...kept].join("\n")}\n`);
}

/** What a team comes upon: some golden questions, and entries that are soon to be looked at again. Written into a copy of the library before the start. @param {string} kb */
export function withDuties(kb) {
  withFewGolden(kb);
  const day = (/** @type {number} */ days) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
  const write = (/** @type {string} */ id, /** @type {string} */ head) =>
    writeFileSync(path.join(kb, "售中", `${id}.md`), `---\ntitle: ${id}\nquestions:\n  - ${id}怎么弄\ncategory: 物流/时效\n${head}\n---\n> 亲，${id}这样处理\n`);
  write("大促延迟发货", `valid:\n  until: ${day(5)}`);
  write("冷链包装说明", `review_by: ${day(-3)}`);
  write("预售尾款时间", `review_by: ${day(12)}`);
}

/** A day in milliseconds. */
const DAY_MS = 24 * 60 * 60 * 1_000;

/** A case as the panel proposes it. */
const CASE = "---\ntitle: 猫爬架少一包螺丝\nkind: case\nquestions:\n  - 猫爬架少螺丝\n  - 怎么还没发货\n---\n## 情境\n顾客：我的猫爬架少了一包螺丝，电话<手机>\n\n## 话术\n> 亲，少的螺丝今天补寄，单号发您\n\n## 教训\n先问少哪一包，再补寄\n";

/**
 * A team that has worked for a while: searches, uses, misses, proposals, a notice, points, a token.
 * @param {Service} service @returns {Promise<Record<"trainer" | "lead" | "admin" | "agent", Person>>}
 */
export async function workingTeam(service) {
  const admin = await hire(service, "管理员", "admin");
  const [trainer, lead, qa] = [await hire(service, "陈老师", "trainer"), await hire(service, "周主管", "lead", { shops: ["旗舰店"] }), await hire(service, "吴质检", "qa")];
  const agents = [];
  for (const name of ["小王", "小李", "小张", "小赵"]) agents.push(await hire(service, name, "agent", name === "小赵" ? { categories: ["物流"] } : {}));
  const [agent] = agents;
  const uses = [["怎么还没发货啊", "催发货"], ["几时才能发货", "催发货"], ["我要退货", "退货流程"], ["运费谁出", "运费险"], ["昨天拍的今天能走吗", "催发货"]];
  for (const person of agents) for (const [q, entry] of uses) await person.search(q, entry);
  for (const q of ["你们有线下体验店吗", "有没有线下体验店啊", "在哪里有实体店可以看看", "能帮我刻个名字在上面不"]) for (const person of agents) await person.miss(q);
  const propose = (/** @type {Person} */ by, /** @type {object} */ what) => by.ask("/v1/submissions", what);
  const gift = await propose(agents[1], { kind: "phrasing", entry_id: "催发货", text: "宝贝怎么还没动静" });
  await trainer.ask(`/v1/submissions/${gift.id}/approve`, {});
  // Others use it often enough that the points count.
  for (const person of [...agents.filter(({ name }) => name !== "小李"), qa]) for (let time = 0; time < 3; time += 1) await person.search("怎么还没发货", "催发货");
  const whole = await agent.ask("/v1/entries/催发货");
  await propose(agent, { kind: "case", markdown: CASE, note: "今天上午处理的，顾客满意" });
  const corrected = whole.markdown.replace(/打包/u, "验货打包");
  const correction = await propose(agents[1], { kind: "correction", entry_id: "催发货", base_etag: whole.content_hash, markdown: corrected, note: "现在要先验货" });
  await propose(agents[2], { kind: "phrasing", entry_id: "催发货", text: "我的宝贝啥时候出库呀" });
  await propose(agents[1], { kind: "outdated", entry_id: "主动-节假日安排", note: "国庆早过了" });
  await qa.ask(`/v1/submissions/${correction.id}/comments`, { text: "验货的说法和政策一致吗？" });
  await lead.ask("/v1/notices", { text: "顺丰华东停运，今天起改发中通，不要承诺次日达", until: Date.now() + DAY_MS / 3, entry_id: "催发货" });
  await admin.ask("/v1/users/小王/authority", { authority: "组长", until: Date.now() + DAY_MS / 3 }, "PUT");
  await admin.ask("/v1/tokens", { label: "前台电脑的浏览器扩展" });
  return { trainer, lead, admin, agent };
}
