//! Bytes as hexadecimal digits, as hashes stand in files, headers and databases. Pure.

/// Bytes in lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads a SHA-256 in hex.
pub fn read_hash(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_comes_back_and_nothing_else_is_one() {
        let hash: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 8).unwrap());
        assert!(hex(&hash).starts_with("0008101820"));
        assert_eq!(read_hash(&hex(&hash)), Some(hash));
        for text in ["", "00", &hex(&hash)[1..], &"gg".repeat(32), &"退a".repeat(16)] {
            assert_eq!(read_hash(text), None, "{text}");
        }
    }
}
