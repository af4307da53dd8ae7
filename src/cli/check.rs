//! `check`: what is wrong in a library, printed as a compiler does.

use super::place::Place;
use super::screen::{Paint, Screen};
use super::{Verdict, golden};
use crate::http::json::ProblemJson;
use crate::library::check::similar_replies;
use crate::library::{Library, load, write};
use crate::problem::{Code, Problem, Severity};
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet, normalize_untrusted_str};
use anyhow::bail;
use clap::Args;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// 检查知识库，像编译器一样列出问题
#[derive(Debug, Args)]
#[command(override_usage = "huashu check [选项] [PATH]...", next_help_heading = "选项")]
#[command(after_help = "有错误时退出码是 1，只有警告时是 0。

例子：
  huashu check
  huashu --kb kb check kb/售后 kb/售前/专票.md
  huashu check --similar                    只列出几乎相同的话术
  huashu check --golden                     问一遍 golden.tsv，看条目还找不找得到；有变差的，退出码是 1")]
pub(super) struct Options {
    /// 只列出这些文件或文件夹里的问题
    #[arg(value_name = "PATH", help_heading = "参数")]
    paths: Vec<PathBuf>,
    /// 只列出几乎相同的话术
    #[arg(long)]
    similar: bool,
    /// 只问一遍标准问题（知识库里的 golden.tsv），和上次比
    #[arg(long, conflicts_with_all = ["paths", "similar"])]
    golden: bool,
    /// 标准问题只要有一个没进前列，退出码就是 1
    #[arg(long, requires = "golden")]
    strict: bool,
}

pub(super) fn run(options: &Options, place: &Place, screen: &mut Screen) -> anyhow::Result<Verdict> {
    if options.golden {
        return golden::run(place, options.strict, screen);
    }
    let library = load(&place.kb, None)?;
    let scopes = options.paths.iter().map(|path| scope(&library.dir, path)).collect::<anyhow::Result<Vec<String>>>()?;
    let problems = problems(&library, options.similar, &scopes);
    let errors = problems.iter().filter(|problem| problem.severity() == Severity::Error).count();
    let entries = library.entries.iter().filter(|entry| in_scope(&entry.path, &scopes)).count();
    let warnings = problems.len() - errors;
    if screen.json {
        let problems: Vec<ProblemJson> = problems.iter().map(ProblemJson::new).collect();
        screen.json(&serde_json::json!({ "problems": problems, "errors": errors, "warnings": warnings, "entries": entries }))?;
    } else {
        show(&library, &problems, screen)?;
        summarize(errors, warnings, entries, screen)?;
    }
    Ok(Verdict::of(errors > 0))
}

/// All problems in the order of path and line, of the scopes where there are any.
fn problems(library: &Library, only_similar: bool, scopes: &[String]) -> Vec<Problem> {
    let found = library.problems.iter().filter(|_| !only_similar).cloned();
    let mut problems: Vec<Problem> = found.chain(similar_replies(library)).filter(|problem| in_scope(&problem.path, scopes)).collect();
    problems.sort_by(|one, other| (&one.path, one.line, one.column).cmp(&(&other.path, other.line, other.column)));
    problems
}

fn in_scope(path: &str, scopes: &[String]) -> bool {
    let is_below =
        |scope: &String| path.strip_prefix(scope.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || scope.is_empty());
    scopes.is_empty() || scopes.iter().any(is_below)
}

/// A path of the command line as one of the library; it may be written from here or from the library.
fn scope(dir: &Path, path: &Path) -> anyhow::Result<String> {
    let root = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let real = path.canonicalize().ok().filter(|real| real.starts_with(&root)).or_else(|| root.join(path).canonicalize().ok());
    let Some(inside) = real.as_deref().and_then(|real| real.strip_prefix(&root).ok()) else {
        bail!("{} 不在知识库 {} 里；要检查另一个知识库，请用 --kb", path.display(), dir.display());
    };
    Ok(inside.iter().map(|name| name.to_string_lossy()).collect::<Vec<_>>().join("/"))
}

fn show(library: &Library, problems: &[Problem], screen: &mut Screen) -> std::io::Result<()> {
    let renderer = if screen.colors() { Renderer::styled().hyperlink(false) } else { Renderer::plain() };
    let mut file = (String::new(), None);
    for problem in problems {
        if file.0 != problem.path {
            file = (problem.path.clone(), text_of(library, problem));
        }
        let shown = library.dir.join(&problem.path).display().to_string();
        screen.line(render(problem, &shown, file.1.as_deref(), &renderer))?;
        screen.line("")?;
    }
    Ok(())
}

fn summarize(errors: usize, warnings: usize, entries: usize, screen: &mut Screen) -> std::io::Result<()> {
    let (paint, line) = match (errors, warnings) {
        (0, 0) => (Paint::Good, format!("没有问题：{entries} 个条目")),
        (0, _) => (Paint::Warn, format!("{warnings} 个警告：{entries} 个条目")),
        _ => (Paint::Bad, format!("{errors} 个错误，{warnings} 个警告：{entries} 个条目")),
    };
    screen.line(screen.paint(paint, &line))
}

/// The file in which a problem stands, unless it is no text that could be shown.
fn text_of(library: &Library, problem: &Problem) -> Option<String> {
    let no_text =
        [Code::UnreadableFile, Code::FileTooLarge, Code::NotUtf8, Code::LinkOutside, Code::UnreadableFolder, Code::TooManyEntries];
    if no_text.contains(&problem.code) {
        return None;
    }
    let (bytes, _) = write::read(&library.dir, &problem.path).ok()?;
    String::from_utf8(bytes).ok()
}

/// A problem with its line, where that can be shown.
fn render(problem: &Problem, path: &str, text: Option<&str>, renderer: &Renderer) -> String {
    let level = match problem.severity() {
        Severity::Error => Level::ERROR.with_name("错误"),
        Severity::Warning => Level::WARNING.with_name("警告"),
    };
    let title = level.primary_title(normalize_untrusted_str(&problem.zh)).id(problem.code.as_str());
    let line = text.and_then(|text| text.trim_start_matches('\u{feff}').lines().nth(problem.line.checked_sub(1)? as usize));
    let group = match line {
        Some(line) => {
            let annotation = AnnotationKind::Primary.span(span(line, problem.column, problem.width));
            title.element(Snippet::source(line).line_start(problem.line as usize).path(path).annotation(annotation))
        }
        None => title.element(Origin::path(path).line(problem.line as usize).char_column(problem.column as usize)),
    };
    renderer.render(&[group])
}

/// The bytes of a line that a problem means, never beyond the line.
fn span(line: &str, column: u32, width: u32) -> Range<usize> {
    let byte_of = |character: u32| line.char_indices().nth(character as usize).map_or(line.len(), |(at, _)| at);
    let first = column.saturating_sub(1);
    byte_of(first)..byte_of(first.saturating_add(width))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(line: u32, column: u32, width: u32) -> Problem {
        let (zh, en) = ("不认识的键 标提".to_owned(), "unknown key".to_owned());
        Problem { path: "a/b.md".to_owned(), line, column, width, code: Code::UnknownKey, zh, en }
    }

    #[test]
    fn the_caret_stands_under_wide_characters() {
        let check = |problem: &Problem, text: &str, expect: &str| {
            assert_eq!(render(problem, "kb/a/b.md", Some(text), &Renderer::plain()), expect);
        };
        check(
            &problem(2, 3, 2),
            "---\n一个标提: 甲\n---\n",
            "警告[unknown-key]: 不认识的键 标提\n --> kb/a/b.md:2:3\n  |\n2 | 一个标提: 甲\n  |     ^^^^",
        );
        check(&problem(2, 1, 0), "---\ntitle: 甲\n", "警告[unknown-key]: 不认识的键 标提\n --> kb/a/b.md:2:1\n  |\n2 | title: 甲\n  | ^");
        // A place that the file does not have any more is no reason to stop.
        check(&problem(1, 90, 5), "甲", "警告[unknown-key]: 不认识的键 标提\n --> kb/a/b.md:1:2\n  |\n1 | 甲\n  |   ^");
        check(&problem(9, 1, 1), "甲", "警告[unknown-key]: 不认识的键 标提\n--> kb/a/b.md:9:1");
    }

    #[test]
    fn a_scope_is_a_file_or_a_folder_and_not_a_beginning_of_a_name() {
        let check = |path: &str, scope: &str, expect: bool| assert_eq!(in_scope(path, &[scope.to_owned()]), expect, "{path} in {scope}");
        check("售后/退货.md", "售后", true);
        check("售后/退货.md", "售后/退货.md", true);
        check("售后服务/退货.md", "售后", false);
        check("售后/退货.md", "", true);
        assert!(in_scope("a.md", &[]));
    }
}
