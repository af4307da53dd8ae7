//! The keys of the front matter, English and Chinese.

/// A key of an entry's front matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is described in docs/format.md under its own name")]
pub enum Key {
    Id,
    Title,
    Kind,
    Questions,
    Trigger,
    Act,
    Category,
    Stage,
    Tags,
    Shortcut,
    Channels,
    Products,
    Customers,
    Emotions,
    Hours,
    Authority,
    Shops,
    Valid,
    Campaign,
    Replaces,
    State,
    Source,
    CheckedOn,
    ReviewBy,
    Next,
    Note,
}

impl Key {
    /// Every key with its English and Chinese name, in the order in which a new file lists them.
    pub const ALL: [(Key, &'static str, &'static str); 26] = [
        (Key::Id, "id", "编号"),
        (Key::Title, "title", "标题"),
        (Key::Kind, "kind", "类型"),
        (Key::Questions, "questions", "问法"),
        (Key::Trigger, "trigger", "时机"),
        (Key::Act, "act", "话轮"),
        (Key::Category, "category", "分类"),
        (Key::Stage, "stage", "阶段"),
        (Key::Tags, "tags", "标签"),
        (Key::Shortcut, "shortcut", "快捷码"),
        (Key::Channels, "channels", "渠道"),
        (Key::Products, "products", "品类"),
        (Key::Customers, "customers", "客群"),
        (Key::Emotions, "emotions", "情绪"),
        (Key::Hours, "hours", "时段"),
        (Key::Authority, "authority", "权限"),
        (Key::Shops, "shops", "店铺"),
        (Key::Valid, "valid", "有效期"),
        (Key::Campaign, "campaign", "活动"),
        (Key::Replaces, "replaces", "替代"),
        (Key::State, "state", "状态"),
        (Key::Source, "source", "依据"),
        (Key::CheckedOn, "checked_on", "核对日"),
        (Key::ReviewBy, "review_by", "复审"),
        (Key::Next, "next", "接着"),
        (Key::Note, "note", "备注"),
    ];

    /// Reads either name.
    pub fn parse(name: &str) -> Option<Key> {
        Key::ALL.into_iter().find(|(_, en, zh)| *en == name || *zh == name).map(|(key, ..)| key)
    }

    /// The English name, as a new file has it.
    pub fn as_str(self) -> &'static str {
        Key::ALL.into_iter().find(|(key, ..)| *key == self).map_or("", |(_, en, _)| en)
    }

    /// The Chinese name.
    pub fn zh(self) -> &'static str {
        Key::ALL.into_iter().find(|(key, ..)| *key == self).map_or("", |(.., zh)| zh)
    }
}
