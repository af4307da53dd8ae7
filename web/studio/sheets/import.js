// @ts-check
// 导入: a file dropped or chosen, its columns as guessed and to be corrected, what each row would do, and only then the doing. An import deletes nothing.
// The team's set and one's own (千牛 has both) are apart: who may not edit the library has their own alone.

import { button, element } from "../../panel/dom.js";
import { part } from "../api.js";
import { confirmed } from "../dialog.js";
import { boxField, choice, choiceField, labelled, textField, valuesOf } from "../form.js";
import { Table, link } from "../table.js";
import { attempt, toast } from "../toast.js";
import { FORMATS, OWN, exportCard, setsOf, shopField } from "./export.js";

/** Largest file that the service takes, in bytes. */
const MAX_BYTES = 20 * 1024 * 1024;

/** Rows of the report that are drawn: beyond it nobody reads on, the counts say the rest. */
const MAX_ROWS = 500;

/** The field of a column that is left out. */
const NO_COLUMN = "-";

/** @type {Record<string, string>} */
const OUTCOMES = { created: "新建", updated: "更新", unchanged: "不变", conflict: "冲突", refused: "不收" };

/** @type {Record<string, string>} */
const TAGS = { created: "tag good", updated: "tag good", unchanged: "tag", conflict: "tag caution", refused: "tag bad" };

/**
 * @typedef {{row: number, outcome: string, id: string | null, why: string | null, path?: string | null}} Row
 * @typedef {{format: string, columns: {index: number, heading: string, field: string | null, samples?: string[]}[], fields: {field: string, zh: string}[], rows: Row[],
 *   counts: Record<string, number>}} Report
 */

/** @type {import("../screens.js").Show} */
export async function show(place, visit) {
  const { studio, signal } = visit;
  const { shops } = await studio.api.get("v1/library", { signal });
  /** @type {File | null} */
  let file = null;
  /** Fields of the columns as chosen here; `null`: as guessed. @type {string[] | null} */
  let columns = null;

  const chooser = element("input", "unseen");
  chooser.type = "file";
  chooser.accept = ".csv,.tsv,.xlsx,.jsonl,.json,.txt";
  chooser.setAttribute("aria-label", "选择要导入的文件");
  const named = element("p", "");
  const drop = element("label", "drop", element("strong", "", "把表格拖到这里，或点这里选择"), element("span", "soft", "CSV、TSV、XLSX、JSONL，最大 20 MB；先试读，确认之后才写入"), named, chooser);
  const set = choiceField("set", "导到哪一套", setsOf(studio), { hint: "千牛的团队短语和个人短语各是一套，快捷码各管各的" });
  const teamOnly = [textField("into", "放进文件夹", { placeholder: "留空是最上层" }), shopField(shops)];
  const how = element("div", "form columns", set, choiceField("format", "格式", [["auto", "自动识别"], ...FORMATS]), ...teamOnly, boxField("overwrite", "已经手改过的也用表格里的"));
  const isOwn = () => valuesOf(how).set === OWN;
  const fit = () => {
    for (const field of teamOnly) field.hidden = isOwn();
  };
  fit();
  const report = element("div", "import-report");
  report.setAttribute("aria-live", "polite");
  place.append(element("section", "card", element("h2", "", "导入"), drop, how), report, exportCard(studio, shops));

  const send = (/** @type {boolean} */ dry) => {
    const { format, into, overwrite, shop } = valuesOf(how);
    const common = { dry_run: dry, overwrite: overwrite === "true", format, columns: columns?.map((field) => field || NO_COLUMN).join(","), name: file?.name };
    const [path, query] = isOwn() ? ["v1/private/import", common] : ["v1/import", { ...common, into: into?.trim(), shop }];
    return /** @type {Promise<Report>} */ (studio.api.post(path, file, { query, signal }));
  };
  const tried = () =>
    attempt(null, async () => {
      if (!file) return;
      report.replaceChildren(element("p", "empty", "正在试读……"));
      try {
        draw(await send(true), true);
      } catch (error) {
        report.replaceChildren();
        throw error;
      }
    });
  const taken = (/** @type {File | undefined} */ chosen) => {
    if (!chosen) return;
    if (chosen.size > MAX_BYTES) return toast("文件超过 20 MB，请分几次导入", "caution");
    file = chosen;
    columns = null;
    named.textContent = `${chosen.name}（${Math.max(1, Math.round(chosen.size / 1024))} KB）`;
    void tried();
  };

  const draw = (/** @type {Report} */ answer, /** @type {boolean} */ dry) => {
    const counts = Object.entries(answer.counts).filter(([, count]) => count > 0);
    const words = counts.map(([outcome, count]) => `${OUTCOMES[outcome] ?? outcome} ${count}`).join("，") || "没有一行";
    const writes = (answer.counts.created ?? 0) + (answer.counts.updated ?? 0);
    const format = FORMATS.find(([name]) => name === answer.format)?.[1] ?? answer.format;
    const go = button("take main", `导入这 ${writes} 条`, () =>
      attempt(go, async () => {
        const goes = isOwn() ? "只进您自己的话术，别人看不到。" : "每一条都会记进版本，随时能回去。";
        if (!(await confirmed("导入？", `${words}。${goes}`, "导入"))) return;
        draw(await send(false), false);
        toast("已导入");
      }),
    );
    go.disabled = writes === 0;
    const own = isOwn();
    /** @type {Table<Row>} */
    const table = new Table({
      label: "每一行的结果",
      columns: [
        { title: "行", number: true, cell: ({ row }) => String(row) },
        { title: "结果", cell: ({ outcome }) => element("span", TAGS[outcome] ?? "tag", OUTCOMES[outcome] ?? outcome) },
        { title: "词条", wide: true, cell: ({ id, outcome }) => (id === null ? "" : own || (dry && outcome === "created") ? id : link(id, `#/entry/${part(id)}`)) },
        { title: "原因", wide: true, cell: ({ why }) => why ?? "" },
      ],
      key: ({ row }) => String(row),
    });
    table.show(answer.rows.slice(0, MAX_ROWS));
    const head = element("div", "tools-line", element("strong", "", dry ? `会${words}` : `已${words}`), element("span", "soft", `${format}，${own ? "进我的话术" : "进团队的话术库"}`), ...(dry ? [go] : []));
    const rest = answer.rows.length > MAX_ROWS ? [element("p", "soft", `只列出前 ${MAX_ROWS} 行，共 ${answer.rows.length} 行`)] : [];
    report.replaceChildren(element("section", "card", element("h2", "", dry ? "试读的结果" : "导入的结果"), ...(dry ? [columnsOf(answer)] : []), head, table.element, ...rest));
  };

  /** Which column is what; a change reads anew. @param {Report} answer */
  const columnsOf = (answer) => {
    /** @type {[string, string][]} */
    const fields = [["", "不导入"], ...answer.fields.map(({ field, zh }) => /** @type {[string, string]} */ ([field, zh]))];
    const place = element("div", "columns-line");
    const chosen = answer.columns.map(({ field }) => field ?? "");
    answer.columns.forEach(({ heading, samples = [] }, index) => {
      const control = choice(`column-${index}`, fields, chosen[index]);
      control.classList.toggle("set", chosen[index] !== "");
      control.addEventListener("change", () => {
        chosen[index] = control.value;
        columns = chosen;
        void tried();
      });
      place.append(labelled(heading || `第 ${index + 1} 列`, control, samples[0]));
    });
    return place;
  };

  chooser.addEventListener("change", () => taken(chooser.files?.[0]));
  how.addEventListener("change", () => {
    fit();
    void tried();
  });
  for (const event of ["dragover", "drop"]) {
    place.addEventListener(event, (told) => {
      told.preventDefault();
      if (event === "drop") taken(/** @type {DragEvent} */ (told).dataTransfer?.files[0]);
    });
  }
}
