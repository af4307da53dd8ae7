// @ts-check
// Serves test pages: chats around real editors, bundled from npm, and mocks of the chats of known sites.

import { build } from "esbuild";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

/** What the strictest page allows: its own files, and no string where a script could hide. */
const STRICT = "default-src 'none'; script-src 'self'; style-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'";

/**
 * A chat with an editor. What would send is noted in `sent`; `chat.switchTo` shows another customer.
 * @param {string} editor
 */
function chatPage(editor) {
  return `<!doctype html>
<html lang="zh-CN">
<head><meta charset="utf-8"><title>${editor}</title><link rel="stylesheet" href="/pages.css"></head>
<body>
  <h1 data-conversation>王女士</h1>
  <ol id="messages">
    <li class="message customer"><p>在吗</p></li>
    <li class="message agent"><p>亲，在的</p></li>
    <li class="message customer"><p>我的快递怎么还没到</p></li>
    <li class="message"><p>10:24</p></li>
    <li class="message customer"><p>都三天了</p></li>
  </ol>
  <div id="root"></div>
  <script src="/chat.js"></script>
  <script src="/bundle/${editor}.js"></script>
</body>
</html>`;
}

/** Around an editor in a frame: a page with a box of its own that is none of the chat's. @param {string} editor */
function framePage(editor) {
  return `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>frame</title></head>
<body><input type="text" id="decoy"><textarea id="note"></textarea><iframe id="frame" src="/editor/${editor}" width="700" height="500"></iframe></body></html>`;
}

const STYLE = `body { font: 15px/1.5 sans-serif; margin: 16px; } #root > *, iframe { border: 1px solid #999; min-height: 60px; }
  [contenteditable] { min-height: 60px; outline: none; white-space: pre-wrap; } textarea { width: 400px; height: 80px; }`;

/**
 * Starts the server. `mocks` maps a path to a page.
 * @param {Record<string, string>} [mocks]
 * @returns {Promise<{url: string, stop: () => Promise<void>, bundle: (name: string) => Promise<string>}>}
 */
export async function servePages(mocks = {}) {
  /** @type {Map<string, Promise<string>>} */
  const bundles = new Map();
  const bundle = (/** @type {string} */ name) => {
    const known = bundles.get(name);
    if (known) return known;
    const built = build({
      entryPoints: [`${FOLDER}editors/${name}.js`],
      bundle: true,
      write: false,
      format: "iife",
      define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
      loader: { ".css": "empty" },
      logLevel: "silent",
    }).then((result) => result.outputFiles[0].text);
    bundles.set(name, built);
    return built;
  };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    const [, kind, name = ""] = pathname.split("/");
    const send = (/** @type {string} */ type, /** @type {string} */ text, headers = {}) => response.writeHead(200, { "content-type": `${type}; charset=utf-8`, ...headers }).end(text);
    try {
      if (mocks[pathname]) send("text/html", mocks[pathname]);
      else if (kind === "editor" && name.endsWith("-in-frame")) send("text/html", framePage(name.replace("-in-frame", "")));
      else if (kind === "editor") send("text/html", chatPage(name.replace("-strict", "")), name.endsWith("-strict") ? { "content-security-policy": STRICT } : {});
      else if (kind === "bundle") send("text/javascript", await bundle(name.replace(/\.js$/, "")));
      else if (pathname === "/chat.js") send("text/javascript", readFileSync(`${FOLDER}editors/chat/chat.js`, "utf8"));
      else if (pathname === "/pages.css") send("text/css", STYLE);
      else response.writeHead(404).end();
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  const stop = () => new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve(undefined));
  });
  return { url: `http://localhost:${address.port}`, bundle, stop: /** @type {() => Promise<void>} */ (stop) };
}
