//! What tests need of the system: another user, a disk that is full. Where the tester may not have it, the test says that it is skipped.

use super::service::PROGRAM;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The program as an ordinary user runs it: as nobody where the tester is root, who reads everything. `None` where that cannot be.
#[cfg(unix)]
pub(crate) fn ordinary_user(desk: &Path) -> Option<Command> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    const NOBODY: u32 = 65_534;
    if fs::metadata(desk).unwrap().uid() != 0 {
        return Some(Command::new(PROGRAM));
    }
    if Command::new("setpriv").arg("--version").output().is_err() {
        eprintln!("skipped: root reads everything, and setpriv is not here to drop its rights");
        return None;
    }
    // Nobody may not be able to reach the build folder.
    let program = desk.join("huashu");
    fs::hard_link(PROGRAM, &program).or_else(|_| fs::copy(PROGRAM, &program).map(drop)).unwrap();
    fs::set_permissions(desk, fs::Permissions::from_mode(0o755)).unwrap();
    chown(desk, Some(NOBODY), Some(NOBODY)).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
    Some(command)
}

/// A small file system of its own, unmounted when dropped.
#[cfg(target_os = "linux")]
pub(crate) struct Disk {
    dir: TempDir,
}

#[cfg(target_os = "linux")]
impl Disk {
    /// `None`, and the reason printed, where nothing may be mounted.
    pub(crate) fn mount() -> Option<Disk> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "huashu-test"]).arg(dir.path()).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Disk { dir }),
            Ok(output) => {
                eprintln!("skipped: no file system can be mounted here ({})", String::from_utf8_lossy(&output.stderr).trim());
                None
            }
            Err(error) => {
                eprintln!("skipped: no file system can be mounted here ({error})");
                None
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Leaves not a byte.
    pub(crate) fn fill(&self) {
        use std::io::Write;
        let mut file = fs::OpenOptions::new().append(true).create(true).open(self.filler()).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        while file.write_all(&[0]).is_ok() {}
    }

    pub(crate) fn free(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

#[cfg(target_os = "linux")]
impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a server that is just ending may still have files open.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}
