//! `POST auth/login`, `auth/refresh`, `auth/logout`, `auth/logout-everywhere`.

use std::net::IpAddr;

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sessions::{self, Refresh};
use super::store::{self, Me};
use super::throttle::Attempt;
use super::token::ACCESS_TTL;
use super::{Allow, Anyone, HashTurn, hash_password, new_secret, verify_password};
use crate::address::{self, ClientAddress};
use crate::app::AppState;
use crate::audit;
use crate::db::{SessionId, Tx, UserId};
use crate::error::{Error, Result};
use crate::http::Json;

/// Login name and password.
#[derive(Deserialize, ToSchema)]
pub struct Login {
    /// Login name, any case.
    login: String,
    /// Password.
    password: String,
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshToken {
    /// The opaque token last given out.
    refresh_token: String,
}

/// Tokens and the person they belong to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// JWT for the `Authorization` header.
    pub(super) access_token: String,
    /// Opaque, for `auth/refresh`; each works once.
    pub(super) refresh_token: String,
    /// Seconds until the access token expires.
    pub(super) expires_in: i64,
    /// Who.
    pub(super) user: Me,
}

/// A hash to verify against when the login is unknown, so that both cases take as long.
static NOBODY: std::sync::LazyLock<String> =
    std::sync::LazyLock::new(|| hash_password(&new_secret()).unwrap_or_default());

fn wrong() -> Error {
    Error::problem(StatusCode::UNAUTHORIZED, "invalid_credentials", "Login or password is wrong.")
}

/// 429 until `until`: too many wrong passwords.
pub(super) fn paused(until: DateTime<Utc>, now: DateTime<Utc>) -> Error {
    let seconds = u64::try_from((until - now).num_seconds()).unwrap_or(1).max(1);
    Error::problem(
        StatusCode::TOO_MANY_REQUESTS,
        "login_paused",
        format!("Too many wrong passwords. Try again in {} minutes.", seconds.div_ceil(60)),
    )
    .retry_after(seconds)
}

/// Log in.
#[utoipa::path(post, path = "/api/auth/login", tag = "auth", request_body = Login, responses((status = 200, body = Session)), security(()))]
pub async fn login(
    State(state): State<AppState>,
    ClientAddress(from): ClientAddress,
    Json(body): Json<Login>,
) -> Result<Json<Session>> {
    let login = body.login.trim().to_lowercase();
    let now = state.clock.now();
    if let Err(seconds) = state.login_limit.admit(from, now) {
        return Err(Error::problem(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "Too many login attempts from this address. Wait a little and try again.",
        )
        .retry_after(seconds));
    }
    let network = address::network(from);
    let attempt = Attempt::new(&state.keys, &login, &network);
    // Held to the end: attempts of one network come one after the other, so each is counted.
    let turn = HashTurn::take(&network).await?;
    let (found, until) = {
        let mut tx = state.db.read().await?;
        let found = store::credentials(&mut tx, &login).await?;
        let until = attempt.paused(&mut tx, found.as_ref().map(|c| c.id), now).await?;
        (found, until)
    };
    if let Some(until) = until {
        return Err(paused(until, now));
    }
    let hash = found.as_ref().map_or_else(|| NOBODY.clone(), |c| c.password_hash.clone());
    let matches = turn.run(move || verify_password(&body.password, &hash)).await?;
    let mut tx = state.db.begin().await?;
    let (user, active) = (found.as_ref().map(|c| c.id), found.as_ref().is_some_and(|c| c.active));
    let (Some(user), true, true) = (user, matches, active) else {
        failed(&mut tx, &attempt, from, user, now).await?;
        tx.commit().await?;
        return Err(wrong());
    };
    attempt.succeeded(&mut tx).await?;
    store::lock(&mut tx, user).await?;
    let (session, token) = sessions::begin(&mut tx, user, &network, now).await?;
    let answer = answer(&state, &mut tx, user, session, token).await?;
    record(&mut tx, now, from, Some(user), "login").await?;
    tx.commit().await?;
    // A whole office comes to work behind one address.
    state.login_limit.forgive(from, now);
    Ok(Json(answer))
}

/// Counts and records a wrong password. `user`: whose name was tried.
pub(super) async fn failed(
    tx: &mut Tx,
    attempt: &Attempt,
    from: IpAddr,
    user: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<()> {
    record(tx, now, from, user, "login.failed").await?;
    if attempt.failed(tx, now).await?.is_some() {
        record(tx, now, from, user, "login.paused").await?;
    }
    Ok(())
}

/// Writes an audit row about the login of `user`. An unknown login name is not stored: it may be a
/// password.
async fn record(
    tx: &mut Tx,
    now: DateTime<Utc>,
    from: IpAddr,
    user: Option<UserId>,
    action: &'static str,
) -> Result<()> {
    let (from, id) = (Some(from), user.map(|user| user.0));
    audit::record_from(tx, now, from, user, action, "user", id, None, None).await?;
    Ok(())
}

pub(super) async fn answer(
    state: &AppState,
    tx: &mut Tx,
    user: UserId,
    session: SessionId,
    refresh_token: String,
) -> Result<Session> {
    let now = state.clock.now();
    let me = store::me(tx, user).await?.ok_or_else(Error::unauthenticated)?;
    Ok(Session {
        access_token: state.keys.issue(me.id, me.role, me.team_leader_id, session, now)?,
        refresh_token,
        expires_in: ACCESS_TTL.num_seconds(),
        user: me,
    })
}

/// Exchange a refresh token for a new session.
#[utoipa::path(post, path = "/api/auth/refresh", tag = "auth", request_body = RefreshToken, responses((status = 200, body = Session)), security(()))]
pub async fn refresh(
    State(state): State<AppState>,
    ClientAddress(from): ClientAddress,
    Json(body): Json<RefreshToken>,
) -> Result<Json<Session>> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let refused = || {
        Error::problem(
            StatusCode::UNAUTHORIZED,
            "refresh_refused",
            "The session has ended. Log in again.",
        )
    };
    match sessions::spend(&mut tx, &state.keys, &body.refresh_token, now).await? {
        Refresh::Granted { user, session, token } => {
            let answer = answer(&state, &mut tx, user, session, token).await?;
            tx.commit().await?;
            Ok(Json(answer))
        }
        Refresh::Reused { user, ended } => {
            record(&mut tx, now, from, Some(user), "login.token_reused").await?;
            state.commit(tx).await?;
            ended.refuse(&state.keys, now);
            tracing::warn!(user = %user, "auth: spent refresh token used again, session ended");
            Err(refused())
        }
        Refresh::Refused => Err(refused()),
    }
}

/// End this login.
#[utoipa::path(post, path = "/api/auth/logout", tag = "auth", request_body = RefreshToken, responses((status = 204)), security(()))]
pub async fn logout(
    State(state): State<AppState>,
    ClientAddress(from): ClientAddress,
    Json(body): Json<RefreshToken>,
) -> Result<StatusCode> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    if let Some((user, session)) = sessions::of_token(&mut tx, &body.refresh_token).await? {
        let ended = sessions::end(&mut tx, user, session, now).await?;
        record(&mut tx, now, from, Some(user), "logout").await?;
        state.commit(tx).await?;
        ended.refuse(&state.keys, now);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// End all of one's logins, this one included.
#[utoipa::path(post, path = "/api/auth/logout-everywhere", tag = "auth", responses((status = 204)))]
pub async fn logout_everywhere(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    ClientAddress(from): ClientAddress,
) -> Result<StatusCode> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let ended = sessions::end_all(&mut tx, user.id, now).await?;
    record(&mut tx, now, from, Some(user.id), "logout.everywhere").await?;
    state.commit(tx).await?;
    ended.refuse(&state.keys, now);
    Ok(StatusCode::NO_CONTENT)
}
