//! The period of a report, in the library's days. Pure.

use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span as Length, ToSpan};
use std::ops::Range;

/// Most days of one report: as long as the journal keeps anything.
pub const MAX_DAYS: i32 = 400;

/// Days from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

impl Span {
    /// How many days.
    pub fn days(&self) -> i32 {
        self.from.until(self.to).map_or(0, |length| length.get_days()) + 1
    }

    /// As many days before it.
    pub fn before(&self) -> Span {
        let length = Length::new().days(self.days());
        Span { from: self.from.saturating_sub(length), to: self.to.saturating_sub(length) }
    }

    /// As many days as there are from its end to a day, that included; `None` where that is no day.
    pub fn after(&self, until: Date) -> Option<Span> {
        let from = self.to.saturating_add(1.day());
        (from <= until).then_some(Span { from, to: until })
    }

    /// In milliseconds, from begin to before the end.
    pub fn millis(&self, zone: &TimeZone) -> Range<i64> {
        let begin = |date: Date| date.to_zoned(zone.clone()).map_or(0, |at| at.timestamp().as_millisecond());
        begin(self.from)..begin(self.to.saturating_add(1.day()))
    }
}

/// The week of an ISO 8601 name such as `2026-W47`, beginning on the library's first day of the week: Sunday weeks begin a day earlier.
pub fn week_of(name: &str, start: Weekday) -> Option<Span> {
    let (year, week) = name.split_once("-W")?;
    let monday = ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, Weekday::Monday).ok()?.date();
    let from = if start == Weekday::Sunday { monday.saturating_sub(1.day()) } else { monday };
    Some(Span { from, to: from.saturating_add(6.days()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn weeks_begin_where_the_library_says() {
        let week = |name, start| week_of(name, start).map(|span| (span.from.to_string(), span.to.to_string()));
        assert_eq!(week("2026-W47", Weekday::Monday), Some(("2026-11-16".into(), "2026-11-22".into())));
        assert_eq!(week("2026-W47", Weekday::Sunday), Some(("2026-11-15".into(), "2026-11-21".into())));
        for name in ["2026-W54", "2026-47", "W47", ""] {
            assert_eq!(week(name, Weekday::Monday), None, "{name}");
        }
    }

    #[test]
    fn days_are_those_of_the_time_zone() {
        let span = Span { from: date(2026, 11, 16), to: date(2026, 11, 22) };
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        // 2026-11-15 16:00 UTC is midnight in Shanghai.
        assert_eq!(span.millis(&zone), 1_794_758_400_000..1_794_758_400_000 + 7 * 86_400_000);
        assert_eq!((span.days(), span.before().from.to_string()), (7, "2026-11-09".to_owned()));
        assert_eq!(span.after(date(2026, 11, 22)), None);
        assert_eq!(span.after(date(2026, 11, 24)).map(|after| after.days()), Some(2));
    }
}
