//! Acting on a running call.

use axum::http::StatusCode;

use super::start::call_not_found;
use super::view::{self, Call};
use super::{CallStatus, agent_status, service, store};
use crate::app::AppState;
use crate::auth::{CurrentUser, Role};
use crate::db::{CallId, Tx};
use crate::error::{Error, Result};
use crate::telephony::{Action, CallEvent, EventKind, ProviderError};

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
    if call.status != CallStatus::Answered && action != Action::Hangup {
        return Err(not_answered());
    }
    if !call.capabilities.allow(&action) {
        return Err(Error::conflict(
            "not_supported",
            "The telephone system of this call cannot do that.",
        ));
    }
    if let Action::Transfer(extension) = &action {
        refuse_busy_extension(state, &call, extension).await?;
    }
    let hangup = action == Action::Hangup;
    let Some(external) = call.external_call_id.as_deref() else {
        // The telephone system never confirmed it: nothing to tell it, but the agent goes on.
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
    if speaks { Ok(call) } else { Err(Error::forbidden()) }
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
