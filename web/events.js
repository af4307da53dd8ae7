// @ts-check
// What became of a search, told to the service so that it learns from use. Holds no word of a customer: ids, places and times alone.

/**
 * @typedef {"shown" | "picked" | "copied" | "inserted" | "edited" | "unused" | "feedback" | "gap"} Kind
 * @typedef {{entry_id: string, reply_id?: string, position?: number, shop?: string}} What
 * @typedef {{event_id: string, query_id: string, type: Kind, at: number, verdict?: string, reason?: string} & Partial<What>} Happening
 */

/** How long an answer stands unchanged before it counts as seen, in milliseconds: whoever types on has not read it. */
export const SHOWN_MS = 1_000;

/** Most events of one request: with the longest ids it stays below the 64 KiB that browsers let outlive a page. */
export const MAX_BATCH = 100;

/** Most events that wait for a service that is away, the newest of them: hours of one agent. */
export const MAX_WAITING = 500;

/** Rest before a batch goes out, in milliseconds: a search and its copy go together. */
const GATHER_MS = 2_000;

/** Rest after a failure, in milliseconds; each further one doubles it. */
const RETRY_MS = 5_000;

/** Longest rest, in milliseconds: a service that was away overnight hears soon after it is back. */
const MAX_RETRY_MS = 300_000;

/** Failures that pass. Of any other the batch is dropped: sent again it would fail again. */
const PASSING = new Set(["offline", "busy", "crowded", "too_often", "timeout"]);

/**
 * A UUIDv7: ids in the order of time. `crypto.randomUUID` is for secure pages only, and a page in a local network often is none.
 * @param {number} at in milliseconds since 1970
 * @param {Uint8Array} random 16 random bytes
 */
export function uuid(at, random) {
  const bytes = Uint8Array.from(random);
  for (let index = 0; index < 6; index++) bytes[index] = Math.floor(at / 2 ** (8 * (5 - index))) % 256;
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** A new id of now. */
export function newId() {
  return uuid(Date.now(), crypto.getRandomValues(new Uint8Array(16)));
}

/**
 * How long to rest before the next batch, in milliseconds.
 * @param {number} failures in a row
 */
export function rest(failures) {
  return failures === 0 ? GATHER_MS : Math.min(RETRY_MS * 2 ** (failures - 1), MAX_RETRY_MS);
}

/** Events that wait, oldest first. Beyond the limit the oldest go. */
export class Waiting {
  /** @type {Happening[]} */
  #events = [];

  get length() {
    return this.#events.length;
  }

  /** @param {Happening[]} events */
  add(...events) {
    this.#events = [...this.#events, ...events].slice(-MAX_WAITING);
  }

  /** Takes the next batch out. */
  take() {
    return this.#events.splice(0, MAX_BATCH);
  }

  /** Puts a batch back that did not arrive. @param {Happening[]} batch */
  putBack(batch) {
    this.#events = [...batch, ...this.#events].slice(-MAX_WAITING);
  }
}

/** Tells the service in batches, later when it is away. Nothing waits for it, and no failure of it is shown. */
export class Reporter {
  #waiting = new Waiting();
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {(events: Happening[]) => Promise<unknown>} send the request outlives the page; fails with a `code` */
  constructor(send) {
    this.send = send;
  }

  /** @param {string} queryId */
  shown(queryId) {
    this.#tell([{ query_id: queryId, type: "shown" }]);
  }

  /** A reply that was used was picked, too. @param {string} queryId @param {What} what @param {("copied" | "inserted" | "edited")[]} how */
  used(queryId, what, how) {
    this.#tell(["picked", ...how].map((type) => ({ query_id: queryId, type: /** @type {Kind} */ (type), ...what })));
  }

  /** The answer was read and left. @param {string} queryId */
  unused(queryId) {
    this.#tell([{ query_id: queryId, type: "unused" }]);
  }

  /** Nothing of the answer fits: the service keeps the question, masked, for the trainers. @param {string} queryId */
  gap(queryId) {
    this.#tell([{ query_id: queryId, type: "gap" }]);
  }

  /** @param {string} queryId @param {What} what @param {string} verdict @param {string} [reason] */
  feedback(queryId, what, verdict, reason) {
    this.#tell([{ query_id: queryId, type: "feedback", ...what, verdict, reason }]);
  }

  /** Sends what waits without a rest: the page may not come back. */
  async flush() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting.take();
    if (batch.length === 0) return;
    try {
      await this.send(batch);
      this.#failures = 0;
    } catch (error) {
      // Sent twice is counted once: a batch of which only the answer was lost does no harm.
      if (PASSING.has(/** @type {{code?: string}} */ (error).code ?? "")) {
        this.#waiting.putBack(batch);
        this.#failures += 1;
      }
    }
    this.#later();
  }

  /** @param {Omit<Happening, "event_id" | "at">[]} happenings */
  #tell(happenings) {
    this.#waiting.add(...happenings.map((happening) => ({ event_id: newId(), at: Date.now(), ...happening })));
    this.#later();
  }

  #later() {
    if (this.#timer === undefined && this.#waiting.length > 0) this.#timer = setTimeout(() => this.flush(), rest(this.#failures));
  }
}
