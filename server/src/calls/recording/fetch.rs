//! Recordings that a telephone system only gives an address for are fetched into our own folder
//! (SPEC §5.8): the browser never asks the PBX, and they outlive it.
//!
//! Whoever can send a webhook could otherwise make this server ask any address, so only the PBX's
//! own host and those of `TRUSTCART_RECORDING_HOSTS` are asked, without following redirects.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt as _;
use serde_json::json;
use url::Url;

use super::NAME_CHARS;
use crate::app::AppState;
use crate::calls::state::Recording;
use crate::config::{Config, Provider};
use crate::db::{CallId, DbError, Sql, Tx, text_enum};
use crate::error::Result;
use crate::outbound;
use crate::storage::StorageError;

/// Largest recording, bytes: more than a day of compressed speech.
const MAX_BYTES: u64 = 200 * 1024 * 1024;
/// Longest download.
const PATIENCE: Duration = Duration::from_mins(2);
/// Tries before it is given up; with the pauses in between about a day.
const TRIES: i64 = 12;
/// Recordings fetched in one run of the job.
const BATCH: i64 = 50;

text_enum! {
    /// Whether a recording at the telephone system is here already.
    pub enum FetchState {
        /// It will be fetched.
        Pending = "pending",
        /// It is here.
        Stored = "stored",
        /// It cannot be had.
        Failed = "failed",
    }
}

/// A recording that is or was at the telephone system.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Fetched {
    /// Whether it is here.
    pub state: FetchState,
    /// File in the recordings folder.
    pub file: Option<String>,
    /// Its media type.
    pub content_type: Option<String>,
}

/// Notes that the recording of a call is to be fetched; another address than before starts anew.
pub async fn wanted(
    tx: &mut Tx,
    now: DateTime<Utc>,
    call: CallId,
    recording: &Recording,
) -> Result<(), DbError> {
    if recording.file().is_some() {
        return Ok(());
    }
    tx.execute(
        Sql::new(
            "INSERT INTO recordings (call_id, source_url, state, attempts, next_try_at, created_at,
               updated_at)
             VALUES ($1, $2, 'pending', 0, $3, $3, $3)
             ON CONFLICT (call_id) DO UPDATE
               SET source_url = $2, state = 'pending', attempts = 0, next_try_at = $3,
                   updated_at = $3
               WHERE recordings.source_url <> $2",
        )
        .bind(call)
        .bind(recording.place.as_str())
        .bind(now),
    )
    .await?;
    Ok(())
}

/// What is known of a call's recording at the telephone system.
pub async fn find(tx: &mut Tx, call: CallId) -> Result<Option<Fetched>, DbError> {
    tx.optional(
        Sql::new("SELECT state, file, content_type FROM recordings WHERE call_id = $1").bind(call),
    )
    .await
}

#[derive(sqlx::FromRow)]
struct Due {
    call_id: CallId,
    source_url: String,
    attempts: i64,
}

/// Fetches what has just become due, in the background.
pub fn soon(state: &AppState) {
    let state = state.clone();
    state.clone().background.spawn(async move {
        if let Err(error) = run(&state).await {
            tracing::warn!(%error, "recordings were not fetched; the job tries again");
        }
    });
}

/// Fetches what is due.
pub async fn run(state: &AppState) -> Result<serde_json::Value> {
    let _turn = state.fetch_turn.lock().await;
    let due: Vec<Due> = state
        .db
        .read()
        .await?
        .all(
            Sql::new(
                "SELECT call_id, source_url, attempts FROM recordings
                 WHERE state = 'pending' AND next_try_at <= $1 ORDER BY next_try_at LIMIT $2",
            )
            .bind(state.clock.now())
            .bind(BATCH),
        )
        .await?;
    let (mut stored, mut failed) = (0, 0);
    for one in due {
        let outcome = download(state, &one).await;
        if let Err(error) = &outcome {
            tracing::warn!(call = %one.call_id, error = %error.why, "a recording was not fetched");
        }
        match settle(state, &one, outcome).await? {
            FetchState::Stored => {
                stored += 1;
                clear_at_asterisk(state, &one.source_url).await;
            }
            FetchState::Failed => failed += 1,
            FetchState::Pending => {}
        }
    }
    Ok(json!({"stored": stored, "failed": failed}))
}

struct Download {
    file: String,
    content_type: String,
    bytes: u64,
}

struct Failure {
    why: String,
    /// Trying again cannot help.
    final_one: bool,
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        later(error)
    }
}

fn later(why: impl std::fmt::Display) -> Failure {
    Failure { why: why.to_string(), final_one: false }
}

fn never(why: impl std::fmt::Display) -> Failure {
    Failure { why: why.to_string(), final_one: true }
}

fn authority(url: &Url) -> Option<(String, Option<u16>)> {
    url.host_str().map(|host| (host.to_ascii_lowercase(), url.port_or_known_default()))
}

/// Whether an address is a recording at the configured Asterisk, which wants to know who asks. Only
/// there is our login sent: an address may come from a webhook, and everything else of its REST
/// interface is none of a webhook's business.
fn is_at_asterisk(config: &Config, url: &Url) -> bool {
    let asterisk = config.asterisk.url.as_deref().and_then(|base| base.parse::<Url>().ok());
    config.telephony_provider == Provider::Asterisk
        && asterisk
            .as_ref()
            .is_some_and(|pbx| authority(pbx) == authority(url) && pbx.scheme() == url.scheme())
        && url.path().starts_with("/ari/recordings/stored/")
        && url.query().is_none()
}

/// Whether an address may be asked.
fn allowed(config: &Config, url: &Url) -> bool {
    let pbx = config.bracknet_api_base_url.as_deref().and_then(|base| base.parse::<Url>().ok());
    pbx.as_ref().is_some_and(|pbx| authority(pbx) == authority(url))
        || is_at_asterisk(config, url)
        || url.host_str().is_some_and(|host| {
            config.recording_hosts.iter().any(|allowed| {
                let with_port = format!("{host}:{}", url.port_or_known_default().unwrap_or(0));
                allowed.eq_ignore_ascii_case(host) || allowed.eq_ignore_ascii_case(&with_port)
            })
        })
}

/// The ending for a media type; `None`: this is no sound.
fn ending(content_type: &str) -> Option<&'static str> {
    Some(match content_type {
        "audio/mpeg" | "audio/mp3" => "mp3",
        "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => "wav",
        "audio/ogg" | "audio/opus" => "ogg",
        "audio/mp4" | "audio/aac" | "audio/x-m4a" => "m4a",
        "audio/webm" => "webm",
        other if other.starts_with("audio/") => "audio",
        _ => return None,
    })
}

async fn download(state: &AppState, due: &Due) -> Result<Download, Failure> {
    let url: Url = due.source_url.parse().map_err(never)?;
    if !allowed(&state.config, &url) {
        return Err(never("its host is not allowed (TRUSTCART_RECORDING_HOSTS)"));
    }
    let client = outbound::client(PATIENCE).map_err(later)?;
    let mut request = client.get(url.clone());
    let at_asterisk = is_at_asterisk(&state.config, &url);
    if let Some(password) = state.config.asterisk.password.as_ref().filter(|_| at_asterisk) {
        request = request.basic_auth(&state.config.asterisk.user, Some(password.text()));
    }
    let answer = request.send().await.map_err(|error| later(error.without_url()))?;
    if !answer.status().is_success() {
        return Err(later(format_args!("answered {}", answer.status())));
    }
    let content_type = answer
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase())
        .unwrap_or_default();
    let ending =
        ending(&content_type).ok_or_else(|| never(format_args!("`{content_type}` is no sound")))?;
    let file = format!("call-{}-{:08x}.{ending}", due.call_id, rand::random::<u32>());
    debug_assert!(file.chars().all(NAME_CHARS), "a name that is served");
    let mut received = 0;
    let content = futures::stream::try_unfold(answer, |mut answer| async move {
        let chunk = answer.chunk().await.map_err(|error| later(error.without_url()))?;
        Ok::<_, Failure>(chunk.map(|chunk| (chunk, answer)))
    });
    let content = content.and_then(|chunk| {
        received += chunk.len() as u64;
        let fits = received <= MAX_BYTES;
        let too_large = || never(format_args!("larger than {MAX_BYTES} bytes"));
        std::future::ready(if fits { Ok(chunk) } else { Err(too_large()) })
    });
    let bytes = state.recordings.write(&file, std::pin::pin!(content)).await?;
    Ok(Download { file, content_type, bytes })
}

/// An Asterisk keeps its recordings until it is told that they are elsewhere. One that stays takes
/// room there and does no harm.
async fn clear_at_asterisk(state: &AppState, source_url: &str) {
    let Ok(url) = source_url.parse::<Url>() else { return };
    let Some(password) = &state.config.asterisk.password else { return };
    if !is_at_asterisk(&state.config, &url) {
        return;
    }
    let Some(whole) = source_url.strip_suffix("/file") else { return };
    let deleted = async {
        let client = outbound::client(PATIENCE)?;
        let user = &state.config.asterisk.user;
        client.delete(whole).basic_auth(user, Some(password.text())).send().await
    };
    if let Err(error) = deleted.await {
        tracing::debug!(error = %error.without_url(), "a recording was not cleared at the Asterisk");
    }
}

/// How long to wait after so many tries: 1, 2, 4 … minutes, four hours at most. The job begins on the
/// minute and a try ends a moment later: without the difference each pause would be a minute longer.
fn pause(attempts: i64) -> TimeDelta {
    let minutes = TimeDelta::minutes(1 << (attempts - 1).clamp(0, 8));
    minutes.min(TimeDelta::hours(4)) - TimeDelta::seconds(10)
}

/// Notes how it went; the state it is in now.
async fn settle(
    state: &AppState,
    due: &Due,
    outcome: Result<Download, Failure>,
) -> Result<FetchState> {
    let now = state.clock.now();
    let attempts = due.attempts + 1;
    let mut tx = state.db.begin().await?;
    let (next, sql) = match outcome {
        Ok(Download { file, content_type, bytes }) => (
            FetchState::Stored,
            Sql::new(
                "UPDATE recordings SET state = 'stored', attempts = $1, updated_at = $2, file = $3,
                   content_type = $4, bytes = $5, error = NULL
                 WHERE call_id = $6 AND source_url = $7",
            )
            .bind(attempts)
            .bind(now)
            .bind(file)
            .bind(content_type)
            .bind(i64::try_from(bytes).unwrap_or(i64::MAX)),
        ),
        Err(Failure { why, final_one }) => {
            let next = if final_one || attempts >= TRIES {
                FetchState::Failed
            } else {
                FetchState::Pending
            };
            let sql = Sql::new(
                "UPDATE recordings SET state = $1, attempts = $2, updated_at = $3,
                   next_try_at = $4, error = $5
                 WHERE call_id = $6 AND source_url = $7",
            )
            .bind(next)
            .bind(attempts)
            .bind(now)
            .bind(now + pause(attempts))
            .bind(why.chars().take(300).collect::<String>());
            (next, sql)
        }
    };
    tx.execute(sql.bind(due.call_id).bind(due.source_url.as_str())).await?;
    tx.commit().await?;
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_goes_to_recordings_of_the_asterisk_and_nowhere_else() {
        #[derive(clap::Parser)]
        struct Flags {
            #[command(flatten)]
            config: Config,
        }
        let flags = ["x", "--telephony-provider", "asterisk", "--asterisk-url", "http://pbx:8088"];
        let config = <Flags as clap::Parser>::parse_from(flags).config;
        let ours = |text: &str| is_at_asterisk(&config, &text.parse().expect("an address"));
        assert!(ours("http://pbx:8088/ari/recordings/stored/tc-1~recording/file"));
        for other in [
            "http://pbx:8088/ari/channels",
            "http://pbx:8088/ari/recordings/stored/../../channels/x",
            "http://pbx:8088/ari/recordings/stored/%2e%2e/%2e%2e/channels/x",
            "http://pbx:8088/ari/recordings/stored/x/file?api_key=y",
            "https://pbx:8088/ari/recordings/stored/x/file",
            "http://pbx:9/ari/recordings/stored/x/file",
            "http://pbx.example:8088/ari/recordings/stored/x/file",
        ] {
            assert!(!ours(other), "{other}");
        }
    }

    #[test]
    fn it_is_tried_again_by_the_run_one_two_and_four_minutes_later() {
        // The job runs at the full minute; the try ended some seconds into it.
        let ended = TimeDelta::seconds(5);
        let run_after = |attempts| {
            let due = ended + pause(attempts);
            (due.num_seconds() + 59) / 60
        };
        assert_eq!([1, 2, 3, 8].map(run_after), [1, 2, 4, 128]);
        assert_eq!([9, 10, 100].map(run_after), [240; 3], "four hours at most");
    }

    #[test]
    fn only_sound_is_kept() {
        assert_eq!(ending("audio/mpeg"), Some("mp3"));
        assert_eq!(ending("audio/x-strange"), Some("audio"));
        assert_eq!(ending("text/html"), None);
        assert_eq!(ending(""), None);
    }
}
