use crate::{Dice, near};
use her_encode::space::{ANCHORS_MAX, ANCHORS_MIN, Anchor, DIMS_MAX, Fit, Map, digest};
use her_encode::{Modality, builtin};

struct Anchors {
    ids: Vec<String>,
    from: Vec<Vec<f32>>,
    to: Vec<Vec<f32>>,
}

impl Anchors {
    fn new(from: Vec<Vec<f32>>, to: Vec<Vec<f32>>) -> Self {
        Self { ids: (0..from.len()).map(|i| format!("anchor {i}")).collect(), from, to }
    }

    fn list(&self) -> Vec<Anchor<'_>> {
        let pairs = self.from.iter().zip(&self.to);
        self.ids.iter().zip(pairs).map(|(id, (from, to))| Anchor { id, from, to }).collect()
    }

    fn fit(&self) -> Fit {
        Map::fit(&self.list()).unwrap()
    }
}

/// Nearly normal numbers.
fn normal(dice: &mut Dice) -> f64 {
    (0..12).map(|_| dice.next()).sum::<f64>() - 6.0
}

fn vectors(n: usize, dims: usize, seed: u64) -> Vec<Vec<f32>> {
    let mut dice = Dice(seed);
    (0..n).map(|_| (0..dims).map(|_| normal(&mut dice) as f32).collect()).collect()
}

/// A rotation as a product of reflections, which are orthogonal to the last digit that matters.
fn rotate(vectors: &[Vec<f32>], dims: usize, seed: u64) -> Vec<Vec<f32>> {
    let mut dice = Dice(seed);
    let mirrors: Vec<Vec<f64>> =
        (0..dims).map(|_| (0..dims).map(|_| normal(&mut dice)).collect()).collect();
    let turn = |vector: &Vec<f32>| {
        let mut v: Vec<f64> = vector.iter().map(|x| f64::from(*x)).collect();
        v.resize(dims, 0.0);
        for mirror in &mirrors {
            let square: f64 = mirror.iter().map(|m| m * m).sum();
            let product: f64 = mirror.iter().zip(&v).map(|(m, x)| m * x).sum();
            for (x, m) in v.iter_mut().zip(mirror) {
                *x -= 2.0 * product / square * m;
            }
        }
        v.iter().map(|x| *x as f32).collect()
    };
    vectors.iter().map(turn).collect()
}

#[test]
fn a_rotation_is_found_again() {
    for (from, to) in [(24, 24), (24, 40)] {
        let known = vectors(200, from, 1);
        let anchors = Anchors::new(known.clone(), rotate(&known, to, 2));
        let fit = anchors.fit();
        assert_eq!((fit.top_1, fit.top_10, fit.found_10), (1.0, 1.0, 1.0));
        assert!(fit.held_out > 30 && fit.held_out + fit.fitted == 200, "{}", fit.held_out);
        let map = fit.trusted().unwrap();
        // Vectors that were no anchors; means of 150 random ones are not quite 0.
        let new = vectors(50, from, 3);
        for (vector, wanted) in new.iter().zip(rotate(&new, to, 2)) {
            let length = wanted.iter().map(|x| x * x).sum::<f32>().sqrt();
            let wanted: Vec<f32> = wanted.iter().map(|x| x / length).collect();
            let near = near(&map.apply(vector).unwrap(), &wanted);
            assert!(near > 0.99999, "{from} to {to}: {near}");
        }
    }
}

#[test]
fn a_larger_space_is_mapped_into_a_smaller_one() {
    // What is there in 40 dimensions lives in 24 of them.
    let known = vectors(200, 24, 4);
    let fit = Anchors::new(rotate(&known, 40, 5), known).fit();
    assert_eq!((fit.top_1, fit.top_10), (1.0, 1.0));
}

#[test]
fn order_changes_no_bit_and_anchors_have_a_name() {
    let known = vectors(150, 10, 6);
    let anchors = Anchors::new(known.clone(), rotate(&known, 10, 7));
    let mut turned = anchors.list();
    turned.reverse();
    let (fit, again) = (anchors.fit(), Map::fit(&turned).unwrap());
    assert_eq!(fit, again);
    let name = |ids: &[&str]| digest(ids.iter().copied());
    let ids: Vec<&str> = anchors.ids.iter().map(String::as_str).collect();
    assert_eq!(fit.anchors, name(&ids));
    assert_eq!(name(&["a", "b"]), name(&["b", "a"]));
    assert_ne!(name(&["a", "b"]), name(&["ab"]));
    assert!(fit.anchors.starts_with("sha256:") && fit.anchors.len() == 71);
}

#[test]
fn noise_is_refused_and_text_is_asked_for() {
    // 300 anchors in 64 dimensions: a map that is tried on what it was fitted on looks fine.
    let fit = Anchors::new(vectors(300, 64, 8), vectors(300, 64, 9)).fit();
    assert!(fit.top_10 < 0.2, "{}", fit.top_10);
    let refused = fit.trusted().unwrap_err().to_string();
    assert!(refused.contains("send text") && refused.contains("0.8"), "{refused}");
}

/// What is known of each is half noise, and all that is told here is much alike: who is mapped
/// finds its partner, but is not found by it.
#[test]
fn who_finds_and_is_not_found_is_refused() {
    let (known, noise) = (vectors(600, 24, 13), vectors(600, 24, 14));
    let alike = |v: &Vec<f32>| v.iter().chain([&12.0]).copied().collect::<Vec<f32>>();
    let half = |(v, noise): (&Vec<f32>, &Vec<f32>)| {
        v.iter().zip(noise).map(|(x, n)| x + n).collect::<Vec<f32>>()
    };
    let from = known.iter().zip(&noise).map(half).collect();
    let fit = Anchors::new(from, known.iter().map(alike).collect()).fit();
    assert!(fit.top_10 >= 0.8 && fit.found_10 < 0.8, "{} {}", fit.top_10, fit.found_10);
    assert!(fit.trusted().unwrap_err().to_string().contains("are found by it"));
}

/// Everything is as near to everything: what is as near as the partner counts against it.
#[test]
fn a_space_in_which_all_is_one_finds_nothing() {
    let same = vec![vec![1.0, 2.0, 3.0]; 200];
    let fit = Anchors::new(same.clone(), same).fit();
    assert_eq!(fit.top_10, 0.0, "planted: ties are no finds");
}

#[test]
fn what_can_not_be_fitted_is_refused_by_name() {
    let refused = |change: fn(&mut Anchors)| {
        let known = vectors(ANCHORS_MIN + 40, 8, 10);
        let mut anchors = Anchors::new(known.clone(), known);
        change(&mut anchors);
        Map::fit(&anchors.list()).unwrap_err().to_string()
    };
    assert!(refused(|a| a.ids.truncate(ANCHORS_MIN - 1)).contains("127 anchors"));
    assert!(refused(|a| a.ids.clear()).contains("0 anchors"));
    assert!(refused(|a| a.ids[3] = "anchor 9".into()).contains("\"anchor 9\" comes twice"));
    assert!(refused(|a| a.from[5][2] = f32::NAN).contains("\"anchor 5\" holds NaN"));
    assert!(refused(|a| a.to[5][2] = f32::INFINITY).contains("\"anchor 5\" holds inf"));
    assert!(refused(|a| a.to[7].fill(0.0)).contains("\"anchor 7\" holds nothing but zeros"));
    assert!(refused(|a| a.from[9].truncate(7)).contains("\"anchor 9\" has vectors of 7 and 8"));
    assert!(refused(|a| a.from.iter_mut().for_each(Vec::clear)).contains("0 and 8 numbers"));
    let wide = |a: &mut Anchors| a.to.iter_mut().for_each(|v| v.resize(DIMS_MAX + 1, 0.0));
    assert!(refused(wide).contains("1025 numbers"));
    let many = vec![vec![1.0]; ANCHORS_MAX + 1];
    let many = Anchors::new(many.clone(), many);
    assert!(Map::fit(&many.list()).unwrap_err().to_string().contains("4097 anchors"));
    // Ids of which fewer than 20 are held out are found by trying.
    let lonely = vectors(ANCHORS_MIN, 8, 11);
    let mut lonely = Anchors::new(lonely.clone(), lonely);
    let kept = |id: &String| !digest_byte(id).is_multiple_of(4);
    lonely.ids = (0..).map(|i| format!("{i}")).filter(kept).take(ANCHORS_MIN).collect();
    assert!(Map::fit(&lonely.list()).unwrap_err().to_string().contains("are held out"));
    let known = vectors(ANCHORS_MIN, 8, 12);
    let map = Anchors::new(known.clone(), known).fit().trusted().unwrap();
    assert!(map.apply(&[1.0; 7]).unwrap_err().to_string().contains("7 numbers"));
    assert!(map.apply(&[f32::NAN; 8]).unwrap_err().to_string().contains("NaN"));
    assert!(map.apply(&[0.0; 8]).unwrap_err().to_string().contains("zeros"));
}

fn digest_byte(id: &str) -> u8 {
    use sha2::Digest as _;
    sha2::Sha256::digest(id)[0]
}

/// Texts of this repository, a paragraph each.
fn paragraphs() -> Vec<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let mut folders = vec![root];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "md") {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut texts: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            text.split("\n\n").map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|text| (250..1500).contains(&text.len()))
        .collect();
    texts.sort();
    texts.dedup();
    texts
}

/// Texts about one or two of 30 things, of made-up words.
fn stories(n: usize) -> Vec<String> {
    let mut dice = Dice(12);
    let pick = |dice: &mut Dice, n: usize| (dice.next() * n as f64) as usize;
    let word = |dice: &mut Dice| -> String {
        let syllable = |dice: &mut Dice| {
            let (c, v) = (pick(dice, 14), pick(dice, 5));
            [b"bdfgklmnprstvz"[c], b"aeiou"[v]].map(char::from)
        };
        (0..2 + pick(dice, 3)).flat_map(|_| syllable(dice)).collect()
    };
    let things: Vec<Vec<String>> =
        (0..30).map(|_| (0..25).map(|_| word(&mut dice)).collect()).collect();
    let story = |_| {
        let two = [pick(&mut dice, 30), pick(&mut dice, 30)];
        let words = (0..40).map(|i| things[two[i % 2]][pick(&mut dice, 25)].clone());
        words.collect::<Vec<_>>().join(" ")
    };
    (0..n).map(story).collect()
}

/// A vector of hashed features; `seed` is the encoder's own.
fn hashed<'a>(features: impl Iterator<Item = &'a [u8]>, dims: usize, seed: u64) -> Vec<f32> {
    let mut vector = vec![0.0; dims];
    for feature in features {
        let hash = feature.iter().fold(seed, |h, b| Dice(h ^ u64::from(*b)).next().to_bits());
        vector[hash as usize % dims] += if hash >> 20 & 1 == 0 { 1.0 } else { -1.0 };
    }
    vector
}

fn words(text: &str, dims: usize) -> Vec<f32> {
    hashed(text.split_whitespace().map(str::as_bytes), dims, 1)
}

fn characters(text: &str, dims: usize) -> Vec<f32> {
    hashed(text.as_bytes().windows(4), dims, 2)
}

fn pairs(texts: &[String], to: impl Fn(&str) -> Vec<f32>) -> Anchors {
    Anchors::new(
        texts.iter().map(|text| words(text, 256)).collect(),
        texts.iter().map(|text| to(text)).collect(),
    )
}

/// The share of vectors whose partner is among the ten nearest as they are.
fn raw(anchors: &Anchors) -> f64 {
    let unit = |v: &Vec<f32>| {
        let length = v.iter().map(|x| x * x).sum::<f32>().sqrt();
        v.iter().map(|x| x / length).collect::<Vec<f32>>()
    };
    let to: Vec<Vec<f32>> = anchors.to.iter().map(unit).collect();
    let finds = |(i, v): &(usize, &Vec<f32>)| {
        let own = near(v, &to[*i]);
        to.iter().filter(|other| near(v, other) >= own).count() <= 10
    };
    let n = anchors.from.iter().enumerate().filter(finds).count();
    n as f64 / to.len() as f64
}

/// Who reads words and who reads characters understand one another about thirty things.
#[test]
fn a_map_beats_comparing_vectors_as_they_are() {
    let text = builtin(Modality::Text);
    let texts = stories(600);
    for anchors in [
        pairs(&texts, |text| characters(text, 256)),
        pairs(&texts, |words| text.encode(words.as_bytes()).unwrap()),
    ] {
        let (raw, fit) = (raw(&anchors), anchors.fit());
        assert!(raw < 0.1, "{raw}");
        assert!(fit.top_1 > 0.6 && fit.top_10 > 0.95, "{} {}", fit.top_1, fit.top_10);
        fit.trusted().unwrap();
    }
}

/// Prose of all subjects has more words than there are anchors: the map is better than none, and
/// not good enough.
#[test]
fn a_map_that_guesses_is_refused() {
    let text = builtin(Modality::Text);
    let anchors = pairs(&paragraphs(), |words| text.encode(words.as_bytes()).unwrap());
    let (raw, fit) = (raw(&anchors), anchors.fit());
    assert!(fit.top_10 > raw + 0.1, "{raw} {}", fit.top_10);
    assert!(fit.trusted().unwrap_err().to_string().contains("send text"));
}
