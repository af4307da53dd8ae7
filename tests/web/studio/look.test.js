// @ts-check
// Every screen of the content's half: in sight at 1024 pixels, accessible, light and dark.

import assert from "node:assert/strict";
import { test } from "node:test";
import { useStudio } from "./desk.js";

const desk = useStudio();

/** Address → what stands there once it is drawn. @type {[name: string, hash: string, drawn: string][]} */
const SCREENS = [
  ["the library", "#/library", ".table tbody tr"],
  ["an entry", `#/entry/${encodeURIComponent("催发货")}`, ".preview-title"],
  ["a history", `#/history/${encodeURIComponent("催发货")}`, ".table-place"],
  ["the lexicon", "#/lexicon", ".text-lines .line"],
  ["import and export", "#/import", ".drop"],
];

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`everything is in sight and accessible: ${colorScheme}`, async () => {
    const studio = await desk.open("#/library", { viewport: { width: 1024, height: 768 }, colorScheme });
    for (const [name, hash, drawn] of SCREENS) {
      await studio.go(hash);
      await studio.page.locator(drawn).first().waitFor();
      assert.ok((await studio.overflow()) <= 0, `${name} is wider than the window`);
      assert.deepEqual(await studio.serious(), [], name);
    }
    await studio.edit("催发货");
    for (const tab of ["问法", "字段"]) {
      await studio.page.getByRole("tab", { name: tab }).click();
      assert.deepEqual(await studio.serious(), [], tab);
    }
    await studio.go("#/library");
    await studio.button("新建词条").click();
    await studio.dialog.waitFor();
    assert.deepEqual(await studio.serious(), [], "a dialog");
    assert.deepEqual(studio.faults, []);
    await studio.close();
  });
}

test("without the token it says what may be done, and takes the token", async () => {
  const studio = await desk.open("#/library");
  await studio.button("退出").click();
  await studio.button("出示令牌").click();
  await studio.dialog.getByLabel("令牌").fill("0000000000000000");
  await studio.page.keyboard.press("Enter");
  await studio.dialog.getByRole("alert").filter({ hasText: "不认识" }).waitFor();
  await studio.dialog.getByLabel("令牌").fill(`${desk.service.url}/studio#token=${desk.service.token}`);
  await studio.page.keyboard.press("Enter");
  await studio.button("新建词条").waitFor();
  assert.equal(await studio.page.evaluate(() => localStorage.length), 0);
  await studio.close();
});
