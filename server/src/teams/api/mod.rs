//! Handlers of `crm/team`: teams here, customers in bulk in `leads`, the leader's page in
//! `dashboard`.

pub mod dashboard;
pub mod leads;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{Team, assignment, store, team_code};
use crate::app::AppState;
use crate::audit;
use crate::auth::{Allow, CurrentUser, Leads, Role, Scope};
use crate::db::{TeamId, Tx, UserId};
use crate::error::{Error, Result};
use crate::http::{Json, Path};
use crate::users;

/// Teams.
#[derive(Serialize, ToSchema)]
pub struct TeamList {
    /// By code.
    items: Vec<Team>,
}

/// A new team.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewTeam {
    /// `A` … `E`.
    code: String,
    /// Display name, 1-100 characters.
    name: String,
    /// Who leads it; a team leader's own teams need none.
    team_leader_id: Option<UserId>,
}

/// Changes to a team; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TeamPatch {
    /// `A` … `E`.
    code: Option<String>,
    /// Display name.
    name: Option<String>,
    /// Gives the team, its agents and their customers to another team leader.
    team_leader_id: Option<UserId>,
}

/// An agent to put into a team or take out of it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TeamMember {
    /// The agent.
    agent_id: UserId,
}

/// The leader a team shall have: team leaders lead their own, others name one.
async fn leader_of(tx: &mut Tx, actor: &CurrentUser, asked: Option<UserId>) -> Result<UserId> {
    match asked {
        None if actor.role == Role::TeamLeader => Ok(actor.id),
        Some(id) if id == actor.id && actor.role == Role::TeamLeader => Ok(id),
        Some(_) if actor.role == Role::TeamLeader => Err(Error::forbidden()),
        None => {
            Err(Error::invalid("team_leader_required", "teamLeaderId", "Say who leads the team."))
        }
        Some(id) if users::store::is_active(tx, id, Role::TeamLeader).await? => Ok(id),
        Some(_) => Err(Error::invalid(
            "team_leader_not_found",
            "teamLeaderId",
            "There is no such team leader.",
        )),
    }
}

/// The teams: admins and managers see all, a team leader own ones.
#[utoipa::path(get, path = "/api/crm/team/teams", tag = "team", operation_id = "list_teams", responses((status = 200, body = TeamList)))]
pub async fn list(State(state): State<AppState>, user: Allow<Leads>) -> Result<Json<TeamList>> {
    let items = store::list(&mut state.db.read().await?, user.scope(), None).await?;
    Ok(Json(TeamList { items }))
}

/// Make a team.
#[utoipa::path(post, path = "/api/crm/team/teams", tag = "team", operation_id = "create_team", request_body = NewTeam, responses((status = 201, body = Team)))]
pub async fn create(
    State(state): State<AppState>,
    actor: Allow<Leads>,
    Json(body): Json<NewTeam>,
) -> Result<(StatusCode, Json<Team>)> {
    let code = team_code(&body.code)?;
    let name = users::rules::name(&body.name)?;
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let leader = leader_of(&mut tx, &actor, body.team_leader_id).await?;
    let id = store::insert(&mut tx, now, &code, &name, leader).await?;
    let team = store::team(&mut tx, Scope::All, id).await?;
    let (by, after) = (Some(actor.id), audit::state(&team));
    audit::record(&mut tx, now, by, "team.created", "team", Some(id.0), None, after).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(team)))
}

/// Change a team.
#[utoipa::path(patch, path = "/api/crm/team/teams/{id}", tag = "team", operation_id = "patch_team", params(("id" = TeamId, Path, description = "Team id")), request_body = TeamPatch, responses((status = 200, body = Team)))]
pub async fn patch(
    State(state): State<AppState>,
    actor: Allow<Leads>,
    Path(id): Path<TeamId>,
    Json(body): Json<TeamPatch>,
) -> Result<Json<Team>> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let before = store::team(&mut tx, actor.scope(), id).await?;
    let mut row = store::find(&mut tx, actor.scope(), id).await?.ok_or_else(store::not_found)?;
    if let Some(code) = &body.code {
        row.code = team_code(code)?;
    }
    if let Some(name) = &body.name {
        row.name = users::rules::name(name)?;
    }
    if let Some(leader) = body.team_leader_id {
        row.team_leader_id = leader_of(&mut tx, &actor, Some(leader)).await?;
    }
    store::update(&mut tx, now, &row).await?;
    if row.team_leader_id != before.team_leader_id {
        for agent in &before.agents {
            let leader = row.team_leader_id;
            assignment::follow_agent(&mut tx, now, actor.id, agent.id, leader).await?;
        }
    }
    let after = store::team(&mut tx, Scope::All, id).await?;
    if after != before {
        let (was, is) = (audit::state(&before), audit::state(&after));
        let by = Some(actor.id);
        audit::record(&mut tx, now, by, "team.updated", "team", Some(id.0), was, is).await?;
    }
    tx.commit().await?;
    state.coverage.forget();
    Ok(Json(after))
}

/// Delete a team without agents.
#[utoipa::path(delete, path = "/api/crm/team/teams/{id}", tag = "team", operation_id = "delete_team", params(("id" = TeamId, Path, description = "Team id")), responses((status = 204)))]
pub async fn delete(
    State(state): State<AppState>,
    actor: Allow<Leads>,
    Path(id): Path<TeamId>,
) -> Result<StatusCode> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let before = store::team(&mut tx, actor.scope(), id).await?;
    if !store::delete(&mut tx, id).await? {
        return Err(Error::conflict("team_not_empty", "Take the agents out of the team first."));
    }
    let (by, was) = (Some(actor.id), audit::state(&before));
    audit::record(&mut tx, now, by, "team.deleted", "team", Some(id.0), was, None).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts an agent into `to`, or out of it.
async fn move_member(
    state: &AppState,
    actor: &CurrentUser,
    id: TeamId,
    agent: UserId,
    into: bool,
) -> Result<Json<Team>> {
    let (now, today) = (state.clock.now(), state.clock.today());
    let mut tx = state.db.begin().await?;
    let team = store::find(&mut tx, actor.scope(), id).await?.ok_or_else(store::not_found)?;
    let user = users::store::find(&mut tx, actor.scope(), agent, today)
        .await?
        .ok_or_else(|| users::store::not_found().field("agentId"))?;
    if user.role != Role::Agent {
        return Err(Error::invalid("not_an_agent", "agentId", "Only agents are in teams."));
    }
    if into && !user.active {
        return Err(Error::invalid("inactive_agent", "agentId", "The agent is not active."));
    }
    if !into && user.team_id != Some(id) {
        return Err(Error::conflict("agent_not_in_team", "The agent is not in this team."));
    }
    if into != (user.team_id == Some(id)) {
        store::set_team(&mut tx, now, agent, into.then_some(&team)).await?;
        if into && user.team_leader_id != Some(team.team_leader_id) {
            let leader = team.team_leader_id;
            assignment::follow_agent(&mut tx, now, actor.id, agent, leader).await?;
        }
        let was = json!({"teamId": user.team_id, "teamLeaderId": user.team_leader_id});
        let is = if into {
            json!({"teamId": id, "teamLeaderId": team.team_leader_id})
        } else {
            json!({"teamId": null, "teamLeaderId": user.team_leader_id})
        };
        let (by, entity) = (Some(actor.id), Some(agent.0));
        audit::record(&mut tx, now, by, "user.team", "user", entity, Some(was), Some(is)).await?;
    }
    let team = store::team(&mut tx, Scope::All, id).await?;
    tx.commit().await?;
    state.coverage.forget();
    Ok(Json(team))
}

/// Put an agent into the team; the agent leaves any other and reports to the team's leader.
#[utoipa::path(post, path = "/api/crm/team/teams/{id}/assign-agent", tag = "team", params(("id" = TeamId, Path, description = "Team id")), request_body = TeamMember, responses((status = 200, body = Team)))]
pub async fn assign_agent(
    State(state): State<AppState>,
    actor: Allow<Leads>,
    Path(id): Path<TeamId>,
    Json(body): Json<TeamMember>,
) -> Result<Json<Team>> {
    move_member(&state, &actor, id, body.agent_id, true).await
}

/// Take an agent out of the team; the agent keeps the team leader.
#[utoipa::path(post, path = "/api/crm/team/teams/{id}/unassign-agent", tag = "team", params(("id" = TeamId, Path, description = "Team id")), request_body = TeamMember, responses((status = 200, body = Team)))]
pub async fn unassign_agent(
    State(state): State<AppState>,
    actor: Allow<Leads>,
    Path(id): Path<TeamId>,
    Json(body): Json<TeamMember>,
) -> Result<Json<Team>> {
    move_member(&state, &actor, id, body.agent_id, false).await
}
