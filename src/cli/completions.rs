//! `completions`: a script that lets the shell complete commands and flags.

use super::screen::Screen;
use super::{Arguments, Verdict};
use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

/// 输出 shell 的补全脚本
#[derive(Debug, Args)]
#[command(override_usage = "huashu completions <SHELL>", next_help_heading = "选项")]
#[command(after_help = "例子：\n  huashu completions bash > ~/.local/share/bash-completion/completions/huashu")]
pub(super) struct Options {
    /// bash、elvish、fish、powershell 或 zsh
    #[arg(value_name = "SHELL", hide_possible_values = true, help_heading = "参数")]
    shell: Shell,
}

pub(super) fn run(options: &Options, screen: &mut Screen) -> anyhow::Result<Verdict> {
    // Into memory first: the generator panics where it cannot write.
    let mut script = Vec::new();
    generate(options.shell, &mut Arguments::command(), "huashu", &mut script);
    screen.raw().write_all(&script)?;
    Ok(Verdict::Done)
}
