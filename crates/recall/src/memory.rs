//! `Memory`: keeps the vectors of what it was told, and says how new something is.
//!
//! An event may have several parts, each a plain text or a data URL (`data:image/png;base64,…`)
//! under one of the names `on`; a data URL may be a vector of a space that is read here
//! ([`her_encode::Given`]). Each becomes a memory of its modality: the vector in eight bits a
//! number, an id, a time, and some words. The id is the text under the name `id`, else the first
//! half of BLAKE3 of the part's bytes, which is the same at whoever was told the same. What was
//! told before is not kept twice, but counted. [`Recall`] finds what is like a query.
//!
//! The prediction is the novelty of the event: `1 − c`, with `c` the largest cosine of a part's
//! vector and a memory of its modality, at least 0; the mean of it over the parts. Events without
//! parts are not new, and tell nothing.
//!
//! **Merge** exact while nothing was let go: memories are named by the hash of all that they hold,
//! so the sum of what peers remember is the union of it, and what several were told counts as often
//! as it was told. See the source of `record.rs`.
//!
//! **Shape** texts and data URLs in, a number between 0 and 1 out; other features are left out.
//! **Units** times in milliseconds since 1970. **Cost** for each memory a byte a dimension (256 of
//! a text, 388 of an image, 120 of a sound), its words, and some 150 bytes; a product of vectors
//! with each memory of its modality an event, and the encoding. By a base that `encoder` names,
//! texts take as many bytes as it is wide and as long as it takes to read, so it is heavy: a thread
//! of its own, and the same bits from the same kernel only, as with the base's other estimators.
//! **Errors** a number where a part or an id is wanted, a text where a time is, what can't be
//! decoded, an id of more than 256 bytes, a vector of another space; a base that is not there, or
//! is another file than at birth.
//!
//! ```
//! use her_learn::{Catalog, Model, Row, Scratch, Target};
//! use her_recall::Memory;
//! use serde_json::json;
//! let mut model = Model::new(&json!("Memory"), &her_recall::extend(Catalog::builtin()))?;
//! for told in ["the spare key is under the blue pot", "the boiler was made in 1998"] {
//!     let row = Row::from_json(&json!({"text": told}))?;
//!     model.learn(&row, &Target::None, 1.0, &mut Scratch::default())?;
//! }
//! let memory = Memory::of(model.root()).unwrap().recall();
//! let nearest = memory.nearest("where is the spare key?", None, 1)?;
//! assert_eq!(&*nearest.found[0].item.text, "the spare key is under the blue pot");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** novelty by the nearest neighbour: Knorr, E.M., Ng, R.T. and Tucakov, V., 2000.
//! Distance-based outliers, VLDB Journal 8.

use std::any::Any as Concrete;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use her_encode::Modality;
use her_learn::catalog::{Builder, Entry, Kind};
use her_learn::estimator::{AnomalyDetector, Any, Estimator};
use her_learn::features::{Context, Features};
use her_learn::merge::{Additive, Gather, Merge, Spread, Statement};
use her_learn::saved::{self, Loader};
use her_learn::{Error, Result, params, params::check_range, params::read};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::embedding::part_of;
use crate::models::Readers;
use crate::reader::{Read, Reader};
use crate::recall::Recall;
use crate::record::{self, ID_MAX, Told};
use crate::store::{Item, Store};

/// The most memories of a modality that are kept.
pub const MEMORIES_MAX: usize = 100_000;
/// The most bytes of words that a memory keeps.
pub const TEXT_MAX: usize = 4096;
/// Names of parts in one event.
const PARTS_MAX: usize = 16;
/// The times that calendars reach, in milliseconds before and after 1970.
pub(crate) const TIME_MAX: f64 = 8.64e15;

her_learn::params! {
    /// Parameters of [`Memory`].
    pub struct Params {
        /// The names of the parts, 1 to 16.
        on: Vec<String> = vec!["text".to_owned()],
        /// The name of the text that is a memory's id, where an event has it.
        id: String = "id".to_owned(),
        /// The name of the number that is a memory's time, in milliseconds since 1970.
        time: String = "time".to_owned(),
        /// How many memories of each modality are kept, 1 to 100,000; the oldest go first.
        memories_max: usize = 10_000,
        /// How many bytes of a text are kept with its vector, 0 to 4,096: with a text its own, with
        /// another part those of the first text of the same event.
        text_max: usize = 256,
        /// The name of a base by which texts are read: a model that was added with `her model add`.
        /// Without it they are read by their n-grams, which needs no model.
        encoder: Option<String> = None,
        /// BLAKE3 of the files of that base; filled in at birth, compared whenever it is loaded.
        digest: Option<String> = None,
    }
}

impl Params {
    /// As a spec writes them: without the encoder where none is named. So the specs, and the
    /// contracts by which peers know each other as made alike, stay what they were before there
    /// was a choice.
    pub fn written(&self) -> Value {
        let mut written = params::write(self);
        if let Value::Object(all) = &mut written {
            all.retain(|_, value| !value.is_null());
        }
        written
    }
}

/// What is remembered, in the order of modalities and spaces.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// Things that were told here.
    told: u64,
    pub(crate) stores: Vec<Store>,
}

/// See the module's documentation.
pub struct Memory {
    params: Params,
    reader: Arc<Reader>,
    state: Arc<State>,
}

/// The row of the catalogue.
pub(crate) const ENTRY: Entry = Entry {
    name: "Memory",
    module: "recall",
    kind: Kind::AnomalyDetector,
    version: 1,
    summary: "Keeps the vectors of texts, images and sounds; says how new something is",
    merge: Statement::Sums(
        Merge::Exact,
        "memories by the hash of what they hold, and how often each was told; while none is let go",
    ),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || serde_json::json!({"Memory": {"memories_max": 256, "text_max": 64}}),
};

fn build(params: Value, builder: &Builder<'_>) -> Result<Any> {
    let mut params: Params = read(params)?;
    let reader = match (&params.encoder, &params.digest) {
        (Some(name), digest) => {
            let named = Readers::lent(builder).and_then(|all| all.named(name, digest.as_deref()));
            let (reader, digest) = named.map_err(|e| e.at("encoder"))?;
            params.digest = Some(digest);
            reader
        }
        (None, Some(digest)) => {
            return Err(Error::new(format!(
                "digest is {digest:?}, and no encoder is named that could have it: name one, or \
                 leave digest out"
            )));
        }
        (None, None) => Reader::lent(builder),
    };
    Ok(Any::AnomalyDetector(Box::new(Memory::new(params, reader)?)))
}

/// What an event tells.
struct Event<'x> {
    parts: Vec<Arc<Read>>,
    id: Option<&'x str>,
    time: f64,
    /// By part, the words that are kept with it, unless it brings its own.
    words: Vec<&'x str>,
    text_max: usize,
}

/// The beginning of a text, at most so many bytes.
fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

impl Memory {
    /// One that remembers nothing yet, and reads by these encoders; the parameters only tell of
    /// one that was named.
    ///
    /// # Errors
    /// Parameters out of their ranges, and a name that stands for two things.
    pub fn new(params: Params, reader: Arc<Reader>) -> Result<Self> {
        let Params { on, id, time, memories_max, text_max, .. } = &params;
        check_range("memories_max", *memories_max as f64, 1.0, MEMORIES_MAX as f64)?;
        check_range("text_max", *text_max as f64, 0.0, TEXT_MAX as f64)?;
        check_range("the number of names in on", on.len() as f64, 1.0, PARTS_MAX as f64)?;
        let mut met = BTreeSet::new();
        if let Some(twice) = on.iter().chain([id, time]).find(|name| !met.insert(*name)) {
            return Err(Error::new(format!(
                "{twice:?} stands for two things: the names in on, id and time must differ"
            )));
        }
        Ok(Self { params, reader, state: Arc::default() })
    }

    /// The memory at the root of a model, if it is one.
    pub fn of(root: &Any) -> Option<&Self> {
        root.estimator().as_any()?.downcast_ref()
    }

    /// The parameters, with every default.
    pub fn settings(&self) -> &Params {
        &self.params
    }

    /// What it remembers now, to be asked elsewhere while it goes on. Costs nothing, but that the
    /// next thing which is told copies all memories if it still is held then.
    pub fn recall(&self) -> Recall {
        Recall { state: Arc::clone(&self.state), reader: Arc::clone(&self.reader) }
    }

    fn event<'x>(&self, x: &'x Features, cx: &Context<'_>) -> Result<Event<'x>> {
        let Params { on, id, time, text_max, .. } = &self.params;
        let id = part_of(x, id, cx, "Memory")?;
        if let Some(long) = id.filter(|id| id.len() > ID_MAX) {
            let n = long.len();
            return Err(Error::new(format!("an id of {n} bytes, at most {ID_MAX} are kept")));
        }
        if x.texts().any(|(id, _)| cx.names.name(id) == time) {
            return Err(Error::new(format!(
                "feature {time:?} is a text, a time is a number of milliseconds since 1970"
            )));
        }
        let time = x.iter().find(|(id, _)| cx.names.name(*id) == time).map_or(0.0, |(_, t)| t);
        if time.abs() > TIME_MAX {
            return Err(Error::new(format!(
                "a time of {time} is beyond any calendar; give milliseconds since 1970"
            )));
        }
        let (mut parts, mut texts) = (Vec::new(), Vec::new());
        for name in on {
            let Some(text) = part_of(x, name, cx, "Memory")? else { continue };
            let read = self.reader.read(text).map_err(|e| e.at(format!("feature {name:?}")))?;
            // A text in a data URL is none that is read by people.
            let plain = read.modality == Modality::Text && !text.starts_with("data:");
            texts.push(plain.then(|| cut(text, *text_max)));
            parts.push(read);
        }
        let said = texts.iter().flatten().next().copied().unwrap_or_default();
        let words = texts.iter().map(|text| text.unwrap_or(said)).collect();
        Ok(Event { parts, id, time, words, text_max: *text_max })
    }

    fn novelty(&self, event: &Event<'_>) -> f64 {
        let each = event.parts.iter().map(|read| {
            let store = self.state.stores.iter().find(|s| s.is(read.modality.name(), &read.space));
            let closest = store.and_then(|store| store.closest(&read.vector));
            1.0 - closest.unwrap_or(0.0).max(0.0)
        });
        each.sum::<f64>() / event.parts.len().max(1) as f64
    }
}

impl State {
    /// The store of a space, made where there is none.
    fn store(&mut self, modality: Modality, space: &str, dims: usize) -> &mut Store {
        let known = self.stores.iter().position(|store| store.is(modality.name(), space));
        let at = known.unwrap_or_else(|| {
            let name = (modality.name(), space);
            let at = self.stores.partition_point(|store| (store.modality(), store.space()) < name);
            self.stores.insert(at, Store::new(modality, space, dims));
            at
        });
        &mut self.stores[at]
    }

    fn tell(&mut self, event: &Event<'_>, most: usize) {
        for (read, words) in event.parts.iter().zip(&event.words) {
            self.told += 1;
            let id = event.id.unwrap_or(&read.id);
            let own = read.words.as_deref().map(|words| cut(words, event.text_max));
            let words = own.unwrap_or(words);
            let item = Item::told_here(id, words, read.vector.clone(), event.time, self.told);
            self.store(read.modality, &read.space, read.numbers.len()).tell(item, most);
        }
    }
}

impl Estimator for Memory {
    fn entry(&self) -> &'static Entry {
        &crate::ENTRIES[1]
    }

    fn params(&self) -> Value {
        self.params.written()
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &*self.state);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        let mut state: State = from.get()?;
        for store in &mut state.stores {
            let mut items = std::mem::take(&mut store.items);
            let fits = items.iter_mut().all(|item| store.completed(item));
            if !fits || items.len() > self.params.memories_max {
                return Err(Error::new("the saved memories are more or longer than they may be"));
            }
            store.items = items;
        }
        self.state = Arc::new(state);
        Ok(())
    }

    fn as_any(&self) -> Option<&dyn Concrete> {
        Some(self)
    }

    her_learn::additive!();
}

impl AnomalyDetector for Memory {
    fn learn_one(&mut self, x: &Features, cx: &mut Context<'_>) {
        // Whatever could be wrong was found by the score, and parts are read once for both.
        if let Ok(event) = self.event(x, cx)
            && !event.parts.is_empty()
        {
            Arc::make_mut(&mut self.state).tell(&event, self.params.memories_max);
        }
    }

    fn score_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        match self.event(x, cx) {
            Ok(event) => self.novelty(&event),
            Err(e) => {
                cx.refuse(e);
                f64::NAN
            }
        }
    }
}

impl Additive for Memory {
    fn merge(&self) -> Merge {
        Merge::Exact
    }

    fn sums(&self, out: &mut Gather<'_>) {
        for store in &self.state.stores {
            for item in store.items() {
                let cells = record::block(store, item);
                out.tensor(&record::name(&item.key)).block(cells.into_iter());
            }
        }
    }

    /// Remembers what the cells tell of spaces that are known here. What is damaged, or has no
    /// room beside what was told here, is left out.
    fn set_sums(&mut self, from: &Spread<'_>) {
        let before = Arc::clone(&self.state);
        let order: BTreeMap<record::Key, u64> = before
            .stores
            .iter()
            .flat_map(Store::items)
            .map(|item| (item.key, item.order))
            .collect();
        let mut state = State { told: before.told, stores: Vec::new() };
        for (name, block) in from.tensors() {
            let Some(Told { modality, space, mut item }) = Told::of(name, block) else { continue };
            let Some((modality, dims)) = self.known(&modality, &space) else { continue };
            let store = state.store(modality, &space, dims);
            if store.completed(&mut item) {
                item.order = order.get(&item.key).copied().unwrap_or_default();
                store.items.push_back(item);
            }
        }
        for store in &mut state.stores {
            store.settle(self.params.memories_max);
        }
        state.stores.retain(|store| !store.is_empty());
        self.state = Arc::new(state);
    }
}

impl Memory {
    /// The modality of this name and the length of its vectors in a space; none of a space that is
    /// neither remembered nor read here.
    fn known(&self, modality: &str, space: &str) -> Option<(Modality, usize)> {
        let named: Modality = modality.parse().ok()?;
        let kept = self.state.stores.iter().find(|store| store.is(modality, space));
        let read = self.reader.encoder(named).filter(|encoder| encoder.space() == space);
        let dims = kept.map(Store::dims).or(read.map(her_encode::Encoder::dims))?;
        Some((named, dims))
    }
}
