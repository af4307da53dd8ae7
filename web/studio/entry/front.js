// @ts-check
// The front matter of an entry's text, changed a line at a time so that all else stays as it was written. Pure. What it cannot read for sure it leaves alone.

/** Keys in both languages, as docs/format.md has them. @type {Record<string, string>} */
const CHINESE = {
  title: "标题", kind: "类型", questions: "问法", category: "分类", stage: "阶段", tags: "标签", shortcut: "快捷码", channels: "渠道", products: "品类",
  customers: "客群", authority: "权限", shops: "店铺", campaign: "活动", state: "状态", review_by: "复审", note: "备注",
};

/** A text that YAML reads as it stands. */
const PLAIN = /^[\p{L}\p{N}][^:#'"\\[\]{},]*$/u;

/** Lines of the text, and where the front matter's own stand: from `from`, before `to`. `null`: there is none. @param {string} text */
function fenced(text) {
  const lines = text.split("\n");
  if (lines[0]?.trim() !== "---") return null;
  const to = lines.findIndex((line, index) => index > 0 && line.trim() === "---");
  return to < 0 ? null : { lines, from: 1, to };
}

/** @param {string} line @param {string} key */
function isKey(line, key) {
  const found = /^([^\s:#][^:]*?)\s*:(?:\s|$)/u.exec(line);
  return found !== null && (found[1] === key || found[1] === CHINESE[key]);
}

/** @param {{lines: string[], from: number, to: number}} front @param {string} key */
function lineOf({ lines, from, to }, key) {
  for (let at = from; at < to; at++) if (isKey(lines[at] ?? "", key)) return at;
  return -1;
}

/** A value in quotation marks as YAML needs it. @param {string} value */
export function written(value) {
  return PLAIN.test(value) ? value : JSON.stringify(value);
}

/** A value as it is meant. @param {string} raw */
function meant(raw) {
  const text = raw.trim();
  if (text.startsWith('"') && text.endsWith('"') && text.length > 1) {
    try {
      return String(JSON.parse(text));
    } catch {
      return text.slice(1, -1);
    }
  }
  if (text.startsWith("'") && text.endsWith("'") && text.length > 1) return text.slice(1, -1).replaceAll("''", "'");
  return text.replace(/\s+#.*$/u, "");
}

/** The value of a key that stands on its line; `""` where there is none, `null` where it goes over lines. @param {string} text @param {string} key */
export function valueIn(text, key) {
  const front = fenced(text);
  const at = front ? lineOf(front, key) : -1;
  if (!front || at < 0) return "";
  const line = front.lines[at] ?? "";
  const raw = line.slice(line.indexOf(":") + 1).trim();
  const next = front.lines[at + 1] ?? "";
  if ((raw === "" || /^[|>]/u.test(raw)) && at + 1 < front.to && /^\s+\S|^-\s/u.test(next)) return null;
  return meant(raw);
}

/** The text with a value of one line; an empty one takes the line out. `raw`: as written, such as a list in brackets. @param {string} text @param {string} key @param {string} value @param {boolean} [raw] */
export function withValue(text, key, value, raw = false) {
  const front = fenced(text) ?? { lines: ["---", "---", ...text.split("\n")], from: 1, to: 1 };
  const lines = [...front.lines];
  const at = lineOf(front, key);
  const line = lines[at] ?? "";
  const shown = raw ? value : written(value);
  if (at >= 0 && value === "") lines.splice(at, 1);
  else if (at >= 0) lines[at] = `${line.slice(0, line.indexOf(":") + 1)} ${shown}`;
  else if (value !== "") lines.splice(front.to, 0, `${key}: ${shown}`);
  return lines.join("\n");
}

/**
 * The questions, each with the line on which it stands (from 0). `null`: written in a way that is not read here, such as in brackets.
 * @param {string} text @returns {{text: string, line: number}[] | null}
 */
export function questionsIn(text) {
  const front = fenced(text);
  const at = front ? lineOf(front, "questions") : -1;
  if (!front || at < 0) return [];
  const line = front.lines[at] ?? "";
  if (line.slice(line.indexOf(":") + 1).trim() !== "") return null;
  const found = [];
  for (let item = at + 1; item < front.to; item++) {
    const one = /^\s*-(?:\s+(.*))?$/u.exec(front.lines[item] ?? "");
    if (!one) {
      if (/^\s+\S/u.test(front.lines[item] ?? "")) return null;
      break;
    }
    found.push({ text: meant(one[1] ?? ""), line: item });
  }
  return found;
}

/** The text with one more question, after the others. @param {string} text @param {string} question */
export function withQuestion(text, question) {
  const known = questionsIn(text);
  if (known === null) return text;
  const front = fenced(text) ?? { lines: ["---", "---", ...text.split("\n")], from: 1, to: 1 };
  const lines = [...front.lines];
  const last = known.at(-1);
  // An empty item is one that was not written yet.
  if (last && last.text === "") lines[last.line] = `${/^\s*-/u.exec(lines[last.line] ?? "")?.[0] ?? "  -"} ${written(question)}`;
  else if (last) lines.splice(last.line + 1, 0, `${/^\s*-/u.exec(lines[last.line] ?? "")?.[0] ?? "  -"} ${written(question)}`);
  else {
    const at = lineOf(front, "questions");
    if (at >= 0) lines.splice(at + 1, 0, `  - ${written(question)}`);
    else lines.splice(front.to, 0, "questions:", `  - ${written(question)}`);
  }
  return lines.join("\n");
}

/** The text with a question reworded; an empty wording takes it out, and the last one its key. @param {string} text @param {number} line @param {string} question */
export function withQuestionAt(text, line, question) {
  const lines = text.split("\n");
  const dash = /^\s*-/u.exec(lines[line] ?? "")?.[0];
  if (dash === undefined) return text;
  if (question !== "") lines[line] = `${dash} ${written(question)}`;
  else if (questionsIn(text)?.length === 1) lines.splice(line - 1, 2);
  else lines.splice(line, 1);
  return lines.join("\n");
}
