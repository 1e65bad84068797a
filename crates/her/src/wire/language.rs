//! What a language identity knows of itself.

use her_identity::turn::State;
use her_lm::LanguageModel;
use serde_json::{Value, json};

/// What its tokens cost, by who predicted them, and how far it has moved; none for an identity
/// that is no language model.
pub fn language(state: &State) -> Option<Value> {
    let model = LanguageModel::of(state.model().root())?;
    let (bits, weights) = (model.mixture().bits(), model.mixture().weights());
    let learner = model.mixture().learner();
    let scored = bits.scored as f64;
    let each = |bits: f64| (scored > 0.0).then(|| bits / scored);
    let square = |x: &f32| f64::from(*x) * f64::from(*x);
    let norm = learner.adapter().learned().iter().map(square).sum::<f64>().sqrt();
    Some(json!({
        "base": model.shared().name,
        "digest": model.shared().digest,
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
        "updates": learner.updates(),
        "adapter_norm": norm,
    }))
}
