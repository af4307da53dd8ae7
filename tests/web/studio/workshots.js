// @ts-check
// The pictures of the trainers' guide that show a team at work. Called by tests/web/screenshots.js.

import path from "node:path";
import { openPage } from "../browser.js";
import { Panel } from "../panel/desk.js";
import { startService } from "../service.js";
import { cookieOf, withDuties, workingTeam } from "./team.js";

/** @typedef {{hash: string, ready: string, who?: "trainer" | "lead" | "admin", go?: (page: import("../browser.js").Page) => Promise<unknown>, height?: number}} Shot */

/** Name of the picture without `studio-` → how it is made. @type {Record<string, Shot>} */
const SHOTS = {
  review: { hash: "#/review", ready: ".golden-run", height: 820 },
  correction: {
    hash: "#/review?kind=correction",
    ready: ".golden-run",
    async go(page) {
      await page.keyboard.press("e");
      await page.getByLabel("改后的内容").waitFor();
      await page.waitForTimeout(1_500);
    },
    height: 900,
  },
  renewals: {
    hash: "#/renewals",
    ready: "tbody tr",
    async go(page) {
      for (const row of await page.getByRole("checkbox").all()) await row.check();
    },
    height: 420,
  },
  golden: {
    hash: "#/golden",
    ready: ".table",
    async go(page) {
      await page.getByRole("button", { name: "试跑一遍" }).click();
      await page.locator(".golden-run").waitFor();
    },
  },
  learned: { hash: "#/learned", ready: ".screen .table", height: 560 },
  wishes: { hash: "#/learned/wishes", ready: "tbody tr", height: 480 },
  similar: {
    hash: "#/learned/similar?above=0.6",
    ready: "tbody tr",
    async go(page) {
      await page.getByRole("button", { name: "并排看" }).first().click();
      await page.locator(".halves").waitFor();
    },
    height: 900,
  },
  weekly: { hash: "#/reports", ready: ".tiles", height: 820 },
  "hot-words": { hash: "#/reports/hot-words", ready: "img.chart", height: 820 },
  notices: { hash: "#/notices", ready: "tbody tr", who: "lead", height: 420 },
  points: { hash: "#/points", ready: "tbody tr", height: 420 },
  people: { hash: "#/people", ready: "tbody tr", who: "admin", height: 520 },
  limits: {
    hash: "#/people/limits",
    ready: ".table",
    who: "admin",
    async go(page) {
      if ((await page.locator("tbody tr").count()) === 0) await page.getByRole("button", { name: "加一行" }).click();
    },
    height: 380,
  },
  privacy: { hash: "#/privacy", ready: "text=保留多久", who: "admin", height: 900 },
  audit: { hash: "#/privacy/audit", ready: "tbody tr", who: "admin", height: 560 },
};

/**
 * @param {import("../browser.js").Browser} browser @param {string} folder of the pictures @param {(name: string) => boolean} wanted
 */
export async function shootWork(browser, folder, wanted) {
  const shots = Object.entries(SHOTS).filter(([name]) => wanted(`studio-${name}`));
  if (shots.length === 0 && !wanted("propose")) return;
  const service = await startService({ prepare: withDuties });
  try {
    const team = await workingTeam(service);
    const open = (/** @type {string} */ where, /** @type {import("./team.js").Person} */ person, /** @type {number} */ width, /** @type {number} */ height) =>
      openPage(browser, service.url + where, { viewport: { width, height }, deviceScaleFactor: 1.5, colorScheme: "light", reducedMotion: "reduce" }, (page) => page.context().addCookies([cookieOf(person)]));
    const take = async (/** @type {import("../browser.js").Page} */ page, /** @type {string} */ name) => {
      await page.waitForTimeout(500);
      await page.screenshot({ path: path.join(folder, `${name}.png`) });
      console.log(`docs/images/${name}.png`);
    };
    for (const [name, { hash, ready, who = "trainer", go, height = 640 }] of shots) {
      const { page, close } = await open(`/studio${hash}`, team[who], 1180, height);
      await page.locator(ready).first().waitFor();
      await go?.(page);
      await take(page, `studio-${name}`);
      await close();
    }
    if (!wanted("propose")) return;
    const { page, faults, close } = await open("/", team.agent, 480, 640);
    const panel = new Panel(page, faults, close);
    await page.locator("select[data-facet=shop]:enabled").waitFor();
    await panel.press("Alt+a");
    await panel.paste("我前天拍的怎么还没发货，电话13812345678");
    await panel.press("Alt+j");
    await page.waitForTimeout(500);
    await take(page, "propose");
    await close();
  } finally {
    await service.stop();
  }
}
