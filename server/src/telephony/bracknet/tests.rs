use chrono::{DateTime, TimeZone as _, Utc};
use chrono_tz::Asia::Dhaka;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{EventName, Note, NoteCode, Understood, parse};
use crate::error::Error;
use crate::telephony::{CallEvent, EventKind, RecordingPlace};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 4, 30, 0).single().expect("valid")
}

fn understood(expected: Option<EventName>, body: &Value) -> Result<Understood, Error> {
    parse(expected, body.to_string().as_bytes(), false, now(), Dhaka)
}

fn read(expected: Option<EventName>, body: &Value) -> Result<CallEvent, Error> {
    understood(expected, body).map(|read| read.event)
}

#[track_caller]
fn code(expected: Option<EventName>, body: &Value) -> String {
    read(expected, body).expect_err("is refused").code().to_owned()
}

#[test]
fn the_guides_own_examples() {
    let incoming = read(
        Some(EventName::Incoming),
        &json!({"event": "incoming_call", "from": "01712345678", "to_extension": "201",
                "bracknet_call_id": "BN-CALL-111222", "timestamp": "2026-01-03T10:30:00Z"}),
    )
    .expect("understood");
    assert_eq!(incoming.external_call_id.as_deref(), Some("BN-CALL-111222"));
    assert_eq!(incoming.at, Utc.with_ymd_and_hms(2026, 1, 3, 10, 30, 0).single());
    assert_eq!(
        incoming.kind,
        EventKind::Incoming {
            from: Some("+8801712345678".to_owned()),
            to_extension: Some("201".to_owned())
        }
    );
    let ended = read(
        Some(EventName::Ended),
        &json!({"event": "call_ended", "bracknet_call_id": "BN-CALL-456789", "duration": 135,
                "end_reason": "completed"}),
    )
    .expect("understood");
    assert_eq!(
        ended.kind,
        EventKind::Ended { duration: Some(135), reason: Some("completed".to_owned()) }
    );
    let recorded = read(
        Some(EventName::Recording),
        &json!({"event": "call_recording_ready", "bracknet_call_id": "BN-CALL-456789",
                "recording_url": "https://bracknet.com/records/BN-CALL-456789.mp3",
                "recording_duration": 135}),
    )
    .expect("understood");
    let url = "https://bracknet.com/records/BN-CALL-456789.mp3".to_owned();
    assert_eq!(
        recorded.kind,
        EventKind::Recorded { place: RecordingPlace::Url(url), duration: Some(135) }
    );
    let missed = read(
        Some(EventName::Missed),
        &json!({"event": "call_missed", "from": "01712345678", "to_extension": "201",
                "timestamp": "2026-01-03T11:05:00Z"}),
    )
    .expect("understood without an id");
    assert_eq!(missed.external_call_id, None);
}

#[test]
fn aliases_are_understood_on_either_path() {
    for body in [
        json!({"event": "incoming_call", "callId": "7", "customer_number": "01712345678"}),
        json!({"event": "incoming-call", "id": 7, "customerPhone": 1_712_345_678}),
        json!({"event": "INCOMING_CALL", "call_id": "7", "from": "+880 1712-345678",
               "queue_name": "sales", "trunk_name": "t1", "wait_seconds": "12"}),
    ] {
        for expected in [None, Some(EventName::Incoming)] {
            let event = read(expected, &body).expect("understood");
            assert_eq!(event.external_call_id.as_deref(), Some("7"), "{body}");
            assert!(
                matches!(&event.kind, EventKind::Incoming { from: Some(f), .. } if f == "+8801712345678")
            );
        }
    }
    let ended = read(None, &json!({"event": "call_ended", "id": "7", "disposition": "NO ANSWER"}));
    assert_eq!(
        ended.expect("understood").kind,
        EventKind::Ended { duration: None, reason: Some("NO ANSWER".to_owned()) }
    );
}

#[test]
fn no_call_is_lost_because_of_its_number() {
    let from = |number: Value| {
        read(None, &json!({"event": "incoming_call", "id": "7", "from": number}))
            .map(|event| match event.kind {
                EventKind::Incoming { from, .. } => from,
                _ => unreachable!("an incoming call"),
            })
            .expect("understood")
    };
    assert_eq!(from(json!("anonymous")), None);
    assert_eq!(from(json!("")), None);
    assert_eq!(from(Value::Null), None);
    assert_eq!(from(json!("02-9876543")), Some("029876543".to_owned()), "a land line");
    assert_eq!(from(json!("16247")), Some("16247".to_owned()), "a short number");
}

#[test]
fn what_names_no_call_or_no_event_is_refused_by_name() {
    let ended = |key: &str, value: Value| {
        let mut body = json!({"event": "call_ended", "bracknet_call_id": "BN-1"});
        body[key] = value;
        code(Some(EventName::Ended), &body)
    };
    for (value, expected) in [
        (json!("x".repeat(10_000)), "invalid_field"),
        (json!(true), "invalid_field"),
        (json!("a\u{0}b"), "invalid_field"),
        (json!(["7"]), "invalid_field"),
        (json!("  "), "missing_field"),
    ] {
        assert_eq!(ended("bracknet_call_id", value), expected);
    }
    assert_eq!(ended("event", json!("call_answered")), "event_mismatch");

    assert_eq!(code(None, &json!({"event": "call_teleported", "id": "7"})), "unknown_event");
    assert_eq!(code(None, &json!({"id": "7"})), "missing_field");
    assert_eq!(code(None, &json!([1, 2])), "invalid_body");
    let recording = |url| json!({"event": "call_recording", "id": "7", "recording_url": url});
    assert_eq!(code(None, &recording(json!("javascript:alert(1)"))), "invalid_recording_url");
    assert_eq!(code(None, &recording(Value::Null)), "missing_field");
    let error = parse(None, b"{\"event\": ", false, now(), Dhaka).expect_err("is refused");
    assert_eq!(error.code(), "malformed_json");
}

#[test]
fn an_optional_value_that_cannot_be_read_is_left_out_and_noted() {
    for (key, value) in [
        ("duration", json!(-1)),
        ("duration", json!(1e300)),
        ("duration", json!("long")),
        ("duration", json!({"s": 1})),
        ("timestamp", json!("yesterday")),
        ("timestamp", json!("2126-01-01T00:00:00Z")),
        ("timestamp", json!(12)),
        ("timestamp", json!(i64::MIN)),
        ("end_reason", json!(["a"])),
        ("event", json!("call.terminated.by.gremlins")),
    ] {
        let mut body = json!({"event": "call_ended", "bracknet_call_id": "BN-1"});
        body[key] = value.clone();
        let Understood { event, notes } =
            understood(Some(EventName::Ended), &body).expect("understood");
        assert_eq!(event.kind, EventKind::Ended { duration: None, reason: None }, "{key} {value}");
        assert_eq!(event.at, None, "{key} {value}");
        assert_eq!(notes, [Note::about(NoteCode::IgnoredValue, key)], "{value}");
    }
}

#[test]
fn an_absent_value_in_whatever_form_is_no_fault() {
    for nothing in [json!(""), json!("  "), Value::Null] {
        let body = json!({"event": "call_ended", "bracknet_call_id": nothing, "id": 7.0,
            "duration": nothing, "billsec": "35.0", "timestamp": nothing, "from": nothing,
            "end_reason": nothing, "wait_seconds": -5});
        let Understood { event, notes } = understood(None, &body).expect("understood");
        assert_eq!(event.external_call_id.as_deref(), Some("7"), "the first alias with a value");
        assert_eq!(event.kind, EventKind::Ended { duration: Some(35), reason: None });
        assert_eq!((event.at, notes), (None, vec![]));
    }
}

#[test]
fn long_and_odd_texts_are_cut_and_cleaned() {
    let body = json!({"event": "call_ended", "id": "7", "end_reason": format!("a\u{0}{}", "b".repeat(100))});
    let Understood { event, notes } = understood(None, &body).expect("understood");
    let reason = Some(format!("a{}", "b".repeat(63)));
    assert_eq!(event.kind, EventKind::Ended { duration: None, reason });
    assert_eq!(notes, [Note::about(NoteCode::Shortened, "end_reason")]);
}

#[test]
fn a_call_is_never_lost_because_of_its_caller() {
    for from in [
        json!("ask his wife"),
        json!({"display": "Rahim"}),
        json!([]),
        json!(true),
        json!("1".repeat(60)),
        json!("x".repeat(10_000)),
    ] {
        for event in ["incoming_call", "call_missed"] {
            let body = json!({"event": event, "id": "7", "from": from});
            let Understood { event, notes } = understood(None, &body).expect("understood");
            let (EventKind::Incoming { from: number, .. } | EventKind::Missed { from: number, .. }) =
                event.kind
            else {
                unreachable!("an inbound call")
            };
            assert_eq!(number, None, "{from}");
            assert_eq!(notes, [Note::about(NoteCode::UnreadableCaller, "from")], "{from}");
        }
    }
    let nested = json!({"event": "call_missed", "from": {"number": "01712345678", "name": "R"}});
    let event = read(None, &nested).expect("understood");
    let from = Some("+8801712345678".to_owned());
    assert_eq!(event.kind, EventKind::Missed { from, to_extension: None });
    let withheld = json!({"event": "call_missed", "from": "anonymous"});
    assert_eq!(understood(None, &withheld).expect("understood without id or number").notes, []);
}

#[test]
fn a_wrong_clock_is_noted() {
    let note = |timestamp: &str| {
        let body = json!({"event": "ringing", "id": "7", "timestamp": timestamp});
        let read = understood(None, &body).expect("understood");
        (read.notes.into_iter().map(|n| (n.code, n.seconds)).collect::<Vec<_>>(), read.event)
    };
    for (text, notes) in [
        ("2026-11-21T04:30:00Z", vec![]),
        ("2026-11-21T04:34:59Z", vec![]),
        ("2026-11-21T03:31:00Z", vec![]),
        ("2026-11-21T10:30:00Z", vec![(NoteCode::ClockAhead, Some(21_600))]),
        ("2026-11-20T22:30:00Z", vec![(NoteCode::ClockBehind, Some(21_600))]),
    ] {
        let (found, event) = note(text);
        assert_eq!(found, notes, "{text}");
        assert!(event.happened_at() <= now(), "never in the future");
    }
}

#[test]
fn a_time_without_zone_is_the_companys() {
    let body = json!({"event": "ringing", "id": "7", "timestamp": "2026-01-03T16:30:00"});
    let event = read(None, &body).expect("fine");
    assert_eq!(event.at, Utc.with_ymd_and_hms(2026, 1, 3, 10, 30, 0).single());
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(".{0,5}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_answered_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        for form in [false, true] {
            let _ = parse(None, &body, form, now(), Dhaka);
        }
    }

    #[test]
    fn any_values_in_the_known_fields_are_answered_without_a_panic(
        event in prop::sample::select(vec![
            "incoming_call", "call_answered", "call_ended", "call_recording_ready", "call_missed",
        ]),
        fields in prop::collection::vec(
            (prop::sample::select(vec![
                "bracknet_call_id", "from", "to_extension", "timestamp", "duration", "end_reason",
                "recording_url", "recording_duration", "wait_seconds", "queue_name", "id",
            ]), json_value()),
            0..8,
        ),
    ) {
        let mut body = json!({"event": event});
        for (name, value) in fields {
            body[name] = value;
        }
        if let Ok(event) = read(None, &body) {
            let stored = event.raw.map(|raw| raw.to_string()).unwrap_or_default();
            prop_assert!(!stored.contains("\\u0000"), "PostgreSQL could not store it");
        }
    }
}
