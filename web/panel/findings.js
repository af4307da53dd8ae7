// @ts-check
// What the check found in a text, as pieces to underline and words to put in their place. Pure. Places count characters, as the service does.

/**
 * @typedef {{type: string, code: string, class: string, severity: string, why: string, better: string[], start: number, end: number, text: string}} Finding
 * @typedef {{text: string, finding: Finding | null}} Piece
 */

/**
 * A text cut at its findings; of findings that overlap the first counts.
 * @param {string} text @param {Finding[]} findings @returns {Piece[]}
 */
export function piecesOf(text, findings) {
  const characters = [...text];
  /** @type {Piece[]} */
  const pieces = [];
  let at = 0;
  for (const finding of [...findings].sort((a, b) => a.start - b.start)) {
    if (finding.start < at || finding.end > characters.length) continue;
    if (finding.start > at) pieces.push({ text: characters.slice(at, finding.start).join(""), finding: null });
    pieces.push({ text: characters.slice(finding.start, finding.end).join(""), finding });
    at = finding.end;
  }
  if (at < characters.length) pieces.push({ text: characters.slice(at).join(""), finding: null });
  return pieces;
}

/** A text with better words at a finding's place. @param {string} text @param {Finding} finding @param {string} better */
export function replaced(text, finding, better) {
  const characters = [...text];
  return [...characters.slice(0, finding.start), better, ...characters.slice(finding.end)].join("");
}

/** Better words of all findings in the order of the text, as the keys choose them. @param {Finding[]} findings @returns {{finding: Finding, better: string}[]} */
export function choices(findings) {
  return findings.flatMap((finding) => finding.better.map((better) => ({ finding, better })));
}
