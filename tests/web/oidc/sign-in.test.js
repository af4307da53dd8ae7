// @ts-check
// Sign-in by OpenID Connect: a real Chromium between the real program, built with the feature `oidc`, and a certified provider.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
// @ts-expect-error: it brings no types
import Provider from "oidc-provider";
import { launchBrowser } from "../browser.js";
import { startService } from "../service.js";

const SECRET = "0123456789abcdef0123456789abcdef";

/** What the provider knows of people: login → claims. @type {Record<string, Record<string, unknown>>} */
const PEOPLE = {
  lin: { preferred_username: "林培训", name: "林老师", groups: ["培训组"] },
  boss: { preferred_username: "老板", groups: [] },
};

/** @type {import("../browser.js").Browser} */
let browser;
/** @type {import("../service.js").Service} */
let service;
/** @type {import("node:http").Server} */
let provider;

/** A port that is free now. @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

before(async () => {
  const [port, providerPort] = [await freePort(), await freePort()];
  const [url, issuer] = [`http://127.0.0.1:${port}`, `http://localhost:${providerPort}`];
  const oidc = new Provider(issuer, {
    clients: [{ client_id: "huashu", client_secret: SECRET, redirect_uris: [`${url}/v1/oidc/callback`] }],
    claims: { openid: ["sub"], profile: ["preferred_username", "name", "groups"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["of-the-test"] },
    findAccount: (/** @type {unknown} */ _, /** @type {string} */ id) => ({ accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) }),
  });
  provider = createServer(oidc.callback()).listen(providerPort, "localhost");
  const settings = [
    "[oidc]",
    `issuer = "${issuer}"`,
    'client_id = "huashu"',
    `url = "${url}"`,
    'role_claim = "groups"',
    '[oidc.roles]\n"培训组" = "trainer"',
  ].join("\n");
  service = await startService({ kb: "tests/fixtures/kb", settings, listen: `127.0.0.1:${port}`, environment: { HUASHU_OIDC_SECRET: SECRET } });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await service?.stop();
  provider?.close();
});

/** Signs in at the provider and comes back. @param {import("../browser.js").Page} page @param {string} login */
async function signIn(page, login) {
  await page.goto(`${service.url}/v1/oidc/login`);
  await page.fill("input[name=login]", login);
  await page.fill("input[name=password]", "any");
  await page.click("button[type=submit]");
  // The provider asks once whether the service may know.
  await page.waitForURL((url) => url.origin === service.url || url.pathname.startsWith("/interaction/"));
  if (!page.url().startsWith(service.url)) await page.click("button[type=submit]");
  await page.waitForURL(`${service.url}/**`);
}

/** What the service says of a page's session. @param {import("../browser.js").Page} page */
function sessionOf(page) {
  return page.evaluate(() => fetch("/v1/session").then((answer) => answer.json()));
}

test("who signs in at the provider is made here, with the role that the provider's claim gives", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await signIn(page, "lin");
  const session = await sessionOf(page);
  assert.deepEqual([session.name, session.display, session.role, session.oidc], ["林培训", "林老师", "trainer", true]);
  const cookies = await context.cookies(service.url);
  const cookie = cookies.find((found) => found.name === "huashu_session");
  assert.deepEqual([cookie?.httpOnly, cookie?.sameSite], [true, "Strict"]);
  // The claim is gone: so is the role, with the next sign-in, and it is the same user.
  PEOPLE.lin = { preferred_username: "另一个名字", groups: [] };
  await context.clearCookies();
  await signIn(page, "lin");
  assert.deepEqual((({ name, role }) => [name, role])(await sessionOf(page)), ["林培训", "agent"]);
  await context.close();
});

test("a name that somebody has here is not given to whoever brings it", async () => {
  await service.ask("/v1/users", { name: "老板", role: "admin" });
  const context = await browser.newContext();
  const page = await context.newPage();
  await signIn(page, "boss");
  assert.match(await page.content(), /name_taken/);
  assert.ok(!(await context.cookies(service.url)).some(({ name }) => name === "huashu_session"));
  await context.close();
});

test("an answer that this browser did not ask for signs nobody in", async () => {
  const begun = await fetch(`${service.url}/v1/oidc/login`, { redirect: "manual" });
  assert.equal(begun.status, 303);
  const asked = new URL(begun.headers.get("location") ?? "");
  assert.equal(asked.searchParams.get("code_challenge_method"), "S256");
  assert.ok(asked.searchParams.get("nonce"));
  const state = asked.searchParams.get("state") ?? "";
  const back = `${service.url}/v1/oidc/callback?code=stolen&state=${state}`;
  assert.equal((await fetch(back)).status, 401);
  assert.equal((await fetch(back, { headers: { cookie: "huashu_oidc=another" } })).status, 401);
  // With the cookie the provider is asked, knows no such code, and the sign-in is over.
  assert.equal((await fetch(back, { headers: { cookie: `huashu_oidc=${state}` } })).status, 401);
  assert.match(service.log(), /a sign-in by OpenID Connect failed/);
});
