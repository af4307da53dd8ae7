//! Facets and their known values: what an entry is for, and what a chat is about.
//!
//! The values come from the lexicon (`facets.yaml`), the library's settings (hours) and its shops.

use std::collections::HashMap;

/// A dimension by which entries are filtered and replies chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Facet {
    /// 售前, 售中, 售后.
    Stage,
    /// Where the chat happens: 千牛, 抖音, …
    Channel,
    /// What is sold: 服装, 生鲜, …
    Product,
    /// Who asks: 新客, 老客, …
    Customer,
    /// 平静, 焦急, 愤怒.
    Emotion,
    /// Who may promise it: 一线, 组长, 主管.
    Authority,
    /// A time of the day of `library.toml`.
    Hours,
    /// A shop id of `shops/`.
    Shop,
    /// The moment of a proactive script.
    Trigger,
}

impl Facet {
    /// All facets.
    pub const ALL: [Facet; 9] = [
        Facet::Stage,
        Facet::Channel,
        Facet::Product,
        Facet::Customer,
        Facet::Emotion,
        Facet::Authority,
        Facet::Hours,
        Facet::Shop,
        Facet::Trigger,
    ];

    /// The name in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Facet::Stage => "stage",
            Facet::Channel => "channel",
            Facet::Product => "product",
            Facet::Customer => "customer",
            Facet::Emotion => "emotion",
            Facet::Authority => "authority",
            Facet::Hours => "hours",
            Facet::Shop => "shop",
            Facet::Trigger => "trigger",
        }
    }

    /// The name for people.
    pub fn zh(self) -> &'static str {
        match self {
            Facet::Stage => "阶段",
            Facet::Channel => "渠道",
            Facet::Product => "品类",
            Facet::Customer => "客群",
            Facet::Emotion => "情绪",
            Facet::Authority => "权限",
            Facet::Hours => "时段",
            Facet::Shop => "店铺",
            Facet::Trigger => "时机",
        }
    }
}

/// The known values of all facets with their aliases.
#[derive(Debug, Clone, Default)]
pub struct Facets {
    values: HashMap<Facet, Vec<String>>,
    aliases: HashMap<(Facet, String), String>,
}

impl Facets {
    /// Adds a value with its aliases; a value known already only gains aliases.
    pub fn add<'a>(&mut self, facet: Facet, value: &str, aliases: impl IntoIterator<Item = &'a str>) {
        let values = self.values.entry(facet).or_default();
        if !values.iter().any(|known| known == value) {
            values.push(value.to_owned());
        }
        self.aliases.insert((facet, key(value)), value.to_owned());
        for alias in aliases {
            self.aliases.entry((facet, key(alias))).or_insert_with(|| value.to_owned());
        }
    }

    /// The values of a facet in the order in which they were added.
    pub fn values(&self, facet: Facet) -> &[String] {
        self.values.get(&facet).map_or(&[], Vec::as_slice)
    }

    /// The value that a text names, by itself or by an alias; width and case do not matter.
    pub fn resolve(&self, facet: Facet, text: &str) -> Option<&str> {
        self.aliases.get(&(facet, key(text))).map(String::as_str)
    }

    /// The facet and value that a part of a label names; the first facet in [`Facet::ALL`] wins. Triggers are no conditions.
    pub fn condition(&self, text: &str) -> Option<(Facet, &str)> {
        Facet::ALL
            .into_iter()
            .filter(|facet| *facet != Facet::Trigger)
            .find_map(|facet| self.resolve(facet, text).map(|value| (facet, value)))
    }

    /// Aliases of a facet as `(folded alias, value)`, values included, in no particular order.
    pub fn aliases(&self, facet: Facet) -> impl Iterator<Item = (&str, &str)> {
        self.aliases.iter().filter(move |((of, _), _)| *of == facet).map(|((_, alias), value)| (alias.as_str(), value.as_str()))
    }
}

fn key(text: &str) -> String {
    crate::analysis::fold::fold(text.trim()).text
}
