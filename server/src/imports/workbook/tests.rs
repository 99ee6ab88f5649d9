//! Workbooks made for the purpose, and one of an old Excel.

use std::fmt::Write as _;
use std::io::Write as _;

use zip::write::SimpleFileOptions;

use super::*;

const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// A workbook of sheets: name, attributes in the list of sheets, rows as XML.
fn workbook(date1904: bool, sheets: &[(&str, &str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut part = |name: &str, text: &str| {
        zip.start_file(name, SimpleFileOptions::default()).expect("a part");
        zip.write_all(text.as_bytes()).expect("written");
    };
    let (mut list, mut relations) = (String::new(), String::new());
    for (n, (name, attributes, rows)) in sheets.iter().enumerate() {
        write!(list, "<sheet name=\"{name}\" sheetId=\"{n}\" r:id=\"s{n}\" {attributes}/>")
            .expect("written");
        write!(
            relations,
            "<Relationship Id=\"s{n}\" Type=\"{RELATIONS}/worksheet\" Target=\"worksheets/s{n}.xml\"/>"
        )
        .expect("written");
        part(
            &format!("xl/worksheets/s{n}.xml"),
            &format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>"),
        );
    }
    part(
        "_rels/.rels",
        &format!(
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r\" Type=\"{RELATIONS}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
        ),
    );
    let system = if date1904 { "<workbookPr date1904=\"1\"/>" } else { "" };
    part(
        "xl/workbook.xml",
        &format!(
            "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATIONS}\">{system}<sheets>{list}</sheets></workbook>"
        ),
    );
    part(
        "xl/_rels/workbook.xml.rels",
        &format!(
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{relations}</Relationships>"
        ),
    );
    part(
        "xl/styles.xml",
        &format!(
            "<styleSheet xmlns=\"{MAIN}\"><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>"
        ),
    );
    zip.finish().expect("finished").into_inner()
}

/// A row of texts and numbers; `(style, number)` as `s:number`.
fn row(number: usize, cells: &[&str]) -> String {
    let cell = |(n, value): (usize, &&str)| {
        let place = format!("{}{number}", char::from(b'A' + n as u8));
        match value.split_once(':') {
            Some((style, number)) if style.len() == 1 => {
                format!("<c r=\"{place}\" s=\"{style}\"><v>{number}</v></c>")
            }
            _ if value.is_empty() => String::new(),
            _ => format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{value}</t></is></c>"),
        }
    };
    let cells: String = cells.iter().enumerate().map(cell).collect();
    format!("<row r=\"{number}\">{cells}</row>")
}

fn read(bytes: &[u8], sheet: Option<&str>, most: u64) -> Result<(String, Sheets)> {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("file.csv");
    std::fs::write(&path, bytes).expect("written");
    let (sheets, _) = to_csv(&path, sheet, most)?;
    assert!(!path.with_extension("utf8").exists());
    Ok((std::fs::read_to_string(&path).expect("UTF-8"), sheets))
}

#[test]
fn a_workbook_becomes_rows_on_the_lines_of_their_numbers() {
    let rows = row(1, &["phone", "date", "at", "price"])
        + &row(2, &["0:1712345678", "1:46347", "2:46347.84652777778", "0:1234.5"])
        + &row(5, &["01712345678", "", "line&#10;break", "0:1700000000"]);
    let (text, sheets) =
        read(&workbook(false, &[("Orders", "", &rows)]), None, 1 << 20).expect("reads");
    assert_eq!(
        text,
        "phone,date,at,price\n1712345678,2026-11-21,2026-11-21 20:19:00,1234.5\n\n\n\
         01712345678,,line break,1700000000\n"
    );
    assert_eq!((sheets.read.as_deref(), sheets.note()), (Some("Orders"), None));
}

#[test]
fn dates_of_the_1904_system_are_the_same_days() {
    let rows = row(1, &["date"]) + &row(2, &["1:44885"]);
    let (text, _) = read(&workbook(true, &[("A", "", &rows)]), None, 1 << 20).expect("reads");
    assert_eq!(text, "date\n2026-11-21\n");
}

#[test]
fn the_first_visible_sheet_that_holds_something_is_read_unless_one_is_chosen() {
    let (a, b) = (row(1, &["a", "b"]), row(1, &["c", "d"]));
    let book = workbook(
        false,
        &[
            ("Empty", "", ""),
            ("Hidden", "state=\"hidden\"", &a),
            ("First", "", &a),
            ("Zweite", "", &b),
        ],
    );
    let (text, sheets) = read(&book, None, 1 << 20).expect("reads");
    assert_eq!(
        (text.as_str(), sheets.names.as_slice()),
        ("a,b\n", &["First".to_owned(), "Zweite".to_owned()][..])
    );
    assert_eq!(
        sheets.note().map(|note| (note.code, note.value)),
        Some(("other_sheets", Some("Zweite".to_owned())))
    );
    let (text, _) = read(&book, Some("zweite"), 1 << 20).expect("reads");
    assert_eq!(text, "c,d\n");
    assert_eq!(read(&book, Some("Third"), 1 << 20).expect_err("refused").code(), "unknown_sheet");
    assert_eq!(read(b"a,b\n", Some("First"), 9).expect_err("refused").code(), "unknown_sheet");
    let empty = workbook(false, &[("Empty", "", "")]);
    assert_eq!(read(&empty, None, 9).expect_err("refused").code(), "empty_file");
}

#[test]
fn what_is_too_large_or_no_workbook_is_refused() {
    let rows: String = (1..40).map(|n| row(n, &["aaaaaaaaaa", "bbbbbbbbbb"])).collect();
    let book = workbook(false, &[("A", "", &rows)]);
    assert!(read(&book, None, 1 << 20).is_ok());
    assert_eq!(read(&book, None, 500).expect_err("refused").code(), "workbook_too_large");
    let far = "<row r=\"1\"><c r=\"XFD1\" t=\"inlineStr\"><is><t>x</t></is></c></row>";
    let far = workbook(false, &[("A", "", far)]);
    assert_eq!(read(&far, None, 1 << 20).expect_err("refused").code(), "too_many_columns");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("content.xml", SimpleFileOptions::default()).expect("a part");
    let other = zip.finish().expect("finished").into_inner();
    assert_eq!(read(&other, None, 1 << 20).expect_err("refused").code(), "wrong_encoding");
    for broken in
        [&book[..book.len() / 2], b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest"]
    {
        assert_eq!(read(broken, None, 1 << 20).expect_err("refused").code(), "workbook_unreadable");
    }
}

#[test]
fn an_old_workbook_is_read_too() {
    let book = include_bytes!("../../../tests/files/orders.xls");
    let (text, sheets) = read(book, None, 1 << 20).expect("reads");
    assert_eq!(
        text,
        "order_id,phone,order_date,sku,quantity,unit_price\nX1,1712345678,2026-11-21,SKU-0001,2,1234.5\n\n\
         X2,01812345678,2026-11-20 20:19:04,SKU-0002,1,99\n"
    );
    assert_eq!(sheets.names, ["Orders", "চাল"]);
}
