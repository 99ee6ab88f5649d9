use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::sample::Index;

use super::{Known, choose};
use crate::calls::state::{Derived, Facts};
use crate::telephony::{CallEvent, EventKind, ProviderKind, RecordingPlace};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 0).expect("in range")
}

fn event(second: i64, stated: bool, kind: EventKind) -> CallEvent {
    CallEvent {
        provider: ProviderKind::Bracknet,
        external_call_id: Some("4711".to_owned()),
        reference: None,
        at: stated.then(|| at(second)),
        received_at: at(second),
        kind,
        raw: None,
    }
}

fn incoming(caller: &str) -> EventKind {
    EventKind::Incoming { from: Some(caller.to_owned()), to_extension: Some("101".to_owned()) }
}

fn answered(extension: &str) -> EventKind {
    EventKind::Answered { agent_extension: Some(extension.to_owned()) }
}

fn ended(duration: Option<i64>) -> EventKind {
    EventKind::Ended { duration, reason: None }
}

/// The calls with one id, latest first, as events arrive.
#[derive(Default)]
struct Rows(Vec<Facts>);

impl Rows {
    /// Applies an event; the call it went to, counted from the first.
    fn apply(&mut self, event: &CallEvent) -> usize {
        let known = |facts| Known { facts, phone: "", started_at: derive(facts).started_at };
        let calls: Vec<Known<'_>> = self.0.iter().map(known).collect();
        let n = choose(&calls, event).unwrap_or_else(|| {
            self.0.insert(0, Facts::default());
            0
        });
        self.0[n].join(Facts::of(event));
        self.0.len() - 1 - n
    }

    fn all(events: &[CallEvent]) -> Self {
        let mut rows = Self::default();
        for event in events {
            rows.apply(event);
        }
        rows
    }
}

fn derive(facts: &Facts) -> Derived {
    facts.derive(at(0))
}

/// The events of a call that begins at `from`.
fn call(caller: &str, from: i64, talk: i64, stated: bool) -> Vec<CallEvent> {
    let url = RecordingPlace::Url(format!("https://pbx.example/{from}.mp3"));
    vec![
        event(from, stated, incoming(caller)),
        event(from + 8, stated, answered("101")),
        event(from + 8 + talk, stated, ended(Some(talk))),
        event(from + 9 + talk, stated, EventKind::Recorded { place: url, duration: Some(talk) }),
    ]
}

const DAY: i64 = 86_400;

#[test]
fn another_caller_is_another_call_at_any_time() {
    for stated in [true, false] {
        let (first, second) = (call("+8801", 0, 10, stated), call("+8802", 30, 20, stated));
        let rows = Rows::all(&[first.clone(), second.clone()].concat());
        assert_eq!(rows.0.len(), 2);
        assert_eq!(derive(&rows.0[1]), derive(&Rows::all(&first).0[0]), "the first is untouched");
        assert_eq!(derive(&rows.0[0]), derive(&Rows::all(&second).0[0]));
    }
}

#[test]
fn the_same_caller_minutes_after_the_end_is_another_call() {
    for stated in [true, false] {
        for (later, calls) in [(18 + 200, 1), (18 + 301, 2), (DAY, 2)] {
            let events = [call("+8801", 0, 10, stated), call("+8801", later, 20, stated)].concat();
            assert_eq!(Rows::all(&events).0.len(), calls, "{later} s later, stated: {stated}");
        }
    }
}

#[test]
fn a_call_that_never_ended_makes_way_hours_later() {
    let first = [event(0, true, incoming("+8801")), event(8, true, answered("101"))];
    let mut rows = Rows::all(&first);
    assert_eq!(rows.apply(&event(3_600, true, incoming("+8801"))), 0, "offered to the next agent");
    assert_eq!(rows.apply(&event(7 * 3_600, true, incoming("+8801"))), 1);
}

#[test]
fn late_and_repeated_events_go_to_their_call() {
    let (first, second) = (call("+8801", 0, 10, true), call("+8802", DAY, 20, true));
    let mut rows = Rows::all(&[first.clone(), second.clone()].concat());
    let before = rows.0.clone();
    for (n, call) in [first, second].iter().enumerate() {
        for event in call {
            let late = CallEvent { received_at: at(2 * DAY), ..event.clone() };
            assert_eq!(rows.apply(&late), n, "{late:?}");
        }
    }
    assert_eq!(
        rows.0.iter().map(derive).collect::<Vec<_>>(),
        before.iter().map(derive).collect::<Vec<_>>()
    );
}

#[test]
fn the_recording_of_a_call_comes_when_its_id_is_used_again() {
    let first = call("+8801", 0, 10, false);
    let mut rows = Rows::all(&first[..3]);
    rows.apply(&event(DAY, false, incoming("+8802")));
    assert_eq!(rows.apply(&first[3]), 0);
}

#[test]
fn the_legs_of_a_call_passed_on_are_one_call() {
    let events = [
        event(0, true, incoming("+8801")),
        event(8, true, answered("101")),
        event(60, true, ended(Some(52))),
        event(63, true, answered("102")),
        event(1_500, true, ended(Some(1_437))),
    ];
    assert_eq!(Rows::all(&events).0.len(), 1);
}

#[test]
fn without_times_a_later_end_of_another_length_is_another_calls() {
    let mut rows = Rows::all(&call("+8801", 0, 10, false));
    assert_eq!(rows.apply(&event(DAY, false, ended(Some(10)))), 0, "repeated");
    assert_eq!(rows.apply(&event(DAY, false, ended(Some(20)))), 1, "its caller was not reported");
}

#[test]
fn a_land_line_with_and_without_its_country_code_is_one_caller() {
    let events = [event(0, true, incoming("029876543")), event(5, true, incoming("+88029876543"))];
    assert_eq!(Rows::all(&events).0.len(), 1);
}

#[test]
fn an_outbound_call_is_not_taken_for_that_of_a_caller() {
    let facts = Facts::requested(at(0));
    let goes_to = |second, kind| {
        let call = Known { facts: &facts, phone: "+8801712345678", started_at: at(0) };
        choose(&[call], &event(second, true, kind))
    };
    assert_eq!(goes_to(3, incoming("101")), Some(0), "the agent's own telephone rings");
    assert_eq!(goes_to(3_600, incoming("+8801812345678")), None);
    assert_eq!(goes_to(3_600, ended(Some(9))), Some(0));
}

fn story() -> impl Strategy<Value = (i64, bool, bool)> {
    // Talk time, with times or without, taken or missed.
    (1i64..3_600, any::<bool>(), any::<bool>())
}

fn events_of(caller: &str, from: i64, (talk, stated, taken): (i64, bool, bool)) -> Vec<CallEvent> {
    if taken {
        return call(caller, from, talk, stated);
    }
    let missed = EventKind::Missed { from: Some(caller.to_owned()), to_extension: None };
    vec![event(from, stated, incoming(caller)), event(from + 25, stated, missed)]
}

/// As they may arrive: in any order within some seconds, and again.
fn disturbed(events: &[CallEvent], order: &[Index], repeats: &[Index]) -> Vec<CallEvent> {
    let begin = events.iter().map(|e| e.received_at).max().unwrap_or_else(|| at(0));
    let mut rest: Vec<CallEvent> = events.to_vec();
    let mut sent = Vec::new();
    for index in order.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        sent.push(rest.swap_remove(index.index(rest.len())));
    }
    for repeat in repeats {
        sent.push(events[repeat.index(events.len())].clone());
    }
    for (n, event) in (0..).zip(&mut sent) {
        event.received_at = begin + TimeDelta::seconds(n);
    }
    sent
}

proptest! {
    /// Every order and repetition of a call's events is one call, and ends in the same row.
    #[test]
    fn a_call_in_any_order_is_one_call(
        story in story(),
        order in prop::collection::vec(any::<Index>(), 4),
        repeats in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let events = events_of("+8801", 0, story);
        let rows = Rows::all(&disturbed(&events, &order, &repeats));
        prop_assert_eq!(rows.0.len(), 1);
        let orderly = Rows::all(&events);
        prop_assert_eq!(rows.0[0].status(), orderly.0[0].status());
        if story.1 {
            prop_assert_eq!(derive(&rows.0[0]), derive(&orderly.0[0]));
        }
    }

    /// An id used again for another caller: two calls, each as if it were alone.
    #[test]
    fn two_calls_of_one_id_are_kept_apart(
        first in story(),
        second in story(),
        pause in 400i64..100_000,
        order in prop::collection::vec(any::<Index>(), 4),
        repeats in prop::collection::vec(any::<Index>(), 0..4),
    ) {
        let (first, second) = ((first.0, true, first.2), (second.0, true, second.2));
        let a = events_of("+8801", 0, first);
        let b = events_of("+8802", first.0 + 60 + pause, second);
        let rows = Rows::all(
            &[disturbed(&a, &order, &repeats), disturbed(&b, &order, &repeats)].concat(),
        );
        prop_assert_eq!(rows.0.len(), 2);
        prop_assert_eq!(derive(&rows.0[1]), derive(&Rows::all(&a).0[0]));
        prop_assert_eq!(derive(&rows.0[0]), derive(&Rows::all(&b).0[0]));
    }
}
