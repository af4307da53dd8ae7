// @ts-check
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { until } from "../service.js";
import { useDesk } from "./desk.js";

const desk = useDesk();

test("a script that nobody asks for is two keys away, and Enter takes it", async () => {
  const panel = await desk.open({ shop: "旗舰店" });
  await panel.press("Alt+t");
  const item = panel.menu.getByRole("button", { name: "派送中" });
  await item.waitFor();
  const key = await item.getAttribute("aria-keyshortcuts");
  assert.ok(key);
  await panel.press(key);
  await panel.hit("派送中提醒").waitFor();
  await panel.current.locator("input.slot").first().fill("13900000000");
  await panel.question.focus();
  await panel.press("Enter");
  await panel.told("已复制");
  assert.match(await panel.clipboard(), /13900000000/);
  await panel.close();
});

test("categories are walked by arrows, and Esc leads back", async () => {
  const panel = await desk.open();
  await panel.press("Alt+c", "ArrowDown", "ArrowDown", "ArrowUp");
  const key = await panel.page.evaluate(() => document.activeElement?.getAttribute("aria-keyshortcuts"));
  assert.equal(key, "2");
  const category = (await desk.service.ask("/v1/library")).categories[1];
  await panel.press("Enter");
  await panel.hits.first().waitFor();
  assert.equal(await panel.summary.innerText(), `${category.value} · ${category.count} 条`);
  await panel.press("Alt+c", "Escape");
  await panel.menu.waitFor({ state: "hidden" });
  assert.ok(await panel.question.evaluate((field) => field === document.activeElement));
  await panel.close();
});

test("favourites and what was used are at hand, and what is not in force any more is left out", async () => {
  const panel = await desk.open({ shop: "旗舰店" });
  await panel.paste("退货地址发我");
  const title = await panel.current.locator(".title").innerText();
  await panel.press("Alt+s");
  await panel.told("已收藏");
  await panel.press("Enter");
  await panel.told("已复制");
  await panel.page.reload();
  await panel.page.locator("select[data-facet=shop]:enabled").waitFor();
  await panel.press("Alt+v");
  await panel.hit(title).waitFor();
  assert.equal(await panel.current.locator("[aria-pressed=true]").count(), 1);
  await panel.press("Alt+l");
  await panel.summary.filter({ hasText: "最近用过 · 1 条" }).waitFor();
  const { hits } = await desk.service.ask("/v1/search", { q: "退货地址发我", limit: 1 });
  const file = path.join(desk.service.kb, hits[0].path);
  writeFileSync(file, "---\ntitle: 旧\nstate: retired\nquestions: [旧]\n---\n旧。\n\n> 旧\n");
  await until(async () => (await desk.service.ask("/v1/browse", { ids: [hits[0].id] })).gone.length === 1);
  await panel.press("Alt+v");
  await panel.summary.filter({ hasText: "1 条已停用或过期" }).waitFor();
  assert.equal(await panel.hits.count(), 0);
  await panel.close();
});

test("while nobody says anything nothing is pinned and nothing fails", async () => {
  const panel = await desk.open();
  await panel.page.waitForTimeout(500);
  assert.ok(await panel.page.locator("section.notices").isHidden());
  assert.deepEqual(panel.faults, []);
  await panel.close();
});

test("a notice is pinned within seconds until a key acknowledges it or it is taken back, and its reply is a key away", async () => {
  const { entry } = await desk.service.ask(`/v1/entries/${encodeURIComponent("稍等-查询中")}`);
  const reply = entry.replies.find((/** @type {{slots: unknown[]}} */ { slots }) => slots.length === 0);
  const panel = await desk.open();
  const publish = (/** @type {object} */ notice) => desk.service.ask("/v1/notices", { until: Date.now() + 3_600_000, ...notice });
  await publish({ text: "系统维护，先别承诺退款时间", entry_id: entry.id, reply_id: reply.id });
  await panel.page.getByText("系统维护，先别承诺退款时间").waitFor({ timeout: 5_000 });
  await panel.press("Alt+y");
  await panel.told("已复制");
  assert.equal(await panel.clipboard(), reply.segments[0].text);
  await panel.press("Alt+a");
  await panel.page.getByText("系统维护，先别承诺退款时间").waitFor({ state: "hidden" });
  await until(async () => (await desk.service.ask("/v1/notices/list")).notices[0].acknowledged === 1);
  const { id } = await publish({ text: "发错了的通知" });
  await panel.page.getByText("发错了的通知").waitFor({ timeout: 5_000 });
  const { status } = await fetch(`${desk.service.url}/v1/notices/${id}`, { method: "DELETE", headers: { authorization: `Bearer ${desk.service.token}` } });
  assert.equal(status, 204);
  await panel.page.getByText("发错了的通知").waitFor({ state: "hidden", timeout: 5_000 });
  await panel.close();
});
