//! Text as people type, copy and export it: invisible marks, digits of other scripts, one spelling
//! for matching. Pure; never panics.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Bangla sign that removes the vowel of a consonant.
const VIRAMA: char = '\u{9cd}';

/// A character that takes no room on a screen: format characters (Unicode category Cf, among them
/// the marks of writing direction and of zero width), variation selectors, fillers.
pub const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e01ef}'
    )
}

/// A hyphen, dash or minus sign.
pub const fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{2010}'
            ..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
    )
}

/// An apostrophe or what is typed in its place.
pub const fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`' | '\u{b4}' | '\u{2b9}'..='\u{2bc}' | '\u{2018}'..='\u{201b}' | '\u{2032}'
            | '\u{ff07}'
    )
}

/// The value of a decimal digit: Latin, Bangla, Devanagari, Arabic, Persian or full-width.
pub fn digit(c: char) -> Option<u8> {
    const ZEROS: [char; 6] = ['0', '\u{9e6}', '\u{966}', '\u{660}', '\u{6f0}', '\u{ff10}'];
    ZEROS.iter().find_map(|zero| {
        let value = u32::from(c).checked_sub(u32::from(*zero))?;
        (value < 10).then_some(value as u8)
    })
}

/// Digits of every script as `0`-`9`.
pub fn ascii_digits(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.chars().any(|c| !c.is_ascii() && digit(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let latin = |c: char| digit(c).map_or(c, |value| char::from(b'0' + value));
    Cow::Owned(text.chars().map(latin).collect())
}

/// Without white space and invisible characters at both ends. A joiner behind a virama at the end
/// stays: it is part of a letter.
pub fn trim(text: &str) -> &str {
    let is_edge = |c: char| c.is_whitespace() || is_invisible(c);
    let text = text.trim_start_matches(is_edge);
    let end = text.trim_end_matches(is_edge);
    let joiner = text[end.len()..].chars().next();
    match joiner {
        Some(c @ ('\u{200c}' | '\u{200d}')) if end.ends_with(VIRAMA) => {
            &text[..end.len() + c.len_utf8()]
        }
        _ => end,
    }
}

/// Whether a spreadsheet would run a cell that begins so as a formula.
fn begins_formula(cell: &str) -> bool {
    let lead = cell.trim_start_matches(|c| c == ' ' || is_invisible(c));
    lead.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// A cell for a file that spreadsheets open: one that would be a formula gets an apostrophe before
/// it, which [`unguarded`] takes off again.
pub fn guarded(cell: &str) -> Cow<'_, str> {
    if begins_formula(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// A cell as it was meant: trimmed, without the apostrophe before what would be a formula and
/// without a spreadsheet's `="…"` around a text.
pub fn unguarded(cell: &str) -> &str {
    let cell = trim(cell);
    if let Some(meant) = cell.strip_prefix('\'').filter(|rest| begins_formula(rest)) {
        return trim(meant);
    }
    cell.strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|text| !text.contains('"'))
        .map_or(cell, trim)
}

/// One spelling for what a person reads as the same: no invisible characters, lower case,
/// compatible characters as one (NFKC; this also joins the two encodings of ড়, ঢ়, য় and ো, ৌ), ৎ as
/// ত্, single spaces, one dash, one apostrophe. For matching, not for showing.
pub fn key(text: &str) -> String {
    if text.is_ascii() {
        let mut out = text.to_ascii_lowercase().replace('`', "'");
        if out.split(' ').any(str::is_empty) || out.bytes().any(|b| b.is_ascii_control()) {
            out = out.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        }
        return out;
    }
    let folded = text
        .chars()
        .filter(|c| !is_invisible(*c))
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !is_invisible(*c))
        .nfkc();
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in folded {
        if c.is_whitespace() {
            gap = !out.is_empty();
            continue;
        }
        if std::mem::take(&mut gap) {
            out.push(' ');
        }
        match c {
            '\u{9ce}' => out.push_str("\u{9a4}\u{9cd}"),
            c if is_dash(c) => out.push('-'),
            c if is_apostrophe(c) => out.push('\''),
            c => out.push(c),
        }
    }
    out
}

/// The words of a name as they are searched for: letters, digits and the marks on them, without
/// accents (é is e); everything else separates words, also visarga and danda (মোঃ, মো: and মো. are
/// one word).
pub fn words(text: &str) -> Vec<String> {
    let folded: String = text
        .chars()
        .filter(|c| !is_invisible(*c))
        .nfkd()
        .filter(|c| !('\u{300}'..='\u{36f}').contains(c))
        .flat_map(char::to_lowercase)
        .nfc()
        .filter(|c| !is_invisible(*c) && !('\u{300}'..='\u{36f}').contains(c))
        .collect();
    let folded = folded.replace('\u{9ce}', "\u{9a4}\u{9cd}");
    let is_letter = |c: char| c != '\u{983}' && (c.is_alphanumeric() || is_combining_mark(c));
    folded
        .split(|c: char| !is_letter(c))
        .filter(|word| !word.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_person_reads_as_the_same_has_one_key() {
        for (a, b) in [
            ("Miniket Rice 5 kg", "MINIKET\u{a0}rice  5\u{2009}kg "),
            ("Al-Amin", "al\u{2011}amin"),
            ("Al\u{2013}Amin", "al-amin"),
            ("O'Neill", "o\u{2019}neill"),
            ("পাহাড়ি \u{9a1}\u{9bc}", "পাহা\u{9dc}ি \u{9dc}"),
            ("\u{9df}", "\u{9af}\u{9bc}"),
            ("ক\u{9c7}\u{9be}", "ক\u{9cb}"),
            ("জগৎ", "জগত্\u{200d}"),
            ("\u{feff}র\u{200d}্যাক", "র্যাক"),
            ("ＫＧ", "kg"),
        ] {
            assert_eq!(key(a), key(b), "{a:?} {b:?}");
        }
        assert_ne!(key("rice 5kg"), key("rice 5 kg"));
    }

    #[test]
    fn invisible_characters_at_the_ends_are_no_part_of_a_text() {
        assert_eq!(trim("\u{202d} \u{a0}rice 5\u{a0}kg\u{202c}\u{200b}\n"), "rice 5\u{a0}kg");
        assert_eq!(trim("জগত্\u{200d} "), "জগত্\u{200d}");
        assert_eq!(trim("জগত\u{200d}"), "জগত");
        assert_eq!(trim("\u{feff}\u{200d}"), "");
    }

    #[test]
    fn a_name_has_the_same_words_however_it_is_punctuated() {
        for (a, b) in [
            ("O\u{2019}Neill", "o'neill"),
            ("Al\u{2011}Amin Md. Hasan", "al-amin md hasan"),
            ("মো: জকিরুল", "মোঃ জকিরুল"),
            ("মো. জকিরুল", "মোঃজকিরুল"),
            ("জৎপল", "জত্\u{200d}পল"),
            ("José Ångström", "jose angstrom"),
            ("রহিম।আহমেদ", "রহিম আহমেদ"),
            ("রাহে\u{9df}া", "রাহে\u{9af}\u{9bc}া"),
        ] {
            assert_eq!(words(a), words(b), "{a:?} {b:?}");
        }
        assert_eq!(words("Md. Abdul-Rahim"), ["md", "abdul", "rahim"]);
        assert_eq!(words("শক্তি ক্ষমা"), ["শক্তি", "ক্ষমা"]);
        assert!(words(" – ।ঃ").is_empty());
    }

    #[test]
    fn no_cell_of_a_file_begins_a_formula_and_each_is_read_back() {
        for cell in ["=cmd|' /C calc'!A0", "+8801712345678", "-5", "@x", "\tx", " =1", "＝1"] {
            let guarded = guarded(cell);
            assert!(guarded.starts_with('\''), "{cell}");
            assert_eq!(unguarded(&guarded), cell.trim(), "{cell}");
        }
        for cell in ["x", "'90s rice", "5-", "01712345678", ""] {
            assert_eq!((guarded(cell).as_ref(), unguarded(cell)), (cell, cell));
        }
        assert_eq!(unguarded("=\"01712345678\""), "01712345678");
        assert_eq!(unguarded("=\"a\"&\"b\""), "=\"a\"&\"b\"");
    }

    #[test]
    fn digits_of_every_script_are_digits() {
        assert_eq!(ascii_digits("০১৭-९٣۴５x"), "017-9345x");
        assert_eq!(ascii_digits("চাল"), "চাল");
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(text in "\\PC{0,30}") {
            let once = key(&text);
            prop_assert_eq!(key(&once), once);
            prop_assert_eq!(trim(trim(&text)), trim(&text));
        }

        #[test]
        fn the_words_of_words_are_the_same(text in "\\PC{0,30}") {
            let once = words(&text);
            prop_assert_eq!(words(&once.join(" ")), once);
        }
    }
}
