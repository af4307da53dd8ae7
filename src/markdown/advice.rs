//! What is always shown of the text for the agent: its first sentence, which says when to use the entry and when not. Pure.

/// Longest advice, in characters: it stands above every hit.
const MAX_ADVICE_CHARS: usize = 200;

/// The first sentence of a line; what ends within quotation marks or brackets ends no sentence (买家问「在吗？」时用。).
/// A semicolon ends none either: behind it stands when not to use it.
pub(super) fn first_sentence(line: &str) -> String {
    let line = line.trim();
    let mut depth = 0_usize;
    let mut characters = line.char_indices().peekable();
    let mut end = line.len();
    while let Some((at, character)) = characters.next() {
        match character {
            '“' | '‘' | '「' | '『' | '（' | '(' | '《' | '【' => depth += 1,
            '”' | '’' | '」' | '』' | '）' | ')' | '》' | '】' => depth = depth.saturating_sub(1),
            '。' | '！' | '？' if depth == 0 => end = at + character.len_utf8(),
            '!' | '?' if depth == 0 && characters.peek().is_none_or(|(_, next)| !next.is_ascii_graphic()) => end = at + 1,
            _ => continue,
        }
        if end < line.len() {
            break;
        }
    }
    let sentence = &line[..end];
    match sentence.char_indices().nth(MAX_ADVICE_CHARS) {
        Some((cut, _)) => format!("{}…", &sentence[..cut]),
        None => sentence.to_owned(),
    }
}
