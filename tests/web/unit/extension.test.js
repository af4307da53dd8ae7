// @ts-check
// The pure modules of the extension: which profile fits, which frame acts, what is at hand while the service is away, what the strip says.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { sayingsOf } from "../../../web/extension/beside.js";
import { serverAddress } from "../../../web/extension/config.js";
import { fits, originPattern, originsOf, pickFrame, readProfiles, siteOf } from "../../../web/extension/match.js";
import * as used from "../../../web/extension/used.js";
import { ROOT } from "../service.js";

const PROFILES = readProfiles(JSON.parse(readFileSync(path.join(ROOT, "web/site-profiles.json"), "utf8")))?.profiles ?? [];

describe("profiles", () => {
  test("patterns fit as browsers have them", () => {
    const check = (/** @type {string} */ pattern, /** @type {string} */ address, /** @type {boolean} */ expect) => assert.equal(fits(pattern, address), expect, `${pattern} ${address}`);
    check("https://a.com/*", "https://a.com/x?y#z", true);
    check("https://a.com/*", "http://a.com/x", false);
    check("*://a.com/*", "http://a.com/", true);
    check("https://a.com/*", "https://b.a.com/", false);
    check("https://*.a.com/*", "https://b.a.com/", true);
    check("https://*.a.com/*", "https://a.com/", true);
    check("https://*.a.com/*", "https://evila.com/", false);
    check("https://a.com/*", "https://a.com.evil.com/", false);
    check("http://127.0.0.1:*/chat/*", "http://127.0.0.1:8080/chat/1", true);
    check("http://127.0.0.1:81/*", "http://127.0.0.1:80/", false);
    check("http://127.0.0.1/*", "http://127.0.0.1:8080/", true);
    check("https://a.com/kf*", "https://a.com/kf/im?x", true);
    check("https://a.com/kf", "https://a.com/kf/im", false);
    check("https://a.com/*/b/*", "https://a.com/x/b/y", true);
    check("https://a.com/*/b/*", "https://a.com/x/c/y", false);
    check("<all_urls>", "https://a.com/", false);
    check("https://a.com/*", "no address", false);
  });

  test("known sites are known by their addresses", () => {
    const check = (/** @type {string} */ address, /** @type {string | null} */ expect) => assert.equal(siteOf(PROFILES, address)?.id ?? null, expect, address);
    check("https://mms.pinduoduo.com/chat-merchant/index.html?r=0.1#/", "pinduoduo");
    check("https://im.jinritemai.com/pc_seller_v2/main/workspace", "feige");
    check("https://im.kwaixiaodian.com/workbench", "kuaishou");
    check("https://dongdong.jd.com/", "jingdong");
    check("https://store.weixin.qq.com/shop/kf", "weixin");
    check("https://store.weixin.qq.com/shop/order", null);
    check("https://air.1688.com/app/ocms-fusion-components-1688/def_cbu_web_im/index.html", "1688");
    check("https://web.whatsapp.com/", "whatsapp");
    check("https://ark.xiaohongshu.com/app", "xiaohongshu");
    check("https://example.com/", null);
  });

  test("permissions are asked for hosts, not for everything", () => {
    assert.equal(originPattern("https://mms.pinduoduo.com/chat?x#y"), "https://mms.pinduoduo.com/*");
    assert.equal(originPattern("http://127.0.0.1:7700/"), "http://127.0.0.1/*");
    assert.equal(originPattern("chrome://settings"), null);
    assert.equal(originPattern(""), null);
    for (const site of PROFILES) for (const origin of originsOf(site)) assert.match(origin, /^https:\/\/[\w.]+\/\*$/, site.id);
  });

  test("what is no profile is passed over", () => {
    assert.equal(readProfiles(null), null);
    assert.equal(readProfiles({ format: 2, profiles: [] }), null);
    const read = readProfiles({ format: 1, profiles: [3, { id: "a" }, { id: "b", name: "乙", match: ["x"], editor: "no list", place: "else" }] });
    assert.deepEqual(read?.profiles.map(({ id, editor, place }) => ({ id, editor, place })), [{ id: "b", editor: [], place: "insert" }]);
  });
});

test("exactly one frame acts", () => {
  const frame = (/** @type {string} */ name, rank = 0, used_at = 0, area = 0) => ({ frame: name, look: { rank, used_at, area } });
  const check = (/** @type {ReturnType<typeof frame>[]} */ frames, /** @type {string | null} */ expect) => assert.equal(pickFrame(frames)?.frame ?? null, expect);
  check([], null);
  check([frame("top")], null);
  check([frame("used", 2, 9), frame("profile", 3)], "profile");
  check([frame("old", 3, 1), frame("new", 3, 2)], "new");
  check([frame("small", 3, 0, 10), frame("large", 3, 0, 99)], "large");
  check([frame("only", 1), frame("used", 2, 5)], "used");
});

test("addresses are made whole", () => {
  const check = (/** @type {string} */ typed, /** @type {string | null} */ expect) => assert.equal(serverAddress(typed), expect, typed);
  check("127.0.0.1:7700", "http://127.0.0.1:7700/");
  check(" https://kb.example.com/huashu ", "https://kb.example.com/huashu/");
  check("https://kb.example.com/?a#b", "https://kb.example.com/");
  check("", null);
  check("http://", null);
  check("no address at all", null);
  check("https://me:secret@kb.example.com", null);
});

describe("while the service is away", () => {
  const reply = (/** @type {string} */ text) => ({ id: `r-${text}`, text, template: text, segments: [{ text, pictures: [] }], missing: [...text.matchAll(/\{\{([^{}|]+)\}\}/g)].map((slot) => slot[1]) });
  const hit = (/** @type {string} */ id, title = id, text = "好的", more = {}) => /** @type {used.Hit} */ (/** @type {any} */ ({ id, title, shortcut: null, category: "", replies: [reply(text)], ...more }));
  const use = (/** @type {used.Hit} */ hit, used_at = 0, /** @type {number | null} */ ends_at = null) => ({ hit, reply_id: hit.replies[0].id, ends_at, used_at });

  test("the latest two hundred are kept, each entry once", () => {
    /** @type {used.Used[]} */
    let kept = [];
    for (let at = 0; at < 300; at++) kept = used.add(kept, use(hit(`${at % 250}`), at));
    assert.equal(kept.length, used.MAX_USED);
    assert.equal(kept[0].used_at, 299);
    assert.equal(new Set(kept.map(({ hit }) => hit.id)).size, kept.length);
  });

  test("the reply that was used comes first", () => {
    const two = { ...hit("a"), replies: [reply("甲"), reply("乙")] };
    assert.equal(used.add([], { ...use(two), reply_id: "r-乙" })[0].hit.replies[0].text, "乙");
  });

  test("what fits the question comes first, what is over never", () => {
    const kept = [use(hit("a", "退货地址"), 3), use(hit("b", "催发货", "马上发货"), 2), use(hit("c", "发货时间"), 1, 1_000)];
    const ids = (/** @type {string} */ q) => used.answer(kept, q, 5_000).hits.map(({ id }) => id);
    assert.deepEqual(ids("怎么还没发货"), ["b"]);
    assert.deepEqual(used.answer(kept, "发货时间", 500).hits.map(({ id }) => id), ["c", "b"]);
    assert.deepEqual(ids("完全无关"), ["a", "b"], "the latest, where nothing fits");
    assert.deepEqual(ids(""), ["a", "b"]);
  });

  test("a reply is filled, and one that is over is not made ready", () => {
    const kept = [use(hit("a", "甲", "{{昵称|亲}}，订单 {{订单号}} 退到 {{店铺.退货地址}}"), 0, 1_000)];
    const shop = { 退货地址: "杭州" };
    const made = used.render(kept, "a", { slots: { 订单号: "12" } }, shop, 500);
    assert.equal(made?.text, "亲，订单 12 退到 杭州");
    assert.deepEqual(made?.missing, []);
    assert.deepEqual(used.render(kept, "a", {}, {}, 500)?.missing, ["订单号", "店铺.退货地址"]);
    assert.equal(used.render(kept, "a", {}, shop, 1_000), null);
    assert.equal(used.render(kept, "b", {}, shop, 500), null);
  });

  test("shortcuts and beginnings are suggested", () => {
    const kept = [use(hit("a", "催发货", "x", { shortcut: "cfh" })), use(hit("b", "退货"), 0, 1)];
    const ids = (/** @type {string} */ q) => used.suggest(kept, q, 5).suggestions.map(({ id }) => id);
    assert.deepEqual(ids("CF"), ["a"]);
    assert.deepEqual(ids("发货"), ["a"]);
    assert.deepEqual(ids("退"), []);
  });
});

test("the strip says what the page is, and what to do", () => {
  const look = (more = {}) => /** @type {any} */ ({ rank: 3, site: { id: "a", name: "拼多多", place: "insert", channel: "" }, health: "ok", has_messages: true, conversation: "x", ...more });
  const check = (/** @type {any} */ beside, /** @type {string} */ kind, /** @type {RegExp} */ text, /** @type {string | undefined} */ action) => {
    const [saying] = sayingsOf({ address: "https://mms.pinduoduo.com/x", look: null, ...beside }, false);
    assert.equal(saying.kind, kind);
    assert.match(saying.text, text);
    assert.equal(saying.action?.name, action);
  };
  check({ state: "chat", look: look() }, "good", /拼多多：可以填入/, undefined);
  check({ state: "chat", look: look({ health: "editor" }) }, "caution", /输入框和配置对不上/, undefined);
  check({ state: "chat", look: look({ health: "conversation" }) }, "caution", /认不出是哪位顾客/, undefined);
  check({ state: "chat", look: look({ conversation: null }) }, "quiet", /看一眼对面是谁/, undefined);
  check({ state: "chat", look: look({ rank: 0, health: "unknown" }) }, "quiet", /还没有看到输入框/, undefined);
  check({ state: "chat", look: look({ site: null, has_messages: false }) }, "quiet", /不认识这个网站/, undefined);
  check({ state: "chat", look: look({ site: { name: "千牛", place: "copy" } }) }, "quiet", /复制后/, undefined);
  check({ state: "no-access" }, "caution", /mms\.pinduoduo\.com/, "allow");
  check({ state: "no-access", address: "" }, "caution", /图标/, undefined);
  check({ state: "no-page", address: "" }, "quiet", /切到聊天网页/, undefined);
  assert.equal(sayingsOf({ state: "no-page", address: "", look: null }, true)[0].kind, "away");
});
