//! From the start of the program to its first answer, against loading jieba's dictionary.

use crate::request::Connection;
use crate::{Outcome, clock, edit, median};
use jieba_rs::Jieba;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Starts of each kind, in turn.
const ROUNDS: usize = 5;

/// Files are trusted by their stamps from two seconds of age on.
const SETTLE: Duration = Duration::from_secs(3);

/// How long the folder may be looked through.
const PATIENCE: Duration = Duration::from_secs(120);

/// Time on the wall.
pub(crate) struct Start {
    pub(crate) first_ms: f64,
    pub(crate) unchanged_ms: f64,
    pub(crate) jieba_ms: f64,
}

pub(crate) fn measure(dir: &Path) -> Outcome<Start> {
    let place = TempDir::new()?;
    let kb = place.path().join("kb");
    edit::copy(dir, &kb)?;
    std::thread::sleep(SETTLE);
    let answered = || {
        let served = Served::start(&kb, place.path())?;
        Connection::to(&served.address)?.ask("/v1/search", r#"{"q":"怎么退货"}"#, "", 0)?;
        Ok(served)
    };
    let (first_ms, served) = clock::wall_ms(answered)?;
    served.stop()?;
    let (mut unchanged, mut jieba) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (ms, served) = clock::wall_ms(answered)?;
        unchanged.push(ms);
        served.stop()?;
        let load = || Ok(Command::new(std::env::current_exe()?).arg("jieba").status()?);
        jieba.push(clock::wall_ms(load)?.0);
    }
    Ok(Start { first_ms, unchanged_ms: median(unchanged), jieba_ms: median(jieba) })
}

/// What the child of this program does.
pub(crate) fn load_jieba() -> Outcome<()> {
    black_box(Jieba::new());
    Ok(())
}

/// The program, serving.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: String,
}

impl Served {
    /// Serves a library with its index and data elsewhere.
    pub(crate) fn start(kb: &Path, place: &Path) -> Outcome<Served> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_huashu"))
            .args(["serve", "--json", "--listen", "127.0.0.1:0", "--poll", "3600"])
            .arg("--kb")
            .arg(kb)
            .arg("--index")
            .arg(place.join("index"))
            .arg("--data")
            .arg(place.join("data"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let said: serde_json::Value = serde_json::from_str(&line)?;
        let address = said["url"].as_str().and_then(|url| url.split_once("://")).ok_or("no address")?.1.to_owned();
        Ok(Served { child, address })
    }

    pub(crate) fn process(&self) -> String {
        self.child.id().to_string()
    }

    /// Asks it to stop, so that it keeps what the next start serves, and waits.
    pub(crate) fn stop(mut self) -> Outcome<()> {
        Command::new("kill").arg(self.process()).status()?;
        let begin = Instant::now();
        while self.child.try_wait()?.is_none() {
            if begin.elapsed() > PATIENCE {
                return Err("it does not stop".into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
