//! The bytes of a sound file as samples, a few at a time.

use std::io::Cursor;

use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error as Failure;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

use super::{AUDIO_BYTES_MAX, AUDIO_SECONDS_MAX};
use crate::{Error, Result, wrong};

/// Sampling rates, in Hz.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;
const CHANNELS_MAX: usize = 32;
/// Decoded samples of all channels together: ten minutes of two at 48 kHz.
const SAMPLES_MAX: u64 = AUDIO_SECONDS_MAX as u64 * 48_000 * 2;

/// Hands rate and samples (the mean of the channels, full scale at 1) to `take`, packet by packet.
pub fn samples(bytes: &[u8], take: &mut dyn FnMut(u32, &[f64])) -> Result<()> {
    if bytes.len() > AUDIO_BYTES_MAX {
        let n = bytes.len();
        return wrong(format!(
            "a sound file of {n} bytes; at most {AUDIO_BYTES_MAX} become one vector: cut it into several"
        ));
    }
    if bytes.is_empty() {
        return wrong("the sound is empty: there is nothing to make a vector of");
    }
    let stream =
        MediaSourceStream::new(Box::new(Cursor::new(bytes)), MediaSourceStreamOptions::default());
    let probe = symphonia::default::get_probe();
    let (format, metadata) = (FormatOptions::default(), MetadataOptions::default());
    let mut format = probe.probe(&Hint::new(), stream, format, metadata).map_err(|e| {
        Error(format!("the sound is no readable WAV, FLAC, MP3 or Ogg Vorbis ({e}): convert it"))
    })?;
    let read = packets(&mut *format, take)?;
    // What a file says of its length is believed where it says something, and never more than that.
    let promised = format.default_track(TrackType::Audio).and_then(|track| track.num_frames);
    match promised {
        Some(promised) if read < promised => wrong(format!(
            "the sound ends after {read} of {promised} samples: it was cut off, send it whole"
        )),
        _ => Ok(()),
    }
}

/// How many samples of each channel there were.
fn packets(format: &mut dyn FormatReader, take: &mut dyn FnMut(u32, &[f64])) -> Result<u64> {
    let unknown = || Error("the sound file has no track of a codec that is read".to_owned());
    let track = format.default_track(TrackType::Audio).ok_or_else(unknown)?;
    let id = track.id;
    let codec = track.codec_params.as_ref().and_then(|codec| codec.audio()).ok_or_else(unknown)?;
    let codecs = symphonia::default::get_codecs();
    let mut decoder = codecs
        .make_audio_decoder(codec, &AudioDecoderOptions::default())
        .map_err(|e| Error(format!("the sound's codec is not read ({e}): convert it to FLAC")))?;
    let (mut read, mut all, mut first_rate) = (0u64, 0u64, None);
    let (mut interleaved, mut mono) = (Vec::<f64>::new(), Vec::new());
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => return Ok(read),
            Err(failure) => return wrong(damaged(read, &failure)),
        };
        if packet.track_id != id {
            continue;
        }
        let decoded = decoder.decode(&packet).map_err(|failure| Error(damaged(read, &failure)))?;
        let (rate, channels) = (decoded.spec().rate(), decoded.num_planes());
        check_spec(rate, channels, *first_rate.get_or_insert(rate))?;
        all += decoded.samples_interleaved() as u64;
        read += decoded.frames() as u64;
        if all > SAMPLES_MAX || read > u64::from(rate) * u64::from(AUDIO_SECONDS_MAX) {
            return wrong(format!(
                "the sound has more than {AUDIO_SECONDS_MAX} s, or {SAMPLES_MAX} samples: cut it \
                 into several"
            ));
        }
        decoded.copy_to_vec_interleaved(&mut interleaved);
        if let Some(odd) = interleaved.iter().find(|sample| !sample.is_finite()) {
            return wrong(format!(
                "the sound has a sample of {odd} after {} s: every sample must be a number",
                (read - decoded.frames() as u64) / u64::from(rate)
            ));
        }
        mono.clear();
        let frames = interleaved.chunks_exact(channels);
        mono.extend(frames.map(|frame| frame.iter().sum::<f64>() / channels as f64));
        take(rate, &mono);
    }
}

fn check_spec(rate: u32, channels: usize, first_rate: u32) -> Result<()> {
    if !RATES.contains(&rate) {
        let (low, high) = RATES.into_inner();
        return wrong(format!("the sound has {rate} samples a second; {low} to {high} are read"));
    }
    if !(1..=CHANNELS_MAX).contains(&channels) {
        return wrong(format!("the sound has {channels} channels; 1 to {CHANNELS_MAX} are read"));
    }
    if rate != first_rate {
        return wrong(format!(
            "the sound changes from {first_rate} to {rate} samples a second: convert it to one rate"
        ));
    }
    Ok(())
}

fn damaged(read: u64, failure: &Failure) -> String {
    format!("the sound is damaged or cut off after {read} samples ({failure}): send it again")
}
