//! The calls of a simulated PBX: what it sends about each, and how that gets out of order. Pure.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};

/// One delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// Its id: the same when it is sent twice.
    pub(super) id: String,
    /// Path at the receiver.
    pub(super) path: &'static str,
    /// JSON.
    pub(super) body: String,
    /// Milliseconds to wait before it.
    pub(super) wait_ms: u64,
}

/// What the PBX itself does wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    /// Share of calls with the id of the call before.
    pub(super) reuse_ids: f64,
    /// Share of callers in a header's form, or withheld.
    pub(super) odd_callers: f64,
    /// How far its clock is ahead, seconds.
    pub(super) clock_ahead: i64,
}

/// How much goes wrong on the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disorder {
    pub(super) duplicate: f64,
    pub(super) reorder: f64,
    pub(super) drop: f64,
    pub(super) delay_ms: u64,
}

/// The deliveries of one inbound call, in order.
pub(super) fn call(
    rng: &mut StdRng,
    n: u32,
    seed: u64,
    now: DateTime<Utc>,
    extensions: &[String],
    faults: &Faults,
) -> Vec<Sent> {
    let reused = rng.random_bool(faults.reuse_ids);
    let of = if reused { n.saturating_sub(1) } else { n };
    let call = format!("PLAY-{seed}-{}-{of}", now.timestamp());
    let number = format!("01{}{:08}", rng.random_range(3..=9), rng.random_range(0..100_000_000));
    let odd = rng.random_bool(faults.odd_callers);
    let from = if odd { odd_caller(rng, &number) } else { number };
    let extension =
        extensions.get(rng.random_range(0..extensions.len().max(1))).map_or("201", String::as_str);
    let talk = rng.random_range(5..240);
    let begun = now - TimeDelta::seconds(talk + 30 - faults.clock_ahead);
    let at = |seconds: i64| {
        (begun + TimeDelta::seconds(seconds)).to_rfc3339_opts(SecondsFormat::Secs, true)
    };
    let mut events = vec![(
        "/api/webhook/bracknet/incoming-call",
        json!({"event": "incoming_call", "from": from, "to_extension": extension, "timestamp": at(0)}),
    )];
    if rng.random_bool(0.75) {
        events.extend([
            (
                "/api/webhook/bracknet/call-answered",
                json!({"event": "call_answered", "agent_extension": extension, "timestamp": at(8)}),
            ),
            (
                "/api/webhook/bracknet/call-ended",
                json!({"event": "call_ended", "duration": talk, "end_reason": "completed", "timestamp": at(8 + talk)}),
            ),
            (
                "/api/webhook/bracknet/call-recording",
                json!({"event": "call_recording_ready", "recording_duration": talk,
                       "recording_url": format!("https://pbx.example/recordings/{call}.mp3")}),
            ),
        ]);
    } else {
        events.push((
            "/api/webhook/bracknet/call-missed",
            json!({"event": "call_missed", "from": from, "to_extension": extension, "timestamp": at(25)}),
        ));
    }
    let sent = |(i, (path, mut body)): (usize, (&'static str, Value))| {
        body["bracknet_call_id"] = Value::String(call.clone());
        Sent {
            id: format!("PLAY-{seed}-{}-{n}-{i}", now.timestamp()),
            path,
            body: body.to_string(),
            wait_ms: 0,
        }
    };
    events.into_iter().enumerate().map(sent).collect()
}

/// A caller as other PBX software names it.
fn odd_caller(rng: &mut StdRng, number: &str) -> String {
    match rng.random_range(0..6) {
        0 => format!("\"Customer\" <{number}>"),
        1 => format!("sip:{number}@10.0.0.1:5060;transport=udp"),
        2 => format!("tel:+88{number}"),
        3 => "<unknown>".to_owned(),
        4 => "anonymous@anonymous.invalid".to_owned(),
        _ => String::new(),
    }
}

/// The same deliveries after a bad line: some lost, some twice, some late, some in another order.
pub(super) fn disturb(rng: &mut StdRng, events: Vec<Sent>, disorder: &Disorder) -> Vec<Sent> {
    let mut sent = Vec::with_capacity(events.len() * 2);
    for event in events {
        if rng.random_bool(disorder.drop) {
            continue;
        }
        if rng.random_bool(disorder.duplicate) {
            sent.push(event.clone());
        }
        sent.push(event);
    }
    for i in 1..sent.len() {
        if rng.random_bool(disorder.reorder) {
            sent.swap(i - 1, i);
        }
    }
    for event in &mut sent {
        event.wait_ms = rng.random_range(0..=disorder.delay_ms);
    }
    sent
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    fn orderly(seed: u64) -> Vec<Sent> {
        let mut rng = StdRng::seed_from_u64(seed);
        played(&mut rng, 0, seed, &Faults::default())
    }

    fn played(rng: &mut StdRng, n: u32, seed: u64, faults: &Faults) -> Vec<Sent> {
        call(rng, n, seed, DateTime::UNIX_EPOCH, &["201".to_owned()], faults)
    }

    fn field(sent: &Sent, name: &str) -> String {
        let body: Value = serde_json::from_str(&sent.body).expect("JSON");
        body[name].as_str().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_pbx_with_faults_uses_ids_again_and_names_callers_oddly_at_a_wrong_time() {
        let mut rng = StdRng::seed_from_u64(1);
        let reused = Faults { reuse_ids: 1.0, ..Faults::default() };
        let (first, second) = (played(&mut rng, 0, 1, &reused), played(&mut rng, 1, 1, &reused));
        assert_eq!(field(&first[0], "bracknet_call_id"), field(&second[0], "bracknet_call_id"));
        assert_ne!(first[0].id, second[0].id, "each delivery has its own");
        let odd = Faults { odd_callers: 1.0, ..Faults::default() };
        let callers: Vec<String> =
            (0..20).map(|n| field(&played(&mut rng, n, 1, &odd)[0], "from")).collect();
        assert!(callers.iter().all(|from| !from.starts_with("01")), "{callers:?}");
        let ahead = Faults { clock_ahead: 21_600, ..Faults::default() };
        let late = field(&played(&mut rng, 0, 1, &ahead)[0], "timestamp");
        assert!(late.starts_with("1970-01-01T05:"), "{late}");
    }

    #[test]
    fn the_same_seed_plays_the_same_call() {
        assert_eq!(orderly(7), orderly(7));
        assert_ne!(orderly(7), orderly(8));
    }

    #[test]
    fn nothing_is_disturbed_unless_asked_and_everything_if_asked() {
        let mut rng = StdRng::seed_from_u64(1);
        let none = Disorder { duplicate: 0.0, reorder: 0.0, drop: 0.0, delay_ms: 0 };
        assert_eq!(disturb(&mut rng, orderly(3), &none), orderly(3));
        let twice = Disorder { duplicate: 1.0, ..none };
        assert_eq!(disturb(&mut rng, orderly(3), &twice).len(), orderly(3).len() * 2);
        let lost = Disorder { drop: 1.0, ..none };
        assert!(disturb(&mut rng, orderly(3), &lost).is_empty());
    }
}
