//! Line ends, encodings, delimiters; where rows begin.

use proptest::prelude::*;

use super::*;
use crate::imports::workbook;

fn source(bytes: &[u8]) -> (tempfile::TempDir, Result<Source>) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("file.csv");
    std::fs::write(&path, bytes).expect("written");
    let source = workbook::to_csv(&path, None, 1 << 30).and_then(|_| Source::open(&path));
    (dir, source)
}

/// The rows behind the heading: line and cells.
fn rows(bytes: &[u8]) -> Vec<(u64, Vec<String>)> {
    let (_dir, source) = source(bytes);
    let mut rows = source.expect("opens").rows().expect("reads");
    let mut found = Vec::new();
    while let Some((place, record)) = rows.next().expect("reads") {
        let record = csv::StringRecord::from_byte_record_lossy(record);
        found.push((place.line, record.iter().map(ToOwned::to_owned).collect()));
    }
    found
}

fn lines(bytes: &[u8]) -> Vec<u64> {
    rows(bytes).into_iter().map(|(line, _)| line).collect()
}

#[test]
fn every_accepted_encoding_and_delimiter_gives_the_same_columns() {
    let text = "নাম;phone\nরহিম;017\n";
    let utf16 = |bom: &[u8], pair: fn(u16) -> [u8; 2]| {
        let body = text.encode_utf16().flat_map(pair);
        bom.iter().copied().chain(body).collect::<Vec<u8>>()
    };
    for bytes in [
        text.as_bytes().to_vec(),
        [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        text.replace(';', "\t").into_bytes(),
        text.replace(';', "|").into_bytes(),
        text.replace(';', ",").replace('\n', "\r\n").into_bytes(),
        text.replace('\n', "\r").into_bytes(),
        [b"sep=;\r\n", text.as_bytes()].concat(),
        [b"\xef\xbb\xbfsep=;\n", text.as_bytes()].concat(),
        [b"\"sep=;\"\r\n", text.as_bytes()].concat(),
        [b"SEP=\t\r\n", text.replace(';', "\t").as_bytes()].concat(),
        [b"sep=#\n", text.replace(';', "#").as_bytes()].concat(),
        // It says one thing and does another.
        [b"sep=,\n", text.as_bytes()].concat(),
        [b"\r\n \n;;\n", text.as_bytes()].concat(),
        utf16(b"\xff\xfe", u16::to_le_bytes),
        utf16(b"\xfe\xff", u16::to_be_bytes),
    ] {
        let (_dir, source) = source(&bytes);
        let source = source.expect("opens");
        assert_eq!(source.names, ["নাম", "phone"], "{:?}", String::from_utf8_lossy(&bytes));
        assert_eq!(count(&source, |_| {}).expect("counts"), 1);
    }
}

#[test]
fn a_row_is_on_the_line_on_which_an_editor_shows_its_beginning() {
    let text = "a,b\n1,x\n\"2\n2\",x\n3,\"x\n\ny\"\n\n,\n4,x\n";
    for end in ["\n", "\r\n", "\r"] {
        let file = text.replace('\n', end);
        assert_eq!(lines(file.as_bytes()), [2, 3, 5, 10], "{end:?}");
        let file = format!("\u{feff}sep=,{end}{end}{file}");
        assert_eq!(lines(file.as_bytes()), [4, 5, 7, 12], "{end:?}");
    }
    assert_eq!(lines(b"a,b\r\n1,x\n2,x\r\n3,x"), [2, 3, 4]);
}

#[test]
fn a_line_end_of_the_other_kind_is_part_of_its_cell() {
    let cells = |bytes: &[u8]| rows(bytes).into_iter().map(|(_, cells)| cells).collect::<Vec<_>>();
    let want = [["1", "x\ry", "z"], ["2", "b", "c"]];
    assert_eq!(cells(b"a,b,c\n1,x\ry,z\n2,b,c\n"), want);
    assert_eq!(cells(b"a,b,c\r\n1,x\ry,z\r\n2,b,c\r\n"), want);
    assert_eq!(cells(b"a,b,c\r\n1,\"x\ry\",\"z\"\r\n2,b,\"c\"\r\n"), want);
    let want = [["1", "x\ny", "z"], ["2", "b", "c"]];
    assert_eq!(cells(b"a,b,c\r1,x\ny,z\r2,b,c\r"), want);
    assert_eq!(lines(b"a,b,c\n1,x\ry,z\n2,b,c\n"), [2, 4]);
}

#[test]
fn what_is_no_text_is_refused_with_a_hint() {
    for bytes in [
        "নাম,phone\nJos\u{e9},017\n".bytes().chain(*b"Jos\xe9,1\n").collect(),
        b"PK\x03\x04rest".to_vec(),
        "name,phone\n".encode_utf16().flat_map(u16::to_le_bytes).collect(),
        b"\xff\xfe\x00\xd8\x41\x00".to_vec(),
    ] {
        let (_dir, source) = source(&bytes);
        let error = source.expect_err("refused");
        assert!(["wrong_encoding", "workbook_unreadable"].contains(&error.code()), "{error}");
        assert!(error.to_string().contains("CSV UTF-8"), "{error}");
    }
}

#[test]
fn a_cut_off_end_is_seen() {
    for (text, broken, bare) in [
        (&b"a,b\n1,2\n"[..], false, false),
        (b"a,b\n1,2", false, true),
        (b"a,b\n1,\"2", true, true),
        (b"a,b\n1,\"2\n", true, false),
        (b"a,b\n1,\xe0\xa6", true, true),
    ] {
        let (_dir, source) = source(text);
        let source = source.expect("opens");
        assert_eq!((source.broken_end, source.bare_end), (broken, bare), "{text:?}");
    }
}

#[test]
fn an_endless_row_is_refused_before_it_is_read() {
    let mut text = b"a,b\n1,\"".to_vec();
    text.resize(3 * MAX_ROW, b'x');
    let (_dir, source) = source(&text);
    assert_eq!(source.expect_err("refused").code(), "row_too_long");
    let (_dir, source) = self::source(b"");
    assert_eq!(source.expect_err("refused").code(), "empty_file");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn reading_on_from_any_row_gives_the_same_rows(
        text in "[ab,\"\n\u{995} ]{0,120}", end in 0usize..3, at in 0usize..8,
    ) {
        let file = format!("h,i\n{text}").replace('\n', ["\n", "\r\n", "\r"][end]);
        let (_dir, source) = source(file.as_bytes());
        let source = source.expect("opens");
        let all = |mut rows: Rows| {
            std::iter::from_fn(move || rows.next().expect("reads")).collect::<Vec<_>>()
        };
        let whole = all(source.rows().expect("reads"));
        prop_assert!(whole.windows(2).all(|two| two[0].0 < two[1].0));
        if let Some((place, _)) = whole.get(at) {
            let mut rows = source.rows().expect("reads");
            rows.seek(*place).expect("seeks");
            prop_assert_eq!(all(rows), whole[at..].to_vec());
        }
    }
}
