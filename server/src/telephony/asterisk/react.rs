//! What happens at the Asterisk, and what has to follow.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::ari::{Channel, Event, Recording};
use super::ids::Role;
use super::legs::Legs;
use super::{APP, Pbx, cause, ids, vars};
use crate::telephony::{Control, EventKind, ProviderError, RecordingPlace, caller};

/// How often an agent's lost telephone is looked for, and how many times.
const LOOK_AGAIN: (Duration, u32) = (Duration::from_secs(2), 25);

impl Pbx {
    /// The call an event is about; events of one call are treated in their order.
    pub fn call_of(event: &Event) -> Option<&str> {
        if let Some(recording) = &event.recording {
            return ids::call_of(&recording.name);
        }
        let channel = event.channel.as_ref().or(event.peer.as_ref())?;
        ids::call_of(&channel.id).or_else(|| channel.is_inbound().then_some(channel.id.as_str()))
    }

    /// Does what has to follow from an event. What cannot be done now is found again when the
    /// socket is connected the next time, and by reconciliation.
    pub async fn react(self: &Arc<Self>, event: &Event) {
        let outcome = match event.kind.as_str() {
            "StasisStart" => self.entered(event).await,
            "ChannelStateChange" => self.changed(event).await,
            "ChannelDestroyed" => self.destroyed(event).await,
            "RecordingFinished" => {
                if let Some(recording) = &event.recording {
                    self.recorded(recording).await;
                }
                Ok(())
            }
            "Dial" => self.dialling(event).await,
            _ => Ok(()),
        };
        if let Err(error) = outcome {
            let call = Self::call_of(event).unwrap_or_default();
            tracing::warn!(kind = event.kind, call, %error, "an event of the Asterisk had no effect");
        }
    }

    async fn entered(self: &Arc<Self>, event: &Event) -> Result<(), ProviderError> {
        let Some(channel) = &event.channel else {
            return Ok(());
        };
        match ids::parse(&channel.id) {
            Some((call, Role::Agent)) => self.agent_answered(call, channel, event.at()).await,
            Some((call, Role::Customer)) => self.customer_answered(call, event.at()).await,
            Some((call, Role::Consult)) => self.colleague_answered(call, channel).await,
            Some((call, Role::Monitor)) => self.leader_answered(call, channel).await,
            Some((call, Role::Snoop)) => {
                let extension = ids::monitored_by(&channel.id).unwrap_or_default();
                let bridge = ids::monitor_bridge(call, extension);
                let add = ["bridges", &bridge, "addChannel"];
                Ok(self.ari.post(&add, &[("channel", &channel.id)]).await?)
            }
            None if channel.is_inbound() => {
                self.watch(&channel.id).await?;
                self.caller_came(channel, event.at()).await;
                Ok(self.ari.post(&["channels", &channel.id, "ring"], &[]).await?)
            }
            // An agent dials by hand. Calls are made at the desk, where they are on record.
            None => Ok(self.drop_leg(&channel.id).await?),
        }
    }

    /// Tells of a caller.
    pub async fn caller_came(&self, channel: &Channel, at: Option<DateTime<Utc>>) {
        let from = caller::read(&channel.caller.number).number;
        let to_extension = channel.dialled().map(str::to_owned);
        // Whatever was dialled: it rings where the waiting line says, and nowhere yet.
        self.say(&channel.id, at, EventKind::Offered { extension: None, order: 1 }).await;
        self.say(&channel.id, at, EventKind::Incoming { from, to_extension }).await;
    }

    /// The agent's telephone is there: it is put in, in place of one that was lost, and on the first
    /// time the customer is rung.
    pub async fn agent_answered(
        self: &Arc<Self>,
        call: &str,
        agent: &Channel,
        at: Option<DateTime<Utc>>,
    ) -> Result<(), ProviderError> {
        let legs = self.legs(call).await?;
        self.bridge(call, &[&agent.id]).await?;
        // A colleague's telephone that the customer was passed on to comes back as the agent's.
        let passed_on = legs.consults.iter().filter(|leg| leg.extension() == agent.extension());
        for other in legs.agents.iter().chain(passed_on).filter(|leg| leg.id != agent.id) {
            self.drop_leg(&other.id).await?;
        }
        let Some(customer) = &legs.customer else {
            return self.ring_customer(call, agent).await;
        };
        if self.ari.variable(&customer.id, vars::MUTED).await.is_some() {
            self.set_mute(&agent.id, true).await?;
        }
        if ids::is_outbound(call) {
            if !customer.is_up() {
                return Ok(self.ari.post(&["channels", &agent.id, "ring"], &[]).await?);
            }
            if !self.is_held(call).await {
                self.take_back(call).await?;
            }
            return Ok(());
        }
        let was_up = customer.is_up();
        if !was_up {
            self.ari.post(&["channels", &customer.id, "answer"], &[]).await?;
        }
        if !self.is_held(call).await {
            self.take_back(call).await?;
        }
        if !was_up {
            self.answered(call, agent.extension(), at).await;
        }
        Ok(())
    }

    async fn ring_customer(&self, call: &str, agent: &Channel) -> Result<(), ProviderError> {
        let number = self.ari.variable(&agent.id, vars::NUMBER).await;
        let rung = self.ari.variable(&agent.id, vars::RUNG).await.is_some();
        let (Some(number), false) = (number, rung) else {
            // The customer is gone.
            return Ok(self.clear(call).await?);
        };
        self.ari.set(&agent.id, vars::RUNG, "1").await?;
        let shown = self.ari.variable(&agent.id, vars::CALLER_ID).await;
        let body = json!({
            "endpoint": format!("PJSIP/{number}@{}", self.settings.trunk),
            "app": APP,
            "appArgs": "leg",
            "callerId": shown.unwrap_or_default(),
            "timeout": self.settings.ring_seconds,
            "originator": agent.id,
        });
        match self.ari.make(&["channels", &ids::customer(call)], &body).await {
            Ok(()) => Ok(self.ari.post(&["channels", &agent.id, "ring"], &[]).await?),
            Err(error) => {
                tracing::error!(call, %error, "the trunk does not take calls");
                let reason = Some("provider_error".to_owned());
                self.say(call, None, EventKind::Ended { duration: None, reason }).await;
                Ok(self.clear(call).await?)
            }
        }
    }

    /// Both talk.
    async fn answered(&self, call: &str, extension: Option<&str>, at: Option<DateTime<Utc>>) {
        if let Some(extension) = extension {
            // Only to ring it again should it be lost.
            let _ = self.ari.set(&ids::customer(call), vars::SPEAKER, extension).await;
        }
        let agent_extension = extension.map(str::to_owned);
        self.say(call, at, EventKind::Answered { agent_extension }).await;
        if !self.settings.record {
            return;
        }
        match self.set_recording(call, true).await {
            Ok(()) => self.say(call, None, self.switched(Control::Record, true)).await,
            Err(error) => tracing::error!(call, %error, "a call is not being recorded"),
        }
    }

    async fn customer_answered(
        &self,
        call: &str,
        at: Option<DateTime<Utc>>,
    ) -> Result<(), ProviderError> {
        let legs = self.legs(call).await?;
        let agent = legs.agents.iter().find(|leg| leg.is_up());
        if let Some(agent) = agent {
            self.ari.delete(&["channels", &agent.id, "ring"], &[]).await?;
        }
        self.bridge(call, &[&ids::customer(call)]).await?;
        self.answered(call, agent.and_then(Channel::extension), at).await;
        Ok(())
    }

    async fn colleague_answered(&self, call: &str, leg: &Channel) -> Result<(), ProviderError> {
        let legs = self.legs(call).await?;
        if let Some(agent) = legs.agents.iter().find(|leg| leg.is_up()) {
            self.ari.delete(&["channels", &agent.id, "ring"], &[]).await?;
        }
        if self.ari.variable(&leg.id, vars::BLIND).await.is_some() || legs.agents.is_empty() {
            for kind in self.complete_transfer(call, &legs).await? {
                self.say(call, None, kind).await;
            }
            return Ok(());
        }
        self.bridge(call, &[&leg.id]).await?;
        let extension = leg.extension().unwrap_or_default().to_owned();
        let consult = Some(crate::telephony::Consult { extension, answered: true });
        self.say(call, None, EventKind::Consulting { consult, order: self.order() }).await;
        Ok(())
    }

    async fn leader_answered(&self, call: &str, leg: &Channel) -> Result<(), ProviderError> {
        let word = self.ari.variable(&leg.id, vars::MONITORING).await.unwrap_or_default();
        let extension = ids::monitored_by(&leg.id).unwrap_or_default();
        let legs = self.legs(call).await?;
        Ok(self.listen_in(call, &legs, extension, &word).await?)
    }

    async fn changed(&self, event: &Event) -> Result<(), ProviderError> {
        if let Some(channel) = &event.channel
            && channel.state == "Ringing"
            && let Some((call, Role::Customer)) = ids::parse(&channel.id)
        {
            self.say(call, event.at(), EventKind::Ringing).await;
        }
        Ok(())
    }

    /// Networks that play their own tone say no more than that there is progress.
    async fn dialling(&self, event: &Event) -> Result<(), ProviderError> {
        if matches!(event.dialstatus.as_str(), "RINGING" | "PROGRESS")
            && let Some(peer) = &event.peer
            && let Some((call, Role::Customer)) = ids::parse(&peer.id)
        {
            self.say(call, event.at(), EventKind::Ringing).await;
        }
        Ok(())
    }

    async fn destroyed(self: &Arc<Self>, event: &Event) -> Result<(), ProviderError> {
        let Some(channel) = &event.channel else {
            return Ok(());
        };
        match ids::parse(&channel.id) {
            Some((call, Role::Customer)) => self.customer_left(call, channel, event).await,
            None if channel.is_inbound() => self.customer_left(&channel.id, channel, event).await,
            Some((call, Role::Agent)) => self.agent_left(call, channel, event).await,
            Some((call, Role::Consult)) => self.colleague_left(call).await,
            Some((call, Role::Monitor | Role::Snoop)) => {
                let extension = ids::monitored_by(&channel.id).unwrap_or_default();
                let alive = self.legs(call).await?.monitors.iter().any(|leg| {
                    ids::monitored_by(&leg.id) == Some(extension) && leg.id != channel.id
                });
                // A snoop also ends when the mode changes; then the next one is on its way.
                if channel.id == ids::monitor(call, extension) && !alive {
                    self.drop_leg(&ids::snoop(call, extension)).await?;
                    let bridge = ids::monitor_bridge(call, extension);
                    self.drop_bridge(&bridge).await?;
                }
                Ok(())
            }
            None => Ok(()),
        }
    }

    async fn customer_left(
        &self,
        call: &str,
        channel: &Channel,
        event: &Event,
    ) -> Result<(), ProviderError> {
        let by_us = channel.channelvars.get(vars::ENDED_BY).is_some_and(|by| !by.is_empty());
        let kind = if !channel.is_up() && !ids::is_outbound(call) {
            EventKind::Missed { from: None, to_extension: None }
        } else {
            let reason = if by_us {
                "agent_hangup".to_owned()
            } else if channel.is_up() {
                "customer_hangup".to_owned()
            } else {
                cause::reason(event.cause)
            };
            EventKind::Ended { duration: None, reason: Some(reason) }
        };
        self.say(call, event.at(), kind).await;
        Ok(self.clear(call).await?)
    }

    async fn agent_left(
        self: &Arc<Self>,
        call: &str,
        channel: &Channel,
        event: &Event,
    ) -> Result<(), ProviderError> {
        let legs = self.legs(call).await?;
        let Some(customer) = &legs.customer else {
            if legs.agents.is_empty() {
                self.agent_never_came(call, channel, event).await?;
            }
            return Ok(());
        };
        // Another telephone has taken its place, or is about to.
        if !legs.agents.is_empty() {
            return Ok(());
        }
        if !channel.is_up() && !ids::is_outbound(call) && !customer.is_up() {
            let offered = EventKind::Offered { extension: None, order: self.order() };
            self.say(call, None, offered).await;
            return Ok(());
        }
        if !legs.consults.is_empty() {
            return self.agent_left_colleague(call, &legs).await;
        }
        let lost = cause::is_lost(event.cause) || !channel.is_up();
        if lost && customer.is_up() {
            let extension = channel.extension().unwrap_or_default().to_owned();
            tracing::info!(call, "an agent's telephone was lost; the customer is kept");
            tokio::spawn(self.clone().look_for_agent(call.to_owned(), extension));
            return Ok(());
        }
        Ok(self.drop_customer(call).await?)
    }

    /// The telephone did not answer, or hung up before the customer was rung.
    async fn agent_never_came(
        &self,
        call: &str,
        channel: &Channel,
        event: &Event,
    ) -> Result<(), ProviderError> {
        if !ids::is_outbound(call) {
            return Ok(());
        }
        let reason = if channel.is_up() { "agent_hangup" } else { "agent_unreachable" };
        let reason = Some(reason.to_owned());
        self.say(call, event.at(), EventKind::Ended { duration: None, reason }).await;
        Ok(self.clear(call).await?)
    }

    /// An agent who hangs up while a colleague is asked passes the customer on.
    async fn agent_left_colleague(&self, call: &str, legs: &Legs) -> Result<(), ProviderError> {
        if legs.consults.iter().any(Channel::is_up) {
            let transferred = self.ari.variable(&ids::customer(call), vars::HELD).await.is_none();
            if transferred {
                return Ok(());
            }
            for kind in self.complete_transfer(call, legs).await? {
                self.say(call, None, kind).await;
            }
        }
        // Still ringing: the customer is passed on when the colleague answers.
        Ok(())
    }

    async fn colleague_left(&self, call: &str) -> Result<(), ProviderError> {
        let legs = self.legs(call).await?;
        if legs.customer.is_none() || !legs.consults.is_empty() {
            return Ok(());
        }
        if legs.agents.is_empty() {
            return Ok(self.drop_customer(call).await?);
        }
        self.back_to_agent(call, &legs).await?;
        for kind in self.no_colleague() {
            self.say(call, None, kind).await;
        }
        Ok(())
    }

    /// Keeps the customer with music while the agent's telephone is rung again and again; in the end
    /// the customer is not left alone.
    pub async fn look_for_agent(self: Arc<Self>, call: String, extension: String) {
        let (pause, times) = LOOK_AGAIN;
        let customer = ids::customer(&call);
        let _ = self.ari.post(&["channels", &customer, "moh"], &[]).await;
        for _ in 0..times {
            match self.legs(&call).await {
                Ok(legs) if legs.customer.is_none() || legs.speaker().is_some() => return,
                Ok(legs) if legs.agents.is_empty() => {
                    // Fails while the telephone is not connected.
                    let _ = self.rejoin(&call, &legs, &extension).await;
                }
                Ok(_) | Err(_) => {}
            }
            tokio::time::sleep(pause).await;
        }
        tracing::warn!(call, "an agent's telephone did not come back; the call is ended");
        if let Err(error) = self.drop_customer(&call).await {
            tracing::warn!(call, %error, "a call without an agent could not be ended");
        }
    }

    /// Tells of a finished recording.
    pub async fn recorded(&self, recording: &Recording) {
        if let Some(call) = ids::call_of(&recording.name) {
            let url = self.ari.url(&["recordings", "stored", &recording.name, "file"]);
            let place = RecordingPlace::Url(url.to_string());
            let kind = EventKind::Recorded { place, duration: recording.duration };
            self.say(call, None, kind).await;
        }
    }
}
