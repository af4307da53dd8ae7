//! Who may do what: roles, rights, scopes. Pure: `register` knows the people, `http` asks here what one of them may.

use crate::entry::Entry;
use crate::facet::Facet;
use std::sync::Arc;

/// What somebody does in the team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// 客服: searches, uses, proposes.
    Agent,
    /// 质检: reads and comments.
    Qa,
    /// 培训: edits, reviews, reads reports.
    Trainer,
    /// 主管: what a trainer may, and notices and temporary authority for the team.
    Lead,
    /// 管理员: everything, users and settings too.
    Admin,
}

impl Role {
    /// All, least first.
    pub const ALL: [Role; 5] = [Role::Agent, Role::Qa, Role::Trainer, Role::Lead, Role::Admin];

    /// As written in the API and the register.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Agent => "agent",
            Role::Qa => "qa",
            Role::Trainer => "trainer",
            Role::Lead => "lead",
            Role::Admin => "admin",
        }
    }

    /// In Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Role::Agent => "客服",
            Role::Qa => "质检",
            Role::Trainer => "培训",
            Role::Lead => "主管",
            Role::Admin => "管理员",
        }
    }

    /// Reads either.
    pub fn parse(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == name || role.zh() == name)
    }

    /// Whether this role has a right.
    pub fn has(self, right: Right) -> bool {
        match right {
            Right::Use => true,
            Right::Propose => self != Role::Qa,
            Right::Comment | Right::Report => self != Role::Agent,
            Right::Edit => matches!(self, Role::Trainer | Role::Lead | Role::Admin),
            Right::Notify => matches!(self, Role::Lead | Role::Admin),
            Right::Administer => self == Role::Admin,
        }
    }
}

/// What an action needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// Search, read, render, check, tell what was used.
    Use,
    /// Propose entries, cases, phrasings, corrections.
    Propose,
    /// Comment on entries and proposals.
    Comment,
    /// Read reports and what customers asked.
    Report,
    /// Write content, lexicon and shops, decide proposals and learned phrasings, import and export.
    Edit,
    /// Publish notices, lend authority for a time.
    Notify,
    /// Users, tokens of others, settings, the audit list, erasure.
    Administer,
}

impl Right {
    /// All.
    pub const ALL: [Right; 7] = [Right::Use, Right::Propose, Right::Comment, Right::Report, Right::Edit, Right::Notify, Right::Administer];

    /// As told to callers.
    pub fn as_str(self) -> &'static str {
        match self {
            Right::Use => "use",
            Right::Propose => "propose",
            Right::Comment => "comment",
            Right::Report => "report",
            Right::Edit => "edit",
            Right::Notify => "notify",
            Right::Administer => "administer",
        }
    }
}

/// What a user or a token may see; absent: everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Ids of shops. An entry for other shops alone does not exist for the caller.
    pub shops: Option<Vec<String>>,
    /// Paths of categories, each with all below it.
    pub categories: Option<Vec<String>>,
}

impl Scope {
    /// Whether nothing is kept from the caller.
    pub fn is_everything(&self) -> bool {
        self.shops.is_none() && self.categories.is_none()
    }

    /// Whether an entry exists for the caller: it is for one of their shops or for all, and in one of their categories.
    pub fn sees(&self, entry: &Entry) -> bool {
        let mut shops = entry.facet(Facet::Shop).peekable();
        (shops.peek().is_none() || shops.any(|shop| self.sees_shop(shop))) && self.sees_category(&entry.category)
    }

    /// Whether all that another scope lets through is let through by this one.
    pub fn covers(&self, other: &Scope) -> bool {
        let narrowed = self.and(other);
        let same = |a: &Option<Vec<String>>, b: &Option<Vec<String>>| match (a, b) {
            (None, None) => true,
            (Some(a), Some(b)) => b.iter().all(|b| a.contains(b)),
            _ => false,
        };
        same(&narrowed.shops, &other.shops) && same(&narrowed.categories, &other.categories)
    }

    /// Whether a shop exists for the caller.
    pub fn sees_shop(&self, id: &str) -> bool {
        self.shops.as_ref().is_none_or(|shops| shops.iter().any(|shop| shop == id))
    }

    /// Whether what stands in a category exists for the caller.
    pub fn sees_category(&self, category: &str) -> bool {
        self.categories.as_ref().is_none_or(|all| all.iter().any(|of| is_below(category, of)))
    }

    /// What both let through.
    pub fn and(&self, other: &Scope) -> Scope {
        Scope {
            shops: both(self.shops.as_deref(), other.shops.as_deref(), |a, b| (a == b).then(|| a.to_owned())),
            categories: both(self.categories.as_deref(), other.categories.as_deref(), |a, b| {
                if is_below(a, b) { Some(a.to_owned()) } else { is_below(b, a).then(|| b.to_owned()) }
            }),
        }
    }
}

/// Whether a category is another or stands below it.
fn is_below(category: &str, of: &str) -> bool {
    category.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What two lists have in common; no list is everything.
fn both(a: Option<&[String]>, b: Option<&[String]>, common: impl Fn(&str, &str) -> Option<String>) -> Option<Vec<String>> {
    let (a, b) = match (a, b) {
        (None, rest) | (rest, None) => return rest.map(<[String]>::to_vec),
        (Some(a), Some(b)) => (a, b),
    };
    let mut found: Vec<String> = a.iter().flat_map(|a| b.iter().filter_map(|b| common(a, b))).collect();
    found.sort();
    found.dedup();
    Some(found)
}

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// For learning and authorship: the user's name, `local` for the local token, the install id or nothing for nobody.
    pub identity: Arc<str>,
    /// How they proved it.
    pub by: Proof,
    /// What they may.
    pub role: Role,
    /// What they may promise (一线, 组长, 主管); absent: as the request says.
    pub authority: Option<String>,
    /// What they may see.
    pub scope: Scope,
}

/// How a caller proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Not at all: without accounts, on this machine.
    Nobody,
    /// Not at all, where there are accounts.
    Stranger,
    /// By the local token: they may read this machine's data folder.
    LocalToken,
    /// By a session of a user: a person, signed in.
    User,
    /// By a token of a user: a program.
    Token,
}

impl Caller {
    /// Without accounts: searching, reading and events are open on this machine.
    pub fn nobody(install: &str) -> Caller {
        Caller { identity: Arc::from(install), by: Proof::Nobody, role: Role::Agent, authority: None, scope: Scope::default() }
    }

    /// Where there are accounts, whoever shows nothing may nothing.
    pub fn stranger() -> Caller {
        Caller { by: Proof::Stranger, ..Caller::nobody("") }
    }

    /// Who showed the local token.
    pub fn local() -> Caller {
        Caller { identity: Arc::from("local"), by: Proof::LocalToken, role: Role::Admin, authority: None, scope: Scope::default() }
    }

    /// Whether they may.
    pub fn may(&self, right: Right) -> bool {
        match self.by {
            Proof::Nobody => right == Right::Use,
            Proof::Stranger => false,
            Proof::LocalToken | Proof::User | Proof::Token => self.role.has(right),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_have_their_rights_and_no_others() {
        let check = |role: Role, expect: &[Right]| {
            let has: Vec<Right> = Right::ALL.into_iter().filter(|right| role.has(*right)).collect();
            assert_eq!(has, expect, "{role:?}");
        };
        use Right::{Administer, Comment, Edit, Notify, Propose, Report, Use};
        check(Role::Agent, &[Use, Propose]);
        check(Role::Qa, &[Use, Comment, Report]);
        check(Role::Trainer, &[Use, Propose, Comment, Report, Edit]);
        check(Role::Lead, &[Use, Propose, Comment, Report, Edit, Notify]);
        check(Role::Admin, &[Use, Propose, Comment, Report, Edit, Notify, Administer]);
    }

    #[test]
    fn nobody_may_only_use() {
        assert!(Right::ALL.into_iter().all(|right| Caller::nobody("").may(right) == (right == Right::Use)));
        assert!(Right::ALL.into_iter().all(|right| Caller::local().may(right)));
        assert!(!Right::ALL.into_iter().any(|right| Caller::stranger().may(right)));
    }

    #[test]
    fn two_scopes_let_through_what_each_does() {
        let list = |text: Option<&str>| text.map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let check = |a: (Option<&str>, Option<&str>), b: (Option<&str>, Option<&str>), expect: (Option<&str>, Option<&str>)| {
            let scope = |(shops, categories)| Scope { shops: list(shops), categories: list(categories) };
            assert_eq!(scope(a).and(&scope(b)), scope(expect));
            assert_eq!(scope(b).and(&scope(a)), scope(expect));
        };
        check((None, None), (None, None), (None, None));
        check((Some("旗舰店 专卖店"), None), (None, Some("物流")), (Some("旗舰店 专卖店"), Some("物流")));
        check((Some("旗舰店 专卖店"), None), (Some("专卖店"), None), (Some("专卖店"), None));
        check((Some("旗舰店"), None), (Some("专卖店"), None), (Some(""), None));
        check((None, Some("物流 售后/退款")), (None, Some("物流/发货 售后")), (None, Some("售后/退款 物流/发货")));
        check((None, Some("物流")), (None, Some("物流商")), (None, Some("")));
    }

    #[test]
    fn roles_are_read_in_both_languages() {
        assert!(Role::ALL.into_iter().all(|role| Role::parse(role.as_str()) == Some(role) && Role::parse(role.zh()) == Some(role)));
        assert_eq!(Role::parse("boss"), None);
    }
}
