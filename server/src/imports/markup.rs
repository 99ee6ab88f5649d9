//! A table saved as a web page or as XML (Excel 2003), as many shops' "Excel" exports are.

use std::fs::File;
use std::path::Path;

use html5gum::{HtmlString, IoReader, StartTag, Token, Tokenizer};

use super::encoding;
use super::file::io;
use super::workbook::Out;
use crate::error::Result;

/// Whether the beginning of a file is that of such a table.
pub fn is_table(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if head.first() != Some(&b'<') {
        return false;
    }
    let head = head.to_ascii_lowercase();
    [&b"<html"[..], b"<table", b"<!doctype html", b"<workbook", b"<ss:workbook"]
        .iter()
        .any(|tag| head.windows(tag.len()).any(|window| window == *tag))
}

/// Where reading is.
struct Reading<'a> {
    out: &'a mut Out,
    /// The row being read, from 0, and its next column.
    row: u32,
    column: usize,
    in_row: bool,
    cell: Option<String>,
    /// Further columns the cell covers.
    covered: usize,
    /// Most columns of a row so far.
    widest: usize,
    hidden: bool,
}

/// Writes the first table with more than one column, or the last one.
pub(super) fn to_csv(path: &Path, out: &mut Out) -> Result<()> {
    let file = File::open(path).map_err(io)?;
    let mut reading = Reading {
        out,
        row: 0,
        column: 0,
        in_row: false,
        cell: None,
        covered: 0,
        widest: 0,
        hidden: false,
    };
    let mut depth = 0;
    for token in Tokenizer::new(IoReader::new(file)) {
        match token.map_err(io)? {
            Token::StartTag(tag) => {
                if is(&tag.name, &["table", "worksheet"]) {
                    if depth == 0 {
                        reading.restart()?;
                    }
                    depth += 1;
                }
                reading.start(&tag)?;
            }
            Token::EndTag(tag) => {
                let is = |names: &[&str]| is(&tag.name, names);
                if is(&["td", "th", "cell"]) {
                    reading.end_cell()?;
                } else if is(&["tr", "row"]) {
                    reading.end_row()?;
                } else if is(&["style", "script", "head"]) {
                    reading.hidden = false;
                } else if is(&["table", "worksheet"]) {
                    reading.end_row()?;
                    depth -= 1;
                    if depth <= 0 && reading.widest > 1 {
                        break;
                    }
                }
            }
            Token::String(text) => reading.text(&text),
            _ => {}
        }
    }
    reading.end_row()?;
    if reading.widest == 0 {
        return Err(encoding::wrong("The page holds no table."));
    }
    Ok(())
}

fn is(name: &HtmlString, names: &[&str]) -> bool {
    let name: &[u8] = name;
    let name = name.strip_prefix(b"ss:").unwrap_or(name);
    names.iter().any(|one| one.as_bytes() == name)
}

/// The number an attribute gives.
fn count(tag: &StartTag<()>, attribute: &str) -> Option<usize> {
    let value: &[u8] = tag.attributes.iter().find(|(name, _)| is(name, &[attribute]))?.1;
    std::str::from_utf8(value).ok()?.trim().parse().ok().filter(|n| *n < 2_000_000)
}

impl Reading<'_> {
    /// Forgets a table that was only a title.
    fn restart(&mut self) -> Result<()> {
        self.end_row()?;
        (self.row, self.widest) = (0, 0);
        self.out.restart()
    }

    fn start(&mut self, tag: &StartTag<()>) -> Result<()> {
        let is = |names: &[&str]| is(&tag.name, names);
        if is(&["tr", "row"]) {
            self.end_row()?;
            if let Some(number) = count(tag, "index") {
                self.row = self.row.max((number as u32).saturating_sub(1));
            }
            self.in_row = true;
        } else if is(&["td", "th", "cell"]) {
            self.end_cell()?;
            if let Some(number) = count(tag, "index") {
                self.column = number.saturating_sub(1);
            }
            self.in_row = true;
            self.cell = Some(String::new());
            let spanned = count(tag, "colspan").map_or(0, |n| n.saturating_sub(1));
            self.covered = spanned.max(count(tag, "mergeacross").unwrap_or(0));
        } else if is(&["br", "p", "div"]) {
            self.text(b" ");
        } else if is(&["style", "script", "head"]) && !tag.self_closing {
            self.hidden = true;
        }
        Ok(())
    }

    fn text(&mut self, text: &[u8]) {
        if let Some(cell) = self.cell.as_mut().filter(|_| !self.hidden) {
            cell.push_str(&String::from_utf8_lossy(text));
        }
    }

    fn end_cell(&mut self) -> Result<()> {
        let Some(cell) = self.cell.take() else { return Ok(()) };
        self.out.go_to(self.row)?;
        let words: Vec<&str> = cell.split_whitespace().collect();
        self.out.cell(self.column, &words.join(" "))?;
        self.column += 1 + self.covered;
        self.widest = self.widest.max(self.column);
        Ok(())
    }

    fn end_row(&mut self) -> Result<()> {
        self.end_cell()?;
        self.row += u32::from(self.in_row);
        self.column = 0;
        self.in_row = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::imports::workbook;

    fn read(bytes: &[u8]) -> Result<String, String> {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("file.xls");
        std::fs::write(&path, bytes).expect("written");
        workbook::to_csv(&path, None, 1 << 20).map_err(|error| error.code().to_owned())?;
        Ok(std::fs::read_to_string(&path).expect("UTF-8"))
    }

    #[test]
    fn a_web_page_under_the_name_of_a_workbook_is_its_table() {
        let page = "\u{feff}<html xmlns:x=\"urn:x\"><head><style>td {a: b}</style><title>t</title></head><body>\
                    <table><tr><td>Orders of November</td></tr></table>\
                    <TABLE border=1><thead><tr><th>phone<th>name</tr></thead>\
                    <tr></tr><tr><td x:str>01712345678</td><td><b>R &amp; B</b><br>Rahim&nbsp;</td></tr>\
                    <tr><td colspan=2>01812345678</td><td>x, y</td></tr></table><table><tr><td>1<td>2</table>";
        let want = "phone,name\n\n01712345678,R & B Rahim\n01812345678,,\"x, y\"\n";
        assert_eq!(read(page.as_bytes()).as_deref(), Ok(want));
        assert_eq!(
            read(b"<table><tr><td>phone</td></tr><tr><td>017</td></tr></table>").as_deref(),
            Ok("phone\n017\n")
        );
        let page = b"<html><table><tr><td>a<td>Jos\xe9</table>";
        assert_eq!(read(page).as_deref(), Ok("a,Jos\u{e9}\n"));
        assert_eq!(
            read(b"<html><body>Please log in</body></html>"),
            Err("wrong_encoding".to_owned())
        );
    }

    #[test]
    fn a_workbook_in_xml_is_its_first_sheet() {
        let page = "<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?>\n\
                    <Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" \
                    xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\"><Worksheet ss:Name=\"A\"><Table>\
                    <Row><Cell><Data ss:Type=\"String\">phone</Data></Cell><Cell ss:Index=\"3\"><Data>c</Data></Cell></Row>\
                    <Row ss:Index=\"3\"><Cell><Data ss:Type=\"Number\">1712345678</Data></Cell></Row>\
                    </Table></Worksheet><Worksheet ss:Name=\"B\"><Table><Row><Cell><Data>x</Data></Cell></Row></Table></Worksheet></Workbook>";
        assert_eq!(read(page.as_bytes()).as_deref(), Ok("phone,,c\n\n1712345678\n"));
    }
}
