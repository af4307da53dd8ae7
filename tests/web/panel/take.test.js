// @ts-check
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ROOT, until } from "../service.js";
import { eventsOf, useDesk } from "./desk.js";

const desk = useDesk({
  prepare(kb) {
    mkdirSync(path.join(kb, "试"));
    writeFileSync(path.join(kb, "试", "点.png"), readFileSync(path.join(ROOT, "tests/fixtures/kb/图/点.png")));
    writeFileSync(path.join(kb, "试", "水星尺.md"), "---\ntitle: 水星尺怎么量\nquestions: [水星尺怎么量]\nnext: [催发货]\n---\n量时用。\n\n> 先看图 ![尺码表](点.png)\n>\n> ***\n>\n> 再量一次\n>\n> ***\n>\n> 最后告诉我\n");
    writeFileSync(path.join(kb, "试", "木星价.md"), "---\ntitle: 木星价还有吗\nquestions: [木星价还有吗]\n---\n活动时用。\n\n> 木星价今天还有\n");
    writeFileSync(path.join(kb, "试", "土星免单.md"), "---\ntitle: 土星免单\nquestions: [能给我土星免单吗]\nauthority: 主管\n---\n主管才能免。\n\n> 给您免单\n");
  },
});

test("from message to clipboard by keys alone", async () => {
  const panel = await desk.open({ shop: "旗舰店" });
  await panel.paste("怎么还没发货");
  const expected = await panel.words(panel.current);
  await panel.press("Enter");
  await panel.told("已复制");
  assert.equal(await panel.clipboard(), expected);
  assert.match(expected, /付款后48小时内/);
  await panel.press("Escape", "Escape");
  assert.equal(await panel.question.inputValue(), "");
  assert.deepEqual(panel.faults, []);
  await panel.close();
});

test("Alt and a digit takes that hit, a digit alone is text, arrows move the choice", async () => {
  const panel = await desk.open({ shop: "旗舰店" });
  await panel.paste("退货地址发我");
  const index = await panel.hits.evaluateAll((items) => items.findIndex((item, at) => at > 0 && item.querySelector(".reply") && !item.querySelector(".reply .slot:required, .reply .blank")));
  assert.ok(index > 0 && index < 9);
  const expected = await panel.words(panel.hits.nth(index));
  await panel.press(`Alt+${index + 1}`);
  await panel.told("已复制");
  assert.equal((await panel.clipboard()).split("\n\n")[0], expected.split("\n\n")[0]);
  await panel.press("ArrowUp");
  assert.equal(await panel.hits.nth(index - 1).getAttribute("aria-current"), "true");
  await panel.page.keyboard.type("7天");
  assert.equal(await panel.question.inputValue(), "退货地址发我7天");
  await panel.close();
});

test("hovering never changes the keyboard's choice", async () => {
  const panel = await desk.open();
  await panel.paste("怎么还没发货");
  await panel.hits.nth(1).hover();
  await panel.hits.nth(2).locator(".title").hover();
  assert.equal(await panel.hits.nth(0).getAttribute("aria-current"), "true");
  await panel.close();
});

test("Enter takes what was on the screen when the key went down, never a later hit", async () => {
  const panel = await desk.open({ shop: "旗舰店" });
  await panel.paste("怎么还没发货");
  const expected = await panel.words(panel.current);
  // The next answer is on its way when Enter falls, and comes before the reply has been looked at once more.
  await panel.page.route("**/render", async (route) => {
    await panel.hit("退货").first().waitFor();
    await route.continue();
  });
  await panel.page.evaluate(() => {
    const question = /** @type {HTMLTextAreaElement} */ (document.querySelector("#question"));
    question.value = "退货地址是哪里";
    question.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText" }));
    question.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", code: "Enter", bubbles: true, cancelable: true }));
  });
  await panel.told("已复制");
  assert.equal(await panel.clipboard(), expected);
  await panel.close();
});

test("of another customer's message nothing old can be taken while its hits are on their way", async () => {
  const panel = await desk.open({ shop: "旗舰店" });
  await panel.paste("怎么还没发货");
  await panel.page.evaluate(() => navigator.clipboard.writeText("退货地址是哪里"));
  await panel.page.route("**/v1/search", async (route) => {
    await panel.toast.filter({ hasText: "再按一次" }).waitFor();
    await route.continue();
  });
  await panel.press("Control+A", "Control+V", "Enter");
  await panel.hit("退货地址").first().waitFor();
  assert.equal(await panel.clipboard(), "退货地址是哪里");
  await panel.close();
});

test("another wording is one key away, and what was used steps back in the next conversation", async () => {
  const panel = await desk.open({ shop: "旗舰店" });
  await panel.paste("怎么还没发货");
  const first = await panel.words(panel.current);
  await panel.press("Alt+ArrowDown");
  assert.notEqual(await panel.words(panel.current), first);
  await panel.press("Alt+ArrowUp");
  assert.equal(await panel.words(panel.current), first);
  await panel.press("Enter");
  await panel.told("已复制");
  await panel.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await panel.page.evaluate(() => window.dispatchEvent(new Event("pagehide")));
  await panel.page.waitForTimeout(300);
  await panel.paste("我的货怎么还没发");
  const next = await panel.words(panel.hit("催发货（时效内）").first());
  assert.notEqual(next, first);
  await panel.close();
  // Another agent of the same shop, another browser.
  const other = await desk.open({ shop: "旗舰店" });
  await other.paste("怎么还没发货");
  assert.notEqual(await other.words(other.hit("催发货（时效内）").first()), first);
  await other.hit("催发货（时效内）").first().locator(".others > summary").click();
  await other.page.getByText("半小时内用过").first().waitFor();
  await other.close();
});

test("messages of a reply go one by one, pictures as pictures, and what follows is offered", async () => {
  const panel = await desk.open();
  await panel.paste("水星尺怎么量");
  await panel.press("Enter");
  await panel.told("已复制");
  assert.equal(await panel.clipboard(), "先看图");
  await panel.after.getByText("还有 2 条").waitFor();
  await panel.press("Alt+i");
  await panel.told("图片已复制");
  const types = await panel.page.evaluate(async () => (await navigator.clipboard.read()).flatMap((item) => item.types));
  assert.ok(types.includes("image/png"), String(types));
  await panel.press("Alt+n");
  await until(async () => (await panel.clipboard()) === "再量一次");
  await panel.press("Alt+n");
  await until(async () => (await panel.clipboard()) === "最后告诉我");
  await panel.after.getByText("接下来常用：催发货").waitFor();
  await panel.press("Alt+n");
  await panel.hit("催发货（时效内）").waitFor();
  await panel.close();
});

test("what expired or changed meanwhile does not go out", async () => {
  const panel = await desk.open();
  await panel.paste("木星价还有吗");
  await panel.hit("木星价还有吗").waitFor();
  writeFileSync(path.join(desk.service.kb, "试", "木星价.md"), "---\ntitle: 木星价还有吗\nquestions: [木星价还有吗]\nvalid: {until: 2020-01-01}\n---\n活动时用。\n\n> 木星价今天还有\n");
  await until(async () => (await desk.service.ask("/v1/browse", { ids: ["木星价"] })).gone.length === 1);
  await panel.press("Enter");
  await panel.told("过期");
  assert.equal(await panel.clipboard(), "木星价还有吗");
  await panel.close();
});

test("a hit shows what it is for, until when, and the whole entry when it is folded out", async () => {
  const soon = new Date(Date.now() + 36 * 3_600_000).toISOString().slice(0, 10);
  writeFileSync(path.join(desk.service.kb, "试", "海王星礼.md"), `---\ntitle: 海王星礼有吗\nquestions: [海王星礼有吗]\nchannels: [抖音]\nvalid: {until: ${soon}}\n---\n送礼时用。别的不用。\n\n## 规则\n每人一份,先到先得。\n\n> 有的\n\n## 老客\n\n> 给您留着\n`);
  await until(async () => (await desk.service.ask("/v1/browse", { ids: ["海王星礼"] })).hits.length === 1);
  const panel = await desk.open({ channel: "千牛" });
  await panel.paste("海王星礼有吗");
  const hit = panel.hit("海王星礼有吗");
  for (const text of ["适用 抖音", "其他渠道", /\d+ 月 \d+ 日.*到期/, "送礼时用。"]) await hit.locator(".facts, .advice").getByText(text).first().waitFor();
  await hit.getByText("全文").click();
  await hit.getByText("每人一份,先到先得。").waitFor();
  await panel.press("Alt+ArrowDown");
  await hit.locator("huashu-hit > .reply .label", { hasText: "老客" }).waitFor();
  await panel.close();
});

test("what is above one's authority is shown and not given out", async () => {
  const panel = await desk.open();
  await panel.paste("能给我土星免单吗");
  await panel.hit("土星免单").getByText("主管才能承诺").waitFor();
  await panel.press("Enter");
  await panel.told("要主管才能承诺");
  assert.equal(await panel.clipboard(), "能给我土星免单吗");
  await panel.page.getByText("＋ 情境").click();
  await panel.chip("authority").selectOption("主管");
  await panel.question.focus();
  await panel.press("Enter");
  await panel.told("已复制");
  assert.equal(await panel.clipboard(), "给您免单");
  await panel.close();
});

test("one key gives the words that ask to wait, whatever is on the screen", async () => {
  const panel = await desk.open();
  await panel.press("Alt+0");
  await panel.told("已复制");
  const waiting = await desk.service.ask("/v1/browse", { ids: ["稍等-查询中"] });
  const copied = await panel.clipboard();
  assert.ok(waiting.hits[0].replies.some((/** @type {any} */ reply) => reply.text === copied), copied);
  await panel.close();
});

test("on plain http, where browsers give no clipboard, copying works too", async () => {
  const panel = await desk.open({
    prepare: (page) =>
      page.addInitScript(() => {
        Object.defineProperty(window, "isSecureContext", { value: false });
        Object.assign(window, { realClipboard: navigator.clipboard });
        Object.defineProperty(navigator, "clipboard", { value: undefined });
      }),
  });
  await panel.question.fill("水星尺怎么量");
  await panel.hit("水星尺怎么量").waitFor();
  await panel.press("Enter");
  await panel.told("已复制");
  assert.equal(await panel.page.evaluate(() => /** @type {any} */ (window).realClipboard.readText()), "先看图");
  assert.ok(await panel.question.evaluate((field) => field === document.activeElement), "the focus is back");
  await panel.close();
});

test("uses are told with the wording, the place and the shop, and an answer left unused too", async () => {
  const panel = await desk.open({ shop: "生活馆" });
  const events = eventsOf(panel.page);
  await panel.paste("怎么还没发货");
  await panel.press("Enter");
  await panel.told("已复制");
  await until(() => events.length >= 2);
  assert.deepEqual(events.filter((event) => event.type !== "shown").map((event) => [event.type, event.entry_id, event.position, event.shop]), [
    ["picked", "催发货", 0, "生活馆"],
    ["copied", "催发货", 0, "生活馆"],
  ]);
  assert.match(events.find((event) => event.type === "copied").reply_id, /^[0-9a-f]{12}$/);
  /** @type {any} */
  let search;
  panel.page.on("request", (request) => {
    if (request.url().endsWith("/v1/search")) search = JSON.parse(request.postData() ?? "{}");
  });
  await panel.question.press("End");
  await panel.page.keyboard.type("啊");
  await until(() => search?.q === "怎么还没发货啊");
  assert.deepEqual(search.context.used_reply_ids, [events.find((event) => event.type === "copied").reply_id]);
  await panel.paste("能不能货到付款");
  await panel.page.waitForTimeout(1_300);
  await panel.press("Escape", "Escape");
  await until(() => events.some((event) => event.type === "unused"));
  await panel.close();
});

test("a pick lifts its entry for the next message that is nearly the same", async () => {
  const panel = await desk.open();
  const place = async (/** @type {string} */ text) => {
    await panel.paste(text);
    return panel.hits.evaluateAll((items) => items.map((item) => item.querySelector(".title")?.textContent));
  };
  const before = await place("麻烦帮忙看下嘛亲亲包裹卡着没动静咯");
  const index = 3;
  const title = before[index];
  assert.ok(title);
  // Another agent finds it useful, so that nobody's own wordings stand in the way.
  await panel.hits.nth(index).locator("huashu-hit > .reply > .foot > .take").focus();
  const blanks = await panel.hits.nth(index).locator("huashu-hit > .reply input.slot").all();
  for (const blank of blanks) await blank.fill("好");
  await panel.press(`Alt+${index + 1}`);
  await panel.told(/已复制|选店铺/);
  if (/选店铺/.test(await panel.toast.innerText())) {
    await panel.chip("shop").selectOption("旗舰店");
    await panel.press(`Alt+${index + 1}`);
    await panel.told("已复制");
  }
  await panel.page.evaluate(() => window.dispatchEvent(new Event("pagehide")));
  await until(async () => (await desk.service.ask("/v1/phrasings")).total > 0, 15_000);
  await until(async () => (await place("麻烦帮忙看一下嘛亲亲包裹卡着没动静咯")).indexOf(title) < index, 15_000);
  await panel.hit(title).first().getByText("用过 1 次").waitFor();
  await panel.close();
});
