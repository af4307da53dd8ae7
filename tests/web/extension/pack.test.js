// @ts-check
// scripts/pack-extension: what it packs is what browsers load, its signature is right, and the same files give the same bytes.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { inflateRawSync } from "node:zlib";
import { ROOT } from "../service.js";
import { launchExtension } from "./chromium.js";

const folder = mkdtempSync(path.join(tmpdir(), "huashu-pack-"));
const manifest = JSON.parse(readFileSync(path.join(ROOT, "web/manifest.json"), "utf8"));
const NAME = `huashu-extension-${manifest.version}`;
const pack = (/** @type {string} */ out, /** @type {string[]} */ ...args) => spawnSync(path.join(ROOT, "scripts/pack-extension"), ["--out", path.join(folder, out), ...args], { encoding: "utf8" });
const read = (/** @type {string} */ file) => readFileSync(path.join(folder, file));

after(() => rmSync(folder, { recursive: true, force: true }));

/** Files of a zip archive, by its directory. @param {Buffer} archive */
function unzip(archive) {
  const end = archive.lastIndexOf("PK\x05\x06");
  /** @type {Map<string, Buffer>} */
  const files = new Map();
  for (let at = archive.readUInt32LE(end + 16), left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const [length, title, local] = [archive.readUInt32LE(at + 20), archive.readUInt16LE(at + 28), archive.readUInt32LE(at + 42)];
    const from = local + 30 + archive.readUInt16LE(local + 26);
    files.set(archive.toString("utf8", at + 46, at + 46 + title), inflateRawSync(archive.subarray(from, from + length)));
    at += 46 + title;
  }
  return files;
}

test("the zip holds what the extension needs and nothing of the page, has the fixed id, and is the same each time", () => {
  assert.equal(pack("one").status, 0);
  assert.equal(pack("two").status, 0);
  assert.deepEqual(read(`one/${NAME}.zip`), read(`two/${NAME}.zip`));
  const files = unzip(read(`one/${NAME}.zip`));
  for (const name of ["manifest.json", "site-profiles.json", "panel.js", "panel/hit.js", "extension/content.js", "extension/icons/128.png"]) assert.ok(files.has(name), name);
  assert.ok(!files.has("index.html") && !files.has("page.js"));
  assert.equal(JSON.parse(String(files.get("manifest.json"))).key, manifest.key);
});

test("the packed files are an extension that a browser loads", async () => {
  const web = path.join(folder, "unpacked");
  for (const [name, bytes] of unzip(read(`one/${NAME}.zip`))) {
    mkdirSync(path.dirname(path.join(web, name)), { recursive: true });
    writeFileSync(path.join(web, name), bytes);
  }
  const extension = await launchExtension({ web });
  const panel = await extension.open("extension/panel.html");
  await panel.locator("#question").waitFor();
  await extension.close();
});

test("with a key it also writes a signed CRX, update.xml and policies", () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = path.join(folder, "key.pem");
  writeFileSync(key, privateKey.export({ type: "pkcs8", format: "pem" }));
  const known = publicKey.export({ type: "spki", format: "der" });
  const id = [...createHash("sha256").update(known).digest("hex").slice(0, 32)].map((digit) => String.fromCharCode(97 + parseInt(digit, 16))).join("");
  const packed = pack("crx", "--key", key, "--url", "https://kb.example.com/ext");
  assert.equal(packed.status, 1, "another id than the one that the service lets in");
  assert.match(packed.stderr, new RegExp(id));
  assert.match(String(read("crx/update.xml")), new RegExp(`appid="${id}"[\\s\\S]*codebase="https://kb.example.com/ext/${NAME}.crx" version="${manifest.version}"`));
  assert.equal(JSON.parse(String(read("crx/policy.json"))).ExtensionSettings[id].update_url, "https://kb.example.com/ext/update.xml");
  assert.match(String(read("crx/policy.reg")), new RegExp(`"1"="${id};https://kb.example.com/ext/update.xml"`));

  const crx = read(`crx/${NAME}.crx`);
  assert.equal(crx.toString("latin1", 0, 4), "Cr24");
  assert.equal(crx.readUInt32LE(4), 3);
  const archive = crx.subarray(12 + crx.readUInt32LE(8));
  const header = fields(crx.subarray(12, 12 + crx.readUInt32LE(8)));
  const proof = fields(header.get(2) ?? Buffer.alloc(0));
  const signed = header.get(10000) ?? Buffer.alloc(0);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(signed.length);
  const spki = createPublicKey({ key: proof.get(1) ?? Buffer.alloc(0), type: "spki", format: "der" });
  assert.ok(verify("sha256", Buffer.concat([Buffer.from("CRX3 SignedData\0"), length, signed, archive]), spki, proof.get(2) ?? Buffer.alloc(0)));
  assert.equal(JSON.parse(String(unzip(archive).get("manifest.json"))).key, known.toString("base64"));
});

test("a key without an address is refused", () => {
  assert.equal(pack("no", "--key", "nothing.pem").status, 2);
});

/** Fields of bytes in a protocol buffer. @param {Buffer} bytes */
function fields(bytes) {
  /** @type {Map<number, Buffer>} */
  const found = new Map();
  let at = 0;
  const number = () => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = number();
    const length = number();
    found.set(tag >>> 3, bytes.subarray(at, at + length));
    at += length;
  }
  return found;
}
