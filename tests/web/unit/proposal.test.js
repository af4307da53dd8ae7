// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { askable, corrected, markdownOf, scalar } from "../../../web/panel/proposal.js";

test("a new reply is a file of the library, its words in a quote", () => {
  const values = { title: "赠品漏发", questions: "赠品呢\n  怎么没有赠品 \n\n赠品呢\n赠品漏发", reply: "亲，{{赠品}}漏发了\n\n马上补寄" };
  assert.equal(
    markdownOf("new", values),
    "---\ntitle: 赠品漏发\nkind: answer\nquestions:\n  - 赠品呢\n  - 怎么没有赠品\n---\n> 亲，{{赠品}}漏发了\n>\n> 马上补寄\n",
  );
});

test("a case has its sections, an empty one none", () => {
  const body = markdownOf("case", { title: "补寄赠品", situation: "顾客：赠品呢", reply: " ", lesson: "先核对清单" }).split("---\n")[2];
  assert.equal(body, "## 情境\n顾客：赠品呢\n\n## 教训\n先核对清单\n");
});

test("what YAML would read otherwise is put in quotes", () => {
  const check = (/** @type {string} */ text, /** @type {string} */ expect) => assert.equal(scalar(text), expect, text);
  check("怎么还没发货？", "怎么还没发货？");
  check("iPhone 15 支持吗", "iPhone 15 支持吗");
  check("13812345678", '"13812345678"');
  check("true", '"true"');
  check("说明: 见下", '"说明: 见下"');
  check("我的<手机>收不到", '"我的<手机>收不到"');
  check("#催发货", '"#催发货"');
  check("- 退货", '"- 退货"');
  check('他说"不要"', '"他说\\"不要\\""');
  check("发货 ", '"发货 "');
});

test("of a masked message the question is left", () => {
  const check = (/** @type {string} */ masked, /** @type {string} */ expect) => assert.equal(askable(masked), expect, masked);
  check("电话<手机>，怎么还没发货", "怎么还没发货");
  check("怎么还没发货？我的单号<订单号>", "怎么还没发货？");
  check("在吗\n怎么还没发货\n", "在吗，怎么还没发货");
  check("<手机>", "");
});

const FILE = "---\ntitle: 催发货\n---\n先道歉。\n\n> 亲，{{发货时间}}发出\n>\n> 请放心\n\n## 抖音\n> 马上催\n> ***\n> 有消息就告诉您\n";

test("a reply is said otherwise, and all else stays as it is", () => {
  const check = (/** @type {string} */ template, /** @type {string} */ words, /** @type {string | null} */ expect) => assert.equal(corrected(FILE, template, words), expect);
  check("亲，{{发货时间}}发出\n\n请放心", "今天就发", FILE.replace("> 亲，{{发货时间}}发出\n>\n> 请放心", "> 今天就发"));
  check("马上催\n***\n有消息就告诉您", "在催了\n***\n稍等", FILE.replace("> 马上催\n> ***\n> 有消息就告诉您", "> 在催了\n> ***\n> 稍等"));
  check("别处的话", "今天就发", null);
});
