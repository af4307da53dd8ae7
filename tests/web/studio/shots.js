// @ts-check
// The pictures of the trainers' guide. Called by tests/web/screenshots.js. A screen is a row here: its address and what is done before the picture.

import path from "node:path";
import { openPage } from "../browser.js";
import { StudioPage } from "./desk.js";

/** @typedef {{hash: string, ready: string, go?: (studio: StudioPage, service: import("../service.js").Service) => Promise<unknown>, dark?: boolean, height?: number}} Shot */

/** Name of the picture without `studio-` → how it is made. @type {Record<string, Shot>} */
const SHOTS = {
  library: { hash: "#/library?category=%E7%89%A9%E6%B5%81", ready: ".table tbody tr" },
  editor: {
    hash: `#/entry/${encodeURIComponent("催发货")}`,
    ready: ".preview-title",
    async go(studio) {
      await studio.replace("收到，这就去催！", "收到，这就去催！加微信");
      await studio.page.locator(".problem").first().waitFor();
      await studio.page.keyboard.press("Control+Home");
      await studio.page.evaluate(() => scrollTo(0, 320));
    },
  },
  merge: {
    hash: `#/entry/${encodeURIComponent("合并发货")}`,
    ready: ".preview-title",
    async go(studio, service) {
      const id = encodeURIComponent("合并发货");
      const { markdown, content_hash } = await service.ask(`/v1/entries/${id}`);
      const headers = { authorization: `Bearer ${service.token}`, "content-type": "application/json", "if-match": `"${content_hash}"` };
      await fetch(`${service.url}/v1/entries/${id}`, { method: "PUT", headers, body: JSON.stringify({ markdown: markdown.replace("title: ", "title: 多单") }) });
      await studio.page.keyboard.press("Control+End");
      await studio.text.focus();
      await studio.page.keyboard.press("Control+End");
      await studio.page.keyboard.insertText("\n> 两单都在同一个仓，帮您备注合在一起发，运费退您一份。\n");
      await studio.save();
      await studio.dialog.locator(".halves").waitFor();
    },
  },
  history: {
    height: 440,
    hash: `#/history/${encodeURIComponent("加急发货")}`,
    ready: ".table-place",
    async go(studio, service) {
      const id = encodeURIComponent("加急发货");
      for (const [from, to, why] of [["急", "着急", "口语一些"], ["仓库", "仓库同事", "说清楚是谁"]]) {
        const { markdown, content_hash } = await service.ask(`/v1/entries/${id}`);
        const headers = { authorization: `Bearer ${service.token}`, "content-type": "application/json", "huashu-client": "studio", "if-match": `"${content_hash}"` };
        const at = markdown.lastIndexOf(from);
        await fetch(`${service.url}/v1/entries/${id}`, { method: "PUT", headers, body: JSON.stringify({ markdown: markdown.slice(0, at) + to + markdown.slice(at + String(from).length), why }) });
      }
      await studio.page.reload();
      await studio.page.locator(".history-view .diff").waitFor();
    },
  },
  removed: {
    height: 360,
    hash: "#/removed",
    ready: ".table-place",
    async go(studio, service) {
      for (const [entry, why] of [["分开发货", "和「合并发货」重了"], ["指定日期发货", "并进「预约发货」了"]]) {
        const where = `/v1/entries/${encodeURIComponent(entry)}`;
        const { content_hash } = await service.ask(where);
        const headers = { authorization: `Bearer ${service.token}`, "huashu-client": "studio", "if-match": `"${content_hash}"` };
        await fetch(`${service.url}${where}?why=${encodeURIComponent(why)}`, { method: "DELETE", headers });
      }
      await studio.page.reload();
      await studio.rows.first().waitFor();
    },
  },
  lexicon: {
    hash: "#/lexicon/lexicon/banned.yaml",
    ready: ".text-lines .line",
    async go(studio) {
      await studio.text.fill("rules:\n  - id: 推脱-仓库\n    class: 推脱\n    why: 顾客等的是我们的答复，不是仓库的\n    severity: warn\n    better: [我现在就去确认，十分钟内回您]\n    words: [跟仓库商量]\n");
      await studio.page.getByLabel("拿一句话试").fill("我跟仓库商量一下再回您");
      await studio.button("试一试").click();
      await studio.page.locator(".trial .moved").first().waitFor();
    },
  },
  import: {
    hash: "#/import",
    ready: ".drop",
    async go(studio) {
      const rows = ["标题,问法,回复,分类", "星空灯罩,有星空灯罩吗,星空灯罩下周到货，到了第一时间告诉您,商品", "礼盒手提袋,送手提袋吗,礼盒都配手提袋，不用另外买,商品", "只有标题,,,"];
      await studio.page.getByLabel("选择要导入的文件").setInputFiles({ name: "新品问答.csv", mimeType: "text/csv", buffer: Buffer.from(rows.join("\n")) });
      await studio.page.getByText("试读的结果").waitFor();
    },
  },
};

/**
 * @param {import("../browser.js").Browser} browser @param {import("../service.js").Service} service
 * @param {string} folder of the pictures @param {(name: string) => boolean} wanted
 */
export async function shootStudio(browser, service, folder, wanted) {
  for (const [name, { hash, ready, go, dark = false, height = 760 }] of Object.entries(SHOTS)) {
    if (!wanted(`studio-${name}`)) continue;
    /** @type {import("playwright-core").BrowserContextOptions} */
    const options = { viewport: { width: 1180, height }, deviceScaleFactor: 1.5, colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" };
    const { page, faults, close } = await openPage(browser, `${service.url}/studio#token=${service.token}`, options);
    await page.locator(".nav-link").first().waitFor();
    const studio = new StudioPage(page, faults, close);
    await studio.go(hash);
    await page.locator(ready).first().waitFor();
    await go?.(studio, service);
    await page.waitForTimeout(500);
    await page.screenshot({ path: path.join(folder, `studio-${name}.png`) });
    console.log(`docs/images/studio-${name}.png`);
    await close();
  }
}
