//! What a book holds of an identity, beside its exact state.

use std::collections::{BTreeMap, BTreeSet};

use her_book::{Dictionary, Dtype, Name, NameOf, Provenance, Range, Tensors};
use her_identity::migrate::Node;
use her_identity::sync::{Origin, Shared};
use her_identity::turn::State;
use her_learn::Label;

/// What a model learned, for readers that know other tools.
pub struct Learned {
    /// The model's sums, where it is one of sums.
    pub base: Option<Tensors<'static>>,
    /// The features and classes, by the numbers that the base knows them by.
    pub dictionary: Dictionary,
}

/// One tensor of the sums: its numbers, and for each block of them class, feature, second feature
/// (-1 for none) and how many numbers it has.
#[derive(Default)]
struct Blocks {
    numbers: Vec<u8>,
    keys: Vec<u8>,
    count: usize,
}

impl Learned {
    /// Of a state. A base has two tensors for each one of the sums, `NAME` (F64) and `NAME.keys`
    /// (I64, blocks × 4), in the order of the dictionary: of equal sums come equal bytes.
    pub fn of(state: &State) -> Self {
        let model = state.model();
        let sums = model.sums();
        let known = (0..model.names().end()).filter_map(|id| model.names().name(id));
        let named = sums.iter().flat_map(|(key, _)| key.feature.iter().chain(&key.other));
        let features: BTreeSet<&str> = known.chain(named.map(|name| &**name)).collect();
        let labels = sums.iter().filter_map(|(key, _)| key.class.as_ref());
        let classes: BTreeSet<&Label> = model.classes().iter().chain(labels).collect();
        let numbered = |of, names: Vec<String>| {
            let name = move |(id, name)| Name { of, id, name };
            (0..).zip(names).map(name)
        };
        let feature_names = features.iter().map(|name| (*name).to_owned()).collect();
        let class_names = classes.iter().map(ToString::to_string).collect();
        let dictionary = numbered(NameOf::Feature, feature_names)
            .chain(numbered(NameOf::Class, class_names))
            .collect();
        // What a `Memory` knows has layers of its own.
        let remembers = her_recall::Memory::of(model.root()).is_some();
        if remembers || !model.merge().is_additive() {
            return Self { base: None, dictionary };
        }
        let feature_ids: BTreeMap<&str, i64> = features.into_iter().zip(0..).collect();
        let class_ids: BTreeMap<&Label, i64> = classes.into_iter().zip(0..).collect();
        let mut tensors: BTreeMap<&str, Blocks> = BTreeMap::new();
        for (key, block) in sums.iter() {
            let tensor = tensors.entry(&*key.tensor).or_default();
            let feature = |name: Option<&str>| name.map_or(-1, |name| feature_ids[name]);
            let class = key.class.as_ref().map_or(-1, |label| class_ids[label]);
            let (first, second) = (feature(key.feature.as_deref()), feature(key.other.as_deref()));
            for n in [class, first, second, i64::try_from(block.len()).unwrap_or(i64::MAX)] {
                tensor.keys.extend_from_slice(&n.to_le_bytes());
            }
            for number in block {
                tensor.numbers.extend_from_slice(&number.to_f64().to_le_bytes());
            }
            tensor.count += 1;
        }
        let mut base = Tensors::new().note("merge", model.merge().text());
        for (name, Blocks { numbers, keys, count }) in tensors {
            let cells = numbers.len() / size_of::<f64>();
            base = base.tensor(name, Dtype::F64, [cells], numbers).tensor(
                format!("{name}.keys"),
                Dtype::I64,
                [count, 4],
                keys,
            );
        }
        Self { base: Some(base), dictionary }
    }
}

/// Where an identity's book comes from.
pub fn provenance(state: &State, id: String, head: String, licence: Option<String>) -> Provenance {
    let vector = state.shared().map(Shared::vector).unwrap_or_default();
    Provenance {
        identity: id,
        journal: Range { first: 1, last: state.version(), head },
        version_vector: vector.iter().map(|(origin, seq)| (name_of(origin), *seq)).collect(),
        code: format!("her {}", env!("CARGO_PKG_VERSION")),
        events: state.figures().learned,
        licence,
        ..Provenance::default()
    }
}

/// An origin in full: key, identity and life.
fn name_of(origin: &Origin) -> String {
    format!("{}/{}/{}", Node(origin.peer.key), origin.peer.identity, origin.life)
}
