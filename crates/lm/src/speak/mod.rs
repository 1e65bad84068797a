//! How what was learned speaks: a [`Voice`] hears tokens and says the next ones, in a [`Manner`];
//! a [`Teller`] makes text of them as they come.

mod manner;
mod sampler;
mod teller;
mod voice;

pub use manner::Manner;
pub use sampler::Sampler;
pub use teller::{End, STOP_MAX, STOPS_MAX, Teller, Told};
pub use voice::{LIKELY_MAX, SLICE, Said, Voice};
