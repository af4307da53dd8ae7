// @ts-check
// What a page must never do, whatever stands in the library: run what is written there, break the policy, ask somebody else's server.

/** What would run if a text became a part of the page; each sets `hacked`. */
export const EVIL = [
  '<img src=x onerror="window.hacked=1">',
  "<script>window.hacked=2</script>",
  '"><svg onload="window.hacked=3">',
  "'-window.hacked=4-'",
  '<iframe srcdoc="<script>parent.hacked=5</script>"></iframe>',
  "</textarea></title></style><img src=x onerror=window.hacked=6>",
  "${constructor.constructor('window.hacked=7')()}",
].join("");

/** As much of it as a title or a name holds. */
export const EVIL_NAME = '<img src=x onerror="window.hacked=12"><svg onload=window.hacked=13>';

/** The same as Markdown, with a picture and addresses that lead elsewhere. */
export const EVIL_MARKDOWN = `${EVIL} [点我](javascript:window.hacked=8) [再点](data:text/html,<script>window.hacked=9</script>) ![图](https://evil.example/pixel.png) ![图](javascript:window.hacked=10)`;

/**
 * @typedef {object} Watch
 * @property {string[]} strangers addresses elsewhere that were asked
 * @property {string[]} dialogs what opened
 * @property {(page: import("playwright-core").Page) => Promise<string[]>} violations what broke the policy of a page or ran in it
 */

/**
 * Watches all pages of a context from their beginning.
 * @param {import("playwright-core").BrowserContext} context @param {string[]} own origins that may be asked
 * @returns {Promise<Watch>}
 */
export async function watch(context, own) {
  /** @type {string[]} */
  const strangers = [];
  /** @type {string[]} */
  const dialogs = [];
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (!["data:", "blob:", "about:"].includes(url.protocol) && !own.includes(url.protocol.startsWith("http") ? url.origin : `${url.protocol}//${url.host}`)) strangers.push(request.url());
  });
  context.on("dialog", async (dialog) => {
    dialogs.push(dialog.message());
    await dialog.dismiss();
  });
  await context.addInitScript(() => {
    const seen = /** @type {string[]} */ ([]);
    Object.assign(globalThis, { policyBroken: seen });
    document.addEventListener("securitypolicyviolation", (event) => seen.push(`${event.effectiveDirective}: ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`));
  });
  return {
    strangers,
    dialogs,
    violations: (page) =>
      page.evaluate(() => {
        const world = /** @type {any} */ (globalThis);
        return [...(world.policyBroken ?? ["nobody watched"]), ...(world.hacked === undefined ? [] : [`ran: ${world.hacked}`])];
      }),
  };
}

/** Writes an entry full of it, and a shop of that name. @param {(path: string, text: string) => void} put */
export function poison(put) {
  const text = JSON.stringify(EVIL);
  const name = JSON.stringify(EVIL_NAME);
  put(
    "毒.md",
    `---\nid: 毒\ntitle: ${name}\nquestions: [${name}, 毒药怎么卖]\nkind: answer\ncategory: ${JSON.stringify("毒/<b>粗</b>")}\ntags: [${name}]\nsource: ${text}\n---\n${EVIL_MARKDOWN}\n\n> 亲，${EVIL_MARKDOWN} {{昵称|<img src=x onerror=window.hacked=11>}}\n\n## ${EVIL}\n\n> ${EVIL}\n`,
  );
  put("毒政策.md", `---\ntitle: ${JSON.stringify(`政策${EVIL_NAME}`)}\nkind: policy\n---\n# ${EVIL}\n\n毒药的政策。${EVIL_MARKDOWN}\n\n${EVIL}\n`);
  put("shops/毒店.yaml", `name: ${name}\naliases: [毒]\nchannels: [千牛]\nvalues:\n  退货地址: ${text}\n`);
}
