//! Bodies that no PBX should send: arbitrary bytes, and the contract's with something wrong. Each is
//! answered with the right 4xx or taken, never with a 500, and what is refused changes nothing.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{ANSWERED, ENDED, GENERIC, INCOMING, MISSED, RECORDING, raw};
use crate::support::{Answer, TestApp, both};

const PATHS: [&str; 6] = [INCOMING, ANSWERED, ENDED, RECORDING, MISSED, GENERIC];
const LOG: &str = "SELECT COUNT(*) FROM webhook_deliveries";
const REFUSED: &str =
    "SELECT COUNT(*) FROM webhook_deliveries WHERE outcome = 'rejected' AND code IS NOT NULL";

/// Everything a webhook may write, but for the log.
async fn written(app: &TestApp) -> i64 {
    app.number(
        "SELECT (SELECT COUNT(*) FROM telephony_calls) + (SELECT COUNT(*) FROM crm_call_tasks)
           + (SELECT COUNT(*) FROM customers) + (SELECT COUNT(*) FROM customer_interactions)
           + (SELECT COUNT(*) FROM live_events)
           + (SELECT COUNT(*) FROM telephony_calls WHERE status IN ('completed', 'missed'))",
    )
    .await
}

/// Sends it, and checks what a refusal means.
async fn judged(app: &TestApp, path: &str, body: Vec<u8>) -> Answer {
    let shown = String::from_utf8_lossy(&body[..body.len().min(400)]).into_owned();
    let (before, logged, refused) =
        (written(app).await, app.number(LOG).await, app.number(REFUSED).await);
    let answer = raw(app, path, body).await;
    let status = answer.status.as_u16();
    assert!([200, 400, 413, 422].contains(&status), "{status} {:#} to {path} {shown}", answer.body);
    assert_eq!(app.number(LOG).await, logged + 1, "every delivery is kept: {path} {shown}");
    if status != 200 {
        assert!(answer.body["code"].is_string(), "{:#}", answer.body);
        assert_eq!(app.number(REFUSED).await, refused + 1, "{path} {shown}");
        assert_eq!(written(app).await, before, "{path} {shown}");
    }
    answer
}

fn valid(path: &str, n: usize) -> Value {
    let id = format!("BN-{n}");
    match path {
        INCOMING => json!({"event": "incoming_call", "bracknet_call_id": id, "from": "01712345678",
            "to_extension": "201", "timestamp": "2026-11-21T04:29:00Z"}),
        ANSWERED => {
            json!({"event": "call_answered", "bracknet_call_id": id, "agent_extension": "201",
            "timestamp": "2026-11-21T04:29:10Z"})
        }
        RECORDING => json!({"event": "call_recording_ready", "bracknet_call_id": id,
            "recording_url": "https://pbx.example/a.mp3", "recording_duration": 35}),
        MISSED => json!({"event": "call_missed", "from": "01812345678", "to_extension": "201",
            "timestamp": "2026-11-21T04:29:00Z"}),
        _ => json!({"event": "call_ended", "bracknet_call_id": id, "duration": 35,
            "end_reason": "completed", "wait_seconds": 4, "timestamp": "2026-11-21T04:29:45Z"}),
    }
}

/// A value that does not belong anywhere.
fn absurd(rng: &mut StdRng) -> Value {
    let nested = |depth| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    match rng.random_range(0..16) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(i64::MAX),
        4 => json!(u64::MAX),
        5 => json!(1.7e308),
        6 => json!(0.5),
        7 => json!(""),
        8 => json!("\u{0}"),
        9 => json!("a\u{0}b\nc\u{7f}"),
        10 => json!("x".repeat(10_000)),
        11 => json!("\u{202e}০১৭১২৩৪৫৬৭৮\u{10ffff}"),
        12 => json!("'; DROP TABLE telephony_calls; --"),
        13 => nested(100),
        14 => json!({"a": {"b": []}}),
        _ => json!("9999-99-99T99:99:99Z"),
    }
}

/// A valid body with a field that is wrong, missing or new, or with broken bytes.
fn mutated(rng: &mut StdRng, path: &str, n: usize) -> Vec<u8> {
    let mut body = valid(path, n);
    let fields = body.as_object_mut().expect("an object");
    let names: Vec<String> = fields.keys().cloned().collect();
    let name = names.choose(rng).expect("a field").clone();
    match rng.random_range(0..6) {
        0 => {
            fields.remove(&name);
        }
        1 => {
            fields.insert("note\u{0}".to_owned(), absurd(rng));
        }
        2..5 => {
            fields.insert(name, absurd(rng));
        }
        _ => {
            let mut bytes = body.to_string().into_bytes();
            let at = rng.random_range(0..bytes.len());
            match rng.random_range(0..4) {
                0 => bytes.truncate(at),
                1 => bytes[at] = rng.random(),
                2 => bytes.insert(at, rng.random()),
                _ => drop(bytes.remove(at)),
            }
            return bytes;
        }
    }
    body.to_string().into_bytes()
}

both! {
    async fn any_bytes_are_refused_and_harmless(app: TestApp) {
        let mut rng = StdRng::seed_from_u64(1);
        for n in 0..40 {
            let length = rng.random_range(0..300);
            let bytes: Vec<u8> = (0..length).map(|_| rng.random()).collect();
            let answer = judged(&app, PATHS[n % PATHS.len()], bytes).await;
            assert_ne!(answer.status, StatusCode::OK);
        }
        assert_eq!(written(&app).await, 0);
    }

    async fn a_body_with_something_wrong_is_refused_or_taken_whole(app: TestApp) {
        let mut rng = StdRng::seed_from_u64(2);
        let mut seen = std::collections::BTreeMap::<u16, u32>::new();
        for n in 0..150 {
            let path = PATHS[n % PATHS.len()];
            let body = mutated(&mut rng, path, n);
            let answer = judged(&app, path, body).await;
            *seen.entry(answer.status.as_u16()).or_default() += 1;
        }
        // The mutations reach the parser, its checks and what is behind them.
        assert!([200, 400, 422].iter().all(|status| seen.contains_key(status)), "{seen:?}");
        // And the next good one is taken.
        let good = judged(&app, ENDED, valid(ENDED, 1_000).to_string().into_bytes()).await;
        assert_eq!(good.status, StatusCode::OK);
    }

    async fn each_kind_of_nonsense_by_its_code(app: TestApp) {
        let with = |path: &'static str, field: &str, value: Value| {
            let mut body = valid(path, 1);
            body[field] = value;
            (path, body.to_string().into_bytes())
        };
        let deep = format!("{{\"event\":\"call_ended\",\"id\":\"BN-1\",\"x\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
        for ((path, body), status, code) in [
            (with(RECORDING, "recording_url", json!("file:///etc/passwd")), 422, "invalid_recording_url"),
            (with(RECORDING, "recording_url", json!([])), 422, "missing_field"),
            (with(INCOMING, "bracknet_call_id", json!({"number": 1})), 422, "invalid_field"),
            (with(INCOMING, "event", json!("call_ended")), 422, "event_mismatch"),
            (with(ANSWERED, "bracknet_call_id", json!("a\u{0}b")), 422, "invalid_field"),
            (with(GENERIC, "event", json!("__proto__")), 422, "unknown_event"),
            (with(GENERIC, "event", json!(7)), 422, "unknown_event"),
            ((GENERIC, deep.into_bytes()), 400, "malformed_json"),
            ((GENERIC, b"{\"event\":\"call_ended\",\"id\":\"\xc3\x28".to_vec()), 400, "malformed_json"),
            ((GENERIC, b"\xef\xbb\xbf{}".to_vec()), 422, "missing_field"),
            ((GENERIC, b"{} {}".to_vec()), 400, "malformed_json"),
        ] {
            judged(&app, path, body).await.problem(status, code);
        }
        assert_eq!(written(&app).await, 0);
    }
}
