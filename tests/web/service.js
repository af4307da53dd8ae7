// @ts-check
// The real program on a copy of a library in a temporary folder, for tests and screenshots.

import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Longest start, in milliseconds: a debug build that indexes the shipped library on a busy machine. */
const START_MS = 60_000;

/** Longest end, in milliseconds, before it is killed. */
const STOP_MS = 10_000;

/** The debug build of `cargo build`, wherever its target folder is; `HUASHU_BIN` names another one. */
function binary() {
  if (process.env.HUASHU_BIN) return process.env.HUASHU_BIN;
  const metadata = execFileSync("cargo", ["metadata", "--format-version=1", "--no-deps", "--offline"], { cwd: ROOT, maxBuffer: 1 << 26 });
  return path.join(JSON.parse(metadata.toString()).target_directory, "debug", process.platform === "win32" ? "huashu.exe" : "huashu");
}

/**
 * @typedef {object} Service
 * @property {string} url without a slash at its end
 * @property {string} token of writing calls
 * @property {string} kb the copied library, to be changed at will
 * @property {string} data its data folder
 * @property {() => string} log what it wrote to standard error until now
 * @property {(path: string, body?: unknown) => Promise<any>} ask JSON of the API; POST where there is a body
 * @property {() => Promise<void>} stop
 */

/** How far the night is from every test, in milliseconds. */
const UNTIL_NIGHT_MS = 6 * 3_600_000;

/** Makes it day, whatever the clock says, so that replies for the night do not come first: the night lasts a minute, hours from now. @param {string} kb */
function makeDay(kb) {
  const file = path.join(kb, "library.toml");
  const time = (/** @type {number} */ at) => new Date(at).toLocaleTimeString("en-GB", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit" });
  const [begin, end] = [time(Date.now() + UNTIL_NIGHT_MS), time(Date.now() + UNTIL_NIGHT_MS + 60_000)];
  const hours = readFileSync(file, "utf8").replace(/^"?白天"? = .*$/m, `"白天" = "${end}-${begin}"`).replace(/^"?夜间"? = .*$/m, `"夜间" = "${begin}-${end}"`);
  writeFileSync(file, hours);
}

/**
 * Starts the service on a fresh copy of a library and waits until it is ready.
 * @param {{kb?: string, prepare?: (kb: string) => void, settings?: string, listen?: string, environment?: Record<string, string>}} [how] `kb` relative
 *   to the checkout; `prepare` changes the copy before the start; `settings` is its huashu.toml
 * @returns {Promise<Service>}
 */
export async function startService({ kb = "kb", prepare, settings = "", listen = "127.0.0.1:0", environment = {} } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "huashu-web-"));
  const copy = path.join(folder, "kb");
  cpSync(path.join(ROOT, kb), copy, { recursive: true });
  makeDay(copy);
  prepare?.(copy);
  writeFileSync(path.join(folder, "huashu.toml"), settings);
  const program = spawn(binary(), ["--kb", copy, "--json", "serve", "--listen", listen], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  program.stderr.on("data", (part) => (log += part));
  const ended = new Promise((resolve) => program.once("exit", resolve));
  const stop = async () => {
    const killer = setTimeout(() => program.kill("SIGKILL"), STOP_MS);
    program.kill("SIGTERM");
    await ended;
    clearTimeout(killer);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const { url, token } = await announced(program, () => log);
    const ask = async (/** @type {string} */ where, /** @type {unknown} */ body) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const response = await fetch(url + where, body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) });
      return response.json();
    };
    await until(async () => (await fetch(`${url}/readyz`)).ok, START_MS);
    return { url, token, kb: copy, data: path.join(folder, "data", "kb"), log: () => log, ask, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Its first line says where it is. @param {import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, import("node:stream").Readable>} program @param {() => string} log @returns {Promise<{url: string, token: string}>} */
function announced(program, log) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no address within ${START_MS} ms; it says: ${log()}`)), START_MS);
    createInterface({ input: program.stdout }).once("line", (line) => {
      clearTimeout(late);
      resolve(JSON.parse(line));
    });
    program.once("exit", (code) => {
      clearTimeout(late);
      reject(new Error(`the service ended with ${code}; it says: ${log()}`));
    });
    program.once("error", reject);
  });
}

/**
 * Waits until something holds.
 * @param {() => Promise<boolean> | boolean} holds @param {number} [limit_ms]
 */
export async function until(holds, limit_ms = 10_000) {
  const end = Date.now() + limit_ms;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > end) throw new Error(`did not come true within ${limit_ms} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
