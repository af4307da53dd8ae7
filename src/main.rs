//! The `huashu` program: reads its arguments, runs one command, prints what went wrong once, and tells the shell.

use huashu::cli;
use std::process::ExitCode;

/// Many small strings on several threads: the system's allocator is the slower one at that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match cli::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(usage) => return cli::explain(&usage),
    };
    match cli::run(&arguments) {
        Ok(verdict) => verdict.into(),
        // Who closed the pipe has read enough: `huashu search … | head -1`.
        Err(error) if cli::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("错误：{}", cli::chain(&error));
            cli::COULD_NOT_RUN.into()
        }
    }
}
