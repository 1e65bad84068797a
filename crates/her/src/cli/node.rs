//! `her node`: this node's key, and the nodes that it knows.

use std::fmt::Write as _;

use her_identity::Result;
use serde_json::json;

use super::context::Context;
use crate::node;

/// Show this node's key, as other nodes write it into their settings
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_: &Args, cx: &Context) -> Result<()> {
    let settings = cx.settings();
    let key = node::of_dir(&settings.data_dir)?.node;
    let at = settings.node_listen.map_or_else(|| "HOST:PORT".to_owned(), |at| at.to_string());
    let known: Vec<_> = settings
        .nodes
        .iter()
        .map(|peer| json!({ "name": peer.name, "key": peer.key, "at": peer.at, "url": peer.url }))
        .collect();
    let said = json!({ "key": key, "listen": settings.node_listen, "nodes": known });
    cx.answer(&said, || {
        let mut text = format!(
            "# for the settings of other nodes; at must reach node.listen of this one\n\
             [nodes.NAME]\nkey = \"{key}\"\nat = \"{at}\"\nurl = \"http://{}\"\n",
            settings.listen
        );
        for peer in &settings.nodes {
            // Writing into a string does not fail.
            let _ = writeln!(text, "# knows {} at {}", peer.name, peer.at);
        }
        text
    })
}
