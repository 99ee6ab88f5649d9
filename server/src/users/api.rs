//! `GET`/`POST users`, `PATCH users/:id`, `PUT users/:id/absences`, `GET users/directory`.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::{DirectoryEntry, MAX_CAPACITY, Seniority, User, rules, store};
use crate::app::AppState;
use crate::auth::rules::{NewPassword, check_password};
use crate::auth::{
    Allow, Anyone, CurrentUser, HashTurn, Leads, Role, Scope, hash_password, sessions,
};
use crate::db::{TeamId, Tx, UserId};
use crate::error::{Error, Result};
use crate::http::{Json, Path, Query, nullable};
use crate::{audit, tasks, teams};

/// Filter of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    /// Only this role.
    role: Option<Role>,
}

/// Users.
#[derive(Serialize, ToSchema)]
pub struct UserList {
    /// By name.
    items: Vec<User>,
}

/// Colleagues.
#[derive(Serialize, ToSchema)]
pub struct Directory {
    /// By name; people who left included.
    items: Vec<DirectoryEntry>,
}

/// The users one may manage: admins and managers see all, a team leader own agents.
#[utoipa::path(get, path = "/api/users", tag = "users", params(UserFilter), responses((status = 200, body = UserList)))]
pub async fn list(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Query(filter): Query<UserFilter>,
) -> Result<Json<UserList>> {
    let mut tx = state.db.read().await?;
    let items = store::list(&mut tx, user.scope(), filter.role, state.clock.today()).await?;
    Ok(Json(UserList { items }))
}

/// Names of all colleagues, to show who did what.
#[utoipa::path(get, path = "/api/users/directory", tag = "users", responses((status = 200, body = Directory)))]
pub async fn directory(
    State(state): State<AppState>,
    _user: Allow<Anyone>,
) -> Result<Json<Directory>> {
    let items = store::directory(&mut state.db.read().await?).await?;
    Ok(Json(Directory { items }))
}

/// A new user.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewUser {
    /// Login name: 2-50 of a-z, digits, `.`, `_`, `-`; any case.
    login: String,
    /// Display name, 1-100 characters.
    name: String,
    /// First password, at least 10 characters.
    password: String,
    /// Role; a team leader makes agents only.
    role: Role,
    /// Own phone, any spelling.
    phone: Option<String>,
    /// PBX extension, 2-10 digits.
    extension: Option<String>,
    /// Team of an agent; decides the team leader.
    team_id: Option<TeamId>,
    /// Team leader of an agent without a team.
    team_leader_id: Option<UserId>,
    /// Default `regular`.
    seniority: Option<Seniority>,
    /// Most call tasks a day, 0-200, default 200.
    capacity: Option<i64>,
    /// Districts or cities the agent is mapped to.
    districts: Option<Vec<String>>,
    /// Default true.
    active: Option<bool>,
}

/// Changes to a user; what is absent stays, `null` clears.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserPatch {
    /// Display name.
    name: Option<String>,
    /// Role; admins only.
    role: Option<Role>,
    /// A new password; ends the user's logins.
    #[schema(value_type = Option<NewPassword>)]
    password: Option<String>,
    /// Own phone.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
    /// PBX extension.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    extension: Option<Option<String>>,
    /// Team of an agent; decides the team leader.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<TeamId>)]
    team_id: Option<Option<TeamId>>,
    /// Team leader of an agent; another one than the team's takes the agent out of the team.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<UserId>)]
    team_leader_id: Option<Option<UserId>>,
    /// Experience.
    seniority: Option<Seniority>,
    /// Most call tasks a day, 0-200.
    capacity: Option<i64>,
    /// Replaces the districts.
    districts: Option<Vec<String>>,
    /// False ends the user's logins.
    active: Option<bool>,
}

/// Days without work.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Absences {
    /// All days of absence from today on; replaces those entered before.
    dates: Vec<NaiveDate>,
}

/// Hashes the password that `by` chose for `login`.
async fn hashed(by: &CurrentUser, password: String, login: &str) -> Result<String> {
    check_password(&password, "password", login)?;
    let turn = HashTurn::take(&format!("user {}", by.id)).await?;
    Ok(turn.run(move || hash_password(&password)).await??)
}

/// Where an agent shall stand, as asked for.
struct Placement {
    team: Option<Option<TeamId>>,
    leader: Option<Option<UserId>>,
}

/// Sets team and team leader of `user` as asked: a team decides its leader, another leader than
/// the team's takes the agent out of it, and only agents have either.
async fn place(tx: &mut Tx, actor: &CurrentUser, user: &mut User, asked: Placement) -> Result<()> {
    if user.role != Role::Agent {
        if matches!(asked.team, Some(Some(_))) || matches!(asked.leader, Some(Some(_))) {
            return Err(Error::invalid("not_an_agent", "teamId", "Only agents are in teams."));
        }
        (user.team_id, user.team_leader_id) = (None, None);
        return Ok(());
    }
    if let Some(leader) = asked.leader {
        if actor.role == Role::TeamLeader && leader != Some(actor.id) {
            return Err(Error::forbidden());
        }
        if let Some(id) = leader
            && !store::is_active(tx, id, Role::TeamLeader).await?
        {
            return Err(Error::invalid(
                "team_leader_not_found",
                "teamLeaderId",
                "There is no such team leader.",
            ));
        }
        if user.team_leader_id != leader {
            user.team_id = None;
        }
        user.team_leader_id = leader;
    }
    match asked.team {
        Some(Some(id)) => {
            let team = teams::store::find(tx, actor.scope(), id).await?.ok_or_else(|| {
                Error::invalid("team_not_found", "teamId", "There is no such team.")
            })?;
            if asked.leader.is_some_and(|leader| leader != Some(team.team_leader_id)) {
                return Err(Error::invalid(
                    "team_leader_mismatch",
                    "teamLeaderId",
                    "The team is led by somebody else.",
                ));
            }
            user.team_id = Some(id);
            user.team_leader_id = Some(team.team_leader_id);
        }
        Some(None) => user.team_id = None,
        None => {}
    }
    Ok(())
}

/// Make a user. An agent made by a team leader reports to that team leader.
#[utoipa::path(post, path = "/api/users", tag = "users", request_body = NewUser, responses((status = 201, body = User)))]
pub async fn create(
    State(state): State<AppState>,
    actor: Allow<Leads>,
    Json(body): Json<NewUser>,
) -> Result<(StatusCode, Json<User>)> {
    let leads = actor.role == Role::TeamLeader;
    let default_leader = leads.then_some(actor.id);
    if !rules::may_manage((actor.id, actor.role), body.role, default_leader) {
        return Err(Error::forbidden());
    }
    let mut user = User {
        id: UserId(0),
        login: rules::login(&body.login)?,
        name: rules::name(&body.name)?,
        role: body.role,
        phone: rules::phone(body.phone.as_deref().unwrap_or_default())?,
        extension: rules::extension(body.extension.as_deref().unwrap_or_default())?,
        team_id: None,
        team_code: None,
        team_leader_id: default_leader,
        seniority: body.seniority.unwrap_or(Seniority::Regular),
        capacity: rules::capacity(body.capacity.unwrap_or(MAX_CAPACITY))?,
        districts: rules::districts(&body.districts.unwrap_or_default())?,
        active: body.active.unwrap_or(true),
        absent_on: Vec::new(),
    };
    let hash = hashed(&actor, body.password, &user.login).await?;
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let asked = Placement { team: body.team_id.map(Some), leader: body.team_leader_id.map(Some) };
    place(&mut tx, &actor, &mut user, asked).await?;
    let id = store::insert(&mut tx, now, &user, &hash).await?;
    let made = store::find(&mut tx, Scope::All, id, state.clock.today())
        .await?
        .ok_or_else(store::not_found)?;
    let after = audit::state(&made);
    audit::record(&mut tx, now, Some(actor.id), "user.created", "user", Some(id.0), None, after)
        .await?;
    tx.commit().await?;
    state.coverage.forget();
    Ok((StatusCode::CREATED, Json(made)))
}

/// The user, if visible and manageable for the actor.
async fn manageable(
    tx: &mut Tx,
    actor: &CurrentUser,
    id: UserId,
    today: NaiveDate,
) -> Result<User> {
    let user = store::find(tx, actor.scope(), id, today).await?.ok_or_else(store::not_found)?;
    if rules::may_manage((actor.id, actor.role), user.role, user.team_leader_id) {
        Ok(user)
    } else {
        Err(Error::forbidden())
    }
}

/// Change a user. Only an admin changes roles, and nobody own role or activity.
#[utoipa::path(patch, path = "/api/users/{id}", tag = "users", params(("id" = UserId, Path, description = "User id")), request_body = UserPatch, responses((status = 200, body = User)))]
pub async fn patch(
    State(state): State<AppState>,
    actor: Allow<Leads>,
    Path(id): Path<UserId>,
    Json(body): Json<UserPatch>,
) -> Result<Json<User>> {
    let (now, today) = (state.clock.now(), state.clock.today());
    // Refused before the costly hash; checked again in the writing transaction below.
    let login = manageable(&mut state.db.read().await?, &actor, id, today).await?.login;
    let hash = match body.password {
        Some(password) => Some(hashed(&actor, password, &login).await?),
        None => None,
    };
    let new_password = hash.is_some();
    let mut tx = state.db.begin().await?;
    let before = manageable(&mut tx, &actor, id, today).await?;
    let mut user = before.clone();
    if let Some(role) = body.role {
        user.role = role;
    }
    if user.role != before.role && actor.role != Role::Admin {
        return Err(Error::forbidden());
    }
    user.active = body.active.unwrap_or(user.active);
    if id == actor.id && (user.role != before.role || !user.active) {
        return Err(Error::conflict(
            "own_account",
            "Nobody changes the own role or closes the own account; ask another admin.",
        ));
    }
    if before.role == Role::TeamLeader
        && (user.role != before.role || !user.active)
        && store::leads_somebody(&mut tx, id).await?
    {
        return Err(Error::conflict(
            "leads_a_team",
            "Give this team leader's teams and agents to another one first.",
        ));
    }
    if let Some(name) = &body.name {
        user.name = rules::name(name)?;
    }
    if let Some(phone) = &body.phone {
        user.phone = rules::phone(phone.as_deref().unwrap_or_default())?;
    }
    if let Some(extension) = &body.extension {
        user.extension = rules::extension(extension.as_deref().unwrap_or_default())?;
    }
    if let Some(capacity) = body.capacity {
        user.capacity = rules::capacity(capacity)?;
    }
    if let Some(districts) = &body.districts {
        user.districts = rules::districts(districts)?;
    }
    user.seniority = body.seniority.unwrap_or(user.seniority);
    place(
        &mut tx,
        &actor,
        &mut user,
        Placement { team: body.team_id, leader: body.team_leader_id },
    )
    .await?;
    store::update(&mut tx, now, &user, hash).await?;
    if let Some(leader) = user.team_leader_id
        && before.team_leader_id != Some(leader)
    {
        teams::assignment::follow_agent(&mut tx, now, actor.id, id, leader).await?;
    }
    let ends = new_password || (before.active && !user.active) || user.role != before.role;
    let ended = if ends { Some(sessions::end_all(&mut tx, id, now).await?) } else { None };
    if before.active && !user.active {
        tasks::store::hand_over(&mut tx, now, today).await?;
    }
    let after = store::find(&mut tx, Scope::All, id, today).await?.ok_or_else(store::not_found)?;
    if after != before || new_password {
        let mut shown = audit::state(&after);
        if let (true, Some(shown)) = (new_password, &mut shown) {
            shown["password"] = json!("changed");
        }
        let was = audit::state(&before);
        let by = Some(actor.id);
        audit::record(&mut tx, now, by, "user.updated", "user", Some(id.0), was, shown).await?;
    }
    state.commit(tx).await?;
    state.coverage.forget();
    if let Some(ended) = ended {
        ended.refuse(&state.keys, now);
    }
    Ok(Json(after))
}

/// Enter an agent's days of absence. What waits for them today goes to colleagues, promises first.
#[utoipa::path(put, path = "/api/users/{id}/absences", tag = "users", params(("id" = UserId, Path, description = "User id")), request_body = Absences, responses((status = 200, body = User)))]
pub async fn absences(
    State(state): State<AppState>,
    actor: Allow<Leads>,
    Path(id): Path<UserId>,
    Json(body): Json<Absences>,
) -> Result<Json<User>> {
    let (now, today) = (state.clock.now(), state.clock.today());
    let days = rules::absences(&body.dates, today)?;
    let mut tx = state.db.begin().await?;
    let before = manageable(&mut tx, &actor, id, today).await?;
    store::set_absences(&mut tx, id, today, &days).await?;
    let after = User { absent_on: days, ..before.clone() };
    if after != before {
        let (was, is) = (json!(before.absent_on), json!(after.absent_on));
        let by = Some(actor.id);
        audit::record(&mut tx, now, by, "user.absences", "user", Some(id.0), Some(was), Some(is))
            .await?;
    }
    if after.absent_on.contains(&today) {
        tasks::store::hand_over(&mut tx, now, today).await?;
    }
    state.commit(tx).await?;
    Ok(Json(after))
}
