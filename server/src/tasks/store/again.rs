//! The call that follows a closed task.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::close::Act;
use super::insert::NewTask;
use super::place::place;
use super::row::TaskRow;
use crate::clock::Clock;
use crate::db::{Sql, Tx};
use crate::error::Result;
use crate::tasks::change::Closing;
use crate::tasks::points::{Point, Reason, lead};
use crate::tasks::retry::next_try;
use crate::tasks::settings;
use crate::tasks::{Outcome, SubReason, TaskKind, TaskOrigin};

/// The call that follows: the promised one, or another try of a call nobody took. Of a planned call
/// that is the plan's work too: it gives way to promises, and expires.
pub(super) async fn call_again(
    tx: &mut Tx,
    act: &Act<'_>,
    row: &TaskRow,
    closing: &Closing,
    notes: Option<&str>,
) -> Result<()> {
    let unreachable = matches!(
        closing.sub_reason,
        Some(SubReason::DoNotCall | SubReason::WrongNumber | SubReason::AlreadyOrdered)
    );
    let tries = row.attempts.max(1);
    let is_retry = closing.outcome == Some(Outcome::NoResponse) && !unreachable;
    let at = match closing.follow_up_at {
        Some(at) => at,
        None if is_retry => {
            let settings = settings::plan(tx).await?;
            // After so many the matter is given up.
            if tries >= i64::from(settings.most_attempts) {
                return Ok(());
            }
            let tried = act.clock.now().with_timezone(&act.clock.zone()).naive_local();
            act.clock.instant(next_try(&settings.calling_hours, closing.sub_reason, tried))
        }
        None => return Ok(()),
    };
    let promised = closing.follow_up_at.is_some();
    let new = NewTask {
        customer: row.customer_id,
        phone: row.phone.clone(),
        day: act.clock.day_of(at),
        kind: if promised { TaskKind::FollowUp } else { row.kind },
        origin: match row.origin {
            TaskOrigin::Plan | TaskOrigin::Retry if !promised => TaskOrigin::Retry,
            _ => TaskOrigin::Promise,
        },
        points: if promised {
            vec![follow_up_point(act.clock, at, notes)]
        } else {
            row.talking_points.0.clone()
        },
        due_at: Some(at),
        notes: None,
        agent: Some(row.assigned_to.unwrap_or(act.by)),
        parent: Some(row.id),
        attempts: if promised { 0 } else { tries },
        by: Some(act.by),
    };
    place(tx, act.clock.now(), act.clock.today(), &new).await?;
    Ok(())
}

/// What joined the task after its last call began was not spoken about: it is planned again, for
/// today. Not for customers who cannot or must not be called.
pub(super) async fn plan_rest(
    tx: &mut Tx,
    act: &Act<'_>,
    row: &TaskRow,
    closing: &Closing,
) -> Result<()> {
    let over = matches!(closing.sub_reason, Some(SubReason::DoNotCall | SubReason::WrongNumber));
    let joined: Vec<&Point> =
        row.talking_points.0.iter().filter(|point| point.joined_at.is_some()).collect();
    if over || joined.is_empty() {
        return Ok(());
    }
    let called: Option<DateTime<Utc>> = tx
        .optional_scalar(
            Sql::new(
                "SELECT started_at FROM telephony_calls WHERE task_id = $1
                 ORDER BY started_at DESC LIMIT 1",
            )
            .bind(row.id),
        )
        .await?;
    let mut points: Vec<Point> = joined
        .into_iter()
        .filter(|point| called.is_none_or(|called| point.joined_at > Some(called)))
        .map(|point| Point { joined_at: None, ..point.clone() })
        .collect();
    lead(&mut points, TaskKind::Reminder);
    let Some(kind) = points.first().map(|main| main.kind) else {
        return Ok(());
    };
    let now = act.clock.now();
    let due_at = row.due_at.filter(|due| *due > now && points.iter().any(Point::has_hour));
    let origin = match kind {
        _ if due_at.is_some() && row.origin == TaskOrigin::Promise => TaskOrigin::Promise,
        TaskKind::MissedCall => TaskOrigin::MissedCall,
        _ => TaskOrigin::Manual,
    };
    let new = NewTask {
        customer: row.customer_id,
        phone: row.phone.clone(),
        day: act.clock.today(),
        kind,
        origin,
        points,
        due_at,
        notes: None,
        agent: Some(row.assigned_to.unwrap_or(act.by)),
        parent: None,
        attempts: 0,
        by: Some(act.by),
    };
    place(tx, now, act.clock.today(), &new).await?;
    Ok(())
}

/// What was promised, when, in the agent's own words.
pub(in crate::tasks) fn follow_up_point(
    clock: &Clock,
    at: DateTime<Utc>,
    notes: Option<&str>,
) -> Point {
    let mut params = Map::new();
    let time = at.with_timezone(&clock.zone()).format("%H:%M").to_string();
    params.insert("time".to_owned(), Value::String(time));
    if let Some(notes) = notes.and_then(|notes| notes.lines().next()) {
        params.insert("note".to_owned(), Value::String(notes.to_owned()));
    }
    Point::new(TaskKind::FollowUp, Reason { code: "follow_up".to_owned(), params })
}
