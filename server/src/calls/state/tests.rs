use chrono::{DateTime, Utc};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::{Derived, Facts};
use crate::calls::{CallStatus, Direction};
use crate::telephony::{CallEvent, Consult, Control, EventKind, ProviderKind, RecordingPlace};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 0).expect("in range")
}

fn event(second: i64, stated: bool, kind: EventKind) -> CallEvent {
    CallEvent {
        provider: ProviderKind::Bracknet,
        external_call_id: Some("BN-1".to_owned()),
        reference: None,
        at: stated.then(|| at(second)),
        received_at: at(second + 1),
        kind,
        raw: None,
    }
}

fn ended(duration: Option<i64>, reason: Option<&str>) -> EventKind {
    EventKind::Ended { duration, reason: reason.map(str::to_owned) }
}

fn incoming() -> EventKind {
    EventKind::Incoming {
        from: Some("+8801712345678".to_owned()),
        to_extension: Some("201".to_owned()),
    }
}

fn answered() -> EventKind {
    EventKind::Answered { agent_extension: Some("201".to_owned()) }
}

fn row(start: Facts, events: &[CallEvent]) -> Derived {
    let mut facts = start;
    for event in events {
        facts.join(Facts::of(event));
    }
    facts.derive(at(0))
}

fn outbound() -> Facts {
    Facts::requested(at(0))
}

/// Initiated 0, ringing 1, answered 2, over 3.
fn rank(status: CallStatus) -> u8 {
    match status {
        CallStatus::Initiated => 0,
        CallStatus::Ringing => 1,
        CallStatus::Answered => 2,
        _ => 3,
    }
}

#[test]
fn a_whole_call_outbound() {
    let row = row(
        outbound(),
        &[
            event(2, true, EventKind::Ringing),
            event(10, true, answered()),
            event(145, true, ended(Some(135), Some("completed"))),
        ],
    );
    assert_eq!(row.direction, Direction::Outbound);
    assert_eq!(row.status, CallStatus::Completed);
    assert_eq!(row.started_at, at(0));
    assert_eq!(row.ringing_at, Some(at(2)));
    assert_eq!(row.answered_at, Some(at(10)));
    assert_eq!(row.ended_at, Some(at(145)));
    assert_eq!(row.duration_seconds, Some(135));
}

#[test]
fn ended_without_an_answer_is_told_apart_by_its_reason() {
    for (reason, status) in [
        (Some("busy"), CallStatus::Busy),
        (Some("no_answer"), CallStatus::NoAnswer),
        (Some("declined"), CallStatus::Failed),
        (Some("unallocated"), CallStatus::Failed),
        (Some("agent_hangup"), CallStatus::Cancelled),
        (Some("restart"), CallStatus::Failed),
        (None, CallStatus::Failed),
    ] {
        assert_eq!(row(outbound(), &[event(9, true, ended(None, reason))]).status, status);
    }
    let rang = [event(3, false, EventKind::Ringing), event(9, false, ended(None, None))];
    assert_eq!(row(outbound(), &rang).status, CallStatus::NoAnswer);
    let nobody = [event(9, true, ended(Some(0), Some("completed")))];
    assert_eq!(row(outbound(), &nobody).status, CallStatus::NoAnswer);
}

#[test]
fn a_lost_answer_shows_in_the_talk_time() {
    let row = row(outbound(), &[event(145, true, ended(Some(135), None))]);
    assert_eq!(row.status, CallStatus::Completed);
    assert_eq!(row.answered_at, Some(at(10)));
    assert_eq!(row.duration_seconds, Some(135));
}

#[test]
fn without_a_talk_time_the_clock_tells_it() {
    let row = row(outbound(), &[event(10, false, answered()), event(40, false, ended(None, None))]);
    assert_eq!(row.status, CallStatus::Completed);
    assert_eq!(row.duration_seconds, Some(30));
}

#[test]
fn how_long_a_call_lost_in_a_restart_lasted_is_not_made_up() {
    let row = row(
        outbound(),
        &[event(10, true, answered()), event(9_000, false, ended(None, Some("restart")))],
    );
    assert_eq!(row.status, CallStatus::Completed);
    assert_eq!(row.duration_seconds, None);
}

#[test]
fn inbound_and_unanswered_is_missed() {
    for reason in [None, Some("no_answer"), Some("cancelled"), Some("busy")] {
        let events = [event(0, true, incoming()), event(20, true, ended(None, reason))];
        let row = row(Facts::default(), &events);
        assert_eq!((row.direction, row.status), (Direction::Inbound, CallStatus::Missed));
    }
    let missed = EventKind::Missed { from: None, to_extension: None };
    assert_eq!(row(Facts::default(), &[event(20, true, missed)]).status, CallStatus::Missed);
}

#[test]
fn a_late_ringing_does_not_reopen_a_call() {
    let row = row(
        outbound(),
        &[event(9, true, ended(None, Some("busy"))), event(30, true, EventKind::Ringing)],
    );
    assert_eq!(row.status, CallStatus::Busy);
    assert_eq!(row.ringing_at, Some(at(9)), "and not after its end");
}

#[test]
fn the_latest_switch_counts_and_an_ended_call_has_none_on() {
    let control = |on, order| EventKind::Control { control: Control::Mute, on, order };
    let talking = [
        event(1, true, answered()),
        event(5, true, control(false, 2)),
        event(4, true, control(true, 1)),
    ];
    assert!(!row(outbound(), &talking).muted);
    let muted = [event(1, true, answered()), event(4, true, control(true, 1))];
    assert!(row(outbound(), &muted).muted);
    let over = [muted[0].clone(), muted[1].clone(), event(9, true, ended(Some(8), None))];
    assert!(!row(outbound(), &over).muted);
}

#[test]
fn a_waiting_caller_rings_where_the_line_says_and_not_at_what_was_dialled() {
    let offered = |extension: Option<&str>, order| EventKind::Offered {
        extension: extension.map(str::to_owned),
        order,
    };
    let extension = |events: &[CallEvent]| {
        let mut facts = Facts::default();
        for event in events {
            facts.join(Facts::of(event));
        }
        facts.extension().map(str::to_owned)
    };
    let came = EventKind::Incoming { from: None, to_extension: Some("201".to_owned()) };
    let mut events = vec![event(0, true, offered(None, 1)), event(0, true, came)];
    assert_eq!(extension(&events), None);
    events.push(event(1, true, offered(Some("202"), 2)));
    assert_eq!(extension(&events), Some("202".to_owned()));
    events.push(event(9, true, offered(None, 3)));
    assert_eq!(extension(&events), None, "declined: back in the line");
    events.push(event(12, true, EventKind::Answered { agent_extension: Some("203".to_owned()) }));
    assert_eq!(extension(&events), Some("203".to_owned()));
}

fn lost() -> EventKind {
    EventKind::Lost { reason: "lost".to_owned() }
}

/// An event that arrived at another time than it states.
fn arrived(second: i64, stated: i64, kind: EventKind) -> CallEvent {
    CallEvent { received_at: at(second), at: Some(at(stated)), ..event(second, true, kind) }
}

#[test]
fn a_caller_of_whom_nothing_more_is_reported_is_missed() {
    let row = row(Facts::default(), &[event(0, true, incoming()), event(200, false, lost())]);
    assert_eq!((row.status, row.ended_at), (CallStatus::Missed, Some(at(201))));
}

#[test]
fn a_caller_given_up_who_is_answered_after_all_talks_and_is_over_with_the_reported_end() {
    let waited = [event(0, true, incoming()), event(200, false, lost())];
    let talking = [&waited[..], &[event(300, true, answered())]].concat();
    let open = row(Facts::default(), &talking);
    assert_eq!((open.status, open.ended_at), (CallStatus::Answered, None));
    let over = [&talking[..], &[event(360, true, ended(None, None))]].concat();
    let over = row(Facts::default(), &over);
    assert_eq!((over.status, over.duration_seconds), (CallStatus::Completed, Some(60)));
    let mut facts = Facts::default();
    for event in
        [event(0, true, incoming()), event(9, true, ended(None, None)), event(200, false, lost())]
    {
        facts.join(Facts::of(&event));
    }
    assert_eq!(facts.end_reason(), None, "the end was reported");
}

#[test]
fn the_times_of_a_clock_that_is_far_ahead_are_not_used() {
    let hours = 6 * 3600;
    let row = row(
        Facts::default(),
        &[
            arrived(0, hours, incoming()),
            arrived(8, hours + 8, answered()),
            arrived(43, hours + 43, ended(Some(35), None)),
            // The same once more, when that time has come.
            arrived(hours + 60, hours + 8, answered()),
        ],
    );
    assert_eq!((row.started_at, row.ringing_at), (at(0), Some(at(0))));
    assert_eq!((row.answered_at, row.ended_at), (Some(at(8)), Some(at(43))));
    assert_eq!(row.duration_seconds, Some(35));
}

#[test]
fn a_clock_slightly_ahead_is_set_right() {
    let row = row(
        Facts::default(),
        &[
            arrived(1, 120, incoming()),
            arrived(8, 128, answered()),
            arrived(43, 163, ended(Some(35), None)),
        ],
    );
    assert_eq!((row.started_at, row.answered_at), (at(0), Some(at(8))));
    assert_eq!(row.ended_at, Some(at(43)));
}

#[test]
fn a_clock_hours_behind_shows_in_the_pace_of_the_arrivals() {
    let behind = -6 * 3600;
    let live = [
        arrived(0, behind, incoming()),
        arrived(9, behind + 8, answered()),
        arrived(43, behind + 43, ended(Some(35), None)),
    ];
    let corrected = row(Facts::default(), &live);
    assert_eq!((corrected.started_at, corrected.ended_at), (at(0), Some(at(43))));

    let late = [
        arrived(0, behind, incoming()),
        arrived(1, behind + 8, answered()),
        arrived(1, behind + 43, ended(Some(35), None)),
    ];
    let believed = row(Facts::default(), &late);
    assert_eq!(believed.started_at, at(behind), "sent late, all at once");
    assert_eq!(believed.ended_at, Some(at(behind + 43)));
}

fn kind() -> impl Strategy<Value = EventKind> {
    let reason = prop::sample::select(vec![
        None,
        Some("completed"),
        Some("busy"),
        Some("no_answer"),
        Some("restart"),
        Some("normal_clearing"),
        Some("gremlins"),
    ]);
    let extension =
        prop::sample::select(vec![None, Some("201".to_owned()), Some("202".to_owned())]);
    prop_oneof![
        extension.clone().prop_map(|to_extension| EventKind::Incoming {
            from: Some("+8801712345678".to_owned()),
            to_extension
        }),
        Just(EventKind::Ringing),
        extension.clone().prop_map(|agent_extension| EventKind::Answered { agent_extension }),
        (prop::option::of(0i64..5_000), reason)
            .prop_map(|(duration, reason)| ended(duration, reason)),
        (0i64..90, any::<bool>()).prop_map(|(length, file)| EventKind::Recorded {
            place: if file {
                RecordingPlace::File("a.wav".to_owned())
            } else {
                RecordingPlace::Url("https://pbx.example/a.mp3".to_owned())
            },
            duration: Some(length),
        }),
        Just(EventKind::Missed { from: None, to_extension: None }),
        Just(lost()),
        (any::<bool>(), 0i64..5).prop_map(|(on, order)| EventKind::Control {
            control: Control::Hold,
            on,
            order
        }),
        (0i64..5)
            .prop_map(|order| EventKind::Transferred { extension: format!("30{order}"), order }),
        (0i64..5, 1i64..9).prop_map(|(order, digits)| EventKind::Dtmf { digits, order }),
        (0i64..5, extension.clone())
            .prop_map(|(order, extension)| EventKind::Offered { extension, order }),
        (0i64..5, extension, any::<bool>()).prop_map(|(order, extension, answered)| {
            let consult = extension.map(|extension| Consult { extension, answered });
            EventKind::Consulting { consult, order }
        }),
    ]
}

fn events() -> impl Strategy<Value = Vec<CallEvent>> {
    prop::collection::vec(
        (0i64..10_000, any::<bool>(), -20_000i64..20_000, any::<bool>(), kind()).prop_map(
            |(second, stated, off, wrong_clock, kind)| {
                if wrong_clock {
                    arrived(second, second + off, kind)
                } else {
                    event(second, stated, kind)
                }
            },
        ),
        0..9,
    )
}

proptest! {
    /// The heart: order and repetition do not matter.
    #[test]
    fn any_order_and_repetition_ends_in_the_same_row(
        (events, shuffled) in events().prop_flat_map(|e| (Just(e.clone()), Just(e).prop_shuffle())),
        repeats in prop::collection::vec(any::<Index>(), 0..6),
        asked: bool,
    ) {
        let start = || if asked { outbound() } else { Facts::default() };
        let mut again = shuffled;
        for repeat in repeats.iter().filter(|_| !events.is_empty()) {
            let event = repeat.get(&events).clone();
            again.insert(repeat.index(again.len()), event);
        }
        prop_assert_eq!(row(start(), &events), row(start(), &again));
    }

    /// What we asked for may be learnt last: the provider's events outran its answer.
    #[test]
    fn a_request_stored_late_merges_the_same(events in events()) {
        let mut late = Facts::default();
        for event in &events {
            late.join(Facts::of(event));
        }
        late.join(outbound());
        prop_assert_eq!(late.derive(at(0)), row(outbound(), &events));
    }

    #[test]
    fn a_status_never_goes_back(events in events(), asked: bool) {
        let mut facts = if asked { outbound() } else { Facts::default() };
        let mut highest = 0;
        for event in &events {
            facts.join(Facts::of(event));
            let now = rank(facts.status());
            // A caller given up who is answered after all.
            let reopened = facts.lost.is_some() && now == 2;
            prop_assert!(now >= highest || reopened);
            highest = now;
        }
    }

    #[test]
    fn whatever_is_lost_the_times_are_in_order(
        (all, some) in events().prop_flat_map(|e| {
            let n = e.len();
            (Just(e.clone()), subsequence(e, 0..=n))
        }),
        asked: bool,
    ) {
        for events in [&all, &some] {
            let row = row(if asked { outbound() } else { Facts::default() }, events);
            if let (Some(ringing), Some(answered)) = (row.ringing_at, row.answered_at) {
                prop_assert!(ringing <= answered);
            }
            if let (Some(answered), Some(ended)) = (row.answered_at, row.ended_at) {
                prop_assert!(answered <= ended);
            }
            prop_assert_eq!(row.ended_at.is_some(), rank(row.status) == 3);
            prop_assert!(row.duration_seconds.is_none_or(|d| d >= 0));
        }
    }

    /// Facts live in a JSON column between two events.
    #[test]
    fn facts_survive_storage(events in events()) {
        let mut facts = outbound();
        for event in &events {
            facts.join(Facts::of(event));
        }
        let stored = serde_json::to_value(&facts).expect("serialises");
        prop_assert_eq!(serde_json::from_value::<Facts>(stored).expect("reads back"), facts);
    }
}
