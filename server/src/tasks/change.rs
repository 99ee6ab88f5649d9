//! What may be said about a task when its status changes (SPEC §6.6). Pure.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Outcome, SubReason, TaskStatus};
use crate::db::{Money, OrderId, ProductId};
use crate::error::{Error, Result};

/// Longest notes, characters.
pub const MAX_NOTES: usize = 4_000;
/// How far ahead a follow-up can be promised.
pub const MAX_FOLLOW_UP: TimeDelta = TimeDelta::days(365);
/// Most lines in the basket.
const MAX_LINES: usize = 50;
/// Most packs of a line.
const MAX_QUANTITY: i64 = 10_000;

/// A product in the basket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketLine {
    /// What.
    pub product_id: ProductId,
    /// Packs.
    pub quantity: i64,
}

/// The order of a call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Basket {
    /// At least one.
    pub lines: Vec<BasketLine>,
    /// Poisha off.
    pub discount: Option<Money>,
    /// Poisha for delivery.
    pub delivery_charge: Option<Money>,
    /// Default cash on delivery.
    pub payment_method: Option<String>,
    /// Free text.
    pub note: Option<String>,
}

/// A change of status as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusChange {
    /// `in_progress`, `completed`, `failed` or `pending`.
    #[schema(value_type = Option<TaskStatus>)]
    pub status: Option<String>,
    /// Required to complete.
    #[schema(value_type = Option<Outcome>)]
    pub outcome: Option<String>,
    /// More exactly.
    #[schema(value_type = Option<SubReason>)]
    pub sub_reason: Option<String>,
    /// Free text.
    pub notes: Option<String>,
    /// When to call again; required for the outcome `follow_up`.
    pub follow_up_at: Option<String>,
    /// The basket; required for the outcome `ordered`, unless there is an `orderId` or the customer
    /// had ordered already.
    pub order: Option<Basket>,
    /// An order already taken for the customer.
    pub order_id: Option<OrderId>,
}

/// How a task is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Completed or failed.
    pub status: TaskStatus,
    /// Always there when completed.
    pub outcome: Option<Outcome>,
    /// More exactly.
    pub sub_reason: Option<SubReason>,
    /// Promised time.
    pub follow_up_at: Option<DateTime<Utc>>,
    /// What was ordered.
    pub order: Option<Basket>,
    /// Or an order that exists.
    pub order_id: Option<OrderId>,
}

/// A change that has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Work begins.
    Begin,
    /// Back on the queue.
    PutBack,
    /// Done with.
    Close(Box<Closing>),
}

/// Reads one of the contract's words.
pub fn word<T>(
    text: &str,
    field: &'static str,
    code: &'static str,
    allowed: impl IntoIterator<Item = T>,
) -> Result<T>
where
    T: std::str::FromStr<Err = ()> + std::fmt::Display,
{
    text.parse().map_err(|()| {
        Error::invalid(code, field, "This is none of the values allowed.").allowed(allowed)
    })
}

/// Reads an outcome.
pub fn outcome(text: &str) -> Result<Outcome> {
    word(text, "outcome", "unknown_outcome", Outcome::ALL.iter().copied())
}

/// Reads a sub-reason.
pub fn sub_reason(text: &str) -> Result<SubReason> {
    word(text, "subReason", "unknown_sub_reason", SubReason::ALL.iter().copied())
}

/// Reads an instant.
pub fn instant(text: &str, field: &str) -> Result<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).map(|at| at.with_timezone(&Utc)).map_err(|_| {
        Error::invalid(
            "invalid_instant",
            field,
            "Send date and time with zone, e.g. 2026-11-21T10:00:00Z.",
        )
    })
}

/// Checks the length of notes.
pub fn check_notes(notes: Option<&str>) -> Result<()> {
    if notes.is_some_and(|notes| notes.chars().count() > MAX_NOTES) {
        return Err(Error::invalid(
            "too_long",
            "notes",
            format!("At most {MAX_NOTES} characters."),
        ));
    }
    Ok(())
}

/// Checks a basket's lines.
pub fn check_lines(lines: &[BasketLine], field: &str) -> Result<()> {
    if lines.len() > MAX_LINES {
        return Err(Error::invalid("too_many_lines", field, format!("At most {MAX_LINES} lines.")));
    }
    for (n, line) in lines.iter().enumerate() {
        if !(1..=MAX_QUANTITY).contains(&line.quantity) {
            return Err(Error::invalid(
                "invalid_quantity",
                &format!("{field}[{n}].quantity"),
                format!("A quantity is 1 to {MAX_QUANTITY} packs."),
            ));
        }
    }
    Ok(())
}

/// Checks a time for the next call.
pub fn check_follow_up(at: DateTime<Utc>, now: DateTime<Utc>, field: &str) -> Result<()> {
    let code =
        |end: &str| format!("{}_{end}", if field == "dueAt" { "due_at" } else { "follow_up_at" });
    if at <= now {
        return Err(Error::invalid(&code("past"), field, "The time to call again is over."));
    }
    if at > now + MAX_FOLLOW_UP {
        return Err(Error::invalid(
            &code("too_far"),
            field,
            format!("At most {} days ahead.", MAX_FOLLOW_UP.num_days()),
        ));
    }
    Ok(())
}

/// What a change of status asks for; everything that can be checked without the database is.
pub fn read(sent: &StatusChange, now: DateTime<Utc>) -> Result<Change> {
    check_notes(sent.notes.as_deref())?;
    let allowed =
        [TaskStatus::InProgress, TaskStatus::Completed, TaskStatus::Failed, TaskStatus::Pending];
    let Some(status) = sent.status.as_deref() else {
        return Err(
            Error::invalid("status_required", "status", "Say which status.").allowed(allowed)
        );
    };
    let status = word(status, "status", "unknown_status", allowed)?;
    let outcome = sent.outcome.as_deref().map(outcome).transpose()?;
    let sub_reason = sent.sub_reason.as_deref().map(sub_reason).transpose()?;
    let follow_up_at =
        sent.follow_up_at.as_deref().map(|text| instant(text, "followUpAt")).transpose()?;
    match status {
        TaskStatus::InProgress | TaskStatus::Pending => {
            if outcome.is_some() {
                return Err(Error::invalid(
                    "outcome_unexpected",
                    "outcome",
                    "Only a completed or failed task has an outcome.",
                ));
            }
            Ok(if status == TaskStatus::Pending { Change::PutBack } else { Change::Begin })
        }
        TaskStatus::Completed | TaskStatus::Failed => {
            let closing = Closing {
                status,
                outcome,
                sub_reason,
                follow_up_at,
                order: sent.order.clone(),
                order_id: sent.order_id,
            };
            check_closing(&closing, now)?;
            Ok(Change::Close(Box::new(closing)))
        }
        TaskStatus::Cancelled | TaskStatus::Expired => {
            Err(Error::invalid("unknown_status", "status", "Nobody sets this status by hand.")
                .allowed(allowed))
        }
    }
}

fn check_closing(closing: &Closing, now: DateTime<Utc>) -> Result<()> {
    let Some(outcome) = closing.outcome else {
        if closing.status == TaskStatus::Completed {
            return Err(Error::invalid(
                "outcome_required",
                "outcome",
                "A call is completed with its outcome.",
            )
            .allowed(Outcome::ALL.iter().copied()));
        }
        return Ok(());
    };
    match (outcome, closing.follow_up_at) {
        (Outcome::FollowUp, None) => {
            return Err(Error::invalid(
                "follow_up_at_required",
                "followUpAt",
                "Say when to call again.",
            ));
        }
        (Outcome::FollowUp, Some(at)) => check_follow_up(at, now, "followUpAt")?,
        (_, Some(_)) => {
            return Err(Error::invalid(
                "follow_up_at_unexpected",
                "followUpAt",
                "Only the outcome follow_up has a time to call again.",
            ));
        }
        (_, None) => {}
    }
    let has_order = closing.order.is_some() || closing.order_id.is_some();
    if outcome == Outcome::Ordered {
        if closing.status == TaskStatus::Failed {
            return Err(Error::invalid("outcome_unexpected", "outcome", "An order is no failure."));
        }
        if !has_order && closing.sub_reason != Some(SubReason::AlreadyOrdered) {
            return Err(Error::invalid(
                "order_required",
                "order",
                "Send the basket, or the sub-reason already_ordered.",
            ));
        }
    } else if has_order {
        return Err(Error::invalid(
            "order_unexpected",
            "order",
            "Only the outcome ordered has an order.",
        ));
    }
    if let Some(order) = &closing.order {
        if order.lines.is_empty() {
            return Err(Error::invalid("order_required", "order.lines", "The basket is empty."));
        }
        check_lines(&order.lines, "order.lines")?;
    }
    Ok(())
}

/// Whether a task may go from one status to another; the same again is nothing new.
pub fn may_become(from: TaskStatus, to: TaskStatus) -> bool {
    use TaskStatus::{Completed, Failed, InProgress, Pending};
    from == to
        || matches!(
            (from, to),
            (Pending, InProgress | Completed | Failed) | (InProgress, Completed | Failed | Pending)
        )
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;
    use proptest::prelude::*;

    use super::*;

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 21, 4, 30, 0).single().unwrap_or_default()
    }

    fn sent(status: &str, outcome: Option<&str>) -> StatusChange {
        StatusChange {
            status: Some(status.to_owned()),
            outcome: outcome.map(str::to_owned),
            ..StatusChange::default()
        }
    }

    fn refused(change: &StatusChange) -> String {
        read(change, now()).expect_err("is refused").code().to_owned()
    }

    #[test]
    fn completing_needs_what_its_outcome_needs() {
        assert_eq!(refused(&sent("completed", None)), "outcome_required");
        assert_eq!(refused(&sent("completed", Some("happy"))), "unknown_outcome");
        assert_eq!(refused(&sent("completed", Some("follow_up"))), "follow_up_at_required");
        assert_eq!(refused(&sent("completed", Some("ordered"))), "order_required");
        let at = |text: &str| StatusChange {
            follow_up_at: Some(text.to_owned()),
            ..sent("completed", Some("follow_up"))
        };
        assert_eq!(refused(&at("2026-11-21T04:30:00Z")), "follow_up_at_past");
        assert_eq!(refused(&at("2027-11-22T04:30:00Z")), "follow_up_at_too_far");
        assert_eq!(refused(&at("tomorrow")), "invalid_instant");
        assert!(read(&at("2026-11-21T10:31:00+06:00"), now()).is_ok());
        let already = StatusChange {
            sub_reason: Some("already_ordered".to_owned()),
            ..sent("completed", Some("ordered"))
        };
        assert!(read(&already, now()).is_ok());
    }

    #[test]
    fn what_does_not_belong_is_refused() {
        assert_eq!(refused(&sent("in_progress", Some("ordered"))), "outcome_unexpected");
        assert_eq!(refused(&sent("cancelled", None)), "unknown_status");
        assert_eq!(refused(&StatusChange::default()), "status_required");
        let basket = Basket {
            lines: vec![BasketLine { product_id: ProductId(1), quantity: 0 }],
            discount: None,
            delivery_charge: None,
            payment_method: None,
            note: None,
        };
        let with = |outcome| StatusChange {
            order: Some(basket.clone()),
            ..sent("completed", Some(outcome))
        };
        assert_eq!(refused(&with("not_interested")), "order_unexpected");
        assert_eq!(refused(&with("ordered")), "invalid_quantity");
    }

    proptest! {
        #[test]
        fn what_is_closed_stays_closed(from in 0..6_usize, to in 0..6_usize) {
            let (from, to) = (TaskStatus::ALL[from], TaskStatus::ALL[to]);
            if from != to && !matches!(from, TaskStatus::Pending | TaskStatus::InProgress) {
                prop_assert!(!may_become(from, to));
            }
        }
    }
}
