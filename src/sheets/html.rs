//! Replies as other programs keep them, in HTML, to plain text and back. Pure. Nothing of the markup is kept: a chat sends text.

/// Tags that end a line.
const BREAKS: [&str; 12] = ["br", "p", "div", "li", "ul", "ol", "tr", "table", "blockquote", "h1", "h2", "h3"];

/// Entities that people and editors write; numbers are understood as well.
const ENTITIES: [(&str, &str); 7] = [("amp", "&"), ("lt", "<"), ("gt", ">"), ("quot", "\""), ("apos", "'"), ("nbsp", " "), ("ldquo", "“")];

/// The text of a piece of HTML; plain text stays as it is.
pub(super) fn to_text(html: &str) -> String {
    let has_tags = tags(html).next().is_some();
    let mut text = String::with_capacity(html.len());
    let mut at = 0;
    for (start, end, name) in tags(html) {
        // Between tags a line end is white space.
        push_text(&mut text, &html[at..start], has_tags);
        at = end;
        let is_break = BREAKS.contains(&name.as_str());
        if name == "br" || (is_break && !text.is_empty() && !text.ends_with('\n')) {
            text.push('\n');
        }
    }
    push_text(&mut text, &html[at..], has_tags);
    text.trim_matches('\n').to_owned()
}

/// Each tag that begins with a letter: where it begins and ends, and its name in small letters. `3 < 5` has none.
fn tags(html: &str) -> impl Iterator<Item = (usize, usize, String)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + html[from..].find('<')?;
            let rest = html[start + 1..].trim_start_matches('/');
            let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
            let end = html[start..].find('>').map(|length| start + length + 1);
            match end {
                Some(end) if rest.starts_with(|first: char| first.is_ascii_alphabetic()) => {
                    from = end;
                    return Some((start, end, name.to_ascii_lowercase()));
                }
                _ => from = start + 1,
            }
        }
    })
}

fn push_text(text: &mut String, piece: &str, is_markup: bool) {
    let piece = if is_markup { piece.replace(['\n', '\r'], "") } else { piece.to_owned() };
    let mut rest = piece.as_str();
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let entity = rest.find(';').filter(|end| *end < 12).and_then(|end| Some((end, entity(&rest[1..end])?)));
        match entity {
            Some((end, meaning)) => {
                text.push_str(&meaning);
                rest = &rest[end + 1..];
            }
            None => {
                text.push('&');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
}

fn entity(name: &str) -> Option<String> {
    if let Some((_, meaning)) = ENTITIES.iter().find(|(known, _)| *known == name) {
        return Some((*meaning).to_owned());
    }
    let number = name.strip_prefix('#')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    Some(char::from_u32(code.ok()?)?.to_string())
}

/// Plain text as HTML.
pub(super) fn from_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markup_goes_and_lines_stay() {
        let check = |html: &str, expect: &str| assert_eq!(to_text(html), expect, "{html}");
        check("<div>亲，<b>今天</b>发出。</div>\n<div>请稍等</div>", "亲，今天发出。\n请稍等");
        check("第一行<br/>第二行<br><br>第四行", "第一行\n第二行\n\n第四行");
        check("<ul><li>一</li><li>二</li></ul>", "一\n二");
        check("满 3 < 5 &amp; 5 > 3\n下一行", "满 3 < 5 & 5 > 3\n下一行");
        check("A&nbsp;B &#20146; &#x4eb2; &unknown; &", "A B 亲 亲 &unknown; &");
        check("<script>alert(1)</script>没有关的 <b", "alert(1)没有关的 <b");
    }

    proptest! {
        #[test]
        fn text_comes_back_as_it_was(text in "[甲乙<>&;a b\n]{0,12}") {
            prop_assert_eq!(to_text(&from_text(&text)), text.trim_matches('\n'));
        }
    }
}
