//! The words of a name, as they are searched for: pure.

use crate::text;

/// How names are cut into words; words stored by an earlier version are replaced at the next start.
pub const VERSION: i64 = 2;

/// Longest word kept, characters.
const MAX_WORD: usize = 40;

/// The distinct words of a name or a search, in one spelling. Change [`VERSION`] with it.
pub fn terms(text: &str) -> Vec<String> {
    let mut words: Vec<String> =
        text::words(text).into_iter().map(|word| word.chars().take(MAX_WORD).collect()).collect();
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
        assert_eq!(terms("মোঃ জকিরুল"), terms("মো: জকিরুল"));
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
