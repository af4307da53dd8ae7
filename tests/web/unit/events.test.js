// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_BATCH, MAX_WAITING, rest, uuid, Waiting } from "../../../web/events.js";

/** @param {number} number @returns {import("../../../web/events.js").Happening} */
const happening = (number) => ({ event_id: String(number), query_id: "q", type: "shown", at: number });

test("a uuid is of version 7, sorts by time and keeps its random part", () => {
  const random = new Uint8Array(16).fill(0xff);
  assert.equal(uuid(0, random), "00000000-0000-7fff-bfff-ffffffffffff");
  assert.equal(uuid(1_700_000_000_000, new Uint8Array(16)), "018bcfe5-6800-7000-8000-000000000000");
  assert.ok(uuid(1, random) < uuid(2, new Uint8Array(16)));
});

test("failures in a row rest longer, up to a limit", () => {
  const rests = [0, 1, 2, 3, 20].map(rest);
  assert.deepEqual(rests, [...rests].sort((a, b) => a - b));
  assert.equal(rest(20), rest(21));
});

test("beyond the limit the oldest events go, and a batch that comes back is first again", () => {
  const waiting = new Waiting();
  waiting.add(...Array.from({ length: MAX_WAITING + 3 }, (_, number) => happening(number)));
  assert.equal(waiting.length, MAX_WAITING);
  const batch = waiting.take();
  assert.equal(batch.length, MAX_BATCH);
  assert.equal(batch[0].event_id, "3");
  waiting.putBack(batch);
  assert.equal(waiting.take()[0].event_id, "3");
});
