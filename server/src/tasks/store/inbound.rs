//! A talk with a customer who called is the work on their open task (SPEC §4.5, §6.6).

use chrono::{DateTime, NaiveDate, Utc};

use super::amend::hold;
use super::emit_queue_changed;
use super::insert::{INBOUND, NewTask};
use super::place::{Placed, open_task, place};
use super::row::find;
use crate::auth::Role;
use crate::db::{CustomerId, DbError, PhoneNumber, Sql, TaskId, Tx, UserId};
use crate::tasks::points::Point;
use crate::tasks::{TaskKind, TaskOrigin};

/// An inbound call that an agent took.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// The caller's number; empty when withheld.
    pub phone: &'a str,
    /// The caller, if known.
    pub customer: Option<CustomerId>,
    /// The person who took it.
    pub agent: UserId,
}

/// The task the talk belongs to, now on the agent's queue: the customer's open one, else a new one.
/// `None`: the person is no agent, the number cannot be called back, or a colleague has an
/// unfinished wrap-up with this customer.
pub async fn bind_inbound(
    tx: &mut Tx,
    now: DateTime<Utc>,
    today: NaiveDate,
    taken: &Taken<'_>,
) -> Result<Option<TaskId>, DbError> {
    let role: Option<Role> = tx
        .optional_scalar(Sql::new("SELECT role FROM users WHERE id = $1").bind(taken.agent))
        .await?;
    if role != Some(Role::Agent)
        || (taken.customer.is_none() && PhoneNumber::parse(taken.phone).is_err())
    {
        return Ok(None);
    }
    let new = NewTask {
        customer: taken.customer,
        phone: taken.phone.to_owned(),
        day: today,
        kind: TaskKind::FollowUp,
        origin: TaskOrigin::Manual,
        points: vec![Point::bare(TaskKind::FollowUp, INBOUND)],
        due_at: None,
        notes: None,
        agent: Some(taken.agent),
        parent: None,
        attempts: 0,
        by: None,
    };
    let task = match open_task(tx, today, &new).await? {
        Some(open) => Some(open),
        None => place(tx, now, today, &new).await?.map(Placed::task),
    };
    let Some(task) = task else {
        return Ok(None);
    };
    hold(tx, task).await?;
    let colleague: Option<UserId> = tx
        .optional_scalar(
            Sql::new("SELECT user_id FROM wrap_ups WHERE task_id = $1 AND user_id <> $2")
                .bind(task)
                .bind(taken.agent),
        )
        .await?;
    let row = find(tx, task).await?;
    let Some(row) = row.filter(|_| colleague.is_none()) else {
        return Ok(None);
    };
    if row.assigned_to != Some(taken.agent) {
        tx.execute(
            Sql::new(
                "UPDATE crm_call_tasks SET assigned_to = $1, customer_id = COALESCE(customer_id, $2),
                   updated_at = $3
                 WHERE id = $4",
            )
            .bind(taken.agent)
            .bind(taken.customer)
            .bind(now)
            .bind(task),
        )
        .await?;
        for agent in [row.assigned_to, Some(taken.agent)].into_iter().flatten() {
            emit_queue_changed(tx, now, agent, row.task_date, "task_moved");
        }
    }
    Ok(Some(task))
}
