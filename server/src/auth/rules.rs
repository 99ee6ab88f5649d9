//! The rule for passwords that people choose (NIST SP 800-63B): long enough, not a common one, no
//! rules of composition. Pure.

use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::error::{Error, Result};

/// Fewest characters of a password; the browser app reads it from the API document.
pub const MIN_PASSWORD: usize = 10;
/// Most characters of a password.
const MAX_PASSWORD: usize = 200;

/// A password that somebody chooses, in the API document.
#[derive(Debug)]
pub struct NewPassword;

impl PartialSchema for NewPassword {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A password that somebody chooses; common ones are refused."))
            .min_length(Some(MIN_PASSWORD))
            .max_length(Some(MAX_PASSWORD))
            .into()
    }
}

impl ToSchema for NewPassword {}

/// Words that are refused, alone or with digits and signs around them.
const COMMON: &[&str] = &[
    "abcd",
    "access",
    "admin",
    "administrator",
    "agent",
    "allah",
    "angel",
    "asdf",
    "asdfasdf",
    "baby",
    "bangla",
    "bangladesh",
    "bismillah",
    "changeme",
    "company",
    "computer",
    "cricket",
    "crm",
    "default",
    "demo",
    "dhaka",
    "dragon",
    "facebook",
    "football",
    "freedom",
    "google",
    "hello",
    "helloworld",
    "iloveu",
    "iloveyou",
    "internet",
    "letmein",
    "letmeinnow",
    "login",
    "love",
    "lovely",
    "manager",
    "master",
    "michael",
    "monkey",
    "mypassword",
    "newpassword",
    "nopassword",
    "office",
    "pass",
    "passcode",
    "passme",
    "passw",
    "password",
    "passwordpassword",
    "princess",
    "qazwsx",
    "qwer",
    "qwert",
    "qwerty",
    "qwertyqwerty",
    "root",
    "samsung",
    "secret",
    "shadow",
    "sunshine",
    "superman",
    "support",
    "system",
    "temp",
    "temporary",
    "test",
    "testing",
    "testtest",
    "trustcart",
    "user",
    "username",
    "welcome",
    "whatever",
    "zaqwsx",
];

/// Rows of keys and other sequences, read forwards or backwards.
const SEQUENCES: &[&str] = &[
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertyuiopasdfghjklzxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
];

/// A part of a sequence at least this long says nothing.
const RUN: usize = 4;

/// Refuses a password that is too short, too long or a common one. `login`: whose it is.
pub fn check_password(password: &str, field: &str, login: &str) -> Result<()> {
    if !(MIN_PASSWORD..=MAX_PASSWORD).contains(&password.chars().count()) {
        return Err(Error::invalid(
            "weak_password",
            field,
            format!("A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters."),
        ));
    }
    if is_common(password, login) {
        return Err(Error::invalid(
            "common_password",
            field,
            "This password is easy to guess. Choose another one, e.g. three or four words.",
        ));
    }
    Ok(())
}

/// Whether a password is among the first that somebody would guess.
fn is_common(password: &str, login: &str) -> bool {
    let lower = password.to_lowercase();
    let chars: Vec<char> = lower.chars().collect();
    // One to four characters again and again.
    if (1..=4).any(|length| chars.iter().zip(chars.iter().skip(length)).all(|(a, b)| a == b)) {
        return true;
    }
    let plain: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    if plain.is_empty() || is_made_of_sequences(&plain) {
        return true;
    }
    let login: String = login.chars().filter(|c| c.is_alphanumeric()).collect();
    let login = login.trim_matches(|c: char| !c.is_alphabetic());
    let trim = |text: &str| text.trim_matches(|c: char| !c.is_alphabetic()).to_owned();
    let letters = |text: &str| text.chars().map(unleet).collect::<String>();
    [trim(&plain), letters(&trim(&plain)), trim(&letters(&plain))].iter().any(|word| {
        let word = word.as_str();
        COMMON.contains(&word)
            || (!login.is_empty() && word == login)
            || COMMON.iter().any(|common| {
                // `welcome` twice, `adminpassword`.
                word.strip_prefix(common)
                    .is_some_and(|rest| common.len().min(rest.len()) >= 5 && COMMON.contains(&rest))
            })
    })
}

/// The letter that a digit or sign stands for in `p4ssw0rd`.
const fn unleet(c: char) -> char {
    match c {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        other => other,
    }
}

/// Whether a text is nothing but parts of sequences, e.g. `qwertyuiop1234`.
fn is_made_of_sequences(text: &str) -> bool {
    let backwards = |sequence: &&str| sequence.chars().rev().collect::<String>();
    let reversed: Vec<String> = SEQUENCES.iter().map(backwards).collect();
    let sequences = || SEQUENCES.iter().copied().chain(reversed.iter().map(String::as_str));
    let mut rest = text;
    while !rest.is_empty() {
        // Longest part first.
        let taken = (RUN.min(rest.chars().count())..=rest.chars().count()).rev().find_map(|n| {
            let part: String = rest.chars().take(n).collect();
            sequences().any(|sequence| sequence.contains(&part)).then_some(part.len())
        });
        match taken {
            Some(length) => rest = &rest[length..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(password: &str, login: &str) -> Option<String> {
        check_password(password, "password", login).err().map(|e| e.code().to_owned())
    }

    #[test]
    fn length_counts_characters() {
        assert_eq!(code("ninechars", "x").as_deref(), Some("weak_password"));
        assert_eq!(code(&"ab cd ef ".repeat(23), "x").as_deref(), Some("weak_password"));
        assert_eq!(code("আমার সোনার বাংলা", "x"), None);
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for password in [
            "0123456789",
            "1234567890",
            "9876543210",
            "123456123456",
            "aaaaaaaaaa",
            "abababababab",
            "abcabcabcabc",
            "12341234123",
            "qwertyuiop",
            "QWERTYUIOP123",
            "1q2w3e4r5t",
            "1qaz2wsx3edc",
            "asdfghjkl1234",
            "poiuytrewq",
            "Password123!",
            "P4ssw0rd2026",
            "passwordpassword",
            "Welcome2026!!",
            "!!admin12345",
            "Bangladesh71",
            "dhaka@123456",
            "trustcart2026",
            "iloveyou1234",
            "..........",
            "adminadmin1",
            "Administrator",
        ] {
            assert_eq!(code(password, "rina").as_deref(), Some("common_password"), "{password}");
        }
        assert_eq!(code("rina.begum-1", "rina.begum").as_deref(), Some("common_password"));
        assert_eq!(code("rinabegum2026", "rinabegum").as_deref(), Some("common_password"));
    }

    #[test]
    fn what_is_not_is_taken() {
        for password in [
            "correct horse battery",
            "Another-Pass-99",
            "mango tree 1971",
            "Tuesday-rice-Khulna",
            "password of my uncle",
            "xkq7-29fj-mm3",
            "আমার সোনার বাংলা",
        ] {
            assert_eq!(code(password, "rina"), None, "{password}");
        }
    }
}
