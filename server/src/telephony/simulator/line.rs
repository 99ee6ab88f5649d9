//! One simulated call from dialling to its recording.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::fate::{Fate, POST_DIAL_DELAY};
use super::wav;
use crate::storage::Storage;
use crate::telephony::{
    Action, CallEvent, Control, EventKind, News, ProviderError, ProviderKind, RecordingPlace,
};

/// Longest recording kept, seconds.
const LONGEST_RECORDING: i64 = 30;

/// What the line is told, and where it answers.
pub(super) struct Order {
    pub(super) action: Action,
    pub(super) reply: oneshot::Sender<Result<Vec<CallEvent>, ProviderError>>,
}

/// A running simulated call.
pub(super) struct Line {
    pub(super) kind: ProviderKind,
    pub(super) id: String,
    pub(super) reference: i64,
    pub(super) fate: Fate,
    pub(super) extension: Option<String>,
    pub(super) speed: f64,
    /// The clock when it was dialled; simulated time runs on from here at `speed`.
    pub(super) base: DateTime<Utc>,
    pub(super) begun: Instant,
    pub(super) recordings: Storage,
    pub(super) events: mpsc::Sender<News>,
    pub(super) inbox: mpsc::Receiver<Order>,
    /// Of the last change.
    pub(super) order: i64,
}

/// How far it has come, in simulated time since dialling.
enum Stage {
    Dialling,
    Ringing,
    Talking(Talk),
}

struct Talk {
    since: Duration,
    /// Since when the recorder runs, if it does.
    recording_since: Option<Duration>,
    recorded: Duration,
}

impl Talk {
    fn begin(now: Duration) -> Self {
        Self { since: now, recording_since: Some(now), recorded: Duration::ZERO }
    }

    fn record(&mut self, now: Duration, on: bool) {
        if let Some(since) = self.recording_since.take() {
            self.recorded += now.saturating_sub(since);
        }
        self.recording_since = on.then_some(now);
    }
}

/// Whole seconds, but whoever talked at all talked a second.
fn seconds(length: Duration) -> i64 {
    let rounded = (length.as_millis() + 500) / 1000;
    let least = u128::from(!length.is_zero());
    i64::try_from(rounded.max(least)).unwrap_or(i64::MAX)
}

impl Line {
    /// Simulated time since dialling.
    fn elapsed(&self) -> Duration {
        self.begun.elapsed().mul_f64(self.speed)
    }

    fn event(&self, at: Duration, kind: EventKind) -> CallEvent {
        let micros = i64::try_from(at.as_micros()).unwrap_or(0);
        let at = self.base + TimeDelta::microseconds(micros);
        CallEvent {
            provider: self.kind,
            external_call_id: Some(self.id.clone()),
            reference: Some(self.reference),
            at: Some(at),
            received_at: at,
            kind,
            raw: None,
        }
    }

    /// Says what happened. A process that is stopping no longer listens.
    async fn say(&self, at: Duration, kind: EventKind) {
        let _ = self.events.send(News::Event(self.event(at, kind))).await;
    }

    /// Plays the call; `hung_up` is told when the line takes no more orders.
    pub(super) async fn run(mut self, hung_up: impl FnOnce()) {
        let talk = self.play().await;
        hung_up();
        self.inbox.close();
        if let Some(recorded) = talk {
            self.keep_recording(recorded).await;
        }
    }

    /// Until the end; what was recorded, if anything.
    async fn play(&mut self) -> Option<Duration> {
        let mut stage = Stage::Dialling;
        loop {
            let due = match (&stage, self.fate) {
                (Stage::Dialling, Fate::Refused(after, _)) => after,
                (Stage::Dialling, _) => POST_DIAL_DELAY,
                (Stage::Ringing, Fate::Unanswered(rings, _) | Fate::Answered(rings, _)) => {
                    POST_DIAL_DELAY + rings
                }
                (Stage::Talking(talk), Fate::Answered(_, longest)) => talk.since + longest,
                (Stage::Ringing | Stage::Talking(_), _) => return None,
            };
            let alarm = self.begun + due.div_f64(self.speed);
            tokio::select! {
                () = tokio::time::sleep_until(alarm) => {
                    stage = match stage {
                        Stage::Talking(talk) => {
                            return self.end(talk, due.max(self.elapsed())).await;
                        }
                        before => self.advance(before, due).await?,
                    };
                }
                order = self.inbox.recv() => {
                    // Forgotten: the call is over by another source.
                    let order = order?;
                    if let Some(recorded) = self.obey(&mut stage, order) {
                        return recorded;
                    }
                }
            }
        }
    }

    async fn advance(&mut self, stage: Stage, now: Duration) -> Option<Stage> {
        let over =
            |reason: &str| EventKind::Ended { duration: Some(0), reason: Some(reason.to_owned()) };
        match (stage, self.fate) {
            (Stage::Dialling, Fate::Refused(_, reason))
            | (Stage::Ringing, Fate::Unanswered(_, reason)) => {
                self.say(now, over(reason)).await;
                None
            }
            (Stage::Dialling, _) => {
                self.say(now, EventKind::Ringing).await;
                Some(Stage::Ringing)
            }
            (_, _) => {
                let agent_extension = self.extension.clone();
                self.say(now, EventKind::Answered { agent_extension }).await;
                let recorder = self.switched(Control::Record, true);
                self.say(now, recorder).await;
                Some(Stage::Talking(Talk::begin(now)))
            }
        }
    }

    fn next_order(&mut self) -> i64 {
        self.order += 1;
        self.order
    }

    fn switched(&mut self, control: Control, on: bool) -> EventKind {
        EventKind::Control { control, on, order: self.next_order() }
    }

    /// The customer hangs up.
    async fn end(&self, mut talk: Talk, now: Duration) -> Option<Duration> {
        talk.record(now, false);
        let duration = Some(seconds(now.saturating_sub(talk.since)));
        self.say(now, EventKind::Ended { duration, reason: Some("completed".to_owned()) }).await;
        Some(talk.recorded)
    }

    /// Does as told; `Some` when that ended the call, with what was recorded.
    fn obey(&mut self, stage: &mut Stage, order: Order) -> Option<Option<Duration>> {
        let now = self.elapsed();
        let mut ended = None;
        let kind = match (order.action, stage) {
            (Action::Hangup, Stage::Talking(talk)) => {
                talk.record(now, false);
                ended = Some(Some(talk.recorded));
                let duration = Some(seconds(now.saturating_sub(talk.since)));
                Ok(EventKind::Ended { duration, reason: Some("completed".to_owned()) })
            }
            (Action::Hangup, Stage::Dialling | Stage::Ringing) => {
                ended = Some(None);
                Ok(EventKind::Ended { duration: Some(0), reason: Some("cancelled".to_owned()) })
            }
            (Action::Switch(control, on), Stage::Talking(talk)) => {
                if control == Control::Record {
                    talk.record(now, on);
                }
                Ok(self.switched(control, on))
            }
            (Action::Transfer(extension), Stage::Talking(_)) => {
                Ok(EventKind::Transferred { extension, order: self.next_order() })
            }
            (Action::Dtmf(digits), Stage::Talking(_)) => Ok(EventKind::Dtmf {
                digits: i64::try_from(digits.chars().count()).unwrap_or(i64::MAX),
                order: self.next_order(),
            }),
            (_, Stage::Dialling | Stage::Ringing) => Err(ProviderError::NotAnswered),
            (other, Stage::Talking(_)) => Err(super::not_simulated(&other)),
        };
        // Whoever asked may have gone away meanwhile; then the event takes the other way.
        let answer = kind.map(|kind| vec![self.event(now, kind)]);
        if let Err(Ok(unheard)) = order.reply.send(answer) {
            for event in unheard {
                let _ = self.events.try_send(News::Event(event));
            }
        }
        ended
    }

    /// Writes the file and says where it is.
    async fn keep_recording(&self, recorded: Duration) {
        let length = seconds(recorded).min(LONGEST_RECORDING);
        if length == 0 {
            return;
        }
        let name = format!("{}.wav", self.id);
        let seed = self.reference.unsigned_abs();
        let made = tokio::task::spawn_blocking(move || wav::recording(length as u32, seed)).await;
        let Ok(sound) = made else {
            tracing::warn!("a simulated recording was not made");
            return;
        };
        match self.recordings.put(&name, sound).await {
            Ok(()) => {
                let place = RecordingPlace::File(name);
                let kind = EventKind::Recorded { place, duration: Some(length) };
                self.say(self.elapsed(), kind).await;
            }
            Err(error) => tracing::warn!(%error, "a simulated recording was not written"),
        }
    }
}
