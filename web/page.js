// @ts-check
// The server's page: the panel with fetch and the clipboard around it.

import { newId } from "./events.js";
import { PageHost } from "./host.js";
import { HuashuPanel } from "./panel.js";
import { PageTransport } from "./transport.js";

const host = new PageHost();
const install = await host.recall("install");
const identity = typeof install === "string" && install ? install : newId();
await host.remember("install", identity);

const panel = new HuashuPanel();
panel.transport = new PageTransport(identity);
panel.host = host;
panel.addEventListener("library", (event) => {
  document.title = /** @type {CustomEvent<{name: string}>} */ (event).detail.name;
});
document.querySelector("main")?.replaceChildren(panel);
