//! Acting on a running call.

use axum::http::StatusCode;
use serde_json::json;

use super::start::call_not_found;
use super::view::{self, Call};
use super::{CallStatus, agent_status, service, store};
use crate::app::AppState;
use crate::audit;
use crate::auth::{CurrentUser, Role};
use crate::db::{CallId, Sql, Tx};
use crate::error::{Error, Result};
use crate::telephony::{Action, CallEvent, EventKind, Monitoring, ProviderError};

/// Longest string of tones sent at once.
const MAX_DIGITS: usize = 32;

/// An extension as it may be dialled.
pub fn extension(text: &str, field: &str) -> Result<String> {
    let text = text.trim();
    let fits = (1..=12).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'#');
    if !fits {
        return Err(Error::invalid("invalid_extension", field, "An extension has 1-12 digits."));
    }
    Ok(text.to_owned())
}

/// Tones as they may be sent.
pub fn digits(text: &str) -> Result<String> {
    let fits = (1..=MAX_DIGITS).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D'));
    if !fits {
        return Err(Error::invalid(
            "invalid_dtmf",
            "digits",
            format!("Tones are 1-{MAX_DIGITS} of 0-9, *, #, A-D."),
        ));
    }
    Ok(text.to_owned())
}

/// Does `action` and answers with the call as it is then.
pub async fn act(state: &AppState, by: &CurrentUser, id: CallId, action: Action) -> Result<Call> {
    let call = allowed(&mut state.db.read().await?, by, id).await?;
    if !call.status.is_open() {
        // Hanging up twice is what people do.
        return if action == Action::Hangup { Ok(call) } else { Err(ended()) };
    }
    let early = matches!(action, Action::Hangup | Action::Rejoin(_));
    if call.status != CallStatus::Answered && !early {
        return Err(not_answered());
    }
    if !call.capabilities.allow(&action) {
        return Err(not_supported());
    }
    if let Action::Transfer(extension) | Action::Consult(extension) = &action {
        refuse_busy_extension(state, &call, extension).await?;
    }
    let hangup = action == Action::Hangup;
    let external = store::current_id(&mut state.db.read().await?, id).await?;
    let Some(external) = external.as_deref() else {
        // The telephone system never confirmed it, or means another call by its id: nothing to tell
        // it, but the agent goes on.
        if hangup {
            close(state, &call).await?;
            return view::one(&mut state.db.read().await?, id).await?.ok_or_else(call_not_found);
        }
        return Err(Error::conflict("call_not_ready", "The call is being set up. Try again."));
    };
    match state.telephony.act(external, action).await {
        Ok(events) => {
            for mut event in events {
                event.reference = Some(id.0);
                event.provider = call.provider;
                service::handle(state, &event).await?;
            }
        }
        Err(ProviderError::UnknownCall) if hangup => close(state, &call).await?,
        Err(error) => return refused(state, id, &error).await,
    }
    view::one(&mut state.db.read().await?, id).await?.ok_or_else(call_not_found)
}

fn ended() -> Error {
    Error::conflict("call_ended", "The call is over.")
}

fn not_answered() -> Error {
    Error::conflict("call_not_answered", "That is possible once the call is answered.")
}

/// Puts the caller's own telephone back into the call.
pub async fn rejoin(state: &AppState, by: &CurrentUser, id: CallId) -> Result<Call> {
    let extension = own_extension(state, by).await?;
    let call = view::visible(&mut state.db.read().await?, by.scope(), id)
        .await?
        .ok_or_else(call_not_found)?;
    // After a transfer it is the colleague's call.
    let speaks = call.transferred_to.as_ref().or(call.agent_extension.as_ref());
    if speaks != Some(&extension) {
        return Err(Error::forbidden());
    }
    act(state, by, id, Action::Rejoin(extension)).await
}

/// A team leader listens, whispers, joins, or (`None`) leaves again (SPEC §10.4). Who heard whose
/// call is on record before anything is heard.
pub async fn monitor(
    state: &AppState,
    by: &CurrentUser,
    id: CallId,
    mode: Option<Monitoring>,
) -> Result<Call> {
    let extension = own_extension(state, by).await?;
    let Some(mode) = mode else {
        return act(state, by, id, Action::StopMonitor(extension)).await;
    };
    let mut tx = state.db.begin().await?;
    let call = view::visible(&mut tx, by.scope(), id).await?.ok_or_else(call_not_found)?;
    if call.status != CallStatus::Answered {
        return Err(if call.status.is_open() { not_answered() } else { ended() });
    }
    if !call.capabilities.monitor {
        return Err(not_supported());
    }
    let after = Some(json!({ "mode": mode }));
    let now = state.clock.now();
    let (who, what) = (Some(by.id), "telephony_call");
    audit::record(&mut tx, now, who, "call.monitored", what, Some(id.0), None, after).await?;
    state.commit(tx).await?;
    act(state, by, id, Action::Monitor { extension, mode }).await
}

async fn own_extension(state: &AppState, by: &CurrentUser) -> Result<String> {
    let sql = Sql::new("SELECT extension FROM users WHERE id = $1").bind(by.id);
    let extension: Option<String> = state.db.read().await?.scalar(sql).await?;
    extension.ok_or_else(|| {
        Error::conflict(
            "extension_missing",
            "You have no extension, so there is no telephone to ring.",
        )
    })
}

fn not_supported() -> Error {
    Error::conflict("not_supported", "The telephone system of this call cannot do that.")
}

/// The call, if `by` may act on it: agents on the calls they are in.
async fn allowed(tx: &mut Tx, by: &CurrentUser, id: CallId) -> Result<Call> {
    let call = view::visible(tx, by.scope(), id).await?.ok_or_else(call_not_found)?;
    if matches!(by.role, Role::Admin | Role::SalesManager | Role::TeamLeader) {
        return Ok(call);
    }
    let speaks = match call.transferred_to.as_deref() {
        Some(extension) => store::user_of_extension(tx, extension).await? == Some(by.id),
        None => call.agent_user_id == Some(by.id),
    };
    if speaks {
        return Ok(call);
    }
    // After a transfer the call is over for the agent who made it.
    Err(if call.agent_user_id == Some(by.id) { ended() } else { Error::forbidden() })
}

async fn refuse_busy_extension(state: &AppState, call: &Call, extension: &str) -> Result<()> {
    if call.agent_extension.as_deref() == Some(extension) {
        return Err(Error::invalid(
            "invalid_extension",
            "extension",
            "That is the extension of this call.",
        ));
    }
    let mut tx = state.db.read().await?;
    if let Some(user) = store::user_of_extension(&mut tx, extension).await?
        && agent_status::on_another_call(&mut tx, user).await?
    {
        return Err(Error::conflict("extension_busy", "That colleague is on a call."));
    }
    Ok(())
}

/// The provider has forgotten the call: for us it is over.
async fn close(state: &AppState, call: &Call) -> Result<()> {
    let event = CallEvent {
        provider: call.provider,
        external_call_id: call.external_call_id.clone(),
        reference: Some(call.id.0),
        at: None,
        received_at: state.clock.now(),
        kind: EventKind::Ended { duration: None, reason: Some("agent_hangup".to_owned()) },
        raw: None,
    };
    service::handle(state, &event).await?;
    Ok(())
}

async fn refused(state: &AppState, id: CallId, error: &ProviderError) -> Result<Call> {
    Err(match error {
        ProviderError::UnknownCall => {
            // It may have ended this very moment; then its end is on the way.
            let call = view::one(&mut state.db.read().await?, id).await?;
            tracing::info!(call = %id, status = ?call.map(|c| c.status), "acted on a call that is gone");
            ended()
        }
        ProviderError::NotAnswered => not_answered(),
        ProviderError::NoTelephone(extension) => Error::conflict(
            "extension_unreachable",
            format!("No telephone is connected for extension {extension}."),
        ),
        ProviderError::Refused(reason) => Error::problem(
            StatusCode::BAD_GATEWAY,
            "provider_refused",
            format!("The telephone system refused: {reason}."),
        ),
        ProviderError::Unavailable(reason) | ProviderError::Unsure(reason) => {
            tracing::error!(call = %id, reason, "the telephone system did not act");
            Error::problem(
                StatusCode::BAD_GATEWAY,
                "provider_unavailable",
                "The telephone system does not answer. Try again in a moment.",
            )
        }
    })
}
