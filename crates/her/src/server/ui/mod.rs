//! The page: what people see of the house in a browser.
//!
//! Everything is HTML made on the server and embedded in the binary; charts are SVG. A page is
//! whole without its script, which only swaps fragments as they change ([`live`]), shows what is
//! under the pointer, and moves the scrubber. One page a file; what they share is in [`shell`],
//! [`figure`] and [`chart`]. Numbers come from the JSON that the API answers, never from beside
//! it.

mod alarms;
mod assets;
mod audit;
mod channels;
pub(crate) mod chart;
mod departure;
pub(crate) mod figure;
mod forget;
mod form;
mod identities;
mod language;
mod legacy;
mod live;
mod login;
mod memory;
mod moves;
mod now;
mod peers;
pub(super) mod routes;
mod shell;
mod system;
mod talk;

pub(super) use live::Screens;
pub(super) use login::refuse;
