//! Downloading one recording from the telephone system.
//!
//! Whoever can send a webhook could otherwise make this server ask any address, so only the PBX's
//! own host and those of `TRUSTCART_RECORDING_HOSTS` are asked, without following redirects.

use std::time::Duration;

use axum::body::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use reqwest::Response;
use tokio::time::{Instant, timeout};
use url::Url;

use super::NAME_CHARS;
use super::sound::{self, Sound};
use crate::app::AppState;
use crate::config::{Config, Provider};
use crate::db::CallId;
use crate::outbound;
use crate::storage::StorageError;

/// Largest recording, bytes: more than a day of compressed speech.
const MAX_BYTES: u64 = 200 * 1024 * 1024;
/// Longest download.
const PATIENCE: Duration = Duration::from_mins(10);
/// Longest wait for the answer to begin.
const ANSWER: Duration = Duration::from_secs(30);
/// Every so long spent waiting for data …
const WINDOW: Duration = Duration::from_secs(15);
/// … at least so many bytes arrive (4 KiB a second): a slower sender is asked again later.
const LEAST: u64 = 60 * 1024;

/// A recording that is here now.
pub(super) struct Download {
    /// File in the recordings folder.
    pub(super) file: String,
    /// What it is, by its bytes.
    pub(super) content_type: &'static str,
    /// Its length.
    pub(super) bytes: u64,
}

/// Why it could not be had.
#[derive(Debug)]
pub(super) struct Failure {
    /// For the log and the database.
    pub(super) why: String,
    /// Trying again cannot help.
    pub(super) final_one: bool,
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

/// How fast data arrives. Only the time spent waiting for the sender counts.
#[derive(Debug, Default)]
struct Pace {
    waited: Duration,
    bytes: u64,
}

impl Pace {
    /// Counts a chunk that was waited for; false if the sender is too slow.
    fn keeps_up(&mut self, waited: Duration, bytes: u64) -> bool {
        self.waited += waited;
        self.bytes += bytes;
        if self.waited < WINDOW {
            return true;
        }
        let enough = self.bytes >= LEAST;
        *self = Self::default();
        enough
    }
}

/// An answer being read.
struct Incoming {
    answer: Response,
    received: u64,
    pace: Pace,
}

impl Incoming {
    /// The next data; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let since = Instant::now();
        let too_slow = || later("the sender is too slow");
        let chunk = timeout(WINDOW, self.answer.chunk()).await.map_err(|_| too_slow())?;
        let Some(chunk) = chunk.map_err(|error| later(error.without_url()))? else {
            return Ok(None);
        };
        self.received += chunk.len() as u64;
        if self.received > MAX_BYTES {
            return Err(never(format_args!("larger than {MAX_BYTES} bytes")));
        }
        if !self.pace.keeps_up(since.elapsed(), chunk.len() as u64) {
            return Err(too_slow());
        }
        Ok(Some(chunk))
    }
}

/// Downloads the recording of a call into the recordings folder.
pub(super) async fn download(
    state: &AppState,
    call: CallId,
    source_url: &str,
) -> Result<Download, Failure> {
    let url: Url = source_url.parse().map_err(never)?;
    if !allowed(&state.config, &url) {
        return Err(never("its host is not allowed (TRUSTCART_RECORDING_HOSTS)"));
    }
    let client = outbound::client(PATIENCE).map_err(later)?;
    let mut request = client.get(url.clone());
    let at_asterisk = is_at_asterisk(&state.config, &url);
    if let Some(password) = state.config.asterisk.password.as_ref().filter(|_| at_asterisk) {
        request = request.basic_auth(&state.config.asterisk.user, Some(password.text()));
    }
    let answer = timeout(ANSWER, request.send()).await.map_err(|_| later("no answer"))?;
    let answer = answer.map_err(|error| later(error.without_url()))?;
    if !answer.status().is_success() {
        return Err(later(format_args!("answered {}", answer.status())));
    }
    let declared = answer
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase())
        .unwrap_or_default();
    let mut incoming = Incoming { answer, received: 0, pace: Pace::default() };
    let mut head = Vec::new();
    while head.len() < sound::ENOUGH
        && let Some(chunk) = incoming.next().await?
    {
        head.extend_from_slice(&chunk);
    }
    if head.is_empty() {
        return Err(later("it is empty"));
    }
    let enough = &head[..head.len().min(sound::ENOUGH)];
    let sound = Sound::of(enough, &declared)
        .ok_or_else(|| never(format_args!("what is sent as `{declared}` is no sound")))?;
    let file = format!("call-{call}-{:08x}.{}", rand::random::<u32>(), sound.ending);
    debug_assert!(file.chars().all(NAME_CHARS), "a name that is served");
    let rest = futures::stream::try_unfold(incoming, |mut incoming| async move {
        Ok::<_, Failure>(incoming.next().await?.map(|chunk| (chunk, incoming)))
    });
    let content = futures::stream::once(async { Ok(Bytes::from(head)) }).chain(rest.into_stream());
    let bytes = state.recordings.write(&file, std::pin::pin!(content)).await?;
    Ok(Download { file, content_type: sound.media_type, bytes })
}

/// An Asterisk keeps its recordings until it is told that they are elsewhere. One that stays takes
/// room there and does no harm.
pub(super) async fn clear_at_asterisk(state: &AppState, source_url: &str) {
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
    fn a_sender_is_judged_by_what_arrives_while_it_is_waited_for() {
        let seconds = Duration::from_secs;
        let mut trickle = Pace::default();
        assert!((0..14).all(|_| trickle.keeps_up(seconds(1), 100)));
        assert!(!trickle.keeps_up(seconds(1), 100), "100 bytes a second");

        let mut line = Pace::default();
        assert!((0..100).all(|_| line.keeps_up(seconds(1), 8_000)), "64 kbit/s, speech as it is");
        let mut quick = Pace::default();
        assert!((0..1_000).all(|_| quick.keeps_up(Duration::ZERO, 1)), "our own storage is slow");
    }
}
