//! The command line, the server, and the client that both speak to.

pub mod card;

pub mod cli;

pub mod client;

pub mod config;

pub mod decode;

mod locks;
mod resident;
pub mod server;

mod when;

pub mod wire;
