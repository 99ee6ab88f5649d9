//! Streaming a recording, whole or in parts: players seek. [`fetch`] brings recordings here,
//! [`keep`] lets old ones go.

mod download;
pub mod fetch;
pub mod keep;
mod sound;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::store;
use crate::app::AppState;
use crate::audit;
use crate::auth::CurrentUser;
use crate::db::CallId;
use crate::error::{Error, Result};

/// What names of recordings are made of.
const NAME_CHARS: fn(char) -> bool = |c| c.is_ascii_alphanumeric() || "-_.".contains(c);

fn no_recording() -> Error {
    Error::not_found("recording_not_found", "This call has no recording.")
}

/// Answers with the recording of a call the caller may see. That somebody listens is audited when
/// the beginning is fetched: once a listen, not once a range.
pub async fn serve(
    state: &AppState,
    by: &CurrentUser,
    id: CallId,
    headers: &HeaderMap,
) -> Result<Response> {
    let recording = store::recording(&mut state.db.read().await?, id).await?;
    let recording = recording.ok_or_else(no_recording)?;
    let (name, media_type) = match recording.file() {
        Some(name) => (name.to_owned(), "audio/wav".to_owned()),
        None => fetched(state, id).await?,
    };
    // Names are made by this program; still, none leads out of the folder.
    if !name.chars().all(NAME_CHARS) || name.starts_with('.') {
        return Err(no_recording());
    }
    let media_type = sound::served_as(&media_type);
    let how = if media_type == sound::UNKNOWN { "attachment" } else { "inline" };
    let ending = name.rsplit('.').next().unwrap_or_default();
    let disposition = format!("{how}; filename=\"call-{id}.{ending}\"");
    let size = state.recordings.size(&name).await.map_err(anyhow::Error::from)?;
    let size = size.ok_or_else(no_recording)?;
    let wanted = headers.get(header::RANGE).and_then(|v| v.to_str().ok());
    let (status, from, length) = match wanted.map(|text| range(text, size)) {
        None | Some(Wanted::All) => (StatusCode::OK, 0, size),
        Some(Wanted::Part(from, to)) => (StatusCode::PARTIAL_CONTENT, from, to - from + 1),
        Some(Wanted::Nothing) => return Ok(unsatisfiable(size)),
    };
    if from == 0 {
        listened(state, by, id).await?;
    }
    let content = state.recordings.read(&name, from..from + length).await;
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, media_type)
        // Whatever it is, no browser runs it.
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'")
        .header(header::CONTENT_DISPOSITION, disposition)
        .header(header::CONTENT_LENGTH, length)
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::CACHE_CONTROL, "private, no-store")
        .body(Body::from_stream(content.map_err(anyhow::Error::from)?))
        .map_err(anyhow::Error::from)?;
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {from}-{}/{size}", from + length - 1);
        if let Ok(range) = HeaderValue::from_str(&range) {
            response.headers_mut().insert(header::CONTENT_RANGE, range);
        }
    }
    Ok(response)
}

/// Who heard whose call.
async fn listened(state: &AppState, by: &CurrentUser, call: CallId) -> Result<()> {
    let mut tx = state.db.begin().await?;
    let now = state.clock.now();
    audit::record(
        &mut tx,
        now,
        Some(by.id),
        "recording.listened",
        "telephony_call",
        Some(call.0),
        None,
        None,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The file and media type of a recording that was at the telephone system.
async fn fetched(state: &AppState, id: CallId) -> Result<(String, String)> {
    use fetch::FetchState;
    let known = fetch::find(&mut state.db.read().await?, id).await?.ok_or_else(no_recording)?;
    match (known.state, known.file) {
        (FetchState::Stored, Some(file)) => Ok((file, known.content_type.unwrap_or_default())),
        (FetchState::Failed, _) => Err(Error::not_found(
            "recording_unavailable",
            "The telephone system did not give the recording.",
        )),
        (FetchState::Pending | FetchState::Stored, _) => Err(Error::conflict(
            "recording_pending",
            "The recording is being fetched from the telephone system. Try again in a few minutes.",
        )),
    }
}

fn unsatisfiable(size: u64) -> Response {
    let problem = Error::problem(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "range_not_satisfiable",
        "The recording is shorter than that.",
    );
    let mut response = problem.into_response();
    if let Ok(range) = HeaderValue::from_str(&format!("bytes */{size}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    response
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    /// First and last byte.
    Part(u64, u64),
    Nothing,
}

/// One range of bytes; several at once, or anything else not understood, gets the whole.
fn range(text: &str, size: u64) -> Wanted {
    let Some((from, to)) = text.strip_prefix("bytes=").and_then(|spec| spec.split_once('-')) else {
        return Wanted::All;
    };
    let (from, to) = (from.trim(), to.trim());
    let part = match (from.is_empty(), from.parse::<u64>(), to.parse::<u64>()) {
        (true, _, Ok(last)) => (size.saturating_sub(last), size.saturating_sub(1), last > 0),
        (false, Ok(from), Ok(to)) if from <= to => (from, to.min(size.saturating_sub(1)), true),
        (false, Ok(from), Err(_)) if to.is_empty() => (from, size.saturating_sub(1), true),
        _ => return Wanted::All,
    };
    match part {
        (from, to, true) if from < size => Wanted::Part(from, to),
        _ => Wanted::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::{Wanted, range};

    #[test]
    fn ranges_as_players_send_them() {
        for (text, wanted) in [
            ("bytes=0-", Wanted::Part(0, 99)),
            ("bytes=10-19", Wanted::Part(10, 19)),
            ("bytes=90-500", Wanted::Part(90, 99)),
            ("bytes=-10", Wanted::Part(90, 99)),
            ("bytes=-500", Wanted::Part(0, 99)),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=20-10", Wanted::All),
            ("bytes=0-1,5-6", Wanted::All),
            ("seconds=1-2", Wanted::All),
        ] {
            assert_eq!(range(text, 100), wanted, "{text}");
        }
    }
}
