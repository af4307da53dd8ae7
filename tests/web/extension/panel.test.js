// @ts-check
// The panel beside a chat: from the customer's message on the page to the reply in its box by keys alone, and never to another customer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../service.js";
import { useExtension } from "./desk.js";

const desk = useExtension();

/** @param {import("playwright-core").Page} page */
const strip = (page) => page.locator("#beside");

test("messages are read, searched and answered by three keys, and nothing is sent", async () => {
  const { chat, panel, text, sent } = await desk.open("textarea");
  await strip(panel.page).getByText("测试：可以填入").waitFor();
  await panel.press("Alt+r");
  await panel.hits.first().waitFor();
  assert.equal(await panel.question.inputValue(), "我的快递怎么还没到\n都三天了");
  await panel.page.locator("huashu-hit").first().waitFor();
  await until(async () => {
    await panel.press("Enter");
    return (await text()) !== "";
  });
  assert.doesNotMatch(await text(), /\{\{/);
  assert.deepEqual(await sent(), []);
  assert.deepEqual(panel.faults, []);
  await chat.close();
  await panel.close();
});

test("when the chat shows another customer, the old question goes and its reply gets nowhere", async () => {
  const { chat, panel, text } = await desk.open("contenteditable");
  await panel.press("Alt+r");
  await panel.hits.first().waitFor();
  await chat.evaluate(() => /** @type {any} */ (globalThis).chat.switchTo("李先生"));
  await until(async () => (await panel.question.inputValue()) === "");
  assert.equal(await panel.hits.count(), 0);
  assert.equal(await text(), "");
  await chat.close();
  await panel.close();
});

test("Shift+Enter goes below the draft", async () => {
  const { chat, panel, text } = await desk.open("textarea");
  await chat.locator("textarea").pressSequentially("王女士");
  await panel.question.fill("好的谢谢");
  await panel.hits.first().waitFor();
  await until(async () => {
    await panel.press("Shift+Enter");
    await chat.waitForTimeout(300);
    return (await text()).startsWith("王女士\n");
  });
  await chat.close();
  await panel.close();
});

test("the menu of a selection, and keys for selection, messages and clipboard hand over, to a panel that is open and to one that opens later", async () => {
  const { chat, panel } = await desk.open("textarea");
  await desk.extension.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const tab = await desk.extension.tabOf(chat);
  /** As the browser does it: its own menus and keys cannot be reached from here. @param {"contextMenus.onClicked" | "commands.onCommand"} event @param {unknown[]} args */
  const happen = (event, args) =>
    desk.extension.worker().evaluate(
      async ([event, args, tab]) => {
        const [space, name] = event.split(".");
        /** @type {any} */ (chrome)[space][name].dispatch(...args, await chrome.tabs.get(tab));
      },
      /** @type {[string, any[], number]} */ ([event, args, tab]),
    );
  const asks = (/** @type {import("../panel/desk.js").Panel} */ panel, /** @type {string} */ text) => until(async () => (await panel.question.inputValue()) === text);
  await happen("contextMenus.onClicked", [{ menuItemId: "search-selection", selectionText: "退货地址是哪里" }]);
  await asks(panel, "退货地址是哪里");
  await chat.locator(".customer p").first().selectText();
  await happen("commands.onCommand", ["search-selection"]);
  await asks(panel, "在吗");
  await happen("commands.onCommand", ["search-messages"]);
  await asks(panel, "我的快递怎么还没到\n都三天了");
  await desk.extension.desk.evaluate(() => navigator.clipboard.writeText("剪贴板里的话"));
  await happen("commands.onCommand", ["search-clipboard"]);
  await asks(panel, "剪贴板里的话");
  await panel.close();
  await happen("contextMenus.onClicked", [{ menuItemId: "search-selection", selectionText: "发票怎么开" }]);
  const later = await desk.beside(chat);
  await asks(later, "发票怎么开");
  await later.close();
  await happen("commands.onCommand", ["search-messages"]);
  const last = await desk.beside(chat);
  await asks(last, "我的快递怎么还没到\n都三天了");
  await last.close();
  await chat.close();
});

test("what was filled in for a customer is there again when the panel was closed, for that customer alone, and never on a disk", async () => {
  const { chat, panel } = await desk.open("textarea");
  const blank = (/** @type {import("../panel/desk.js").Panel} */ panel) => panel.page.locator("#hits:not(.old) input.slot").first();
  const ask = async (/** @type {import("../panel/desk.js").Panel} */ panel) => {
    await strip(panel.page).getByText("测试：可以填入").waitFor();
    await panel.question.fill("超时了还没发，怎么赔");
    await blank(panel).waitFor();
  };
  await ask(panel);
  await blank(panel).fill("明天中午");
  await panel.close();
  const later = await desk.beside(chat);
  await ask(later);
  assert.equal(await blank(later).inputValue(), "明天中午");
  const disk = await desk.extension.desk.evaluate(async () => JSON.stringify(await chrome.storage.local.get()));
  assert.doesNotMatch(disk, /明天中午/);
  await chat.evaluate(() => /** @type {any} */ (globalThis).chat.switchTo("李先生"));
  await until(async () => (await later.question.inputValue()) === "");
  await ask(later);
  assert.equal(await blank(later).inputValue(), "");
  await later.close();
  await chat.close();
});

test("newest messages come by themselves only where the agent wants it so", async () => {
  const { chat, panel } = await desk.open("textarea");
  await strip(panel.page).getByText("测试：可以填入").waitFor();
  await chat.waitForTimeout(1_800);
  assert.equal(await panel.question.inputValue(), "", "not read unasked");
  await desk.extension.configure({ automatic: true });
  await until(async () => (await panel.question.inputValue()) === "我的快递怎么还没到\n都三天了");
  await chat.evaluate(() => {
    const message = document.createElement("li");
    message.className = "message customer";
    message.innerHTML = "<p>人呢</p>";
    document.querySelector("#messages")?.append(message);
  });
  await until(async () => (await panel.question.inputValue()).endsWith("人呢"));
  await desk.extension.configure({ automatic: false });
  await chat.close();
  await panel.close();
});

test("a page's script reads nothing that is stored, and the page finds no trace of the token", async () => {
  const { chat, panel } = await desk.open("textarea");
  await desk.extension.configure({ token: "secret-token" });
  const tab = await desk.extension.tabOf(chat);
  const seen = await desk.extension.desk.evaluate(async (tab) => {
    const func = async () => {
      const tries = [() => chrome.storage.local.get(), () => chrome.storage.session.get(), () => chrome.runtime.sendMessage({ type: "request", id: "1", asked: { path: "v1/library" } })];
      return Promise.all(tries.map((attempt) => Promise.resolve().then(attempt).then((answer) => JSON.stringify(answer ?? null), (error) => `refused: ${error}`)));
    };
    const [result] = await chrome.scripting.executeScript({ target: { tabId: tab }, func });
    return result.result ?? [];
  }, tab);
  assert.match(String(seen[0]), /^refused/);
  assert.match(String(seen[1]), /^refused/);
  assert.doesNotMatch(String(seen[2]), /served/, "scripts in pages do not call the service");
  const trace = await chat.evaluate(() => JSON.stringify([Object.keys(globalThis), document.documentElement.outerHTML, localStorage.length, document.cookie]));
  assert.doesNotMatch(trace, /secret-token|huashu/);
  await desk.extension.configure({ token: "" });
  await chat.close();
  await panel.close();
});
