//! Private data in a text: found with its place, and masked by typed placeholders, the same in questions and phrasings. Pure.
//!
//! Called by `journal` and `learning` before anything of a customer is kept, by `query` for questions, by `http` for drafts. It errs on the
//! side of masking: a number too many masked costs a little of a question, one too few cannot be taken back.

mod address;
mod name;
mod number;

use crate::analysis::fold;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// What kind of private data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PrivateKind {
    /// A mobile number or a line, with country code and extension.
    Phone,
    /// A resident identity card of 18 characters (GB 11643).
    IdCard,
    /// A payment card (ISO/IEC 7812).
    BankCard,
    /// Number of an order.
    Order,
    /// Number of a parcel.
    Tracking,
    /// An e-mail address.
    Email,
    /// Street, house and room.
    Address,
    /// A person's name.
    Name,
    /// Another long number.
    Number,
}

impl PrivateKind {
    /// All kinds.
    pub const ALL: [PrivateKind; 9] = [
        PrivateKind::Phone,
        PrivateKind::IdCard,
        PrivateKind::BankCard,
        PrivateKind::Order,
        PrivateKind::Tracking,
        PrivateKind::Email,
        PrivateKind::Address,
        PrivateKind::Name,
        PrivateKind::Number,
    ];

    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            PrivateKind::Phone => "phone",
            PrivateKind::IdCard => "id_card",
            PrivateKind::BankCard => "bank_card",
            PrivateKind::Order => "order",
            PrivateKind::Tracking => "tracking",
            PrivateKind::Email => "email",
            PrivateKind::Address => "address",
            PrivateKind::Name => "name",
            PrivateKind::Number => "number",
        }
    }

    /// The name for people.
    pub fn zh(self) -> &'static str {
        match self {
            PrivateKind::Phone => "手机号",
            PrivateKind::IdCard => "身份证号",
            PrivateKind::BankCard => "银行卡号",
            PrivateKind::Order => "订单号",
            PrivateKind::Tracking => "快递单号",
            PrivateKind::Email => "邮箱地址",
            PrivateKind::Address => "地址",
            PrivateKind::Name => "姓名",
            PrivateKind::Number => "长数字",
        }
    }

    /// Whether it never belongs into a message to a customer, as order numbers, our address and our names do.
    pub fn is_secret(self) -> bool {
        matches!(self, PrivateKind::Phone | PrivateKind::IdCard | PrivateKind::BankCard | PrivateKind::Email)
    }

    /// What stands in its place.
    pub fn placeholder(self) -> &'static str {
        match self {
            PrivateKind::Phone => "<手机>",
            PrivateKind::IdCard => "<身份证>",
            PrivateKind::BankCard => "<银行卡>",
            PrivateKind::Order => "<订单号>",
            PrivateKind::Tracking => "<快递单号>",
            PrivateKind::Email => "<邮箱>",
            PrivateKind::Address => "<地址>",
            PrivateKind::Name => "<姓名>",
            PrivateKind::Number => "<数字>",
        }
    }
}

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Private {
    /// What it is.
    pub kind: PrivateKind,
    /// Bytes of the text.
    pub span: Range<usize>,
}

/// RFC 5322 allows far more; this is what people have.
static EMAIL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[a-z0-9._%+-]{1,64} ?@ ?[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}").ok());

/// All private data in a text, ascending, without overlaps.
pub fn find(text: &str) -> Vec<Private> {
    let folded = fold(text);
    let mut found: Vec<Private> = EMAIL
        .iter()
        .flat_map(|email| email.find_iter(&folded.text))
        .map(|hit| Private { kind: PrivateKind::Email, span: hit.range() })
        .collect();
    add(&mut found, number::find(&folded.text));
    add(&mut found, address::find(&folded.text));
    let names = name::find(&folded.text, &found);
    add(&mut found, names);
    found.iter_mut().for_each(|private| private.span = folded.original(private.span.clone()));
    found
}

/// A text with placeholders in place of private data.
pub fn mask(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for private in find(text) {
        masked.push_str(&text[at..private.span.start]);
        masked.push_str(private.kind.placeholder());
        at = private.span.end;
    }
    masked.push_str(&text[at..]);
    masked
}

/// Adds what overlaps nothing that was found before; an address swallows the numbers within it.
fn add(found: &mut Vec<Private>, more: Vec<Private>) {
    for private in more {
        let overlaps = |other: &Private| other.span.start < private.span.end && private.span.start < other.span.end;
        if private.kind == PrivateKind::Address {
            let inside = |other: &Private| private.span.start <= other.span.start && other.span.end <= private.span.end;
            found.retain(|other| !(other.kind == PrivateKind::Number && inside(other)));
        }
        if !found.iter().any(overlaps) {
            found.push(private);
        }
    }
    found.sort_unstable_by_key(|private| private.span.start);
}

#[cfg(test)]
mod tests;
