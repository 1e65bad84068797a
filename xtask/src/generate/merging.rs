//! `docs/reference/merging.md`: how each entry of the catalogue is merged.

use std::fmt::Write as _;

use her_learn::Catalog;
use her_learn::catalog::Entry;
use her_learn::merge::Statement;

const HEAD: &str = "\
# How each estimator is merged

Written by `cargo xtask generate` from the catalogue; `her models` says the same. A test builds
each entry and holds it to its row.

When peers exchange what they learned, each publishes what its own events taught it, as named
numbers that add up, and reads the sum of all. What that makes of a model goes by its estimators:

| word | what it means |
|---|---|
| exact | the sum makes the learner that saw all events, up to the rounding of floats |
| approximate | the numbers depend a little on what the peer knew when it made them |
| deltas | sums of steps: near one learner if exchanged often, too far if seldom |
| parts | as its parts are merged, the least exact of them |
| stateless | it learns nothing: there is nothing to merge |
| local | each peer keeps its own, and the rest is merged: the whole is at best approximate |
| member | no sums: its peers are told its events, and learn them |

A pipeline is as exact as the least exact of its steps. After a step that learns, no step is exact:
what it adds depends on what the first one knew at the time. Peers that need to be exact put
features into one frame beforehand, or use models that need none.

The word is the one with default parameters. Other parameters can make it `member`: a window or
`smoothing` is one peer's own, weights that begin at random or come from the sums of `FTRLProximal`
are no sums of steps, and neither are those under the cumulative `l1`.

";

/// The page's text.
pub fn page() -> String {
    let mut page = String::from(HEAD);
    page.push_str(
        "| module | name | merge | what is added, or why nothing is |\n|---|---|---|---|\n",
    );
    for entry in Catalog::builtin().entries() {
        row(&mut page, entry);
    }
    page.push_str(
        "\nOf the language models, `LanguageEmbedding` is stateless and `LanguageModel` a member: \
         an adapter's\nfactors are a product, no sum of steps.\n",
    );
    page
}

fn row(page: &mut String, entry: &Entry) {
    let Entry { module, name, merge, .. } = entry;
    let why = if *merge == Statement::Stateless { "–" } else { merge.why() };
    let _ = writeln!(page, "| {module} | `{name}` | {} | {why} |", merge.word());
}
