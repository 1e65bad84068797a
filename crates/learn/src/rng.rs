//! Seeded random numbers: CPython's `random.Random`, number for number.
//!
//! River draws every sample from Python's generator, the Mersenne Twister MT19937. The same seed
//! gives the same numbers here, so that seeded estimators can be compared with River's. The state
//! is part of an estimator's saved state: a loaded model goes on where the saved one stopped.
//!
//! [`Rng`] has the methods of `random.Random`; [`NormalRng`] is the normal distribution of numpy's
//! `RandomState`, which River uses for first weights.
//!
//! ```
//! use her_learn::rng::Rng;
//! let mut rng = Rng::new(42);
//! assert_eq!(rng.random(), 0.6394267984578837); // random.Random(42).random()
//! ```
//!
//! **Source** Matsumoto, M. and Nishimura, T., 1998. Mersenne Twister: a 623-dimensionally
//! equidistributed uniform pseudo-random number generator. CPython, `Lib/random.py`.

use serde::{Deserialize, Serialize};

use crate::math;

const WORDS: usize = 624;
const MIDDLE: usize = 397;

/// MT19937: 624 words, and how many of them were given out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "(Vec<u32>, u32)", into = "(Vec<u32>, u32)")]
struct Twister {
    words: Vec<u32>,
    at: u32,
}

impl From<Twister> for (Vec<u32>, u32) {
    fn from(t: Twister) -> Self {
        (t.words, t.at)
    }
}

impl TryFrom<(Vec<u32>, u32)> for Twister {
    type Error = String;

    fn try_from((words, at): (Vec<u32>, u32)) -> Result<Self, String> {
        if words.len() != WORDS || at as usize > WORDS {
            let n = words.len();
            return Err(format!("a generator has {WORDS} words, got {n} at position {at}"));
        }
        Ok(Self { words, at })
    }
}

impl Twister {
    /// The seeding of the reference code's `init_genrand`.
    fn from_word(seed: u32) -> Self {
        let mut words = Vec::with_capacity(WORDS);
        let mut last = seed;
        words.push(last);
        for i in 1..WORDS as u32 {
            last = 1_812_433_253_u32.wrapping_mul(last ^ (last >> 30)).wrapping_add(i);
            words.push(last);
        }
        Self { words, at: WORDS as u32 }
    }

    /// The seeding of the reference code's `init_by_array`.
    fn from_key(key: &[u32]) -> Self {
        let mut t = Self::from_word(19_650_218);
        let w = &mut t.words;
        let (mut i, mut j) = (1, 0);
        for _ in 0..WORDS.max(key.len()) {
            let before = w[i - 1];
            w[i] = (w[i] ^ (before ^ (before >> 30)).wrapping_mul(1_664_525))
                .wrapping_add(key[j])
                .wrapping_add(j as u32);
            i += 1;
            j = (j + 1) % key.len();
            if i == WORDS {
                w[0] = w[WORDS - 1];
                i = 1;
            }
        }
        for _ in 1..WORDS {
            let before = w[i - 1];
            w[i] = (w[i] ^ (before ^ (before >> 30)).wrapping_mul(1_566_083_941))
                .wrapping_sub(i as u32);
            i += 1;
            if i == WORDS {
                w[0] = w[WORDS - 1];
                i = 1;
            }
        }
        w[0] = 0x8000_0000;
        t
    }

    fn twist(&mut self) {
        let w = &mut self.words;
        for i in 0..WORDS {
            let y = (w[i] & 0x8000_0000) | (w[(i + 1) % WORDS] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            w[i] = w[(i + MIDDLE) % WORDS] ^ (y >> 1) ^ odd;
        }
        self.at = 0;
    }

    #[inline]
    fn next(&mut self) -> u32 {
        if self.at as usize == WORDS {
            self.twist();
        }
        let mut y = self.words[self.at as usize];
        self.at += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// A number in `[0, 1)` with 53 random bits.
    #[inline]
    fn unit(&mut self) -> f64 {
        let (high, low) = (self.next() >> 5, self.next() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) / 9_007_199_254_740_992.0
    }
}

/// CPython's `random.Random`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rng {
    twister: Twister,
    gauss_next: Option<f64>,
}

impl Rng {
    /// `random.Random(seed)`.
    pub fn new(seed: u64) -> Self {
        let (low, high) = (seed as u32, (seed >> 32) as u32);
        let key = if high == 0 { &[low][..] } else { &[low, high][..] };
        Self { twister: Twister::from_key(key), gauss_next: None }
    }

    /// `random()`: a number in `[0, 1)`.
    #[inline]
    pub fn random(&mut self) -> f64 {
        self.twister.unit()
    }

    /// `getrandbits(k)`, for `k` up to 64.
    pub fn getrandbits(&mut self, k: u32) -> u64 {
        assert!(k <= 64, "at most 64 bits at once, got {k}");
        match k {
            0 => 0,
            1..=32 => u64::from(self.twister.next() >> (32 - k)),
            _ => {
                let low = u64::from(self.twister.next());
                low | u64::from(self.twister.next() >> (64 - k)) << 32
            }
        }
    }

    /// An integer in `[0, n)`, every one as probable as another; 0 when `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 {
            return 0;
        }
        let k = 64 - n.leading_zeros();
        loop {
            let r = self.getrandbits(k);
            if r < n {
                return r;
            }
        }
    }

    /// `randrange(start, stop)`: an integer in `[start, stop)`, which must hold one.
    pub fn randrange(&mut self, start: i64, stop: i64) -> i64 {
        assert!(start < stop, "empty range {start}..{stop}");
        start.wrapping_add(self.below(stop.wrapping_sub(start) as u64) as i64)
    }

    /// `randint(a, b)`: an integer in `[a, b]`, both ends included.
    pub fn randint(&mut self, a: i64, b: i64) -> i64 {
        self.randrange(a, b + 1)
    }

    /// `uniform(a, b)`.
    pub fn uniform(&mut self, a: f64, b: f64) -> f64 {
        a + (b - a) * self.random()
    }

    /// `gauss(mu, sigma)`: normal numbers come in pairs, the second waits for the next call.
    pub fn gauss(&mut self, mu: f64, sigma: f64) -> f64 {
        let z = self.gauss_next.take().unwrap_or_else(|| {
            let angle = self.random() * std::f64::consts::TAU;
            let radius = (-2.0 * math::ln(1.0 - self.random())).sqrt();
            self.gauss_next = Some(math::sin(angle) * radius);
            math::cos(angle) * radius
        });
        mu + z * sigma
    }

    /// River's `utils.random.poisson`: Knuth's method.
    pub fn poisson(&mut self, rate: f64) -> u32 {
        let limit = math::exp(-rate);
        let (mut k, mut p) = (0, 1.0);
        while p > limit {
            k += 1;
            p *= self.random();
        }
        k - 1
    }

    /// `sample(range(n), k)` into `out`: `k` different integers below `n`. `pool` is a buffer.
    pub fn sample_into(&mut self, n: usize, k: usize, out: &mut Vec<usize>, pool: &mut Vec<usize>) {
        assert!(k <= n, "a sample of {k} from {n}");
        out.clear();
        pool.clear();
        // CPython keeps a pool where a set of the drawn ones would be larger. The bound is
        // 21 + 4^⌈log₄ 3k⌉ beyond five; 3k is never a power of 4, so integers say the same.
        let mut set_size = 21;
        if k > 5 {
            let mut power = 4;
            while power < 3 * k {
                power *= 4;
            }
            set_size += power;
        }
        if n <= set_size {
            pool.extend(0..n);
            for i in 0..k {
                let j = self.below((n - i) as u64) as usize;
                out.push(pool[j]);
                pool[j] = pool[n - i - 1];
            }
            return;
        }
        while out.len() < k {
            let j = self.below(n as u64) as usize;
            // The drawn ones, sorted.
            if let Err(at) = pool.binary_search(&j) {
                pool.insert(at, j);
                out.push(j);
            }
        }
    }

    /// `sample(range(n), k)`.
    pub fn sample(&mut self, n: usize, k: usize) -> Vec<usize> {
        let mut out = Vec::with_capacity(k);
        self.sample_into(n, k, &mut out, &mut Vec::new());
        out
    }

    /// One of `choices(range(n), k=…)`: an index below `n`.
    pub fn choice(&mut self, n: usize) -> usize {
        (self.random() * n as f64).floor() as usize
    }

    /// `choices(range(n), k=k)`: integers below `n`, each drawn from all of them.
    pub fn choices(&mut self, n: usize, k: usize) -> Vec<usize> {
        (0..k).map(|_| self.choice(n)).collect()
    }

    /// One of `choices(range(len), weights=weights)`: an index, by weight.
    pub fn weighted_choice(&mut self, weights: &[f64]) -> usize {
        let total: f64 = weights.iter().sum();
        let at = self.random() * total;
        let mut sum = 0.0;
        for (i, w) in weights.iter().enumerate() {
            sum += w;
            if at < sum {
                return i;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// `shuffle(items)`.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i as u64 + 1) as usize;
            items.swap(i, j);
        }
    }
}

/// The normal distribution of numpy's `RandomState(seed)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NormalRng {
    twister: Twister,
    next: Option<f64>,
}

impl NormalRng {
    /// `RandomState(seed)`.
    pub fn new(seed: u32) -> Self {
        Self { twister: Twister::from_word(seed), next: None }
    }

    /// `normal(mu, sigma)`, by Marsaglia's polar method: pairs, the second waits.
    pub fn normal(&mut self, mu: f64, sigma: f64) -> f64 {
        if let Some(z) = self.next.take() {
            return mu + sigma * z;
        }
        loop {
            let a = 2.0 * self.twister.unit() - 1.0;
            let b = 2.0 * self.twister.unit() - 1.0;
            let square = a * a + b * b;
            if square < 1.0 && square != 0.0 {
                let scale = (-2.0 * math::ln(square) / square).sqrt();
                self.next = Some(scale * a);
                return mu + sigma * (scale * b);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-15 * b.abs().max(1.0), "{a} and {b}");
    }

    /// Every method in one run, as `random.Random(seed)` of CPython 3.11 gives it.
    #[test]
    fn numbers_are_those_of_cpython() {
        let mut r = Rng::new(12345);
        let first = [0.41661987254534116, 0.010169169457068361, 0.8252065092537432];
        assert_eq!([r.random(), r.random(), r.random()], first);
        let bits = [1, 7, 32, 53, 64].map(|k| r.getrandbits(k));
        assert_eq!(bits, [0, 109, 1582316135, 1744349134680336, 10441007794851070986]);
        let ints: Vec<i64> = (0..5).map(|_| r.randint(-3, 10)).collect();
        assert_eq!(ints, [3, -1, 2, -2, 10]);
        assert_eq!(r.uniform(-2.0, 5.0), 1.0305538760694115);
        for want in [-0.1450016992775529, 0.5292736366309332, -0.7689199743833761] {
            near(r.gauss(1.0, 2.0), want);
        }
        assert_eq!(r.sample(70, 6), [11, 67, 52, 64, 21, 18]);
        assert_eq!(r.sample(1000, 6), [210, 736, 79, 194, 857, 349]);
        assert_eq!(r.choices(7, 5), [2, 3, 0, 3, 4]);
        let weighted: Vec<usize> = (0..6).map(|_| r.weighted_choice(&[0.5, 0.3, 0.2])).collect();
        assert_eq!(weighted, [0, 0, 1, 0, 1, 0]);
        let mut items = [0, 1, 2, 3, 4, 5, 6, 7];
        r.shuffle(&mut items);
        assert_eq!(items, [7, 3, 2, 1, 4, 5, 0, 6]);
    }

    #[test]
    fn seeds_of_every_size_give_their_own_stream() {
        let first = [
            (0, 0.8444218515250481),
            (1, 0.13436424411240122),
            (42, 0.6394267984578837),
            ((1 << 40) + 7, 0.6137037779936511),
        ];
        for (seed, want) in first {
            assert_eq!(Rng::new(seed).random(), want);
        }
        let mut r = Rng::new(42);
        for _ in 0..5000 {
            r.random();
        }
        assert_eq!(r.random(), 0.12971313755430258);
    }

    #[test]
    fn poisson_numbers_are_those_of_river() {
        let mut r = Rng::new(42);
        let six: Vec<u32> = (0..10).map(|_| r.poisson(6.0)).collect();
        assert_eq!(six, [3, 5, 3, 5, 6, 10, 5, 2, 5, 8]);
        let one: Vec<u32> = (0..10).map(|_| r.poisson(1.0)).collect();
        assert_eq!(one, [2, 1, 0, 0, 0, 0, 2, 1, 2, 0]);
    }

    #[test]
    fn normal_numbers_are_those_of_numpy() {
        let mut r = NormalRng::new(42);
        let want = [1.4934283060224653, 0.2234713976576307, 1.795377076201385, 3.5460597128160507];
        for want in want {
            near(r.normal(0.5, 2.0), want);
        }
        near(NormalRng::new(0).normal(0.0, 1.0), 1.764052345967664);
    }

    #[test]
    fn a_saved_generator_goes_on_where_it_stopped() {
        let mut r = Rng::new(7);
        r.gauss(0.0, 1.0);
        let mut again: Rng = postcard::from_bytes(&postcard::to_allocvec(&r).unwrap()).unwrap();
        assert_eq!(again.gauss(0.0, 1.0), r.gauss(0.0, 1.0));
        assert_eq!(again.random(), r.random());
        let short = postcard::to_allocvec(&(vec![1u32, 2], 0u32)).unwrap();
        assert!(postcard::from_bytes::<Twister>(&short).is_err());
    }
}
