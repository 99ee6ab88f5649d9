//! Customers as they are shown.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;

use super::filter::CustomerFilter;
use super::profile::{Consent, Gender, Greeting, Language, Salutation};
use super::store::scope_filter;
use super::{
    CustomerType, LifecycleStage, MembershipLevel, PurchaseStage, Temperature, ValueStage,
};
use crate::auth::Scope;
use crate::db::{Bundle, CustomerId, DbError, Money, Part, PhoneNumber, Sql, Tx, UserId, absent};

/// A customer with everything known.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    /// Customer id.
    pub id: CustomerId,
    /// Name as people say it.
    pub name: String,
    /// Main number: the identity.
    pub phone: PhoneNumber,
    /// E-mail address.
    pub email: Option<String>,
    /// Street address.
    pub address: Option<String>,
    /// District.
    pub district: Option<String>,
    /// City or area.
    pub city: Option<String>,
    /// Birthday.
    pub birthday: Option<NaiveDate>,
    /// Wedding or other anniversary.
    pub anniversary: Option<NaiveDate>,
    /// Gender.
    pub gender: Option<Gender>,
    /// Form of address.
    pub greeting: Option<Greeting>,
    /// How a call begins; null: as usual for the form of address.
    pub salutation: Option<Salutation>,
    /// Language spoken.
    pub language: Language,
    /// Ways of contact agreed to.
    pub consent: Consent,
    /// Never to be called.
    pub do_not_call: bool,
    /// Why.
    pub do_not_call_reason: Option<String>,
    /// Since when.
    pub do_not_call_at: Option<DateTime<Utc>>,
    /// Own agent.
    pub assigned_to: Option<UserId>,
    /// Own team leader.
    pub assigned_supervisor_id: Option<UserId>,
    /// Code friends may use.
    pub referral_code: Option<String>,
    /// Who brought this customer.
    pub referrer_id: Option<CustomerId>,
    /// Free labels.
    #[schema(value_type = Vec<String>)]
    pub tags: Json<Vec<String>>,
    /// Standing remark.
    pub notes: Option<String>,
    /// Counted orders.
    pub total_orders: i64,
    /// Their sum, poisha.
    pub total_spend: Money,
    /// Mean order, poisha.
    pub avg_order_value: Money,
    /// Day of the first counted order.
    pub first_order_date: Option<NaiveDate>,
    /// Day of the last counted order.
    pub last_order_date: Option<NaiveDate>,
    /// By number of orders.
    pub purchase_stage: PurchaseStage,
    /// By money.
    pub value_stage: ValueStage,
    /// The coarse type.
    pub customer_type: CustomerType,
    /// By time.
    pub lifecycle_stage: LifecycleStage,
    /// The warmth.
    pub temperature: Temperature,
    /// Membership level.
    pub membership_level: Option<MembershipLevel>,
    /// Purchase and value stage, e.g. `repeat_3+medium`.
    pub segment: String,
    /// Last call, message or note.
    pub last_contact_at: Option<DateTime<Utc>>,
    /// When the customer was made.
    pub created_at: DateTime<Utc>,
    /// Last change of the profile.
    pub updated_at: DateTime<Utc>,
    /// Further numbers.
    #[serde(default, deserialize_with = "absent")]
    #[schema(required = true)]
    pub phones: Vec<PhoneNumber>,
}

const COLUMNS: &[&str] = &[
    "id",
    "name",
    "phone",
    "email",
    "address",
    "district",
    "city",
    "birthday",
    "anniversary",
    "gender",
    "greeting",
    "salutation",
    "language",
    "[?consent_call, ?consent_sms, ?consent_whatsapp, ?consent_email]",
    "?do_not_call",
    "do_not_call_reason",
    "do_not_call_at",
    "assigned_to",
    "assigned_supervisor_id",
    "referral_code",
    "referrer_id",
    "{}tags",
    "notes",
    "total_orders",
    "total_spend",
    "avg_order_value",
    "first_order_date",
    "last_order_date",
    "purchase_stage",
    "value_stage",
    "customer_type",
    "lifecycle_stage",
    "temperature",
    "membership_level",
    "purchase_stage || '+' || value_stage",
    "last_contact_at",
    "created_at",
    "updated_at",
];

/// Further numbers of the customer `$1`.
const PHONES: Part<'_> = Part {
    columns: &["phone"],
    select: "SELECT phone FROM customer_phones WHERE customer_id = $1 ORDER BY phone",
};

/// A customer in `scope`.
pub async fn customer(
    tx: &mut Tx,
    scope: Scope,
    today: NaiveDate,
    id: CustomerId,
) -> Result<Option<Customer>, DbError> {
    Ok(customer_and(tx, scope, today, id, &[]).await?.map(|(customer, _)| customer))
}

/// A customer in `scope`, and what else is to be read of the customer `$1` in the same statement.
pub(super) async fn customer_and(
    tx: &mut Tx,
    scope: Scope,
    today: NaiveDate,
    id: CustomerId,
    parts: &[Part<'_>],
) -> Result<Option<(Customer, Bundle)>, DbError> {
    let mut visible = Sql::new("SELECT c.* FROM customers c WHERE c.id = $1").bind(id);
    scope_filter(&mut visible, scope, today, "c");
    let (select, args) = visible.into_parts();
    let parts = [&[Part { columns: COLUMNS, select: &select }, PHONES], parts].concat();
    let mut lists = tx.bundle(&parts, args).await?;
    let found: Vec<Customer> = lists.list()?;
    let phones: Vec<(PhoneNumber,)> = lists.list()?;
    Ok(found.into_iter().next().map(|mut customer| {
        customer.phones = phones.into_iter().map(|row| row.0).collect();
        (customer, lists)
    }))
}

/// A customer in a list.
#[derive(Clone, Debug, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct CustomerSummary {
    /// Customer id.
    pub id: CustomerId,
    /// Name as people say it.
    pub name: String,
    /// Main number.
    pub phone: PhoneNumber,
    /// District.
    pub district: Option<String>,
    /// City or area.
    pub city: Option<String>,
    /// Own agent.
    pub assigned_to: Option<UserId>,
    /// Own team leader.
    pub assigned_supervisor_id: Option<UserId>,
    /// Counted orders.
    pub total_orders: i64,
    /// Their sum, poisha.
    pub total_spend: Money,
    /// Mean order, poisha.
    pub avg_order_value: Money,
    /// Day of the last counted order.
    pub last_order_date: Option<NaiveDate>,
    /// By number of orders.
    pub purchase_stage: PurchaseStage,
    /// By money.
    pub value_stage: ValueStage,
    /// The coarse type.
    pub customer_type: CustomerType,
    /// By time.
    pub lifecycle_stage: LifecycleStage,
    /// The warmth.
    pub temperature: Temperature,
    /// Membership level.
    pub membership_level: Option<MembershipLevel>,
    /// Purchase and value stage, e.g. `repeat_3+medium`.
    pub segment: String,
    /// Never to be called.
    pub do_not_call: bool,
    /// Last call, message or note.
    pub last_contact_at: Option<DateTime<Utc>>,
}

/// Customers in `scope` that pass `filter`, the newest first, after the one with id `after`.
pub async fn list(
    tx: &mut Tx,
    scope: Scope,
    today: NaiveDate,
    filter: &CustomerFilter,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<CustomerSummary>, DbError> {
    let mut sql = Sql::new(
        "SELECT c.id, c.name, c.phone, c.district, c.city, c.assigned_to, c.assigned_supervisor_id,
                c.total_orders, c.total_spend, c.avg_order_value, c.last_order_date,
                c.purchase_stage, c.value_stage, c.customer_type, c.lifecycle_stage, c.temperature,
                c.membership_level, c.purchase_stage || '+' || c.value_stage AS segment,
                c.do_not_call, c.last_contact_at
         FROM customers c WHERE TRUE",
    )
    .ad_hoc();
    filter.apply(&mut sql, "c");
    scope_filter(&mut sql, scope, today, "c");
    if let Some(after) = after {
        sql.push(" AND c.id < ").push_bind(after);
    }
    sql.push(" ORDER BY c.id DESC LIMIT ").push_bind(limit);
    tx.all(sql).await
}
