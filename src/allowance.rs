//! What somebody may promise a customer in money (额度): amounts in the slots of a reply against the limits of a role. Pure.
//!
//! Amounts are counted in fen, so that a hundred times 0.1 is ten.

use crate::access::Role;

/// Slots that hold money where the admin names none.
pub const MONEY_SLOTS: [&str; 10] =
    ["金额", "补偿金额", "赔付金额", "赔偿金额", "退款金额", "优惠金额", "减免金额", "补差金额", "返现金额", "券额"];

/// Largest amount that is read, in fen: a hundred million yuan.
const MAX_FEN: i64 = 10_000_000_000;

/// What a role may promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Of whom.
    pub role: Role,
    /// In this shop; absent: in those without a limit of their own, all together.
    pub shop: Option<String>,
    /// In one reply, in fen; absent: any amount.
    pub per_reply: Option<i64>,
    /// By one person on one day, in fen; absent: any amount.
    pub per_day: Option<i64>,
}

/// What somebody promised on a day in a shop, in fen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promised {
    /// The shop, where one was known.
    pub shop: Option<String>,
    /// How much.
    pub fen: i64,
}

/// Why an amount may not go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Excess {
    /// It is no amount that can be read.
    Unreadable,
    /// More than one reply may promise.
    Reply {
        /// The limit.
        limit: i64,
    },
    /// More than is left of the day.
    Day {
        /// The limit.
        limit: i64,
        /// What was promised before.
        promised: i64,
    },
}

/// The limit of a role in a shop: the shop's own, else the one for all others. Where no shop is known and none is for all, the least: a
/// request that keeps its shop to itself gains nothing.
pub fn limit_of<'l>(limits: &'l [Limit], role: Role, shop: Option<&str>) -> Option<&'l Limit> {
    let of_role = || limits.iter().filter(move |limit| limit.role == role);
    let of = |wanted: Option<&str>| of_role().find(|limit| limit.shop.as_deref() == wanted);
    let least = || of_role().min_by_key(|limit| limit.per_reply.unwrap_or(i64::MAX)).filter(|_| shop.is_none());
    shop.and_then(|shop| of(Some(shop))).or_else(|| of(None)).or_else(least)
}

/// Whether a reply with these amounts may go out; `amounts` are the values of its money slots.
pub fn check(limits: &[Limit], role: Role, shop: Option<&str>, promised: &[Promised], amounts: &[&str]) -> Result<i64, Excess> {
    let read: Option<i64> = amounts.iter().map(|amount| read_fen(amount)).sum();
    let Some(limit) = limit_of(limits, role, shop) else { return Ok(read.unwrap_or(0)) };
    let fen = read.ok_or(Excess::Unreadable)?;
    if let Some(most) = limit.per_reply.filter(|most| fen > *most) {
        return Err(Excess::Reply { limit: most });
    }
    let counts = |of: &&Promised| match &limit.shop {
        Some(shop) => of.shop.as_ref() == Some(shop),
        // The common limit is for all shops that have none of their own.
        None => limit_of(limits, role, of.shop.as_deref()) == Some(limit),
    };
    let before: i64 = promised.iter().filter(counts).map(|of| of.fen).sum();
    match limit.per_day {
        Some(most) if fen > 0 && before.saturating_add(fen) > most => Err(Excess::Day { limit: most, promised: before }),
        _ => Ok(fen),
    }
}

/// Roles that may promise an amount in one reply, in a shop.
pub fn who_may(limits: &[Limit], shop: Option<&str>, fen: i64) -> impl Iterator<Item = Role> {
    let may = move |role: &Role| limit_of(limits, *role, shop).is_none_or(|limit| limit.per_reply.is_none_or(|most| fen <= most));
    Role::ALL.into_iter().filter(may)
}

/// Reads `20`, `20.5元`, `￥1,000`; nothing else, so that no wording gets around a limit.
pub fn read_fen(text: &str) -> Option<i64> {
    let folded = crate::analysis::fold(text.trim()).text;
    let text: String = folded.chars().filter(|c| !c.is_whitespace() && *c != ',').collect();
    let text = text.trim_start_matches(['¥', '￥']);
    let text = ["人民币", "元整", "元", "块钱", "块", "rmb"].iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or(text);
    let (yuan, part) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(yuan) || !is_number(part) || part.len() > 2 || yuan.len() > 9 {
        return None;
    }
    let part: i64 = format!("{part:0<2}").parse().ok()?;
    Some(yuan.parse::<i64>().ok()? * 100 + part).filter(|fen| *fen <= MAX_FEN)
}

/// `20` or `20.5`, in yuan.
pub fn yuan(fen: i64) -> String {
    match fen % 100 {
        0 => (fen / 100).to_string(),
        part => format!("{}.{part:02}", fen / 100).trim_end_matches('0').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_they_are_written_and_nothing_else_is() {
        let check = |text: &str, expect: Option<i64>| assert_eq!(read_fen(text), expect, "{text}");
        check("20", Some(2000));
        check(" ２０.５ 元", Some(2050));
        check("￥1,000.05", Some(100_005));
        check("8块", Some(800));
        check("0", Some(0));
        check("二十", None);
        check("2万", None);
        check("20-50", None);
        check("-5", None);
        check("1.234", None);
        check("", None);
        check("元", None);
        check("99999999999", None);
        assert_eq!((yuan(2000), yuan(2050), yuan(5)), ("20".into(), "20.5".into(), "0.05".into()));
    }

    #[test]
    fn limits_hold_by_role_shop_and_day() {
        let limit = |role, shop: Option<&str>, per_reply: i64, per_day: i64| Limit {
            role,
            shop: shop.map(str::to_owned),
            per_reply: Some(per_reply),
            per_day: Some(per_day),
        };
        let limits = [limit(Role::Agent, None, 2000, 5000), limit(Role::Agent, Some("旗舰店"), 5000, 6000)];
        let promised = |shop: &str, fen| Promised { shop: Some(shop.to_owned()), fen };
        let before = [promised("旗舰店", 5500), promised("专卖店", 1000), promised("专营店", 2500)];
        let check = |role, shop: &str, amounts: &[&str], expect: Result<i64, Excess>| {
            assert_eq!(check(&limits, role, Some(shop), &before, amounts), expect, "{shop} {amounts:?}");
        };
        check(Role::Agent, "专卖店", &["15"], Ok(1500));
        check(Role::Agent, "专卖店", &["20.01"], Err(Excess::Reply { limit: 2000 }));
        check(Role::Agent, "专卖店", &["15", "6"], Err(Excess::Reply { limit: 2000 }));
        // The shops without a limit of their own share the day.
        check(Role::Agent, "专卖店", &["16"], Err(Excess::Day { limit: 5000, promised: 3500 }));
        check(Role::Agent, "旗舰店", &["5"], Ok(500));
        check(Role::Agent, "旗舰店", &["6"], Err(Excess::Day { limit: 6000, promised: 5500 }));
        check(Role::Agent, "专卖店", &["很多"], Err(Excess::Unreadable));
        check(Role::Agent, "专卖店", &[], Ok(0));
        check(Role::Lead, "专卖店", &["1000"], Ok(100_000));
        assert_eq!(limit_of(&limits[1..], Role::Agent, None), Some(&limits[1]));
        assert_eq!(limit_of(&limits[1..], Role::Agent, Some("专卖店")), None);
        assert_eq!(who_may(&limits, Some("专卖店"), 3000).next(), Some(Role::Qa));
        assert_eq!(who_may(&limits, Some("旗舰店"), 3000).next(), Some(Role::Agent));
    }
}
