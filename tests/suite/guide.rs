//! The examples of docs/api.md: as they stand there, by a shell, against the service with the shipped library.

use crate::service::{Service, VARIABLES};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Where the guide says that the service listens.
const DOCUMENTED_URL: &str = "http://127.0.0.1:7700";

/// A command of the guide and what it prints.
#[derive(Default)]
struct Example {
    line: usize,
    command: String,
    output: String,
}

impl Example {
    /// Whether it needs nothing but the service as it comes: no name that the reader has set, no stream that never ends.
    fn stands_alone(&self) -> bool {
        !["$TOKEN", "$ID", "curl -sN"].iter().any(|part| self.command.contains(part))
    }
}

/// Indented by four, `$` before the command, its further lines indented by eight, then what it prints.
fn examples(guide: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut is_command = false;
    for (number, line) in (1..).zip(guide.lines()) {
        if let Some(command) = line.strip_prefix("    $ ") {
            examples.push(Example { line: number, command: command.to_owned(), ..Example::default() });
            is_command = true;
        } else if let (Some(example), Some(line)) = (examples.last_mut(), line.strip_prefix("    ")) {
            is_command &= goes_on(&example.command);
            let text = if is_command { &mut example.command } else { &mut example.output };
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line);
        } else {
            is_command = false;
        }
    }
    examples
}

/// Whether a command has a further line: within quotes, or after a backslash or a pipe.
fn goes_on(command: &str) -> bool {
    command.matches('\'').count() % 2 == 1 || command.ends_with(['\\', '|'])
}

#[test]
fn every_example_of_the_api_guide_prints_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let desk = TempDir::new().unwrap();
    std::os::unix::fs::symlink(root.join("kb"), desk.path().join("kb")).unwrap();
    let service = Service::start(desk.path());
    let mut examples = examples(&std::fs::read_to_string(root.join("docs/api.md")).unwrap());
    examples.retain(Example::stands_alone);
    assert!(examples.len() >= 9, "only {} examples were found", examples.len());
    let mut wrong = String::new();
    for Example { line, command, output } in examples {
        let url = service.said["url"].as_str().unwrap();
        let mut shell = Command::new("timeout");
        for name in VARIABLES {
            shell.env_remove(name);
        }
        let ran = shell.args(["60", "bash", "-c", &command.replace(DOCUMENTED_URL, url)]).current_dir(desk.path()).output().unwrap();
        let printed = String::from_utf8(ran.stdout).unwrap();
        if printed.trim_end() != output {
            let said = String::from_utf8_lossy(&ran.stderr);
            writeln!(wrong, "docs/api.md:{line}: {command}\nprints:\n{printed}{said}rather than:\n{output}\n").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
