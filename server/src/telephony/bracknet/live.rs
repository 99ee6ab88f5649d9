//! A live Bracknet PBX, driven over REST as the contract says (SPEC §5.2, 5.5, 5.6).
//!
//! What is never done twice: ringing a customer. A start that may have reached the PBX is not sent
//! again; when its answer is lost the call stays open until a webhook (which carries our
//! `crm_call_id` or the PBX's id) or reconciliation says what became of it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::reference_of;
use crate::clock::Clock;
use crate::outbound;
use crate::telephony::breaker::Breaker;
use crate::telephony::{
    Action, CallEvent, Dial, Dialled, EventKind, Mode, Provider, ProviderError, ProviderKind,
};

/// Tries of what may be repeated.
const TRIES: u32 = 3;
/// Wait before the second try; twice as long before the third.
const BACK_OFF: Duration = Duration::from_millis(200);
/// Longest answer read, bytes.
const MAX_ANSWER: usize = 64 * 1024;
/// Longest explanation of the PBX passed on, characters.
const MAX_REASON: usize = 200;

/// The PBX.
pub struct Live {
    http: Client,
    base: Url,
    key: String,
    /// What customers' displays show, where the request does not say.
    caller_id: Option<String>,
    clock: Clock,
    breaker: Mutex<Breaker>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bracknet({})", self.base)
    }
}

/// How a request went wrong.
#[derive(Debug)]
enum Failure {
    /// It cannot have reached the PBX.
    NotSent(String),
    /// It may have.
    Unsure(String),
    /// The PBX said no.
    Refused(StatusCode, String),
}

impl Failure {
    /// Whether the PBX is to be left alone after some of these.
    const fn is_outage(&self) -> bool {
        matches!(self, Self::NotSent(_) | Self::Unsure(_))
    }
}

/// What the PBX answers, in the contract's words and those people use instead.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    status: Option<String>,
    #[serde(alias = "callId", alias = "call_id", alias = "id")]
    bracknet_call_id: Option<Value>,
    #[serde(alias = "error", alias = "detail")]
    message: Option<Value>,
}

impl Answer {
    fn call_id(&self) -> Option<String> {
        let id = match self.bracknet_call_id.as_ref()? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        (1..=128).contains(&id.len()).then_some(id)
    }

    /// A 200 that means no.
    fn is_refusal(&self) -> bool {
        self.status.as_deref().is_some_and(|status| {
            matches!(
                status.to_ascii_lowercase().as_str(),
                "error" | "failed" | "failure" | "rejected"
            )
        })
    }

    fn reason(&self) -> String {
        let text = self.message.as_ref().and_then(Value::as_str).unwrap_or("no reason given");
        text.chars().filter(|c| !c.is_control()).take(MAX_REASON).collect()
    }
}

impl Live {
    /// Speaks with the PBX at `base`, waiting `timeout` at most for each answer.
    pub fn new(
        base: &str,
        key: &str,
        caller_id: Option<&str>,
        timeout: Duration,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let mut base: Url = base.parse()?;
        anyhow::ensure!(
            matches!(base.scheme(), "http" | "https") && base.has_host(),
            "BRACKNET_API_BASE_URL is no http or https address"
        );
        // So that joining keeps the last part of the path.
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let http = outbound::client(timeout)?;
        let breaker = Mutex::default();
        let caller_id = caller_id.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        Ok(Self { http, base, key: key.trim().to_owned(), caller_id, clock, breaker })
    }

    fn breaker(&self) -> std::sync::MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One request, if the breaker lets it through.
    async fn post(&self, path: &str, body: &Value, key: Option<&str>) -> Result<Answer, Failure> {
        if !self.breaker().admit(self.clock.now()) {
            return Err(Failure::NotSent("it did not answer a moment ago".to_owned()));
        }
        let outcome = self.exchange(path, body, key).await;
        let now = self.clock.now();
        match &outcome {
            Err(failure) if failure.is_outage() => self.breaker().failed(now),
            _ => self.breaker().succeeded(),
        }
        outcome
    }

    async fn exchange(
        &self,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> Result<Answer, Failure> {
        let url = self.base.join(path).map_err(|error| Failure::NotSent(error.to_string()))?;
        let mut request = self.http.post(url).bearer_auth(&self.key).json(body);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let mut response = request.send().await.map_err(|error| {
            // The address may hold what should not be logged.
            let connecting = error.is_connect();
            let text = describe(&error.without_url());
            if connecting { Failure::NotSent(text) } else { Failure::Unsure(text) }
        })?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| Failure::Unsure(describe(&error.without_url())))?
        {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_ANSWER {
                return Err(Failure::Unsure(format!("an answer of more than {MAX_ANSWER} bytes")));
            }
        }
        let answer = serde_json::from_slice::<Answer>(&bytes);
        if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
            return Err(Failure::Unsure(format!("answered {status}")));
        }
        if !status.is_success() {
            let reason = answer.map_or_else(|_| status.to_string(), |a| a.reason());
            return Err(Failure::Refused(status, reason));
        }
        match answer {
            Ok(answer) if answer.is_refusal() => Err(Failure::Refused(status, answer.reason())),
            Ok(answer) => Ok(answer),
            Err(_) => Err(Failure::Unsure("an answer that is not the contract's JSON".to_owned())),
        }
    }

    /// A request that does no harm when it is made twice.
    async fn repeat(&self, path: &str, body: &Value) -> Result<Answer, ProviderError> {
        let mut wait = BACK_OFF;
        for attempt in 1.. {
            match self.post(path, body, None).await {
                Err(failure) if failure.is_outage() && attempt < TRIES => {
                    tracing::warn!(path, attempt, ?failure, "the PBX did not answer; trying again");
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                outcome => return outcome.map_err(refused),
            }
        }
        Err(ProviderError::Unavailable("never tried".to_owned()))
    }

    async fn start(&self, dial: Dial) -> Result<Dialled, ProviderError> {
        let Some(extension) = &dial.extension else {
            return Err(ProviderError::Refused("the agent has no extension".to_owned()));
        };
        let reference = reference_of(dial.reference);
        let body = json!({
            "agent_extension": extension,
            "agent_id": dial.agent_id.to_string(),
            "customer_number": dial.number.as_str(),
            "caller_id": dial.caller_id.as_ref().or(self.caller_id.as_ref()),
            "call_type": "outbound",
            "crm_call_id": reference,
        });
        match self.post("call/start", &body, Some(&reference)).await {
            Ok(answer) => match answer.call_id() {
                Some(external_call_id) => Ok(Dialled { external_call_id }),
                None => Err(ProviderError::Unsure("the answer has no bracknet_call_id".to_owned())),
            },
            Err(Failure::Unsure(why)) => Err(ProviderError::Unsure(why)),
            Err(failure) => Err(refused(failure)),
        }
    }

    async fn order(&self, id: &str, action: Action) -> Result<Vec<CallEvent>, ProviderError> {
        let now = self.clock.now();
        let kind = match action {
            Action::Hangup => {
                self.repeat("call/hangup", &json!({"bracknet_call_id": id})).await?;
                EventKind::Ended { duration: None, reason: Some("agent_hangup".to_owned()) }
            }
            Action::Transfer(extension) => {
                let body = json!({"bracknet_call_id": id, "transfer_extension": extension});
                self.repeat("call/transfer", &body).await?;
                EventKind::Transferred { extension, order: now.timestamp_micros() }
            }
            // Not in the contract; `Capabilities` says so before anybody asks.
            _ => {
                return Err(ProviderError::Refused("the PBX cannot do that".to_owned()));
            }
        };
        Ok(vec![CallEvent {
            provider: ProviderKind::Bracknet,
            external_call_id: Some(id.to_owned()),
            reference: None,
            at: None,
            received_at: now,
            kind,
            raw: None,
        }])
    }
}

/// The error with its causes: reqwest's own text says little.
fn describe(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn refused(failure: Failure) -> ProviderError {
    match failure {
        Failure::Refused(StatusCode::NOT_FOUND | StatusCode::GONE, _) => ProviderError::UnknownCall,
        Failure::Refused(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
            ProviderError::Unavailable("it does not accept BRACKNET_API_KEY".to_owned())
        }
        Failure::Refused(StatusCode::TOO_MANY_REQUESTS, _) => {
            ProviderError::Unavailable("it asks to be left alone for a while".to_owned())
        }
        Failure::Refused(_, why) => ProviderError::Refused(why),
        Failure::NotSent(why) | Failure::Unsure(why) => ProviderError::Unavailable(why),
    }
}

impl Provider for Live {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Bracknet
    }

    fn mode(&self) -> Mode {
        Mode::Live
    }

    fn choose_id(&self) -> Option<String> {
        None
    }

    fn dial(&self, dial: Dial) -> BoxFuture<'_, Result<Dialled, ProviderError>> {
        self.start(dial).boxed()
    }

    fn act<'a>(
        &'a self,
        external_call_id: &'a str,
        action: Action,
    ) -> BoxFuture<'a, Result<Vec<CallEvent>, ProviderError>> {
        self.order(external_call_id, action).boxed()
    }

    fn running<'a>(&'a self, _: &'a [String]) -> BoxFuture<'a, HashMap<String, bool>> {
        // The contract has no question for that.
        async { HashMap::new() }.boxed()
    }

    fn forget(&self, _: &str) {}
}
