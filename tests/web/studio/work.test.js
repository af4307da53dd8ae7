// @ts-check
// Screens of the team's work, with a team that has worked.

import assert from "node:assert/strict";
import { test } from "node:test";
import { useBoth } from "../both.js";
import { compose } from "../browser.js";
import { Panel } from "../panel/desk.js";
import { until } from "../service.js";
import { pagesOf } from "./desk.js";
import { signIn, withDuties, workingTeam } from "./team.js";

/** @type {Awaited<ReturnType<typeof workingTeam>>} */
let team;
const both = useBoth({ prepare: withDuties }, async (service) => {
  team = await workingTeam(service);
});
const { open, studioOf } = pagesOf(both);

const SCREENS = {
  "#/review": ".golden-run",
  "#/renewals": "text=冷链包装说明",
  "#/golden": "text=必须找到",
  "#/learned": ".screen .table, .screen .empty",
  "#/learned/wishes": "text=体验店",
  "#/learned/similar": ".screen .table, .screen .empty",
  "#/reports": ".tiles",
  "#/reports/hot-words": "img.chart",
  "#/reports/no-hits": "text=体验店",
  "#/reports/unused": ".screen .table, .screen .empty",
  "#/reports/gaps": "text=刻个名字",
  "#/reports/usage": "text=催发货",
  "#/reports/never-used": "tbody tr",
  "#/reports/expiring": "text=冷链包装说明",
  "#/reports/speed": "tbody tr",
  "#/notices": "text=顺丰华东停运",
  "#/points": "text=问法被采用",
  "#/people": "text=小赵",
  "#/people/tokens": "text=前台电脑",
  "#/people/limits": ".screen .table",
  "#/privacy": "text=保留多久",
  "#/privacy/audit": "tbody tr",
};

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`every screen shows what the team did, is accessible and fits into 1024 pixels: ${colorScheme}`, async () => {
    const studio = await studioOf("", team.admin, { viewport: { width: 1024, height: 768 }, colorScheme });
    for (const [hash, shown] of Object.entries(SCREENS)) {
      await studio.go(hash);
      await studio.page.locator(shown).first().waitFor().catch((error) => assert.fail(`${hash}: ${error}`));
      assert.deepEqual(await studio.serious(), [], hash);
      assert.ok((await studio.overflow()) <= 0, `${hash} is wider than the window`);
    }
    assert.deepEqual(studio.faults, []);
    await studio.close();
  });
}

test("keys go through the queue and decide, and none does while an input method composes", async () => {
  const studio = await studioOf("#/review", team.trainer);
  const shown = studio.page.locator(".beside-list h2");
  const first = await studio.rows.nth(0).locator("td").first().innerText();
  await shown.filter({ hasText: "猫爬架" }).waitFor();
  assert.match(first, /猫爬架/u);
  await studio.page.keyboard.press("j");
  await shown.filter({ hasText: "催发货" }).waitFor();
  assert.match(await studio.page.locator(".beside-list del, .beside-list ins").first().innerText(), /验货/u);
  await studio.page.keyboard.press("j");
  await shown.filter({ hasText: "我的宝贝啥时候出库呀" }).waitFor();
  await studio.page.keyboard.press("c");
  await compose(studio.page, ["a", "aj", "ajr"], "可以");
  await studio.page.keyboard.press("Enter");
  await studio.page.locator(".beside-list").getByText("可以").waitFor();
  assert.equal(await studio.rows.count(), 4, "nothing was approved on the way");
  await studio.rows.nth(2).focus();
  await studio.page.keyboard.press("a");
  await studio.told("已通过");
  await until(async () => (await studio.rows.count()) === 3);
  const { entry } = await team.trainer.ask("/v1/entries/催发货");
  assert.ok(entry.questions.includes("我的宝贝啥时候出库呀"));
  await studio.close();
});

test("words that an agent mends come to the trainer as a change of these words alone", async () => {
  const agent = await signIn(both.service, "小张");
  const before = await agent.ask("/v1/entries/催发货");
  const { page, faults, close } = await open("/", agent);
  const panel = new Panel(page, faults, close);
  await page.locator("select[data-facet=shop]:enabled").waitFor();
  await panel.paste("怎么还没发货");
  await panel.hit(before.entry.title).first().waitFor();
  await panel.press("Alt+j", "Alt+2");
  await page.locator("section.propose [name=reply]").fill("刚催过仓库，今天六点前发出");
  await panel.press("Control+Enter");
  await panel.told("已交给培训");
  assert.deepEqual(faults, []);
  await close();
  const { submissions } = await agent.ask("/v1/submissions?mine=true&kind=correction");
  const { markdown } = await agent.ask(`/v1/submissions/${submissions[0].id}`);
  const unsaid = (/** @type {string} */ text) => text.split("\n").filter((line) => !line.startsWith(">"));
  assert.deepEqual(unsaid(markdown), unsaid(before.markdown));
  assert.ok(markdown.includes("\n> 刚催过仓库，今天六点前发出\n"), markdown);
});

test("what is sent back is told to who proposed it, with the reason", async () => {
  const studio = await studioOf("#/review?kind=outdated", team.trainer);
  await studio.page.locator(".beside-list h2").waitFor();
  await studio.rows.first().focus();
  await studio.page.keyboard.press("r");
  await studio.dialog.getByRole("textbox").fill("春节还要用，先留着");
  await studio.dialog.getByRole("button", { name: "退回" }).click();
  await studio.told("已退回");
  await studio.close();
  const agent = await signIn(both.service, "小李");
  const { page, faults, close } = await open("/", agent);
  const panel = new Panel(page, faults, close);
  await page.locator("select[data-facet=shop]:enabled").waitFor();
  await panel.press("Alt+j");
  await page.getByText("我的提议").click();
  await page.getByText("已退回 · 标过时").filter({ hasText: "春节还要用" }).waitFor();
  await close();
});

test("a notice is pinned in an open panel within five seconds, and who has read it is listed", async () => {
  const { page, faults, close } = await open("/", team.agent);
  const panel = new Panel(page, faults, close);
  await page.locator(".notice").getByText("顺丰华东停运").waitFor();
  const studio = await studioOf("#/notices", team.lead);
  await studio.button("发通知").click();
  await studio.dialog.getByLabel("要说的话").fill("满减活动延到今晚十点");
  await studio.dialog.getByRole("button", { name: "发出" }).click();
  const sent = Date.now();
  await page.locator(".notice").getByText("满减活动延到今晚十点").waitFor({ timeout: 5_000 });
  assert.ok(Date.now() - sent < 5_000);
  await panel.press("Alt+a");
  await until(async () => {
    await studio.page.reload();
    const row = studio.rows.filter({ hasText: "满减活动" });
    await row.waitFor();
    return row.getByText("1 人").isVisible();
  });
  await studio.rows.filter({ hasText: "满减活动" }).getByText("1 人").click();
  await studio.dialog.getByText("小王").waitFor();
  await studio.close();
  await close();
});

test("entries are renewed in a batch, each by one date and no other byte", async () => {
  const before = await team.trainer.ask("/v1/entries/冷链包装说明");
  const studio = await studioOf("#/renewals", team.trainer);
  for (const id of ["冷链包装说明", "预售尾款时间"]) await studio.rows.filter({ hasText: id }).getByRole("checkbox").check();
  await studio.page.getByRole("button", { name: /改复审日（2 条）/u }).click();
  await studio.dialog.getByLabel("下次复审").fill("2028-01-31");
  await studio.dialog.getByRole("button", { name: "改好" }).click();
  await studio.told("已改好 2 条");
  await studio.rows.filter({ hasText: "冷链包装说明" }).waitFor({ state: "detached" });
  const after = await team.trainer.ask("/v1/entries/冷链包装说明");
  assert.equal(after.markdown, before.markdown.replace(/review_by: .*/u, "review_by: 2028-01-31"));
  await studio.close();
});

test("an account is made with a password that is shown once, and ends at once", async () => {
  const studio = await studioOf("#/people", team.admin);
  await studio.button("加一个人").click();
  await studio.dialog.getByLabel("登录名").fill("新来的");
  await studio.dialog.getByRole("button", { name: "加上" }).click();
  const secret = await studio.page.locator("input.secret").inputValue();
  await studio.button("记好了").click();
  const session = (/** @type {string} */ password) => fetch(`${both.service.url}/v1/session`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ name: "新来的", password }) });
  assert.equal((await session(secret)).status, 200);
  const row = studio.rows.filter({ hasText: "新来的" });
  await row.getByRole("button", { name: "停用" }).click();
  await studio.dialog.getByRole("button", { name: "停用" }).click();
  await row.getByText("停用", { exact: true }).waitFor();
  assert.equal((await session(secret)).status, 401);
  await studio.close();
});
