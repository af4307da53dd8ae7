// @ts-check
// Texts get into real editors: at the cursor, below a draft, in several lines, never into another conversation, never sent, and Ctrl+Z takes them back.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { useExtension } from "./desk.js";

/** Pages under test. `-strict`: under the strictest policy; `-in-frame`: in a frame of a page with boxes of its own. */
const EDITORS = [
  "textarea",
  "textarea-strict",
  "textarea-in-frame",
  "react",
  "vue",
  "contenteditable",
  "contenteditable-strict",
  "contenteditable-in-frame",
  "pre",
  "quill1",
  "quill2",
  "lexical",
  "lexical-in-frame",
  "prosemirror",
  "slate",
  "draft",
  "ckeditor5",
  "shadow-textarea",
  "shadow-contenteditable",
];

const REPLY = "亲，让您久等了，非常抱歉！";
const LINES = "第一行，您好\n第二行：请看\n\n第四行";

/** Longest time of one test, in milliseconds: one that hangs must not hold the others. */
const TEST_MS = 60_000;

/** Quill and Lexical take what is typed within a second for one step of undo. */
const STEP_MS = 1_100;

/** A person's pause between keys and clicks: an editor hears of a cursor that a key has moved by a later event of the browser. */
const PAUSE_MS = 300;

/** Line ends differ between editors: a paragraph has one or two. @param {string} text */
const lines = (text) => text.replace(/[\u200b\ufeff]/g, "").split(/\n+/).map((line) => line.trim()).filter((line) => line !== "");

const desk = useExtension({ kb: "tests/fixtures/kb" });

/**
 * Opens a page, types a draft as a person does, and gives what acts on it.
 * @param {string} editor @param {string} draft
 */
async function openChat(editor, draft) {
  const { extension, pages } = desk;
  const page = await extension.context.newPage();
  /** @type {string[]} */
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.goto(`${pages.url}/editor/${editor}`);
  const frame = editor.endsWith("-in-frame") ? /** @type {import("playwright-core").Frame} */ (await (await page.waitForSelector("#frame")).contentFrame()) : page.mainFrame();
  const box = frame.locator('#root textarea, #root [contenteditable="true"]').first();
  await box.click();
  if (draft) await page.keyboard.type(draft);
  const tab = await extension.tabOf(page);
  const text = () => frame.evaluate(() => /** @type {any} */ (globalThis).chat.text());
  const host = (/** @type {string} */ name, /** @type {unknown[]} */ ...args) =>
    extension.desk.evaluate(
      async ([tab, name, args]) => {
        const { ExtensionHost } = await import(/** @type {any} */ ("/extension/host.js"));
        const hosts = /** @type {any} */ ((/** @type {any} */ (globalThis).hosts ??= new Map()));
        if (!hosts.has(tab)) hosts.set(tab, new ExtensionHost(tab));
        return hosts.get(tab)[name](...args);
      },
      /** @type {[number, string, any[]]} */ ([tab, name, args]),
    );
  const sent = () => frame.evaluate(() => /** @type {any} */ (globalThis).chat.sent);
  const conversation = async () => (await host("readMessages"))?.conversation;
  const switchTo = (/** @type {string} */ name) => frame.evaluate((name) => /** @type {any} */ (globalThis).chat.switchTo(name), name);
  return { page, text, host, sent, conversation, switchTo, faults };
}

/** @typedef {Awaited<ReturnType<typeof openChat>>} Chat */

/** What happens to a page: its name, the draft before, what is done, and what stands there then. */
const SITUATIONS = /** @type {{name: string, draft: string, act: (chat: Chat) => Promise<void>}[]} */ ([
  {
    name: "into an empty box",
    draft: "",
    async act(chat) {
      assert.equal(await chat.host("boxIsEmpty"), true);
      assert.deepEqual(await chat.host("place", REPLY, { append: false, conversation: await chat.conversation() }), { ok: true, how: "inserted" });
      assert.deepEqual(lines(await chat.text()), [REPLY]);
      assert.equal(await chat.host("boxIsEmpty"), false);
    },
  },
  {
    name: "behind a draft, which stays",
    draft: "王女士，",
    async act(chat) {
      assert.deepEqual(await chat.host("place", REPLY, { append: false, conversation: null }), { ok: true, how: "inserted" });
      assert.deepEqual(lines(await chat.text()), [`王女士，${REPLY}`]);
    },
  },
  {
    name: "below a draft where asked",
    draft: "王女士，",
    async act(chat) {
      assert.deepEqual(await chat.host("place", REPLY, { append: true, conversation: null }), { ok: true, how: "inserted" });
      assert.deepEqual(lines(await chat.text()), ["王女士，", REPLY]);
    },
  },
  {
    name: "in the middle, where the cursor is",
    draft: "前面后面",
    async act(chat) {
      await chat.page.waitForTimeout(PAUSE_MS);
      await chat.page.keyboard.press("ArrowLeft");
      await chat.page.keyboard.press("ArrowLeft");
      await chat.page.waitForTimeout(PAUSE_MS);
      assert.deepEqual(await chat.host("place", REPLY, { append: false, conversation: null }), { ok: true, how: "inserted" });
      assert.deepEqual(lines(await chat.text()), [`前面${REPLY}后面`]);
    },
  },
  {
    name: "beside a selected draft, which is not replaced",
    draft: "草稿",
    async act(chat) {
      await chat.page.keyboard.press("Control+a");
      assert.deepEqual(await chat.host("place", REPLY, { append: false, conversation: null }), { ok: true, how: "inserted" });
      assert.deepEqual(lines(await chat.text()), [`草稿${REPLY}`]);
    },
  },
  {
    name: "in several lines, without sending",
    draft: "",
    async act(chat) {
      assert.deepEqual(await chat.host("place", LINES, { append: false, conversation: null }), { ok: true, how: "inserted" });
      assert.deepEqual(lines(await chat.text()), lines(LINES));
    },
  },
  {
    name: "and back by Ctrl+Z",
    draft: "草稿",
    async act(chat) {
      await chat.page.waitForTimeout(STEP_MS);
      assert.deepEqual(await chat.host("place", LINES, { append: false, conversation: null }), { ok: true, how: "inserted" });
      const seen = [lines(await chat.text()).join("|")];
      for (let step = 0; step < 10 && seen.at(-1) !== "草稿"; step++) {
        await chat.page.keyboard.press("Control+z");
        await chat.page.waitForTimeout(60);
        seen.push(lines(await chat.text()).join("|"));
      }
      assert.equal(seen.at(-1), "草稿", `never back to the draft: ${seen}`);
    },
  },
  {
    name: "never into another conversation",
    draft: "草稿",
    async act(chat) {
      const searched = await chat.conversation();
      assert.ok(searched);
      await chat.switchTo("李先生");
      assert.deepEqual(await chat.host("place", REPLY, { append: false, conversation: searched }), { ok: false, how: "inserted", reason: "other-conversation" });
      assert.deepEqual(lines(await chat.text()), ["草稿"]);
      await chat.switchTo("王女士");
      assert.equal((await chat.host("place", REPLY, { append: false, conversation: searched })).ok, true);
    },
  },
]);

/** The page to be tried alone, while working on it. */
const only = process.env.ONLY_EDITOR;
for (const editor of EDITORS.filter((editor) => !only || editor === only)) {
  describe(editor, () => {
    for (const { name, draft, act } of SITUATIONS) {
      test(`a text gets into ${editor} ${name}`, { timeout: TEST_MS }, async () => {
        const chat = await openChat(editor, draft);
        try {
          await act(chat);
          assert.deepEqual(await chat.sent(), [], "nothing is sent");
          assert.deepEqual(chat.faults, []);
        } finally {
          await chat.page.close();
        }
      });
    }
  });
}

for (const editor of only ? [] : ["limited", "stubborn"]) {
  test(`where ${editor} does not take a text, that is said and the draft is as it was`, async () => {
    const chat = await openChat(editor, "abc");
    assert.deepEqual(await chat.host("place", REPLY, { append: false, conversation: null }), { ok: false, how: "inserted", reason: "not-there" });
    assert.equal(await chat.text(), "abc");
    assert.deepEqual(await chat.sent(), []);
    await chat.page.close();
  });
}

if (!only) {
  test("of a page with several boxes in several frames exactly one gets the text", async () => {
    const chat = await openChat("textarea-in-frame", "");
    assert.equal((await chat.host("place", REPLY, { append: false, conversation: null })).ok, true);
    assert.equal(await chat.text(), REPLY);
    assert.equal(await chat.page.locator("#decoy").inputValue(), "");
    assert.equal(await chat.page.locator("#note").inputValue(), "");
    await chat.page.close();
  });
}
