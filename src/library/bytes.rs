//! Values as bytes and back: the form in which a library is kept for the next start. Pure. Read by the program that wrote it and by no other, so
//! that it needs no names, no versions and no care for old forms; whatever else is in the bytes gives `None`, never a wrong length or a panic.

use crate::entry::{Act, Authority, Entry, Kind, Link, Passage, Period, Picture, Reply, Segment, State};
use crate::facet::Facet;
use crate::problem::{Code, Problem};
use jiff::civil::{Date, DateTime, Time};
use std::ops::Range;
use std::sync::Arc;

/// A value that can be kept.
pub(super) trait Kept: Sized {
    /// Writes it behind what is there.
    fn put(&self, out: &mut Vec<u8>);
    /// Takes it from the front; `None` where no such value stands there.
    fn take(from: &mut Bytes) -> Option<Self>;
}

/// Bytes not yet read.
pub(super) struct Bytes<'b>(pub(super) &'b [u8]);

impl<'b> Bytes<'b> {
    fn split(&mut self, length: usize) -> Option<&'b [u8]> {
        let (front, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(front)
    }

    fn text(&mut self) -> Option<&'b str> {
        let length = usize::take(self)?;
        std::str::from_utf8(self.split(length)?).ok()
    }
}

/// A struct is its fields, one after another. The pattern names them all: a field that is forgotten here does not compile.
macro_rules! kept {
    ($($type:ty { $($field:ident),* $(,)? })*) => {$(
        impl $crate::library::bytes::Kept for $type {
            fn put(&self, out: &mut Vec<u8>) {
                let Self { $($field),* } = self;
                $($crate::library::bytes::Kept::put($field, out);)*
            }

            fn take(from: &mut $crate::library::bytes::Bytes) -> Option<Self> {
                Some(Self { $($field: $crate::library::bytes::Kept::take(from)?),* })
            }
        }
    )*};
}
pub(super) use kept;

/// A value out of a list is its place there.
macro_rules! kept_by_place {
    ($($type:ty = $all:expr;)*) => {$(
        impl Kept for $type {
            fn put(&self, out: &mut Vec<u8>) {
                let place = $all.iter().position(|value| value == self);
                place.unwrap_or(usize::MAX).put(out);
            }

            fn take(from: &mut Bytes) -> Option<Self> {
                $all.get(usize::take(from)?).copied()
            }
        }
    )*};
}

kept! {
    Entry { id, path, content_hash, title, kind, questions, trigger, act, category, facets, tags, shortcut, hours, authority, valid, campaign,
        replaces, state, source, checked_on, review_by, next, note, advice, replies, passages, links }
    Period { from, until }
    Reply { id, label, conditions, segments, line }
    Segment { text, pictures, origins }
    Picture { alt, target }
    Passage { slug, heading, text, line }
    Link { target, in_reply, span }
    Problem { path, line, column, width, code, zh, en }
}

kept_by_place! {
    Kind = [Kind::Answer, Kind::Policy, Kind::Case];
    Act = Act::ALL;
    Authority = [Authority::Agent, Authority::Lead, Authority::Manager];
    State = [State::Draft, State::Approved, State::Retired];
    Facet = Facet::ALL;
    Code = Code::ALL;
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
impl Kept for u64 {
    fn put(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        while rest >= 0x80 {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }

    fn take(from: &mut Bytes) -> Option<Self> {
        let mut value = 0;
        for shift in (0..Self::BITS).step_by(7) {
            let [byte] = *from.split(1)? else { return None };
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

impl Kept for u32 {
    fn put(&self, out: &mut Vec<u8>) {
        u64::from(*self).put(out);
    }

    fn take(from: &mut Bytes) -> Option<Self> {
        u64::take(from)?.try_into().ok()
    }
}

impl Kept for usize {
    fn put(&self, out: &mut Vec<u8>) {
        (*self as u64).put(out);
    }

    fn take(from: &mut Bytes) -> Option<Self> {
        u64::take(from)?.try_into().ok()
    }
}

/// The sign in the lowest bit, so that small numbers stay short.
impl Kept for i64 {
    fn put(&self, out: &mut Vec<u8>) {
        ((*self << 1) ^ (*self >> 63)).cast_unsigned().put(out);
    }

    fn take(from: &mut Bytes) -> Option<Self> {
        let folded = u64::take(from)?;
        Some((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }
}

impl Kept for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(from: &mut Bytes) -> Option<Self> {
        match from.split(1)? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

impl Kept for [u8; 32] {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn take(from: &mut Bytes) -> Option<Self> {
        from.split(32)?.try_into().ok()
    }
}

impl Kept for String {
    fn put(&self, out: &mut Vec<u8>) {
        self.len().put(out);
        out.extend_from_slice(self.as_bytes());
    }

    fn take(from: &mut Bytes) -> Option<Self> {
        from.text().map(str::to_owned)
    }
}

impl Kept for Arc<str> {
    fn put(&self, out: &mut Vec<u8>) {
        self.len().put(out);
        out.extend_from_slice(self.as_bytes());
    }

    fn take(from: &mut Bytes) -> Option<Self> {
        from.text().map(Arc::from)
    }
}

impl<T: Kept> Kept for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.len().put(out);
        self.iter().for_each(|value| value.put(out));
    }

    fn take(from: &mut Bytes) -> Option<Self> {
        let length = usize::take(from)?;
        // No value is shorter than a byte: a wrong length asks for no memory.
        let mut values = Vec::with_capacity(length.min(from.0.len()));
        for _ in 0..length {
            values.push(T::take(from)?);
        }
        Some(values)
    }
}

impl<T: Kept> Kept for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(from: &mut Bytes) -> Option<Self> {
        if bool::take(from)? { T::take(from).map(Some) } else { Some(None) }
    }
}

impl<T: Kept> Kept for Arc<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (**self).put(out);
    }

    fn take(from: &mut Bytes) -> Option<Self> {
        T::take(from).map(Arc::new)
    }
}

impl<A: Kept, B: Kept> Kept for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut Bytes) -> Option<Self> {
        Some((A::take(from)?, B::take(from)?))
    }
}

impl<A: Kept, B: Kept, C: Kept> Kept for (A, B, C) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
        self.2.put(out);
    }

    fn take(from: &mut Bytes) -> Option<Self> {
        Some((A::take(from)?, B::take(from)?, C::take(from)?))
    }
}

impl Kept for Range<usize> {
    fn put(&self, out: &mut Vec<u8>) {
        self.start.put(out);
        self.end.put(out);
    }

    fn take(from: &mut Bytes) -> Option<Self> {
        Some(usize::take(from)?..usize::take(from)?)
    }
}

impl Kept for Date {
    fn put(&self, out: &mut Vec<u8>) {
        [self.year().into(), self.month().into(), self.day().into()].iter().for_each(|part: &i64| part.put(out));
    }

    fn take(from: &mut Bytes) -> Option<Self> {
        let mut part = || i64::take(from);
        Date::new(part()?.try_into().ok()?, part()?.try_into().ok()?, part()?.try_into().ok()?).ok()
    }
}

impl Kept for DateTime {
    fn put(&self, out: &mut Vec<u8>) {
        self.date().put(out);
        [self.hour().into(), self.minute().into(), self.second().into(), self.subsec_nanosecond().into()]
            .iter()
            .for_each(|part: &i64| part.put(out));
    }

    fn take(from: &mut Bytes) -> Option<Self> {
        let date = Date::take(from)?;
        let mut part = || i64::take(from);
        let (hour, minute, second) = (part()?.try_into().ok()?, part()?.try_into().ok()?, part()?.try_into().ok()?);
        let time = Time::new(hour, minute, second, part()?.try_into().ok()?).ok()?;
        Some(DateTime::from_parts(date, time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown;

    fn check<T: Kept + PartialEq + std::fmt::Debug>(value: &T) {
        let mut bytes = Vec::new();
        value.put(&mut bytes);
        let mut from = Bytes(&bytes);
        assert_eq!(T::take(&mut from).as_ref(), Some(value));
        assert!(from.0.is_empty(), "{value:?}: {} bytes are left", from.0.len());
        for end in 0..bytes.len() {
            assert_eq!(T::take(&mut Bytes(&bytes[..end])), None, "{value:?}: cut after {end} bytes");
        }
    }

    #[test]
    fn what_was_put_is_taken_and_nothing_from_a_part_of_it() {
        [0, 1, 127, 128, 300, u64::MAX].iter().for_each(check);
        [0, 1, -1, 63, -64, i64::MIN, i64::MAX].iter().for_each(check);
        check(&vec![(Some("话术".to_owned()), 3_u32..4).0, None]);
        check(&(Facet::Shop, Code::BrokenLink, [7; 32]));
        check(&Some(jiff::civil::date(2026, 11, 22)));
        check(&jiff::civil::date(-1, 1, 31).at(23, 59, 58, 7));
    }

    #[test]
    fn an_entry_comes_back_with_all_that_it_has() {
        let text = "---\ntitle: 催发货\nkind: policy\nquestions: [怎么还没发货]\ncategory: 物流/发货\nstage: 售中\ntags: [催单]\nshortcut: cfh\n\
            channels: [抖音]\nauthority: 组长\nvalid: {from: 2026-11-10 20:00, until: 2026-11-12}\ncampaign: 双11\nreplaces: 发货时间\n\
            state: draft\nsource: https://example.com\nchecked_on: 2026-01-02\nreview_by: 2027-01-01\nnext: [安抚]\nnote: 记\n---\n\
            先道歉。\n\n> 您好\n>\n> ***\n>\n> ![图](图/a.png) {{订单号}}\n\n## 抖音\n\n> 见[这里](b.md)\n";
        let (lexicon, _) = crate::lexicon::load(&[]);
        let entry = markdown::parse("物流/一切.md", text.as_bytes(), &lexicon.facets).entry.unwrap();
        assert_eq!((entry.replies.len(), entry.replies[0].segments.len(), entry.passages.len()), (2, 2, 2));
        check(&entry);
    }

    #[test]
    fn a_length_that_is_wrong_asks_for_no_memory() {
        let mut bytes = Vec::new();
        usize::MAX.put(&mut bytes);
        assert_eq!(Vec::<String>::take(&mut Bytes(&bytes)), None);
        assert_eq!(String::take(&mut Bytes(&bytes)), None);
    }
}
