// @ts-check
// The service goes and comes again: what was used lately stays at hand, what has expired does not go out, and nobody has to click.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { until } from "../service.js";
import { useExtension } from "./desk.js";

/** How long the short-lived reply is valid from the start of the test, in milliseconds. */
const VALID_MS = 25_000;

/** A moment as front matter has it, in Shanghai. @param {number} at */
const local = (at) => new Date(at + 8 * 3_600_000).toISOString().slice(0, 19).replace("T", " ");

const end = Date.now() + VALID_MS;

const desk = useExtension({
  kb: "tests/fixtures/kb",
  prepare(kb) {
    writeFileSync(path.join(kb, "长期.md"), "---\ntitle: 换货怎么办\nquestions: [怎么换货]\n---\n随时可用。\n\n> 亲，换货请先申请。\n");
    writeFileSync(path.join(kb, "短期.md"), `---\ntitle: 今天换货包邮\nquestions: [换货包邮吗]\nvalid: {until: ${local(end)}}\n---\n今天用。\n\n> 亲，今天换货包邮。\n`);
  },
});

/** A server that answers nothing stands for one that is gone; the address stays the same. @param {boolean} gone */
async function reach(gone) {
  const server = gone ? "http://127.0.0.1:9/" : `${desk.service.url}/`;
  await desk.extension.desk.evaluate(async (server) => {
    const { config } = await chrome.storage.local.get("config");
    // Written without the settings' own way: to the panel this is the same service, out of reach.
    await chrome.storage.local.set({ config: { .../** @type {object} */ (config), server } });
  }, server);
}

test("replies that were used are at hand, expired ones are not, and the service is asked again by itself", async () => {
  const { chat, panel, text } = await desk.open("textarea");
  for (const title of ["今天换货包邮", "换货怎么办"]) {
    await panel.question.fill(title);
    await panel.page.locator("#hits:not(.old) > li:first-child .title", { hasText: title }).waitFor();
    const before = await text();
    await until(async () => {
      await panel.press("Shift+Enter");
      await chat.waitForTimeout(300);
      return (await text()) !== before;
    });
  }
  // What was used is told after a rest.
  await until(async () => (await desk.extension.desk.evaluate(async () => /** @type {any[]} */ ((await chrome.storage.local.get("used")).used ?? []).length)) === 2);
  const kept = await desk.extension.desk.evaluate(async () => JSON.stringify((await chrome.storage.local.get("used")).used));
  assert.match(kept, /"ends_at":\d+/);

  await reach(true);
  await panel.question.fill("想换货");
  await panel.page.locator("#beside .away").getByText("连不上话术服务").waitFor();
  await panel.hit("换货怎么办").waitFor();
  await until(() => Date.now() > end, VALID_MS + 5_000);
  await panel.question.fill("换货包邮");
  await panel.page.waitForTimeout(500);
  assert.equal(await panel.hit("今天换货包邮").count(), 0, "over");
  await panel.hit("换货怎么办").waitFor();
  const before = await text();
  await panel.question.focus();
  await until(async () => {
    await panel.press("Shift+Enter");
    await chat.waitForTimeout(300);
    return (await text()) !== before;
  });
  assert.match(await text(), /换货请先申请。$/);

  await reach(false);
  await panel.page.locator("#beside .away").waitFor({ state: "detached" });
  await panel.hits.first().waitFor();
  assert.deepEqual(panel.faults, []);
  await chat.close();
  await panel.close();
});
