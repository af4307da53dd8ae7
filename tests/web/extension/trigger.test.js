// @ts-check
// `;;` in the chat's own box: a list at the cursor, Tab takes its place, and no key is touched while an input method composes.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { compose } from "../browser.js";
import { until } from "../service.js";
import { useExtension } from "./desk.js";

const entry = (/** @type {string} */ title, /** @type {string} */ shortcut, /** @type {string} */ reply) =>
  `---\ntitle: ${title}\nquestions: [${title}吗]\nshortcut: ${shortcut}\n---\n随时可用。\n\n> ${reply}\n`;

const desk = useExtension({
  kb: "tests/fixtures/kb",
  prepare(kb) {
    writeFileSync(path.join(kb, "问候.md"), entry("您好欢迎", "zzwh", "您好，欢迎光临！\n> 有什么可以帮您？"));
    writeFileSync(path.join(kb, "单号.md"), entry("报单号", "zzdh", "您的单号是 {{快递单号}}。"));
  },
});

/** The list: the page cannot look into it, so that the tests ask the browser's own tree. @param {import("playwright-core").Page} page @returns {Promise<string>} */
async function listText(page) {
  const devtools = await page.context().newCDPSession(page);
  const { root } = await devtools.send("DOM.getDocument", { depth: -1, pierce: true });
  await devtools.detach();
  /** @type {string[]} */
  const texts = [];
  const walk = (/** @type {any} */ node, /** @type {boolean} */ inList) => {
    const isClosed = node.shadowRootType === "closed";
    if ((inList || isClosed) && node.nodeType === 3) texts.push(node.nodeValue);
    for (const child of [...(node.children ?? []), ...(node.shadowRoots ?? [])]) walk(child, inList || isClosed);
  };
  walk(root, false);
  return texts.join("|");
}

/** @param {string} editor */
async function openBox(editor) {
  const chat = await desk.extension.context.newPage();
  await chat.goto(`${desk.pages.url}/editor/${editor}`);
  await chat.locator('#root textarea, #root [contenteditable="true"]').first().click();
  const text = () => chat.evaluate(() => /** @type {any} */ (globalThis).chat.text());
  const sent = () => chat.evaluate(() => /** @type {any} */ (globalThis).chat.sent);
  const shows = (/** @type {RegExp} */ what) => until(async () => what.test(await listText(chat)));
  return { chat, text, sent, shows };
}

const lines = (/** @type {string} */ text) => text.split(/\n+/).map((line) => line.trim()).filter(Boolean);

for (const editor of ["textarea", "contenteditable", "quill1", "quill2", "lexical", "prosemirror", "slate", "draft", "ckeditor5", "shadow-textarea"]) {
  test(`Tab puts the reply in the trigger's place in ${editor}`, async () => {
    const { chat, text, sent, shows } = await openBox(editor);
    await chat.keyboard.type("亲，;;zzwh");
    await shows(/您好欢迎/);
    await chat.keyboard.press("Tab");
    await until(async () => !(await text()).includes(";;"));
    assert.deepEqual(lines(await text()), ["亲，您好，欢迎光临！", "有什么可以帮您？"]);
    assert.equal(await listText(chat), "");
    assert.deepEqual(await sent(), []);
    await chat.close();
  });
}

describe("the list", () => {
  test("opens for the wide semicolons of Chinese keyboards, and moves by arrows", async () => {
    const { chat, text, shows } = await openBox("textarea");
    await chat.keyboard.type("；；zz");
    await shows(/您好欢迎.*报单号|报单号.*您好欢迎/);
    await chat.keyboard.press("Escape");
    assert.equal(await listText(chat), "");
    assert.equal(await text(), "；；zz");
    await chat.close();
  });

  test("touches nothing while an input method composes", async () => {
    const { chat, text, shows } = await openBox("textarea");
    await chat.keyboard.type(";;zzw");
    await shows(/您好欢迎/);
    const devtools = await chat.context().newCDPSession(chat);
    await devtools.send("Input.imeSetComposition", { text: "h", selectionStart: 1, selectionEnd: 1 });
    await chat.waitForTimeout(300);
    assert.equal(await listText(chat), "", "closed by the composition");
    await devtools.detach();
    await compose(chat, ["ha"], "好");
    await chat.waitForTimeout(400);
    assert.doesNotMatch(await listText(chat), /您好欢迎/);
    assert.equal(await text(), ";;zzw好");
    await chat.close();
  });

  test("does not take a reply that needs a value, and says so", async () => {
    const { chat, text, shows } = await openBox("textarea");
    await chat.keyboard.type(";;zzdh");
    await shows(/报单号/);
    await chat.keyboard.press("Tab");
    await shows(/要先填：快递单号/);
    assert.equal(await text(), ";;zzdh");
    await chat.close();
  });

  test("leaves Enter to the page and closes", async () => {
    const { chat, sent, shows } = await openBox("textarea");
    await chat.keyboard.type(";;zzwh");
    await shows(/您好欢迎/);
    await chat.keyboard.press("Enter");
    assert.deepEqual(await sent(), ["keydown", "keypress", "keyup"]);
    assert.equal(await listText(chat), "");
    await chat.close();
  });

  test("stays away where the agent does not want it", async () => {
    const { chat } = await openBox("textarea");
    await desk.extension.configure({ triggers: false });
    await chat.waitForTimeout(500);
    await chat.keyboard.type(";;zzwh");
    await chat.waitForTimeout(700);
    assert.equal(await listText(chat), "");
    await desk.extension.configure({ triggers: true });
    await chat.close();
  });
});
