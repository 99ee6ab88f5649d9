//! `GET`/`PATCH auth/me`: one's own profile and password.

use std::net::IpAddr;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::api::{self, failed, paused};
use super::rules::{NewPassword, check_password};
use super::sessions::{self, Ended};
use super::store::{self, Credentials, Me};
use super::throttle::Attempt;
use super::{Allow, Anyone, CurrentUser, HashTurn, Theme, hash_password, verify_password};
use crate::address::{self, ClientAddress};
use crate::app::AppState;
use crate::audit;
use crate::db::{Sql, Tx};
use crate::error::{Error, Result};
use crate::http::Json;

/// Who am I.
#[utoipa::path(get, path = "/api/auth/me", tag = "auth", responses((status = 200, body = Me)))]
pub async fn get(State(state): State<AppState>, user: Allow<Anyone>) -> Result<Json<Me>> {
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
    #[schema(value_type = Option<Theme>)]
    theme: Option<String>,
    /// Display name.
    name: Option<String>,
    /// Needed with `newPassword`.
    current_password: Option<String>,
    /// The new one; ends every login of the user and answers with the tokens of a new one.
    #[schema(value_type = Option<NewPassword>)]
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

/// The profile after a change.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeChanged {
    /// As it is now.
    #[serde(flatten)]
    me: Me,
    /// After a new password: a new access token, since all earlier ones have ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
    /// After a new password: a new refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Seconds until the new access token expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<i64>,
}

/// Change own language, theme, name or password.
#[utoipa::path(patch, path = "/api/auth/me", tag = "auth", request_body = MePatch, responses((status = 200, body = MeChanged)))]
pub async fn patch(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    ClientAddress(from): ClientAddress,
    Json(body): Json<MePatch>,
) -> Result<Json<MeChanged>> {
    one_of("language", body.language.as_deref(), &["bn", "en"])?;
    one_of("theme", body.theme.as_deref(), &["system", "light", "dark"])?;
    let name = body.name.as_deref().map(str::trim);
    if name.is_some_and(|n| n.is_empty() || n.chars().count() > 100) {
        return Err(Error::invalid("invalid_name", "name", "A name has 1 to 100 characters."));
    }
    let now = state.clock.now();
    let hash = match body.new_password {
        Some(new) => Some(new_hash(&state, &user, from, body.current_password, new).await?),
        None => None,
    };
    let changes_password = hash.is_some();
    let mut tx = state.db.begin().await?;
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
    if !changes_password {
        let me = store::me(&mut tx, user.id).await?.ok_or_else(Error::unauthenticated)?;
        tx.commit().await?;
        let changed = MeChanged { me, access_token: None, refresh_token: None, expires_in: None };
        return Ok(Json(changed));
    }
    let (ended, changed) = new_login(&state, &mut tx, &user, from).await?;
    state.commit(tx).await?;
    ended.refuse(&state.keys, now);
    Ok(Json(changed))
}

/// Ends every login of the person, also one that a thief shares, and begins a new one.
async fn new_login(
    state: &AppState,
    tx: &mut Tx,
    user: &CurrentUser,
    from: IpAddr,
) -> Result<(Ended, MeChanged)> {
    let now = state.clock.now();
    let ended = sessions::end_all(tx, user.id, now).await?;
    let (session, token) = sessions::begin(tx, user.id, &address::network(from), now).await?;
    let after = Some(json!({"password": "changed"}));
    let (who, id, action) = (Some(user.id), Some(user.id.0), "user.password_changed");
    audit::record_from(tx, now, Some(from), who, action, "user", id, None, after).await?;
    let new = api::answer(state, tx, user.id, session, token).await?;
    let changed = MeChanged {
        me: new.user,
        access_token: Some(new.access_token),
        refresh_token: Some(new.refresh_token),
        expires_in: Some(new.expires_in),
    };
    Ok((ended, changed))
}

/// Checks the current password, where wrong ones count like those of a login, and hashes the new one.
async fn new_hash(
    state: &AppState,
    user: &CurrentUser,
    from: IpAddr,
    current: Option<String>,
    new: String,
) -> Result<String> {
    let now = state.clock.now();
    let turn = HashTurn::take(&format!("user {}", user.id)).await?;
    let (Credentials { login, password_hash, .. }, attempt) = {
        let mut tx = state.db.read().await?;
        let found = store::credentials_of(&mut tx, user.id).await?;
        let found = found.ok_or_else(Error::unauthenticated)?;
        let attempt = Attempt::new(&state.keys, &found.login, &address::network(from));
        if let Some(until) = attempt.paused(&mut tx, Some(user.id), now).await? {
            return Err(paused(until, now));
        }
        (found, attempt)
    };
    check_password(&new, "newPassword", &login)?;
    let current = current.unwrap_or_default();
    let hash = turn
        .run(move || verify_password(&current, &password_hash).then(|| hash_password(&new)))
        .await?;
    let mut tx = state.db.begin().await?;
    let Some(hash) = hash else {
        failed(&mut tx, &attempt, from, Some(user.id), now).await?;
        tx.commit().await?;
        let detail = "The current password is wrong.";
        return Err(Error::invalid("wrong_password", "currentPassword", detail));
    };
    attempt.succeeded(&mut tx).await?;
    tx.commit().await?;
    Ok(hash?)
}
