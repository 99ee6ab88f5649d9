//! Working on a task: begun, put back, closed with its outcome and all that follows (SPEC §6.6).

use chrono::{DateTime, Utc};
use serde_json::json;

use super::again::{call_again, plan_rest};
use super::cancel::cancel_do_not_call;
use super::place::relead;
use super::row::{TaskRow, find, get, tasks};
use super::{emit_queue_changed, emit_updated};
use crate::calls::agent_status;
use crate::clock::Clock;
use crate::customers::store::{InteractionKind, NewInteraction, interaction};
use crate::customers::{ValueStage, changes};
use crate::db::{Arg, CustomerId, DbError, OrderId, PhoneNumber, Sql, TaskId, Tx, UserId};
use crate::error::{Error, Result};
use crate::live::{Audience, emit};
use crate::messages;
use crate::orders::store::put_order;
use crate::orders::{NewLine, NewOrder, OrderContext, OrderCustomer, ProductRef};
use crate::tasks::change::{Basket, Change, Closing, may_become};
use crate::tasks::settings;
use crate::tasks::{Outcome, SubReason, Task, TaskStatus};

/// Who changes a task, and when.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// Now and today.
    pub clock: &'a Clock,
    /// The person.
    pub by: UserId,
}

fn closed(row: &TaskRow) -> Error {
    Error::conflict("illegal_transition", format!("The task is {} already.", row.status))
}

/// Applies a checked change to a task whose row the caller holds ([`super::locked`]).
pub async fn change(
    tx: &mut Tx,
    act: &Act<'_>,
    row: TaskRow,
    change: Change,
    notes: Option<&str>,
) -> Result<Task> {
    let to = match &change {
        Change::Begin => TaskStatus::InProgress,
        Change::PutBack => TaskStatus::Pending,
        Change::Close(closing) => closing.status,
    };
    if !may_become(row.status, to) {
        return Err(closed(&row));
    }
    let id = row.id;
    match change {
        // Told twice.
        Change::Begin | Change::PutBack if row.status == to => return get(tx, id).await,
        Change::Begin => begin(tx, act, &row).await?,
        Change::PutBack => put_back(tx, act, &row).await?,
        Change::Close(closing) => {
            if row.status == to {
                let same = row.outcome == closing.outcome && row.sub_reason == closing.sub_reason;
                return if same { get(tx, id).await } else { Err(closed(&row)) };
            }
            close(tx, act, row, *closing, notes).await?;
        }
    }
    let row = find(tx, id).await?;
    let task = tasks(tx, row.into_iter().collect()).await?.pop().ok_or_else(super::not_found)?;
    emit_updated(tx, act.clock.now(), &task, None);
    Ok(task)
}

async fn begin(tx: &mut Tx, act: &Act<'_>, row: &TaskRow) -> Result<(), DbError> {
    let now = act.clock.now();
    tx.execute(
        Sql::new(
            "UPDATE crm_call_tasks SET status = 'in_progress', updated_at = $1,
               started_at = COALESCE(started_at, $1), assigned_to = COALESCE(assigned_to, $2)
             WHERE id = $3",
        )
        .bind(now)
        .bind(act.by)
        .bind(row.id),
    )
    .await?;
    // From here on the server holds what is typed, also for a call made by other means.
    let agent = row.assigned_to.unwrap_or(act.by);
    tx.execute(
        Sql::new(
            "INSERT INTO wrap_ups (task_id, user_id, state, since, basket, updated_at)
             VALUES ($1, $2, 'wrap_up', $3, $4, $3) ON CONFLICT (task_id) DO NOTHING",
        )
        .bind(row.id)
        .bind(agent)
        .bind(now)
        .bind(json!([])),
    )
    .await?;
    wrap_up_changed(tx, now, row.id, agent);
    Ok(())
}

async fn put_back(tx: &mut Tx, act: &Act<'_>, row: &TaskRow) -> Result<()> {
    let now = act.clock.now();
    let calling: Option<TaskId> = tx
        .optional_scalar(
            Sql::new("SELECT task_id FROM wrap_ups WHERE task_id = $1 AND state = 'calling'")
                .bind(row.id),
        )
        .await?;
    if calling.is_some() {
        return Err(Error::conflict("call_running", "Hang up before putting the task back."));
    }
    let mut row = row.clone();
    let mut points = std::mem::take(&mut row.talking_points.0);
    for point in &mut points {
        point.joined_at = None;
    }
    relead(&mut row, &mut points);
    tx.execute(
        Sql::new(
            "UPDATE crm_call_tasks SET status = 'pending', talking_points = $1, kind = $2,
               reason = $3, category_id = $4, script_key = $5, updated_at = $6
             WHERE id = $7",
        )
        .bind(Arg::json(&points))
        .bind(row.kind)
        .bind(&row.reason)
        .bind(row.category_id)
        .bind(&row.script_key)
        .bind(now)
        .bind(row.id),
    )
    .await?;
    let agent = row.assigned_to.unwrap_or(act.by);
    drop_wrap_up(tx, now, row.id, agent).await?;
    Ok(())
}

fn wrap_up_changed(tx: &mut Tx, now: DateTime<Utc>, task: TaskId, agent: UserId) {
    let audience = Audience::Agent(agent);
    emit(tx, now, audience, "wrapup.updated", &json!({"taskId": task, "userId": agent}));
}

/// The wrap-up is done.
async fn drop_wrap_up(
    tx: &mut Tx,
    now: DateTime<Utc>,
    task: TaskId,
    agent: UserId,
) -> Result<(), DbError> {
    let dropped =
        tx.execute(Sql::new("DELETE FROM wrap_ups WHERE task_id = $1").bind(task)).await?;
    if dropped == 0 {
        return Ok(());
    }
    wrap_up_changed(tx, now, task, agent);
    let others: i64 =
        tx.scalar(Sql::new("SELECT count(*) FROM wrap_ups WHERE user_id = $1").bind(agent)).await?;
    if others == 0 { agent_status::wrap_up_done(tx, now, agent).await } else { Ok(()) }
}

async fn close(
    tx: &mut Tx,
    act: &Act<'_>,
    row: TaskRow,
    closing: Closing,
    notes: Option<&str>,
) -> Result<()> {
    let now = act.clock.now();
    let (order, customer) = take_order(tx, act, &row, &closing).await?;
    let notes = match (notes.map(str::trim).filter(|n| !n.is_empty()), row.notes.as_deref()) {
        (Some(typed), Some(known)) if !known.is_empty() => Some(format!("{typed}\n{known}")),
        (Some(typed), _) => Some(typed.to_owned()),
        (None, known) => known.map(str::to_owned),
    };
    tx.execute(
        Sql::new(
            "UPDATE crm_call_tasks SET status = $1, outcome = $2, sub_reason = $3, notes = $4,
               order_id = $5, customer_id = $6, assigned_to = COALESCE(assigned_to, $7),
               started_at = COALESCE(started_at, $8), completed_at = $8, updated_at = $8
             WHERE id = $9",
        )
        .bind(closing.status)
        .bind(closing.outcome)
        .bind(closing.sub_reason)
        .bind(notes.as_ref())
        .bind(order)
        .bind(customer)
        .bind(act.by)
        .bind(now)
        .bind(row.id),
    )
    .await?;
    let agent = row.assigned_to.unwrap_or(act.by);
    drop_wrap_up(tx, now, row.id, agent).await?;
    emit_queue_changed(tx, now, agent, row.task_date, "task_closed");
    if let Some(customer) = customer {
        tell_timeline(tx, act, &row, &closing, customer, order, notes.as_deref()).await?;
        if closing.sub_reason == Some(SubReason::DoNotCall) {
            do_not_call(tx, act, customer, row.id).await?;
        }
        write_after(tx, act, &row, &closing, customer).await?;
    }
    call_again(tx, act, &row, &closing, notes.as_deref()).await?;
    let row = TaskRow { customer_id: customer, ..row };
    plan_rest(tx, act, &row, &closing).await
}

/// The order the call came to, and the customer (an unknown number becomes one by ordering).
async fn take_order(
    tx: &mut Tx,
    act: &Act<'_>,
    row: &TaskRow,
    closing: &Closing,
) -> Result<(Option<OrderId>, Option<CustomerId>)> {
    if let Some(id) = closing.order_id {
        let of: Option<CustomerId> = tx
            .optional_scalar(Sql::new("SELECT customer_id FROM orders WHERE id = $1").bind(id))
            .await?;
        if of.is_none() || (row.customer_id.is_some() && of != row.customer_id) {
            return Err(Error::invalid(
                "unknown_order",
                "orderId",
                "This customer has no such order.",
            ));
        }
        return Ok((Some(id), of));
    }
    let Some(basket) = &closing.order else {
        return Ok((None, row.customer_id));
    };
    let context =
        OrderContext { now: act.clock.now(), today: act.clock.today(), user: Some(act.by) };
    let put = put_order(tx, &context, new_order(row, basket)?).await?;
    let customer: CustomerId = tx
        .scalar(Sql::new("SELECT customer_id FROM orders WHERE id = $1").bind(put.order_id))
        .await?;
    Ok((Some(put.order_id), Some(customer)))
}

fn new_order(row: &TaskRow, basket: &Basket) -> Result<NewOrder> {
    let customer = match row.customer_id {
        Some(id) => OrderCustomer::Id(id),
        None => OrderCustomer::Phone {
            phone: PhoneNumber::parse(&row.phone).map_err(|_| {
                Error::conflict("no_phone", "Nobody can order from a withheld number.")
            })?,
            name: None,
            address: None,
            district: None,
        },
    };
    Ok(NewOrder {
        source: "call".to_owned(),
        external_id: format!("task:{}", row.id),
        order_no: None,
        customer,
        placed: None,
        status: None,
        discount: basket.discount,
        delivery_charge: basket.delivery_charge,
        fees: None,
        refunded: None,
        payment_method: basket.payment_method.clone(),
        note: basket.note.clone(),
        task_id: Some(row.id),
        lines: basket
            .lines
            .iter()
            .map(|line| NewLine {
                product: ProductRef::Id(line.product_id),
                quantity: line.quantity,
                unit_price: None,
            })
            .collect(),
    })
}

async fn tell_timeline(
    tx: &mut Tx,
    act: &Act<'_>,
    row: &TaskRow,
    closing: &Closing,
    customer: CustomerId,
    order: Option<OrderId>,
    notes: Option<&str>,
) -> Result<(), DbError> {
    let now = act.clock.now();
    let failed = closing.status == TaskStatus::Failed;
    interaction(
        tx,
        NewInteraction {
            customer_id: customer,
            kind: InteractionKind::Task,
            at: now,
            user_id: Some(act.by),
            direction: None,
            summary: if failed { "task.failed" } else { "task.completed" },
            text: notes.map(str::to_owned),
            data: json!({
                "taskId": row.id, "kind": row.kind, "outcome": closing.outcome,
                "subReason": closing.sub_reason, "orderId": order,
            }),
            reference: Some(format!("task:{}:closed", row.id)),
        },
    )
    .await?;
    // Somebody was spoken to, also where the call was logged by hand.
    if closing.outcome.is_some_and(|outcome| outcome != Outcome::NoResponse) {
        tx.execute(
            Sql::new(
                "UPDATE customers SET last_contact_at = $1
                 WHERE id = $2 AND (last_contact_at IS NULL OR last_contact_at < $1)",
            )
            .bind(now)
            .bind(customer),
        )
        .await?;
    }
    Ok(())
}

/// A message follows the call, or the one that was to follow an earlier call is not needed any more.
async fn write_after(
    tx: &mut Tx,
    act: &Act<'_>,
    row: &TaskRow,
    closing: &Closing,
    customer: CustomerId,
) -> Result<(), DbError> {
    let Some(outcome) = closing.outcome else { return Ok(()) };
    let (now, today) = (act.clock.now(), act.clock.today());
    if !messages::leaves_open(outcome, closing.sub_reason) {
        return messages::store::call_settled(tx, now, today, customer).await;
    }
    let value = row.value_stage.unwrap_or(ValueStage::Normal);
    if !messages::follows_call(row.temperature, value, row.kind, outcome, closing.sub_reason) {
        return Ok(());
    }
    let most = settings::plan(tx).await?.most_messages;
    let about = row.talking_points.0.first().map(|point| point.reason.params.clone());
    let about = about.unwrap_or_default();
    messages::store::follow_call(tx, now, today, most, customer, &about).await
}

/// Flags the customer and takes every other waiting task of theirs off the queues.
async fn do_not_call(tx: &mut Tx, act: &Act<'_>, customer: CustomerId, task: TaskId) -> Result<()> {
    let now = act.clock.now();
    let flagged = tx
        .execute(
            Sql::new(
                "UPDATE customers SET do_not_call = TRUE, do_not_call_reason = 'asked on a call',
               do_not_call_at = $1, updated_at = $1 WHERE id = $2 AND NOT do_not_call",
            )
            .bind(now)
            .bind(customer),
        )
        .await?;
    if flagged == 1 {
        let was = json!({"doNotCall": false, "doNotCallReason": null});
        let is = json!({"doNotCall": true, "doNotCallReason": "asked on a call"});
        changes::record(tx, now, act.by, customer, &was, &is).await?;
    }
    cancel_do_not_call(tx, now, customer, Some(task)).await?;
    Ok(())
}
