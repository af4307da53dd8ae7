// @ts-check
// The panel beside a chat as a part of the team: what it proposes reaches the trainers, what a lead says reaches it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../service.js";
import { hire } from "../studio/team.js";
import { useExtension } from "./desk.js";

/** A minute in milliseconds. */
const MINUTE_MS = 60_000;

/** @type {import("../studio/team.js").Person} */
let admin;
const desk = useExtension({
  kb: "tests/fixtures/kb",
  begun: async () => {
    admin = await hire(desk.service, "管理员", "admin");
    await hire(desk.service, "小李", "agent");
    const { token } = await admin.ask("/v1/tokens", { label: "浏览器扩展", user: "小李" });
    await desk.extension.configure({ token });
  },
});

test("a case is proposed from what the chat says, under the agent's name", async () => {
  const { chat, panel, sent } = await desk.open("textarea");
  await panel.press("Alt+r");
  await until(async () => (await panel.question.inputValue()).includes("我的快递怎么还没到"));
  await panel.press("Alt+j", "Alt+5");
  const form = panel.page.locator("section.propose");
  await until(async () => (await form.locator("[name=situation]").inputValue()).includes("我的快递怎么还没到"));
  await form.locator("[name=title]").fill("快递三天没动");
  await form.locator("[name=reply]").fill("亲，马上为您催快递");
  await form.locator("[name=lesson]").fill("先查物流，再催");
  await panel.press("Control+Enter");
  await panel.told("已交给培训");
  const { submissions } = await admin.ask("/v1/submissions");
  assert.deepEqual(submissions.map((/** @type {any} */ { by, kind, title }) => [by, kind, title]), [["小李", "case", "快递三天没动"]]);
  assert.deepEqual([...(await sent()), ...panel.faults], []);
  await chat.close();
  await panel.close();
});

test("a notice is pinned beside the chat, its reply goes into the box, and reading it is told", async () => {
  const { chat, panel, text, sent } = await desk.open("textarea");
  const { entry } = await admin.ask("/v1/entries/致谢");
  const { id } = await admin.ask("/v1/notices", { text: "今天先道谢", until: Date.now() + 5 * MINUTE_MS, entry_id: "致谢", reply_id: entry.replies[0].id });
  const pinned = panel.page.locator(".notice").filter({ hasText: "今天先道谢" });
  await pinned.getByRole("button", { name: "用这句" }).click();
  await until(async () => (await text()).includes("不客气"));
  assert.deepEqual(await sent(), [], "nothing is sent by itself");
  await panel.press("Alt+a");
  await pinned.waitFor({ state: "detached" });
  await until(async () => (await admin.ask(`/v1/notices/${id}/acknowledgements`)).people.some((/** @type {any} */ { who }) => who === "小李"));
  assert.deepEqual(panel.faults, []);
  await chat.close();
  await panel.close();
});
