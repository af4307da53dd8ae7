//! A wrong command line, told in Chinese: what was found, what was expected, where to read on.

use super::COULD_NOT_RUN;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::process::ExitCode;

/// Prints help, version or what is wrong with the command line, and gives the exit code.
pub fn explain(error: &clap::Error) -> ExitCode {
    match sentence(error) {
        Some(sentence) => {
            eprintln!("错误：{sentence}\n用 --help 查看用法");
            COULD_NOT_RUN.into()
        }
        None => {
            // A closed pipe is no reason to complain about help.
            let _ = error.print();
            if error.use_stderr() { COULD_NOT_RUN.into() } else { ExitCode::SUCCESS }
        }
    }
}

/// The sentence for what people get wrong; `None` leaves help and version to clap.
fn sentence(error: &clap::Error) -> Option<String> {
    let text = |kind| match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join("、")),
        ContextValue::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let did_you_mean = |kind| text(kind).map_or_else(String::new, |suggestion| format!("，是不是 {suggestion}？"));
    let (argument, value) = (text(ContextKind::InvalidArg).unwrap_or_default(), text(ContextKind::InvalidValue).unwrap_or_default());
    let sentence = match error.kind() {
        ErrorKind::UnknownArgument => format!("不认识 {argument}{}", did_you_mean(ContextKind::SuggestedArg)),
        ErrorKind::InvalidSubcommand => {
            let name = text(ContextKind::InvalidSubcommand).unwrap_or_default();
            format!("没有 {name} 这个命令{}", did_you_mean(ContextKind::SuggestedSubcommand))
        }
        ErrorKind::MissingSubcommand => format!("缺少命令：{}", text(ContextKind::ValidSubcommand).unwrap_or_default()),
        ErrorKind::MissingRequiredArgument => format!("缺少 {argument}"),
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} 后面缺少值"),
        ErrorKind::InvalidValue => format!("{argument} 不能是 {value:?}，可以是：{}", text(ContextKind::ValidValue).unwrap_or_default()),
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map_or_else(String::new, |source| format!("：{source}"));
            format!("{argument} 的值 {value:?} 不对{why}")
        }
        ErrorKind::ArgumentConflict => match text(ContextKind::PriorArg) {
            Some(prior) if prior != argument => format!("{argument} 不能与 {prior} 同用"),
            _ => format!("{argument} 只能给一次"),
        },
        ErrorKind::TooManyValues => format!("{argument} 后面多了 {value:?}"),
        ErrorKind::InvalidUtf8 => "命令行里有不是 UTF-8 的文字".to_owned(),
        _ if error.use_stderr() && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "命令行写得不对".to_owned(),
        _ => return None,
    };
    Some(sentence)
}
