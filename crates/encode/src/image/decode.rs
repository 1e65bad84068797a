//! The bytes of an image file as pixels.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::{Error, Result, wrong};

/// The largest image file that becomes a vector: 16 MiB.
pub const IMAGE_BYTES_MAX: usize = 1 << 24;
/// The most pixels a side.
pub const IMAGE_SIDE_MAX: u32 = 16_384;
/// The most pixels: 33.5 million.
pub const IMAGE_PIXELS_MAX: u64 = 1 << 25;
/// What a decoder may hold at one time, with the pixels.
const ALLOC_MAX: u64 = 1 << 28;

/// The image upright. Sizes are checked before there is memory for them.
pub fn image(bytes: &[u8]) -> Result<DynamicImage> {
    let n = bytes.len();
    if n > IMAGE_BYTES_MAX {
        return wrong(format!(
            "an image file of {n} bytes; at most {IMAGE_BYTES_MAX} become a vector: shrink the image"
        ));
    }
    if n == 0 {
        return wrong("the image is empty: there is nothing to make a vector of");
    }
    let format = image::guess_format(bytes).ok();
    let (mut image, orientation) = match format {
        Some(ImageFormat::Jpeg) => jpeg(bytes)?,
        Some(format @ (ImageFormat::Png | ImageFormat::WebP)) => other(bytes, format)?,
        Some(format) => {
            let name = format.to_mime_type();
            return wrong(format!("the image is {name}: send PNG, JPEG or WebP"));
        }
        None => return wrong("the image is of no known format: send PNG, JPEG or WebP"),
    };
    image.apply_orientation(orientation);
    Ok(image)
}

fn other(bytes: &[u8], format: ImageFormat) -> Result<(DynamicImage, Orientation)> {
    let name = format.to_mime_type();
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(ALLOC_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(|e| damaged(name, &e))?;
    let (width, height) = decoder.dimensions();
    check_size(width, height, decoder.total_bytes())?;
    limits.reserve(decoder.total_bytes()).map_err(|e| damaged(name, &e))?;
    decoder.set_limits(limits).map_err(|e| damaged(name, &e))?;
    let orientation = decoder.orientation().map_err(|e| damaged(name, &e))?;
    let image = DynamicImage::from_decoder(decoder).map_err(|e| damaged(name, &e))?;
    Ok((image, orientation))
}

/// By the decoder that `image` uses as well, but strict, so that a file that was cut off is no half
/// grey image, and without the instructions of one processor, which give other last digits.
fn jpeg(bytes: &[u8]) -> Result<(DynamicImage, Orientation)> {
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let failed = |e| damaged("image/jpeg", &e);
    decoder.decode_headers().map_err(failed)?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let (space, channels) = if grey { (ColorSpace::Luma, 1) } else { (ColorSpace::RGB, 3) };
    let (width, height) = (width as u32, height as u32);
    check_size(width, height, u64::from(width) * u64::from(height) * channels)?;
    decoder.set_options(decoder.options().jpeg_set_out_colorspace(space));
    let pixels = decoder.decode().map_err(failed)?;
    let image = if grey {
        GrayImage::from_raw(width, height, pixels).map(DynamicImage::from)
    } else {
        RgbImage::from_raw(width, height, pixels).map(DynamicImage::from)
    };
    let exif = decoder.exif().map(Vec::as_slice);
    let orientation = exif.and_then(Orientation::from_exif_chunk);
    let image = image.ok_or_else(|| damaged("image/jpeg", &"too few pixels"))?;
    Ok((image, orientation.unwrap_or(Orientation::NoTransforms)))
}

fn check_size(width: u32, height: u32, bytes: u64) -> Result<()> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return wrong(format!("the image has {width}×{height} pixels: there is nothing to see"));
    }
    if width.max(height) > IMAGE_SIDE_MAX || pixels > IMAGE_PIXELS_MAX || bytes > ALLOC_MAX {
        return wrong(format!(
            "the image has {width}×{height} pixels in {bytes} bytes; at most {IMAGE_SIDE_MAX} a \
             side, {IMAGE_PIXELS_MAX} in all and {ALLOC_MAX} bytes are decoded: shrink it"
        ));
    }
    Ok(())
}

fn damaged(name: &str, what: &dyn std::fmt::Display) -> Error {
    Error(format!("the image of type {name} is damaged, cut off or odd ({what}): save it again"))
}
