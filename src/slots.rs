//! Slots: the blanks of a reply, `{{订单号}}`, `{{昵称|亲}}`, `{{店铺.退货地址}}`; found, checked and filled. Pure.

use std::ops::Range;

/// Longest name of a slot, in characters: it is a label on the screen.
pub const MAX_SLOT_NAME_CHARS: usize = 40;

/// Prefixes of slots that a shop fills.
const SHOP_PREFIXES: [&str; 2] = ["店铺.", "shop."];

/// One blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot<'a> {
    /// Its name, trimmed.
    pub name: &'a str,
    /// What stands where nobody fills it.
    pub fallback: Option<&'a str>,
    /// Bytes in the text, braces included.
    pub span: Range<usize>,
}

impl<'a> Slot<'a> {
    /// The name of the shop's value, where a shop fills it.
    pub fn shop_value(&self) -> Option<&'a str> {
        SHOP_PREFIXES.iter().find_map(|prefix| self.name.strip_prefix(prefix))
    }

    /// Whether the name is one that can be shown and asked for.
    pub fn is_well_named(&self) -> bool {
        let length = self.name.chars().count();
        (1..=MAX_SLOT_NAME_CHARS).contains(&length) && !self.name.contains(['{', '}', '\n'])
    }
}

/// A text cut at its slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slots<'a> {
    /// The blanks in order.
    pub slots: Vec<Slot<'a>>,
    /// Bytes of `{{` that no `}}` follows on the same line.
    pub unclosed: Vec<usize>,
}

/// Finds the slots of a text.
pub fn find(text: &str) -> Slots<'_> {
    let (mut slots, mut unclosed, mut at) = (Vec::new(), Vec::new(), 0);
    while let Some(open) = text[at..].find("{{").map(|found| at + found) {
        let inside = open + 2;
        // Up to the next blank and the end of its line: nothing is looked at twice, however many blanks a text has.
        let rest = &text[inside..];
        let rest = &rest[..rest.find("{{").unwrap_or(rest.len())];
        match rest[..rest.find('\n').unwrap_or(rest.len())].find("}}") {
            Some(close) => {
                let content = &rest[..close];
                let (name, fallback) =
                    content.split_once(['|', '｜']).map_or((content, None), |(name, fallback)| (name, Some(fallback.trim())));
                slots.push(Slot { name: name.trim(), fallback, span: open..inside + close + 2 });
                at = inside + close + 2;
            }
            None => {
                unclosed.push(open);
                at = inside;
            }
        }
    }
    Slots { slots, unclosed }
}

/// A text with its slots filled as far as values were there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filled {
    /// The text; a slot without value and fallback stands as written.
    pub text: String,
    /// Names of those slots, each once, in order.
    pub missing: Vec<String>,
}

/// Fills the slots of a text: `value` gives what is known for a slot (empty counts as unknown), the fallback stands in for the rest.
pub fn fill<'v>(text: &str, value: impl Fn(&Slot) -> Option<&'v str>) -> Filled {
    let mut filled = Filled::default();
    let mut at = 0;
    for slot in find(text).slots {
        filled.text.push_str(&text[at..slot.span.start]);
        at = slot.span.end;
        if let Some(known) = value(&slot).filter(|known| !known.trim().is_empty()).or(slot.fallback) {
            filled.text.push_str(known);
        } else {
            filled.text.push_str(&text[slot.span.clone()]);
            if !filled.missing.iter().any(|name| name == slot.name) {
                filled.missing.push(slot.name.to_owned());
            }
        }
    }
    filled.text.push_str(&text[at..]);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_then_fallbacks_fill_and_the_rest_is_missing() {
        let filled = fill("{{昵称|亲}}，{{订单号}} 寄到 {{店铺.退货地址}}，{{订单号}}", |slot| {
            (slot.shop_value() == Some("退货地址")).then_some("杭州")
        });
        assert_eq!(filled.text, "亲，{{订单号}} 寄到 杭州，{{订单号}}");
        assert_eq!(filled.missing, ["订单号"]);
    }

    #[test]
    fn a_slot_without_end_is_told_with_its_place() {
        let found = find("a {{订单号 b {{x}} c {{\n}}");
        assert_eq!(found.unclosed, [2, 24]);
        assert_eq!(found.slots.len(), 1);
    }

    #[test]
    fn names_have_limits() {
        assert!(!find("{{}}").slots[0].is_well_named());
        assert!(!find(&format!("{{{{{}}}}}", "长".repeat(41))).slots[0].is_well_named());
        assert!(find("{{ 订单号 }}").slots[0].is_well_named());
    }
}
