//! Passwords and random secrets: made, hashed, compared. Pure but for randomness.
//!
//! A password is slow to try (argon2id, some 25 ms); a token or the value of a session has 244 random bits, so that SHA-256 keeps it well
//! and every request can afford it.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

/// Shortest password, in characters (NIST SP 800-63B).
pub const MIN_PASSWORD_CHARS: usize = 8;

/// Longest password, in bytes: longer ones only cost time.
pub const MAX_PASSWORD_BYTES: usize = 512;

/// Characters of a password that is made here: 16 of 32 are 80 bits.
const MADE_PASSWORD_CHARS: usize = 16;

/// What made passwords are made of: nothing that is mistaken for another when read aloud or typed.
const MADE_OF: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// What begins every token of a user, so that scanners for leaked secrets and people know it.
pub const TOKEN_PREFIX: &str = "hs_";

/// A hash of a secret, as it is stored.
pub type SecretDigest = [u8; 32];

/// 244 random bits in hex.
pub fn new_secret() -> String {
    format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}

/// A token of a user.
pub fn new_token() -> String {
    format!("{TOKEN_PREFIX}{}", new_secret())
}

/// What is stored of a secret.
pub fn digest(secret: &str) -> SecretDigest {
    Sha256::digest(secret).into()
}

/// A password for somebody who is to be told it once.
pub fn new_password() -> String {
    let random = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
    // The bytes of a UUID that are wholly random: all but the two with version and variant.
    let bytes = random.iter().flat_map(|uuid| uuid.as_bytes().iter().enumerate().filter(|(at, _)| *at != 6 && *at != 8));
    bytes.map(|(_, byte)| char::from(MADE_OF[usize::from(byte & 31)])).take(MADE_PASSWORD_CHARS).collect()
}

/// Hashes a password for storage, with a salt of its own. Takes some 25 ms.
///
/// # Errors
/// Where the system gives no randomness.
pub fn hash_password(password: &str) -> anyhow::Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| anyhow::anyhow!("the password could not be hashed: {error}"))
}

/// Whether a password is the one of a hash. Where there is no hash it takes as long, and is not.
pub fn is_password(password: &str, hash: Option<&str>) -> bool {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let nobody = || NOBODY.get_or_init(|| hash_password(&new_secret()).unwrap_or_default());
    let known = PasswordHash::new(hash.unwrap_or_else(|| nobody()));
    let fits = known.is_ok_and(|known| Argon2::default().verify_password(password.as_bytes(), &known).is_ok());
    fits && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_hash_alone() {
        let hash = hash_password("合格的密码").unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert_ne!(hash, hash_password("合格的密码").unwrap());
        assert!(is_password("合格的密码", Some(&hash)));
        assert!(!is_password("合格的密吗", Some(&hash)));
        assert!(!is_password("合格的密码", None));
        assert!(!is_password("", Some("")));
    }

    #[test]
    fn secrets_are_long_and_differ() {
        assert_ne!(new_secret(), new_secret());
        assert_eq!(new_token().len(), TOKEN_PREFIX.len() + 64);
        assert_eq!(new_password().len(), MADE_PASSWORD_CHARS);
        assert_ne!(new_password(), new_password());
    }
}
