//! A gate and its time.

#![allow(dead_code, reason = "each test uses what it needs of this")]

use her_gate::figures::Figures;
use her_gate::{Decision, Gate, Outcome, Rule, Spec, Used, Why};

pub fn rule(text: &str) -> Rule {
    toml::from_str::<Spec>(text).unwrap().check().unwrap()
}

pub fn figures(load: f64, now_ms: u64) -> Figures {
    let mut figures = Figures::default();
    figures.set("load", load, now_ms).unwrap();
    figures
}

/// A gate and its time, stepped by seconds.
pub struct Life {
    pub gate: Gate,
    pub now_ms: u64,
}

impl Life {
    pub fn new(text: &str) -> Self {
        Self { gate: Gate::new(rule(text).into()), now_ms: 1_000_000_000 }
    }

    pub fn step_with(&mut self, figures: &Figures, used: Used) -> Decision {
        let decision = self.gate.step(self.now_ms, figures, used);
        self.now_ms += 1000;
        decision
    }

    pub fn step(&mut self, load: f64) -> Why {
        let figures = figures(load, self.now_ms);
        self.step_with(&figures, Used::default()).why
    }

    pub fn steps(&mut self, load: f64, n: usize) -> Vec<Why> {
        (0..n).map(|_| self.step(load)).collect()
    }

    pub fn told(&mut self, outcome: Outcome) {
        self.gate.told(self.now_ms, outcome);
    }
}

pub const RULE: &str = r#"
    when = "load > 2"
    clear = "load < 1"
    for = "3s"
    keep = "2s"
    cooldown = "10s"
    mode = "act"
    do = "freeze"
"#;
