//! `/ui/audit`: who did what, newest first.

use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};
use serde_json::Value;

use super::figure::grouped;
use super::shell::{self, Page, Shown};
use crate::locks::audit;
use crate::locks::told::{HEADINGS, told};
use crate::server::App;

/// Records that one page shows.
const SHOWN: usize = 200;

/// `GET /ui/audit`.
pub(super) async fn page(State(app): State<Arc<App>>) -> Shown {
    let (records, found) = app.blocking(|house| audit::newest(house.dir(), SHOWN)).await?;
    let body = html! {
        h1 { "Audit" }
        p { "Every change that wanted the scope " code { "admin" } ", in a chain: "
            (grouped(found.records as f64)) " records, the last of which has the digest "
            code { (found.hash.to_hex().as_str()) } ". "
            code { "her audit verify" } " walks the chain and tells what was changed or cut." }
        (table(&records))
    };
    Ok(shell::page(&Page {
        title: "Audit",
        path: "/ui/audit".into(),
        name: None,
        live: None,
        outside: false,
        body,
    }))
}

fn table(records: &[Value]) -> Markup {
    if records.is_empty() {
        return html! { p.empty { "Nothing was changed by an administrator yet." } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="Audit log" {
            table #audit {
                caption.unseen { "The last " (records.len()) " records, newest first" }
                thead { tr { @for heading in HEADINGS { th scope="col" { (heading) } } } }
                tbody { @for record in records.iter().rev() { tr {
                    @for cell in told(record) { td { (cell) } }
                } } }
            }
        }
    }
}
