//! Pictures of the library, to be sent with replies. Read when asked for, never kept.

use super::walk::Limits;
use std::fs;
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

/// Largest picture, in bytes: chat platforms take no larger ones.
pub const MAX_PICTURE_BYTES: u64 = 10 * 1024 * 1024;

/// What counts as a picture. SVG does not: it may hold scripts, and no chat takes it.
const MEDIA_TYPES: [(&str, &str); 5] =
    [("png", "image/png"), ("jpg", "image/jpeg"), ("jpeg", "image/jpeg"), ("gif", "image/gif"), ("webp", "image/webp")];

/// Bytes and media type of a picture, its path relative to the library, with `/`.
///
/// # Errors
/// `NotFound` for all that is no picture inside the library, links that lead out of it included; `FileTooLarge`; what the system says.
pub fn read(dir: &Path, path: &str) -> Result<(Vec<u8>, &'static str)> {
    let none = || Error::from(ErrorKind::NotFound);
    let is_plain =
        |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains(['\\', ':']) && !name.contains(char::is_control);
    if path.split('/').count() > Limits::default().depth || !path.split('/').all(is_plain) {
        return Err(none());
    }
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).ok_or_else(none)?;
    let (_, media_type) = MEDIA_TYPES.iter().find(|(known, _)| *known == ending).ok_or_else(none)?;
    let (root, real) = (fs::canonicalize(dir)?, fs::canonicalize(dir.join(path))?);
    let metadata = fs::metadata(&real)?;
    // A pipe would wait for ever.
    if !real.starts_with(&root) || !metadata.is_file() {
        return Err(none());
    }
    if metadata.len() > MAX_PICTURE_BYTES {
        return Err(Error::from(ErrorKind::FileTooLarge));
    }
    Ok((fs::read(&real)?, media_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_inside_the_library_are_read_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let kb = folder.path().join("kb");
        fs::create_dir_all(kb.join("图")).unwrap();
        for (path, bytes) in
            [("kb/图/尺码.PNG", "png"), ("kb/图/a.md", "md"), ("kb/图/x.svg", "svg"), ("secret.png", "no"), ("kb/.隐.png", "no")]
        {
            fs::write(folder.path().join(path), bytes).unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path().join("secret.png"), kb.join("link.png")).unwrap();
        assert_eq!(read(&kb, "图/尺码.PNG").unwrap(), (b"png".to_vec(), "image/png"));
        let absolute = folder.path().join("secret.png").display().to_string();
        for path in [
            "图/a.md",
            "图/x.svg",
            "../secret.png",
            "图/../../secret.png",
            "link.png",
            ".隐.png",
            "图",
            "图/没有.png",
            "",
            "/",
            "图//尺码.PNG",
            &absolute,
        ] {
            assert_eq!(read(&kb, path).unwrap_err().kind(), ErrorKind::NotFound, "{path}");
        }
    }
}
