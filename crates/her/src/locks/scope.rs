//! What a token may be allowed to do.

use her_identity::{Error, Result};

/// What a route asks of whoever comes.
///
/// None of these holds another, but `admin` holds all: learning is writing, and who may ask may
/// not teach for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Nothing: the route tells nothing of any identity.
    Open,
    /// Ask, also with a promise of a late label.
    Predict,
    /// Teach: write access to what the model says.
    Learn,
    /// Tell the truth about a remembered prediction.
    Label,
    /// See: cards, logs, events, figures.
    Read,
    /// Make, branch, rewind, freeze, name; and all of the others.
    Admin,
    /// One of predict, learn and label: who may do one of these may hold a channel. What each
    /// message wants is asked when it comes.
    Talk,
}

/// The scopes that a token can have.
const NAMED: [Scope; 5] = [Scope::Predict, Scope::Learn, Scope::Label, Scope::Read, Scope::Admin];

impl Scope {
    /// The scopes of which a token needs one.
    pub fn any_of(self) -> &'static [Self] {
        match self {
            Self::Open => &[],
            Self::Predict => &[Self::Predict],
            Self::Learn => &[Self::Learn],
            Self::Label => &[Self::Label],
            Self::Read => &[Self::Read],
            Self::Admin => &[Self::Admin],
            Self::Talk => &[Self::Predict, Self::Learn, Self::Label],
        }
    }

    /// Its name in tokens and in the OpenAPI document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Predict => "predict",
            Self::Learn => "learn",
            Self::Label => "label",
            Self::Read => "read",
            Self::Admin => "admin",
            Self::Talk => "predict, learn or label",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scopes(u8);

impl Scopes {
    /// The scopes of these names, at least one.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let mut bits = 0;
        for name in names {
            let Some(scope) = NAMED.iter().find(|s| s.name() == name) else {
                let known = NAMED.map(Scope::name).join(", ");
                return Err(Error::invalid(format!("there is no scope {name:?}; it is {known}")));
            };
            bits |= scope.bit();
        }
        if bits == 0 {
            return Err(Error::invalid("a token needs at least one scope"));
        }
        Ok(Self(bits))
    }

    /// Their names.
    pub fn names(self) -> Vec<&'static str> {
        NAMED.into_iter().filter(|s| self.0 & s.bit() != 0).map(Scope::name).collect()
    }

    /// True when a route of this scope answers.
    pub fn allow(self, scope: Scope) -> bool {
        let any = scope.any_of().iter().fold(Scope::Admin.bit(), |bits, s| bits | s.bit());
        scope == Scope::Open || self.0 & any != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_holds_itself_and_admin_holds_all() {
        for scope in NAMED {
            let one = Scopes::parse([scope.name()]).unwrap();
            assert_eq!(one.names(), [scope.name()]);
            for other in NAMED {
                let fine = other == scope || scope == Scope::Admin;
                assert_eq!(one.allow(other), fine, "{scope:?} {other:?}");
            }
            assert!(one.allow(Scope::Open));
            assert_eq!(one.allow(Scope::Talk), scope != Scope::Read, "{scope:?}");
        }
        assert!(Scopes::parse([]).is_err());
        assert!(Scopes::parse(["learn", "open"]).is_err());
    }
}
