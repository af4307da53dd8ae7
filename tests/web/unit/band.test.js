// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { alarms, offers } from "../../../web/panel/band.js";

test("risks alarm by name, anger alone as anger, worry and haste not at all", () => {
  const feel = (/** @type {string} */ emotion, haste = false, /** @type {string[]} */ risks = []) => alarms({ emotion, haste, words: [], risks: risks.map((name) => ({ name, entry: "e" })) });
  assert.deepEqual(feel("愤怒"), ["愤怒"]);
  assert.deepEqual(feel("愤怒", true, ["起火", "律师函"]), ["起火", "律师函"]);
  assert.deepEqual(feel("平静", false, ["起火"]), ["起火"]);
  assert.deepEqual([feel("焦急", true), feel("平静", true)], [[], []]);
});

test("one's own limit comes first, then from who talks to the customer up, and what the shop does not say is left out", () => {
  const library = { escalation: { entries: [], limits: { 主管: "c", 组长: "b", 一线: "a" } } };
  const check = (/** @type {string} */ authority, /** @type {Record<string, string>} */ shopValues, /** @type {string[]} */ expect) => {
    const desk = /** @type {any} */ ({ library, shopValues, chosen: { authority } });
    assert.deepEqual(offers(desk).map(({ level, offer, own }) => `${level} ${offer}${own ? " own" : ""}`), expect);
  };
  check("", { a: "20元", b: "100元", c: "500元" }, ["一线 20元 own", "组长 100元", "主管 500元"]);
  check("组长", { a: "20元", b: "100元" }, ["组长 100元 own", "一线 20元"]);
  check("", {}, []);
});
