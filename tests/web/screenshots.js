// @ts-check
// The pictures of README and guide, each by the keys that an agent would press. Called by scripts/screenshots; a name as argument makes that one alone.

import { writeFileSync } from "node:fs";
import path from "node:path";
import { launchBrowser, openPage } from "./browser.js";
import { PROFILE, shootExtension } from "./extension/shots.js";
import { Panel } from "./panel/desk.js";
import { ROOT, startService } from "./service.js";
import { shootStudio } from "./studio/shots.js";
import { shootWork } from "./studio/workshots.js";

/** Where they go. */
const IMAGES = path.join(ROOT, "docs", "images");

/** @typedef {{width: number, height: number, dark?: boolean, go: (panel: Panel) => Promise<unknown>}} Shot */

/** @type {Record<string, Shot>} */
const SHOTS = {
  panel: {
    width: 880,
    height: 690,
    async go(panel) {
      await panel.paste("在吗，我前天拍的怎么还没发货，急用！");
    },
  },
  band: {
    width: 480,
    height: 720,
    async go(panel) {
      await panel.paste("你们什么破店，说好昨天发货到现在没动静，气死我了");
      await panel.band.getByText("升级：").waitFor();
    },
  },
  slots: {
    width: 480,
    height: 620,
    async go(panel) {
      await panel.paste("快递单号SF1234567890123好几天没动了");
      await panel.press("Enter");
      await panel.page.locator("input.slot:focus").waitFor();
    },
  },
  draft: {
    width: 480,
    height: 620,
    dark: true,
    async go(panel) {
      await panel.press("Alt+k");
      await panel.page.keyboard.type("亲，加我微信给您补偿，好评返现5元");
      await panel.draft.locator(".finding").first().waitFor();
    },
  },
};

const wanted = process.argv.slice(2);
const withProfile = (/** @type {string} */ kb) => writeFileSync(path.join(kb, "site-profiles.json"), JSON.stringify(PROFILE));
const [service, browser] = await Promise.all([startService({ prepare: withProfile }), launchBrowser()]);
try {
  for (const [name, { width, height, dark = false, go }] of Object.entries(SHOTS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    /** @type {import("playwright-core").BrowserContextOptions} */
    const options = { viewport: { width, height }, deviceScaleFactor: 2, colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" };
    const { page, faults, close } = await openPage(browser, service.url, options);
    const panel = new Panel(page, faults, close);
    await page.locator("select[data-facet=shop]:enabled").waitFor();
    await panel.chip("shop").selectOption("旗舰店");
    await panel.chip("channel").selectOption("千牛");
    await go(panel);
    await page.waitForTimeout(300);
    await page.screenshot({ path: path.join(IMAGES, `${name}.png`), caret: "initial" });
    console.log(`docs/images/${name}.png`);
    await close();
  }
  await shootStudio(browser, service, IMAGES, (name) => wanted.length === 0 || wanted.includes(name));
  await shootWork(browser, IMAGES, (name) => wanted.length === 0 || wanted.includes(name));
  await shootExtension(service.url, IMAGES, (name) => wanted.length === 0 || wanted.includes(name));
} finally {
  await browser.close();
  await service.stop();
}
