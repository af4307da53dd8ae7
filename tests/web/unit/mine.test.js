// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { titleOf } from "../../../web/panel/mine.js";

test("words are called by their first clause", () => {
  for (const [text, expect] of [
    ["晚安亲，明早八点给您看", "晚安亲"],
    ["\n！！好的\n马上", "好的"],
    ["一二三四五六七八九十一二三四五六七八九十一二", "一二三四五六七八九十一二三四五六七八九十"],
    ["👍👍", "👍👍"],
    ["，。", ""],
  ]) {
    assert.equal(titleOf(text), expect);
  }
});
