//! What is known of the chat, and how it lifts or pushes back an entry. Pure.

use super::Weights;
use crate::entry::{Authority, Entry};
use crate::facet::Facet;

/// What is known of the chat (情境); lifts what fits, hides nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Context {
    /// Where the chat happens.
    pub channel: Option<String>,
    /// 售前, 售中, 售后.
    pub stage: Option<String>,
    /// A category path.
    pub category: Option<String>,
    /// 品类.
    pub product: Option<String>,
    /// 客群.
    pub customer: Option<String>,
    /// What the agent says of the mood; absent: read from the message.
    pub emotion: Option<String>,
    /// Shop id.
    pub shop: Option<String>,
    /// The agent's level; absent: the least.
    pub authority: Authority,
    /// Which conversation.
    pub conversation_id: Option<String>,
    /// Replies used lately, oldest first: they step back.
    pub used_reply_ids: Vec<String>,
}

impl Context {
    /// The value of a facet.
    pub fn value(&self, facet: Facet) -> Option<&str> {
        match facet {
            Facet::Stage => self.stage.as_deref(),
            Facet::Channel => self.channel.as_deref(),
            Facet::Product => self.product.as_deref(),
            Facet::Customer => self.customer.as_deref(),
            Facet::Emotion => self.emotion.as_deref(),
            Facet::Shop => self.shop.as_deref(),
            Facet::Authority => Some(self.authority.as_str()),
            Facet::Hours | Facet::Trigger => None,
        }
    }
}

/// Share that is left to a script that no customer asks for: found by who looks for it, below what answers.
const PROACTIVE: f32 = 0.5;

/// Facets of the context that an entry is made for lift it, those that it is not made for push it back.
pub(super) fn context_factor(entry: &Entry, context: &Context, weights: &Weights) -> f32 {
    let facets = [Facet::Channel, Facet::Stage, Facet::Product, Facet::Customer, Facet::Emotion, Facet::Shop];
    let mut factor = if entry.trigger.is_some() && entry.questions.is_empty() { PROACTIVE } else { 1.0 };
    for (facet, value) in facets.into_iter().filter_map(|facet| Some((facet, context.value(facet)?))) {
        let mut own = entry.facet(facet).peekable();
        if own.peek().is_some() {
            factor *= if own.any(|own| own == value) { weights.context_fit } else { weights.context_misfit };
        }
    }
    let in_category = |category: &String| entry.category.starts_with(category.as_str());
    if context.category.as_ref().is_some_and(in_category) {
        factor *= weights.context_fit;
    }
    factor
}
