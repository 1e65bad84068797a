//! `her node`: this node's key, and the nodes that it knows.

use std::fmt::Write as _;

use her_identity::{Error, Result};
use serde_json::json;

use super::context::Context;
use crate::node;
use crate::sync::{SCHEME, url_of};

/// Show this node's key, as other nodes write it into their settings or add it as a peer
#[derive(clap::Args)]
pub struct Args {
    /// Only its address with its key, as `her peer add` takes it at another node
    #[arg(long = "address")]
    address: bool,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let settings = cx.settings();
    let key = node::of_dir(&settings.data_dir)?.node;
    let address = settings.node_listen.map(|at| {
        let host = at.ip().is_unspecified().then(|| format!("HOST:{}", at.port()));
        url_of(key, &host.unwrap_or_else(|| at.to_string()))
    });
    if args.address {
        let reached = address.as_ref().filter(|address| !address.contains("@HOST:"));
        let Some(address) = reached else {
            return Err(Error::invalid(format!(
                "this node has no address: node.listen is {:?}, which other machines can't reach; \
                 write {SCHEME}{key}@ and the host and port where they do, or add the key alone \
                 there and let this node begin",
                settings.node_listen.map_or_else(String::new, |at| at.to_string())
            )));
        };
        return cx.answer(&json!({ "address": address }), || format!("{address}\n"));
    }
    let at = settings.node_listen.map_or_else(|| "HOST:PORT".to_owned(), |at| at.to_string());
    let known: Vec<_> = settings
        .nodes
        .iter()
        .map(|peer| json!({ "name": peer.name, "key": peer.key, "at": peer.at, "url": peer.url }))
        .collect();
    let listen = settings.node_listen;
    let said = json!({ "key": key, "listen": listen, "address": address, "nodes": known });
    cx.answer(&said, || {
        let add = address.unwrap_or_else(|| key.to_string());
        let mut text = format!(
            "# for the settings of other nodes; at must reach node.listen of this one\n\
             [nodes.NAME]\nkey = \"{key}\"\nat = \"{at}\"\nurl = \"http://{}\"\n\
             # only to exchange what is learned: her peer add IDENTITY {add}\n",
            settings.listen
        );
        for peer in &settings.nodes {
            // Writing into a string does not fail.
            let at = peer.at.as_deref().unwrap_or_default();
            let _ = writeln!(text, "# knows {} at {at}", peer.name);
        }
        text
    })
}
