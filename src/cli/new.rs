//! `new`: a well-formed new entry, ready to be written on.

use super::place::Place;
use super::screen::Screen;
use super::search::kind;
use super::{Verdict, content};
use crate::editing::Change;
use crate::entry::{Kind, MAX_ID_CHARS, State};
use crate::http::id_of;
use crate::library::load;
use crate::library::write::Expected;
use crate::markdown::Key;
use crate::markdown::edit::{Value, new_file, quote};
use anyhow::{Context, bail};
use clap::Args;
use unicode_normalization::UnicodeNormalization;

/// 新建一个条目
#[derive(Debug, Args)]
#[command(override_usage = "huashu new [选项] <TITLE>", next_help_heading = "选项")]
#[command(after_help = "没有 --reply 的是草稿，不会被搜到；写好后把 state 改成 approved。

例子：
  huashu new 催发货 --folder 售中 --question 怎么还没发货 --question 什么时候发 --reply '亲，订单今天发出'
  huashu new 七天无理由 --kind policy --folder 政策")]
pub(super) struct Options {
    /// 标题
    #[arg(value_name = "TITLE", help_heading = "参数")]
    title: String,
    /// answer（标准答案）、policy（政策）或 case（案例），默认 answer
    #[arg(long, value_name = "KIND", value_parser = kind, default_value = "answer", hide_default_value = true)]
    kind: Kind,
    /// 知识库里的文件夹，没有就新建
    #[arg(long, value_name = "FOLDER", default_value = "", hide_default_value = true)]
    folder: String,
    /// 编号，也是文件名（默认由标题而来）
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// 顾客的一种问法；可以给几次
    #[arg(long = "question", value_name = "TEXT")]
    questions: Vec<String>,
    /// 快捷码
    #[arg(long, value_name = "CODE")]
    shortcut: Option<String>,
    /// 话术
    #[arg(long, value_name = "TEXT")]
    reply: Option<String>,
}

pub(super) fn run(options: &Options, place: &Place, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let title = options.title.trim();
    let id = options.id.clone().unwrap_or_else(|| id_of(title));
    check_id(&id)?;
    let library = load(&place.kb, None)?;
    let folded = |id: &str| id.nfc().collect::<String>().to_lowercase();
    if let Some(entry) = library.entries.iter().find(|entry| folded(&entry.id) == folded(&id)) {
        bail!("编号 {id} 已经有了：{}；请用 --id 给另一个", entry.path);
    }
    let folder = options.folder.trim_matches('/');
    let path = if folder.is_empty() { format!("{id}.md") } else { format!("{folder}/{id}.md") };
    let new = Change::write(&path, text(options, title, &id).into_bytes(), Expected::Absent);
    content::change(place, new).with_context(|| format!("{path} 没有新建"))?;
    if screen.json {
        screen.json(&serde_json::json!({ "id": id, "path": path }))?;
    } else {
        screen.line(place.kb.join(&path).display().to_string())?;
    }
    Ok(Verdict::Done)
}

fn check_id(id: &str) -> anyhow::Result<()> {
    let why = match id {
        "" => "是空的",
        id if id.chars().count() > MAX_ID_CHARS => "太长，最多 80 个字",
        id if id.starts_with('.') => "以点开头",
        id if id.contains(|character: char| character.is_whitespace() || character.is_control() || "/\\".contains(character)) => {
            "里有空白、斜杠或控制字符"
        }
        _ => return Ok(()),
    };
    bail!("编号 {id:?} {why}；请用 --id 给另一个")
}

fn text(options: &Options, title: &str, id: &str) -> String {
    let mut fields = vec![(Key::Id, Value::Text(id.to_owned())), (Key::Title, Value::Text(title.to_owned()))];
    fields.push((Key::Kind, Value::Text(options.kind.as_str().to_owned())));
    if !options.questions.is_empty() {
        fields.push((Key::Questions, Value::List(options.questions.clone())));
    }
    fields.extend(options.shortcut.as_ref().map(|shortcut| (Key::Shortcut, Value::Text(shortcut.clone()))));
    if options.reply.is_none() {
        fields.push((Key::State, Value::Text(State::Draft.as_str().to_owned())));
    }
    new_file(&fields, &body(options, title))
}

/// The sections that a kind usually has. An answer must have a reply, so a draft of one says its title until it says more.
fn body(options: &Options, title: &str) -> String {
    let (advice, sections) = match options.kind {
        Kind::Answer => ("何时用、何时不能用，先写在这里；引用里写要对顾客说的话。", ""),
        Kind::Policy => ("这条政策管什么，先写在这里。", "\n\n## 规则\n\n## 例外"),
        Kind::Case => ("这个案例说明什么，先写在这里。", "\n\n## 情境\n\n## 对话\n\n## 分析\n\n## 教训"),
    };
    let reply = match (options.kind, &options.reply) {
        (Kind::Answer, Some(reply)) => quote(reply),
        (Kind::Answer, None) => quote(&format!("（{title}）")),
        (_, Some(reply)) => format!("## 话术\n\n{}", quote(reply)),
        (_, None) => String::new(),
    };
    format!("{advice}{sections}\n\n{reply}")
}
