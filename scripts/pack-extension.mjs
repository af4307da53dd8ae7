// Packs `web/` as the browser extension. Called by scripts/pack-extension. The same files give the same bytes: no time goes in.

import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { crc32 as zlibCrc32, deflateRawSync } from "node:zlib";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const WEB = path.join(ROOT, "web");

/** Whether a file is of the server's pages alone. @param {string} name */
const isOfPages = (name) => name === "index.html" || name === "page.js" || name.startsWith("studio/");

/** The date in archives, in MS-DOS form: the first that there is, 1 January 1980. */
const DOS_DATE = 0x21;

const { values } = parseArgs({ options: { out: { type: "string" }, key: { type: "string" }, url: { type: "string" } } });
if (values.key && !values.url) fail("--key needs --url, the folder from which browsers will load the CRX");
const out = values.out ?? path.join(ROOT, "target", "extension");
mkdirSync(out, { recursive: true });

const manifest = JSON.parse(readFileSync(path.join(WEB, "manifest.json"), "utf8"));
const fixedId = idOf(Buffer.from(manifest.key, "base64"));
const name = `huashu-extension-${manifest.version}`;
// With its key: unpacked anywhere it has the id that the service lets in.
write(`${name}.zip`, zip(filesWith(manifest)));

if (values.key && values.url) {
  const secret = createPrivateKey(readFileSync(values.key));
  const known = createPublicKey(secret).export({ type: "spki", format: "der" });
  const id = idOf(known);
  const base = values.url.endsWith("/") ? values.url : `${values.url}/`;
  write(`${name}.crx`, crx(zip(filesWith({ ...manifest, key: known.toString("base64") })), secret, known));
  write("update.xml", updateXml(id, `${base}${name}.crx`, manifest.version));
  const settings = { [id]: { installation_mode: "force_installed", update_url: `${base}update.xml`, toolbar_pin: "force_pinned" } };
  write("policy.json", `${JSON.stringify({ ExtensionSettings: settings }, null, 2)}\n`);
  write("policy.reg", policyReg(id, `${base}update.xml`));
  if (id !== fixedId) {
    console.error(`pack-extension: this key makes the id ${id}; the service lets in ${fixedId} alone.`);
    console.error("Put its public half into web/manifest.json (key) and its origin into src/http/origin.rs, or pack with the key of that id.");
    process.exitCode = 1;
  }
}

/** @param {string} message */
function fail(message) {
  console.error(`pack-extension: ${message}`);
  process.exit(2);
}

/** @param {string} file @param {string | Buffer} content */
function write(file, content) {
  const target = path.join(out, file);
  writeFileSync(target, content);
  console.log(target);
}

/** The files of the extension in the order of their names. @param {object} manifest @returns {{name: string, bytes: Buffer}[]} */
function filesWith(manifest) {
  const names = readdirSync(WEB, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => path.relative(WEB, path.join(item.parentPath ?? item.path, item.name)).split(path.sep).join("/"))
    .filter((name) => !isOfPages(name))
    .sort();
  return names.map((name) => ({ name, bytes: name === "manifest.json" ? Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`) : readFileSync(path.join(WEB, name)) }));
}

/** The id that browsers give a key: the first half of its SHA-256 in the letters a to p. @param {Buffer} key */
function idOf(key) {
  const digits = createHash("sha256").update(key).digest("hex").slice(0, 32);
  return [...digits].map((digit) => String.fromCharCode(97 + parseInt(digit, 16))).join("");
}

/** A zip archive (APPNOTE 6.3): local files, the directory, its end. @param {{name: string, bytes: Buffer}[]} files */
function zip(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { name, bytes } of files) {
    const packed = deflateRawSync(bytes, { level: 9 });
    const title = Buffer.from(name);
    // Version 2.0, names in UTF-8, deflate, no time, the first date.
    const common = Buffer.concat([u16(20), u16(0x0800), u16(8), u16(0), u16(DOS_DATE), u32(crc32(bytes)), u32(packed.length), u32(bytes.length), u16(title.length), u16(0)]);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, title, packed]);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02"), u16(20), common, u16(0), u16(0), u16(0), u32(0), u32(offset), title]));
    parts.push(local);
    offset += local.length;
  }
  const whole = Buffer.concat(directory);
  const end = Buffer.concat([Buffer.from("PK\x05\x06"), u16(0), u16(0), u16(files.length), u16(files.length), u32(whole.length), u32(offset), u16(0)]);
  return Buffer.concat([...parts, whole, end]);
}

/** @param {Buffer} bytes */
function crc32(bytes) {
  if (zlibCrc32) return zlibCrc32(bytes);
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

/** CRX version 3 (Chromium, components/crx_file/crx3.proto): a signed header before the archive. @param {Buffer} archive @param {import("node:crypto").KeyObject} secret @param {Buffer} known */
function crx(archive, secret, known) {
  const id = createHash("sha256").update(known).digest().subarray(0, 16);
  const signed = field(1, id);
  const toSign = Buffer.concat([Buffer.from("CRX3 SignedData\0"), u32(signed.length), signed, archive]);
  const proof = Buffer.concat([field(1, known), field(2, sign("sha256", toSign, secret))]);
  const header = Buffer.concat([field(2, proof), field(10000, signed)]);
  return Buffer.concat([Buffer.from("Cr24"), u32(3), u32(header.length), header, archive]);
}

/** Bytes as a field of a protocol buffer. @param {number} number @param {Buffer} bytes */
function field(number, bytes) {
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

/** @param {number} value */
function varint(value) {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return Buffer.from([...bytes, value]);
}

/** @param {number} value */
function u16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

/** @param {number} value */
function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Where browsers look for a newer version. @param {string} id @param {string} codebase @param {string} version */
function updateXml(id, codebase, version) {
  const text = (/** @type {string} */ value) => value.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
  return `<?xml version="1.0" encoding="UTF-8"?>
<gupdate xmlns="http://www.google.com/update2/response" protocol="2.0">
  <app appid="${id}">
    <updatecheck codebase="${text(codebase)}" version="${version}" />
  </app>
</gupdate>
`;
}

/** For Windows, Chrome and Edge. @param {string} id @param {string} update */
function policyReg(id, update) {
  const places = ["Google\\Chrome", "Microsoft\\Edge"].map((browser) => `[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\${browser}\\ExtensionInstallForcelist]\r\n"1"="${id};${update}"\r\n`);
  return `Windows Registry Editor Version 5.00\r\n\r\n${places.join("\r\n")}`;
}
