// @ts-check
// Screens of the team's work: review, notices, points, reports, people. Rows as screens.js describes them.

/** @type {import("./screens.js").Screen[]} */
export const WORK = [
  { path: "review", title: "待审", group: "把关", right: "comment", load: () => import("./work/review.js") },
  { path: "renewals", title: "到期", group: "把关", right: "report", load: () => import("./work/renewals.js") },
  { path: "golden", title: "黄金问题", group: "把关", right: "report", load: () => import("./work/golden.js") },
  { path: "learned", title: "学到的问法", group: "把关", right: "report", load: () => import("./work/learned.js") },
  { path: "reports", title: "报表", group: "团队", right: "report", load: () => import("./work/reports.js") },
  { path: "notices", title: "通知", group: "团队", right: "notify", load: () => import("./work/notices.js") },
  { path: "points", title: "积分", group: "团队", right: "use", load: () => import("./work/points.js") },
  { path: "people", title: "人员", group: "团队", right: "use", load: () => import("./work/people.js") },
  { path: "privacy", title: "隐私", group: "团队", right: "administer", load: () => import("./work/privacy.js") },
];
