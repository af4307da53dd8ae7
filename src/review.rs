//! Proposals (提议): what kinds there are, and what a file would become. Pure: `register` keeps proposals, `http` decides them.

use crate::entry::{Entry, Kind as EntryKind, MAX_ID_CHARS, State as EntryState};
use crate::library::Library;
use crate::markdown::Key;
use crate::markdown::edit::{EditError, Value, new_file, quote, set_fields};
use unicode_normalization::UnicodeNormalization;

/// Longest proposed file, in bytes: an entry may be larger, but nobody reviews that.
pub const MAX_MARKDOWN_BYTES: usize = 256 * 1024;

/// Longest text or note of a proposal, in characters.
pub const MAX_TEXT_CHARS: usize = 4_000;

/// Longest reason or comment, in characters.
pub const MAX_COMMENT_CHARS: usize = 1_000;

/// Longest title of a proposal, in characters: a line of the queue.
const MAX_TITLE_CHARS: usize = 60;

/// Open proposals of one person: beyond it nobody reads them.
pub const MAX_OPEN_OF_ONE: usize = 100;

/// The folder of approved cases, as the shipped library has it.
const CASES: &str = "案例";

/// The folder of approved entries that name no category.
const NEW: &str = "新增";

/// Folders made of a category: deeper ones are one path of people, not of folders.
const MAX_FOLDERS: usize = 6;

/// What a proposal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 新词条
    New,
    /// 案例
    Case,
    /// 修改
    Edit,
    /// 问法
    Phrasing,
    /// 纠错
    Correction,
    /// 过时
    Outdated,
}

impl Kind {
    /// All.
    pub const ALL: [Kind; 6] = [Kind::New, Kind::Case, Kind::Edit, Kind::Phrasing, Kind::Correction, Kind::Outdated];

    /// The name in JSON and in the register.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::New => "new",
            Kind::Case => "case",
            Kind::Edit => "edit",
            Kind::Phrasing => "phrasing",
            Kind::Correction => "correction",
            Kind::Outdated => "outdated",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether it makes a new entry.
    pub fn is_new(self) -> bool {
        matches!(self, Kind::New | Kind::Case)
    }
}

/// Where a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// 待审
    Open,
    /// 通过
    Approved,
    /// 退回
    Returned,
    /// 撤回
    Withdrawn,
}

impl State {
    /// All.
    pub const ALL: [State; 4] = [State::Open, State::Approved, State::Returned, State::Withdrawn];

    /// The name in JSON and in the register.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Approved => "approved",
            State::Returned => "returned",
            State::Withdrawn => "withdrawn",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What is proposed, as far as the file is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Proposed<'p> {
    /// What it asks for.
    pub kind: Kind,
    /// What the queue shows; the title of a new entry that comes as plain words.
    pub title: &'p str,
    /// The whole file.
    pub markdown: Option<&'p str>,
    /// Plain words: a phrasing, what to say, what happened.
    pub text: Option<&'p str>,
    /// What the customer asked, masked.
    pub asked: Option<&'p str>,
}

/// What the library's file would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A new file.
    Create {
        /// Its id.
        id: String,
        /// Relative to the library.
        path: String,
        /// All of it.
        markdown: String,
    },
    /// Another text of the file of an entry.
    Save {
        /// All of it.
        markdown: String,
    },
    /// The file is as it should be already.
    Nothing,
}

/// Why nothing can be made of a proposal.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// A correction in words: somebody has to write the file.
    #[error("this proposal says in words what is wrong: send the mended file as `markdown`")]
    NeedsMarkdown,
    /// A file that is no entry.
    #[error("the proposed file cannot be read as an entry: {0}")]
    Unreadable(String),
    /// The file of the entry cannot be edited by field.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// A question for a script that nobody asks for, or one with a placeholder.
    #[error("{0}")]
    Question(&'static str),
}

/// The title of a proposal: its own, else its first words.
pub fn title_of(given: Option<&str>, markdown_title: Option<&str>, text: Option<&str>, note: &str) -> String {
    let first_line = |text: &str| text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned();
    let candidates = [given.map(first_line), markdown_title.map(first_line), text.map(first_line), Some(first_line(note))];
    let title = candidates.into_iter().flatten().find(|title| !title.is_empty()).unwrap_or_default();
    title.chars().take(MAX_TITLE_CHARS).collect()
}

/// The file of a new entry or case told in plain words.
pub fn draft(proposed: &Proposed) -> String {
    let kind = if proposed.kind == Kind::Case { EntryKind::Case } else { EntryKind::Answer };
    let mut fields = vec![(Key::Title, Value::Text(proposed.title.to_owned())), (Key::Kind, Value::Text(kind.as_str().to_owned()))];
    let question = proposed.asked.map(str::trim).filter(|asked| !asked.is_empty() && !asked.contains(['<', '\n']));
    fields.extend(question.filter(|asked| *asked != proposed.title).map(|asked| (Key::Questions, Value::List(vec![asked.to_owned()]))));
    let text = proposed.text.unwrap_or(proposed.title);
    let body = match kind {
        EntryKind::Case => {
            let asked = proposed.asked.map(|asked| format!("\n\n## 顾客怎么说\n\n{}", quote(asked))).unwrap_or_default();
            format!("{}{asked}", text.trim())
        }
        _ => quote(text),
    };
    new_file(&fields, &body)
}

/// What approving a proposal makes of the library. `current` is the entry that it is about, with its file.
///
/// # Errors
/// [`Refusal`].
pub fn outcome(proposed: &Proposed, folder: Option<&str>, current: Option<(&Entry, &str)>, library: &Library) -> Result<Outcome, Refusal> {
    if proposed.kind.is_new() {
        let written = if proposed.markdown.is_none() { draft(proposed) } else { String::new() };
        return create(proposed.markdown.unwrap_or(&written), proposed.kind, folder, library);
    }
    let (entry, text) = current.ok_or(Refusal::NeedsMarkdown)?;
    let edited = match (proposed.markdown, proposed.kind) {
        (Some(markdown), _) => markdown.to_owned(),
        (None, Kind::Phrasing) => with_question(entry, text, proposed.text.unwrap_or_default().trim())?,
        (None, Kind::Outdated) => set_fields(text, &[(Key::State, Some(Value::Text(EntryState::Retired.as_str().to_owned())))])?,
        _ => return Err(Refusal::NeedsMarkdown),
    };
    if edited == text {
        return Ok(Outcome::Nothing);
    }
    let parsed = crate::markdown::parse(&entry.path, edited.as_bytes(), &library.lexicon.facets);
    match parsed.entry {
        Some(_) => Ok(Outcome::Save { markdown: edited }),
        None => Err(Refusal::Unreadable(parsed.problems.first().map(|problem| problem.en.clone()).unwrap_or_default())),
    }
}

fn with_question(entry: &Entry, text: &str, question: &str) -> Result<String, Refusal> {
    if question.is_empty() || question.contains(['<', '>', '\n']) {
        return Err(Refusal::Question("the text holds a placeholder or is empty: send the edited file as `markdown`"));
    }
    if entry.trigger.is_some() {
        return Err(Refusal::Question("a proactive script has a moment in place of questions"));
    }
    let folded = crate::analysis::fold(question).text;
    if std::iter::once(&entry.title).chain(&entry.questions).any(|known| crate::analysis::fold(known).text == folded) {
        return Ok(text.to_owned());
    }
    let questions = entry.questions.iter().cloned().chain([question.to_owned()]).collect();
    Ok(set_fields(text, &[(Key::Questions, Some(Value::List(questions)))])?)
}

/// Finds a free id and path; an approved entry is no draft.
fn create(markdown: &str, kind: Kind, folder: Option<&str>, library: &Library) -> Result<Outcome, Refusal> {
    let parsed = crate::markdown::parse("x.md", markdown.as_bytes(), &library.lexicon.facets);
    let Some(entry) = parsed.entry else {
        return Err(Refusal::Unreadable(parsed.problems.first().map(|problem| problem.en.clone()).unwrap_or_default()));
    };
    let key = |id: &str| id.nfc().collect::<String>().to_lowercase();
    let named = &*entry.id != "x";
    let wanted = if named { entry.id.to_string() } else { id_of(&entry.title) };
    let wanted = if wanted.is_empty() { kind.as_str().to_owned() } else { wanted };
    let folder = folder_of(folder, (!entry.category.is_empty()).then_some(entry.category.as_str()), kind);
    let path_of = |id: &str| if folder.is_empty() { format!("{id}.md") } else { format!("{folder}/{id}.md") };
    let is_free = |id: &str| {
        let path = key(&path_of(id));
        !library.entries.iter().any(|entry| key(&entry.id) == key(id) || key(&entry.path) == path)
    };
    let numbered = |number: usize| if number == 1 { wanted.clone() } else { format!("{wanted}-{number}") };
    let id = (1..).map(numbered).find(|id| is_free(id)).unwrap_or_default();
    let mut changes = Vec::new();
    if named && *entry.id != *id {
        changes.push((Key::Id, Some(Value::Text(id.clone()))));
    }
    if entry.state == EntryState::Draft {
        changes.push((Key::State, None));
    }
    let markdown = set_fields(markdown, &changes)?;
    Ok(Outcome::Create { path: path_of(&id), id, markdown })
}

/// A title as an id and a file's name: what neither may have becomes a hyphen.
fn id_of(title: &str) -> String {
    let is_allowed = |character: char| !(character.is_whitespace() || character.is_control() || "/\\:*?\"<>|？".contains(character));
    let id: String = title.nfc().map(|character| if is_allowed(character) { character } else { '-' }).take(MAX_ID_CHARS - 4).collect();
    id.trim_matches(['.', '-']).to_owned()
}

fn folder_of(given: Option<&str>, category: Option<&str>, kind: Kind) -> String {
    let default = if kind == Kind::Case { CASES } else { NEW };
    // A case keeps its folder whatever it is about; the category is in the file.
    let path = given.or(category.filter(|_| kind == Kind::New)).unwrap_or(default);
    let parts = path.split('/').map(id_of).filter(|part| !part.is_empty()).take(MAX_FOLDERS);
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::load;
    use std::fs;

    fn library(files: &[(&str, &str)]) -> (tempfile::TempDir, Library) {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            fs::create_dir_all(dir.path().join(path).parent().unwrap()).unwrap();
            fs::write(dir.path().join(path), text).unwrap();
        }
        let library = load(dir.path(), None).unwrap();
        (dir, library)
    }

    const ENTRY: &str = "---\n标题: 催发货 # 常问\n问法: [怎么还没发货]\n---\n> 亲，今天发\n";

    fn proposed(kind: Kind) -> Proposed<'static> {
        Proposed { kind, title: "快递停运 怎么办？", markdown: None, text: None, asked: None }
    }

    #[test]
    fn plain_words_become_a_file_in_the_folder_of_their_kind() {
        let (_dir, library) = library(&[("催发货.md", ENTRY)]);
        let check = |proposed: Proposed, folder: Option<&str>, expect_path: &str, expect: &str| {
            let Outcome::Create { path, markdown, .. } = outcome(&proposed, folder, None, &library).unwrap() else { panic!() };
            assert_eq!((path.as_str(), markdown.as_str()), (expect_path, expect));
        };
        let text = Some("亲，停运期间改发顺丰。");
        check(
            Proposed { text, asked: Some("快递停了怎么弄"), ..proposed(Kind::New) },
            None,
            "新增/快递停运-怎么办.md",
            "---\ntitle: 快递停运 怎么办？\nkind: answer\nquestions:\n  - 快递停了怎么弄\n---\n\n> 亲，停运期间改发顺丰。\n",
        );
        check(
            Proposed { text: Some("今天这样处理的。"), ..proposed(Kind::Case) },
            None,
            "案例/快递停运-怎么办.md",
            "---\ntitle: 快递停运 怎么办？\nkind: case\n---\n\n今天这样处理的。\n",
        );
        check(Proposed { markdown: Some(ENTRY), ..proposed(Kind::New) }, Some("../售中//物流"), "售中/物流/催发货-2.md", ENTRY);
        let draft = "---\nid: 催发货\ntitle: 停运\nstate: draft\n---\n> 亲\n";
        check(
            Proposed { markdown: Some(draft), ..proposed(Kind::New) },
            None,
            "新增/催发货-2.md",
            "---\nid: 催发货-2\ntitle: 停运\n---\n> 亲\n",
        );
    }

    #[test]
    fn a_change_touches_its_field_and_nothing_else() {
        let (_dir, library) = library(&[("催发货.md", ENTRY)]);
        let current = Some((library.entries[0].as_ref(), ENTRY));
        let check = |proposed: Proposed, expect: Result<Outcome, Refusal>| {
            assert_eq!(outcome(&proposed, None, current, &library), expect, "{proposed:?}");
        };
        let save = |text: &str| Ok(Outcome::Save { markdown: text.to_owned() });
        check(
            Proposed { text: Some("几时发"), ..proposed(Kind::Phrasing) },
            save("---\n标题: 催发货 # 常问\n问法:\n  - 怎么还没发货\n  - 几时发\n---\n> 亲，今天发\n"),
        );
        check(Proposed { text: Some("怎麼還沒發貨"), ..proposed(Kind::Phrasing) }, Ok(Outcome::Nothing));
        check(proposed(Kind::Outdated), save("---\n标题: 催发货 # 常问\n问法: [怎么还没发货]\n状态: retired\n---\n> 亲，今天发\n"));
        check(Proposed { text: Some("价格错了"), ..proposed(Kind::Correction) }, Err(Refusal::NeedsMarkdown));
        check(
            Proposed { markdown: Some("---\ntitle: 催发货\n---\n> 亲\n"), ..proposed(Kind::Correction) },
            save("---\ntitle: 催发货\n---\n> 亲\n"),
        );
        let broken = outcome(&Proposed { markdown: Some("---\ntitle: [\n---\n"), ..proposed(Kind::Edit) }, None, current, &library);
        assert!(matches!(broken, Err(Refusal::Unreadable(_))), "{broken:?}");
        let masked = outcome(&Proposed { text: Some("<手机> 几时发"), ..proposed(Kind::Phrasing) }, None, current, &library);
        assert!(matches!(masked, Err(Refusal::Question(_))), "{masked:?}");
    }
}
