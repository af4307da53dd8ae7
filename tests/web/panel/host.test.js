// @ts-check
// The panel with a chat beside it, as in the extension: what surrounds it is a box in memory, the panel and the service are real.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { until } from "../service.js";
import { eventsOf, useDesk } from "./desk.js";

const desk = useDesk({
  prepare(kb) {
    mkdirSync(path.join(kb, "试"));
    writeFileSync(path.join(kb, "试", "水星尺.md"), "---\ntitle: 水星尺怎么量\nquestions: [水星尺怎么量]\n---\n量时用。\n\n> 先看图\n>\n> ***\n>\n> 再量一次\n>\n> ***\n>\n> 最后告诉我\n");
    writeFileSync(path.join(kb, "试", "火星件.md"), "---\ntitle: 火星件查件\nquestions: [火星件到哪了]\n---\n查件时用。\n\n> 到{{站点}}了\n");
  },
});

/** A page whose host is a chat in memory: `window.chat`. */
const PAGE = `
import { HuashuPanel } from "./panel.js";
import { PageTransport } from "./transport.js";
const kept = new Map();
const chat = { text: "", conversation: "甲", messages: [], refuse: null, told: [] };
window.chat = chat;
const panel = new HuashuPanel();
panel.transport = new PageTransport("chat-host");
panel.host = {
  kind: "extension",
  async place(text, { append, conversation }) {
    chat.told.push({ text, append, conversation });
    if (chat.refuse) return { ok: false, how: "inserted", reason: chat.refuse };
    if (conversation !== chat.conversation) return { ok: false, how: "inserted", reason: "other-conversation" };
    if (chat.text && !append) return { ok: false, how: "inserted", reason: "draft" };
    chat.text = chat.text ? chat.text + "\\n" + text : text;
    return { ok: true, how: "inserted" };
  },
  async readMessages() {
    return chat.messages.length ? { messages: chat.messages, conversation: chat.conversation, shop: "拾光旗舰店", channel: "拼多多" } : null;
  },
  async boxIsEmpty() { return chat.text === ""; },
  async onConversation(callback) { chat.show = (conversation) => { chat.conversation = conversation; callback({ conversation, shop: "拾光旗舰店", channel: "拼多多" }); }; callback({ conversation: chat.conversation, shop: "拾光旗舰店", channel: "拼多多" }); },
  onQuestion(callback) { chat.ask = callback; },
  async remember(key, value) { kept.set(key, value); },
  async recall(key) { return kept.get(key); },
};
document.querySelector("main").append(panel);
`;

/** @param {(page: import("./desk.js").Panel["page"]) => Promise<void>} [prepare] */
const open = (prepare) =>
  desk.open({
    async prepare(page) {
      await page.route("**/page.js", (route) => route.fulfill({ contentType: "text/javascript", body: PAGE }));
      await prepare?.(page);
    },
  });

/** @param {import("./desk.js").Panel} panel */
const chatOf = (panel) => panel.page.evaluate(() => {
  const { text, told } = /** @type {any} */ (window).chat;
  return { text, told };
});

/** @param {import("./desk.js").Panel} panel @param {object} change */
const set = (panel, change) => panel.page.evaluate((change) => void Object.assign(/** @type {any} */ (window).chat, change), change);

test("the newest messages are read by a key, shop and channel come from the page, and Enter inserts", async () => {
  const panel = await open();
  const events = eventsOf(panel.page);
  /** @type {any} */
  let asked;
  panel.page.on("request", (request) => {
    if (request.url().endsWith("/v1/search")) asked = JSON.parse(request.postData() ?? "{}");
  });
  await panel.press("Alt+r");
  await panel.told("没有读到");
  await set(panel, { messages: ["在吗", "怎么还没发货"] });
  await panel.press("Alt+r");
  await panel.hit("催发货（时效内）").first().waitFor();
  assert.deepEqual([asked.messages, asked.q, asked.context.shop, asked.context.channel, asked.context.conversation_id], [["在吗", "怎么还没发货"], undefined, "旗舰店", "拼多多", "甲"]);
  assert.equal(await panel.chip("shop").inputValue(), "旗舰店");
  const expected = await panel.words(panel.current);
  await panel.press("Enter");
  await panel.told("已插入");
  assert.equal((await chatOf(panel)).text, expected);
  await until(() => events.some((event) => event.type === "inserted"));
  assert.deepEqual(panel.faults, []);
  await panel.close();
});

test("a draft is not overwritten: Shift+Enter appends, and a copy is the way out of any refusal", async () => {
  const panel = await open();
  await set(panel, { text: "草稿" });
  await panel.question.fill("水星尺怎么量");
  await panel.hit("水星尺怎么量").waitFor();
  await panel.press("Enter");
  await panel.after.getByText("有没发的草稿").waitFor();
  assert.equal((await chatOf(panel)).text, "草稿");
  await panel.press("Shift+Enter");
  await panel.told("已插入");
  assert.equal((await chatOf(panel)).text, "草稿\n先看图");
  for (const [reason, text] of [["no-editor", "没有找到聊天输入框"], ["not-there", "没有在输入框里看到"]]) {
    await set(panel, { refuse: reason });
    await panel.press("Enter");
    await panel.after.getByText(text).waitFor();
  }
  await panel.press("Alt+n");
  await panel.told("已复制");
  assert.equal(await panel.clipboard(), "先看图");
  await panel.close();
});

test("what was searched for one conversation is never put into another", async () => {
  const panel = await open();
  await panel.question.fill("水星尺怎么量");
  await panel.hit("水星尺怎么量").waitFor();
  // The chat switches and nobody has told the panel yet.
  await set(panel, { conversation: "乙" });
  await panel.press("Enter");
  await panel.after.getByText("切到另一位顾客").waitFor();
  const { text, told } = await chatOf(panel);
  assert.deepEqual([text, told[0].conversation], ["", "甲"]);
  // Once it is told, the old hits are gone.
  await panel.page.evaluate(() => /** @type {any} */ (window).chat.show("丙"));
  await until(async () => (await panel.hits.count()) === 0);
  assert.equal(await panel.question.inputValue(), "");
  await panel.close();
});

test("what is typed before the panel knows the library and the chat is not lost", async () => {
  /** @type {(value?: unknown) => void} */
  let come = () => {};
  const held = new Promise((resolve) => (come = resolve));
  const panel = await open(async (page) => {
    await page.route("**/v1/library", async (route) => {
      await held;
      await route.continue();
    });
    page.once("load", async () => {
      await page.locator("#question").fill("水星尺怎么量");
      come();
    });
  });
  await panel.hit("水星尺怎么量").waitFor();
  await panel.press("Enter");
  await panel.told("已插入");
  assert.equal((await chatOf(panel)).told[0].conversation, "甲");
  await panel.close();
});

test("the next message goes in when the box is empty again, unless the conversation is another", async () => {
  const panel = await open();
  await panel.question.fill("水星尺怎么量");
  await panel.hit("水星尺怎么量").waitFor();
  await panel.press("Enter");
  await until(async () => (await chatOf(panel)).text === "先看图");
  await panel.page.waitForTimeout(1_000);
  assert.equal((await chatOf(panel)).told.length, 1, "it waits until the first is sent");
  await set(panel, { text: "" });
  await until(async () => (await chatOf(panel)).text === "再量一次");
  await panel.page.waitForTimeout(600);
  await panel.page.evaluate(() => /** @type {any} */ (window).chat.show("乙"));
  await set(panel, { text: "" });
  await panel.page.waitForTimeout(1_200);
  assert.equal((await chatOf(panel)).text, "", "not into another conversation");
  await panel.close();
});

test("blanks are remembered with their conversation and come back with it", async () => {
  const panel = await open();
  const ask = async () => {
    await panel.question.fill("火星件到哪了");
    await panel.hit("火星件查件").waitFor();
    return panel.current.locator("input[data-slot=站点]");
  };
  await (await ask()).fill("杭州");
  await panel.page.evaluate(() => /** @type {any} */ (window).chat.show("乙"));
  await until(async () => (await panel.hits.count()) === 0);
  assert.equal(await (await ask()).inputValue(), "");
  await panel.page.evaluate(() => /** @type {any} */ (window).chat.show("甲"));
  await until(async () => (await panel.hits.count()) === 0);
  assert.equal(await (await ask()).inputValue(), "杭州");
  await panel.close();
});

test("text handed in from outside is asked at once", async () => {
  const panel = await open();
  await until(() => panel.page.evaluate(() => typeof (/** @type {any} */ (window).chat.ask) === "function"));
  await panel.page.evaluate(() => /** @type {any} */ (window).chat.ask({ messages: ["怎么还没发货"], conversation: "甲" }));
  await panel.hit("催发货（时效内）").first().waitFor();
  await panel.close();
});
