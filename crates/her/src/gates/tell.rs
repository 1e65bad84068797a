//! Gates as programs see them: rules, figures, decisions and why not.

use her_gate::figures::{DECLARED, Found};
use her_gate::{Action, Rule, period};
use serde_json::{Map, Value, json};

use super::service::{Gates, Named, Seat, Watched};

/// A rule as it is written, but for what the address of a notified program may hold in secret.
pub(crate) fn rule(rule: &Rule) -> Value {
    let spec = &rule.spec;
    let action = match &spec.action {
        Action::Notify { url } => json!({ "notify": { "url": without_path(url) } }),
        other => serde_json::to_value(other).unwrap_or_default(),
    };
    let mut said = json!({
        "identities": spec.identities,
        "when": spec.when,
        "for": period::show(spec.hold_ms),
        "keep": period::show(spec.keep_ms),
        "cooldown": period::show(spec.cooldown_ms),
        "budget": spec.budget,
        "mode": spec.mode,
        "do": action,
    });
    if let Some(clear) = &spec.clear {
        said["clear"] = clear.as_str().into();
    }
    said
}

/// `https://example.org/***`: addresses to be notified at are often secrets.
fn without_path(url: &str) -> String {
    let host = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    format!("{host}/***")
}

/// All rules: the answer of `GET /v1/gates`.
pub(crate) fn list<'a>(rules: impl IntoIterator<Item = (&'a str, &'a Rule)>) -> Value {
    let gate = |(name, of): (&str, &Rule)| json!({ "name": name, "rule": rule(of) });
    json!({ "gates": rules.into_iter().map(gate).collect::<Vec<_>>() })
}

impl Gates {
    /// The rules of a server, and how many identities are watched.
    pub fn told(&self) -> Value {
        let mut said = list(self.rules.iter().map(|named| (named.name.as_str(), &*named.rule)));
        let (watched, left_out) = self.counts();
        said["watched"] = watched.into();
        said["left_out"] = left_out.into();
        said
    }

    /// The gates over one identity as they are: the answer of `GET …/gates`, without history.
    pub fn explain(&self, identity: &str, now_ms: u64) -> Value {
        let explained = self.look(identity, |watched| self.explain_watched(watched, now_ms));
        let mut said = explained.unwrap_or_else(|| json!({ "gates": [], "figures": {} }));
        said["identity"] = identity.into();
        said["at_ms"] = now_ms.into();
        said
    }

    fn explain_watched(&self, watched: &Watched, now_ms: u64) -> Value {
        let gates: Vec<Value> =
            watched.seats.iter().map(|seat| explain_seat(&self.rules[seat.of], seat)).collect();
        json!({ "gates": gates, "figures": figures(watched, now_ms), "trouble": watched.trouble })
    }
}

fn explain_seat(named: &Named, seat: &Seat) -> Value {
    let mut decision = serde_json::to_value(&seat.decision).unwrap_or_default();
    if let Some(of) = &seat.decision {
        decision["decision"] = decision["why"].take();
        if let Some(members) = decision.as_object_mut() {
            members.remove("why");
            members.remove("changed");
        }
        decision["says"] = of.why.says().into();
        decision["acts"] = (of.why == her_gate::Why::Act).into();
    }
    let state = seat.gate.state();
    json!({
        "name": named.name,
        "rule": rule(&named.rule),
        "decision": decision,
        "acted_ms": state.acted_ms,
        "approved": state.approved,
    })
}

/// Every declared figure: its number, unit, age and what is wrong with it.
fn figures(watched: &Watched, now_ms: u64) -> Value {
    let figure = |(place, declared): (usize, &her_gate::figures::Figure)| {
        let reading = watched.figures.get(place);
        let state = match watched.figures.look(place, now_ms) {
            Found::Fresh(_) => "fresh",
            Found::Missing => "missing",
            Found::Stale(_) => "stale",
            Found::Nan => "nan",
        };
        let told = json!({
            "value": reading.map(|reading| reading.value),
            "unit": declared.unit,
            "state": state,
            "age_ms": reading.map(|reading| now_ms.saturating_sub(reading.at_ms)),
        });
        (declared.name.to_owned(), told)
    };
    DECLARED.iter().enumerate().map(figure).collect::<Map<_, _>>().into()
}
