// @ts-check
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { useDesk } from "./desk.js";

const desk = useDesk();

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core calls serious or worse. @param {import("../browser.js").Page} page @returns {Promise<string[]>} */
async function serious(page) {
  // The page's policy lets no script in: the debugger's does.
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Page.setBypassCSP", { enabled: true });
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => /** @type {any} */ (window).axe.run());
  return violations
    .filter((/** @type {any} */ violation) => ["serious", "critical"].includes(violation.impact))
    .map((/** @type {any} */ violation) => `${violation.id}: ${violation.nodes.map((/** @type {any} */ node) => node.html).join(" | ")}`);
}

/** @param {import("../browser.js").Page} page */
function overflows(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

for (const [name, options] of /** @type {const} */ ([
  ["320 pixels, light", { viewport: { width: 320, height: 640 }, colorScheme: "light" }],
  ["320 pixels, dark", { viewport: { width: 320, height: 640 }, colorScheme: "dark" }],
  ["a side panel, dark", { viewport: { width: 480, height: 800 }, colorScheme: "dark" }],
  ["a full screen, light", { viewport: { width: 1600, height: 1000 }, colorScheme: "light" }],
  // At 200 % zoom a screen of 1280 has half the pixels.
  ["200 % zoom", { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2, colorScheme: "light" }],
])) {
  test(`everything is in sight and accessible: ${name}`, async () => {
    const panel = await desk.open({ options: { ...options } });
    const look = async (/** @type {string} */ what) => {
      assert.ok((await overflows(panel.page)) <= 0, `${what} is wider than the window`);
      assert.deepEqual(await serious(panel.page), [], what);
    };
    await look("nothing asked");
    await panel.paste("你们太过分了，昨天说发货到现在没动静，气死我了");
    await panel.band.getByText("升级话术").waitFor();
    await look("hits and band");
    await panel.press("Alt+2");
    await panel.toast.waitFor();
    await look("after a key");
    await panel.press("Alt+b");
    await panel.after.waitFor();
    await look("reasons");
    await panel.press("Escape", "Alt+t");
    await panel.menu.getByRole("button").first().waitFor();
    await look("menu");
    await panel.press("Escape", "Alt+k");
    await panel.page.keyboard.type("加我微信，电话13812345678");
    await panel.draft.locator(".finding").first().waitFor();
    await look("draft");
    assert.deepEqual(panel.faults, []);
    await panel.close();
  });
}

test("dark and light follow the system", async () => {
  const ground = async (/** @type {"dark" | "light"} */ colorScheme) => {
    const panel = await desk.open({ options: { colorScheme } });
    const color = await panel.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await panel.close();
    return Math.max(...(color.match(/\d+/g) ?? []).map(Number));
  };
  assert.ok((await ground("dark")) < 60);
  assert.ok((await ground("light")) > 200);
});

test("a screen reader hears what happens: the summary and the toast are live, the choice is current", async () => {
  const panel = await desk.open();
  await panel.paste("怎么还没发货");
  assert.equal(await panel.page.getByRole("status").filter({ hasText: "最合适的" }).count(), 1);
  assert.equal(await panel.page.getByRole("list", { name: "搜索结果" }).count(), 1);
  assert.equal(await panel.hits.first().getAttribute("aria-current"), "true");
  assert.equal(await panel.page.getByRole("search").getByRole("textbox", { name: "顾客说了什么" }).count(), 1);
  assert.equal(await panel.page.getByRole("main").count(), 1);
  await panel.close();
});

test("the window above all others holds the panel, copies from there, and gives it back", async (t) => {
  const panel = await desk.open({ shop: "旗舰店" });
  if (!(await panel.page.evaluate(() => "documentPictureInPicture" in window))) return t.skip("this browser has none");
  const opened = panel.page.context().waitForEvent("page", { timeout: 5_000 }).catch(() => null);
  await panel.press("Alt+p");
  const floating = await opened;
  if (floating === null) {
    // Without a screen it may not open: then the panel stays and says so.
    await panel.told("没有打开小窗");
    assert.equal(await panel.question.count(), 1);
    return t.skip("no window without a screen");
  }
  await floating.locator("#question").waitFor();
  await floating.locator("#question").fill("怎么还没发货");
  await floating.locator("#hits > li").first().waitFor();
  await floating.locator("#question").press("Enter");
  await floating.locator("#toast", { hasText: "已复制" }).waitFor();
  await floating.close();
  await panel.question.waitFor();
  assert.equal(await panel.question.inputValue(), "怎么还没发货");
  await panel.close();
});
