//! Wholes whose parts are merged each by itself, under their numbers.

use super::{Gather, Merge, Spread};
use crate::error::Result;
use crate::estimator::Estimator;

/// The least exact merge of the parts.
pub(crate) fn merge<'a>(parts: impl Iterator<Item = &'a dyn Estimator>) -> Merge {
    parts.map(Estimator::merge).max().unwrap_or(Merge::Stateless)
}

/// The merge of parts of which each learns from what those before it make. When one that learns
/// stands before it, what a part adds depends on what that one knew.
pub(crate) fn merge_in_turn<'a>(parts: impl Iterator<Item = &'a dyn Estimator>) -> Merge {
    parts.map(Estimator::merge).fold(Merge::Stateless, |before, this| match (before, this) {
        (Merge::Stateless, this) => this,
        (before, Merge::Stateless) => before,
        (before, this) => before.max(this).max(Merge::Approximate),
    })
}

/// Writes each part's cells.
pub(crate) fn sums<'a>(parts: impl Iterator<Item = &'a dyn Estimator>, out: &mut Gather<'_>) {
    for (at, part) in parts.enumerate() {
        if let Some(part) = part.additive() {
            out.under(at, |out| part.sums(out));
        }
    }
}

/// Refuses cells that a part has no room for.
pub(crate) fn room<'a>(
    mut parts: impl Iterator<Item = &'a dyn Estimator>,
    from: &Spread<'_>,
) -> Result<()> {
    let mut at = 0..;
    parts.try_for_each(|part| {
        let from = from.under(at.next().unwrap_or_default());
        part.additive().map_or(Ok(()), |part| part.room(&from))
    })
}

/// Has each part become what its cells say.
pub(crate) fn set_sums<'a>(parts: impl Iterator<Item = &'a mut dyn Estimator>, from: &Spread<'_>) {
    for (at, part) in parts.enumerate() {
        if let Some(part) = part.additive_mut() {
            part.set_sums(&from.under(at));
        }
    }
}

/// [`Additive`](super::Additive) of a type by its parts, which two closures name; `merge` says how
/// their merges become one.
macro_rules! by_parts {
    ($ty:ty, $merge:expr, $parts:expr, $parts_mut:expr $(, for $generic:ident: $bound:path)?) => {
        impl $(<$generic: $bound>)? $crate::merge::Additive for $ty {
            fn merge(&self) -> $crate::merge::Merge {
                #[allow(clippy::redundant_closure_call, reason = "the macro's argument")]
                $merge($parts(self))
            }

            fn sums(&self, out: &mut $crate::merge::Gather<'_>) {
                #[allow(clippy::redundant_closure_call, reason = "the macro's argument")]
                $crate::merge::parts::sums($parts(self), out);
            }

            fn room(&self, from: &$crate::merge::Spread<'_>) -> $crate::Result<()> {
                #[allow(clippy::redundant_closure_call, reason = "the macro's argument")]
                $crate::merge::parts::room($parts(self), from)
            }

            fn set_sums(&mut self, from: &$crate::merge::Spread<'_>) {
                #[allow(clippy::redundant_closure_call, reason = "the macro's argument")]
                $crate::merge::parts::set_sums($parts_mut(self), from);
            }
        }
    };
}
pub(crate) use by_parts;
