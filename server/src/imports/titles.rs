//! Names of products as shops without SKUs write them on order lines: `Title - Variant`. Pure.

use crate::text;

/// A name as names are compared (`text::key`), without spaces around dashes and slashes. Shopify's
/// `Default Title` of a product without variants is left out.
pub fn key(name: &str) -> String {
    let folded = text::key(name);
    let mut out = String::with_capacity(folded.len());
    for c in folded.chars() {
        match c {
            '-' | '/' if out.ends_with(' ') => {
                out.pop();
                out.push(c);
            }
            ' ' if out.ends_with(['-', '/']) => {}
            c => out.push(c),
        }
    }
    if let Some(title) = out.strip_suffix("-default title") {
        out.truncate(title.len());
    }
    out
}

/// The title in `Title - Variant`: what stands before the last dash that has spaces around it.
pub fn title(name: &str) -> Option<&str> {
    let (at, _) = name.char_indices().rev().find(|(at, c)| {
        text::is_dash(*c)
            && name[..*at].ends_with(char::is_whitespace)
            && name[*at + c.len_utf8()..].starts_with(char::is_whitespace)
    })?;
    Some(name[..at].trim()).filter(|title| !title.is_empty())
}

/// A variant's whole name; options that say nothing are left out.
pub fn with_options(title: &str, options: &[&str]) -> String {
    let told: Vec<&str> = told(options).collect();
    if told.is_empty() { title.to_owned() } else { format!("{title} - {}", told.join(" / ")) }
}

/// A stable SKU of a variant that has none, from its product's handle and its options; at most 80
/// characters.
pub fn sku(handle: &str, options: &[&str]) -> String {
    let mut sku = handle.trim().to_lowercase();
    for option in told(options) {
        sku.push('-');
        sku.push_str(&super::mapping::normal(option).replace('_', "-"));
    }
    if sku.chars().count() <= 80 {
        return sku;
    }
    // Long names that begin alike must not become one.
    let digest = crate::auth::sha256_hex(&sku);
    let begin: String = sku.chars().take(67).collect();
    format!("{begin}-{}", &digest[..12])
}

fn told<'a>(options: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    options
        .iter()
        .map(|option| option.trim())
        .filter(|option| !option.is_empty() && !option.eq_ignore_ascii_case("default title"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_name_are_one_key() {
        let same = key("Oil X - 2 L / Glass");
        for name in [
            "oil x – 2 L/Glass",
            "Oil\u{a0}X  —  2 l / glass",
            " Oil X -2 L /Glass ",
            "Oil\u{200b} X - 2 L / Glass",
        ] {
            assert_eq!(key(name), same, "{name}");
        }
        assert_eq!(key("গু\u{09dc}"), key("গুড\u{09bc}"));
        assert_eq!(key("Honey - Default Title"), key("Honey"));
        assert_ne!(key("Oil X - 2 L"), key("Oil X - 12 L"));
        assert_ne!(key("Oil X"), key("OilX"));
    }

    #[test]
    fn a_title_is_what_stands_before_the_variant() {
        assert_eq!(title("Oil X - 2 L"), Some("Oil X"));
        assert_eq!(title("A - B – 2 L / Glass"), Some("A - B"));
        assert_eq!(title("T-shirt"), None);
        assert_eq!(title(" - x"), None);
        assert_eq!(with_options("Oil X", &["2 L", "", "Glass"]), "Oil X - 2 L / Glass");
        assert_eq!(with_options("Oil X", &["Default Title"]), "Oil X");
    }

    #[test]
    fn a_generated_sku_is_stable_and_distinct() {
        assert_eq!(sku("oil-x", &["2 L", "Glass"]), "oil-x-2-l-glass");
        assert_eq!(sku("oil-x", &["Default Title"]), "oil-x");
        let long = "x".repeat(100);
        let (a, b) = (sku(&long, &["1 L"]), sku(&long, &["2 L"]));
        assert_ne!(a, b);
        assert_eq!((a.chars().count(), sku(&long, &["1 L"])), (80, a));
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(name in "\\PC{0,30}") {
            let once = key(&name);
            if !once.ends_with("-default title") {
                prop_assert_eq!(key(&once), once);
            }
        }

        #[test]
        fn no_name_is_too_odd(name in "\\PC{0,30}", option in "\\PC{0,100}") {
            let _ = (title(&name), with_options(&name, &[&option]));
            prop_assert!(sku(&name, &[&option]).chars().count() <= 80);
        }
    }
}
