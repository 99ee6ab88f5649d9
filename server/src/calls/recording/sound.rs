//! What a recording is, judged by its bytes: telephone systems and file stores name types that are
//! wrong (`application/octet-stream`) or none, and an error page is no recording whatever its type.

/// Bytes from the beginning that are enough to tell.
pub const ENOUGH: usize = 512;
/// Media type of what is kept but cannot be played in a browser.
pub const UNKNOWN: &str = "application/octet-stream";

/// A kind of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sound {
    /// How its file's name ends.
    pub ending: &'static str,
    /// The media type it is served with.
    pub media_type: &'static str,
}

const fn sound(ending: &'static str, media_type: &'static str) -> Sound {
    Sound { ending, media_type }
}

const WAV: Sound = sound("wav", "audio/wav");
const MP3: Sound = sound("mp3", "audio/mpeg");
const OGG: Sound = sound("ogg", "audio/ogg");
const FLAC: Sound = sound("flac", "audio/flac");
const M4A: Sound = sound("m4a", "audio/mp4");
const THREE_GPP: Sound = sound("3gp", "audio/3gpp");
const WEBM: Sound = sound("webm", "audio/webm");
const AAC: Sound = sound("aac", "audio/aac");
const AMR: Sound = sound("amr", "audio/amr");
const AIFF: Sound = sound("aiff", "audio/aiff");
const AU: Sound = sound("au", "audio/basic");
const GSM: Sound = sound("gsm", "audio/x-gsm");
const OTHER: Sound = sound("audio", UNKNOWN);

const KNOWN: [Sound; 12] = [WAV, MP3, OGG, FLAC, M4A, THREE_GPP, WEBM, AAC, AMR, AIFF, AU, GSM];

impl Sound {
    /// The kind of a recording that begins with `head` and was `declared` as a media type; `None`:
    /// it is none. Sound of a kind not known here is kept if it was declared as sound.
    pub fn of(head: &[u8], declared: &str) -> Option<Self> {
        by_bytes(head).or_else(|| {
            (declared.starts_with("audio/") && !head.is_empty() && !is_text(head)).then_some(OTHER)
        })
    }
}

/// The media type a kept file is served with: never one that a browser would run.
pub fn served_as(media_type: &str) -> &'static str {
    KNOWN.iter().map(|one| one.media_type).find(|known| *known == media_type).unwrap_or(UNKNOWN)
}

fn by_bytes(head: &[u8]) -> Option<Sound> {
    let at = |from: usize, mark: &[u8]| head.get(from..).is_some_and(|rest| rest.starts_with(mark));
    Some(match head {
        _ if (at(0, b"RIFF") || at(0, b"RF64")) && at(8, b"WAVE") => WAV,
        _ if at(0, b"ID3") => MP3,
        _ if at(0, b"OggS") => OGG,
        _ if at(0, b"fLaC") => FLAC,
        _ if at(4, b"ftyp3g") => THREE_GPP,
        _ if at(4, b"ftyp") => M4A,
        _ if at(0, b"\x1a\x45\xdf\xa3") => WEBM,
        _ if at(0, b"#!AMR") => AMR,
        _ if at(0, b"FORM") && (at(8, b"AIFF") || at(8, b"AIFC")) => AIFF,
        _ if at(0, b".snd") => AU,
        _ if is_adts(head) => AAC,
        _ if is_mpeg_frame(head) => MP3,
        _ if is_gsm(head) => GSM,
        _ => return None,
    })
}

/// AAC in ADTS frames.
fn is_adts(head: &[u8]) -> bool {
    matches!(head, [0xff, second, third, ..] if second & 0xf6 == 0xf0 && (third >> 2) & 0xf < 13)
}

/// A frame of MPEG audio: sync, and neither version, layer, bit rate nor sampling rate reserved.
fn is_mpeg_frame(head: &[u8]) -> bool {
    matches!(head, [0xff, second, third, ..]
        if second & 0xe0 == 0xe0
            && second & 0x18 != 0x08
            && second & 0x06 != 0
            && third & 0xf0 != 0xf0
            && third & 0x0c != 0x0c)
}

/// GSM 06.10 without a header: frames of 33 bytes that begin with 0xd.
fn is_gsm(head: &[u8]) -> bool {
    let frames = head.chunks_exact(33);
    head.len() >= 99 && frames.take(8).all(|frame| frame[0] >> 4 == 0xd)
}

/// Whether it reads as text: UTF-8 (the last character may be cut) without control characters.
fn is_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !valid.chars().any(|c| c.is_control() && !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_tell_whatever_was_declared() {
        let gsm: Vec<u8> = (0..200).map(|n| if n % 33 == 0 { 0xd7 } else { 0x20 }).collect();
        for (head, kind) in [
            (&b"RIFF\x24\x00\x00\x00WAVEfmt "[..], WAV),
            (b"RF64\xff\xff\xff\xffWAVEds64", WAV),
            (b"ID3\x04\x00\x00", MP3),
            (b"\xff\xfb\x90\x64", MP3),
            (b"\xff\xf3\x48\xc4", MP3),
            (b"\xff\xe3\x18\xc4", MP3),
            (b"\xff\xf1\x50\x80", AAC),
            (b"OggS\x00\x02", OGG),
            (b"fLaC\x00\x00", FLAC),
            (b"\x00\x00\x00\x20ftypM4A \x00", M4A),
            (b"\x00\x00\x00\x18ftypmp42\x00", M4A),
            (b"\x00\x00\x00\x18ftyp3gp4\x00", THREE_GPP),
            (b"\x1a\x45\xdf\xa3\x9f\x42", WEBM),
            (b"#!AMR\n\x3c", AMR),
            (b"#!AMR-WB\n\x04", AMR),
            (b"FORM\x00\x00\x00\x10AIFFCOMM", AIFF),
            (b".snd\x00\x00\x00\x18", AU),
            (&gsm, GSM),
        ] {
            for declared in
                ["", "audio/x-wav", "application/octet-stream", "binary/octet-stream", "text/html"]
            {
                assert_eq!(Sound::of(head, declared), Some(kind), "{declared} {head:?}");
            }
            assert_eq!(served_as(kind.media_type), kind.media_type);
        }
    }

    #[test]
    fn a_page_is_no_recording_even_as_audio() {
        for head in [
            &b"<!doctype html><html>"[..],
            b"<html>log in</html>",
            b"{\"error\":\"not found\"}",
            b"Recording not ready\r\n",
            "\u{feff}<html>কিছু".as_bytes(),
            b"RIFF pretend this is speech",
            b"",
        ] {
            for declared in ["", "audio/mpeg", "audio/x-html", "application/octet-stream"] {
                assert_eq!(Sound::of(head, declared), None, "{declared} {head:?}");
            }
        }
        let cut = &"<html>কিছু".as_bytes()[..8];
        assert_eq!(Sound::of(cut, "audio/mpeg"), None, "cut within a letter");
    }

    #[test]
    fn unknown_sound_is_kept_only_as_declared_sound_and_never_run() {
        let raw = [0x00, 0xff, 0x80, 0x7f, 0x01];
        assert_eq!(Sound::of(&raw, "audio/x-alaw-basic").map(|s| s.media_type), Some(UNKNOWN));
        assert_eq!(Sound::of(&raw, "application/octet-stream"), None);
        for media_type in ["audio/x-html", "text/html", "image/svg+xml", ""] {
            assert_eq!(served_as(media_type), UNKNOWN);
        }
    }
}
