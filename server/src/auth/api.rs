//! `POST auth/login`, `auth/refresh`, `auth/logout`; `GET`/`PATCH auth/me`.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store::{self, LOCKOUT, Me, Refresh};
use super::token::ACCESS_TTL;
use super::{Allow, Anyone, apart, hash_password, new_secret, verify_password};
use crate::address;
use crate::app::AppState;
use crate::db::{Sql, Tx, UserId};
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
    access_token: String,
    /// Opaque, for `auth/refresh`; each works once.
    refresh_token: String,
    /// Seconds until the access token expires.
    expires_in: i64,
    /// Who.
    user: Me,
}

/// A hash to verify against when the login is unknown, so that both cases take as long.
static NOBODY: std::sync::LazyLock<String> =
    std::sync::LazyLock::new(|| hash_password(&new_secret()).unwrap_or_default());

fn wrong() -> Error {
    Error::problem(StatusCode::UNAUTHORIZED, "invalid_credentials", "Login or password is wrong.")
}

/// Log in.
#[utoipa::path(post, path = "/api/auth/login", tag = "auth", request_body = Login, responses((status = 200, body = Session)), security(()))]
pub async fn login(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(body): Json<Login>,
) -> Result<Json<Session>> {
    let login = body.login.trim().to_lowercase();
    let now = state.clock.now();
    let from = address::client(peer, &headers, &state.config.trusted_proxies).unwrap_or(peer.ip());
    if let Err(seconds) = state.login_limit.admit(from, now) {
        return Err(Error::problem(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "Too many login attempts from this address. Wait a little and try again.",
        )
        .retry_after(seconds));
    }
    let found = store::credentials(&mut state.db.read().await?, &login).await?;
    if let Some(until) = found.as_ref().and_then(|c| c.locked_until)
        && until > now
    {
        let seconds = u64::try_from((until - now).num_seconds()).unwrap_or(1);
        return Err(Error::problem(
            StatusCode::LOCKED,
            "account_locked",
            format!(
                "Too many wrong passwords. The account opens again {} minutes after the last one.",
                LOCKOUT.num_minutes()
            ),
        )
        .retry_after(seconds));
    }
    let hash = found.as_ref().map_or_else(|| NOBODY.clone(), |c| c.password_hash.clone());
    let matches = apart(move || verify_password(&body.password, &hash)).await?;
    let Some(user) = found.filter(|c| c.active) else {
        return Err(wrong());
    };
    let mut tx = state.db.begin().await?;
    if !matches {
        store::login_failed(&mut tx, user.id, now).await?;
        tx.commit().await?;
        return Err(wrong());
    }
    store::login_succeeded(&mut tx, user.id).await?;
    let session = session(&state, &mut tx, user.id, &new_secret()).await?;
    tx.commit().await?;
    // A whole office comes to work behind one address.
    state.login_limit.forgive(from, now);
    Ok(Json(session))
}

async fn session(state: &AppState, tx: &mut Tx, user: UserId, family: &str) -> Result<Session> {
    let now = state.clock.now();
    let me = store::me(tx, user).await?.ok_or_else(Error::unauthenticated)?;
    Ok(Session {
        access_token: state.keys.issue(me.id, me.role, me.team_leader_id, now)?,
        refresh_token: store::issue_refresh(tx, user, family, now).await?,
        expires_in: ACCESS_TTL.num_seconds(),
        user: me,
    })
}

/// Exchange a refresh token for a new session.
#[utoipa::path(post, path = "/api/auth/refresh", tag = "auth", request_body = RefreshToken, responses((status = 200, body = Session)), security(()))]
pub async fn refresh(
    State(state): State<AppState>,
    Json(body): Json<RefreshToken>,
) -> Result<Json<Session>> {
    let mut tx = state.db.begin().await?;
    let refused = || {
        Error::problem(
            StatusCode::UNAUTHORIZED,
            "refresh_refused",
            "The session has ended. Log in again.",
        )
    };
    match store::spend_refresh(&mut tx, &body.refresh_token, state.clock.now()).await? {
        Refresh::Granted(user, family) => {
            let session = session(&state, &mut tx, user, &family).await?;
            tx.commit().await?;
            Ok(Json(session))
        }
        Refresh::Reused => {
            tx.commit().await?;
            tracing::warn!("a spent refresh token was used again; its logins are ended");
            Err(refused())
        }
        Refresh::Refused => Err(refused()),
    }
}

/// End this login.
#[utoipa::path(post, path = "/api/auth/logout", tag = "auth", request_body = RefreshToken, responses((status = 204)), security(()))]
pub async fn logout(
    State(state): State<AppState>,
    Json(body): Json<RefreshToken>,
) -> Result<StatusCode> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    if let Refresh::Granted(_, family) =
        store::spend_refresh(&mut tx, &body.refresh_token, now).await?
    {
        store::revoke_family(&mut tx, &family, now).await?;
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who am I.
#[utoipa::path(get, path = "/api/auth/me", tag = "auth", responses((status = 200, body = Me)))]
pub async fn me(State(state): State<AppState>, user: Allow<Anyone>) -> Result<Json<Me>> {
    let mut tx = state.db.read().await?;
    let me = store::me(&mut tx, user.id).await?.ok_or_else(Error::unauthenticated)?;
    Ok(Json(me))
}

/// Own profile; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MePatch {
    /// UI language.
    #[schema(value_type = Option<crate::scripts::Lang>)]
    language: Option<String>,
    /// UI theme.
    #[schema(value_type = Option<super::Theme>)]
    theme: Option<String>,
    /// Display name.
    name: Option<String>,
    /// Needed with `newPassword`.
    current_password: Option<String>,
    /// At least 10 characters.
    new_password: Option<String>,
}

fn one_of(field: &str, value: Option<&str>, allowed: &[&str]) -> Result<()> {
    match value {
        Some(v) if !allowed.contains(&v) => {
            Err(Error::invalid("invalid_value", field, format!("`{v}` is not accepted."))
                .allowed(allowed))
        }
        _ => Ok(()),
    }
}

/// Change own language, theme, name or password.
#[utoipa::path(patch, path = "/api/auth/me", tag = "auth", request_body = MePatch, responses((status = 200, body = Me)))]
pub async fn patch_me(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Json(body): Json<MePatch>,
) -> Result<Json<Me>> {
    one_of("language", body.language.as_deref(), &["bn", "en"])?;
    one_of("theme", body.theme.as_deref(), &["system", "light", "dark"])?;
    let name = body.name.as_deref().map(str::trim);
    if name.is_some_and(|n| n.is_empty() || n.chars().count() > 100) {
        return Err(Error::invalid("invalid_name", "name", "A name has 1 to 100 characters."));
    }
    let now = state.clock.now();
    let hash = match body.new_password {
        Some(new) => Some(new_hash(&state, user.id, body.current_password, new).await?),
        None => None,
    };
    let mut tx = state.db.begin().await?;
    if hash.is_some() {
        store::revoke_user(&mut tx, user.id, now).await?;
    }
    tx.execute(
        Sql::new(
            "UPDATE users SET language = COALESCE($1, language), theme = COALESCE($2, theme),
               name = COALESCE($3, name), password_hash = COALESCE($4, password_hash), updated_at = $5
             WHERE id = $6",
        )
        .bind(body.language)
        .bind(body.theme)
        .bind(name)
        .bind(hash)
        .bind(now)
        .bind(user.id),
    )
    .await?;
    let me = store::me(&mut tx, user.id).await?.ok_or_else(Error::unauthenticated)?;
    tx.commit().await?;
    Ok(Json(me))
}

/// Checks the current password and hashes the new one.
async fn new_hash(
    state: &AppState,
    user: UserId,
    current: Option<String>,
    new: String,
) -> Result<String> {
    check_password(&new, "newPassword")?;
    let stored: String = state
        .db
        .read()
        .await?
        .scalar(Sql::new("SELECT password_hash FROM users WHERE id = $1").bind(user))
        .await?;
    let current = current.unwrap_or_default();
    let hash =
        apart(move || verify_password(&current, &stored).then(|| hash_password(&new))).await?;
    hash.ok_or_else(|| {
        Error::invalid("wrong_password", "currentPassword", "The current password is wrong.")
    })?
    .map_err(Error::from)
}

/// The rule for passwords people choose (NIST SP 800-63B: length, no composition rules).
pub fn check_password(password: &str, field: &str) -> Result<()> {
    if (10..=200).contains(&password.chars().count()) {
        Ok(())
    } else {
        Err(Error::invalid("weak_password", field, "A password has 10 to 200 characters."))
    }
}
