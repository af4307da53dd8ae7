// @ts-check
// Stored cross-site scripting, and requests to others: every page of the service with a library, people and notices that are written to attack it.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { SCREENS } from "../../../web/studio/screens.js";
import { launchBrowser } from "../browser.js";
import { startService, until } from "../service.js";
import { cookieOf, hire } from "../studio/team.js";
import { EVIL, EVIL_NAME, poison, watch } from "./watch.js";

/** @type {import("../service.js").Service} */
let service;
/** @type {import("../browser.js").Browser} */
let browser;
/** @type {import("../studio/team.js").Person} */
let admin;

before(async () => {
  const prepare = (/** @type {string} */ kb) =>
    poison((name, text) => {
      const file = path.join(kb, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    });
  [service, browser] = await Promise.all([startService({ kb: "tests/fixtures/kb", prepare }), launchBrowser()]);
  admin = await hire(service, "管理员", "admin", { display: EVIL_NAME.slice(0, 40) });
  const agent = await hire(service, "小毒", "agent", { display: EVIL_NAME.slice(0, 40) });
  const { query_id } = await agent.search(`毒药怎么卖 ${EVIL}`, "毒");
  assert.ok(query_id);
  await agent.miss(`没有的毒 ${EVIL}`);
  await agent.ask("/v1/submissions", { kind: "phrasing", entry_id: "毒", text: EVIL });
  await agent.ask("/v1/submissions", { kind: "new", title: EVIL_NAME, markdown: `---\ntitle: ${JSON.stringify(EVIL_NAME)}\n---\n\n> ${EVIL}\n` });
  await agent.ask("/v1/private", { title: EVIL_NAME.slice(0, 40), text: EVIL });
  await admin.ask("/v1/tokens", { label: EVIL_NAME.slice(0, 40) });
  await admin.ask("/v1/notices", { text: EVIL, entry_id: "毒", until: Date.now() + 3_600_000 });
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

/** A page of somebody who is signed in, watched. @param {string} address @param {import("../studio/team.js").Person} [who] */
async function open(address, who = admin) {
  const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 1280, height: 900 } });
  const seen = await watch(context, [service.url]);
  await context.addCookies([cookieOf(who)]);
  const page = await context.newPage();
  await page.goto(service.url + address);
  const clean = async (/** @type {string} */ where) => {
    assert.deepEqual(await seen.violations(page), [], where);
    assert.deepEqual([seen.dialogs, seen.strangers], [[], []], where);
  };
  return { page, clean, close: () => context.close() };
}

test("the panel shows what attacks it as text", async () => {
  const { page, clean, close } = await open("/");
  await page.locator("select[data-facet=shop]:enabled").waitFor();
  await page.getByText("window.hacked=1").first().waitFor();
  await clean("a notice");
  await page.locator("#question").fill(`毒药怎么卖 ${EVIL}`);
  await page.locator("#hits > li").first().waitFor();
  await clean("hits");
  assert.ok(await page.getByText("onerror=").count(), "it is shown, as text");
  await page.locator("select[data-facet=shop]").selectOption({ index: 1 });
  await page.keyboard.press("Alt+1");
  await page.keyboard.press("Alt+t");
  await page.waitForTimeout(500);
  await clean("a menu");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Alt+k");
  await page.keyboard.insertText(EVIL);
  await page.waitForTimeout(1_000);
  await clean("a draft");
  await close();
});

test("every screen of the studio shows it as text", async () => {
  const entry = encodeURIComponent("毒");
  const { page, clean, close } = await open(`/studio#/entry/${entry}`);
  await page.locator(".preview-title").filter({ hasText: "onerror" }).waitFor();
  await clean("the preview");
  const places = [...SCREENS.filter((screen) => !screen.hidden).map((screen) => screen.path), `entry/${entry}`, `history/${entry}`, "new", "learned/wishes", "learned/similar", "reports/hot-words", "reports/no-hits", "reports/gaps", "people/limits", "people/tokens", "privacy/audit", "lexicon/shops"];
  for (const place of places) {
    const quiet = page.waitForLoadState("networkidle");
    await page.evaluate((hash) => (location.hash = hash), `#/${place}`);
    await quiet;
    await page.waitForTimeout(700);
    await clean(place);
  }
  await close();
});

test("the API's documentation works under a policy without exceptions, and asks nobody else", async () => {
  const { page, clean, close } = await open("/docs/");
  await page.getByText("/v1/search").first().waitFor();
  await clean("the list");
  await page.locator("#operations-search-search_by_address button.opblock-summary-control").click();
  await page.getByRole("button", { name: "Try it out" }).click();
  await page.locator("tr[data-param-name=q] input").fill(EVIL);
  await page.getByRole("button", { name: "Execute" }).click();
  await page.locator(".live-responses-table .response").first().waitFor();
  await clean("an answer");
  await until(async () => (await page.locator("svg").count()) > 0);
  const shown = await page.locator(".opblock-summary-method").first().evaluate((element) => getComputedStyle(element).backgroundColor);
  assert.notEqual(shown, "rgba(0, 0, 0, 0)", "its styles are there");
  await close();
});
