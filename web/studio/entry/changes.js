// @ts-check
// What is different between two texts, by lines and within a changed line by characters. Pure. (The history's differences come from the service, by words;
// this is for texts of which one is only here.)

/** @typedef {import("../pieces.js").Change} Change */

/** Most cells of a table of common parts: beyond it a change is shown as a whole. */
const MAX_CELLS = 4_000_000;

/** @param {string} from @param {string} to @returns {Change[]} */
export function changesBetween(from, to) {
  const lines = (/** @type {string} */ text) => text.split(/(?<=\n)/u);
  return joined(aligned(lines(from), lines(to)).flatMap(refined));
}

/** Stretches that are the same, and those that replace one another. @typedef {{same: string} | {removed: string, added: string}} Stretch */

/** @param {string[]} from @param {string[]} to @returns {Stretch[]} */
function aligned(from, to) {
  let head = 0;
  while (head < from.length && head < to.length && from[head] === to[head]) head++;
  let tail = 0;
  while (tail < from.length - head && tail < to.length - head && from[from.length - 1 - tail] === to[to.length - 1 - tail]) tail++;
  const [a, b] = [from.slice(head, from.length - tail), to.slice(head, to.length - tail)];
  return [{ same: from.slice(0, head).join("") }, ...common(a, b), { same: from.slice(from.length - tail).join("") }];
}

/** By the longest common subsequence. @param {string[]} a @param {string[]} b @returns {Stretch[]} */
function common(a, b) {
  if (a.length === 0 || b.length === 0 || a.length * b.length > MAX_CELLS) return [{ removed: a.join(""), added: b.join("") }];
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  const at = (/** @type {number} */ i, /** @type {number} */ j) => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  /** @type {Stretch[]} */
  const stretches = [];
  let [i, j] = [0, 0];
  let change = { removed: "", added: "" };
  const flush = () => {
    if (change.removed || change.added) stretches.push(change);
    change = { removed: "", added: "" };
  };
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      flush();
      stretches.push({ same: a[i] ?? "" });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) {
      change.removed += a[i++] ?? "";
    } else {
      change.added += b[j++] ?? "";
    }
  }
  flush();
  return stretches;
}

/** @param {Stretch} stretch @returns {Change[]} */
function refined(stretch) {
  if ("same" in stretch) return [{ text: stretch.same, change: "same" }];
  /** @type {(change: Stretch) => Change[]} */
  const whole = (one) => ("same" in one ? [{ text: one.same, change: "same" }] : [{ text: one.removed, change: "removed" }, { text: one.added, change: "added" }]);
  if (!stretch.removed || !stretch.added) return whole(stretch);
  const parts = aligned([...stretch.removed], [...stretch.added]);
  const kept = parts.reduce((sum, one) => sum + ("same" in one ? one.same.length : 0), 0);
  // Where little is common, letters that happen to be the same only confuse.
  return kept * 2 < Math.max(stretch.removed.length, stretch.added.length) ? whole(stretch) : parts.flatMap(whole);
}

/** Neighbours of one kind as one; a change says first what went. @param {Change[]} pieces @returns {Change[]} */
function joined(pieces) {
  /** @type {Change[]} */
  const all = [];
  for (const piece of pieces.filter(({ text }) => text !== "")) {
    const last = all.at(-1);
    if (last && last.change === piece.change) last.text += piece.text;
    else all.push({ ...piece });
  }
  return all;
}
