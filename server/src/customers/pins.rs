//! What people say of a customer's stage and warmth against the rules: pinned with a reason until a
//! day, and the history of every change by rule or person (SPEC §2.5).

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::segment::Segment;
use super::{LifecycleStage, PurchaseStage, Temperature, ValueStage};
use crate::db::{Arg, CustomerId, DbError, Insert, Sql, Tx, UserId, text_enum};

/// Longest time a pin may hold, days.
pub const MOST_DAYS: u64 = 366;

text_enum! {
    /// What of a segment a person may pin.
    pub enum PinField {
        /// The purchase stage.
        PurchaseStage = "purchase_stage",
        /// The value stage: "VIP" for instance.
        ValueStage = "value_stage",
        /// The warmth.
        Temperature = "temperature",
    }
}

text_enum! {
    /// What of a segment changes on record.
    pub enum SegmentField {
        /// The purchase stage.
        PurchaseStage = "purchase_stage",
        /// The value stage.
        ValueStage = "value_stage",
        /// The lifecycle stage.
        LifecycleStage = "lifecycle_stage",
        /// The warmth.
        Temperature = "temperature",
    }
}

/// Who changes a segment, and why; without, the rules do.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// Who.
    pub user: UserId,
    /// Why.
    pub reason: Option<&'a str>,
}

/// What is pinned of a customer on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pinned {
    /// The purchase stage.
    pub purchase_stage: Option<PurchaseStage>,
    /// The value stage.
    pub value_stage: Option<ValueStage>,
    /// The warmth.
    pub temperature: Option<Temperature>,
    /// The first day on which one of them holds no more.
    pub ends_on: Option<NaiveDate>,
}

/// The variant with this name.
fn named<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, value: &str) -> Option<T> {
    all.iter().copied().find(|&one| name(one) == value)
}

impl Pinned {
    /// With one more; false if the field has no such value.
    pub fn pin(&mut self, field: PinField, value: &str, until: NaiveDate) -> bool {
        let known = match field {
            PinField::PurchaseStage => {
                self.purchase_stage = named(PurchaseStage::ALL, PurchaseStage::as_str, value);
                self.purchase_stage.is_some()
            }
            PinField::ValueStage => {
                self.value_stage = named(ValueStage::ALL, ValueStage::as_str, value);
                self.value_stage.is_some()
            }
            PinField::Temperature => {
                self.temperature = named(Temperature::ALL, Temperature::as_str, value);
                self.temperature.is_some()
            }
        };
        let ends = until.checked_add_days(Days::new(1));
        if known && (self.ends_on.is_none() || ends < self.ends_on) {
            self.ends_on = ends;
        }
        known
    }
}

impl PinField {
    /// What a segment says of it.
    pub const fn of(self, segment: &Segment) -> &'static str {
        match self {
            Self::PurchaseStage => segment.purchase_stage.as_str(),
            Self::ValueStage => segment.value_stage.as_str(),
            Self::Temperature => segment.temperature.as_str(),
        }
    }

    /// The values there are, in order.
    pub fn values(self) -> Vec<&'static str> {
        match self {
            Self::PurchaseStage => PurchaseStage::ALL.iter().map(|v| v.as_str()).collect(),
            Self::ValueStage => ValueStage::ALL.iter().map(|v| v.as_str()).collect(),
            Self::Temperature => Temperature::ALL.iter().map(|v| v.as_str()).collect(),
        }
    }
}

/// What is pinned of these customers on `today`, by customer.
pub(super) async fn of(
    tx: &mut Tx,
    ids: &[CustomerId],
    today: NaiveDate,
) -> Result<Vec<(CustomerId, Pinned)>, DbError> {
    let mut sql = Sql::new(
        "SELECT customer_id, field, value, until FROM customer_pins
         WHERE until >= $1 AND customer_id",
    )
    .bind(today);
    sql.push_ids(ids.iter().copied()).push(" ORDER BY customer_id");
    let rows: Vec<(CustomerId, PinField, String, NaiveDate)> = tx.all(sql).await?;
    let mut pins: Vec<(CustomerId, Pinned)> = Vec::new();
    for (customer, field, value, until) in rows {
        if pins.last().is_none_or(|(last, _)| *last != customer) {
            pins.push((customer, Pinned::default()));
        }
        if let Some((_, pinned)) = pins.last_mut() {
            pinned.pin(field, &value, until);
        }
    }
    Ok(pins)
}

/// A customer's stored segment.
#[derive(Clone, Copy, Debug, sqlx::FromRow, serde::Deserialize)]
pub(super) struct Before {
    pub(super) id: CustomerId,
    purchase_stage: PurchaseStage,
    value_stage: ValueStage,
    lifecycle_stage: LifecycleStage,
    temperature: Temperature,
    total_orders: i64,
}

/// The stored segments of these customers, by id.
pub(super) async fn before(tx: &mut Tx, ids: &[CustomerId]) -> Result<Vec<Before>, DbError> {
    let columns = "id, purchase_stage, value_stage, lifecycle_stage, temperature, total_orders";
    let mut sql = Sql::new("FROM customers WHERE id");
    sql.push_ids(ids.iter().copied());
    let mut rows: Vec<Before> = tx.packed(columns, sql).await?;
    rows.sort_unstable_by_key(|row| row.id);
    Ok(rows)
}

/// Collects changes of segments.
pub(super) struct Changes<'a> {
    insert: Insert,
    day: NaiveDate,
    by: Option<By<'a>>,
}

impl<'a> Changes<'a> {
    pub(super) fn new(day: NaiveDate, by: Option<By<'a>>) -> Self {
        let columns = ["customer_id", "field", "was", "became", "day", "by_user_id", "reason"];
        Self { insert: Insert::new("customer_stage_changes", &columns, ""), day, by }
    }

    /// What changed of a customer. The rules making somebody of a prospect is what the first order
    /// says already.
    pub(super) fn add(&mut self, before: &Before, after: &Segment) {
        if self.by.is_none() && before.total_orders == 0 {
            return;
        }
        for (field, was, became) in [
            (
                SegmentField::PurchaseStage,
                before.purchase_stage.as_str(),
                after.purchase_stage.as_str(),
            ),
            (SegmentField::ValueStage, before.value_stage.as_str(), after.value_stage.as_str()),
            (
                SegmentField::LifecycleStage,
                before.lifecycle_stage.as_str(),
                after.lifecycle_stage.as_str(),
            ),
            (SegmentField::Temperature, before.temperature.as_str(), after.temperature.as_str()),
        ] {
            if was != became {
                let (user, reason) = (self.by.map(|by| by.user), self.by.and_then(|by| by.reason));
                self.insert.row([
                    before.id.into(),
                    field.into(),
                    was.into(),
                    became.into(),
                    self.day.into(),
                    user.into(),
                    Arg::from(reason),
                ]);
            }
        }
    }

    pub(super) async fn write(self, tx: &mut Tx) -> Result<(), DbError> {
        self.insert.execute(tx).await.map(drop)
    }
}

/// A pin, as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Pin {
    /// What is pinned.
    pub field: PinField,
    /// To what.
    pub value: String,
    /// Why.
    pub reason: String,
    /// The last company day on which it holds.
    pub until: NaiveDate,
    /// Who said so.
    pub pinned_by: UserId,
    /// When.
    pub pinned_at: DateTime<Utc>,
}

/// A change of a customer's segment.
#[derive(Clone, Debug, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Sequence.
    id: i64,
    /// What changed.
    field: SegmentField,
    /// Before.
    was: String,
    /// After.
    became: String,
    /// On which company day.
    day: NaiveDate,
    /// Who pinned it or took the pin off; null: the rules.
    by_user_id: Option<UserId>,
    /// Why, of a pin.
    reason: Option<String>,
}

/// The pins of a customer that hold on `today`.
pub async fn shown(tx: &mut Tx, id: CustomerId, today: NaiveDate) -> Result<Vec<Pin>, DbError> {
    let sql = Sql::new(
        "SELECT field, value, reason, until, pinned_by, pinned_at FROM customer_pins
         WHERE customer_id = $1 AND until >= $2 ORDER BY field",
    );
    tx.all(sql.bind(id).bind(today)).await
}

/// A customer's newest changes.
pub async fn history(tx: &mut Tx, id: CustomerId, most: i64) -> Result<Vec<Change>, DbError> {
    let sql = Sql::new(
        "SELECT id, field, was, became, day, by_user_id, reason FROM customer_stage_changes
         WHERE customer_id = $1 ORDER BY id DESC LIMIT $2",
    );
    tx.all(sql.bind(id).bind(most)).await
}

/// Pins, instead of what was pinned of the field before. The customer's row is held by the caller,
/// who recomputes the segment.
pub async fn keep(tx: &mut Tx, id: CustomerId, pin: &Pin) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "INSERT INTO customer_pins
               (customer_id, field, value, reason, until, pinned_by, pinned_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (customer_id, field) DO UPDATE SET value = excluded.value,
               reason = excluded.reason, until = excluded.until, pinned_by = excluded.pinned_by,
               pinned_at = excluded.pinned_at",
        )
        .bind(id)
        .bind(pin.field)
        .bind(&*pin.value)
        .bind(&*pin.reason)
        .bind(pin.until)
        .bind(pin.pinned_by)
        .bind(pin.pinned_at),
    )
    .await?;
    Ok(())
}

/// Takes a pin off; false if there is none.
pub async fn take_off(tx: &mut Tx, id: CustomerId, field: PinField) -> Result<bool, DbError> {
    let sql = Sql::new("DELETE FROM customer_pins WHERE customer_id = $1 AND field = $2");
    Ok(tx.execute(sql.bind(id).bind(field)).await? == 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::segment::{Figures, Thresholds, pinned_segment, segment};
    use super::*;
    use crate::db::Money;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::default() + Days::new(n)
    }

    proptest! {
        /// What is pinned holds whatever the orders say, the rest follows the rules, and the day
        /// after the first pin's end is a day of review.
        #[test]
        fn a_pin_holds_and_its_end_is_looked_at(
            orders in 0i64..20, taka in 0i64..60_000, span in 0u64..400, after in 0u64..400,
            field in 0usize..3, value in 0usize..5, left in 0u64..60,
        ) {
            let today = day(span + after);
            let figures = Figures {
                orders,
                spend: Money::taka(if orders > 0 { taka } else { 0 }),
                first: (orders > 0).then(|| day(0)),
                last: (orders > 0).then(|| day(if orders > 1 { span } else { 0 })),
                days: orders,
            };
            let field = PinField::ALL[field];
            let value = field.values()[value % field.values().len()];
            let mut pinned = Pinned::default();
            prop_assert!(pinned.pin(field, value, today + Days::new(left)));
            let thresholds = Thresholds::default();
            let rules = segment(&figures, today, &thresholds);
            let said = pinned_segment(&figures, today, &thresholds, &pinned);
            prop_assert_eq!(field.of(&said), value);
            prop_assert_eq!(said.lifecycle_stage, rules.lifecycle_stage);
            prop_assert_eq!(said.membership_level, rules.membership_level);
            let review = said.review_on.expect("a pin ends");
            prop_assert!(review > today && review <= today + Days::new(left + 1));
            if field == PinField::Temperature {
                prop_assert_eq!(said.value_stage, rules.value_stage);
            }
        }
    }

    #[test]
    fn a_value_of_another_field_is_none() {
        let mut pinned = Pinned::default();
        assert!(!pinned.pin(PinField::Temperature, "vip", day(1)));
        assert_eq!(pinned, Pinned::default());
    }
}
