//! Which customers: the filter of lists and of bulk work.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::search::{folded_words, phone_prefix, with_phone, with_word};
use super::{LifecycleStage, PurchaseStage, Temperature, ValueStage};
use crate::clock::Clock;
use crate::db::{CategoryId, ProductId, Sql, UserId};
use crate::districts;
use crate::error::{Error, Result};

/// A filter over customers, as sent. What is absent does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomerQuery {
    /// Words of the name (Bangla or Latin), or a phone in any spelling, or its beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// By number of orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purchase_stage: Option<PurchaseStage>,
    /// By money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_stage: Option<ValueStage>,
    /// By time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle_stage: Option<LifecycleStage>,
    /// By warmth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<Temperature>,
    /// District, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// Bought this product at least once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bought_product_id: Option<ProductId>,
    /// Bought from this category at least once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bought_category_id: Option<CategoryId>,
    /// Last contact before this company day, or never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_contact_before: Option<NaiveDate>,
    /// Id of the own agent, or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<String>,
    /// Never to be called, or not so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub do_not_call: Option<bool>,
}

/// Who is the own agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Agent {
    Nobody,
    User(UserId),
}

/// A filter that has been checked.
#[derive(Clone, Debug, Default)]
pub struct CustomerFilter {
    query: CustomerQuery,
    agent: Option<Agent>,
    contact_before: Option<DateTime<Utc>>,
}

impl CustomerFilter {
    /// Checks a filter.
    pub fn new(query: CustomerQuery, clock: &Clock) -> Result<Self> {
        let agent = match query.assigned_to.as_deref() {
            None | Some("") => None,
            Some("none") => Some(Agent::Nobody),
            Some(id) => Some(Agent::User(id.parse().map(UserId).map_err(|_| {
                Error::invalid("invalid_value", "assignedTo", "The id of an agent, or `none`.")
            })?)),
        };
        let contact_before = query.last_contact_before.map(|day| clock.start_of(day));
        Ok(Self { query, agent, contact_before })
    }

    /// Appends ` AND …` that narrows the rows of `customers` named `alias`.
    pub fn apply(&self, sql: &mut Sql, alias: &str) {
        let f = &self.query;
        let mut equal = |column: &str, value: Option<&'static str>| {
            if let Some(value) = value {
                sql.push(&format!(" AND {alias}.{column} = ")).push_bind(value);
            }
        };
        equal("purchase_stage", f.purchase_stage.map(PurchaseStage::as_str));
        equal("value_stage", f.value_stage.map(ValueStage::as_str));
        equal("lifecycle_stage", f.lifecycle_stage.map(LifecycleStage::as_str));
        equal("temperature", f.temperature.map(Temperature::as_str));
        if let Some(district) = f.district.as_deref().map(str::trim).filter(|d| !d.is_empty()) {
            sql.push(&format!(" AND {alias}.district = ")).push_bind(districts::stored(district));
        }
        if let Some(product) = f.bought_product_id {
            // The pair of its category is a cheap first look.
            sql.push(&format!(
                " AND EXISTS (SELECT 1 FROM reorder_pairs fr JOIN products fp \
                 ON fp.category_id = fr.category_id WHERE fr.customer_id = {alias}.id AND fp.id = "
            ));
            sql.push_bind(product).push(&format!(
                ") AND EXISTS (SELECT 1 FROM orders fo JOIN order_lines fl ON fl.order_id = fo.id \
                 WHERE fo.customer_id = {alias}.id AND fo.counted AND fl.product_id = "
            ));
            sql.push_bind(product).push(")");
        }
        if let Some(category) = f.bought_category_id {
            sql.push(&format!(
                " AND EXISTS (SELECT 1 FROM reorder_pairs fr WHERE fr.customer_id = {alias}.id \
                 AND fr.category_id = "
            ));
            sql.push_bind(category).push(")");
        }
        if let Some(before) = self.contact_before {
            sql.push(&format!(
                " AND ({alias}.last_contact_at IS NULL OR {alias}.last_contact_at < "
            ));
            sql.push_bind(before).push(")");
        }
        match self.agent {
            Some(Agent::Nobody) => {
                sql.push(&format!(" AND {alias}.assigned_to IS NULL"));
            }
            Some(Agent::User(agent)) => {
                sql.push(&format!(" AND {alias}.assigned_to = ")).push_bind(agent);
            }
            None => {}
        }
        match f.do_not_call {
            // Literally, so that the partial index of the few applies.
            Some(true) => {
                sql.push(&format!(" AND {alias}.do_not_call"));
            }
            Some(false) => {
                sql.push(&format!(" AND NOT {alias}.do_not_call"));
            }
            None => {}
        }
        if let Some(q) = f.q.as_deref() {
            matching(sql, q, alias);
        }
    }
}

/// Phone or words of the name.
fn matching(sql: &mut Sql, q: &str, alias: &str) {
    if let Some(prefix) = phone_prefix(q) {
        sql.push(&format!(" AND {alias}.id IN "));
        with_phone(sql, &prefix);
        return;
    }
    for word in folded_words(q) {
        sql.push(&format!(" AND {alias}.id IN "));
        with_word(sql, &word);
    }
}
