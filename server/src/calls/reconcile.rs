//! Calls that say they are running are compared with the telephone system; what it does not know is
//! closed (SPEC §5.7).

use std::collections::HashMap;

use chrono::TimeDelta;
use serde_json::json;

use super::store::{self, OpenCall, Since};
use super::{Direction, service};
use crate::app::AppState;
use crate::error::Result;
use crate::telephony::simulator::LONGEST_CALL;
use crate::telephony::{CallEvent, EventKind, Mode, ProviderKind};

/// A call older than this has lost its end: no call lasts longer.
const STALE: TimeDelta = TimeDelta::hours(4);
/// A call is made, and the telephone system knows it, within this time.
pub const SETTLED: std::time::Duration = std::time::Duration::from_secs(10);
/// No customer is rung longer than this: whatever became of the call, nobody told us.
const UNANSWERED: TimeDelta = TimeDelta::minutes(5);
/// A caller of whom nothing was reported for so long has hung up. Should the call be answered after
/// all, it goes on ([`super::state::Facts::end`]).
const RANG: TimeDelta = TimeDelta::minutes(3);

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
    let since = Since {
        stale: now - STALE,
        dialled: now - UNANSWERED,
        rang: now - RANG,
        settled: now - TimeDelta::from_std(SETTLED).unwrap_or(UNANSWERED),
    };
    let calls = store::open_calls(&mut state.db.read().await?, since).await?;
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
        if close(state, &open, reason).await? {
            closed += 1;
        }
    }
    Ok(json!({"closed": closed}))
}

/// Closes a call, unless something was reported of it meanwhile.
async fn close(state: &AppState, open: &OpenCall, reason: &str) -> Result<bool> {
    let event = CallEvent {
        provider: open.provider,
        external_call_id: open.external_call_id.clone(),
        reference: Some(open.id.0),
        at: None,
        received_at: state.clock.now(),
        kind: EventKind::Lost { reason: reason.to_owned() },
        raw: None,
    };
    let mut tx = state.db.begin().await?;
    if !store::is_unchanged(&mut tx, open.id, open.updated_at).await? {
        return Ok(false);
    }
    tracing::warn!(call = %open.id, reason, "closing a call whose end was not reported");
    let applied = match service::apply(state, &mut tx, &event).await {
        Ok(applied) => applied,
        // The next run looks again.
        Err(error) if service::is_collision(&error) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    state.commit(tx).await?;
    service::settled(state, &event, applied);
    Ok(true)
}
