//! Calls that say they are running are compared with the telephone system; what it does not know is
//! closed (SPEC §5.7).

use std::collections::HashMap;

use chrono::TimeDelta;
use serde_json::json;

use super::store::{self, OpenCall};
use super::{Direction, service};
use crate::app::AppState;
use crate::error::Result;
use crate::telephony::simulator::LONGEST_CALL;
use crate::telephony::{CallEvent, EventKind, Mode, ProviderKind};

/// A call older than this has lost its end.
const STALE: TimeDelta = TimeDelta::hours(6);
/// A call is made, and the telephone system knows it, within this time.
pub const SETTLED: std::time::Duration = std::time::Duration::from_secs(10);
/// No customer is rung longer than this: whatever became of the call, nobody told us.
const UNANSWERED: TimeDelta = TimeDelta::minutes(5);

/// Why it is looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The process comes up.
    Start,
    /// It is time.
    Job,
}

impl OpenCall {
    /// Whether the simulator plays it.
    fn is_simulated(&self) -> bool {
        self.direction == Direction::Outbound && self.mode == Mode::Mock
    }

    /// Whether an Asterisk can be asked.
    fn is_at_asterisk(&self) -> bool {
        self.provider == ProviderKind::Asterisk && self.mode == Mode::Live
    }
}

fn ours(state: &AppState, open: &OpenCall) -> bool {
    state.telephony.kind() == open.provider
}

/// Closes calls that nobody plays any more; how many.
pub async fn run(state: &AppState, when: When) -> Result<serde_json::Value> {
    let now = state.clock.now();
    let calls = store::open_calls(
        &mut state.db.read().await?,
        now - STALE,
        now - UNANSWERED,
        now - TimeDelta::from_std(SETTLED).unwrap_or(UNANSWERED),
    )
    .await?;
    // On SQLite there is only this process; with PostgreSQL a young call may be another's.
    let longest = TimeDelta::from_std(LONGEST_CALL).unwrap_or(TimeDelta::minutes(2));
    let alone = when == When::Start && !state.db.is_postgres();
    let asked: Vec<String> = calls
        .iter()
        .filter(|open| open.is_simulated() || (open.is_at_asterisk() && ours(state, open)))
        .filter_map(|open| open.external_call_id.clone())
        .collect();
    let running =
        if asked.is_empty() { HashMap::new() } else { state.telephony.running(&asked).await };
    let mut closed = 0;
    for open in calls {
        let simulated = open.is_simulated();
        let known = open.external_call_id.as_ref().and_then(|id| running.get(id));
        let age = now - open.created_at;
        let forgotten = match known {
            Some(running) => !running,
            // It cannot be asked now: only what is too old to be true is closed.
            None if open.is_at_asterisk() => age > STALE,
            None => !simulated || alone || age > longest,
        };
        if !forgotten {
            continue;
        }
        let reason = if simulated { "restart" } else { "lost" };
        tracing::warn!(call = %open.id, reason, "closing a call the telephone system does not know");
        let event = CallEvent {
            provider: open.provider,
            external_call_id: open.external_call_id,
            reference: Some(open.id.0),
            at: None,
            received_at: now,
            kind: EventKind::Ended { duration: None, reason: Some(reason.to_owned()) },
            raw: None,
        };
        service::handle(state, &event).await?;
        closed += 1;
    }
    Ok(json!({"closed": closed}))
}
