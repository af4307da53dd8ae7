//! Bytes of a text file to text: UTF-8, GB18030 (what Excel writes in China), UTF-16 with a mark. Never guesses silently wrong: what
//! cannot be decoded whole is an error with its line.

use super::rows::TableError;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};

/// Up to this share of characters beyond ASCII may be broken for a text still to be called UTF-8: one bad byte in a UTF-8 file shall be
/// reported where it stands, not make the whole file Chinese of another kind. GB18030 read as UTF-8 is broken nearly everywhere.
const BROKEN_UTF8_SHARE: f64 = 0.1;

/// Decodes a file; a byte order mark goes.
///
/// # Errors
/// [`TableError::Undecodable`] with the line of the first byte that is no text.
pub(super) fn decode(bytes: &[u8]) -> Result<String, TableError> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decode_as(encoding, &bytes[mark..]);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) if is_broken_utf8(bytes) => Err(undecodable(UTF_8, bytes, error.valid_up_to())),
        Err(_) => decode_as(guess(bytes), bytes),
    }
}

fn is_broken_utf8(bytes: &[u8]) -> bool {
    let (mut broken, mut sound) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        sound += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    (broken as f64) < BROKEN_UTF8_SHARE * sound as f64
}

/// GB18030 unless the bytes speak for Big5: a table that is neither fails to decode and is an error, rather than mojibake.
fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    match detector.guess(Some(b"cn"), Utf8Detection::Deny) {
        guessed if guessed == BIG5 => BIG5,
        guessed if guessed == GBK || guessed == GB18030 => GB18030,
        // A few characters are too few to guess from; strict decoding decides.
        _ => GB18030,
    }
}

fn decode_as(encoding: &'static Encoding, bytes: &[u8]) -> Result<String, TableError> {
    match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok(text.into_owned()),
        None => Err(undecodable(encoding, bytes, first_malformed(encoding, bytes))),
    }
}

/// The offset of the first byte that is no text.
fn first_malformed(encoding: &'static Encoding, bytes: &[u8]) -> usize {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len() * 3));
    match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
        (encoding_rs::DecoderResult::Malformed(length, after), read) => read.saturating_sub(usize::from(length) + usize::from(after)),
        (_, read) => read,
    }
}

fn undecodable(encoding: &'static Encoding, bytes: &[u8], offset: usize) -> TableError {
    // In UTF-16 a line feed is two bytes; in all the others no character has one inside.
    let before = &bytes[..offset.min(bytes.len())];
    let line = match encoding {
        wide if wide == UTF_16LE => before.chunks_exact(2).filter(|pair| *pair == [b'\n', 0]).count(),
        wide if wide == UTF_16BE => before.chunks_exact(2).filter(|pair| *pair == [0, b'\n']).count(),
        _ => before.iter().filter(|byte| **byte == b'\n').count(),
    };
    let name = if encoding == GB18030 { "UTF-8 / GB18030" } else { encoding.name() };
    TableError::Undecodable { encoding: name, line: line + 1, byte: offset + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expect: Result<&str, (&str, usize)>) {
        let found = decode(bytes);
        match (&found, expect) {
            (Ok(text), Ok(expected)) => assert_eq!(text, expected),
            (Err(TableError::Undecodable { encoding, line, .. }), Err(expected)) => assert_eq!((*encoding, *line), expected),
            _ => panic!("{found:?}, not {expect:?}"),
        }
    }

    fn encoded(encoding: &'static Encoding, text: &str) -> Vec<u8> {
        encoding.encode(text).0.into_owned()
    }

    #[test]
    fn what_shops_save_is_text() {
        check("编号".as_bytes(), Ok("编号"));
        check("\u{feff}编号".as_bytes(), Ok("编号"));
        check(&encoded(GB18030, "编号,问题\n1,怎么还没发货𠮷"), Ok("编号,问题\n1,怎么还没发货𠮷"));
        check(&encoded(GB18030, "问"), Ok("问"));
        check(&encoded(GB18030, "id,q\r\n1,€100"), Ok("id,q\r\n1,€100"));
        let utf16: Vec<u8> = "\u{feff}编号\t问题".encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(&utf16, Ok("编号\t问题"));
        check(b"", Ok(""));
    }

    #[test]
    fn what_is_no_text_is_told_with_its_line() {
        let mut broken = "编号,问题\n1,怎么还没发货\n2,退".as_bytes().to_vec();
        broken.push(0xFF);
        broken.extend_from_slice("货怎么退".as_bytes());
        check(&broken, Err(("UTF-8", 3)));
        let mut broken = encoded(GB18030, "编号,问题\n1,怎么还没发货\n2,退");
        broken.extend_from_slice(b"\xFF\xFF\n3,");
        check(&broken, Err(("UTF-8 / GB18030", 3)));
        let mut broken = vec![0xFF, 0xFE];
        broken.extend("a\n\u{20}".encode_utf16().flat_map(u16::to_le_bytes));
        broken.extend([0x00, 0xD8, 0x20, 0x00]);
        check(&broken, Err(("UTF-16LE", 2)));
    }
}
