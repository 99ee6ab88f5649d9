//! `POST crm/team/leads/bulk-assign`, `bulk-unassign`: many customers in one transaction.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::audit;
use crate::auth::{Allow, CurrentUser, Leads, Role};
use crate::db::{CustomerId, UserId};
use crate::error::{Error, Result};
use crate::http::Json;
use crate::teams::assignment::{self, Changed, MAX_CUSTOMERS, Target};
use crate::users;

/// Customers to give to an agent.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BulkAssign {
    /// Which, at most 50,000.
    customer_ids: Vec<CustomerId>,
    /// To whom.
    agent_id: UserId,
    /// Why, at most 500 characters; kept in the history.
    reason: Option<String>,
}

/// Customers to take from their agents.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BulkUnassign {
    /// Which, at most 50,000.
    customer_ids: Vec<CustomerId>,
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

fn checked<'a>(ids: &[CustomerId], reason: Option<&'a str>) -> Result<Option<&'a str>> {
    if ids.is_empty() {
        return Err(Error::invalid("no_customers", "customerIds", "Name at least one customer."));
    }
    if ids.len() > MAX_CUSTOMERS {
        return Err(Error::invalid(
            "too_many",
            "customerIds",
            format!("At most {MAX_CUSTOMERS} customers at once."),
        ));
    }
    let reason = reason.map(str::trim).filter(|r| !r.is_empty());
    if reason.is_some_and(|r| r.chars().count() > 500) {
        return Err(Error::invalid("too_long", "reason", "At most 500 characters."));
    }
    Ok(reason)
}

async fn run(
    state: &AppState,
    actor: &CurrentUser,
    ids: &[CustomerId],
    agent: Option<UserId>,
    reason: Option<&str>,
) -> Result<Json<BulkReport>> {
    let reason = checked(ids, reason)?;
    let (now, today) = (state.clock.now(), state.clock.today());
    let mut tx = state.db.begin().await?;
    let to = match agent {
        None => Target::Pool,
        Some(id) => {
            let user = users::store::find(&mut tx, actor.scope(), id, today).await?;
            let agent = user.filter(|u| u.role == Role::Agent && u.active).ok_or_else(|| {
                Error::invalid(
                    "agent_not_found",
                    "agentId",
                    "There is no such active agent, or none you lead.",
                )
            })?;
            Target::Agent { id, leader: agent.team_leader_id }
        }
    };
    let report = assignment::bulk(&mut tx, now, today, actor, ids, to, reason).await?;
    let (action, after) = match to {
        Target::Agent { id, .. } => ("customers.assigned", json!({"agentId": id})),
        Target::Pool => ("customers.unassigned", json!({"agentId": null})),
    };
    if report.changed > 0 {
        let mut after = after;
        after["customers"] = json!(report.changed);
        after["reason"] = json!(reason);
        let (by, entity) = (Some(actor.id), agent.map(|a| a.0));
        audit::record(&mut tx, now, by, action, "user", entity, None, Some(after)).await?;
    }
    tx.commit().await?;
    state.coverage.forget();
    Ok(Json(report.into()))
}

/// Give customers to an agent; they come into the pool of the agent's team leader. All or none.
#[utoipa::path(post, path = "/api/crm/team/leads/bulk-assign", tag = "team", request_body = BulkAssign, responses((status = 200, body = BulkReport)))]
pub async fn bulk_assign(
    State(state): State<AppState>,
    actor: Allow<Leads>,
    Json(body): Json<BulkAssign>,
) -> Result<Json<BulkReport>> {
    let reason = body.reason.as_deref();
    run(&state, &actor, &body.customer_ids, Some(body.agent_id), reason).await
}

/// Take customers from their agents; they fall back to the team leader's pool. All or none.
#[utoipa::path(post, path = "/api/crm/team/leads/bulk-unassign", tag = "team", request_body = BulkUnassign, responses((status = 200, body = BulkReport)))]
pub async fn bulk_unassign(
    State(state): State<AppState>,
    actor: Allow<Leads>,
    Json(body): Json<BulkUnassign>,
) -> Result<Json<BulkReport>> {
    run(&state, &actor, &body.customer_ids, None, body.reason.as_deref()).await
}
