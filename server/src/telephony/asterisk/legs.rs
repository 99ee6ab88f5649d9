//! The channels of one call, and what is done to them.

use serde_json::{Value, json};

use super::ari::{AriError, Channel};
use super::{APP, DOMAIN, Pbx, ids, vars};
use crate::telephony::{ProviderError, SipLogin};

/// Seconds an agent's telephone rings.
const RING_SECONDS: u32 = 25;

/// The channels of one call.
#[derive(Debug, Default)]
pub struct Legs {
    /// The customer's.
    pub customer: Option<Channel>,
    /// The agent's telephones: the one that talks, and one that rings to take its place.
    pub agents: Vec<Channel>,
    /// Colleagues.
    pub consults: Vec<Channel>,
    /// Team leaders who listen.
    pub monitors: Vec<Channel>,
    /// What they hear.
    pub snoops: Vec<Channel>,
}

impl Legs {
    /// Sorts the channels of `call` out of all there are.
    pub fn of(call: &str, channels: &[Channel]) -> Self {
        let mut legs = Self::default();
        for channel in channels {
            if channel.id == ids::customer(call) {
                legs.customer = Some(channel.clone());
                continue;
            }
            match ids::parse(&channel.id).filter(|(of, _)| *of == call) {
                Some((_, ids::Role::Agent)) => legs.agents.push(channel.clone()),
                Some((_, ids::Role::Consult)) => legs.consults.push(channel.clone()),
                Some((_, ids::Role::Monitor)) => legs.monitors.push(channel.clone()),
                Some((_, ids::Role::Snoop)) => legs.snoops.push(channel.clone()),
                Some((_, ids::Role::Customer)) | None => {}
            }
        }
        legs
    }

    /// Whether anybody who matters is there.
    pub fn is_alive(&self) -> bool {
        self.customer.is_some() || !self.agents.is_empty()
    }

    /// Whoever talks with the customer: the agent, after a transfer the colleague.
    pub fn speaker(&self) -> Option<&Channel> {
        let up = |legs: &'_ [Channel]| legs.iter().position(Channel::is_up);
        match up(&self.agents) {
            Some(index) => self.agents.get(index),
            None => self.consults.iter().find(|leg| leg.is_up()),
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Channel> {
        self.customer
            .iter()
            .chain(&self.agents)
            .chain(&self.consults)
            .chain(&self.monitors)
            .chain(&self.snoops)
    }
}

/// Headers that tell the telephone in the browser which call it is, and whether to answer by
/// itself because the agent asked for it.
pub fn headers(call: &str, auto_answer: bool) -> Value {
    let mut headers = json!({"PJSIP_HEADER(add,X-Trustcart-Call)": call});
    if auto_answer {
        headers["PJSIP_HEADER(add,Alert-Info)"] = json!("<sip:auto>;info=alert-autoanswer");
    }
    headers
}

impl Pbx {
    /// The channels of a call.
    pub async fn legs(&self, call: &str) -> Result<Legs, AriError> {
        let channels: Vec<Channel> = self.ari.get(&["channels"], &[]).await?;
        Ok(Legs::of(call, &channels))
    }

    /// Wants a channel's events to its very end. Of channels it did not make itself an application is
    /// told only while they are in its hands, and their end comes after that.
    pub async fn watch(&self, channel: &str) -> Result<(), AriError> {
        let source = format!("channel:{channel}");
        self.ari.post(&["applications", APP, "subscription"], &[("eventSource", &source)]).await
    }

    /// Rings the telephone of an extension as `channel`; its display shows `shown`.
    pub async fn ring(
        &self,
        channel: &str,
        extension: &str,
        shown: &str,
        variables: Value,
    ) -> Result<(), AriError> {
        let body = json!({
            "endpoint": format!("PJSIP/{extension}"),
            "app": APP,
            "appArgs": "leg",
            "callerId": shown,
            "timeout": RING_SECONDS,
            "variables": variables,
        });
        match self.ari.make(&["channels", channel], &body).await {
            // It rings already.
            Err(AriError::Refused(reqwest::StatusCode::CONFLICT, _)) => Ok(()),
            outcome => outcome,
        }
    }

    /// The bridge of a call, with these channels in it.
    pub async fn bridge(&self, call: &str, channels: &[&str]) -> Result<(), AriError> {
        let bridge = ids::bridge(call);
        match self.ari.make(&["bridges", &bridge], &json!({"type": "mixing", "name": call})).await {
            // It is there already.
            Ok(()) | Err(AriError::Refused(reqwest::StatusCode::CONFLICT, _)) => {}
            Err(error) => return Err(error),
        }
        self.ari
            .post(&["bridges", &bridge, "addChannel"], &[("channel", &channels.join(","))])
            .await
    }

    /// The customer waits outside with music; neither hears the other.
    pub async fn hold(&self, call: &str) -> Result<(), AriError> {
        let customer = ids::customer(call);
        self.ari.set(&customer, vars::HELD, "1").await?;
        let bridge = ids::bridge(call);
        let left =
            self.ari.post(&["bridges", &bridge, "removeChannel"], &[("channel", &customer)]).await;
        // Not in the bridge: on hold already.
        if let Err(error @ (AriError::NotSent(_) | AriError::Unsure(_))) = left {
            return Err(error);
        }
        self.ari.post(&["channels", &customer, "moh"], &[]).await
    }

    /// The customer comes back in.
    pub async fn take_back(&self, call: &str) -> Result<(), AriError> {
        let customer = ids::customer(call);
        self.ari.delete(&["channels", &customer, "moh"], &[]).await?;
        self.ari.set(&customer, vars::HELD, "").await?;
        self.bridge(call, &[&customer]).await
    }

    /// Whether the customer waits outside.
    pub async fn is_held(&self, call: &str) -> bool {
        self.ari.variable(&ids::customer(call), vars::HELD).await.is_some()
    }

    /// Ends a channel.
    pub async fn drop_leg(&self, channel: &str) -> Result<(), AriError> {
        self.ari.delete(&["channels", channel], &[("reason", "normal")]).await
    }

    /// Ends a bridge; one that is ending already is ended.
    pub async fn drop_bridge(&self, bridge: &str) -> Result<(), AriError> {
        match self.ari.delete(&["bridges", bridge], &[]).await {
            Err(AriError::Refused(reqwest::StatusCode::CONFLICT, _)) => Ok(()),
            outcome => outcome,
        }
    }

    /// Ends the customer's channel because of us.
    pub async fn drop_customer(&self, call: &str) -> Result<(), AriError> {
        let customer = ids::customer(call);
        match self.ari.set(&customer, vars::ENDED_BY, "agent").await {
            Err(AriError::NotFound) => return Ok(()),
            Err(error @ (AriError::NotSent(_) | AriError::Unsure(_))) => return Err(error),
            _ => {}
        }
        self.drop_leg(&customer).await
    }

    /// Ends whatever is left of a call.
    pub async fn clear(&self, call: &str) -> Result<(), AriError> {
        for leg in self.legs(call).await?.all() {
            self.drop_leg(&leg.id).await?;
            if let Some(extension) = ids::monitored_by(&leg.id) {
                self.drop_bridge(&ids::monitor_bridge(call, extension)).await?;
            }
        }
        self.drop_bridge(&ids::bridge(call)).await
    }

    /// A new password for the browser of an extension; the one before is good no longer.
    pub async fn phone(&self, extension: &str) -> Result<SipLogin, ProviderError> {
        let password = format!("{:032x}", rand::random::<u128>());
        let fields = [("auth_type", "userpass"), ("username", extension), ("password", &password)]
            .map(|(attribute, value)| json!({"attribute": attribute, "value": value}));
        self.ari.put(&auth_path(&auth_of(extension)), &json!({"fields": fields})).await?;
        Ok(SipLogin {
            ws_url: self.ws_url.clone(),
            uri: format!("sip:{extension}@{DOMAIN}"),
            username: extension.to_owned(),
            password,
        })
    }

    /// Nobody can connect a telephone for the extension any more.
    pub async fn revoke(&self, extension: &str) -> Result<(), ProviderError> {
        Ok(self.ari.delete(&auth_path(&auth_of(extension)), &[]).await?)
    }
}

/// Name of the object that holds an extension's password, as [`super::files`] refers to it.
pub fn auth_of(extension: &str) -> String {
    format!("browser-{extension}")
}

fn auth_path(auth: &str) -> [&str; 6] {
    ["asterisk", "config", "dynamic", "res_pjsip", "auth", auth]
}
