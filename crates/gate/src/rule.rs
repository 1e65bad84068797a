//! Rules: as they are written, and checked.

use serde::{Deserialize, Serialize};

use crate::{Expr, Result, period, wrong};

/// A rule as it is written; [`Spec::check`] makes a [`Rule`] of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Which identities it is for, such as `fraud-*`; this crate only hands it on.
    #[serde(default = "everyone")]
    pub identities: String,
    /// The condition under which it is done; see [`Expr`].
    pub when: String,
    /// The condition under which the gate is clear again; the contrary of `when` unless said.
    pub clear: Option<String>,
    /// How long `when` must be true without a break; 0 unless said.
    #[serde(default, rename = "for", deserialize_with = "period::read")]
    pub hold_ms: u64,
    /// How long the gate must be clear without a break before it closes; 0 unless said.
    #[serde(default, rename = "keep", deserialize_with = "period::read")]
    pub keep_ms: u64,
    /// How long after it was done it is not done again; ten minutes unless said.
    #[serde(default = "ten_minutes", rename = "cooldown", deserialize_with = "period::read")]
    pub cooldown_ms: u64,
    /// How many identities it may be done to at a time.
    #[serde(default)]
    pub budget: Budget,
    /// Whether it is done at all; a dry run unless said.
    #[serde(default)]
    pub mode: Mode,
    /// What is done.
    #[serde(rename = "do")]
    pub action: Action,
}

fn everyone() -> String {
    "*".into()
}

fn ten_minutes() -> u64 {
    600_000
}

/// How many may be done by one rule within its cool-down, those under way included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// By one node.
    pub per_node: u32,
    /// By all nodes.
    pub cluster: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { per_node: 2, cluster: 50 }
    }
}

/// Whether a decision is acted upon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It is only told what would be done.
    #[default]
    DryRun,
    /// An operator says yes first.
    Ask,
    /// It is done.
    Act,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// The identity moves to another node.
    Migrate {
        /// Where to: `tier+1`, `tier`, `any` or a node's name.
        to: To,
        /// By what a node is chosen: `p2c(cpu,mem,rtt)` or some of the three.
        #[serde(default)]
        choose: crate::placement::Choose,
        /// What stays behind: `legacy`, a frozen copy that answers, or `nothing`.
        #[serde(default)]
        leave: Leave,
    },
    /// A new identity goes on from here, and this one too.
    Fork {
        /// Its name; `{identity}` and `{version}` in it are replaced.
        name: String,
    },
    /// It learns no more.
    Freeze,
    /// A program is told by a POST of the decision in JSON.
    Notify {
        /// Its address, of http or https.
        url: String,
    },
}

impl Action {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Migrate { .. } => "migrate",
            Self::Fork { .. } => "fork",
            Self::Freeze => "freeze",
            Self::Notify { .. } => "notify",
        }
    }
}

/// Which nodes may be gone to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum To {
    /// Those of a tier so much above this node's.
    Above(u32),
    /// Those of any tier.
    Any,
    /// The one of this name.
    Node(String),
}

impl TryFrom<String> for To {
    type Error = crate::Error;

    fn try_from(text: String) -> Result<Self> {
        if text == "any" {
            return Ok(Self::Any);
        }
        if let Some(above) = text.strip_prefix("tier") {
            if above.is_empty() {
                return Ok(Self::Above(0));
            }
            let above = above.strip_prefix('+').and_then(|n| n.parse().ok());
            if let Some(above) = above.filter(|n| (1..=1000).contains(n)) {
                return Ok(Self::Above(above));
            }
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        if (1..=128).contains(&text.len()) && text.chars().all(plain) {
            return Ok(Self::Node(text));
        }
        wrong(format!("to is {text:?}; it is \"tier+1\", \"tier\", \"any\" or the name of a node"))
    }
}

impl From<To> for String {
    fn from(to: To) -> Self {
        match to {
            To::Above(0) => "tier".into(),
            To::Above(n) => format!("tier+{n}"),
            To::Any => "any".into(),
            To::Node(name) => name,
        }
    }
}

/// What stays behind when an identity moves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leave {
    /// A frozen copy that answers.
    #[default]
    Legacy,
    /// Nothing that answers; its files stay.
    Nothing,
}

/// A rule that was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The rule as it was written.
    pub spec: Spec,
    /// The condition under which it is done.
    pub when: Expr,
    /// The condition under which the gate is clear.
    pub clear: Option<Expr>,
}

impl Spec {
    /// The rule, or what is wrong with it.
    pub fn check(self) -> Result<Rule> {
        let when = Expr::parse(&self.when).map_err(|e| crate::Error(format!("when: {e}")))?;
        let clear = self.clear.as_deref().map(Expr::parse).transpose();
        let clear = clear.map_err(|e| crate::Error(format!("clear: {e}")))?;
        if when.figures().is_empty() {
            return wrong("when: the condition names no figure, so it never changes");
        }
        if self.budget.per_node == 0 || self.budget.cluster == 0 {
            return wrong(
                "budget: per_node and cluster are at least 1; mode = \"dry-run\" does nothing",
            );
        }
        if self.identities.is_empty() || self.identities.len() > 128 {
            return wrong("identities: a pattern such as \"fraud-*\", of at most 128 bytes");
        }
        match &self.action {
            Action::Fork { name } => check_name(name)?,
            Action::Notify { url } => check_url(url)?,
            Action::Migrate { .. } | Action::Freeze => {}
        }
        Ok(Rule { spec: self, when, clear })
    }
}

impl Rule {
    /// The rule as one text, the same for the same rule: what its records are kept under.
    pub fn text(&self) -> String {
        let s = &self.spec;
        let clear = s.clear.as_deref().unwrap_or_default();
        let (hold, keep, cooldown) = (s.hold_ms, s.keep_ms, s.cooldown_ms);
        format!("{} / {clear} / {hold} {keep} {cooldown} / {:?} {:?}", s.when, s.mode, s.action)
    }
}

fn check_name(name: &str) -> Result<()> {
    let fixed = name.replace("{identity}", "x").replace("{version}", "1");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if fixed.is_empty() || fixed.len() > 64 || !fixed.chars().all(plain) {
        return wrong(format!(
            "do: fork: {name:?} is no name; write letters, digits, - _ . and {{identity}} or \
             {{version}}"
        ));
    }
    Ok(())
}

fn check_url(url: &str) -> Result<()> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let host = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let plain = url.chars().all(|c| c.is_ascii_graphic());
    if host.is_empty() || !plain || url.len() > 2048 || host.contains('@') {
        return wrong(format!("do: notify: {url:?} is no address of http or https without a user"));
    }
    Ok(())
}
