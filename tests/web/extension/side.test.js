// @ts-check
// The browser's own side panel, opened by a click: it acts on the page that is open beside it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../service.js";
import { useExtension } from "./desk.js";

const desk = useExtension({ kb: "tests/fixtures/kb" });

test("in the side panel itself the panel acts on the page beside it", async () => {
  const { context, open } = desk.extension;
  const opener = await open("extension/options.html");
  await opener.evaluate(() => {
    const button = document.createElement("button");
    button.id = "open";
    button.addEventListener("click", async () => {
      const tab = await chrome.tabs.getCurrent();
      if (tab) await chrome.sidePanel.open({ windowId: tab.windowId });
    });
    document.body.prepend(button);
  });
  await opener.click("#open");
  const chat = await context.newPage();
  await chat.goto(`${desk.pages.url}/editor/textarea`);
  await chat.bringToFront();

  const browser = context.browser();
  assert.ok(browser);
  const devtools = await browser.newBrowserCDPSession();
  const panelTarget = async () => (await devtools.send("Target.getTargets")).targetInfos.find(({ url }) => url.endsWith("/extension/panel.html"));
  await until(async () => Boolean(await panelTarget()));
  const targetId = (await panelTarget())?.targetId ?? "";
  const { sessionId } = await devtools.send("Target.attachToTarget", { targetId, flatten: false });
  let last = 0;
  /** @type {(expression: string) => Promise<any>} */
  const evaluate = (expression) =>
    new Promise((resolve) => {
      const id = ++last;
      const hear = (/** @type {{message: string}} */ { message }) => {
        const answer = JSON.parse(message);
        if (answer.id !== id) return;
        devtools.off("Target.receivedMessageFromTarget", hear);
        resolve(answer.result?.result?.value);
      };
      devtools.on("Target.receivedMessageFromTarget", hear);
      const message = JSON.stringify({ id, method: "Runtime.evaluate", params: { expression, awaitPromise: true, returnByValue: true } });
      devtools.send("Target.sendMessageToTarget", { sessionId, message });
    });
  await until(async () => /测试：可以填入/.test(await evaluate("document.querySelector('#beside')?.textContent ?? ''")));
  await evaluate(`(() => {
    const question = document.querySelector("#question");
    question.value = "好的谢谢";
    question.dispatchEvent(new InputEvent("input", { bubbles: true }));
  })()`);
  await until(async () => (await evaluate("document.querySelectorAll('#hits > li').length")) > 0);
  await evaluate(`document.querySelector("#question").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", code: "Enter", bubbles: true, cancelable: true }))`);
  await until(async () => (await chat.evaluate(() => /** @type {any} */ (globalThis).chat.text())) !== "");
  assert.deepEqual(await chat.evaluate(() => /** @type {any} */ (globalThis).chat.sent), []);
});
