// @ts-check
// The same in the extension's pages, and in the chat pages beside it: a text of the library stays text, and nobody but the service is asked.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { useExtension } from "../extension/desk.js";
import { EVIL, poison, watch } from "./watch.js";

const desk = useExtension({
  kb: "tests/fixtures/kb",
  prepare: (kb) =>
    poison((name, text) => {
      const file = path.join(kb, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }),
});

test("the extension's panel and the chat show what attacks them as text", async () => {
  const own = [desk.service.url, desk.extension.origin, desk.pages.url];
  const seen = await watch(desk.extension.context, own);
  const { chat, panel, text } = await desk.open("contenteditable");
  await panel.question.fill(`毒药怎么卖 ${EVIL}`);
  await panel.hits.first().waitFor();
  assert.ok(await panel.page.getByText("onerror=").count());
  await panel.press("Alt+1");
  await panel.page.waitForTimeout(1_000);
  assert.deepEqual(await seen.violations(panel.page), []);
  assert.deepEqual((await seen.violations(chat)).filter((line) => line.startsWith("ran")), []);
  assert.equal(await chat.locator("#root img, #root svg, #root iframe").count(), 0, String(await text()));
  const options = await desk.extension.open("extension/options.html");
  assert.deepEqual(await seen.violations(options), []);
  assert.deepEqual([seen.dialogs, seen.strangers], [[], []]);
  await options.close();
  await chat.close();
  await panel.close();
});
