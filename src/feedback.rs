//! What agents say of a hit: good, bad or outdated, each with reasons to choose from. Pure; `journal` keeps it, it teaches nothing.

/// How good a hit was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// 好用
    Good,
    /// 不好
    Bad,
    /// 过时
    Outdated,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Verdict; 3] = [Verdict::Good, Verdict::Bad, Verdict::Outdated];

    /// The name in the journal and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Good => "good",
            Verdict::Bad => "bad",
            Verdict::Outdated => "outdated",
        }
    }

    /// The word on the screen.
    pub fn zh(self) -> &'static str {
        match self {
            Verdict::Good => "好用",
            Verdict::Bad => "不好",
            Verdict::Outdated => "过时",
        }
    }

    /// Reads the name.
    pub fn parse(text: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == text)
    }

    /// Reasons to choose from: a stable key and the words on the screen.
    pub fn reasons(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Verdict::Good => &[("fits", "正好对题"), ("kind", "语气好"), ("calmed", "顾客满意")],
            Verdict::Bad => &[("off_topic", "答非所问"), ("wrong", "内容有误"), ("tone", "语气不合适"), ("incomplete", "没说完整")],
            Verdict::Outdated => &[("rule_changed", "规则变了"), ("figure_changed", "价格或时限变了"), ("campaign_over", "活动结束了")],
        }
    }

    /// Whether a reason is one of them.
    pub fn has_reason(self, reason: &str) -> bool {
        self.reasons().iter().any(|(key, _)| *key == reason)
    }
}
