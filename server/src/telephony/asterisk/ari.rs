//! Asterisk's REST interface (ARI), as far as it is needed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Client, Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::vars;
use crate::clock::Clock;
use crate::outbound;
use crate::telephony::ProviderError;
use crate::telephony::breaker::Breaker;

/// Longest wait for an answer. Asterisk is near and answers in milliseconds.
const PATIENCE: Duration = Duration::from_secs(4);

/// A channel.
#[derive(Clone, Debug, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: String,
    /// `PJSIP/201-00000017`.
    #[serde(default)]
    pub name: String,
    /// `Ring`, `Ringing`, `Up`, …
    #[serde(default)]
    pub state: String,
    /// Who calls.
    #[serde(default)]
    pub caller: Party,
    /// Variables that ari.conf lists in `channelvars`.
    #[serde(default)]
    pub channelvars: HashMap<String, String>,
    /// When it was made.
    #[serde(default)]
    pub creationtime: String,
}

impl Channel {
    /// Whether somebody took it.
    pub fn is_up(&self) -> bool {
        self.state == "Up"
    }

    /// The extension whose telephone it is: `201` of `PJSIP/201-00000017`.
    pub fn extension(&self) -> Option<&str> {
        self.name.split_once('/')?.1.rsplit_once('-').map(|(extension, _)| extension)
    }

    /// What a caller dialled who came in through it; `None`: nobody did.
    pub fn dialled(&self) -> Option<&str> {
        self.channelvars.get(vars::LINE).map(String::as_str).filter(|number| !number.is_empty())
    }

    /// Whether a caller came in through it.
    pub fn is_inbound(&self) -> bool {
        self.dialled().is_some()
    }
}

/// A number with a name.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Party {
    /// The number; empty when withheld.
    #[serde(default)]
    pub number: String,
}

/// A bridge.
#[derive(Clone, Debug, Deserialize)]
pub struct Bridge {
    /// Its id.
    pub id: String,
    /// Ids of the channels in it.
    #[serde(default)]
    pub channels: Vec<String>,
}

/// A recording.
#[derive(Clone, Debug, Deserialize)]
pub struct Recording {
    /// Its name.
    pub name: String,
    /// Seconds.
    #[serde(default)]
    pub duration: Option<i64>,
}

/// An event of the application's socket.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// `StasisStart`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// When, by the Asterisk's clock.
    #[serde(default)]
    pub timestamp: String,
    /// The channel it is about.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// The channel that is dialled.
    #[serde(default)]
    pub peer: Option<Channel>,
    /// How dialling stands.
    #[serde(default)]
    pub dialstatus: String,
    /// Q.850 cause of an end.
    #[serde(default)]
    pub cause: i64,
    /// The recording it is about.
    #[serde(default)]
    pub recording: Option<Recording>,
}

impl Event {
    /// When it happened.
    pub fn at(&self) -> Option<DateTime<Utc>> {
        time(&self.timestamp)
    }
}

/// Asterisk's way to write an instant, e.g. `2026-11-25T22:37:31.584+0600`.
pub fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z").ok().map(|at| at.with_timezone(&Utc))
}

/// What went wrong.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AriError {
    /// It cannot have arrived.
    #[error("not reached: {0}")]
    NotSent(String),
    /// It may have arrived.
    #[error("no answer: {0}")]
    Unsure(String),
    /// There is no such thing.
    #[error("there is no such channel or bridge")]
    NotFound,
    /// Asterisk says no.
    #[error("{0}: {1}")]
    Refused(StatusCode, String),
}

impl From<AriError> for ProviderError {
    fn from(error: AriError) -> Self {
        match error {
            AriError::NotFound => Self::UnknownCall,
            AriError::Refused(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
                Self::Unavailable("it does not accept ASTERISK_USER and ASTERISK_PASSWORD".into())
            }
            AriError::Refused(_, why) => Self::Refused(why),
            AriError::NotSent(why) | AriError::Unsure(why) => Self::Unavailable(why),
        }
    }
}

/// The interface.
pub struct Ari {
    http: Client,
    base: Url,
    user: String,
    password: String,
    clock: Clock,
    breaker: Mutex<Breaker>,
}

impl Ari {
    /// Speaks with the Asterisk at `base`.
    pub fn new(base: Url, user: &str, password: &str, clock: Clock) -> anyhow::Result<Self> {
        let http = outbound::client(PATIENCE)?;
        let (user, password) = (user.to_owned(), password.to_owned());
        Ok(Self { http, base, user, password, clock, breaker: Mutex::default() })
    }

    /// Address of a resource.
    pub fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("ari").extend(path);
        }
        url
    }

    fn breaker(&self) -> std::sync::MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It answers again.
    pub fn is_back(&self) {
        self.breaker().succeeded();
    }

    async fn request(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Vec<u8>, AriError> {
        if !self.breaker().admit(self.clock.now()) {
            return Err(AriError::NotSent("it did not answer a moment ago".to_owned()));
        }
        let outcome = self.exchange(method, path, query, body).await;
        let now = self.clock.now();
        match &outcome {
            Err(AriError::NotSent(_) | AriError::Unsure(_)) => self.breaker().failed(now),
            _ => self.breaker().succeeded(),
        }
        outcome
    }

    async fn exchange(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Vec<u8>, AriError> {
        let mut url = self.url(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request =
            self.http.request(method, url).basic_auth(&self.user, Some(&self.password));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| {
            let connecting = error.is_connect();
            let text = error.without_url().to_string();
            if connecting { AriError::NotSent(text) } else { AriError::Unsure(text) }
        })?;
        let status = response.status();
        let bytes = response
            .bytes()
            .await
            .map_err(|error| AriError::Unsure(error.without_url().to_string()))?;
        if status == StatusCode::NOT_FOUND {
            return Err(AriError::NotFound);
        }
        if !status.is_success() {
            let said: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let said = said["message"].as_str().or(said["error"].as_str()).unwrap_or_default();
            return Err(AriError::Refused(status, said.chars().take(200).collect()));
        }
        Ok(bytes.into())
    }

    /// Reads something.
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, AriError> {
        let bytes = self.request(Method::GET, path, query, None).await?;
        serde_json::from_slice(&bytes).map_err(|error| AriError::Unsure(error.to_string()))
    }

    /// Does something.
    pub async fn post(&self, path: &[&str], query: &[(&str, &str)]) -> Result<(), AriError> {
        self.request(Method::POST, path, query, None).await.map(|_| ())
    }

    /// Makes something.
    pub async fn make(&self, path: &[&str], body: &Value) -> Result<(), AriError> {
        self.request(Method::POST, path, &[], Some(body)).await.map(|_| ())
    }

    /// Writes something.
    pub async fn put(&self, path: &[&str], body: &Value) -> Result<(), AriError> {
        self.request(Method::PUT, path, &[], Some(body)).await.map(|_| ())
    }

    /// Ends something; what is not there is ended.
    pub async fn delete(&self, path: &[&str], query: &[(&str, &str)]) -> Result<(), AriError> {
        match self.request(Method::DELETE, path, query, None).await {
            Ok(_) | Err(AriError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A channel's variable; `None` where it is empty or there is no such channel.
    pub async fn variable(&self, channel: &str, name: &str) -> Option<String> {
        #[derive(Deserialize)]
        struct Variable {
            value: String,
        }
        let path = ["channels", channel, "variable"];
        let found: Variable = self.get(&path, &[("variable", name)]).await.ok()?;
        Some(found.value).filter(|value| !value.is_empty())
    }

    /// Sets a channel's variable.
    pub async fn set(&self, channel: &str, name: &str, value: &str) -> Result<(), AriError> {
        let path = ["channels", channel, "variable"];
        self.post(&path, &[("variable", name), ("value", value)]).await
    }
}
