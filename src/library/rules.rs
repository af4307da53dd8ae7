//! The team's rules in `library.toml`: `[review]`, `[points]`, `[retention]`. Pure: a table in, rules and what is wrong out.

use toml::de::DeValue;

/// Most points for one thing: a slip of a digit must not decide a board.
const MAX_POINTS: u32 = 1_000;

/// Most uses that points may wait for.
const MAX_USES: u32 = 10_000;

/// Longest retention, in days: ten years.
const MAX_DAYS: u32 = 3_650;

/// How proposals are decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Review {
    /// Whether somebody other than the author has to approve.
    pub four_eyes: bool,
}

/// Whether the service commits its changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Git {
    /// Whether each change is committed, where the library lies in a git work tree.
    pub commit: bool,
}

/// What contributions are worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointRules {
    /// A new entry.
    pub new: u32,
    /// A case.
    pub case: u32,
    /// An edited entry.
    pub edit: u32,
    /// A phrasing.
    pub phrasing: u32,
    /// A correction.
    pub correction: u32,
    /// A true "this is outdated".
    pub outdated: u32,
    /// A reported gap that an accepted proposal fills.
    pub gap: u32,
    /// How often others have to use the entry before points count.
    pub uses: u32,
}

impl Default for PointRules {
    fn default() -> PointRules {
        PointRules { new: 5, case: 5, edit: 2, phrasing: 1, correction: 2, outdated: 1, gap: 1, uses: 10 }
    }
}

/// How long each kind of record is kept, in days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Searches, masked, of the journal.
    pub searches: u32,
    /// What was used, of the journal.
    pub events: u32,
    /// Lines of the audit list.
    pub audit: u32,
    /// Decided proposals with their comments.
    pub submissions: u32,
    /// Notices that are over, with who read them.
    pub notices: u32,
    /// Points.
    pub points: u32,
}

impl Default for Retention {
    fn default() -> Retention {
        // After 400 days a pick counts a twentieth; what people did and decided is asked for once a year, twice where it is disputed.
        Retention { searches: 400, events: 400, audit: 730, submissions: 730, notices: 400, points: 1_095 }
    }
}

impl Retention {
    /// Kinds with their days.
    pub fn kinds(&self) -> [(&'static str, u32); 6] {
        [
            ("searches", self.searches),
            ("events", self.events),
            ("audit", self.audit),
            ("submissions", self.submissions),
            ("notices", self.notices),
            ("points", self.points),
        ]
    }
}

/// Reads `[review]`; `None` where it is of another shape.
pub(super) fn review(value: &DeValue) -> Option<Review> {
    let mut review = Review::default();
    for (key, value) in value.as_table()? {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("four_eyes", DeValue::Boolean(on)) => review.four_eyes = *on,
            _ => return None,
        }
    }
    Some(review)
}

/// Reads `[git]`.
pub(super) fn git(value: &DeValue) -> Option<Git> {
    let mut git = Git::default();
    for (key, value) in value.as_table()? {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("commit", DeValue::Boolean(on)) => git.commit = *on,
            _ => return None,
        }
    }
    Some(git)
}

/// Reads `[points]`; what is absent is as ever.
pub(super) fn points(value: &DeValue) -> Option<PointRules> {
    let mut rules = PointRules::default();
    for (key, value) in value.as_table()? {
        let number = |most: u32| number(value.get_ref(), 0, most);
        match key.get_ref().as_ref() {
            "new" => rules.new = number(MAX_POINTS)?,
            "case" => rules.case = number(MAX_POINTS)?,
            "edit" => rules.edit = number(MAX_POINTS)?,
            "phrasing" => rules.phrasing = number(MAX_POINTS)?,
            "correction" => rules.correction = number(MAX_POINTS)?,
            "outdated" => rules.outdated = number(MAX_POINTS)?,
            "gap" => rules.gap = number(MAX_POINTS)?,
            "uses" => rules.uses = number(MAX_USES)?,
            _ => return None,
        }
    }
    Some(rules)
}

/// Reads `[retention]`; what is absent is as ever.
pub(super) fn retention(value: &DeValue) -> Option<Retention> {
    let mut retention = Retention::default();
    for (key, value) in value.as_table()? {
        let days = number(value.get_ref(), 1, MAX_DAYS)?;
        match key.get_ref().as_ref() {
            "searches" => retention.searches = days,
            "events" => retention.events = days,
            "audit" => retention.audit = days,
            "submissions" => retention.submissions = days,
            "notices" => retention.notices = days,
            "points" => retention.points = days,
            _ => return None,
        }
    }
    Some(retention)
}

fn number(value: &DeValue, least: u32, most: u32) -> Option<u32> {
    value.as_integer()?.as_str().parse().ok().filter(|number| (least..=most).contains(number))
}
