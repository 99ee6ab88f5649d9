//! Call tasks in the database.

mod again;
mod amend;
mod assign;
mod cancel;
mod close;
mod hand_over;
mod inbound;
mod insert;
mod missed;
mod place;
mod row;
mod visible;
mod wrap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Task;
use crate::db::{Tx, UserId};
use crate::live::{Audience, emit};

pub(super) use again::follow_up_point;
pub use amend::hold;
pub use assign::assign;
pub use cancel::{cancel_do_not_call, cancel_reminders};
pub use close::{Act, change};
pub use hand_over::hand_over;
pub use inbound::{Taken, bind_inbound};
pub use insert::NewTask;
pub use missed::{Missed, least_loaded, missed_call, withdraw_missed_call};
pub use place::{Placed, place};
pub use row::{LATEST, TaskRow, find, get, latest, named, not_found, rows, select, tasks};
pub use visible::{agent_in_scope, locked, promises, queue, visible};
pub use wrap::call_state;

/// Tells the task's agent and team leader what it looks like now.
pub fn emit_updated(tx: &mut Tx, now: DateTime<Utc>, task: &Task, reason: Option<&Value>) {
    let audience = Audience::of(task.assigned_to);
    emit(tx, now, audience, "task.updated", &json!({"task": task, "reason": reason}));
}

/// Tells an agent and their team leader that the queue of a day has other tasks now.
pub fn emit_queue_changed(
    tx: &mut Tx,
    now: DateTime<Utc>,
    agent: UserId,
    day: chrono::NaiveDate,
    reason: &'static str,
) {
    let audience = Audience::Agent(agent);
    let data = json!({"agentId": agent, "date": day, "reason": reason});
    emit(tx, now, audience, "queue.changed", &data);
}
