//! Real pictures and sounds for tests, small enough for an event.

#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses a part")]

use std::f32::consts::TAU;
use std::io::Cursor;

use base64::Engine as _;
use image::{ImageFormat, Rgb, RgbImage};

/// A PNG of 64 × 64.
pub fn png(colour: impl Fn(u32, u32) -> [u8; 3]) -> Vec<u8> {
    let picture = RgbImage::from_fn(64, 64, |x, y| Rgb(colour(x, y)));
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

/// Upright stripes in two colours; `shift` moves them.
pub fn stripes(light: [u8; 3], dark: [u8; 3], shift: u32) -> Vec<u8> {
    png(|x, _| if ((x + shift) / 8).is_multiple_of(2) { light } else { dark })
}

/// Half a second of a tone as WAV: 16 bits, 8,000 samples a second.
pub fn tone(hertz: f32) -> Vec<u8> {
    let (rate, n) = (8_000u32, 4_000u32);
    let sample = |i: u32| (TAU * hertz * i as f32 / rate as f32).sin() * 12_000.0;
    let data: Vec<u8> = (0..n).flat_map(|i| (sample(i) as i16).to_le_bytes()).collect();
    let mut out = b"RIFF".to_vec();
    out.extend((36 + data.len() as u32).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16u32.to_le_bytes());
    for n in [1u16, 1] {
        out.extend(n.to_le_bytes());
    }
    for n in [rate, rate * 2] {
        out.extend(n.to_le_bytes());
    }
    for n in [2u16, 16] {
        out.extend(n.to_le_bytes());
    }
    out.extend(b"data");
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
    out
}

pub fn url(kind: &str, bytes: &[u8]) -> String {
    format!("data:{kind};base64,{}", base64::engine::general_purpose::STANDARD.encode(bytes))
}
