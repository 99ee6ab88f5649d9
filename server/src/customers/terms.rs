//! The words of a name, as they are searched for: pure.

/// Longest word kept, characters.
const MAX_WORD: usize = 40;

/// One spelling for what looks the same: lower case, no joiners, Bangla letters with a dot as
/// letter and dot, split vowels as one.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            '\u{9dc}' => out.push_str("\u{9a1}\u{9bc}"),
            '\u{9dd}' => out.push_str("\u{9a2}\u{9bc}"),
            '\u{9df}' => out.push_str("\u{9af}\u{9bc}"),
            '\u{9be}' if out.ends_with('\u{9c7}') => {
                out.pop();
                out.push('\u{9cb}');
            }
            '\u{9d7}' if out.ends_with('\u{9c7}') => {
                out.pop();
                out.push('\u{9cc}');
            }
            '\u{200b}'..='\u{200f}' | '\u{feff}' => {}
            c => out.push(c),
        }
    }
    out
}

/// The distinct words of a name or a search, folded.
pub fn terms(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut words: Vec<String> = folded
        .split(|c: char| c.is_whitespace() || (c.is_ascii() && !c.is_ascii_alphanumeric()))
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(MAX_WORD).collect())
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// The least text that sorts, byte by byte, after everything beginning with `prefix`.
pub fn after_prefix(prefix: &str) -> String {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            end.push(next);
            return end;
        }
    }
    String::from(char::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_found_by_its_words_in_any_case_and_spelling() {
        assert_eq!(terms("Md. Abdul-Rahim  ABDUL"), ["abdul", "md", "rahim"]);
        assert_eq!(terms("রহিমা বেগম"), ["বেগম", "রহিমা"]);
        // ya with a dot as one letter and as two; o-kar in one and in two parts.
        assert_eq!(fold("\u{9df}"), fold("\u{9af}\u{9bc}"));
        assert_eq!(fold("ক\u{9c7}\u{9be}"), fold("ক\u{9cb}"));
    }

    proptest! {
        #[test]
        fn a_prefix_range_holds_what_begins_with_it_and_nothing_else(
            prefix in "\\PC{1,5}", rest in "\\PC{0,5}", other in "\\PC{0,8}"
        ) {
            let end = after_prefix(&prefix);
            let word = format!("{prefix}{rest}");
            prop_assert!(word >= prefix && word < end);
            if !other.starts_with(&prefix) {
                prop_assert!(other < prefix || other >= end);
            }
        }
    }
}
