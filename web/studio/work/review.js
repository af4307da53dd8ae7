// @ts-check
// 待审: the queue of proposals beside the one that is looked at. j k move, a approves, e edits first, r sends back.

import { element } from "../../panel/dom.js";
import { explain } from "../api.js";
import { choice } from "../form.js";
import { SUBMISSION_KINDS, ago } from "../names.js";
import { Pager, Table } from "../table.js";
import { toast } from "../toast.js";
import { Proposal } from "./proposal.js";

/** Proposals on a page. */
const PAGE = 50;

/** Rest on a proposal before it is asked for, in milliseconds: whoever holds j down passes over the others. */
const REST_MS = 150;

/** @type {Record<string, string>} */
const STATES = { open: "待审", approved: "已通过", returned: "已退回", withdrawn: "已撤回" };

/**
 * @typedef {{id: string, kind: string, entry_id: string | null, title: string, by: string, at: number, state: string, note: string | null,
 *   reason: string | null, stale: boolean}} Submission
 */

/** @type {import("../screens.js").Show} */
export async function show(place, visit) {
  const { studio, query, signal, rest } = visit;
  const state = choice("state", [...Object.entries(STATES), ["", "全部"]], query.get("state") ?? "open");
  state.setAttribute("aria-label", "状态");
  const kind = choice("kind", [["", "各种提议"], ...Object.entries(SUBMISSION_KINDS)], query.get("kind") ?? "");
  kind.setAttribute("aria-label", "种类");
  const side = element("section", "beside-list");
  side.setAttribute("aria-label", "选中的提议");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let resting;
  const look = (/** @type {Submission} */ submission, wait = REST_MS) => {
    clearTimeout(resting);
    resting = setTimeout(() => opened.show(submission.id), wait);
  };
  const opened = new Proposal(side, visit, async () => {
    await ask(offset);
    table.focus();
  });
  /** @type {Table<Submission>} */
  const table = new Table({
    label: "提议",
    columns: [
      { title: "提议", wide: true, cell: titleOf },
      { title: "提议人", cell: ({ by }) => by },
      { title: "多久", cell: ({ at, state: now }) => element("span", now === "open" && Date.now() - at > LATE_MS ? "caution" : "soft", ago(at)) },
    ],
    key: ({ id }) => id,
    open: () => side.querySelector("button")?.focus(),
    moved: look,
    act: { a: () => opened.approve(), e: () => opened.edit(), r: () => opened.sendBack(), c: () => opened.focusComment() },
    empty: "没有等着审的提议。客服在面板里按 Alt+J 就能提。",
  });
  let offset = 0;
  let isFirst = true;
  const pager = new Pager((to) => ask(to));
  for (const chosen of [state, kind]) chosen.addEventListener("change", () => ask(0));
  const filters = element("div", "filters", state, kind);
  const keys = element("p", "soft keys-line", "j k 上下 · a 通过 · e 改后通过 · r 退回 · c 留言");
  place.append(filters, element("div", "queue", element("div", "", table.element, pager.element, keys), side));

  const ask = async (/** @type {number} */ from) => {
    offset = from;
    // What is not said here is open: the usual address stays short.
    for (const chosen of [state, kind]) query.set(chosen.name, chosen.value);
    if (state.value === "open") query.delete("state");
    if (!kind.value) query.delete("kind");
    visit.keep(query);
    try {
      const answer = await studio.api.get("v1/submissions", { query: { state: state.value, kind: kind.value, limit: PAGE, offset: from }, signal });
      table.show(answer.submissions);
      pager.show({ offset: from, shown: answer.submissions.length, limit: PAGE, ...answer });
      visit.head(state.value === "open" ? `待审 ${answer.total}` : "提议");
      if (!table.current) opened.clear();
      else if (!rest[0] || !isFirst) look(table.current, 0);
      isFirst = false;
    } catch (error) {
      if (!signal.aborted) toast(explain(error), "caution");
    }
  };
  await ask(Number(query.get("offset")) || 0);
  if (rest[0]) await opened.show(rest[0]);
  else table.focus();
}

/** An open proposal older than that is late, in milliseconds: who proposes in the morning is to see it in force before noon the next day. */
const LATE_MS = 24 * 60 * 60 * 1_000;

/** @param {Submission} submission */
function titleOf({ title, kind, state, stale }) {
  const cell = element("span", "", element("span", "tag", SUBMISSION_KINDS[kind] ?? kind), " ", title);
  if (state !== "open") cell.append(" ", element("span", state === "approved" ? "tag good" : "tag caution", STATES[state] ?? state));
  if (stale && state === "open") cell.append(" ", element("span", "tag caution", "词条已改过"));
  return cell;
}
