// @ts-check
// Words of one's own in the panel: kept, chosen by keys, checked, changed, dropped, and nobody else's.

import assert from "node:assert/strict";
import { test } from "node:test";
import { useBoth } from "../both.js";
import { Panel } from "../panel/desk.js";
import { until } from "../service.js";
import { hire, PASSWORD } from "./team.js";

const both = useBoth({ kb: "tests/fixtures/kb" });

/** A panel in which somebody has signed in. @param {string} name */
async function panelOf(name) {
  const opened = await both.open("/");
  const panel = new Panel(opened.page, opened.faults, opened.close);
  await panel.page.getByLabel("账号").fill(name);
  await panel.page.getByLabel("密码").fill(PASSWORD);
  await panel.press("Enter");
  await panel.page.locator("select[data-facet=shop]:enabled").waitFor();
  return panel;
}

test("without an account there are none", async () => {
  const opened = await both.open("/");
  const panel = new Panel(opened.page, opened.faults, opened.close);
  await panel.page.locator("select[data-facet=shop]:enabled").waitFor();
  await panel.press("Alt+x");
  await panel.told("要有账号");
  await opened.close();
});

test("words are kept from the draft, come back by keys, are changed and dropped", async () => {
  const person = await hire(both.service, "小李", "agent");
  const other = await hire(both.service, "小王", "agent");
  const panel = await panelOf("小李");
  const { draft } = panel;
  await panel.press("Alt+k");
  await panel.page.keyboard.type("晚安亲，明早八点第一时间给您看");
  await draft.getByText("留作我的话术").click();
  await panel.told("留好了");
  assert.deepEqual((await person.ask("/v1/private")).entries.map((/** @type {any} */ { title, text }) => [title, text]), [["晚安亲", "晚安亲，明早八点第一时间给您看"]]);
  assert.equal((await other.ask("/v1/private")).total, 0);
  await panel.press("Escape", "Alt+x");
  await panel.menu.getByText("晚安亲").waitFor();
  await panel.press("1");
  await draft.getByText("没有问题").waitFor();
  await panel.press("Control+Enter");
  await panel.told("已复制");
  assert.equal(await panel.clipboard(), "晚安亲，明早八点第一时间给您看");

  await panel.press("Alt+x");
  await panel.menu.getByText("晚安亲").waitFor();
  await panel.press("1");
  await draft.locator("textarea").fill("早上好，昨晚的事给您看过了");
  await draft.getByText("改我的话术").click();
  await panel.told("改好了");
  await until(async () => (await person.ask("/v1/private")).entries[0].title === "早上好");
  await draft.getByText("从我的话术里删掉").click();
  await panel.told("删掉了");
  assert.equal((await person.ask("/v1/private")).total, 0);
  assert.deepEqual(panel.faults, []);
  await panel.close();
});

test("a reply that was rewritten does not become the words that were open before", async () => {
  const person = await hire(both.service, "小张", "agent");
  await person.ask("/v1/private", { title: "我的", text: "我的一句" });
  const panel = await panelOf("小张");
  const { draft } = panel;
  await panel.press("Alt+x");
  await panel.menu.getByText("我的", { exact: false }).first().waitFor();
  await panel.press("1");
  await draft.getByText("改我的话术").waitFor();
  await panel.press("Escape", "Alt+x");
  await panel.menu.getByText("写一条").waitFor();
  await panel.press("2");
  await draft.locator("textarea").fill("另一句");
  await draft.getByText("留作我的话术").click();
  await panel.told("留好了");
  assert.deepEqual((await person.ask("/v1/private")).entries.map((/** @type {any} */ { text }) => text).sort(), ["另一句", "我的一句"]);
  await panel.close();
});
