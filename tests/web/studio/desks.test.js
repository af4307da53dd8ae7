// @ts-check
// What trainers and leads do at their desks once in a while: twins merged, a wish written, a phrasing moved, an entry brought back, a notice tied to a reply and
// looked back on, a person's records erased.

import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { useBoth } from "../both.js";
import { Panel } from "../panel/desk.js";
import { until } from "../service.js";
import { pagesOf } from "./desk.js";
import { hire } from "./team.js";

/** @typedef {import("./team.js").Person} Person */

/** Two that say nearly the same. @type {[string, string][]} */
const TWINS = [
  ["开发票", "亲，发票随货寄出，也可以开电子发票发到您的邮箱，抬头税号报一下就行"],
  ["要发票", "亲，发票随货寄出，也可以开电子发票发到您的邮箱，抬头和税号报一下就行"],
];

/** @type {Record<"trainer" | "lead" | "admin", Person>} */
let team;
/** @type {Person[]} */
const agents = [];
const both = useBoth(
  {
    kb: "tests/fixtures/kb",
    prepare: (kb) => {
      for (const [title, said] of TWINS) writeFileSync(path.join(kb, `${title}.md`), `---\ntitle: ${title}\nquestions: [${title}可以吗]\n---\n> ${said}\n`);
    },
  },
  async (service) => {
    const admin = await hire(service, "管理员", "admin");
    team = { admin, trainer: await hire(service, "陈老师", "trainer"), lead: await hire(service, "周主管", "lead") };
    for (const name of ["小王", "小李", "小张", "小赵"]) agents.push(await hire(service, name, "agent"));
    for (const person of agents) {
      await person.search("我的货啥时候能出库呀", "催发货");
      await person.miss("你们有线下体验店吗");
    }
  },
);
const { open, studioOf } = pagesOf(both);
const inLibrary = (/** @type {string} */ file) => path.join(both.service.kb, file);

test("twins are seen side by side and become one, with the questions of both", async () => {
  const studio = await studioOf("#/learned/similar", team.trainer);
  await studio.rows.filter({ hasText: "要发票" }).getByRole("button", { name: "并排看" }).first().click();
  await studio.page.locator(".card pre").filter({ hasText: "抬头和税号" }).waitFor();
  await studio.button("并进「开发票」…").click();
  const merged = studio.page.getByLabel("合并后的内容");
  await until(async () => /开发票可以吗[^]*要发票可以吗/u.test(await merged.inputValue()));
  await studio.page.getByRole("button", { name: /^存为「开发票」/u }).click();
  await studio.dialog.getByRole("button", { name: "合并" }).click();
  await studio.told("已合并到「开发票」");
  assert.equal(existsSync(inLibrary("要发票.md")), false);
  assert.equal((await team.trainer.ask("/v1/search", { q: "要发票可以吗" })).hits[0].id, "开发票");
  assert.deepEqual(studio.faults, []);
  await studio.close();
});

test("what is gone is listed with who removed it, and is brought back as it was", async () => {
  const before = await team.trainer.ask("/v1/entries/致谢");
  const headers = { cookie: team.trainer.cookie, "if-match": `"${before.content_hash}"` };
  const gone = await fetch(`${both.service.url}/v1/entries/${encodeURIComponent("致谢")}?why=${encodeURIComponent("用不上了")}`, { method: "DELETE", headers });
  assert.equal(gone.status, 200);
  const studio = await studioOf("#/library", team.trainer);
  await studio.page.getByRole("link", { name: "删掉的" }).click();
  const row = studio.rows.filter({ hasText: "用不上了" });
  await row.filter({ hasText: before.entry.title }).filter({ hasText: "陈老师" }).waitFor();
  assert.deepEqual(await studio.serious(), []);
  await row.getByRole("button", { name: "恢复" }).click();
  await studio.dialog.getByRole("button", { name: "恢复" }).click();
  await studio.told("已恢复");
  await row.waitFor({ state: "detached" });
  assert.equal((await team.trainer.ask("/v1/entries/致谢")).markdown, before.markdown);
  assert.deepEqual(studio.faults, []);
  await studio.close();
});

test("what customers ask and the library lacks becomes an entry with their words as questions", async () => {
  const studio = await studioOf("#/learned/wishes", team.trainer);
  await studio.rows.filter({ hasText: "体验店" }).getByRole("button", { name: "写一条" }).click();
  await until(async () => /你们有线下体验店吗/u.test(await studio.text.inputValue()));
  const draft = await studio.text.inputValue();
  assert.match(draft, /^state: draft$/mu, "nothing is said before somebody has written it");
  await studio.text.fill(`${draft.replace("state: draft", "state: approved").trimEnd()}\n\n> 亲，暂时只有线上店，开了体验店第一时间告诉您\n`);
  assert.equal((await studio.save()).status(), 201);
  await until(async () => JSON.stringify((await agents[0].ask("/v1/search", { q: "你们有线下体验店吗" })).hits[0] ?? "").includes("暂时只有线上店"));
  assert.deepEqual(studio.faults, []);
  await studio.close();
});

test("a learned phrasing is moved to the entry that answers it, found by searching", async () => {
  const studio = await studioOf("#/learned", team.trainer);
  const row = studio.rows.filter({ hasText: "我的货啥时候能出库" });
  await until(async () => {
    if (await row.isVisible()) return true;
    await studio.page.reload();
    return row.isVisible();
  }, 30_000);
  await row.getByRole("button", { name: "换词条" }).click();
  const search = studio.dialog.getByLabel("换到哪条");
  await search.fill("退货寄到哪里");
  await studio.dialog.getByRole("option", { name: /退货地址/u }).waitFor();
  await studio.page.keyboard.press("Enter");
  assert.equal(await search.inputValue(), "退货地址", "the key takes what was found, and sends nothing yet");
  await studio.dialog.getByRole("button", { name: "换过去" }).click();
  await studio.told("已换到「退货地址」");
  const { entry } = await team.trainer.ask("/v1/entries/退货地址");
  assert.ok(entry.questions.some((/** @type {string} */ question) => question.includes("啥时候能出库")), "it is a question of that entry now");
  await row.waitFor({ state: "detached" });
  assert.deepEqual(studio.faults, []);
  await studio.close();
});

test("a notice is tied to one reply that was searched for, used from the panel, and looked back on", async () => {
  const { page, faults, close } = await open("/", agents[0]);
  const panel = new Panel(page, faults, close);
  await page.locator("select[data-facet=shop]:enabled").waitFor();
  const studio = await studioOf("#/notices", team.lead);
  await studio.button("发通知").click();
  await studio.dialog.getByLabel("要说的话").fill("仓库盘点，今天的单明天发");
  await studio.dialog.getByLabel("配套话术（可以不填）").fill("怎么还没发货");
  await studio.dialog.getByRole("option", { name: /催发货/u }).click();
  assert.equal(await studio.dialog.getByLabel("哪一句").inputValue(), "", "the whole entry, until one is chosen");
  await studio.dialog.getByLabel("哪一句").selectOption({ label: "抖音：宝子，{{订单号}} 马上发。" });
  await studio.dialog.getByRole("button", { name: "发出" }).click();
  const pinned = page.locator(".notice").filter({ hasText: "仓库盘点" });
  await pinned.getByRole("button", { name: "用这句" }).waitFor();
  const row = studio.rows.filter({ hasText: "仓库盘点" });
  await row.getByRole("link", { name: "话术 催发货" }).waitFor();
  await row.getByRole("button", { name: "撤回" }).click();
  await studio.dialog.getByRole("button", { name: "撤回" }).click();
  await row.getByText("待复盘").waitFor();
  await pinned.waitFor({ state: "detached" });
  await studio.close();

  // Whoever looks after renewals is reminded, and says what came of it.
  const other = await studioOf("#/renewals", team.trainer);
  await other.page.locator(".due-notices").getByText("仓库盘点").waitFor();
  await other.page.locator(".due-notices").getByRole("button").first().click();
  await other.dialog.getByLabel("后来怎么样，要不要写进知识库").fill("第二天都发出了，不用写");
  await other.dialog.getByRole("button", { name: "记下" }).click();
  await other.page.locator(".due-notices").getByText("仓库盘点").waitFor({ state: "detached" });
  const { notices } = await team.lead.ask("/v1/notices/list");
  assert.deepEqual([notices[0].review_due, notices[0].reviewed_by, notices[0].review], [false, "陈老师", "第二天都发出了，不用写"]);
  assert.deepEqual([...panel.faults, ...other.faults], []);
  await other.close();
  await panel.close();
});

test("what is kept of one person is erased once the name was written twice, and nobody else's", async () => {
  const person = "小赵";
  await until(async () => (await journalOf(person)) > 0);
  const studio = await studioOf("#/privacy", team.admin);
  await studio.page.getByLabel("登录名").fill(person);
  await studio.button("抹去…").click();
  const again = studio.dialog.getByLabel(`再输一遍「${person}」`);
  await again.fill("小张");
  await studio.dialog.getByRole("button", { name: "抹去" }).click();
  await studio.dialog.getByText("两次的名字不一样").waitFor();
  assert.ok((await journalOf(person)) > 0, "a wrong name erases nothing");
  await again.fill(person);
  await studio.dialog.getByRole("button", { name: "抹去" }).click();
  await studio.told("已抹去");
  await studio.dialog.getByText("抹去了").waitFor();
  await studio.dialog.locator("li").first().waitFor();
  await studio.dialog.getByRole("button", { name: "好" }).click();
  assert.equal(await journalOf(person), 0);
  assert.ok((await journalOf("小张")) > 0);
  assert.deepEqual(studio.faults, []);
  await studio.close();
});

/** How many rows of the journal are of a person. @param {string} name */
async function journalOf(name) {
  const kept = await team.admin.ask(`/v1/privacy/people/${encodeURIComponent(name)}`);
  return Object.values(kept.journal).flat().length;
}
