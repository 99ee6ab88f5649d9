//! Logins of telephones in browsers: short-lived, made anew each time, never stored here.

use chrono::TimeDelta;
use serde_json::json;

use crate::app::AppState;
use crate::auth::CurrentUser;
use crate::db::Sql;
use crate::error::Result;
use crate::telephony::{ProviderError, SipLogin};

/// A login is taken away after so long: more than a shift. The browser then asks for another.
const GOOD_FOR: TimeDelta = TimeDelta::hours(12);

/// A login for the telephone of whoever asks; `None` where there is none to be had in the browser.
pub async fn login(state: &AppState, by: &CurrentUser) -> Result<Option<SipLogin>> {
    let sql = Sql::new("SELECT extension FROM users WHERE id = $1").bind(by.id);
    let extension: Option<String> = state.db.read().await?.scalar(sql).await?;
    let Some(extension) = extension else {
        return Ok(None);
    };
    let login = state.telephony.phone(&extension).await.map_err(unavailable)?;
    if login.is_some() {
        let mut tx = state.db.begin().await?;
        let sql = Sql::new(
            "INSERT INTO phone_logins (extension, user_id, made_at) VALUES ($1, $2, $3)
             ON CONFLICT (extension) DO UPDATE SET user_id = $2, made_at = $3",
        );
        tx.execute(sql.bind(extension).bind(by.id).bind(state.clock.now())).await?;
        tx.commit().await?;
    }
    Ok(login)
}

fn unavailable(error: ProviderError) -> crate::error::Error {
    tracing::error!(%error, "no login for a telephone in the browser");
    crate::error::Error::problem(
        axum::http::StatusCode::BAD_GATEWAY,
        "provider_unavailable",
        "The telephone system does not answer. Your telephone connects when it is back.",
    )
}

/// Takes logins away that are old, or whose person is no longer active or has another extension.
pub async fn expire(state: &AppState) -> Result<serde_json::Value> {
    let sql = Sql::new(
        "SELECT p.extension FROM phone_logins p JOIN users u ON u.id = p.user_id
         WHERE p.made_at < $1 OR NOT u.active OR u.extension IS NULL OR u.extension <> p.extension",
    )
    .bind(state.clock.now() - GOOD_FOR);
    let due: Vec<(String,)> = state.db.read().await?.all(sql).await?;
    let mut expired = 0;
    for (extension,) in due {
        if let Err(error) = state.telephony.revoke_phone(&extension).await {
            tracing::warn!(%error, extension, "a telephone's login was not taken away; tried again");
            continue;
        }
        let mut tx = state.db.begin().await?;
        let sql = Sql::new("DELETE FROM phone_logins WHERE extension = $1").bind(extension);
        tx.execute(sql).await?;
        tx.commit().await?;
        expired += 1;
    }
    Ok(json!({ "expired": expired }))
}
