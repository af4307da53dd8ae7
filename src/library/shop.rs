//! `shops/<shop>.yaml`: the values in which shops differ. Pure: text in, shop and problems out.

use super::Shop;
use super::place::Place;
use crate::problem::{Code, Problem};
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Location, Spanned};
use std::fmt;

/// Keys of the file, for the sentence about an unknown one.
const KEYS: &str = "name, aliases, channels, link_domains, values";

/// Most nodes of a shop's file: a shop has some dozens of values, and a YAML bomb has millions.
const MAX_YAML_NODES: usize = 10_000;

/// Most depth of a shop's file: it needs three.
const MAX_YAML_DEPTH: usize = 16;

/// A shop as read, with the places of its values, because they are sent to customers and so are checked like replies.
#[derive(Debug, Clone, Default)]
pub(super) struct Read {
    pub(super) shop: Shop,
    pub(super) values: Vec<(String, Place)>,
    pub(super) channels: Vec<(String, Place)>,
}

/// Reads a shop's file; `None` where nothing of it can be trusted.
pub(super) fn read(path: &str, id: &str, text: &str) -> (Option<Read>, Vec<Problem>) {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: MAX_YAML_NODES,
            max_depth: MAX_YAML_DEPTH,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match serde_saphyr::from_str_with_options(text, options) {
        Ok(Fields(fields)) => {
            let (read, problems) = shop_of(path, id, fields);
            (Some(read), problems)
        }
        Err(error) => {
            let at = error.location().map_or(Place::START, |location| place(&location, 0));
            let why = error.without_snippet().to_string();
            let problem = at.problem(
                path,
                Code::BadSettings,
                "店铺文件读不懂，这里的写法不对。请照 docs/format.md 改正，在此之前沿用原来的值".to_owned(),
                format!("this shop cannot be read: {why}; the values before it stay in force"),
            );
            (None, vec![problem])
        }
    }
}

fn shop_of(path: &str, id: &str, fields: Vec<(Spanned<String>, Field)>) -> (Read, Vec<Problem>) {
    let mut read = Read { shop: Shop { id: id.to_owned(), name: id.to_owned(), ..Shop::default() }, ..Read::default() };
    let (mut problems, mut seen) = (Vec::new(), Vec::new());
    for (key, field) in fields {
        let at = place(&key.referenced, key.value.chars().count());
        if seen.contains(&key.value) {
            problems.push(duplicate(path, at, &key.value));
            continue;
        }
        match field {
            Field::Name(name) => read.shop.name = name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| id.to_owned()),
            Field::Aliases(texts) => read.shop.aliases = texts.0,
            Field::Channels(texts) => {
                read.shop.channels.clone_from(&texts.0);
                read.channels = texts.0.into_iter().map(|text| (text, at)).collect();
            }
            Field::LinkDomains(texts) => {
                read.shop.link_domains = texts.0.iter().map(|domain| domain.trim().to_ascii_lowercase()).collect();
            }
            Field::Values(pairs) => {
                for (name, value) in pairs.unwrap_or_default().0 {
                    if read.shop.values.contains_key(&name.value) {
                        problems.push(duplicate(path, place(&name.referenced, name.value.chars().count()), &name.value));
                    } else if let Some(text) = value.value {
                        read.values.push((name.value.clone(), place(&value.referenced, text.chars().count())));
                        read.shop.values.insert(name.value, text);
                    }
                }
            }
            Field::Unknown => problems.push(at.problem(
                path,
                Code::UnknownKey,
                format!("不认识的键 {}，可用的键：{KEYS}；店铺的值写在 values 下面", key.value),
                format!("unknown key {}; known are {KEYS}; a shop's values stand below values", key.value),
            )),
        }
        seen.push(key.value);
    }
    (read, problems)
}

fn duplicate(path: &str, at: Place, key: &str) -> Problem {
    at.problem(
        path,
        Code::DuplicateKey,
        format!("键 {key} 写了两次，以第一次为准"),
        format!("the key {key} is given twice; the first counts"),
    )
}

fn place(location: &Location, width: usize) -> Place {
    let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).max(1);
    Place { line: narrow(location.line()), column: narrow(location.column()), width: u32::try_from(width).unwrap_or(u32::MAX) }
}

/// The file, repeated and unknown keys included.
struct Fields(Vec<(Spanned<String>, Field)>);

enum Field {
    Name(Option<String>),
    Aliases(Texts),
    Channels(Texts),
    LinkDomains(Texts),
    Values(Option<Pairs>),
    Unknown,
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a map with the keys ")?;
                f.write_str(KEYS)
            }

            fn visit_unit<E>(self) -> Result<Fields, E> {
                Ok(Fields(Vec::new()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(key) = map.next_key::<Spanned<String>>()? {
                    let field = match key.value.as_str() {
                        "name" => Field::Name(map.next_value()?),
                        "aliases" => Field::Aliases(map.next_value()?),
                        "channels" => Field::Channels(map.next_value()?),
                        "link_domains" => Field::LinkDomains(map.next_value()?),
                        "values" => Field::Values(map.next_value()?),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            Field::Unknown
                        }
                    };
                    fields.push((key, field));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_any(Map)
    }
}

/// A list of texts, or one text alone.
#[derive(Default)]
struct Texts(Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_unit<E>(self) -> Result<Texts, E> {
                Ok(Texts::default())
            }

            fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts(vec![text.to_owned()]))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Texts, E> {
                Ok(Texts(vec![number.to_string()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Texts, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = items.next_element()? {
                    texts.push(text);
                }
                Ok(Texts(texts))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

/// The values in the order of the file, repeated names included. Asked for as texts, so that a phone number keeps its zero.
#[derive(Default)]
struct Pairs(Vec<(Spanned<String>, Spanned<Option<String>>)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a map of name to text")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_is_read_as_written() {
        let (read, problems) = read(
            "shops/旗舰店.yaml",
            "旗舰店",
            "\u{feff}name: 拾光旗舰店\naliases: 旗舰\nchannels: [千牛, 1688]\nlink_domains:\n  - Example.com\nvalues:\n  电话: 0571\n  空: \n  质保: 1.0\n  说: yes\n",
        );
        assert_eq!(problems, []);
        let shop = read.unwrap().shop;
        assert_eq!((shop.id.as_str(), shop.name.as_str(), shop.aliases), ("旗舰店", "拾光旗舰店", vec!["旗舰".to_owned()]));
        assert_eq!((shop.channels, shop.link_domains), (vec!["千牛".to_owned(), "1688".to_owned()], vec!["example.com".to_owned()]));
        let values: Vec<_> = shop.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(values, [("电话", "0571"), ("说", "yes"), ("质保", "1.0")]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let check = |text: &str, code: Code, line: u32, column: u32, kept: bool| {
            let (read, problems) = read("shops/x.yaml", "x", text);
            let found: Vec<_> = problems.iter().map(|problem| (problem.code, problem.line, problem.column)).collect();
            assert_eq!((found, read.is_some()), (vec![(code, line, column)], kept), "{text} {problems:?}");
        };
        check("name: x\ncolour: red\n", Code::UnknownKey, 2, 1, true);
        check("name: x\nname: y\n", Code::DuplicateKey, 2, 1, true);
        check("values:\n  甲: 1\n  甲: 2\n", Code::DuplicateKey, 3, 3, true);
        check("values:\n  甲: [1, 2]\n", Code::BadSettings, 2, 6, false);
        check("aliases: {a: b}\n", Code::BadSettings, 1, 10, false);
        check("- a\n", Code::BadSettings, 1, 1, false);
        check("name: [\n", Code::BadSettings, 1, 7, false);
    }

    #[test]
    fn an_empty_file_is_a_shop_without_values() {
        let (read, problems) = read("shops/x.yaml", "x", "");
        assert_eq!((read.unwrap().shop.name, problems), ("x".to_owned(), vec![]));
    }

    #[test]
    fn a_yaml_bomb_is_refused_at_once() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let previous = format!("*a{}, ", level - 1).repeat(10);
            bomb.push_str(&format!("a{level}: &a{level} [{previous}]\n"));
        }
        bomb.push_str("aliases: *a11\n");
        let (read, problems) = read("shops/x.yaml", "x", &bomb);
        assert!(read.is_none());
        assert_eq!(problems.len(), 1);
        assert!(problems[0].zh.chars().count() < 500, "{}", problems[0].zh);
    }
}
