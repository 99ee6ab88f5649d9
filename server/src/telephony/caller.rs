//! Caller numbers as telephone systems send them: E.164, SIP header forms, display names, short
//! codes, and the many words for a withheld number. No call is refused because of its caller.

use crate::db::PhoneNumber;

/// Longest text searched for a number, bytes.
const MAX_TEXT: usize = 512;
/// Longest number kept that is not valid in any numbering plan, digits.
const MAX_DIGITS: usize = 20;
/// Words that mean "no number", without anything but letters and digits.
const WITHHELD: [&str; 27] = [
    "",
    "0",
    "00",
    "anonymous",
    "anonymousanonymousinvalid",
    "asterisk",
    "blocked",
    "callerunavailable",
    "hidden",
    "id",
    "invalid",
    "na",
    "nil",
    "none",
    "noname",
    "nonumber",
    "null",
    "private",
    "privatecaller",
    "privatenumber",
    "restricted",
    "unavailable",
    "undefined",
    "unknown",
    "unknowncaller",
    "unknownnumber",
    "withheld",
];
/// Numbers that spell ANONYMOUS, RESTRICTED, UNAVAILABLE and UNKNOWN on a keypad; some carriers send
/// them for a withheld number.
const SPELLED_WITHHELD: [&str; 4] = ["266696687", "7378742833", "86282452253", "8656696"];
/// Fewest digits of a number that can be called back. Shorter ones are extensions and short codes.
const MIN_DIALLABLE: usize = 6;

/// A caller as the telephone system names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// E.164 where the number is valid; digits as sent where it is not (a land line without its
    /// area code, a short code, an extension); `None` when withheld.
    pub number: Option<String>,
    /// The text is neither a number nor a known word for a withheld one.
    pub unreadable: bool,
}

impl Caller {
    const fn withheld() -> Self {
        Self { number: None, unreadable: false }
    }

    fn of(number: impl Into<String>) -> Self {
        Self { number: Some(number.into()), unreadable: false }
    }
}

/// Whether a caller's number can be called back: not withheld, no extension, no short code.
pub fn can_be_called_back(number: &str) -> bool {
    number.bytes().filter(u8::is_ascii_digit).count() >= MIN_DIALLABLE
}

/// Reads a caller in any form.
pub fn read(text: &str) -> Caller {
    let text: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let text = text.trim();
    if text.len() > MAX_TEXT {
        return Caller { number: None, unreadable: true };
    }
    // `"Display name" <number>`: the number is in the last brackets.
    let (name, address) = match (text.rfind('<'), text.rfind('>')) {
        (Some(open), Some(close)) if open < close => (&text[..open], &text[open + 1..close]),
        (Some(open), None) => (&text[..open], &text[open + 1..]),
        _ => ("", text),
    };
    let user = user_part(address);
    if let Some(number) = number(&user) {
        return Caller::of(number);
    }
    // A display name counts only if it holds a whole number: `"01712345678" <unknown>`.
    if let Some(phone) = embedded(name).or_else(|| embedded(&user)) {
        return Caller::of(phone.as_str());
    }
    if is_withheld(&user) {
        return Caller::withheld();
    }
    Caller { number: None, unreadable: true }
}

/// Marks that take no room: pasted with numbers, or put around them by right-to-left text.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The user of a SIP or telephone address: `sip:017…;phone-context=x@host` → `017…`.
fn user_part(address: &str) -> String {
    let address = address.trim().trim_matches('"').trim();
    let lower = address.to_ascii_lowercase();
    let scheme = ["sip:", "sips:", "tel:", "callto:", "phone:"]
        .into_iter()
        .find(|scheme| lower.starts_with(scheme))
        .map_or("", |scheme| scheme);
    let rest = address.get(scheme.len()..).unwrap_or_default();
    let user = match rest.split_once('@') {
        Some((user, _)) => user,
        // A SIP address without a user is a host.
        None if scheme.starts_with("sip") && is_host(rest) => "",
        None => rest,
    };
    let user = user.split(';').next().unwrap_or_default();
    // `user:password@host`
    let user =
        if scheme.starts_with("sip") { user.split(':').next().unwrap_or(user) } else { user };
    user.replace("%2B", "+").replace("%2b", "+").replace("%20", " ").trim().to_owned()
}

/// Whether this is an IP address or a name, with or without a port.
fn is_host(text: &str) -> bool {
    let host = text.split([':', ';']).next().unwrap_or_default();
    host.parse::<std::net::IpAddr>().is_ok() || host.contains('.')
}

/// A number in any spelling: E.164 if it is valid, else its digits.
fn number(text: &str) -> Option<String> {
    if let Ok(phone) = PhoneNumber::parse(text) {
        return Some(phone.as_str().to_owned());
    }
    if text.parse::<std::net::IpAddr>().is_ok() || text.starts_with('-') {
        return None;
    }
    let mut digits = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '০'..='৯' => digits.push(char::from(b'0' + (c as u32 - '০' as u32) as u8)),
            '+' if digits.is_empty() => {}
            ' ' | '-' | '(' | ')' | '.' | '/' | '*' | '#' | '\u{a0}' | '\u{2010}'..='\u{2013}' => {}
            _ => return None,
        }
    }
    let plausible = (2..=MAX_DIGITS).contains(&digits.len()) && digits.bytes().any(|d| d != b'0');
    if !plausible || SPELLED_WITHHELD.contains(&digits.as_str()) {
        return None;
    }
    Some(if text.starts_with('+') { format!("+{digits}") } else { digits })
}

/// The one valid number within other text: `Rahim 01712345678`.
fn embedded(text: &str) -> Option<PhoneNumber> {
    let is_part =
        |c: char| c.is_ascii_digit() || ('০'..='৯').contains(&c) || " +-().\u{a0}".contains(c);
    let mut found = text.split(|c| !is_part(c)).filter_map(|part| PhoneNumber::parse(part).ok());
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

fn is_withheld(text: &str) -> bool {
    let word: String =
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    WITHHELD.contains(&word.as_str())
        || SPELLED_WITHHELD.contains(&word.as_str())
        || word.bytes().all(|b| b == b'0')
        || text == "-1"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Caller, can_be_called_back, read};

    #[test]
    fn header_forms_hold_a_number() {
        for text in [
            "01714500005",
            "+880 1714-500005",
            "\"R\" <01714500005>",
            "\"Rahim Uddin\" <sip:01714500005@10.0.0.1:5060;transport=udp>;tag=as1",
            "R <+8801714500005>",
            "<01714500005>",
            "<01714500005",
            "sip:01714500005@10.0.0.1",
            "SIP:+8801714500005@pbx.example.com;user=phone",
            "sips:%2B8801714500005@pbx",
            "sip:01714500005:secret@pbx",
            "sip:01714500005",
            "tel:+880-1714-500005;phone-context=example.com",
            "tel:01714500005",
            "01714500005@10.0.0.1",
            "\u{202d}01714500005\u{202c}",
            "\u{feff}01714500005",
            "০১৭১৪৫০০০০৫",
            "\"01714500005\" <unknown>",
            "Rahim 01714500005",
            "01714500005 (Rahim)",
        ] {
            assert_eq!(read(text), Caller::of("+8801714500005"), "{text:?}");
        }
    }

    #[test]
    fn short_codes_extensions_and_land_lines_are_kept_as_sent() {
        for (text, number) in [
            ("16247", "16247"),
            ("201", "201"),
            ("<201>", "201"),
            ("\"Karim\" <sip:201@10.0.0.1>", "201"),
            ("02-9876543", "029876543"),
            ("*121#", "121"),
            ("+999123456789", "+999123456789"),
        ] {
            assert_eq!(read(text), Caller::of(number), "{text:?}");
        }
    }

    #[test]
    fn a_withheld_number_is_no_fault() {
        for text in [
            "",
            " ",
            "-",
            "--",
            "-1",
            "0",
            "000",
            "<unknown>",
            "\"\" <>",
            "\"Unknown\" <Unknown>",
            "unknown",
            "asterisk",
            "\"asterisk\" <asterisk>",
            "Private Number",
            "anonymous@anonymous.invalid",
            "sip:anonymous@anonymous.invalid",
            "\"Anonymous\" <sip:anonymous@10.0.0.1>",
            "sip:10.0.0.1:5060",
            "sip:pbx.example.com",
            "Restricted",
            "UNAVAILABLE",
            "withheld",
            "N/A",
            "null",
            "+266696687",
        ] {
            assert_eq!(read(text), Caller::withheld(), "{text:?}");
        }
    }

    #[test]
    fn what_is_neither_is_kept_as_withheld_and_noted() {
        for text in ["ask his wife", "10.0.0.1", &"1".repeat(60), &"x".repeat(5_000)] {
            assert_eq!(read(text), Caller { number: None, unreadable: true }, "{text:?}");
        }
        let two = "01714500005 or 01714500006";
        assert_eq!(read(two).number, None, "which of the two is not guessed");
    }

    #[test]
    fn extensions_and_short_codes_are_not_called_back() {
        for (number, can) in [
            ("", false),
            ("201", false),
            ("16247", false),
            ("029876543", true),
            ("+8801714500005", true),
        ] {
            assert_eq!(can_be_called_back(number), can, "{number}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_digits_or_nothing(text in "\\PC{0,80}") {
            if let Some(number) = read(&text).number {
                prop_assert!(number.trim_start_matches('+').bytes().all(|b| b.is_ascii_digit()));
                prop_assert_eq!(read(&number).number, Some(number), "reading it again changes nothing");
            }
        }
    }
}
