// @ts-check
// Each known site by the profile that is built in, on a mock of its public structure: the box is found, messages are read, a switch is noticed, and a
// redesign is told.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../service.js";
import { useExtension } from "./desk.js";
import { COPY_ONLY, CUSTOMER, MOCKS, pageOf } from "./mocks.js";

const REPLY = "亲，让您久等了\n马上为您查";

const sites = Object.values(MOCKS).map(({ address }) => new URL(address).origin).concat(Object.values(COPY_ONLY).map((address) => new URL(address).origin));
const desk = useExtension({ kb: "tests/fixtures/kb", profiles: null, origins: ["http://127.0.0.1/*", ...sites.map((origin) => `${origin}/*`)], begun: serveMocks });

async function serveMocks() {
  // No request leaves this machine: what is no mock is nothing.
  await desk.extension.context.route(/^https:/, (route) => route.fulfill({ status: 404, body: "" }));
  for (const mock of Object.values(MOCKS)) {
    await desk.extension.context.route(`${new URL(mock.address).origin}/bundle/**`, async (route) =>
      route.fulfill({ contentType: "text/javascript; charset=utf-8", body: await desk.pages.bundle(/bundle\/(.+)\.js$/.exec(route.request().url())?.[1] ?? "") }),
    );
    await desk.extension.context.route(mock.address, (route) => route.fulfill({ contentType: "text/html; charset=utf-8", body: pageOf(mock) }));
  }
  for (const address of Object.values(COPY_ONLY)) {
    await desk.extension.context.route(address, (route) => route.fulfill({ contentType: "text/html; charset=utf-8", body: "<!doctype html><title>copy</title><textarea></textarea>" }));
  }
}


/** @param {string} address */
async function open(address) {
  const chat = await desk.extension.context.newPage();
  await chat.goto(address);
  const tab = await desk.extension.tabOf(chat);
  const host = (/** @type {string} */ name, /** @type {any[]} */ ...args) =>
    desk.extension.desk.evaluate(
      async ([tab, name, args]) => {
        const { ExtensionHost } = await import(/** @type {any} */ ("/extension/host.js"));
        const hosts = /** @type {any} */ ((/** @type {any} */ (globalThis).hosts ??= new Map()));
        if (!hosts.has(tab)) {
          const made = new ExtensionHost(tab);
          made.onBeside = (/** @type {any} */ beside) => (made.beside = beside);
          hosts.set(tab, made);
        }
        const found = hosts.get(tab);
        return typeof found[name] === "function" ? found[name](...args) : found[name];
      },
      /** @type {[number, string, any[]]} */ ([tab, name, args]),
    );
  const box = chat.locator("textarea, [contenteditable=true]").first();
  const text = () => box.evaluate((box) => (box instanceof HTMLTextAreaElement ? box.value : /** @type {HTMLElement} */ (box).innerText));
  return { chat, host, text, box };
}

for (const [id, mock] of Object.entries(MOCKS)) {
  describe(id, () => {
    test(`a reply gets into the box of ${id}`, async () => {
      const { chat, host, text, box } = await open(mock.address);
      await box.waitFor();
      assert.deepEqual(await host("place", REPLY, { append: false, conversation: null }), { ok: true, how: "inserted" });
      assert.deepEqual((await text()).split(/\n+/).filter(Boolean), REPLY.split("\n"));
      const beside = await host("beside");
      assert.equal(beside.look.site.id, id);
      assert.equal(beside.look.health, "ok");
      await chat.close();
    });

    test(`of ${id} ${mock.reads ? "the newest messages are read" : "nothing is read that is not known"}`, async () => {
      const { chat, host } = await open(mock.address);
      const read = await host("readMessages");
      assert.deepEqual(read?.messages ?? null, mock.reads ? CUSTOMER : null);
      if (mock.reads) assert.ok(read.conversation?.startsWith(`${id}-`), read.conversation);
      await chat.close();
    });

    if (mock.reads) {
      test(`of ${id} another customer's chat takes no reply`, async () => {
        const { chat, host, text } = await open(mock.address);
        const { conversation } = await host("readMessages");
        await chat.evaluate(
          ([other, words]) => {
            if (other) {
              const name = document.querySelector(other);
              if (name) name.textContent = "李先生";
              return;
            }
            // Where nothing names the conversation, its messages do.
            for (const place of document.querySelectorAll(".msg-content-box")) if (words.includes(place.textContent ?? "") || place.textContent === "在吗") place.textContent = "你好，怎么退货";
          },
          /** @type {[string | null, string[]]} */ ([mock.other, CUSTOMER]),
        );
        assert.deepEqual(await host("place", REPLY, { append: false, conversation }), { ok: false, how: "inserted", reason: "other-conversation" });
        assert.equal((await text()).trim(), "");
        await chat.close();
      });
    }

    test(`a redesign of ${id} is told, and the box in use is taken`, async () => {
      const { chat, host, box } = await open(mock.address);
      await box.waitFor();
      await chat.evaluate(() => {
        document.querySelector("textarea, [contenteditable=true]")?.remove();
        document.body.insertAdjacentHTML("beforeend", '<section><textarea id="new"></textarea></section>');
      });
      await chat.locator("#new").click();
      await until(async () => {
        await host("boxIsEmpty");
        return (await host("beside"))?.look?.health === "editor";
      });
      assert.equal((await host("place", REPLY, { append: false, conversation: null })).ok, true);
      assert.equal(await chat.locator("#new").inputValue(), REPLY);
      await chat.close();
    });
  });
}

for (const [id, address] of Object.entries(COPY_ONLY)) {
  test(`${id} gets a copy`, async () => {
    const { chat, host } = await open(address);
    await desk.extension.desk.bringToFront();
    assert.deepEqual(await host("place", REPLY, { append: false, conversation: null }), { ok: true, how: "copied" });
    assert.equal(await chat.locator("textarea").inputValue(), "");
    await chat.close();
  });
}
