// @ts-check
// 黄金问题: what must be found, whether it is, and questions on which picks agree.

import { button, element } from "../../panel/dom.js";
import { part } from "../api.js";
import { Table, link } from "../table.js";
import { attempt, toast } from "../toast.js";

/**
 * A question that finds another entry than before. @typedef {{question: string, entry: string, within: number, before: number | null, after: number | null}} Moved
 * `before` and `after`: the place among the hits, from 1; `null`: not among them.
 * @typedef {{broken: Moved[], mended: Moved[], moved: number, of: number}} Run
 */

/** A place among hits. @param {number | null} at */
function placeOf(at) {
  return at === null ? "十条以外" : `第 ${at} 条`;
}

/** Golden questions that do not hold now. @param {Run} run */
function heldView({ broken, of }) {
  const said = element("p", broken.length > 0 ? "bad" : "good-line", broken.length > 0 ? `${of} 个里有 ${broken.length} 个现在不在该在的位置` : `${of} 个都找得到`);
  const lines = broken.map(({ question, entry, within, after }) => element("li", "", `「${question}」→ `, link(entry, `#/entry/${part(entry)}`, "in-text"), `：在${placeOf(after)}，要在前 ${within} 条`));
  return element("div", "golden-run", said, element("ul", "moves", ...lines));
}

/** What a change does to the golden questions. @param {Run} run */
export function runView({ broken, mended, moved, of }) {
  const view = element("div", "golden-run");
  const said = of === 0 ? "知识库还没有黄金问题" : `${of} 个黄金问题：${broken.length > 0 ? `${broken.length} 个会找不到` : "该找到的都还找得到"}${mended.length > 0 ? `，${mended.length} 个变好` : ""}${moved > 0 ? `，${moved} 个换了位置` : ""}`;
  view.append(element("p", broken.length > 0 ? "bad" : "good-line", said));
  const lines = (/** @type {Moved[]} */ list, /** @type {string} */ className) =>
    list.map(({ question, entry, within, before, after }) =>
      element("li", className, `「${question}」→ `, link(entry, `#/entry/${part(entry)}`, "in-text"), `：${placeOf(before)} → ${placeOf(after)}，要在前 ${within} 条`),
    );
  if (broken.length + mended.length > 0) view.append(element("ul", "moves", ...lines(broken, "bad"), ...lines(mended, "")));
  return view;
}

/** @typedef {{question: string, entries: string[], within: number}} Question */
/** @typedef {{question: string, entry_id: string, picks: number, identities: number}} Offered */

/** @type {import("../screens.js").Show} */
export async function show(place, visit) {
  const { studio, signal } = visit;
  const ran = element("div", "card");
  ran.hidden = true;
  ran.setAttribute("role", "status");
  const run = button("take main", "试跑一遍", () =>
    attempt(run, async () => {
      const answer = await studio.api.post("v1/golden/run", {}, { signal });
      ran.replaceChildren(heldView(answer.golden));
      ran.hidden = false;
    }),
  );
  visit.head("黄金问题", run);
  /** @type {Table<Offered>} */
  const offered = new Table({
    label: "大家都选同一条的问法",
    columns: [
      { title: "问法", wide: true, cell: ({ question }) => question },
      { title: "大家选的词条", cell: ({ entry_id }) => link(entry_id, `#/entry/${part(entry_id)}`) },
      { title: "选过", number: true, cell: ({ picks }) => `${picks} 次` },
      { title: "几个人", number: true, cell: ({ identities }) => String(identities) },
      { title: "", cell: (row) => (studio.may("edit") ? button("take", "收下", () => accept(row)) : "") },
    ],
    key: ({ question, entry_id }) => `${question}\n${entry_id}`,
    act: studio.may("edit") ? { a: (row) => accept(row) } : {},
    empty: "还没有。同一句话好几个人都选了同一条，就会出现在这里。",
  });
  /** @type {Table<Question>} */
  const kept = new Table({
    label: "黄金问题",
    columns: [
      { title: "顾客这样问", wide: true, cell: ({ question }) => question },
      { title: "必须找到", cell: ({ entries }) => element("span", "", ...entries.flatMap((id, index) => [...(index > 0 ? ["、"] : []), link(id, `#/entry/${part(id)}`)])) },
      { title: "在前几条里", number: true, cell: ({ within }) => String(within) },
    ],
    key: ({ question }) => question,
    empty: "还没有黄金问题（kb/golden.tsv）",
  });
  const offers = element("p", "part-title", "可以收为黄金问题的");
  const all = element("p", "part-title spaced", "");
  place.append(ran, offers, offered.element, all, kept.element);
  const read = async () => {
    const answer = await studio.api.get("v1/golden", { signal });
    offered.show(answer.proposals);
    kept.show(answer.questions);
    all.textContent = `已有 ${answer.questions.length} 个`;
  };
  const accept = (/** @type {Offered} */ { question, entry_id }) =>
    attempt(null, async () => {
      await studio.api.post("v1/golden", { question, entry_id });
      toast("已收为黄金问题");
      await read();
    });
  await read();
}
