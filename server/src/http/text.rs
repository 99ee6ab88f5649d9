//! Rejects control characters in request text, for every field in one place.
//!
//! PostgreSQL cannot store NUL; the others are meaningless in text and corrupt terminals, files and
//! logs. Tab, LF and CR are allowed.

use serde_json::Value;

use crate::error::{Error, Result};

/// Whether `c` is a control character other than tab, LF and CR (C0 and DEL).
pub fn is_control(c: char) -> bool {
    matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\x7f')
}

fn refused(field: &str) -> Error {
    Error::invalid(
        "invalid_character",
        field,
        "This text has a control character. Type it again instead of pasting it.",
    )
}

/// Checks the text of `field`.
pub fn check(field: &str, text: &str) -> Result<()> {
    if text.chars().any(is_control) { Err(refused(field)) } else { Ok(()) }
}

/// Checks every string and key of a JSON document. In JSON control characters are escaped, except DEL.
pub fn check_json(bytes: &[u8]) -> Result<()> {
    let suspicious = bytes.contains(&0x7f)
        || bytes.windows(4).any(|at| at == b"\\u00")
        || bytes.windows(2).any(|at| at == b"\\b" || at == b"\\f");
    if !suspicious {
        return Ok(());
    }
    // The caller has already reported malformed JSON.
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else { return Ok(()) };
    check_value("", &document)
}

fn check_value(path: &str, value: &Value) -> Result<()> {
    match value {
        Value::String(text) => check(if path.is_empty() { "body" } else { path }, text),
        Value::Array(values) => values
            .iter()
            .enumerate()
            .try_for_each(|(n, value)| check_value(&format!("{path}[{n}]"), value)),
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            check(if path.is_empty() { "body" } else { path }, name)?;
            let dot = if path.is_empty() { "" } else { "." };
            check_value(&format!("{path}{dot}{name}"), value)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// Checks a percent-encoded query string (`a=b&c=d`).
pub fn check_query(query: &str) -> Result<()> {
    if !query.contains('%') {
        return Ok(());
    }
    url::form_urlencoded::parse(query.as_bytes()).try_for_each(|(name, value)| {
        check("query", &name)?;
        check(&name, &value)
    })
}

/// Checks a percent-encoded path.
pub fn check_path(path: &str) -> Result<()> {
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        rest = &rest[at + 1..];
        let byte = rest.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if byte.is_some_and(|byte| is_control(byte.into())) {
            return Err(refused("path"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(result: Result<()>) -> Option<String> {
        match result {
            Ok(()) => None,
            Err(Error::Problem(problem)) => {
                assert_eq!(problem.code, "invalid_character");
                problem.field
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn the_field_with_a_control_character_is_named() {
        for (document, expected) in [
            (json!({"login": "a\0"}), Some("login")),
            (json!({"lines": [{"sku": "x"}, {"sku": "\u{1b}[2J"}]}), Some("lines[1].sku")),
            (json!({"consent": {"by\u{8}": true}}), Some("consent")),
            (json!("\u{7f}"), Some("body")),
            (json!({"note": "one\r\n\ttwo", "name": "রহিমা \u{200d}", "n": 1}), None),
            (json!({"note": "a path: C:\\u0000 and \\b"}), None),
        ] {
            let text = document.to_string();
            assert_eq!(field(check_json(text.as_bytes())).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn queries_and_paths_are_decoded_first() {
        assert_eq!(field(check_query("q=a%00b&x=1")).as_deref(), Some("q"));
        assert_eq!(field(check_query("q=%E0%A6%B0+%0A%25%30%30")), None);
        assert_eq!(field(check_path("/api/x/a%1Fb")).as_deref(), Some("path"));
        assert_eq!(field(check_path("/api/x/%E0%A6%B0%0")), None);
    }
}
