//! Putting estimators together: River's `compose`.

mod chosen;
pub mod discard;
pub mod pipeline;
pub mod prefixer;
pub mod renamer;
mod renames;
pub mod select;
pub mod select_type;
pub mod suffixer;
#[cfg(test)]
mod tests;
pub mod transformer_union;

pub use discard::Discard;
pub use pipeline::Pipeline;
pub use prefixer::Prefixer;
pub use renamer::Renamer;
pub use select::Select;
pub use select_type::SelectType;
pub use suffixer::Suffixer;
pub use transformer_union::TransformerUnion;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[
    pipeline::ENTRY,
    transformer_union::ENTRY,
    Select::ENTRY,
    Discard::ENTRY,
    SelectType::ENTRY,
    Prefixer::ENTRY,
    Suffixer::ENTRY,
    Renamer::ENTRY,
];
