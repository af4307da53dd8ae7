// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { picturePath } from "../../../web/panel/deliver.js";
import { choices, piecesOf, replaced } from "../../../web/panel/findings.js";
import { isShort, merged } from "../../../web/panel/short.js";
import { readNotice } from "../../../web/transport.js";

/** @param {number} start @param {number} end @param {string[]} [better] @returns {import("../../../web/panel/findings.js").Finding} */
const finding = (start, end, better = []) => ({ type: "banned", code: "c", class: "引流", severity: "block", why: "", better, start, end, text: "" });

test("findings cut a text by characters, not by the units of the browser", () => {
  const found = [finding(4, 6), finding(1, 3), finding(2, 5), finding(7, 99)];
  assert.deepEqual(piecesOf("😀加微信下单！", found).map(({ text, finding }) => (finding ? `[${text}]` : text)), ["😀", "[加微]", "信", "[下单]", "！"]);
  assert.equal(replaced("😀加微信！", finding(1, 4), "在这里说"), "😀在这里说！");
  assert.deepEqual(choices([finding(0, 1, ["a", "b"]), finding(2, 3), finding(4, 5, ["c"])]).map(({ better }) => better), ["a", "b", "c"]);
});

test("beginnings are suggested, sentences are searched", () => {
  for (const [text, short] of /** @type {const} */ ([["c", true], ["CFH", true], ["退", true], [" th ", true], ["退货", false], ["tuihuo", false], ["7天", false], ["？", false], ["", false]])) {
    assert.equal(isShort(text), short, text);
  }
  assert.deepEqual(merged([{ id: "a" }, { id: "b" }], [{ id: "b" }, { id: "c" }, { id: "d" }], 3), [{ id: "a" }, { id: "b" }, { id: "c" }]);
});

test("a picture's path is resolved against its entry's and never leaves the library", () => {
  assert.equal(picturePath("售前/尺码.md", "图/尺码 表.png"), "售前/图/尺码 表.png");
  assert.equal(picturePath("售前/尺码.md", "../图/a.png"), "图/a.png");
  assert.equal(picturePath("尺码.md", "../../etc/a.png"), "etc/a.png");
});

test("a notice is one with an id and a text", () => {
  assert.deepEqual(readNotice('{"id":"1","text":"停发","more":1}'), { id: "1", text: "停发", shops: [], entry_id: null, reply_id: null });
  for (const data of ["", "{}", '{"id":1,"text":"a"}', "null"]) assert.equal(readNotice(data), null, data);
});
