//! Gates: rules over measured figures that lead to an action, and where to.
//!
//! [`figures`] declares what can be measured. A [`Rule`] says over these figures when something is
//! to be done; [`Gate`] is its state machine, stepped with a time and figures; [`placement`]
//! chooses a node; [`cases`] and [`replay`] ask what a rule would do. Nothing here reads a clock,
//! does I/O or starts a thread: the server and the simulator hand in the same times and figures and
//! get the same decisions.
//!
//! ```
//! use her_gate::figures::Figures;
//! use her_gate::{Gate, Rule, Used, Why};
//!
//! let rule = r#"
//!     when = "update_rate > 5000 && tier < max_tier"
//!     for = "2s"
//!     mode = "act"
//!     do = "freeze"
//! "#;
//! let rule: Rule = toml::from_str::<her_gate::Spec>(rule).unwrap().check().unwrap();
//! let mut gate = Gate::new(rule.into());
//! let mut figures = Figures::default();
//! for now in [0, 1000, 2000] {
//!     figures.set("update_rate", 9000.0, now).unwrap();
//!     figures.set("tier", 1.0, now).unwrap();
//!     figures.set("max_tier", 2.0, now).unwrap();
//!     let decision = gate.step(now, &figures, Used::default());
//!     assert_eq!(decision.why, if now < 2000 { Why::ForPending } else { Why::Act });
//! }
//! ```

pub mod cases;
pub mod decision;
pub mod expr;
pub mod figures;
mod gate;
pub mod period;
pub mod placement;
pub mod replay;
pub mod rule;

pub use decision::{Decision, Why};
pub use expr::Expr;
pub use gate::{Gate, Outcome, State, Used};
pub use rule::{Action, Budget, Mode, Rule, Spec, To};

/// What is wrong with a rule, a case or an input, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);

/// What this crate's functions give.
pub type Result<T> = std::result::Result<T, Error>;

pub(crate) fn wrong<T>(message: impl Into<String>) -> Result<T> {
    Err(Error(message.into()))
}
