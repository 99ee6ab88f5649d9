//! The body of a webhook as an object: JSON, with or without a byte order mark, in UTF-8 or Latin-1,
//! or a form.

use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::http::parse_json;

/// Whether the headers announce `key=value` pairs.
pub fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|text| {
        let media = text.split(';').next().unwrap_or_default().trim();
        media.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

/// Reads a body; true if it was not UTF-8 and was read as Latin-1.
pub(super) fn read(bytes: &[u8], form: bool) -> Result<(Map<String, Value>, bool)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // `curl -d` announces a form whatever it sends.
    let is_json = bytes.trim_ascii_start().first().is_some_and(|first| b"{[".contains(first));
    if form && !is_json {
        return Ok((pairs(bytes), false));
    }
    let not_utf8 = std::str::from_utf8(bytes).is_err();
    let value = if not_utf8 {
        let text: String = bytes.iter().copied().map(char::from).collect();
        parse_json(text.as_bytes())?
    } else {
        parse_json(bytes)?
    };
    match value {
        Value::Object(object) => Ok((object, not_utf8)),
        _ => Err(Error::invalid("invalid_body", "body", "The body is not a JSON object.")),
    }
}

/// A form's fields; of a field sent twice the first value that is not empty.
fn pairs(bytes: &[u8]) -> Map<String, Value> {
    let mut object = Map::new();
    for (key, value) in url::form_urlencoded::parse(bytes) {
        let entry = object.entry(key.into_owned()).or_insert_with(|| Value::from(""));
        if entry.as_str().is_some_and(str::is_empty) {
            *entry = Value::from(value.into_owned());
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::read;

    #[track_caller]
    fn object(bytes: &[u8], form: bool) -> (Value, bool) {
        let (object, not_utf8) = read(bytes, form).expect("is read");
        (Value::Object(object), not_utf8)
    }

    #[test]
    fn json_in_whatever_coding() {
        assert_eq!(object(b"\xef\xbb\xbf{\"a\":1}", false), (json!({"a": 1}), false));
        assert_eq!(object(b" \r\n{\"a\":1}\n", false), (json!({"a": 1}), false));
        assert_eq!(object(b"{\"n\":\"Jos\xe9\"}", false), (json!({"n": "José"}), true));
        assert_eq!(object("{\"n\":\"জোসে\"}".as_bytes(), true), (json!({"n": "জোসে"}), false));
        for wrong in [&b"[]"[..], b"7", b"", b"\xff\xfe\x00", b"a=1"] {
            read(wrong, false).expect_err("no object");
        }
    }

    #[test]
    fn a_form_is_an_object_of_texts() {
        let form = b"event=call_ended&bracknet_call_id=7&duration=35&name=Abdul+Karim%20S&x=&x=1";
        let fields = json!({"event": "call_ended", "bracknet_call_id": "7", "duration": "35",
            "name": "Abdul Karim S", "x": "1"});
        assert_eq!(object(form, true), (fields, false));
    }
}
