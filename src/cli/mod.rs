//! The command line: arguments in, the core called, text or JSON out, an exit code for the shell.
//!
//! Called by `main` alone. Each command is a file of its own that takes its options, the [`Place`] of the library and the [`Screen`];
//! none of them decides what is found, allowed or wrong.

mod backup;
mod check;
mod completions;
mod content;
mod eval;
mod export;
mod golden;
mod import;
mod index;
mod learn;
mod new;
mod own;
mod people;
mod phrasings;
mod place;
mod screen;
mod search;
mod sentences;
mod serve;
mod usage;

pub use sentences::chain;
pub use usage::explain;

use anyhow::Context;
use clap::{ArgAction, Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};
use place::Place;
use screen::Screen;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// What a command found, where it could run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All is well.
    Done,
    /// It ran and something is wrong with what it looked at.
    ProblemsFound,
}

/// Exit code of [`Verdict::ProblemsFound`].
const PROBLEMS_FOUND: u8 = 1;

/// Exit code of a command that could not run; also what a wrong command line gives.
pub const COULD_NOT_RUN: u8 = 2;

impl Verdict {
    fn of(found_problems: bool) -> Verdict {
        if found_problems { Verdict::ProblemsFound } else { Verdict::Done }
    }
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> ExitCode {
        match verdict {
            Verdict::Done => ExitCode::SUCCESS,
            Verdict::ProblemsFound => PROBLEMS_FOUND.into(),
        }
    }
}

/// How help looks, in Chinese throughout.
const HELP: &str = "{about-with-newline}\n用法: {usage}\n\n{all-args}{after-help}";

/// Below the list of commands.
const AFTER_HELP: &str = "\
例子：
  huashu serve                              在 http://127.0.0.1:7700 提供搜索
  huashu search 怎么还没发货                搜一句顾客的话
  huashu check                              检查知识库
  huashu import 话术.xlsx --into kb/导入    导入表格

设置的次序：命令行，环境变量（HUASHU_KB、HUASHU_INDEX、HUASHU_DATA、HUASHU_COLOR、HUASHU_LISTEN、HUASHU_POLL、HUASHU_RATE），
当前目录的 huashu.toml（kb、index、data、color、listen、poll、rate），默认值。
退出码：0 完成，1 发现问题，2 没能运行。";

/// The command line as read.
#[derive(Debug, Parser)]
#[command(name = "huashu", version, about = "话术：客服话术知识库，一个 Markdown 文件夹进，该说的话出", after_help = AFTER_HELP)]
#[command(override_usage = "huashu [选项] <命令>", help_template = HELP, subcommand_help_heading = "命令", next_help_heading = "选项")]
#[command(disable_help_flag = true, disable_version_flag = true, disable_help_subcommand = true, subcommand_required = true)]
pub struct Arguments {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "通用选项")]
struct Shared {
    /// 知识库文件夹（默认 kb）
    #[arg(long, value_name = "DIR", global = true, env = "HUASHU_KB", hide_env = true, display_order = 100)]
    kb: Option<PathBuf>,
    /// 索引文件夹，可随时删除（默认：知识库旁的 index/知识库名）
    #[arg(long, value_name = "DIR", global = true, env = "HUASHU_INDEX", hide_env = true, display_order = 101)]
    index: Option<PathBuf>,
    /// 数据文件夹（默认：知识库旁的 data/知识库名）
    #[arg(long, value_name = "DIR", global = true, env = "HUASHU_DATA", hide_env = true, display_order = 102)]
    data: Option<PathBuf>,
    /// 输出 JSON，供程序读取
    #[arg(long, global = true, display_order = 103)]
    json: bool,
    /// 颜色：auto、always 或 never（默认 auto：终端上才用；NO_COLOR 关闭）
    #[arg(
        long,
        value_name = "WHEN",
        global = true,
        env = "HUASHU_COLOR",
        hide_env = true,
        hide_possible_values = true,
        display_order = 104
    )]
    color: Option<ColorChoice>,
    /// 显示帮助
    #[arg(long, short, global = true, action = ArgAction::Help, display_order = 105)]
    help: Option<bool>,
    /// 显示版本
    #[arg(long, short = 'V', action = ArgAction::Version, display_order = 106)]
    version: Option<bool>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Options),
    Search(search::Options),
    Check(check::Options),
    Import(import::Options),
    Export(export::Options),
    Eval(eval::Options),
    Index(index::Options),
    New(new::Options),
    Learn(learn::Options),
    Phrasings(phrasings::Options),
    User(people::UserOptions),
    Token(people::TokenOptions),
    Backup(backup::BackupOptions),
    Restore(backup::RestoreOptions),
    Completions(completions::Options),
}

/// Reads the command line and the environment.
///
/// # Errors
/// What is wrong with it, or that help was asked for: [`explain`] tells either.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    let mut command = with_help(Arguments::command());
    let matches = command.try_get_matches_from_mut(arguments)?;
    Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// The look of help for a command and those below it.
fn with_help(command: clap::Command) -> clap::Command {
    let mut command = command.help_template(HELP);
    for subcommand in command.get_subcommands_mut() {
        *subcommand = with_help(std::mem::take(subcommand));
    }
    command
}

/// Runs one command.
///
/// # Errors
/// Why it could not run; `main` prints it.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let file = place::read_file()?;
    let place = Place::of(&arguments.shared, &file)?;
    let color = arguments.shared.color.or(file.color()).unwrap_or_default();
    let mut screen = Screen::new(color, arguments.shared.json);
    let verdict = match &arguments.command {
        Command::Serve(options) => serve::run(options, &file, &place, &mut screen),
        Command::Search(options) => search::run(options, &place, &mut screen),
        Command::Check(options) => check::run(options, &place, &mut screen),
        Command::Import(options) => import::run(options, &place, &mut screen),
        Command::Export(options) => export::run(options, &place, &mut screen),
        Command::Eval(options) => eval::run(options, &place, &mut screen),
        Command::Index(options) => index::run(options, &place, &mut screen),
        Command::New(options) => new::run(options, &place, &mut screen),
        Command::Learn(options) => learn::run(options, &place, &mut screen),
        Command::Phrasings(options) => phrasings::run(options, &place, &mut screen),
        Command::User(options) => people::run_user(options, &place, &mut screen),
        Command::Token(options) => people::run_token(options, &place, &mut screen),
        Command::Backup(options) => backup::run_backup(options, &place, &mut screen),
        Command::Restore(options) => backup::run_restore(options, &place, &mut screen),
        Command::Completions(options) => completions::run(options, &mut screen),
    }?;
    screen.flush()?;
    Ok(verdict)
}

/// Whether an error only says that nobody reads the output any more.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = |cause: &(dyn std::error::Error + 'static)| cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    error.chain().filter_map(io).any(|kind| kind == std::io::ErrorKind::BrokenPipe)
}

/// Where a command waits for what the core does asynchronously.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("没有线程可用")
}

/// Reads a whole number within bounds, for a flag.
fn whole_number(text: &str, least: usize, most: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("应是 {least} 到 {most} 的整数"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn help_is_chinese_throughout() {
        fn check(mut command: clap::Command) {
            for help in [command.render_help(), command.render_long_help()] {
                let help = help.to_string();
                for word in ["Usage", "Options", "Commands", "Arguments", "Print", "default:", "possible values", "OPTIONS", "COMMAND"] {
                    assert!(!help.contains(word), "{word} in {help}");
                }
            }
            command.get_subcommands().cloned().for_each(check);
        }
        let mut command = with_help(Arguments::command());
        command.build();
        check(command);
    }
}
