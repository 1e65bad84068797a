//! Any image as 64×64 pixels.

use image::{DynamicImage, GenericImageView};

/// Pixels a side.
pub const SIDE: usize = 64;

/// 64×64 pixels of red, green and blue from 0 to 1, as they are encoded (sRGB as a rule).
pub struct Thumbnail {
    pixels: Vec<[f64; 3]>,
}

impl Thumbnail {
    /// Shrinks or stretches by a triangle filter as wide as two pixels of the larger of both grids;
    /// it does not keep the ratio of the sides. In doubles and a fixed order, so that the bits are
    /// part of the space's version and not of a library's.
    pub fn of(image: &DynamicImage) -> Self {
        let (columns, rows) = (taps(image.width()), taps(image.height()));
        let mut pixels = vec![[0.0; 3]; SIDE * SIDE];
        let mut source = vec![[0.0; 3]; image.width() as usize];
        for y in 0..image.height() {
            for (x, colour) in (0u32..).zip(&mut source) {
                *colour = over_white(image.get_pixel(x, y).0);
            }
            let row: Vec<[f64; 3]> = columns.iter().map(|taps| taps.sum(&source)).collect();
            for (taps, line) in rows.iter().zip(pixels.chunks_exact_mut(SIDE)) {
                let Some(weight) = taps.weight(y as usize) else { continue };
                for (sum, colour) in line.iter_mut().zip(&row) {
                    for (sum, value) in sum.iter_mut().zip(colour) {
                        *sum += weight * value;
                    }
                }
            }
        }
        // Weights add up to 1 but for rounding.
        for value in pixels.iter_mut().flatten() {
            *value = value.clamp(0.0, 1.0);
        }
        Self { pixels }
    }

    /// All pixels, row by row.
    pub fn pixels(&self) -> &[[f64; 3]] {
        &self.pixels
    }

    /// The pixel of a column and a row.
    pub fn at(&self, x: usize, y: usize) -> [f64; 3] {
        self.pixels[y * SIDE + x]
    }
}

fn over_white([r, g, b, alpha]: [u8; 4]) -> [f64; 3] {
    let alpha = f64::from(alpha) / 255.0;
    [r, g, b].map(|value| f64::from(value) / 255.0 * alpha + (1.0 - alpha))
}

/// Which pixels of a line make one of the thumbnail's, and by how much.
struct Taps {
    first: usize,
    weights: Vec<f64>,
}

impl Taps {
    fn sum(&self, line: &[[f64; 3]]) -> [f64; 3] {
        let mut sum = [0.0; 3];
        for (colour, weight) in line[self.first..].iter().zip(&self.weights) {
            for (sum, value) in sum.iter_mut().zip(colour) {
                *sum += weight * value;
            }
        }
        sum
    }

    fn weight(&self, at: usize) -> Option<f64> {
        self.weights.get(at.checked_sub(self.first)?).copied()
    }
}

fn taps(length: u32) -> Vec<Taps> {
    let scale = f64::from(length) / SIDE as f64;
    let reach = scale.max(1.0);
    let tap = |i: usize| {
        let centre = (i as f64 + 0.5) * scale;
        let first = (centre - reach).max(0.0) as usize;
        let last = ((centre + reach) as usize).min(length as usize - 1);
        let weight = |at: usize| (1.0 - (at as f64 + 0.5 - centre).abs() / reach).max(0.0);
        let sum: f64 = (first..=last).map(weight).sum();
        Taps { first, weights: (first..=last).map(|at| weight(at) / sum).collect() }
    };
    (0..SIDE).map(tap).collect()
}
