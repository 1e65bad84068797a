//! An image as colours and oriented gradients: finds what looks alike.
//!
//! The image, upright as its EXIF says and over white where it is transparent, becomes 64×64
//! pixels. Of these two things are kept. A histogram of 4×4×4 colours, each pixel shared by the
//! eight nearest, as square roots of shares: scalar products of such vectors are Bhattacharyya's
//! coefficient. And histograms of oriented gradients: 4×4 cells of 16 pixels, 9 directions, 3×3
//! overlapping blocks of 2×2 cells, each made length 1, cut at 0.2 and made length 1 again; a block
//! with little contrast stays shorter. Colours and gradients weigh the same.
//!
//! **Shape** 388 numbers, of length 1: 64 colours (blue fastest), 324 gradients (block, cell,
//! direction).
//!
//! **Cost** Decoding, then about 20 operations a pixel and half a million for the features; the
//! decoded image's memory, at most 256 MiB.
//!
//! **Errors** Formats other than PNG, JPEG and WebP; damaged or cut off files; more than
//! [`IMAGE_BYTES_MAX`] bytes, [`IMAGE_SIDE_MAX`] pixels a side or [`IMAGE_PIXELS_MAX`] in all.
//!
//! **Source** Dalal and Triggs, 2005. Histograms of oriented gradients for human detection (§6,
//! with square roots of colours, R-HOG and L2-Hys). Swain and Ballard, 1991. Color indexing.

mod decode;
mod thumbnail;

use std::f64::consts::PI;

use crate::vector::{dot, unit};
use crate::{Encoder, Modality, Result};
use thumbnail::{SIDE, Thumbnail};

pub use decode::{IMAGE_BYTES_MAX, IMAGE_PIXELS_MAX, IMAGE_SIDE_MAX};

/// Colours a channel.
const SHADES: usize = 4;
const COLOURS: usize = SHADES * SHADES * SHADES;
/// Cells a side, and their pixels.
const CELLS: usize = 4;
const CELL: usize = SIDE / CELLS;
const DIRECTIONS: usize = 9;
const BLOCKS: usize = CELLS - 1;
const BLOCK: usize = 4 * DIRECTIONS;
const DIMS: usize = COLOURS + BLOCKS * BLOCKS * BLOCK;
const SPACE: &str = "image-colour-hog-1-388";
/// The length of a block below which it counts as noise, in sums of differences of square roots of
/// colours: 1024 pixels with differences of a hundredth reach about 2.
const NOISE: f64 = 2.0;
/// No direction of a block says more than this.
const CUT: f64 = 0.2;

/// A colour histogram and oriented gradients.
#[derive(Debug)]
pub struct ColourHog;

impl Encoder for ColourHog {
    fn modality(&self) -> Modality {
        Modality::Image
    }

    fn space(&self) -> &str {
        SPACE
    }

    fn dims(&self) -> usize {
        DIMS
    }

    fn encode(&self, bytes: &[u8]) -> Result<Vec<f32>> {
        let thumbnail = Thumbnail::of(&decode::image(bytes)?);
        let mut features = Vec::with_capacity(DIMS);
        features.extend(colours(&thumbnail));
        features.extend(gradients(&thumbnail));
        unit(&features, "the image")
    }
}

/// Square roots of the shares of colours: a vector of length 1.
fn colours(thumbnail: &Thumbnail) -> [f64; COLOURS] {
    let mut shares = [0.0; COLOURS];
    for pixel in thumbnail.pixels() {
        let near = pixel.map(|value| share(value * (SHADES - 1) as f64, SHADES));
        for (r, in_r) in near[0] {
            for (g, in_g) in near[1] {
                for (b, in_b) in near[2] {
                    shares[(r * SHADES + g) * SHADES + b] += in_r * in_g * in_b;
                }
            }
        }
    }
    shares.map(|share| (share / (SIDE * SIDE) as f64).sqrt())
}

/// The two places among `n` between which `x` lies, and how much of it goes to each.
fn share(x: f64, n: usize) -> [(usize, f64); 2] {
    let low = (x as usize).min(n - 2);
    let above = x - low as f64;
    [(low, 1.0 - above), (low + 1, above)]
}

/// Blocks of oriented gradients; length 1 in all where there is contrast everywhere.
fn gradients(thumbnail: &Thumbnail) -> Vec<f64> {
    let cells = cells(thumbnail);
    let mut features = Vec::with_capacity(BLOCKS * BLOCKS * BLOCK);
    for row in 0..BLOCKS {
        for column in 0..BLOCKS {
            let mut block = [0.0; BLOCK];
            for (i, part) in block.chunks_exact_mut(DIRECTIONS).enumerate() {
                part.copy_from_slice(&cells[row + i / 2][column + i % 2]);
            }
            let length = (dot(&block, &block) + NOISE * NOISE).sqrt();
            let cut = block.map(|vote| (vote / length).min(CUT));
            let length = (dot(&cut, &cut) + 0.01).sqrt() * BLOCKS as f64;
            features.extend(cut.map(|vote| vote / length));
        }
    }
    features
}

/// Votes of all pixels for directions: by strength, shared by the two nearest directions and the
/// four nearest cells.
fn cells(thumbnail: &Thumbnail) -> [[[f64; DIRECTIONS]; CELLS]; CELLS] {
    let mut cells = [[[0.0; DIRECTIONS]; CELLS]; CELLS];
    for y in 0..SIDE {
        for x in 0..SIDE {
            let (dx, dy) = gradient(thumbnail, x, y);
            let strength = (dx * dx + dy * dy).sqrt();
            if strength == 0.0 {
                continue;
            }
            let turn = libm::atan2(dy, dx) / PI;
            let turn = if turn < 0.0 { turn + 1.0 } else { turn };
            let at = turn * DIRECTIONS as f64;
            let (direction, above) = (at as usize, at - (at as usize) as f64);
            for (row, in_row) in near_cells(y) {
                for (column, in_column) in near_cells(x) {
                    let vote = strength * in_row * in_column;
                    let votes = &mut cells[row][column];
                    votes[direction % DIRECTIONS] += vote * (1.0 - above);
                    votes[(direction + 1) % DIRECTIONS] += vote * above;
                }
            }
        }
    }
    cells
}

/// The cells between whose centres a pixel lies; beyond the outer centres its share is lost.
fn near_cells(x: usize) -> impl Iterator<Item = (usize, f64)> {
    let at = (x as f64 + 0.5) / CELL as f64 + 0.5;
    let low = at as usize;
    let above = at - low as f64;
    // Counted from 1, so that nothing is below 0.
    let pair = [(low, 1.0 - above), (low + 1, above)];
    pair.into_iter().filter(|(i, _)| (1..=CELLS).contains(i)).map(|(i, share)| (i - 1, share))
}

/// The steepest channel's differences of square roots, without the half.
fn gradient(thumbnail: &Thumbnail, x: usize, y: usize) -> (f64, f64) {
    let (left, right) = (x.saturating_sub(1), (x + 1).min(SIDE - 1));
    let (up, down) = (y.saturating_sub(1), (y + 1).min(SIDE - 1));
    let mut steepest = (0.0, 0.0);
    let mut most = 0.0;
    for channel in 0..3 {
        let root = |x: usize, y: usize| thumbnail.at(x, y)[channel].sqrt();
        let (dx, dy) = (root(right, y) - root(left, y), root(x, down) - root(x, up));
        if dx * dx + dy * dy > most {
            most = dx * dx + dy * dy;
            steepest = (dx, dy);
        }
    }
    steepest
}
