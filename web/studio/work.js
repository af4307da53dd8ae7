// @ts-check
// Screens of the team's work: review, notices, points, reports, people. Rows as screens.js describes them.

/** @type {import("./screens.js").Screen[]} */
export const WORK = [];
