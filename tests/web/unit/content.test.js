// @ts-check
// The pure functions of the script in chat pages: it is a classic script, so it is run as one, without a page.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";
import path from "node:path";
import { ROOT } from "../service.js";

const context = vm.createContext({});
vm.runInContext(readFileSync(path.join(ROOT, "web/extension/content.js"), "utf8"), context);
/** @type {any} */
const { compact, triggerAt, newestRun, isThere, shortHash } = context.huashuPure;

test("a trigger ends the text before the cursor, in either width", () => {
  const check = (/** @type {string} */ before, /** @type {string | null} */ code) => assert.equal(triggerAt(before)?.code ?? null, code, before);
  check(";;cfh", "cfh");
  check("亲，；；cfh", "cfh");
  check("亲;；催发货", "催发货");
  check(";;fh-2", "fh-2");
  check(";;", null);
  check(";cfh", null);
  check(";;cfh ", null);
  check("a;;b;;c", "c");
  check(`;;${"a".repeat(21)}`, null);
  assert.equal(triggerAt("亲，;;cfh").length, 5);
});

test("the newest run is what the customer wrote since the agent did", () => {
  const check = (/** @type {string} */ sides, /** @type {string} */ expect) => {
    const items = [...sides].map((side, at) => ({ side: { c: "customer", a: "agent", "-": "none" }[side], text: `${at}` }));
    assert.equal(newestRun(items).join(""), expect, sides);
  };
  check("", "");
  check("ccc", "012");
  check("cac", "2");
  check("cac-c", "24");
  check("cca", "");
  check("---", "");
  assert.deepEqual([...newestRun([{ side: "customer", text: " 在吗 \n" }, { side: "customer", text: "  " }])], ["在吗"]);
  assert.equal(newestRun(Array.from({ length: 50 }, () => ({ side: "customer", text: "a" }))).length, 20);
});

test("a text is there where nothing is lost and it stands once more", () => {
  const check = (/** @type {[string, string, string, string]} */ [head, text, tail, now], /** @type {boolean} */ expect) => {
    assert.equal(isThere(head, text, tail, now), expect, now);
  };
  check(["", "您好", "", "您好"], true);
  check(["前", "您好", "后", "前您好后"], true);
  check(["前", "您好", "后", "前后"], false);
  check(["前", "您好", "后", "您好"], false);
  check(["您好", "您好", "", "您好"], false);
  check(["您好", "您好", "", "您好您好"], true);
  check(["前", "您好", "后", "前后您好"], true);
  check(["前", "您好啊", "", "前您好"], false);
});

test("blanks and line ends make no difference", () => {
  assert.equal(compact("亲 ，\n\n您\u00a0好\u200b\ufeff"), "亲，您好");
});

test("ids of conversations tell nobody the name, and differ by name and by salt", () => {
  assert.equal(shortHash("王女士", "a"), shortHash("王女士", "a"));
  assert.notEqual(shortHash("王女士", "a"), shortHash("王女士", "b"));
  assert.notEqual(shortHash("王女士", "a"), shortHash("李女士", "a"));
  assert.doesNotMatch(shortHash("王女士", "a"), /王/);
});
