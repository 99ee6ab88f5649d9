//! The built-in far end: rings, answers or not, talks, ends, leaves a recording. Its events go the
//! way of a real PBX's. A restarted process has forgotten the calls it played; reconciliation
//! closes them.

mod fate;
mod line;
mod wav;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::{
    Action, CallEvent, Dial, Dialled, EventKind, Mode, News, Provider, ProviderError, ProviderKind,
};
use crate::clock::Clock;
use crate::config::Config;
use crate::storage::Storage;

pub use fate::{Fate, LONGEST_CALL};
use line::{Line, Order};

/// How the ids of simulated calls begin.
pub const ID_PREFIX: &str = "SIM-";

type Lines = Arc<Mutex<HashMap<String, mpsc::Sender<Order>>>>;

fn locked(lines: &Lines) -> MutexGuard<'_, HashMap<String, mpsc::Sender<Order>>> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Plays the far end.
#[derive(Debug)]
pub struct Simulator {
    kind: ProviderKind,
    clock: Clock,
    /// How many times faster than real.
    speed: f64,
    recordings: Storage,
    events: mpsc::Sender<News>,
    lines: Lines,
    /// Tells this process's calls from those of another one on the same database.
    instance: String,
    dialled: AtomicU64,
}

impl Simulator {
    /// Plays calls on behalf of `kind`, reporting to `events`.
    pub fn new(
        kind: ProviderKind,
        clock: Clock,
        config: &Config,
        recordings: Storage,
        events: mpsc::Sender<News>,
    ) -> Self {
        Self {
            kind,
            clock,
            speed: config.simulator_speed.max(0.01),
            recordings,
            events,
            lines: Arc::default(),
            instance: format!("{:08X}", rand::random::<u32>()),
            dialled: AtomicU64::new(0),
        }
    }
}

impl Simulator {
    /// Acts on a call that a webhook reported: nobody plays it here, so whatever it is told happens.
    fn pretend(&self, id: &str, action: Action) -> Result<Vec<CallEvent>, ProviderError> {
        if id.starts_with(ID_PREFIX) {
            return Err(ProviderError::UnknownCall);
        }
        let now = self.clock.now();
        let order = i64::try_from(self.dialled.fetch_add(1, Ordering::Relaxed)).unwrap_or(0)
            + now.timestamp_micros();
        let kind = match action {
            Action::Hangup => {
                EventKind::Ended { duration: None, reason: Some("agent_hangup".to_owned()) }
            }
            Action::Switch(control, on) => EventKind::Control { control, on, order },
            Action::Transfer(extension) => EventKind::Transferred { extension, order },
            Action::Dtmf(digits) => {
                let digits = i64::try_from(digits.chars().count()).unwrap_or(i64::MAX);
                EventKind::Dtmf { digits, order }
            }
            other => return Err(not_simulated(&other)),
        };
        Ok(vec![CallEvent {
            provider: ProviderKind::Bracknet,
            external_call_id: Some(id.to_owned()),
            reference: None,
            at: None,
            received_at: now,
            kind,
            raw: None,
        }])
    }
}

/// There is no colleague, no waiting line and no telephone in the browser here.
fn not_simulated(action: &Action) -> ProviderError {
    tracing::debug!(?action, "not simulated");
    ProviderError::Refused("the simulator cannot do that".to_owned())
}

impl Provider for Simulator {
    fn kind(&self) -> ProviderKind {
        self.kind
    }

    fn mode(&self) -> Mode {
        Mode::Mock
    }

    fn choose_id(&self) -> Option<String> {
        let n = self.dialled.fetch_add(1, Ordering::Relaxed) + 1;
        Some(format!("{ID_PREFIX}{}-{n}", self.instance))
    }

    fn dial(&self, dial: Dial) -> BoxFuture<'_, Result<Dialled, ProviderError>> {
        let Some(id) = dial.external_call_id.clone().or_else(|| self.choose_id()) else {
            return async { Err(ProviderError::UnknownCall) }.boxed();
        };
        let (orders, inbox) = mpsc::channel(8);
        locked(&self.lines).insert(id.clone(), orders);
        let line = Line {
            kind: self.kind,
            id: id.clone(),
            reference: dial.reference,
            fate: Fate::of(dial.number.last_digit()),
            extension: dial.extension,
            speed: self.speed,
            base: self.clock.now(),
            begun: tokio::time::Instant::now(),
            recordings: self.recordings.clone(),
            events: self.events.clone(),
            inbox,
            order: 0,
        };
        let lines = Arc::clone(&self.lines);
        let key = id.clone();
        tokio::spawn(line.run(move || {
            locked(&lines).remove(&key);
        }));
        async move { Ok(Dialled { external_call_id: id }) }.boxed()
    }

    fn act<'a>(
        &'a self,
        external_call_id: &'a str,
        action: Action,
    ) -> BoxFuture<'a, Result<Vec<CallEvent>, ProviderError>> {
        let line = locked(&self.lines).get(external_call_id).cloned();
        async move {
            let Some(line) = line else {
                return self.pretend(external_call_id, action);
            };
            let (reply, answer) = oneshot::channel();
            // A line that has just ended takes no more orders.
            line.send(Order { action, reply }).await.map_err(|_| ProviderError::UnknownCall)?;
            answer.await.unwrap_or(Err(ProviderError::UnknownCall))
        }
        .boxed()
    }

    fn running<'a>(&'a self, calls: &'a [String]) -> BoxFuture<'a, HashMap<String, bool>> {
        let prefix = format!("{ID_PREFIX}{}-", self.instance);
        let lines = locked(&self.lines);
        let ours = calls.iter().filter(|call| call.starts_with(&prefix));
        let running = ours.map(|call| (call.clone(), lines.contains_key(call))).collect();
        async move { running }.boxed()
    }

    fn forget(&self, external_call_id: &str) {
        locked(&self.lines).remove(external_call_id);
    }
}
