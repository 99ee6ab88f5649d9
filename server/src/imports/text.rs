//! Reading the text of one cell: numbers, packs, words. Pure; never panics.

use crate::products::PackUnit;
use crate::text::ascii_digits;

/// A whole number, also written `2.0`.
pub fn whole(text: &str) -> Option<i64> {
    let text = ascii_digits(text);
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if fraction.bytes().any(|b| b != b'0') || whole.len() > 18 {
        return None;
    }
    whole.parse().ok()
}

/// A number such as a weight.
pub fn decimal(text: &str) -> Option<f64> {
    let number: f64 = ascii_digits(text).trim().parse().ok()?;
    number.is_finite().then_some(number)
}

/// yes or no, in the spellings of spreadsheets and shops.
pub fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" | "active" | "published" | "হ্যাঁ" => {
            Some(true)
        }
        "0" | "-1" | "no" | "n" | "false" | "f" | "off" | "inactive" | "draft" | "archived"
        | "না" => Some(false),
        _ => None,
    }
}

/// The unit of a pack, as shops write it.
pub fn pack_unit(text: &str) -> Option<PackUnit> {
    Some(match text.trim().trim_end_matches('.').to_lowercase().as_str() {
        "kg" | "kgs" | "kilo" | "kilogram" | "kilograms" | "কেজি" => PackUnit::Kilogram,
        "g" | "gm" | "gms" | "gr" | "gram" | "grams" | "গ্রাম" => PackUnit::Gram,
        "l" | "lt" | "ltr" | "litre" | "litres" | "liter" | "liters" | "লিটার" => {
            PackUnit::Litre
        }
        "ml" | "millilitre" | "milliliter" | "মিলি" => PackUnit::Millilitre,
        "pc" | "pcs" | "piece" | "pieces" | "pack" | "box" | "bottle" | "jar" | "পিস" => {
            PackUnit::Piece
        }
        _ => return None,
    })
}

/// Amount and unit in one text: `5kg`, `250 g`, `১ লিটার`.
pub fn pack(text: &str) -> Option<(f64, PackUnit)> {
    let text = ascii_digits(text.trim());
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let size = decimal(&text[..end]).filter(|size| *size > 0.0)?;
    Some((size, pack_unit(&text[end..])?))
}

/// The pack a name speaks of: `Miniket Rice 5 kg` or `চাল (৫কেজি)`.
pub fn pack_in_name(name: &str) -> Option<(f64, PackUnit)> {
    let name = ascii_digits(name);
    let words: Vec<&str> = name
        .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '-' | ',' | '[' | ']' | '/'))
        .filter(|word| !word.is_empty())
        .collect();
    words.iter().enumerate().rev().find_map(|(n, word)| {
        pack(word).or_else(|| {
            let size = decimal(word).filter(|size| *size > 0.0)?;
            Some((size, pack_unit(words.get(n + 1)?)?))
        })
    })
}

/// A category's stable name from what people call it: `Dates & dry fruit` → `dates_dry_fruit`.
pub fn slug(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in crate::text::trim(name).chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() || (!c.is_ascii() && !c.is_whitespace()) {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
    }
    out.trim_end_matches('_').chars().take(60).collect()
}

/// At most `max` characters, without those a database cannot keep.
pub fn cut(text: &str, max: usize) -> String {
    text.chars().map(|c| if c == '\0' { '\u{fffd}' } else { c }).take(max).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn packs_are_read_from_labels_and_names() {
        assert_eq!(pack("5kg"), Some((5.0, PackUnit::Kilogram)));
        assert_eq!(pack("250 gm"), Some((250.0, PackUnit::Gram)));
        assert_eq!(pack("১ লিটার"), Some((1.0, PackUnit::Litre)));
        assert_eq!(pack("kg"), None);
        assert_eq!(pack("5"), None);
        assert_eq!(pack_in_name("Miniket Rice 5 kg"), Some((5.0, PackUnit::Kilogram)));
        assert_eq!(pack_in_name("মধু (৫০০গ্রাম)"), Some((500.0, PackUnit::Gram)));
        assert_eq!(pack_in_name("Miniket Rice"), None);
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,40}") {
            let _ = (whole(&text), decimal(&text), truth(&text), pack(&text));
            let _ = ( pack_in_name(&text), slug(&text), cut(&text, 5));
        }

        #[test]
        fn no_number_is_too_odd(text in "[0-9০-৯.,:/ T+-]{0,30}") {
            let _ = (whole(&text), decimal(&text), pack(&text), pack_in_name(&text));
        }
    }
}
