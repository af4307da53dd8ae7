// @ts-check
// The day that the studio is for: told in the morning, found by everybody before noon, counted on Monday.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { useBoth } from "../both.js";
import { Panel } from "../panel/desk.js";
import { ROOT, until } from "../service.js";
import { StudioPage } from "./desk.js";
import { hire, PASSWORD, withFewGolden } from "./team.js";

/** A question that must go on finding its entry; the case asks the same, and so moves it. */
const GOLDEN = readFileSync(path.join(ROOT, "kb", "golden.tsv"), "utf8").split("\n").map((line) => line.split("\t")).find(([question, entry]) => entry === "催发货" && question.length < 40)?.[0] ?? "";

const both = useBoth({ prepare: (kb) => withFewGolden(kb, [GOLDEN]) });

const TITLE = "猫爬架少一包螺丝";

/** Others who use what was approved: points count from ten uses on. */
const OTHERS = 10;

test("a case told from the panel is weighed, reworded, approved, found, used, rewarded and counted", async () => {
  const { service } = both;
  /** @type {import("./team.js").Person[]} */
  const colleagues = [];
  await hire(service, "老师", "trainer");
  await hire(service, "小王", "agent");
  for (let number = 1; number <= OTHERS; number += 1) colleagues.push(await hire(service, `同事${number}`, "agent"));

  // The agent signs in on the page and proposes what has just been settled.
  const agent = await both.open("/");
  const panel = new Panel(agent.page, agent.faults, agent.close);
  await panel.page.getByLabel("账号").fill("小王");
  await panel.page.getByLabel("密码").fill(PASSWORD);
  await panel.press("Enter");
  await panel.page.locator("select[data-facet=shop]:enabled").waitFor();
  await panel.paste("我买的猫爬架少了一包螺丝，电话13812345678");
  await panel.press("Alt+j", "Alt+5");
  const form = panel.page.locator("section.propose");
  await until(async () => (await form.locator("[name=situation]").inputValue()).includes("<手机>"));
  assert.equal(await form.locator("[name=questions]").inputValue(), "我买的猫爬架少了一包螺丝", "what says who the customer is is cut off");
  await form.locator("[name=title]").fill(TITLE);
  await form.locator("[name=questions]").fill(`猫爬架少螺丝\n${GOLDEN}`);
  await form.locator("[name=reply]").fill("亲，少的螺丝马上补寄");
  await form.locator("[name=lesson]").fill("先问少哪一包，再补寄");
  await form.locator("[name=note]").fill("今天上午处理的");
  await panel.press("Control+Enter");
  await panel.told("已交给培训");
  await panel.paste("猫爬架少螺丝");
  assert.equal(await panel.hit(TITLE).count(), 0, "nothing changes before it is approved");

  // The trainer sees what it moves, says it better, and approves.
  const desk = await both.open("/studio#/review");
  const studio = new StudioPage(desk.page, desk.faults, desk.close);
  await studio.dialog.getByLabel("名字").fill("老师");
  await studio.dialog.getByLabel("密码").fill(PASSWORD);
  await studio.page.keyboard.press("Enter");
  await studio.rows.filter({ hasText: TITLE }).waitFor();
  const moved = studio.page.locator(".golden-run");
  await moved.waitFor();
  assert.match(await moved.innerText(), /个黄金问题：.*(换了位置|会找不到)/u);
  assert.match(await studio.page.locator(".beside-list").innerText(), /今天上午处理的/u);
  await studio.page.keyboard.press("e");
  const source = studio.page.getByLabel("改后的内容");
  const written = await source.inputValue();
  assert.ok(!written.includes("13812345678"), "no number of a customer came with it");
  await source.fill(written.replace(`  - ${GOLDEN}\n`, "").replace("马上补寄", "今天补寄，单号发您"));
  await until(async () => !(await moved.innerText()).includes("会找不到"));
  await studio.page.keyboard.press("Control+Enter");
  await studio.told("已通过");
  await studio.page.getByText("没有等着审的提议").waitFor();

  // The agent finds it; so do the others.
  await panel.paste("猫爬架少螺丝怎么办");
  await panel.hit(TITLE).waitFor();
  assert.match(await panel.words(panel.hit(TITLE)), /今天补寄，单号发您/u);
  await panel.press("Alt+j");
  await form.getByText("我的提议").click();
  await form.getByText(`已通过 · 新案例「${TITLE}」`).waitFor();
  const found = await colleagues[0].ask("/v1/search", { q: "猫爬架少螺丝" });
  const id = found.hits.find((/** @type {any} */ hit) => hit.title === TITLE).id;
  const points = async () => {
    const { ledger } = await colleagues[0].ask("/v1/points").then(() => service.ask("/v1/points"));
    return ledger.find((/** @type {any} */ line) => line.who === "小王" && line.entry_id === id);
  };
  assert.equal((await points()).state, "pending");
  for (const colleague of colleagues) await colleague.search("猫爬架少螺丝", id);

  // The points appear, and the report counts it.
  await until(async () => (await points()).state === "counted", 30_000);
  await studio.go("#/points");
  const line = studio.rows.filter({ hasText: "案例被采用" }).filter({ hasText: "小王" });
  await line.getByText("已计入").waitFor();
  await studio.go("#/reports/usage");
  const used = studio.rows.filter({ hasText: TITLE });
  await used.waitFor();
  assert.equal(await used.locator("td").nth(1).innerText(), String(OTHERS));
  assert.deepEqual([...panel.faults, ...studio.faults], []);
  await panel.close();
  await studio.close();
});
