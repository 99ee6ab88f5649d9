//! The order of an agent's queue, and its counts. Pure.

use chrono::{DateTime, NaiveDate, TimeDelta, Timelike as _, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use utoipa::ToSchema;

use super::points::Point;
use super::store::TaskRow;
use super::{TaskKind, TaskOrigin, TaskStatus};
use crate::customers::Temperature;

/// A promise moves to the front this long before its hour.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

/// A day's tasks, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueueCounts {
    /// All but cancelled and expired ones.
    pub total: u32,
    /// Waiting.
    pub pending: u32,
    /// Being worked on.
    pub in_progress: u32,
    /// Done.
    pub completed: u32,
    /// Could not be done.
    pub failed: u32,
    /// No longer needed.
    pub cancelled: u32,
    /// Of hot customers, not cancelled.
    pub hot: u32,
    /// Of warm customers.
    pub warm: u32,
    /// Of cold customers.
    pub cold: u32,
    /// Promises, not cancelled.
    pub promised: u32,
}

/// Counts the tasks of `day`; earlier days' unfinished ones are the backlog, not counted here.
pub fn counts(rows: &[TaskRow], day: NaiveDate) -> QueueCounts {
    let mut counts = QueueCounts::default();
    for row in rows.iter().filter(|row| row.task_date == day) {
        match row.status {
            TaskStatus::Pending => counts.pending += 1,
            TaskStatus::InProgress => counts.in_progress += 1,
            TaskStatus::Completed => counts.completed += 1,
            TaskStatus::Failed => counts.failed += 1,
            TaskStatus::Cancelled => {
                counts.cancelled += 1;
                continue;
            }
            TaskStatus::Expired => continue,
        }
        counts.total += 1;
        match row.temperature {
            Temperature::Hot => counts.hot += 1,
            Temperature::Warm => counts.warm += 1,
            Temperature::Cold => counts.cold += 1,
        }
        counts.promised += u32::from(row.origin == TaskOrigin::Promise);
    }
    counts
}

/// Where a task stands in the queue: what is under way, promises whose hour has come, customers who
/// called or complained (also if something is promised them for later), retries whose hour has come, the day's planned calls, what was carried over, what is for later,
/// what is finished.
fn place(row: &TaskRow, day: NaiveDate, now: DateTime<Utc>) -> u8 {
    match row.status {
        TaskStatus::InProgress => 0,
        TaskStatus::Pending => match row.due_at {
            Some(due) if due <= now + AHEAD && row.origin == TaskOrigin::Retry => 3,
            Some(due) if due <= now + AHEAD => 1,
            _ if row.talking_points.0.first().is_some_and(Point::is_urgent) => 2,
            Some(_) => 6,
            None if row.kind == TaskKind::MissedCall => 2,
            None if row.task_date < day => 5,
            None => 4,
        },
        TaskStatus::Completed | TaskStatus::Failed => 7,
        TaskStatus::Cancelled | TaskStatus::Expired => 8,
    }
}

/// Puts an agent's tasks in the order they are to be worked.
pub fn order(rows: &mut [TaskRow], day: NaiveDate, now: DateTime<Utc>, zone: Tz) {
    let hour = Some(i64::from(now.with_timezone(&zone).hour()));
    rows.sort_by(|a, b| {
        let (at, bt) = (place(a, day, now), place(b, day, now));
        at.cmp(&bt)
            .then_with(|| match at {
                0 => a.started_at.cmp(&b.started_at),
                1 | 3 | 6 => a.due_at.cmp(&b.due_at),
                2 => a.created_at.cmp(&b.created_at),
                // Whoever is likeliest to answer now before those who are later.
                4 | 5 => a
                    .priority
                    .cmp(&b.priority)
                    .then_with(|| (b.best_hour == hour).cmp(&(a.best_hour == hour)))
                    .then_with(|| b.score.total_cmp(&a.score)),
                _ => b.completed_at.cmp(&a.completed_at),
            })
            .then_with(|| a.id.cmp(&b.id))
    });
}
