//! `POST crm/team/leads/bulk-assign`, `bulk-unassign`: many customers in one transaction.

use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::audit;
use crate::auth::{Allow, CurrentUser, Leads, Role};
use crate::clock::Clock;
use crate::customers::filter::{CustomerFilter, CustomerQuery};
use crate::db::{CustomerId, Tx, UserId};
use crate::error::{Error, Result};
use crate::http::Json;
use crate::teams::assignment::{self, Changed, MAX_NAMED, Target};
use crate::users;

/// Customers to give to an agent, or to a team leader's pool.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BulkAssign {
    /// Which, at most 50,000; or `filter`.
    customer_ids: Option<Vec<CustomerId>>,
    /// All own customers that match, at least one criterion, at most 200,000; or `customerIds`.
    #[schema(value_type = Option<CustomerQuery>)]
    filter: Option<Value>,
    /// To which agent; or `teamLeaderId`.
    agent_id: Option<UserId>,
    /// Into which team leader's pool, without an agent; or `agentId`.
    team_leader_id: Option<UserId>,
    /// Why, at most 500 characters; kept in the history.
    reason: Option<String>,
}

/// Customers to take from their agents.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BulkUnassign {
    /// Which, at most 50,000; or `filter`.
    customer_ids: Option<Vec<CustomerId>>,
    /// All own customers that match, at least one criterion, at most 200,000; or `customerIds`.
    #[schema(value_type = Option<CustomerQuery>)]
    filter: Option<Value>,
    /// Why, at most 500 characters; kept in the history.
    reason: Option<String>,
}

/// What was done. Customers that cannot be moved fail the whole request instead, which names them.
#[derive(Serialize, ToSchema)]
pub struct BulkReport {
    /// Customers that have another agent or supervisor now.
    changed: usize,
    /// Customers that were so already.
    unchanged: usize,
}

impl From<Changed> for BulkReport {
    fn from(report: Changed) -> Self {
        Self { changed: report.changed, unchanged: report.unchanged }
    }
}

/// Which customers a request is about.
enum Which {
    Named(Vec<CustomerId>),
    Matching(CustomerFilter),
}

/// A filter as sent. A criterion that is misspelt must not select everybody, so unlike in the
/// query of a list each must be known, and there must be one.
fn filter(sent: Value, clock: &Clock) -> Result<CustomerFilter> {
    const CRITERIA: &[&str] = &[
        "q",
        "purchaseStage",
        "valueStage",
        "lifecycleStage",
        "temperature",
        "district",
        "boughtProductId",
        "boughtCategoryId",
        "lastContactBefore",
        "assignedTo",
        "doNotCall",
    ];
    let named = sent.as_object().is_some_and(|object| {
        !object.is_empty()
            && object.iter().all(|(k, v)| CRITERIA.contains(&k.as_str()) && !v.is_null())
    });
    if !named {
        return Err(Error::invalid(
            "invalid_filter",
            "filter",
            "Name at least one criterion, with a value each, and none but these.",
        )
        .allowed(CRITERIA));
    }
    let query: CustomerQuery = serde_json::from_value(sent)
        .map_err(|e| Error::invalid("invalid_filter", "filter", e.to_string()))?;
    CustomerFilter::new(query, clock)
}

fn which(ids: Option<Vec<CustomerId>>, sent: Option<Value>, clock: &Clock) -> Result<Which> {
    match (ids, sent) {
        (Some(ids), None) if ids.is_empty() => {
            Err(Error::invalid("no_customers", "customerIds", "Name at least one customer."))
        }
        (Some(ids), None) if ids.len() > MAX_NAMED => Err(Error::invalid(
            "too_many",
            "customerIds",
            format!("At most {MAX_NAMED} customers at once; use a filter for more."),
        )),
        (Some(ids), None) => Ok(Which::Named(ids)),
        (None, Some(sent)) => filter(sent, clock).map(Which::Matching),
        (None, None) | (Some(_), Some(_)) => Err(Error::invalid(
            "ids_or_filter",
            "customerIds",
            "Send either `customerIds` or `filter`.",
        )),
    }
}

async fn target(
    tx: &mut Tx,
    actor: &CurrentUser,
    agent: Option<UserId>,
    leader: Option<UserId>,
    today: NaiveDate,
) -> Result<Target> {
    match (agent, leader) {
        (Some(id), None) => {
            let user = users::store::find(tx, actor.scope(), id, today).await?;
            let agent = user.filter(|u| u.role == Role::Agent && u.active).ok_or_else(|| {
                Error::invalid(
                    "agent_not_found",
                    "agentId",
                    "There is no such active agent, or none you lead.",
                )
            })?;
            Ok(Target::Agent { id, leader: agent.team_leader_id })
        }
        (None, Some(id)) => {
            if actor.role == Role::TeamLeader && id != actor.id {
                return Err(Error::forbidden());
            }
            if !users::store::is_active(tx, id, Role::TeamLeader).await? {
                return Err(Error::invalid(
                    "team_leader_not_found",
                    "teamLeaderId",
                    "There is no such team leader.",
                ));
            }
            Ok(Target::PoolOf(id))
        }
        (None, None) | (Some(_), Some(_)) => Err(Error::invalid(
            "agent_or_team_leader",
            "agentId",
            "Send either `agentId` or `teamLeaderId`.",
        )),
    }
}

async fn run(
    state: &AppState,
    mut tx: Tx,
    actor: &CurrentUser,
    which: Which,
    to: Target,
    reason: Option<&str>,
) -> Result<Json<BulkReport>> {
    let reason = reason.map(str::trim).filter(|r| !r.is_empty());
    if reason.is_some_and(|r| r.chars().count() > 500) {
        return Err(Error::invalid("too_long", "reason", "At most 500 characters."));
    }
    let (now, today) = (state.clock.now(), state.clock.today());
    let ids = match which {
        Which::Named(ids) => ids,
        Which::Matching(filter) => assignment::select(&mut tx, today, actor, &filter).await?,
    };
    let report = assignment::bulk(&mut tx, now, today, actor, &ids, to, reason).await?;
    if report.changed > 0 {
        let (action, user) = match to {
            Target::Agent { id, .. } => ("customers.assigned", Some(id.0)),
            Target::PoolOf(leader) => ("customers.pooled", Some(leader.0)),
            Target::Pool => ("customers.unassigned", None),
        };
        let after = Some(json!({"customers": report.changed, "reason": reason}));
        audit::record(&mut tx, now, Some(actor.id), action, "user", user, None, after).await?;
    }
    tx.commit().await?;
    state.coverage.forget();
    Ok(Json(report.into()))
}

/// Give customers to an agent, and with that into the pool of the agent's team leader; or into a
/// team leader's pool without an agent. All or none.
#[utoipa::path(post, path = "/api/crm/team/leads/bulk-assign", tag = "team", request_body = BulkAssign, responses((status = 200, body = BulkReport)))]
pub async fn bulk_assign(
    State(state): State<AppState>,
    actor: Allow<Leads>,
    Json(body): Json<BulkAssign>,
) -> Result<Json<BulkReport>> {
    let which = which(body.customer_ids, body.filter, &state.clock)?;
    let mut tx = state.db.begin().await?;
    let today = state.clock.today();
    let to = target(&mut tx, &actor, body.agent_id, body.team_leader_id, today).await?;
    run(&state, tx, &actor, which, to, body.reason.as_deref()).await
}

/// Take customers from their agents; they fall back to the team leader's pool. All or none.
#[utoipa::path(post, path = "/api/crm/team/leads/bulk-unassign", tag = "team", request_body = BulkUnassign, responses((status = 200, body = BulkReport)))]
pub async fn bulk_unassign(
    State(state): State<AppState>,
    actor: Allow<Leads>,
    Json(body): Json<BulkUnassign>,
) -> Result<Json<BulkReport>> {
    let which = which(body.customer_ids, body.filter, &state.clock)?;
    let tx = state.db.begin().await?;
    run(&state, tx, &actor, which, Target::Pool, body.reason.as_deref()).await
}
