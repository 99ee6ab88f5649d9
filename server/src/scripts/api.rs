//! `GET crm/automation/call-tasks/{taskId}/suggested-script`.

use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::store::{self, Suggested, TaskFacts};
use super::{Lang, Objection, ScriptKey, ScriptMain, render};
use crate::app::AppState;
use crate::auth::{Allow, Callers};
use crate::db::{CustomerId, Money, ProductId, TaskId};
use crate::error::{Error, Result};
use crate::http::{Json, Path, Query};

/// What to say on a call, with the customer's facts filled in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuggestedScript {
    /// The call task.
    task_id: TaskId,
    /// Name of the script.
    script_key: ScriptKey,
    /// Salam, name, permission.
    opening: Vec<String>,
    /// The matter.
    main: ScriptMain,
    /// Answers at hand.
    objection_handling: Vec<Objection>,
    /// Thanks and goodbye.
    ending: Vec<String>,
    /// What the agent should know.
    context: ScriptFacts,
}

/// What the agent should know while speaking.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScriptFacts {
    /// The main reason in one sentence.
    call_reason: String,
    /// Who the customer is.
    customer_intel: CustomerIntel,
    /// What to suggest.
    recommendations: Vec<ScriptRecommendation>,
}

/// The customer in figures; all absent for an unknown number but the phone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomerIntel {
    /// The customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<CustomerId>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Number to call.
    phone: String,
    /// Purchase stage + value stage, e.g. `repeat_3+medium`.
    #[serde(skip_serializing_if = "Option::is_none")]
    segment: Option<String>,
    /// Where they stand in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    lifecycle_stage: Option<String>,
    /// How warm.
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<String>,
    /// Membership card.
    #[serde(skip_serializing_if = "Option::is_none")]
    membership_level: Option<String>,
    /// Counted orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    total_orders: Option<i64>,
    /// Their sum, poisha.
    #[serde(skip_serializing_if = "Option::is_none")]
    total_spend: Option<Money>,
    /// Their mean, poisha.
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_order_value: Option<Money>,
    /// Day of the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_order_date: Option<NaiveDate>,
    /// Days since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_since_last_order: Option<i64>,
}

/// A product to suggest.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScriptRecommendation {
    /// Which.
    product_id: ProductId,
    /// Stock-keeping unit.
    sku: String,
    /// Bangla name.
    name_bn: String,
    /// English name.
    name_en: String,
    /// Poisha per pack.
    price: Money,
    /// Why.
    reason: SuggestionReason,
}

/// Why a product is suggested.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuggestionReason {
    /// `reorder_due` or `cross_sell`.
    code: &'static str,
    /// The product's category.
    category_slug: String,
    /// Days since the category was last bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<i64>,
}

impl ScriptRecommendation {
    fn new(product: Suggested, today: NaiveDate) -> Self {
        let due = product.due_on.is_some_and(|due| due <= today);
        Self {
            product_id: product.id,
            sku: product.sku,
            name_bn: product.name_bn,
            name_en: product.name_en,
            price: product.price,
            reason: SuggestionReason {
                code: if due { "reorder_due" } else { "cross_sell" },
                category_slug: product.category_slug,
                days: product.last_date.map(|last| (today - last).num_days()),
            },
        }
    }
}

impl CustomerIntel {
    fn new(task: TaskFacts, today: NaiveDate) -> Self {
        let segment = match (&task.purchase_stage, &task.value_stage) {
            (Some(purchase), Some(value)) => Some(format!("{purchase}+{value}")),
            _ => None,
        };
        Self {
            customer_id: task.customer_id,
            days_since_last_order: task.days_since_last_order(today),
            name: task.name,
            phone: task.phone,
            segment,
            lifecycle_stage: task.lifecycle_stage,
            temperature: task.temperature,
            membership_level: task.membership_level,
            total_orders: task.total_orders,
            total_spend: task.total_spend,
            avg_order_value: task.avg_order_value,
            last_order_date: task.last_order_date,
        }
    }
}

/// Query of the script.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ScriptQuery {
    /// Language of the script: `bn` (default) or `en`.
    #[serde(default)]
    #[param(inline)]
    lang: Lang,
}

/// What to say on a call.
#[utoipa::path(
    get, path = "/api/crm/automation/call-tasks/{taskId}/suggested-script", tag = "tasks",
    params(("taskId" = i64, Path, description = "The call task"), ScriptQuery),
    responses((status = 200, body = SuggestedScript)),
)]
pub async fn suggested_script(
    State(state): State<AppState>,
    user: Allow<Callers>,
    Path(task_id): Path<TaskId>,
    Query(query): Query<ScriptQuery>,
) -> Result<Json<SuggestedScript>> {
    let mut tx = state.db.read().await?;
    let task = store::task(&mut tx, user.scope(), task_id).await?.ok_or_else(|| {
        Error::not_found("task_not_found", "There is no such task, or none you may see.")
    })?;
    let (facts, suggested) = store::context(&mut tx, &task, &state.clock).await?;
    let today = state.clock.today();
    let script = render(task.script_key(), task.kind.as_str(), query.lang, &facts);
    Ok(Json(SuggestedScript {
        task_id,
        script_key: script.script_key,
        opening: script.opening,
        main: script.main,
        objection_handling: script.objection_handling,
        ending: script.ending,
        context: ScriptFacts {
            call_reason: task.reason_text().get(query.lang).to_owned(),
            recommendations: suggested
                .into_iter()
                .map(|product| ScriptRecommendation::new(product, today))
                .collect(),
            customer_intel: CustomerIntel::new(task, today),
        },
    }))
}
