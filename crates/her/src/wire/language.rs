//! What a language identity knows of itself.

use her_identity::turn::State;
use her_lm::LanguageModel;
use serde_json::{Value, json};

/// What its tokens cost, by who predicted them, and how far it has moved; none for an identity
/// that is no language model.
pub fn language(state: &State) -> Option<Value> {
    let model = LanguageModel::of(state.model().root())?;
    let figures = model.mixture().figures();
    let (bits, weights) = (figures.bits, figures.weights);
    let scored = bits.scored as f64;
    let each = |bits: f64| (scored > 0.0).then(|| bits / scored);
    let tokens = &model.shared().model.tokens;
    let span = |span: &her_lm::Span| {
        let text = tokens.decode(&span.tokens).unwrap_or_default();
        json!({"text": text, "at": span.at, "bits": span.bits})
    };
    Some(json!({
        "base": model.shared().name,
        "digest": model.shared().digest,
        "kernel": { "learned": model.kernel(), "here": her_lm::kernel::here() },
        "tokens": bits.scored,
        "bits_per_token": {
            "live": each(bits.mixed),
            "frozen": each(bits.frozen),
            "learned": each(bits.learned),
            "recalled": each(bits.recalled),
        },
        "bits_saved": bits.frozen - bits.mixed,
        "regret": bits.regret,
        "weights": { "frozen": weights[0], "learned": weights[1], "recalled": weights[2] },
        "recent": figures.recent,
        "tokens_learned": figures.tokens,
        "updates": figures.updates,
        "updates_skipped": figures.skipped,
        "adapter_norm": figures.norm,
        "adapter_path": figures.path,
        "retention": figures.retention,
        "learned_from_you": figures.spans.iter().map(span).collect::<Vec<_>>(),
    }))
}
