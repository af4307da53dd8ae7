// @ts-check
// What an agent proposes, as the file of the library that it would become. Pure.

/**
 * What a proposal is about. @typedef {"phrasing" | "correction" | "outdated" | "new" | "case"} Kind
 * A blank of the form. @typedef {"text" | "reply" | "markdown" | "title" | "questions" | "situation" | "lesson" | "note"} Field
 * @typedef {Partial<Record<Field, string>>} Values
 */

/** Each kind, whether it is about an entry that is there, its blanks and which of them must be filled. @type {{kind: Kind, name: string, ofEntry: boolean, fields: Field[], needs: Field[]}[]} */
export const KINDS = [
  { kind: "phrasing", name: "补问法", ofEntry: true, fields: ["text", "note"], needs: ["text"] },
  { kind: "correction", name: "改话术", ofEntry: true, fields: ["reply", "note"], needs: ["reply"] },
  { kind: "outdated", name: "标过时", ofEntry: true, fields: ["note"], needs: ["note"] },
  { kind: "new", name: "新话术", ofEntry: false, fields: ["title", "questions", "reply", "note"], needs: ["title", "reply"] },
  { kind: "case", name: "新案例", ofEntry: false, fields: ["title", "questions", "situation", "reply", "lesson", "note"], needs: ["title", "situation"] },
];

/** Blanks as they are called, with what helps to fill them. @type {Record<Field, {name: string, hint: string, rows: number}>} */
export const FIELDS = {
  text: { name: "顾客这样问", hint: "顾客的原话，号码和地址已打码", rows: 2 },
  reply: { name: "话术", hint: "发给顾客的话；要填的空写成 {{订单号}}", rows: 4 },
  markdown: { name: "整条内容", hint: "", rows: 10 },
  title: { name: "标题", hint: "几个字说清是什么事", rows: 1 },
  questions: { name: "顾客怎么问", hint: "一行一种问法", rows: 2 },
  situation: { name: "经过", hint: "什么情况，怎么处理的，结果怎样", rows: 3 },
  lesson: { name: "要点", hint: "下次照着做的一两句", rows: 2 },
  note: { name: "给培训的话", hint: "为什么提、哪里不对", rows: 2 },
};

/** What a customer asks in a masked message, on one line: parts that hold a placeholder say who they are, not what they want. @param {string} masked */
export function askable(masked) {
  const parts = masked.split(/(?<=[，。！？；,!?;\n])/u).map((part) => part.trim());
  const asking = parts.filter((part) => part !== "" && !/<[^<>]*>/u.test(part)).map((part) => (/[，。！？；,!?;]$/u.test(part) ? part : `${part}，`));
  return asking.join("").replace(/[，；,;]+$/u, "");
}

/** Plain scalars that YAML reads as written: no mark of its own, nothing that looks like a number or a truth. */
const PLAIN = /^(?!(?:true|false|null|yes|no|on|off)$)[\p{Script=Han}a-z][\p{Script=Han}\w，。！？、（）“”～ ]*(?<! )$/iu;

/** A text as a YAML scalar; JSON's strings are YAML's. @param {string} text */
export function scalar(text) {
  return PLAIN.test(text) ? text : JSON.stringify(text);
}

/** Lines that say something. @param {string} [text] */
function linesOf(text = "") {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

/** Words to say, as a quote. @param {string} words */
function quoted(words) {
  return words
    .trim()
    .split("\n")
    .map((line) => (line.trim() === "" ? ">" : `> ${line.trimEnd()}`))
    .join("\n");
}

/** The file of a new entry or case. @param {"new" | "case"} kind @param {Values} values */
export function markdownOf(kind, values) {
  const title = (values.title ?? "").trim();
  const questions = [...new Set(linesOf(values.questions))].filter((question) => question !== title);
  const head = [`title: ${scalar(title)}`, `kind: ${kind === "case" ? "case" : "answer"}`];
  if (questions.length > 0) head.push("questions:", ...questions.map((question) => `  - ${scalar(question)}`));
  const reply = values.reply?.trim() ? quoted(values.reply) : "";
  /** @type {string[]} */
  const body = [];
  const section = (/** @type {string} */ heading, /** @type {string} */ text) => text.trim() && body.push(`## ${heading}\n${text.trim()}`);
  if (kind === "new") {
    body.push(reply);
  } else {
    section("情境", values.situation ?? "");
    section("话术", reply);
    section("教训", values.lesson ?? "");
  }
  return `---\n${head.join("\n")}\n---\n${body.join("\n\n")}\n`;
}

/** A text without what two ways of writing it may differ in. @param {string} text */
function bare(text) {
  return text.replace(/\s+/g, "");
}

/**
 * A file with one reply said otherwise, all else as it is; `null` where the reply is not found in it word by word.
 * @param {string} markdown @param {string} template the reply as it is now @param {string} words as it should be
 */
export function corrected(markdown, template, words) {
  const lines = markdown.split("\n");
  for (let from = 0; from < lines.length; from += 1) {
    if (!lines[from].startsWith(">")) continue;
    let to = from;
    while (to < lines.length && lines[to].startsWith(">")) to += 1;
    const said = lines.slice(from, to).map((line) => line.slice(1)).join("\n");
    if (bare(said) === bare(template)) return [...lines.slice(0, from), quoted(words), ...lines.slice(to)].join("\n");
    from = to;
  }
  return null;
}

/** States of a proposal on the screen. @type {Record<string, string>} */
export const STATES = { open: "待审", approved: "已通过", returned: "已退回", withdrawn: "已撤回" };
