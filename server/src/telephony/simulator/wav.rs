//! The recording of a simulated call: two soft voices taking turns, 8 kHz, 16 bit, mono.

/// Samples a second.
const RATE: u32 = 8_000;

/// A playable WAV file of `seconds`; `seed` varies the voices.
pub fn recording(seconds: u32, seed: u64) -> Vec<u8> {
    let samples = seconds * RATE;
    let bytes = samples * 2;
    let mut out = Vec::with_capacity(44 + bytes as usize);
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&(36 + bytes).to_le_bytes());
    out.extend_from_slice(b"WAVEfmt ");
    out.extend_from_slice(&16u32.to_le_bytes());
    out.extend_from_slice(&1u16.to_le_bytes()); // PCM
    out.extend_from_slice(&1u16.to_le_bytes()); // mono
    out.extend_from_slice(&RATE.to_le_bytes());
    out.extend_from_slice(&(RATE * 2).to_le_bytes());
    out.extend_from_slice(&2u16.to_le_bytes());
    out.extend_from_slice(&16u16.to_le_bytes());
    out.extend_from_slice(b"data");
    out.extend_from_slice(&bytes.to_le_bytes());
    let mut noise = seed | 1;
    for n in 0..samples {
        out.extend_from_slice(&sample(n, seed, &mut noise).to_le_bytes());
    }
    out
}

/// Syllables of a quarter second with a breath between turns of two seconds.
fn sample(n: u32, seed: u64, noise: &mut u64) -> i16 {
    let time = f64::from(n) / f64::from(RATE);
    let turn = n / (2 * RATE);
    let pitch = if turn.is_multiple_of(2) { 140.0 } else { 210.0 } + (seed % 23) as f64;
    let syllable = (time * 4.0).fract();
    let breath = (time / 2.0).fract() > 0.9;
    let loudness = if breath { 0.0 } else { (syllable * std::f64::consts::PI).sin() };
    *noise ^= *noise << 13;
    *noise ^= *noise >> 7;
    *noise ^= *noise << 17;
    let hiss = (*noise >> 48) as f64 / 32_768.0 - 1.0;
    let angle = time * pitch * std::f64::consts::TAU;
    let voice = angle.sin() + 0.5 * (2.0 * angle).sin() + 0.25 * (3.0 * angle).sin();
    (loudness.mul_add(voice * 3_500.0, hiss * 120.0)) as i16
}

#[cfg(test)]
mod tests {
    use super::recording;

    #[test]
    fn the_header_fits_the_data_and_there_is_something_to_hear() {
        let wav = recording(3, 42);
        assert_eq!(&wav[..4], b"RIFF");
        assert_eq!(&wav[8..12], b"WAVE");
        assert_eq!(wav.len(), 44 + 3 * 8_000 * 2);
        let stated = u32::from_le_bytes([wav[40], wav[41], wav[42], wav[43]]);
        assert_eq!(stated as usize, wav.len() - 44);
        let loudest = wav[44..]
            .chunks_exact(2)
            .map(|b| i16::from_le_bytes([b[0], b[1]]).unsigned_abs())
            .max();
        assert!(loudest > Some(2_000));
        assert_ne!(wav, recording(3, 43), "two calls sound different");
    }
}
