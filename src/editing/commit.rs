//! Commits changes to git, where `library.toml` asks for it and the library lies in a work tree: each with its author's name, and its own
//! path alone. What else is changed or staged in the tree stays as it is. A thread of its own: nobody waits for git.

use super::{Action, Author, Done};
use crate::live::Live;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Changes that wait for git; an import of a large table has more files than this, and commits what fits.
const MAX_WAITING: usize = 20_000;

/// How often a commit is tried where somebody else works in the tree at this moment.
const TRIES: u32 = 5;

/// Between two tries; more with each.
const WAIT: Duration = Duration::from_millis(200);

/// Longest run of git: far more than a commit of one file takes in a large tree.
const MAX_RUN: Duration = Duration::from_secs(30);

/// Who commits; the author is whoever made the change.
const COMMITTER: [(&str, &str); 2] = [("GIT_COMMITTER_NAME", "Huashu"), ("GIT_COMMITTER_EMAIL", "huashu@localhost")];

/// A change to commit.
#[derive(Debug)]
struct Job {
    paths: Vec<String>,
    author: String,
    message: String,
}

/// The thread that commits; dropping it ends it after what waits.
#[derive(Debug)]
pub(super) struct Committer {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    live: Arc<Live>,
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.jobs.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Committer {
    /// Starts the thread; it runs git only once a change comes and the settings ask for it.
    pub(super) fn start(live: &Arc<Live>) -> io::Result<Committer> {
        let (jobs, waiting) = sync_channel(MAX_WAITING);
        let dir = live.dir().to_owned();
        let thread = std::thread::Builder::new().name("huashu-git".to_owned()).spawn(move || run(&dir, &waiting))?;
        Ok(Committer { jobs: Some(jobs), thread: Some(thread), live: Arc::clone(live) })
    }

    /// Hands a change over, where the settings ask for it.
    pub(super) fn hand(&self, paths: Vec<String>, action: Action, done: &Done, by: &Author) {
        let Some(jobs) = self.jobs.as_ref().filter(|_| self.live.snapshot().library.settings.git.commit) else { return };
        let what = done.entry_id.as_deref().unwrap_or(&done.path);
        let verb = match action {
            Action::Create => "新建",
            Action::Save => "修改",
            Action::Move => "移动",
            Action::Delete => "删除",
            Action::Restore => "恢复",
        };
        let why = if by.why.is_empty() { String::new() } else { format!("\n\n{}", by.why) };
        let message = format!("{verb} {what}{why}\n\nHuashu-Version: {}\n", done.version);
        if let Err(TrySendError::Full(job)) = jobs.try_send(Job { paths, author: by.who.clone(), message }) {
            tracing::warn!(paths = ?job.paths, "not committed: too many changes wait for git");
        }
    }
}

fn run(dir: &Path, waiting: &Receiver<Job>) {
    while let Ok(job) = waiting.recv() {
        if let Err(why) = commit(dir, &job) {
            tracing::warn!(paths = ?job.paths, why, "a change is in its file and in the history, and not committed");
        }
    }
}

/// Commits the paths of a change and nothing else.
fn commit(dir: &Path, job: &Job) -> Result<(), String> {
    let mut why = String::new();
    for attempt in 1..=TRIES {
        let paths: Vec<&str> = job.paths.iter().map(String::as_str).filter(|path| prepare(dir, path)).collect();
        if paths.is_empty() {
            return Err("git does not know the file, or ignores it".to_owned());
        }
        let author = format!("{} <{}@huashu>", name_of(&job.author), mail_of(&job.author));
        let mut arguments =
            vec!["commit", "--only", "--quiet", "--no-verify", "--no-gpg-sign", "--author", &author, "-m", &job.message, "--"];
        arguments.extend(&paths);
        let output = git(dir, &arguments).map_err(|error| error.to_string())?;
        // What an earlier commit has taken with it already is committed.
        if output.status.success() || git(dir, &with(&["diff", "--quiet", "HEAD", "--"], &paths)).is_ok_and(|same| same.status.success()) {
            return Ok(());
        }
        why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if !why.contains("index.lock") {
            break;
        }
        std::thread::sleep(WAIT * attempt);
    }
    Err(why)
}

fn with<'a>(arguments: &[&'a str], paths: &[&'a str]) -> Vec<&'a str> {
    arguments.iter().chain(paths).copied().collect()
}

/// Makes git know a new file, without its content, so that it can be committed alone. Whether there is anything to commit.
fn prepare(dir: &Path, path: &str) -> bool {
    let succeeds = |arguments: &[&str]| git(dir, arguments).is_ok_and(|output| output.status.success());
    succeeds(&["ls-files", "--error-unmatch", "--", path]) || (dir.join(path).exists() && succeeds(&["add", "--intent-to-add", "--", path]))
}

/// Runs git in the library's folder, without asking anybody anything.
fn git(dir: &Path, arguments: &[&str]) -> io::Result<Output> {
    let mut command = Command::new("git");
    command.arg("--literal-pathspecs").arg("-C").arg(PathBuf::from(dir)).args(arguments);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    command.envs(COMMITTER).env("GIT_TERMINAL_PROMPT", "0").env("GIT_EDITOR", "true");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let begin = Instant::now();
    while child.try_wait()?.is_none() {
        if begin.elapsed() > MAX_RUN {
            let _ = child.kill();
            let _ = child.wait();
            return Err(io::Error::new(io::ErrorKind::TimedOut, "git took too long"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output()
}

/// A name as git takes it.
fn name_of(author: &str) -> String {
    let name: String = author.chars().filter(|c| !c.is_control() && !"<>".contains(*c)).collect();
    if name.trim().is_empty() { "huashu".to_owned() } else { name.trim().to_owned() }
}

/// The same as the first part of an address.
fn mail_of(author: &str) -> String {
    let mail: String = author.chars().filter(|c| c.is_alphanumeric() || "._-".contains(*c)).collect();
    if mail.is_empty() { "huashu".to_owned() } else { mail }
}
