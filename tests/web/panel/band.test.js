// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../service.js";
import { useDesk } from "./desk.js";

const desk = useDesk();

test("anger shows what was recognised, comfort first, who takes over and what may be offered", async () => {
  const panel = await desk.open({ shop: "旗舰店" });
  await panel.paste("你们什么破店，气死我了，太过分了");
  await panel.band.getByText("顾客很生气").waitFor();
  const told = await panel.band.innerText();
  assert.match(told, /识别到 .*「气死」/);
  assert.match(told, /可当场补偿 20元/);
  await panel.band.getByText("升级：").waitFor();
  const library = await desk.service.ask("/v1/library");
  assert.ok(told.includes(`现在是${library.hours.join("、")}`), told);
  assert.equal(await panel.hits.first().locator(".title").innerText(), "买家发火，先道歉");
  await panel.press("Alt+u");
  const title = (await desk.service.ask("/v1/browse", { ids: [library.escalation.entries[0]] })).hits[0].title;
  await until(async () => (await panel.hits.first().locator(".title").innerText()) === title);
  await panel.close();
});

test("the band stands once per conversation: read, it does not come again with the same", async () => {
  const panel = await desk.open();
  await panel.paste("你们太过分了，气死我了");
  await panel.band.waitFor();
  await panel.press("Escape");
  await panel.band.waitFor({ state: "hidden" });
  assert.equal(await panel.question.inputValue(), "你们太过分了，气死我了", "Esc took the band away, not the question");
  await panel.question.press("End");
  await panel.page.keyboard.type("怎么还不发货");
  await panel.summary.filter({ hasText: "顾客愤怒" }).waitFor();
  await panel.page.waitForTimeout(300);
  assert.ok(await panel.band.isHidden());
  // Something worse is new.
  await panel.page.keyboard.type("，我要打12315");
  await panel.band.getByText("投诉监管").waitFor();
  // Another customer's anger is new, too.
  await panel.paste("气死我了，什么破店");
  await panel.band.getByText("顾客很生气").waitFor();
  await panel.close();
});

test("a risk stops routine: its entry stands first and the band names it", async () => {
  const panel = await desk.open();
  await panel.paste("吃了你们家的东西拉肚子，现在在医院");
  await panel.band.getByText("食用不适过敏").waitFor();
  const first = await desk.service.ask("/v1/browse", { ids: ["安全-食用不适过敏"] });
  assert.equal(await panel.hits.first().locator(".title").innerText(), first.hits[0].title);
  await panel.close();
});

test("mere haste shows no band", async () => {
  const panel = await desk.open();
  await panel.paste("急用，能不能快点发货，明天就要");
  await panel.hits.first().waitFor();
  await panel.page.waitForTimeout(300);
  assert.ok(await panel.band.isHidden());
  await panel.close();
});

test("chips show what is known and correct it, and lift without hiding", async () => {
  const panel = await desk.open();
  await panel.paste("收到的衣服尺码不合适想退货");
  await until(async () => (await panel.chip("stage").inputValue()) === "" && (await panel.chip("stage").locator("option").first().innerText()).startsWith("自动："));
  const ids = async () => (await panel.hits.locator(".title").allInnerTexts()).sort();
  const before = await ids();
  await panel.page.getByText("＋ 情境").click();
  /** @type {any} */
  let context;
  panel.page.on("request", (request) => {
    if (request.url().endsWith("/v1/search")) context = JSON.parse(request.postData() ?? "{}").context;
  });
  await panel.chip("channel").selectOption("抖音");
  await panel.chip("product").selectOption("服装");
  await until(() => context?.product === "服装" && context.channel === "抖音");
  await until(async () => (await panel.hits.count()) === before.length);
  assert.ok((await ids()).some((title) => before.includes(title)), "what answered before is still there");
  await panel.page.reload();
  await panel.page.locator("select[data-facet=shop]:enabled").waitFor();
  assert.equal(await panel.chip("channel").inputValue(), "抖音", "the channel is the agent's, it is remembered");
  assert.equal(await panel.chip("product").count(), 0, "the product was that conversation's");
  await panel.close();
});
