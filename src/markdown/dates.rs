//! Dates and times as people write them in front matter. Pure.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};

/// A date alone, or a date with a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Day(Date),
    At(DateTime),
}

impl Moment {
    /// As the beginning of a period: a day begins at midnight.
    pub(super) fn begin(self) -> DateTime {
        match self {
            Moment::Day(date) => date.to_datetime(Time::midnight()),
            Moment::At(time) => time,
        }
    }

    /// As the exclusive end of a period: a day ends with the midnight after it.
    pub(super) fn end(self) -> DateTime {
        match self {
            Moment::Day(date) => day_after(date),
            Moment::At(time) => time,
        }
    }
}

/// Midnight after a day; the last day that there is ends with itself.
fn day_after(date: Date) -> DateTime {
    date.to_datetime(Time::midnight()).checked_add(1.day()).unwrap_or(DateTime::MAX)
}

/// Reads `2026-11-10`, `2026-11-10 20:00`, `2026-11-10T20:00:30`; `/` for `-`, single digits and `24:00` are understood as well.
pub(super) fn parse(text: &str) -> Option<Moment> {
    let (day, time) = match text.split_once(['T', ' ']) {
        Some((day, time)) => (day, Some(time.trim_start())),
        None => (text, None),
    };
    let date = parse_date(day)?;
    let Some(time) = time else { return Some(Moment::Day(date)) };
    if matches!(time, "24:00" | "24:00:00") {
        return Some(Moment::At(day_after(date)));
    }
    let mut parts = time.split(':').map(|part| number(part, 2));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    if parts.next().is_some() {
        return None;
    }
    let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second).ok()?, 0).ok()?;
    Some(Moment::At(date.to_datetime(time)))
}

/// Reads a date without a time.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let separator = if text.contains('/') { '/' } else { '-' };
    let mut parts = text.split(separator);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    Date::new(number(year, 4)?, i8::try_from(number(month, 2)?).ok()?, i8::try_from(number(day, 2)?).ok()?).ok()
}

fn number(text: &str, most: usize) -> Option<i16> {
    let digits = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, datetime};

    fn check(text: &str, expect: Option<Moment>) {
        assert_eq!(parse(text), expect, "{text:?}");
    }

    #[test]
    fn dates_and_times_are_read_as_people_write_them() {
        check("2026-11-10", Some(Moment::Day(date(2026, 11, 10))));
        check("2026/1/9", Some(Moment::Day(date(2026, 1, 9))));
        check("2026-11-10 20:00", Some(Moment::At(datetime(2026, 11, 10, 20, 0, 0, 0))));
        check("2026-11-10T08:05:09", Some(Moment::At(datetime(2026, 11, 10, 8, 5, 9, 0))));
        check("2026-11-10 24:00", Some(Moment::At(datetime(2026, 11, 11, 0, 0, 0, 0))));
        for wrong in [
            "2026-13-01",
            "2026-02-30",
            "26-01-01",
            "2026-11",
            "2026-11-10 25:00",
            "2026-11-10 20",
            "2026-11-10 20:00+08:00",
            "明天",
            "",
            "2026-11-10 1:2:3:4",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn a_day_as_an_end_includes_the_day() {
        assert_eq!(Moment::Day(date(2026, 12, 31)).end(), datetime(2027, 1, 1, 0, 0, 0, 0));
        assert_eq!(Moment::Day(Date::MAX).end(), DateTime::MAX);
    }
}
