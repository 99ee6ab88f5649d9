//! After the socket was away: how every call stands, read from the Asterisk itself (SPEC §5.7).
//! What had to follow meanwhile is done now, and what happened is said again; saying it twice does
//! no harm.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;

use super::ari::{AriError, Bridge, Channel, Recording, time};
use super::legs::Legs;
use super::{Pbx, ids, vars};
use crate::telephony::{EventKind, News, ProviderError};

/// An agent who answered that long ago is not connected with the customer any more: nobody is at
/// the telephone.
const FRESH: TimeDelta = TimeDelta::seconds(30);

impl Pbx {
    /// Brings every call up to date.
    pub async fn read_board(self: &Arc<Self>) -> Result<(), AriError> {
        let channels: Vec<Channel> = self.ari.get(&["channels"], &[]).await?;
        let bridges: Vec<Bridge> = self.ari.get(&["bridges"], &[]).await?;
        let recordings: Vec<Recording> = self.ari.get(&["recordings", "stored"], &[]).await?;
        let mut calls = BTreeSet::new();
        for channel in &channels {
            match ids::call_of(&channel.id) {
                Some(call) => calls.insert(call.to_owned()),
                None => channel.is_inbound() && calls.insert(channel.id.clone()),
            };
        }
        tracing::info!(calls = calls.len(), "the Asterisk is connected");
        for call in &calls {
            let legs = Legs::of(call, &channels);
            if let Err(error) = self.catch_up(call, &legs, &bridges).await {
                tracing::warn!(call, %error, "a call was not brought up to date");
            }
        }
        for bridge in &bridges {
            if let Some(call) = ids::call_of(&bridge.id)
                && !calls.contains(call)
            {
                self.drop_bridge(&bridge.id).await?;
            }
        }
        for recording in &recordings {
            // One that runs is told of when it ends.
            let live = ids::call_of(&recording.name).is_some_and(|call| calls.contains(call));
            if !live {
                self.recorded(recording).await;
            }
        }
        let _ = self.news.send(News::Back).await;
        Ok(())
    }

    async fn catch_up(
        self: &Arc<Self>,
        call: &str,
        legs: &Legs,
        bridges: &[Bridge],
    ) -> Result<(), ProviderError> {
        for leg in legs.all() {
            self.watch(&leg.id).await?;
        }
        let Some(customer) = &legs.customer else {
            return self.without_customer(call, legs).await;
        };
        if !ids::is_outbound(call) {
            self.caller_came(customer, time(&customer.creationtime)).await;
        }
        if !customer.is_up() {
            if ids::is_outbound(call) && customer.state == "Ringing" {
                self.say(call, None, EventKind::Ringing).await;
            }
            if legs.agents.is_empty() {
                if ids::is_outbound(call) {
                    // Nobody is there to speak.
                    return Ok(self.drop_customer(call).await?);
                }
                let offered = EventKind::Offered { extension: None, order: self.order() };
                self.say(call, None, offered).await;
                return Ok(());
            }
            if !ids::is_outbound(call)
                && let Some(agent) = legs.agents.iter().find(|leg| leg.is_up())
            {
                return self.agent_answered(call, agent, None).await;
            }
            return Ok(());
        }
        let Some(speaker) = legs.speaker() else {
            let extension = self.last_extension(call, legs).await;
            tokio::spawn(self.clone().look_for_agent(call.to_owned(), extension));
            return Ok(());
        };
        let agent_extension = speaker.extension().map(str::to_owned);
        self.say(call, None, EventKind::Answered { agent_extension }).await;
        let main = ids::bridge(call);
        let inside = |id: &str| {
            bridges.iter().any(|b| b.id == main && b.channels.iter().any(|inside| inside == id))
        };
        if !inside(&customer.id) && !self.is_held(call).await {
            self.bridge(call, &[&speaker.id, &customer.id]).await?;
        }
        Ok(())
    }

    async fn without_customer(
        self: &Arc<Self>,
        call: &str,
        legs: &Legs,
    ) -> Result<(), ProviderError> {
        let fresh =
            |leg: &Channel| time(&leg.creationtime).is_some_and(|at| self.clock.now() - at < FRESH);
        if let Some(agent) = legs.agents.iter().find(|leg| fresh(leg)) {
            let rung = self.ari.variable(&agent.id, vars::RUNG).await.is_some();
            if !rung {
                return if agent.is_up() {
                    self.agent_answered(call, agent, None).await
                } else {
                    Ok(())
                };
            }
        }
        // The customer left meanwhile; reconciliation closes the call.
        Ok(self.clear(call).await?)
    }

    /// The extension that talked: of a telephone that still rings, else the one the caller dialled.
    async fn last_extension(&self, call: &str, legs: &Legs) -> String {
        let ringing = legs.agents.iter().chain(&legs.consults).find_map(Channel::extension);
        if let Some(extension) = ringing {
            return extension.to_owned();
        }
        self.ari.variable(&ids::customer(call), vars::SPEAKER).await.unwrap_or_default()
    }
}
