// @ts-check
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { changesBetween } from "../../../web/studio/entry/changes.js";
import { questionsIn, valueIn, withQuestion, withQuestionAt, withValue } from "../../../web/studio/entry/front.js";
import { firstText } from "../../../web/studio/entry/first.js";
import { queryOf } from "../../../web/studio/library/filters.js";
import { branchesOf } from "../../../web/studio/library/tree.js";
import { sentence } from "../../../web/studio/problems.js";

const ENTRY = `---
title: 催发货
questions:
  - 怎么还没发货
  - "几点: 发"
状态: 启用
tags: [催发货, 物流]
note: |
  两行
  备注
---
正文

> 回复
`;

suite("front matter is changed a line at a time", () => {
  const check = (/** @type {string} */ name, /** @type {() => string} */ change, /** @type {[from: string, to: string][]} */ expect) =>
    test(name, () => assert.equal(change(), expect.reduce((text, [from, to]) => text.replace(from, to), ENTRY)));
  check("a value on its line", () => withValue(ENTRY, "title", "催单"), [["title: 催发货", "title: 催单"]]);
  check("a key in Chinese stays in Chinese", () => withValue(ENTRY, "state", "retired"), [["状态: 启用", "状态: retired"]]);
  check("a new key comes last", () => withValue(ENTRY, "shortcut", "cfh"), [["备注\n---", "备注\nshortcut: cfh\n---"]]);
  check("an empty value takes its line out", () => withValue(ENTRY, "title", ""), [["title: 催发货\n", ""]]);
  check("what YAML would read otherwise is quoted", () => withValue(ENTRY, "title", "发货: 何时"), [["title: 催发货", 'title: "发货: 何时"']]);
  check("a list is written as it is given", () => withValue(ENTRY, "tags", "[物流]", true), [["[催发货, 物流]", "[物流]"]]);
  check("a question is added after the others", () => withQuestion(ENTRY, "还不发"), [['"几点: 发"\n', '"几点: 发"\n  - 还不发\n']]);
  check("a question is reworded in its place", () => withQuestionAt(ENTRY, 3, "发了吗"), [["怎么还没发货", "发了吗"]]);
  check("a question is taken out", () => withQuestionAt(ENTRY, 3, ""), [["  - 怎么还没发货\n", ""]]);
});

test("values are read as they are meant, those over several lines are not", () => {
  assert.equal(valueIn(ENTRY, "title"), "催发货");
  assert.equal(valueIn(ENTRY, "state"), "启用");
  assert.equal(valueIn(ENTRY, "shortcut"), "");
  assert.equal(valueIn(ENTRY, "note"), null);
  assert.deepEqual(questionsIn(ENTRY), [{ text: "怎么还没发货", line: 3 }, { text: "几点: 发", line: 4 }]);
  assert.equal(questionsIn("---\nquestions: [一, 二]\n---\n"), null);
  assert.deepEqual(questionsIn("没有头"), []);
});

test("the first question makes its key, the last one goes with it", () => {
  const none = "---\ntitle: 甲\n---\n> 乙\n";
  const one = "---\ntitle: 甲\nquestions:\n  - 丙\n---\n> 乙\n";
  assert.equal(withQuestion(none, "丙"), one);
  assert.equal(withQuestionAt(one, 3, ""), none);
});

test("a new entry begins with what was asked for", () => {
  assert.equal(firstText("试: 一", "answer", "物流"), '---\ntitle: "试: 一"\nquestions:\n  - \ncategory: 物流\n---\n什么时候用，什么时候不能用。\n\n> \n');
  assert.equal(withQuestion(firstText("甲", "answer", ""), "乙").split("\n")[3], "  - 乙");
});

suite("what differs between two texts", () => {
  const check = (/** @type {string} */ from, /** @type {string} */ to, /** @type {string} */ expect) =>
    test(expect, () => {
      const sign = { same: "", added: "+", removed: "-" };
      const pieces = changesBetween(from, to);
      assert.equal(pieces.map(({ text, change }) => (change === "same" ? text : `[${sign[change]}${text}]`)).join("|"), expect);
      assert.equal(pieces.filter(({ change }) => change !== "added").map(({ text }) => text).join(""), from);
      assert.equal(pieces.filter(({ change }) => change !== "removed").map(({ text }) => text).join(""), to);
    });
  check("甲\n乙\n丙\n", "甲\n乙\n丙\n", "甲\n乙\n丙\n");
  check("甲\n乙\n丙\n", "甲\n丙\n", "甲\n|[-乙\n]|丙\n");
  check("明天发货\n", "后天发货\n", "[-明]|[+后]|天发货\n");
  check("", "新\n", "[+新\n]");
  check("全都不同\n", "毫无共处啊\n", "[-全都不同\n]|[+毫无共处啊\n]");
});

test("categories are a tree, whose branches count what is below", () => {
  const branches = branchesOf([{ value: "物流/发货", count: 2 }, { value: "物流", count: 1 }, { value: "售后", count: 4 }]);
  assert.deepEqual(branches.map(({ path, count, below }) => [path, count, below.map((one) => one.path)]), [["物流", 3, ["物流/发货"]], ["售后", 4, []]]);
});

test("filters of the address are those of the API", () => {
  const at = Date.UTC(2026, 10, 1, 12);
  assert.deepEqual(queryOf(new URLSearchParams("kind=case&validity=7&offset=50"), at), { kind: "case", expiring_before: "2026-11-08" });
  assert.deepEqual(queryOf(new URLSearchParams("validity=unserved"), at), { served: false });
});

test("problem documents are said in Chinese, the unknown with what the service says", () => {
  assert.equal(sentence(403, "forbidden", "x"), "您的角色没有这个权限");
  assert.equal(sentence(400, "odd", "limit is too large"), "填的内容不对：limit is too large");
  assert.match(sentence(0, "offline", ""), /连不上服务/u);
});
