//! Conditions: a part of CEL in which everything ends at once.
//!
//! The text is parsed as CEL, then its tree is walked once and turned into ours: figures, numbers,
//! comparisons, arithmetic, `&&`, `||`, `!` and `c ? a : b`. All else is refused by name, so that a
//! condition has no loop and no function. Every number is a double: `1000` and `1000.0` are the
//! same, and `1 / 2` is a half. A result that is no number makes a condition neither true nor
//! false.

use std::collections::BTreeSet;
use std::fmt;

use cel::common::ast::{CallExpr, Expr as Cel, LiteralValue, operators as op};
use cel::parser::Parser;

use crate::figures::{self, DECLARED};
use crate::{Error, Result, wrong};

/// The longest condition, in bytes.
pub const TEXT_MAX: usize = 1024;
/// How deep parts may lie within each other.
pub const DEPTH_MAX: usize = 32;

/// A condition that was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    text: String,
    conjuncts: Vec<Node>,
    figures: BTreeSet<usize>,
}

/// What a part of a condition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Truth,
    Number,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Truth => "true or false",
            Self::Number => "a number",
        }
    }
}

/// One part of a condition: truths are 1 and 0, and what can't be told is not a number.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    Number(f64),
    Truth(bool),
    Figure(usize),
    Negate(Box<Node>),
    Not(Box<Node>),
    Two(Two, Box<Node>, Box<Node>),
    If(Box<Node>, Box<Node>, Box<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Two {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Two {
    const ALL: [(&'static str, &'static str, Self); 12] = [
        (op::LOGICAL_OR, "||", Self::Or),
        (op::LOGICAL_AND, "&&", Self::And),
        (op::EQUALS, "==", Self::Equal),
        (op::NOT_EQUALS, "!=", Self::NotEqual),
        (op::LESS, "<", Self::Less),
        (op::LESS_EQUALS, "<=", Self::LessEqual),
        (op::GREATER, ">", Self::Greater),
        (op::GREATER_EQUALS, ">=", Self::GreaterEqual),
        (op::ADD, "+", Self::Add),
        (op::SUBSTRACT, "-", Self::Subtract),
        (op::MULTIPLY, "*", Self::Multiply),
        (op::DIVIDE, "/", Self::Divide),
    ];

    fn sign(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// How tightly it binds.
    fn rank(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal
            | Self::NotEqual
            | Self::Less
            | Self::LessEqual
            | Self::Greater
            | Self::GreaterEqual => 3,
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide => 5,
        }
    }

    /// What it takes and what it gives; nothing for (un)equality, which takes either.
    fn kinds(self) -> (Option<Kind>, Kind) {
        match self {
            Self::Or | Self::And => (Some(Kind::Truth), Kind::Truth),
            Self::Equal | Self::NotEqual => (None, Kind::Truth),
            Self::Less | Self::LessEqual | Self::Greater | Self::GreaterEqual => {
                (Some(Kind::Number), Kind::Truth)
            }
            Self::Add | Self::Subtract | Self::Multiply | Self::Divide => {
                (Some(Kind::Number), Kind::Number)
            }
        }
    }

    fn of(self, a: f64, b: f64) -> f64 {
        // A comparison with what is no number says nothing, so that its negation does not fire.
        if a.is_nan() || b.is_nan() {
            return f64::NAN;
        }
        let truth = |t: bool| f64::from(u8::from(t));
        match self {
            Self::Or => truth(a != 0.0 || b != 0.0),
            Self::And => truth(a != 0.0 && b != 0.0),
            Self::Equal => truth(a == b),
            Self::NotEqual => truth(a != b),
            Self::Less => truth(a < b),
            Self::LessEqual => truth(a <= b),
            Self::Greater => truth(a > b),
            Self::GreaterEqual => truth(a >= b),
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide => a / b,
        }
    }
}

impl Expr {
    /// Reads and checks a condition.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > TEXT_MAX {
            let length = text.len();
            return wrong(format!("the condition has {length} bytes; it may have {TEXT_MAX}"));
        }
        let parsed = Parser::new().max_recursion_depth(DEPTH_MAX as u16).parse(text);
        let parsed = parsed.map_err(|e| {
            let first = e.errors.first();
            let (at, why) = first.map_or((0, ""), |e| (e.pos.1, e.msg.as_str()));
            Error(format!("{text:?} can't be read at column {}: {why}", at.max(1)))
        })?;
        let (node, kind) = take(&parsed, 0)?;
        want(Kind::Truth, kind, &node, "the condition")?;
        let mut figures = BTreeSet::new();
        node.figures(&mut figures);
        let mut conjuncts = Vec::new();
        node.split(&mut conjuncts);
        Ok(Self { text: text.to_owned(), conjuncts, figures })
    }

    /// The condition as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The figures that it names, as places in [`DECLARED`].
    pub fn figures(&self) -> &BTreeSet<usize> {
        &self.figures
    }

    /// The parts that must all be true, as text.
    pub fn conjuncts(&self) -> impl Iterator<Item = String> + '_ {
        self.conjuncts.iter().map(ToString::to_string)
    }

    /// The figures that a conjunct names.
    pub fn figures_of(&self, conjunct: usize) -> BTreeSet<usize> {
        let mut figures = BTreeSet::new();
        if let Some(node) = self.conjuncts.get(conjunct) {
            node.figures(&mut figures);
        }
        figures
    }

    /// The truth of each conjunct; none where it can't be told. `values` gives each figure, and
    /// what is not a number for one that can't be used.
    pub fn truths(&self, values: &dyn Fn(usize) -> f64) -> Vec<Option<bool>> {
        self.conjuncts.iter().map(|node| node.truth(values)).collect()
    }

    /// The truth of one conjunct; none where it can't be told, and beyond the last one.
    pub fn truth(&self, conjunct: usize, values: &dyn Fn(usize) -> f64) -> Option<bool> {
        self.conjuncts.get(conjunct)?.truth(values)
    }
}

/// All of them true, or one false; none when one of them can't be told.
pub fn all(truths: &[Option<bool>]) -> Option<bool> {
    truths.iter().try_fold(true, |so_far, truth| truth.map(|t| so_far && t))
}

/// A part of CEL's tree as ours.
fn take(part: &cel::IdedExpr, depth: usize) -> Result<(Node, Kind)> {
    if depth > DEPTH_MAX {
        return wrong(format!("parts of the condition lie deeper than {DEPTH_MAX} in each other"));
    }
    match &part.expr {
        Cel::Literal(literal) => number(literal),
        Cel::Ident(name) => Ok((Node::Figure(figures::find(name)?), Kind::Number)),
        Cel::Call(call) => take_call(call, depth),
        Cel::Comprehension(_) => {
            wrong("macros such as all, exists, map and filter are not part of conditions")
        }
        Cel::Select(select) if select.test => wrong("has() is not part of conditions"),
        Cel::Select(select) => {
            wrong(format!("figures have no parts, and this asks for the part {:?}", select.field))
        }
        Cel::List(_) | Cel::Map(_) | Cel::Struct(_) => {
            wrong("lists, maps and messages are not part of conditions")
        }
        Cel::Unspecified => wrong("the condition is empty"),
    }
}

fn number(literal: &LiteralValue) -> Result<(Node, Kind)> {
    let number = match literal {
        LiteralValue::Boolean(truth) => return Ok((Node::Truth(*truth.inner()), Kind::Truth)),
        LiteralValue::Int(n) => *n.inner() as f64,
        LiteralValue::UInt(n) => *n.inner() as f64,
        LiteralValue::Double(n) => *n.inner(),
        LiteralValue::String(_) | LiteralValue::Bytes(_) | LiteralValue::Null => {
            return wrong("texts and null are not part of conditions; figures are numbers");
        }
    };
    if !number.is_finite() {
        return wrong("a number of the condition is too large");
    }
    Ok((Node::Number(number), Kind::Number))
}

fn take_call(call: &CallExpr, depth: usize) -> Result<(Node, Kind)> {
    let name = call.func_name.as_str();
    let parts = |n: usize| call.target.is_none() && call.args.len() == n;
    let part = |i: usize| take(&call.args[i], depth + 1);
    if name == op::LOGICAL_NOT && parts(1) {
        let (a, kind) = part(0)?;
        want(Kind::Truth, kind, &a, "!")?;
        return Ok((Node::Not(a.into()), Kind::Truth));
    }
    if name == op::NEGATE && parts(1) {
        let (a, kind) = part(0)?;
        want(Kind::Number, kind, &a, "-")?;
        return Ok((Node::Negate(a.into()), Kind::Number));
    }
    if name == op::CONDITIONAL && parts(3) {
        let ((a, first), (b, kind), (c, other)) = (part(0)?, part(1)?, part(2)?);
        want(Kind::Truth, first, &a, "?")?;
        want(kind, other, &c, "what follows :")?;
        return Ok((Node::If(a.into(), b.into(), c.into()), kind));
    }
    let two = Two::ALL.iter().find(|(cel, ..)| *cel == name).filter(|_| parts(2));
    let Some((_, sign, two)) = two else {
        let name = name.trim_matches(['_', '@']);
        return wrong(format!(
            "conditions have no {name:?}; they have figures, numbers, < <= > >= == != + - * / && \
             || ! and ?:"
        ));
    };
    let ((a, first), (b, second)) = (part(0)?, part(1)?);
    let (takes, gives) = two.kinds();
    let takes = takes.unwrap_or(first);
    want(takes, first, &a, sign)?;
    want(takes, second, &b, sign)?;
    Ok((Node::Two(*two, a.into(), b.into()), gives))
}

fn want(wanted: Kind, got: Kind, of: &Node, place: &str) -> Result<()> {
    if wanted == got {
        return Ok(());
    }
    wrong(format!("{place} wants {}, and {of} is {}", wanted.name(), got.name()))
}

impl Node {
    fn truth(&self, values: &dyn Fn(usize) -> f64) -> Option<bool> {
        let value = self.value(values);
        (!value.is_nan()).then_some(value != 0.0)
    }

    fn value(&self, values: &dyn Fn(usize) -> f64) -> f64 {
        match self {
            Self::Number(n) => *n,
            Self::Truth(truth) => f64::from(u8::from(*truth)),
            Self::Figure(place) => values(*place),
            Self::Negate(a) => -a.value(values),
            Self::Not(a) => Two::Equal.of(a.value(values), 0.0),
            Self::Two(two, a, b) => two.of(a.value(values), b.value(values)),
            Self::If(a, b, c) => match a.value(values) {
                a if a.is_nan() => a,
                a if a != 0.0 => b.value(values),
                _ => c.value(values),
            },
        }
    }

    fn figures(&self, into: &mut BTreeSet<usize>) {
        match self {
            Self::Number(_) | Self::Truth(_) => {}
            Self::Figure(place) => {
                into.insert(*place);
            }
            Self::Negate(a) | Self::Not(a) => a.figures(into),
            Self::Two(_, a, b) => {
                a.figures(into);
                b.figures(into);
            }
            Self::If(a, b, c) => {
                for part in [a, b, c] {
                    part.figures(into);
                }
            }
        }
    }

    /// The parts that must all be true.
    fn split(self, into: &mut Vec<Self>) {
        match self {
            Self::Two(Two::And, a, b) => {
                a.split(into);
                b.split(into);
            }
            other => into.push(other),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::If(..) => 0,
            Self::Two(two, ..) => two.rank(),
            Self::Negate(_) | Self::Not(_) => 6,
            Self::Number(n) if n.is_sign_negative() => 6,
            Self::Number(_) | Self::Truth(_) | Self::Figure(_) => 7,
        }
    }

    /// In brackets where it binds less tightly than its place asks.
    fn within(&self, rank: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rank() < rank { write!(f, "({self})") } else { write!(f, "{self}") }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // As CEL writes a double, so that what is shown can be read again.
            Self::Number(n) => write!(f, "{n:?}"),
            Self::Truth(truth) => truth.fmt(f),
            Self::Figure(place) => f.write_str(DECLARED[*place].name),
            Self::Negate(a) => {
                f.write_str("-")?;
                a.within(7, f)
            }
            Self::Not(a) => {
                f.write_str("!")?;
                a.within(7, f)
            }
            Self::Two(two, a, b) => {
                // Comparisons do not follow each other; the others go from left to right.
                a.within(two.rank() + u8::from(two.rank() == 3), f)?;
                write!(f, " {} ", two.sign())?;
                b.within(two.rank() + 1, f)
            }
            Self::If(a, b, c) => {
                a.within(1, f)?;
                f.write_str(" ? ")?;
                b.within(1, f)?;
                f.write_str(" : ")?;
                c.within(0, f)
            }
        }
    }
}
