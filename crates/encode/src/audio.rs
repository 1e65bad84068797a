//! A sound as statistics of its log-mel spectrum: finds what sounds alike.
//!
//! All channels are averaged. Windows of 32 ms (Hann, every 16 ms) become power spectra, and these
//! 40 bands of equal width in mel between 50 and 7,500 Hz. A band's power is the integral of the
//! power density under its triangle, so windows, bands and powers are those of seconds and hertz:
//! the same sound at another sampling rate lies at nearly the same place. Logarithms are taken
//! above a floor of 60 dB below the loudest band of the sound. Of each band three numbers are kept:
//! its mean less the mean of all bands, so that loudness does not count; its standard deviation;
//! and the mean step from window to window, which tells a beat from a drone. A band above half the
//! sampling rate is taken to be as the highest one below it.
//!
//! **Shape** 120 numbers, of length 1: 40 means, 40 deviations, 40 steps, in nepers before they are
//! scaled.
//!
//! **Cost** Decoding, then one transform a window: 60 transforms of 2048 numbers for a second at
//! 44,100 Hz, about 30 ms on a busy core with decoding, and 20 kB of memory.
//!
//! **Errors** Formats other than WAV, FLAC, MP3 and Ogg Vorbis; what ends before it says it would;
//! damaged packets; samples that are not finite; silence; more than [`AUDIO_BYTES_MAX`] bytes,
//! [`AUDIO_SECONDS_MAX`] seconds or what else the decoder limits.
//!
//! **Source** Davis and Mermelstein, 1980. Comparison of parametric representations for
//! monosyllabic word recognition (mel bands); O'Shaughnessy, 1987. Speech communication, p. 150
//! (the scale).

mod decode;

use std::f64::consts::TAU;

use crate::fft::Fft;
use crate::vector::{dot, to_grid, unit};
use crate::{Encoder, Modality, Result, wrong};

/// The largest sound file that becomes a vector: 16 MiB.
pub const AUDIO_BYTES_MAX: usize = 1 << 24;
/// The longest sound that becomes a vector, in seconds.
pub const AUDIO_SECONDS_MAX: u32 = 600;

const BANDS: usize = 40;
const DIMS: usize = 3 * BANDS;
const SPACE: &str = "audio-logmel-1-120";
/// Of the lowest and the highest band, in Hz.
const EDGES: (f64, f64) = (50.0, 7500.0);
const WINDOW_MS: u32 = 32;
/// The power of the floor, as a part of the loudest band's.
const FLOOR: f64 = 1e-6;
/// Features are multiples of a 64th of a neper: a decoder's last digits do not show in them.
const GRID: f64 = 64.0;

/// Statistics of log-mel bands.
#[derive(Debug)]
pub struct LogMel;

impl Encoder for LogMel {
    fn modality(&self) -> Modality {
        Modality::Audio
    }

    fn space(&self) -> &str {
        SPACE
    }

    fn dims(&self) -> usize {
        DIMS
    }

    fn encode(&self, bytes: &[u8]) -> Result<Vec<f32>> {
        let mut bands: Option<Bands> = None;
        decode::samples(bytes, &mut |rate, samples| {
            bands.get_or_insert_with(|| Bands::new(rate)).push(samples);
        })?;
        let Some(bands) = bands else {
            return wrong("the sound is empty: there is nothing to make a vector of");
        };
        unit(&bands.features()?, "the sound")
    }
}

/// A sound's bands as it is read.
struct Bands {
    rate: u32,
    /// What is not yet in a window.
    waiting: Vec<f64>,
    window: Vec<f64>,
    /// Brings sums of squares of a window to power per hertz, times the width of a bin.
    scale: f64,
    fft: Fft,
    re: Vec<f64>,
    im: Vec<f64>,
    mel: Vec<Triangle>,
    /// The power of each band in each window, in the order of time.
    powers: Vec<[f64; BANDS]>,
}

impl Bands {
    fn new(rate: u32) -> Self {
        let n = (rate * WINDOW_MS / 1000) as usize;
        let window: Vec<f64> =
            (0..n).map(|i| 0.5 - 0.5 * libm::cos(TAU * i as f64 / n as f64)).collect();
        let length = n.next_power_of_two();
        let scale = 2.0 / (f64::from(rate) * dot(&window, &window));
        let (re, im) = (vec![0.0; length], vec![0.0; length]);
        Self {
            rate,
            waiting: Vec::new(),
            window,
            scale,
            fft: Fft::new(length),
            re,
            im,
            mel: triangles(rate, length),
            powers: Vec::new(),
        }
    }

    fn push(&mut self, samples: &[f64]) {
        self.waiting.extend_from_slice(samples);
        let (n, hop) = (self.window.len(), self.window.len() / 2);
        let mut at = 0;
        while self.waiting.len() - at >= n {
            self.step(at);
            at += hop;
        }
        self.waiting.drain(..at);
    }

    /// One window, from a place among the samples that wait; what is missing there is silence.
    fn step(&mut self, at: usize) {
        self.re.fill(0.0);
        self.im.fill(0.0);
        let samples = self.waiting[at..].iter().zip(&self.window);
        for (x, (sample, weight)) in self.re.iter_mut().zip(samples) {
            *x = sample * weight;
        }
        self.fft.run(&mut self.re, &mut self.im);
        let half = self.re.len() / 2;
        for (x, y) in self.re[..=half].iter_mut().zip(&self.im) {
            *x = (*x * *x + y * y) * self.scale;
        }
        let mut powers = [0.0; BANDS];
        for (power, triangle) in powers.iter_mut().zip(&self.mel) {
            let bins = &self.re[triangle.first..triangle.first + triangle.weights.len()];
            *power = dot(bins, &triangle.weights);
        }
        self.powers.push(powers);
    }

    fn features(mut self) -> Result<[f64; DIMS]> {
        if self.powers.is_empty() {
            // Shorter than a window: in its middle, since its ends count for nothing.
            let before = (self.window.len() - self.waiting.len()) / 2;
            self.waiting.splice(..0, std::iter::repeat_n(0.0, before));
            self.step(0);
        }
        let loudest = self.powers.iter().flatten().fold(0.0f64, |max, p| max.max(*p));
        if loudest < f64::MIN_POSITIVE / FLOOR {
            return wrong("the sound is silent: there is nothing to make a vector of");
        }
        if !loudest.is_finite() {
            return wrong(
                "the sound's samples are so large that their squares overflow: scale them",
            );
        }
        let floor = loudest * FLOOR;
        let level = |power: f64| libm::log((power + floor) / loudest);
        // At least one: the lowest rate that is read carries 2 kHz.
        let known = self.mel.iter().filter(|band| band.known(self.rate)).count().max(1);
        let n = self.powers.len() as f64;
        let mut features = [0.0; DIMS];
        for band in 0..BANDS {
            let heard = band.min(known - 1);
            let levels: Vec<f64> = self.powers.iter().map(|powers| level(powers[heard])).collect();
            let mean = levels.iter().sum::<f64>() / n;
            let variance = levels.iter().map(|l| (l - mean) * (l - mean)).sum::<f64>() / n;
            let steps: f64 = levels.windows(2).map(|two| (two[1] - two[0]).abs()).sum();
            features[band] = mean;
            features[BANDS + band] = to_grid(variance.sqrt(), GRID);
            features[2 * BANDS + band] = to_grid(steps / (n - 1.0).max(1.0), GRID);
        }
        let centre = features[..BANDS].iter().sum::<f64>() / BANDS as f64;
        for mean in &mut features[..BANDS] {
            *mean = to_grid(*mean - centre, GRID);
        }
        Ok(features)
    }
}

/// A band's weights of the bins of a spectrum.
struct Triangle {
    high: f64,
    first: usize,
    weights: Vec<f64>,
}

impl Triangle {
    /// Whether a sound of this rate has all of the band.
    fn known(&self, rate: u32) -> bool {
        self.high <= f64::from(rate) / 2.0
    }
}

fn triangles(rate: u32, length: usize) -> Vec<Triangle> {
    let mel = |hertz: f64| 1127.0 * libm::log(1.0 + hertz / 700.0);
    let hertz = |mel: f64| 700.0 * (libm::exp(mel / 1127.0) - 1.0);
    let (low, high) = (mel(EDGES.0), mel(EDGES.1));
    let width = (high - low) / (BANDS + 1) as f64;
    let corner = |i: usize| hertz(low + width * i as f64);
    let bin = f64::from(rate) / length as f64;
    let triangle = |i: usize| {
        let corners = [corner(i), corner(i + 1), corner(i + 2)];
        let place = |hertz: f64| ((hertz / bin).round() as usize).min(length / 2);
        let (first, last) = (place(corners[0]), place(corners[2]));
        // A bin stands for what is within half a bin of it: no band, however narrow, falls
        // between two of them.
        let weight = |k: usize| {
            let (from, to) = ((k as f64 - 0.5) * bin, (k as f64 + 0.5) * bin);
            (area(corners, to) - area(corners, from)) / (corners[2] - corners[0])
        };
        Triangle { high: corners[2], first, weights: (first..=last).map(weight).collect() }
    };
    (0..BANDS).map(triangle).collect()
}

/// The area of a triangle of height 1 below `x`.
fn area([low, middle, high]: [f64; 3], x: f64) -> f64 {
    let x = x.clamp(low, high);
    let rising = x.min(middle) - low;
    let falling = high - x.max(middle);
    let whole = high - middle;
    rising * rising / (2.0 * (middle - low)) + (whole - falling * falling / whole) / 2.0
}
