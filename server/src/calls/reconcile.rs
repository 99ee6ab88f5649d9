//! Calls that say they are running are compared with the telephone system; what it does not know is
//! closed (SPEC §5.7).

use chrono::TimeDelta;
use serde_json::json;

use super::{Direction, service, store};
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
    let mut closed = 0;
    for open in calls {
        let store::OpenCall { id: call, direction, mode, provider, external_call_id, created_at } =
            open;
        let simulated = direction == Direction::Outbound && mode == Mode::Mock;
        let asterisk = provider == ProviderKind::Asterisk && mode == Mode::Live;
        let ours = state.telephony.kind() == provider;
        let running = match external_call_id.as_deref() {
            Some(id) if simulated || (asterisk && ours) => state.telephony.is_running(id).await,
            _ => None,
        };
        let forgotten = match running {
            Some(running) => !running,
            // It cannot be asked now: only what is too old to be true is closed.
            None if asterisk => now - created_at > STALE,
            None => !simulated || alone || now - created_at > longest,
        };
        if !forgotten {
            continue;
        }
        let reason = if simulated { "restart" } else { "lost" };
        tracing::warn!(%call, reason, "closing a call the telephone system does not know");
        let event = CallEvent {
            provider,
            external_call_id,
            reference: Some(call.0),
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
