//! The command line, the server, and the client that both speak to.

pub(crate) mod books;
pub mod card;

pub mod cli;

pub mod client;

pub mod config;

pub mod decode;

pub mod depart;

mod encoders;

pub mod gates;

mod isolate;

mod locks;

pub mod nearest;

pub mod node;

pub mod resident;

pub mod server;

mod sync;

pub mod talk;

mod when;

pub mod wire;
