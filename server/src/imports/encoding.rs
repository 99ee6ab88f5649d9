//! Files that are not UTF-8 are rewritten in it: UTF-16 with a byte-order mark, Windows-1252.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;

use super::file::io;
use super::record::RowError;
use crate::error::{Error, Result};

/// Bytes read at a time.
const BLOCK: usize = 1 << 18;

/// A problem that says how to save the file.
pub fn wrong(detail: impl std::fmt::Display) -> Error {
    Error::invalid(
        "wrong_encoding",
        "file",
        format!(
            "{detail} In a spreadsheet choose \"Save as\" and \"CSV UTF-8\", then send it again."
        ),
    )
}

/// Rewrites a file in UTF-8 if it is in another encoding; what a person should know of that. A file
/// that is neither UTF-8 nor another encoding for certain stays as it is.
pub fn to_utf8(path: &Path) -> Result<Option<RowError>> {
    let mut head = Vec::new();
    File::open(path).and_then(|file| file.take(1024).read_to_end(&mut head)).map_err(io)?;
    match head[..] {
        [0xff, 0xfe, ..] => utf16(path, u16::from_le_bytes).map(|()| None),
        [0xfe, 0xff, ..] => utf16(path, u16::from_be_bytes).map(|()| None),
        _ => {
            let zeros = head.iter().fold(0, |n, byte| n + usize::from(*byte == 0));
            if zeros > head.len() / 4 {
                return Err(wrong("The file looks like UTF-16 without a byte-order mark."));
            }
            if !is_windows_1252(path)? {
                return Ok(None);
            }
            windows_1252(path)?;
            Ok(Some(RowError::row(
                "read_as_windows_1252",
                "The file is not UTF-8, so it was read as Windows-1252 (Western European). If \
                 names look wrong, save it as \"CSV UTF-8\" and send it again.",
            )))
        }
    }
}

/// Writes the file anew from what `write` makes of it.
fn rewrite(
    path: &Path,
    write: impl FnOnce(File, &mut BufWriter<File>) -> Result<()>,
) -> Result<()> {
    let target = path.with_extension("utf8");
    let mut out = BufWriter::new(File::create(&target).map_err(io)?);
    let written = write(File::open(path).map_err(io)?, &mut out)
        .and_then(|()| out.into_inner().map(drop).map_err(|e| io(e.into_error())))
        .and_then(|()| std::fs::rename(&target, path).map_err(io));
    if written.is_err() {
        let _ = std::fs::remove_file(&target);
    }
    written
}

fn utf16(path: &Path, unit: fn([u8; 2]) -> u16) -> Result<()> {
    rewrite(path, |file, out| {
        let mut bytes = BufReader::with_capacity(BLOCK, file).bytes();
        let mut failed = None;
        let units = std::iter::from_fn(|| match (bytes.next()?, bytes.next()?) {
            (Ok(a), Ok(b)) => Some(unit([a, b])),
            (Err(error), _) | (_, Err(error)) => {
                failed = Some(error);
                None
            }
        });
        let mut buffer = [0; 4];
        for decoded in char::decode_utf16(units) {
            let Ok(c) = decoded else {
                return Err(wrong("The file says it is UTF-16 but is not."));
            };
            out.write_all(c.encode_utf8(&mut buffer).as_bytes()).map_err(io)?;
        }
        failed.map_or(Ok(()), |error| Err(io(error)))
    })
}

/// Whether a file is no UTF-8 and can be Windows-1252: no character of several bytes is UTF-8, and
/// no byte is one that Windows-1252 does not have.
fn is_windows_1252(path: &Path) -> Result<bool> {
    let mut file = File::open(path).map_err(io)?;
    let mut block = vec![0; BLOCK];
    let mut held = 0;
    let mut is_utf8 = true;
    loop {
        let read = file.read(&mut block[held..]).map_err(io)?;
        if read == 0 {
            return Ok(!is_utf8);
        }
        let end = held + read;
        let mut rest = &block[..end];
        if rest.iter().any(|b| matches!(b, 0 | 0x81 | 0x8d | 0x8f | 0x90 | 0x9d))
            && std::str::from_utf8(rest).is_err_and(|e| e.error_len().is_some())
        {
            return Ok(false);
        }
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    if !text.trim_start_matches('\u{feff}').is_ascii() {
                        return Ok(false);
                    }
                    rest = &[];
                    break;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    if !valid.is_ascii() {
                        return Ok(false);
                    }
                    let Some(wrong) = error.error_len() else {
                        rest = after;
                        break;
                    };
                    is_utf8 = false;
                    rest = &after[wrong..];
                }
            }
        }
        held = rest.len();
        block.copy_within(end - held..end, 0);
    }
}

fn windows_1252(path: &Path) -> Result<()> {
    rewrite(path, |mut file, out| {
        let mut block = vec![0; BLOCK];
        loop {
            let read = file.read(&mut block).map_err(io)?;
            if read == 0 {
                return Ok(());
            }
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&block[..read]);
            out.write_all(text.as_bytes()).map_err(io)?;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(bytes: &[u8]) -> (Option<&'static str>, String) {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("file.csv");
        std::fs::write(&path, bytes).expect("written");
        let note = to_utf8(&path).expect("reads").map(|note| note.code);
        (note, String::from_utf8_lossy(&std::fs::read(&path).expect("reads")).into_owned())
    }

    #[test]
    fn windows_1252_is_read_only_where_nothing_is_utf8() {
        let note = Some("read_as_windows_1252");
        assert_eq!(rewritten(b"name\nJos\xe9\n"), (note, "name\nJos\u{e9}\n".to_owned()));
        assert_eq!(rewritten(b"name\nO\x92Neill\n"), (note, "name\nO\u{2019}Neill\n".to_owned()));
        assert_eq!(rewritten("name\nJosé\n".as_bytes()).0, None);
        assert_eq!(rewritten(b"name\nJos\n").0, None);
        // One broken character in a Bangla file, a byte the encoding does not have, a cut-off end.
        assert_eq!(rewritten(&["নাম\n".as_bytes(), b"Jos\xe9\n"].concat()).0, None);
        assert_eq!(rewritten(b"name\n\x81\xe9x\n").0, None);
        assert_eq!(rewritten(b"name\nx\xe0\xa6").0, None);
        let long = [vec![b'a'; BLOCK - 1], b"\xe9b\n".to_vec()].concat();
        assert_eq!(rewritten(&long).1.len(), BLOCK + 3);
    }
}
