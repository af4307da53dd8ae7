// @ts-check
// The pictures of the extension for README and guide: a chat page with the panel beside it, the list behind `;;`, the options. Called by
// tests/web/screenshots.js.

import path from "node:path";
import { Panel } from "../panel/desk.js";
import { launchExtension } from "./chromium.js";
import { servePages } from "./pages.js";

/** A chat as any platform has it. */
const CHAT = `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>客服工作台</title><style>
  * { box-sizing: border-box; }
  body { margin: 0; height: 100vh; display: grid; grid-template: 52px 1fr 150px / 190px 1fr; font: 15px/1.6 system-ui, "Noto Sans CJK SC", sans-serif; color: #222; background: #fff; }
  nav { grid-row: 1 / -1; background: #f3f4f6; border-right: 1px solid #e2e4e8; padding: 12px 0; }
  nav p { margin: 0; padding: 9px 16px; } nav .open { background: #fff; font-weight: 600; }
  h1 { margin: 0; padding: 12px 18px; font-size: 16px; border-bottom: 1px solid #e2e4e8; }
  ol { list-style: none; margin: 0; padding: 16px 18px; overflow: auto; }
  li { display: flex; margin-bottom: 10px; } li p { margin: 0; padding: 7px 12px; border-radius: 9px; background: #f0f1f4; max-width: 78%; }
  .agent { justify-content: end; } .agent p { background: #d9f2e3; }
  footer { border-top: 1px solid #e2e4e8; padding: 10px 14px; } textarea { width: 100%; height: 100%; border: 0; outline: 0; resize: none; font: inherit; background: transparent; color: inherit; }
</style></head><body>
  <nav><p class="open">王女士</p><p>李先生</p><p>小鹿</p></nav>
  <h1 class="name">王女士</h1>
  <ol><li class="message customer"><p>你好，在吗</p></li><li class="message agent"><p>亲，在的，请讲～</p></li>
    <li class="message customer"><p>我前天拍的怎么还没发货</p></li><li class="message customer"><p>急用的</p></li></ol>
  <footer><textarea aria-label="回复"></textarea></footer>
</body></html>`;

/** Where the chat has what. */
export const PROFILE = {
  format: 1,
  profiles: [
    {
      id: "desk",
      name: "客服工作台",
      channel: "微信",
      match: ["http://localhost:*/desk"],
      editor: ["footer textarea"],
      messages: { item: ".message", customer: ".customer", agent: ".agent", text: "p" },
      conversation: [{ select: "h1.name" }],
    },
  ],
};

/** @typedef {import("playwright-core").Page} Page */

/**
 * Makes the pictures. @param {string} server address of a service whose library has `PROFILE` @param {string} images folder @param {(name: string) => boolean} isWanted
 */
export async function shootExtension(server, images, isWanted) {
  if (!["extension", "trigger", "options"].some(isWanted)) return;
  const pages = await servePages({ "/desk": CHAT });
  const extension = await launchExtension({ server });
  const shoot = async (/** @type {Page} */ page, /** @type {string} */ name) => {
    await page.screenshot({ path: path.join(images, `${name}.png`), caret: "initial" });
    console.log(`docs/images/${name}.png`);
  };
  try {
    const chat = await extension.context.newPage();
    await chat.setViewportSize({ width: 620, height: 640 });
    await chat.goto(`${pages.url}/desk`);
    const page = await extension.open(`extension/panel.html?tab=${await extension.tabOf(chat)}`);
    await page.setViewportSize({ width: 420, height: 640 });
    const panel = new Panel(page, [], () => page.close());
    await page.locator("select[data-facet=shop]:enabled").waitFor();
    await panel.chip("shop").selectOption("旗舰店");
    await panel.press("Alt+r");
    await panel.hits.first().waitFor();
    await panel.question.focus();
    await panel.press("Enter");
    await panel.told("已插入").catch(() => {});
    await page.waitForTimeout(3_500);
    if (isWanted("extension")) await sideBySide(extension, chat, page, path.join(images, "extension.png"));
    await chat.bringToFront();
    const box = chat.locator("textarea");
    await box.fill("");
    await box.pressSequentially(";;fh");
    await chat.waitForTimeout(1_200);
    if (isWanted("trigger")) await shoot(chat, "trigger");
    const options = await extension.open("extension/options.html");
    await options.setViewportSize({ width: 760, height: 900 });
    await options.locator("#sites li").first().waitFor();
    await options.locator("#server").fill("http://127.0.0.1:7700/");
    if (isWanted("options")) await shoot(options, "options");
  } finally {
    await extension.close();
    await pages.stop();
  }
}

/** As the browser shows them: the page, and the side panel right of it. @param {import("./chromium.js").Extension} extension @param {Page} chat @param {Page} panel @param {string} file */
async function sideBySide(extension, chat, panel, file) {
  const [left, right] = [await chat.screenshot({ caret: "initial" }), await panel.screenshot({ caret: "initial" })].map((picture) => picture.toString("base64"));
  const frame = await extension.context.newPage();
  await frame.setViewportSize({ width: 1041, height: 640 });
  await frame.setContent(`<body style="margin:0;display:flex;background:#d0d3d9"><img style="width:620px;height:640px" src="data:image/png;base64,${left}"><img style="width:420px;height:640px;margin-left:1px" src="data:image/png;base64,${right}"></body>`);
  await frame.screenshot({ path: file });
  console.log(`docs/images/${path.basename(file)}`);
  await frame.close();
}
