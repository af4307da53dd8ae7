//! `facets.yaml`: the known values of facets and their aliases.

use super::source::Source;
use super::yaml::{self, Field};
use crate::entry::Authority;
use crate::facet::{Facet, Facets};
use crate::problem::Code;

/// Keys of the file and the facets that they fill. Hours and shops come from the library's settings.
const KEYS: [(&str, Facet); 7] = [
    ("channels", Facet::Channel),
    ("products", Facet::Product),
    ("customers", Facet::Customer),
    ("emotions", Facet::Emotion),
    ("stages", Facet::Stage),
    ("triggers", Facet::Trigger),
    ("authority", Facet::Authority),
];

pub(super) fn read(source: &mut Source<'_>, facets: &mut Facets) {
    let Some(root) = yaml::parse(source) else { return };
    let known: Vec<&str> = KEYS.iter().map(|(key, _)| *key).chain(["replace"]).collect();
    let Some(mut fields) = source.fields(root, &known) else { return };
    if fields.says_true("replace") {
        *facets = Facets::default();
    }
    for (key, facet) in KEYS {
        let values = fields.take(key).and_then(|values| source.map(values)).unwrap_or_default();
        for value in values {
            add(source, facets, facet, value);
        }
    }
}

fn add(source: &mut Source<'_>, facets: &mut Facets, facet: Facet, field: Field) {
    let Field { key: value, place, value: aliases } = field;
    if facet == Facet::Authority && Authority::parse(&value).is_none() {
        let zh = format!("权限只有 一线、组长、主管，没有「{value}」");
        source.report(place, Code::BadValue, zh, format!("authority is one of 一线 组长 主管, not `{value}`"));
        return;
    }
    if source.term(place, &value).is_none() {
        return;
    }
    let mut own = Vec::new();
    for (place, alias) in source.texts(Some(aliases)) {
        match facets.resolve(facet, &alias).filter(|other| *other != value) {
            _ if source.term(place, &alias).is_none() => {}
            None => own.push(alias),
            Some(other) => {
                let zh = format!("「{alias}」已是「{other}」的别名，这里未生效");
                let en = format!("`{alias}` already stands for `{other}`; no effect here");
                source.report(place, Code::BadLexicon, zh, en);
            }
        }
    }
    facets.add(facet, &value, own.iter().map(String::as_str));
}
