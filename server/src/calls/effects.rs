//! What a change of a call means for the rest: the agent's status, the task, the customer's
//! timeline, the screens. Effects hang on the difference between two states of the locked row, so
//! an event that says nothing new has none.

use serde_json::json;

use super::recording::fetch;
use super::store::{self, CallRow};
use super::view::{self, Call};
use super::{CallStatus, Direction, agent_status};
use crate::app::AppState;
use crate::customers::store::{self as customers, InteractionKind, NewInteraction};
use crate::db::{CallId, CustomerId, DbError, Sql, Tx, UserId};
use crate::live::{Audience, emit};
use crate::tasks::WrapState;
use crate::tasks::store::{self as tasks, Missed, Taken};

/// Runs the effects of `before` having become `after`; may note the missed-call task in `after`.
pub async fn run(
    state: &AppState,
    tx: &mut Tx,
    before: &CallRow,
    after: &mut CallRow,
) -> Result<(), DbError> {
    if after.facts.recording != before.facts.recording
        && let Some(recording) = &after.facts.recording
    {
        fetch::wanted(tx, state.clock.now(), after.id, recording).await?;
    }
    missed_task(state, tx, before, after).await?;
    inbound_task(state, tx, after).await?;
    presence(state, tx, before, after).await?;
    if !after.status.is_open() {
        timeline(tx, before, after).await?;
    }
    Ok(())
}

/// A task to call back while nobody took the call; withdrawn if it turns out that somebody did.
async fn missed_task(
    state: &AppState,
    tx: &mut Tx,
    before: &CallRow,
    after: &mut CallRow,
) -> Result<(), DbError> {
    let now = state.clock.now();
    if after.is_missed() && !before.is_missed() && after.meta.missed_task.is_none() {
        let today = state.clock.today();
        let missed = Missed {
            call: Some(after.id),
            phone: &after.customer_phone,
            customer: after.customer_id,
            agent: after.agent_user_id,
        };
        after.meta.missed_task = tasks::missed_call(tx, now, today, &missed).await?;
    } else if matches!(after.status, CallStatus::Answered | CallStatus::Completed)
        && let Some(task) = after.meta.missed_task.take()
    {
        tasks::withdraw_missed_call(tx, now, task, after.id).await?;
    }
    Ok(())
}

/// A talk with a customer who called belongs to the customer's open task, whatever order its events
/// come in.
async fn inbound_task(state: &AppState, tx: &mut Tx, after: &mut CallRow) -> Result<(), DbError> {
    let talked = match after.status {
        CallStatus::Answered => true,
        CallStatus::Completed => after.facts.answered.is_some(),
        _ => false,
    };
    let (Some(agent), None) = (after.agent_user_id, after.task_id) else {
        return Ok(());
    };
    let (now, today) = (state.clock.now(), state.clock.today());
    let is_new = state.clock.day_of(after.derive().started_at) == today;
    if !talked || !is_new || after.facts.direction() != Direction::Inbound {
        return Ok(());
    }
    let taken = Taken { phone: &after.customer_phone, customer: after.customer_id, agent };
    let Some(task) = tasks::bind_inbound(tx, now, today, &taken).await? else {
        return Ok(());
    };
    after.task_id = Some(task);
    let sql = Sql::new("UPDATE telephony_calls SET task_id = $1 WHERE id = $2");
    tx.execute(sql.bind(task).bind(after.id)).await?;
    let open = after.status.is_open();
    let wrap = if open { WrapState::Calling } else { WrapState::WrapUp };
    tasks::call_state(tx, now, task, after.id, wrap).await?;
    Ok(())
}

/// What the agent is doing.
async fn presence(
    state: &AppState,
    tx: &mut Tx,
    before: &CallRow,
    after: &CallRow,
) -> Result<(), DbError> {
    let now = state.clock.now();
    let Some(agent) = after.agent_user_id else {
        return Ok(());
    };
    let inbound = after.facts.direction() == Direction::Inbound;
    let talks =
        |row: &CallRow| row.status == CallStatus::Answered && row.agent_user_id == Some(agent);
    if inbound && talks(after) && !talks(before) {
        return agent_status::on_call(tx, now, agent).await;
    }
    let engaged = |row: &CallRow| row.status.is_open() && row.transferred_to.is_none();
    if !engaged(before) || engaged(after) {
        return Ok(());
    }
    // A task completed before the call was hung up leaves nothing to wrap up.
    if let Some(task) = after.task_id {
        tasks::hold(tx, task).await?;
        tasks::call_state(tx, now, task, after.id, WrapState::WrapUp).await?;
    }
    agent_status::call_over(tx, now, agent).await
}

/// The entry in the customer's timeline: written once, corrected when late events change the story.
async fn timeline(tx: &mut Tx, before: &CallRow, after: &CallRow) -> Result<(), DbError> {
    let Some(customer) = after.customer_id else {
        return Ok(());
    };
    let (row, reference) = (after.derive(), format!("call:{}", after.id));
    if before.customer_id == after.customer_id && before.derive() == row {
        return Ok(());
    }
    let data = json!({
        "callId": after.id,
        "status": row.status,
        "durationSeconds": row.duration_seconds,
        "taskId": after.task_id,
    });
    let entry = NewInteraction {
        customer_id: customer,
        kind: InteractionKind::Call,
        at: row.started_at,
        user_id: after.agent_user_id,
        direction: Some(row.direction),
        summary: summary_code(row.status),
        text: None,
        data,
        reference: Some(reference),
    };
    // Closed before, also one that was closed as lost and went on.
    if !before.status.is_open() || after.facts.lost.is_some() {
        customers::correct_interaction(tx, &entry).await?;
    }
    customers::interaction(tx, entry).await
}

const fn summary_code(status: CallStatus) -> &'static str {
    match status {
        CallStatus::Initiated => "call.initiated",
        CallStatus::Ringing => "call.ringing",
        CallStatus::Answered => "call.answered",
        CallStatus::Completed => "call.completed",
        CallStatus::Missed => "call.missed",
        CallStatus::NoAnswer => "call.no_answer",
        CallStatus::Busy => "call.busy",
        CallStatus::Failed => "call.failed",
        CallStatus::Cancelled => "call.cancelled",
    }
}

#[derive(sqlx::FromRow, serde::Serialize)]
struct Caller {
    id: CustomerId,
    name: String,
    phone: String,
    segment: String,
}

async fn caller(tx: &mut Tx, customer: Option<CustomerId>) -> Result<Option<Caller>, DbError> {
    let Some(customer) = customer else {
        return Ok(None);
    };
    tx.optional(
        Sql::new(
            "SELECT id, name, phone, purchase_stage || '+' || value_stage AS segment
             FROM customers WHERE id = $1",
        )
        .bind(customer),
    )
    .await
}

/// Tells the screens of a call just made.
pub async fn announce_new(
    state: &AppState,
    tx: &mut Tx,
    id: CallId,
    agent: UserId,
) -> Result<(), DbError> {
    let call = view::one(tx, id).await?;
    let audience = Audience::Agent(agent);
    emit(tx, state.clock.now(), audience, "call.updated", &json!({ "call": call }));
    Ok(())
}

/// Tells the screens that the row was written: it is `call` now.
pub async fn announce(
    state: &AppState,
    tx: &mut Tx,
    before: &CallRow,
    after: &CallRow,
    call: &Call,
) -> Result<(), DbError> {
    let now = state.clock.now();
    let audience = Audience::of(after.agent_user_id);
    let pops = after.facts.incoming.is_some() && after.facts.requested.is_none();
    let rings_anew = before.facts.incoming.is_none()
        || (before.agent_user_id != after.agent_user_id && after.agent_user_id.is_some());
    if pops && rings_anew && after.status.is_open() && after.facts.answered.is_none() {
        let customer = caller(tx, after.customer_id).await?;
        let mut data = json!({ "call": call });
        if let Some(customer) = customer {
            data["customer"] = json!(customer);
        }
        emit(tx, now, audience, "call.incoming", &data);
    }
    emit(tx, now, audience, "call.updated", &json!({ "call": call }));
    // It rings there no more.
    if let Some(other) =
        before.agent_user_id.filter(|_| before.agent_user_id != after.agent_user_id)
    {
        let audience = Audience::Agent(other);
        emit(tx, now, audience, "call.updated", &json!({ "call": call }));
    }
    // The person it was passed on to sees it too.
    if let Some(extension) = after.transferred_to.as_deref()
        && let Some(other) = store::user_of_extension(tx, extension).await?
        && Some(other) != after.agent_user_id
    {
        let audience = Audience::Agent(other);
        emit(tx, now, audience, "call.updated", &json!({ "call": call }));
    }
    Ok(())
}
