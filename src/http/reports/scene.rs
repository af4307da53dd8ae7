//! What a report is made from: the days asked for, the facts of them that the caller may see, the library of this moment.

use super::ReportParams;
use crate::access::Scope;
use crate::answer::{Answer, Request, answer};
use crate::editing::{Action, Version, Way};
use crate::entry::Entry;
use crate::facet::Facet;
use crate::http::error::ApiError;
use crate::http::{AppState, blocking};
use crate::journal::Journal;
use crate::register::Register;
use crate::reports::{Facts, MAX_DAYS, Span, Wording, wording};
use crate::snapshot::Snapshot;
use jiff::civil::Date;
use std::cell::Cell;
use std::sync::Arc;

/// Versions of an entry that are looked at for when it was changed: more in one week are one change.
const MAX_VERSIONS: usize = 50;

/// See the module.
pub(in crate::http) struct Scene {
    pub(in crate::http) snapshot: Arc<Snapshot>,
    pub(in crate::http) span: Span,
    journal: Arc<Journal>,
    register: Option<Register>,
    scope: Scope,
    shop: Option<String>,
    complete: Cell<bool>,
}

/// Makes something of a scene, off the async threads and with few others.
pub(in crate::http) async fn read<T: Send + 'static>(
    state: &AppState,
    scope: Scope,
    params: &ReportParams,
    make: impl FnOnce(&Scene) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    read_last(state, scope, params, super::DEFAULT_DAYS, make).await
}

/// The same with another number of days where the request does not say.
pub(in crate::http) async fn read_last<T: Send + 'static>(
    state: &AppState,
    scope: Scope,
    params: &ReportParams,
    days: i32,
    make: impl FnOnce(&Scene) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let span = span(params, state.live.snapshot().at.date(), days)?;
    read_span(state, scope, params.shop.as_deref(), span, make).await
}

/// The same where the days are known.
pub(in crate::http) async fn read_span<T: Send + 'static>(
    state: &AppState,
    scope: Scope,
    shop: Option<&str>,
    span: Span,
    make: impl FnOnce(&Scene) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let snapshot = state.live.snapshot();
    let shop = shop.filter(|shop| !shop.is_empty()).map(|shop| resolve(&snapshot, Facet::Shop, shop));
    let scene =
        Scene { snapshot, span, journal: state.journal()?, register: state.register.clone(), scope, shop, complete: Cell::new(true) };
    let place = Arc::clone(&state.reports).try_acquire_owned().map_err(|_| ApiError::Busy)?;
    blocking(move || {
        let _place = place;
        make(&scene)
    })
    .await
}

/// The days of a request: those up to today where it says nothing.
fn span(params: &ReportParams, today: Date, days: i32) -> Result<Span, ApiError> {
    let read = |name: &str, text: &Option<String>| match text.as_deref().filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => match text.parse::<Date>() {
            Ok(date) => Ok(Some(date)),
            Err(_) => Err(ApiError::BadQuery(format!("{name} is a day such as 2026-11-16; found {text:?}"))),
        },
    };
    let to = read("to", &params.to)?.unwrap_or(today);
    let from = read("from", &params.from)?.unwrap_or_else(|| to.saturating_sub(jiff::Span::new().days(days - 1)));
    let span = Span { from, to };
    if from > to || span.days() > MAX_DAYS {
        return Err(ApiError::BadQuery(format!("a report has 1 to {MAX_DAYS} days, the first not after the last; found {from} to {to}")));
    }
    Ok(span)
}

fn resolve(snapshot: &Snapshot, facet: Facet, value: &str) -> String {
    snapshot.library.lexicon.facets.resolve(facet, value).unwrap_or(value).to_owned()
}

impl Scene {
    /// The facts of the report's days.
    pub(in crate::http) fn facts(&self) -> Result<Facts, ApiError> {
        self.facts_of(self.span)
    }

    /// The facts of some days, as far as the caller may see them, with channels and shops as the library calls them.
    pub(in crate::http) fn facts_of(&self, span: Span) -> Result<Facts, ApiError> {
        let period = span.millis(&self.snapshot.library.settings.time_zone);
        let mut facts = self.journal.facts(period)?;
        self.complete.set(self.complete.get() && facts.complete);
        for search in &mut facts.searches {
            search.channel = search.channel.take().map(|channel| resolve(&self.snapshot, Facet::Channel, &channel));
            search.shop = search.shop.take().map(|shop| resolve(&self.snapshot, Facet::Shop, &shop));
        }
        facts.searches.retain(|search| {
            let is_asked_for = self.shop.as_ref().is_none_or(|shop| search.shop.as_ref() == Some(shop));
            is_asked_for && self.sees_shop(search.shop.as_deref()) && self.sees_hits(&search.hits)
        });
        if !self.scope.is_everything() {
            for search in &mut facts.searches {
                search.hits.retain(|hit| self.sees_id(hit));
                search.deeds.retain(|deed| deed.entry_id.as_ref().is_none_or(|entry| self.sees_id(entry)));
            }
            facts.loose.retain(|deed| deed.entry_id.as_ref().is_some_and(|entry| self.sees_id(entry)));
        }
        if self.shop.is_some() {
            facts.loose.clear();
        }
        Ok(facts)
    }

    /// Searches of no known shop are nobody's where a caller sees some shops only.
    fn sees_shop(&self, shop: Option<&str>) -> bool {
        self.scope.shops.is_none() || shop.is_some_and(|shop| self.scope.sees_shop(shop))
    }

    /// Whether a search is a matter of the caller's categories: its first hit is, or it has none.
    fn sees_hits(&self, hits: &[crate::entry::EntryId]) -> bool {
        self.scope.categories.is_none() || hits.first().is_none_or(|first| self.sees_id(first))
    }

    fn sees_id(&self, id: &str) -> bool {
        self.snapshot.get(id).map_or(self.scope.is_everything(), |text| self.sees(&text.entry))
    }

    /// Whether the caller may see an entry.
    pub(in crate::http) fn sees(&self, entry: &Entry) -> bool {
        self.scope.sees(entry)
    }

    /// An entry that the caller may see.
    pub(in crate::http) fn entry(&self, id: &str) -> Option<&Arc<Entry>> {
        self.snapshot.get(id).map(|text| &text.entry).filter(|entry| self.sees(entry))
    }

    /// The title of an entry, empty where the library has it no more.
    pub(in crate::http) fn title(&self, id: &str) -> String {
        self.entry(id).map(|entry| entry.title.clone()).unwrap_or_default()
    }

    /// A message as reports read it.
    pub(in crate::http) fn wording(&self, text: &str) -> Option<Wording> {
        wording(text, &self.snapshot.library.lexicon, &self.snapshot.analyzer)
    }

    /// What the library says to a message today.
    pub(in crate::http) fn answer(&self, message: &str) -> Result<Answer, ApiError> {
        let mut found = answer(&self.snapshot, &Request::new(message))?;
        found.hits.retain(|hit| self.sees(&hit.entry));
        Ok(found)
    }

    /// When an entry was first changed since the report's days began, in milliseconds; `None` where it was not, or nobody keeps versions.
    pub(in crate::http) fn changed_since(&self, id: &str) -> Option<i64> {
        let begin = self.span.millis(&self.snapshot.library.settings.time_zone).start;
        let register = self.register.clone()?;
        let id = id.to_owned();
        let versions = tokio::runtime::Handle::current().block_on(async move { register.versions_of_entry(&id, MAX_VERSIONS, 0).await });
        let (versions, _) = versions.ok()?;
        // The first time that a file is met is not when it was made.
        let is_met = |version: &&Version| version.way == Way::File && version.action == Action::Create;
        versions.iter().filter(|version| !is_met(version)).map(|version| version.at_us / 1000).filter(|at| *at >= begin).min()
    }

    /// Whether all facts were read.
    pub(in crate::http) fn complete(&self) -> bool {
        self.complete.get()
    }

    pub(in crate::http) fn time_zone(&self) -> String {
        self.snapshot.library.settings.time_zone.iana_name().unwrap_or("UTC").to_owned()
    }
}
