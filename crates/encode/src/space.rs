//! One vector space turned into another, from things that were encoded in both.
//!
//! Two who encode with different models can not compare their vectors. If both encode the same few
//! hundred texts, images or sounds (*anchors*), a rotation from one space to the other can be
//! found: orthogonal Procrustes, the orthogonal map with the least squares between the mapped
//! vectors and their partners. It keeps lengths and angles, so what was near stays near, and it has
//! no parameter to tune. Both sides' means are taken off first; spaces of different dimensions are
//! padded with zeros, which here means that rows or columns are not stored.
//!
//! A quarter of the anchors, by a hash of their ids, has no part in the fit. With each of them the
//! map is tried, in both directions: is its own partner the nearest among all anchors of the other
//! space, or among the ten nearest? And does the partner, as a query, find the mapped vector among
//! the ten nearest, beside all other anchors as they are? The second is what a memory is asked
//! where mapped vectors lie among others: they lie nearer to the middle, and are easily passed by.
//! Below [`TOP_10_MIN`] vectors would say something else than was meant;
//! [`Fit::trusted`] refuses, and text is to be sent. `her book join` maps by it what another
//! encoder remembered.
//!
//! ```
//! use her_encode::space::{Anchor, Map};
//! // Here the other space is the same one with its axes in another order.
//! let number = |i: usize, j: usize| ((i * 31 + (j + 1) * i * i) % 211) as f32 - 105.0;
//! let there: Vec<Vec<f32>> = (0..200).map(|i| (0..8).map(|j| number(i, j)).collect()).collect();
//! let here: Vec<Vec<f32>> = there.iter().map(|v| v.iter().rev().copied().collect()).collect();
//! let ids: Vec<String> = (0..200).map(|i| format!("anchor {i}")).collect();
//! let anchors: Vec<Anchor> = (0..200)
//!     .map(|i| Anchor { id: &ids[i], from: &there[i], to: &here[i] })
//!     .collect();
//! let fit = Map::fit(&anchors)?;
//! assert_eq!((fit.top_1, fit.top_10), (1.0, 1.0));
//! let map = fit.trusted()?;
//! let turned = map.apply(&[3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.0])?;
//! assert!((turned[0] - 0.8).abs() < 1e-3 && (turned[7] - 0.6).abs() < 1e-3);
//! # Ok::<(), her_encode::Error>(())
//! ```
//!
//! **Cost** With `n` anchors and `d` dimensions: `n d²` for the products, about `40 d³` for the
//! singular values, `n² d / 2` for the match. With 256 anchors on a busy core: 0.04 s for 128
//! dimensions, 0.2 s for 256, 5 s for 768, 10 s for 1024.
//!
//! **Source** Schönemann, 1966. A generalized solution of the orthogonal Procrustes problem. The
//! means: Gower, 1975. Generalized Procrustes analysis, §2.

mod svd;

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use crate::vector::dot;
use crate::{Error, Result, wrong};

/// The share of held-out anchors whose partner is among the ten nearest, and of those that are so
/// found by it, below which vectors are not to be sent.
pub const TOP_10_MIN: f64 = 0.8;
/// The fewest anchors: of 128, about 32 are held out, and by chance 0.08 of them are found.
pub const ANCHORS_MIN: usize = 128;
/// The fewest of them that must be held out.
pub const HELD_OUT_MIN: usize = 20;
/// The most anchors.
pub const ANCHORS_MAX: usize = 4096;
/// The most dimensions of a space that is mapped.
pub const DIMS_MAX: usize = 1024;

/// A thing that was encoded in both spaces.
#[derive(Clone, Copy, Debug)]
pub struct Anchor<'a> {
    /// What it is, the same for both: the text itself, or a digest of the file.
    pub id: &'a str,
    /// Its vector in the space that is mapped.
    pub from: &'a [f32],
    /// Its vector in the space into which is mapped.
    pub to: &'a [f32],
}

/// A map from one space into another.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// As many rows as the space mapped into has dimensions.
    rows: Vec<Vec<f64>>,
    from_mean: Vec<f64>,
    to_mean: Vec<f64>,
}

/// A map, and how well it does on anchors that it was not fitted on.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    map: Map,
    /// The share of held-out anchors whose partner is the nearest of all anchors, from 0 to 1.
    pub top_1: f64,
    /// The share of held-out anchors whose partner is among the ten nearest.
    pub top_10: f64,
    /// The share of held-out anchors whose partner has the mapped vector among its ten nearest,
    /// the other anchors' vectors in the space mapped into being the others.
    pub found_10: f64,
    /// How many anchors were held out.
    pub held_out: usize,
    /// How many anchors the map was fitted on.
    pub fitted: usize,
    /// The [`digest`] of the anchors' ids.
    pub anchors: String,
}

impl Fit {
    /// The map, if it can be relied upon.
    ///
    /// # Errors
    /// When [`Fit::top_10`] or [`Fit::found_10`] is below [`TOP_10_MIN`].
    pub fn trusted(self) -> Result<Map> {
        if self.top_10.min(self.found_10) >= TOP_10_MIN {
            return Ok(self.map);
        }
        let Self { top_1, top_10, found_10, held_out, .. } = self;
        wrong(format!(
            "of {held_out} held-out anchors {top_10:.2} find their partner among the ten nearest \
             ({top_1:.2} as the nearest) and {found_10:.2} are found by it, and {TOP_10_MIN} are \
             asked for: send text instead of vectors, or more anchors"
        ))
    }
}

impl Map {
    /// The map that fits three quarters of the anchors best, tried on the others. Vectors count by
    /// their direction only. The same anchors give the same bits in any order and on any machine.
    ///
    /// Directions that no anchor has are mapped to nothing: fewer anchors than dimensions give a
    /// map that leaves out what it does not know.
    ///
    /// # Errors
    /// Fewer than [`ANCHORS_MIN`] or more than [`ANCHORS_MAX`] anchors, fewer than [`HELD_OUT_MIN`]
    /// held out; an id that comes twice; vectors of several lengths or of more than [`DIMS_MAX`]
    /// numbers, with numbers that are not finite, or of zeros.
    pub fn fit(anchors: &[Anchor<'_>]) -> Result<Fit> {
        let pairs = checked(anchors)?;
        let (held_out, fitted): (Vec<&Pair>, Vec<&Pair>) =
            pairs.iter().partition(|pair| pair.id[0].is_multiple_of(4));
        if held_out.len() < HELD_OUT_MIN {
            return wrong(format!(
                "{} of {} anchors are held out, and {HELD_OUT_MIN} are needed: send more anchors",
                held_out.len(),
                pairs.len()
            ));
        }
        let map = Self::procrustes(&fitted);
        let ranks: Vec<Ranks> = held_out.iter().map(|pair| map.ranks(pair, &pairs)).collect();
        let share = |fine: fn(&Ranks) -> bool| {
            ranks.iter().filter(|ranks| fine(ranks)).count() as f64 / held_out.len() as f64
        };
        let ids = pairs.iter().map(|pair| pair.id);
        Ok(Fit {
            top_1: share(|ranks| ranks.partner < 1),
            top_10: share(|ranks| ranks.partner < 10),
            found_10: share(|ranks| ranks.mapped < 10),
            held_out: held_out.len(),
            fitted: fitted.len(),
            anchors: digest_of(ids),
            map,
        })
    }

    /// A vector of the first space as one of length 1 in the second.
    ///
    /// **Cost** One product of a matrix and a vector.
    ///
    /// # Errors
    /// A vector of another length than the anchors', with numbers that are not finite, or of zeros.
    pub fn apply(&self, vector: &[f32]) -> Result<Vec<f32>> {
        let from = self.from_mean.len();
        if vector.len() != from {
            let n = vector.len();
            return wrong(format!("a vector of {n} numbers; the map takes those of {from}"));
        }
        let mapped = self.mapped(&unit(vector).map_err(|e| Error(format!("the vector {e}")))?);
        crate::vector::unit(&mapped, "the mapped vector")
    }

    fn mapped(&self, vector: &[f64]) -> Vec<f64> {
        let off: Vec<f64> = vector.iter().zip(&self.from_mean).map(|(x, mean)| x - mean).collect();
        self.rows.iter().zip(&self.to_mean).map(|(row, mean)| dot(row, &off) + mean).collect()
    }

    fn procrustes(pairs: &[&Pair]) -> Self {
        let from_mean = mean(pairs, |pair| &pair.from);
        let to_mean = mean(pairs, |pair| &pair.to);
        let mut products = vec![vec![0.0; from_mean.len()]; to_mean.len()];
        for pair in pairs {
            for (row, (y, mean)) in products.iter_mut().zip(pair.to.iter().zip(&to_mean)) {
                let y = y - mean;
                let from = pair.from.iter().zip(&from_mean);
                for (sum, (x, mean)) in row.iter_mut().zip(from) {
                    *sum += y * (x - mean);
                }
            }
        }
        Self { rows: svd::isometry(products), from_mean, to_mean }
    }

    fn ranks(&self, pair: &Pair, all: &[Pair]) -> Ranks {
        let mapped = self.mapped(&pair.from);
        let (own, length) = (dot(&mapped, &pair.to), dot(&mapped, &mapped).sqrt());
        let mut ranks = Ranks { partner: 0, mapped: 0 };
        for other in all.iter().filter(|other| other.id != pair.id) {
            ranks.partner += usize::from(dot(&mapped, &other.to) >= own);
            ranks.mapped += usize::from(dot(&pair.to, &other.to) * length >= own);
        }
        ranks
    }
}

/// How many other anchors' partners are in the way.
struct Ranks {
    /// At least as near to the mapped vector as its own partner.
    partner: usize,
    /// At least as near to the partner as the mapped vector.
    mapped: usize,
}

/// The name of a set of anchors: `sha256:` and 64 digits, of the ids in any order. Who has the same
/// name has the same anchors.
pub fn digest<'a>(ids: impl IntoIterator<Item = &'a str>) -> String {
    let ids: BTreeSet<Id> = ids.into_iter().map(id).collect();
    digest_of(ids)
}

type Id = [u8; 32];

fn id(name: &str) -> Id {
    Sha256::digest(name).into()
}

/// Of ids in their order.
fn digest_of(ids: impl IntoIterator<Item = Id>) -> String {
    let mut all = Sha256::new();
    for id in ids {
        all.update(id);
    }
    let digits: Vec<String> = all.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{}", digits.concat())
}

/// An anchor's vectors with length 1.
struct Pair {
    id: Id,
    from: Vec<f64>,
    to: Vec<f64>,
}

/// The anchors in the order of their hashed ids.
fn checked(anchors: &[Anchor<'_>]) -> Result<Vec<Pair>> {
    let n = anchors.len();
    if !(ANCHORS_MIN..=ANCHORS_MAX).contains(&n) {
        return wrong(format!(
            "{n} anchors; a map takes {ANCHORS_MIN} to {ANCHORS_MAX}: without them send text \
             instead of vectors"
        ));
    }
    let (from, to) = (anchors[0].from.len(), anchors[0].to.len());
    if !(1..=DIMS_MAX).contains(&from) || !(1..=DIMS_MAX).contains(&to) {
        return wrong(format!("anchors of {from} and {to} numbers; 1 to {DIMS_MAX} are mapped"));
    }
    let mut pairs = Vec::with_capacity(n);
    for anchor in anchors {
        let name: String = anchor.id.chars().take(40).collect();
        if (anchor.from.len(), anchor.to.len()) != (from, to) {
            let (f, t) = (anchor.from.len(), anchor.to.len());
            return wrong(format!(
                "anchor {name:?} has vectors of {f} and {t} numbers, the first one of {from} and \
                 {to}"
            ));
        }
        let unit = |vector| unit(vector).map_err(|e| Error(format!("anchor {name:?} {e}")));
        pairs.push(Pair { id: id(anchor.id), from: unit(anchor.from)?, to: unit(anchor.to)? });
    }
    pairs.sort_unstable_by_key(|pair| pair.id);
    if pairs.windows(2).any(|two| two[0].id == two[1].id) {
        let mut seen = BTreeSet::new();
        let twice = anchors.iter().find(|anchor| !seen.insert(anchor.id)).map(|anchor| anchor.id);
        return wrong(format!(
            "anchor {:?} comes twice: send each once",
            twice.unwrap_or_default()
        ));
    }
    Ok(pairs)
}

fn unit(vector: &[f32]) -> Result<Vec<f64>> {
    if let Some(odd) = vector.iter().find(|x| !x.is_finite()) {
        return wrong(format!("holds {odd}, which is no number"));
    }
    let wide: Vec<f64> = vector.iter().map(|x| f64::from(*x)).collect();
    let length = dot(&wide, &wide).sqrt();
    if length == 0.0 {
        return wrong("holds nothing but zeros, which have no direction");
    }
    Ok(wide.iter().map(|x| x / length).collect())
}

fn mean(pairs: &[&Pair], side: impl Fn(&Pair) -> &Vec<f64>) -> Vec<f64> {
    let dims = side(pairs[0]).len();
    let sum = |j: usize| pairs.iter().map(|pair| side(pair)[j]).sum::<f64>();
    (0..dims).map(|j| sum(j) / pairs.len() as f64).collect()
}
