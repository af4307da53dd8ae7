//! What is printed: one locked standard output, colours where they are wanted, no control characters of others.

use clap::ColorChoice;
use clap::builder::styling::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

/// Steps of a bar are drawn only where there are so many: below it nobody waits.
const FEWEST_STEPS_WITH_BAR: u64 = 200;

/// What a piece of text is, for the eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    /// A title.
    Strong,
    /// What was met by the query.
    Met,
    /// Beside the point.
    Quiet,
    /// All is well.
    Good,
    /// Worth a look.
    Warn,
    /// Wrong.
    Bad,
}

impl Paint {
    fn style(self) -> Style {
        let color = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
        match self {
            Paint::Strong => Style::new().bold(),
            Paint::Met => color(AnsiColor::Yellow).bold(),
            Paint::Quiet => Style::new().dimmed(),
            Paint::Good => color(AnsiColor::Green),
            Paint::Warn => color(AnsiColor::Yellow),
            Paint::Bad => color(AnsiColor::Red).bold(),
        }
    }
}

/// Standard output for one command.
#[derive(Debug)]
pub(super) struct Screen {
    out: BufWriter<StdoutLock<'static>>,
    colors: bool,
    /// Whether a program reads it.
    pub(super) json: bool,
}

impl Screen {
    pub(super) fn new(color: ColorChoice, json: bool) -> Screen {
        let colors = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            // https://no-color.org: present and not empty, whatever it says.
            ColorChoice::Auto => {
                let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                io::stdout().is_terminal() && !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        Screen { out: BufWriter::new(io::stdout().lock()), colors: colors && !json, json }
    }

    /// Whether to print colours.
    pub(super) fn colors(&self) -> bool {
        self.colors
    }

    /// One line.
    pub(super) fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        self.out.write_all(text.as_ref().as_bytes())?;
        self.out.write_all(b"\n")
    }

    /// One JSON value, one line.
    pub(super) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, value)?;
        self.out.write_all(b"\n")
    }

    /// The bytes as they are, for files that go to standard output.
    pub(super) fn raw(&mut self) -> &mut dyn Write {
        &mut self.out
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// A text in its colour, or as it is; control characters, which could move the cursor or worse, are dropped.
    pub(super) fn paint(&self, paint: Paint, text: &str) -> String {
        let text = plain(text);
        if !self.colors || text.is_empty() {
            return text;
        }
        let style = paint.style();
        format!("{}{text}{}", style.render(), style.render_reset())
    }

    /// A table as wide as the terminal, or as its content where there is none.
    pub(super) fn table(&self, header: &[&str]) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(header.to_vec());
        if !self.colors {
            table.force_no_tty();
        }
        table
    }
}

/// A text without control characters but line ends.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|character| !character.is_control() || *character == '\n').collect()
}

/// A progress bar on standard error, where that is a terminal and there is something to wait for.
pub(super) fn bar(steps: usize, what: &'static str) -> ProgressBar {
    let steps = u64::try_from(steps).unwrap_or(u64::MAX);
    if steps < FEWEST_STEPS_WITH_BAR {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(steps).with_style(style).with_message(what)
}

/// The same where nobody knows how long it takes.
pub(super) fn spinner(what: &'static str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(what);
    spinner.enable_steady_tick(std::time::Duration::from_millis(100));
    spinner
}
