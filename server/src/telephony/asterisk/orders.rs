//! What the product tells Asterisk to do to a call.

use serde_json::json;

use super::ari::AriError;
use super::legs::{Legs, headers};
use super::{APP, Pbx, ids, unreachable_extension, vars};
use crate::telephony::{Action, CallEvent, Consult, Control, EventKind, Monitoring, ProviderError};

type Obeyed = Result<Vec<CallEvent>, ProviderError>;

impl Pbx {
    /// Does as told; answers with what is known to have happened.
    pub async fn obey(&self, call: &str, action: Action) -> Obeyed {
        let legs = self.legs(call).await?;
        if !legs.is_alive() {
            return Err(ProviderError::UnknownCall);
        }
        let kinds = match action {
            Action::Hangup => self.hang_up(call, &legs).await?,
            Action::Switch(Control::Mute, on) => self.mute(call, &legs, on).await?,
            Action::Switch(Control::Hold, on) => self.switch_hold(call, &legs, on).await?,
            Action::Switch(Control::Record, on) => self.record(call, &legs, on).await?,
            Action::Dtmf(digits) => self.dtmf(call, &legs, &digits).await?,
            Action::Transfer(to) => self.ask_colleague(call, &legs, &to, true).await?,
            Action::Consult(to) => self.ask_colleague(call, &legs, &to, false).await?,
            Action::CompleteTransfer => self.complete_transfer(call, &legs).await?,
            Action::CancelTransfer => self.cancel_transfer(call, &legs).await?,
            Action::Offer(to) => self.offer(call, &legs, &to).await?,
            Action::Rejoin(extension) => self.rejoin(call, &legs, &extension).await?,
            Action::Monitor { extension, mode } => {
                self.monitor(call, &legs, &extension, mode).await?
            }
            Action::StopMonitor(extension) => self.stop_monitor(call, &extension).await?,
        };
        Ok(kinds.into_iter().map(|kind| self.event(call, None, kind)).collect())
    }

    async fn hang_up(&self, call: &str, legs: &Legs) -> Result<Vec<EventKind>, ProviderError> {
        if legs.customer.is_some() {
            self.drop_customer(call).await?;
        } else {
            self.clear(call).await?;
        }
        let reason = Some("agent_hangup".to_owned());
        Ok(vec![EventKind::Ended { duration: None, reason }])
    }

    /// `control` is now `on`.
    pub fn switched(&self, control: Control, on: bool) -> EventKind {
        EventKind::Control { control, on, order: self.order() }
    }

    async fn mute(
        &self,
        call: &str,
        legs: &Legs,
        on: bool,
    ) -> Result<Vec<EventKind>, ProviderError> {
        let speaker = legs.speaker().ok_or(ProviderError::NotAnswered)?;
        self.ari.set(&ids::customer(call), vars::MUTED, if on { "1" } else { "" }).await?;
        self.set_mute(&speaker.id, on).await?;
        Ok(vec![self.switched(Control::Mute, on)])
    }

    /// What comes from a telephone is let through, or not.
    pub async fn set_mute(&self, channel: &str, on: bool) -> Result<(), AriError> {
        let (path, direction) = (["channels", channel, "mute"], [("direction", "in")]);
        if on {
            self.ari.post(&path, &direction).await
        } else {
            self.ari.delete(&path, &direction).await
        }
    }

    async fn switch_hold(
        &self,
        call: &str,
        legs: &Legs,
        on: bool,
    ) -> Result<Vec<EventKind>, ProviderError> {
        answered(legs)?;
        if !legs.agents.is_empty() && !legs.consults.is_empty() {
            return Err(ProviderError::Refused("a colleague is being asked".to_owned()));
        }
        if on {
            self.hold(call).await?;
        } else {
            self.take_back(call).await?;
        }
        Ok(vec![self.switched(Control::Hold, on)])
    }

    /// Starts the call's recording, lets it go on, or pauses it: one file a call, without what was
    /// said meanwhile.
    async fn record(
        &self,
        call: &str,
        legs: &Legs,
        on: bool,
    ) -> Result<Vec<EventKind>, ProviderError> {
        answered(legs)?;
        self.set_recording(call, on).await?;
        Ok(vec![self.switched(Control::Record, on)])
    }

    pub(super) async fn set_recording(&self, call: &str, on: bool) -> Result<(), AriError> {
        let name = ids::recording(call);
        let pause = ["recordings", "live", &name, "pause"];
        if !on {
            return match self.ari.post(&pause, &[]).await {
                // It never began.
                Err(AriError::NotFound) => Ok(()),
                outcome => outcome,
            };
        }
        let live: Result<serde_json::Value, _> =
            self.ari.get(&["recordings", "live", &name], &[]).await;
        match live {
            Ok(_) => self.ari.delete(&pause, &[]).await,
            Err(AriError::NotFound) => {
                let bridge = ids::bridge(call);
                let query = [("name", name.as_str()), ("format", "wav"), ("ifExists", "fail")];
                self.ari.post(&["bridges", &bridge, "record"], &query).await
            }
            Err(error) => Err(error),
        }
    }

    async fn dtmf(
        &self,
        call: &str,
        legs: &Legs,
        digits: &str,
    ) -> Result<Vec<EventKind>, ProviderError> {
        answered(legs)?;
        self.ari.post(&["channels", &ids::customer(call), "dtmf"], &[("dtmf", digits)]).await?;
        let digits = i64::try_from(digits.chars().count()).unwrap_or(i64::MAX);
        Ok(vec![EventKind::Dtmf { digits, order: self.order() }])
    }

    /// Rings a colleague while the customer hears music. `blind`: the customer is passed on as soon
    /// as the colleague answers, and comes back to the agent if nobody does.
    async fn ask_colleague(
        &self,
        call: &str,
        legs: &Legs,
        to: &str,
        blind: bool,
    ) -> Result<Vec<EventKind>, ProviderError> {
        let customer = answered(legs)?;
        if legs.agents.is_empty() || !legs.consults.is_empty() {
            return Err(ProviderError::Refused("the call is being passed on already".to_owned()));
        }
        let mut variables = headers(call, false);
        variables[vars::BLIND] = json!(if blind { "1" } else { "" });
        let number = self
            .ari
            .variable(&ids::first_agent(call), vars::NUMBER)
            .await
            .unwrap_or_else(|| customer.caller.number.clone());
        // Before the colleague can say no: what then follows is later than this, also in its order.
        let consult = Some(Consult { extension: to.to_owned(), answered: false });
        let asked = vec![
            self.switched(Control::Hold, true),
            EventKind::Consulting { consult, order: self.order() },
        ];
        self.hold(call).await?;
        if let Some(agent) = legs.speaker() {
            self.ari.post(&["channels", &agent.id, "ring"], &[]).await?;
        }
        if let Err(error) = self.ring(&ids::consult(call), to, &number, variables).await {
            self.back_to_agent(call, legs).await?;
            return Err(unreachable_extension(error, to));
        }
        Ok(asked)
    }

    /// The colleague who answered gets the customer, the agent leaves.
    pub(super) async fn complete_transfer(
        &self,
        call: &str,
        legs: &Legs,
    ) -> Result<Vec<EventKind>, ProviderError> {
        let colleague =
            legs.consults.iter().find(|leg| leg.is_up()).ok_or_else(|| {
                ProviderError::Refused("the colleague has not answered".to_owned())
            })?;
        let extension = colleague.extension().unwrap_or_default().to_owned();
        self.ari.set(&ids::customer(call), vars::MUTED, "").await?;
        self.ari.set(&ids::customer(call), vars::SPEAKER, &extension).await?;
        self.bridge(call, &[&colleague.id]).await?;
        self.take_back(call).await?;
        for agent in &legs.agents {
            self.drop_leg(&agent.id).await?;
        }
        Ok(vec![
            EventKind::Transferred { extension, order: self.order() },
            EventKind::Consulting { consult: None, order: self.order() },
            self.switched(Control::Hold, false),
            self.switched(Control::Mute, false),
        ])
    }

    async fn cancel_transfer(
        &self,
        call: &str,
        legs: &Legs,
    ) -> Result<Vec<EventKind>, ProviderError> {
        if legs.agents.is_empty() || legs.consults.is_empty() {
            return Err(ProviderError::Refused("nobody is being asked".to_owned()));
        }
        for colleague in &legs.consults {
            self.drop_leg(&colleague.id).await?;
        }
        self.back_to_agent(call, legs).await?;
        Ok(self.no_colleague())
    }

    /// The customer is back with the agent.
    pub(super) async fn back_to_agent(&self, call: &str, legs: &Legs) -> Result<(), AriError> {
        if let Some(agent) = legs.agents.iter().find(|leg| leg.is_up()) {
            self.ari.delete(&["channels", &agent.id, "ring"], &[]).await?;
        }
        self.take_back(call).await
    }

    /// Nobody is asked any more.
    pub(super) fn no_colleague(&self) -> Vec<EventKind> {
        vec![
            EventKind::Consulting { consult: None, order: self.order() },
            self.switched(Control::Hold, false),
        ]
    }

    /// Rings a waiting caller at an agent's telephone.
    async fn offer(
        &self,
        call: &str,
        legs: &Legs,
        to: &str,
    ) -> Result<Vec<EventKind>, ProviderError> {
        let caller = legs.customer.as_ref().ok_or(ProviderError::UnknownCall)?;
        if caller.is_up() || !legs.agents.is_empty() {
            return Err(ProviderError::Refused("the caller is with an agent".to_owned()));
        }
        // Before the agent can put it aside.
        let offered = EventKind::Offered { extension: Some(to.to_owned()), order: self.order() };
        let headers = headers(call, false);
        self.ring(&ids::next_agent(call), to, &caller.caller.number, headers)
            .await
            .map_err(|error| unreachable_extension(error, to))?;
        Ok(vec![offered])
    }

    /// Rings the agent's telephone again; it takes the place of the lost one when it answers.
    pub(super) async fn rejoin(
        &self,
        call: &str,
        legs: &Legs,
        extension: &str,
    ) -> Result<Vec<EventKind>, ProviderError> {
        let customer = legs.customer.as_ref().ok_or(ProviderError::UnknownCall)?;
        let rings = |leg: &super::Channel| !leg.is_up() && leg.extension() == Some(extension);
        if legs.agents.iter().any(rings) {
            return Ok(Vec::new());
        }
        let headers = headers(call, true);
        self.ring(&ids::next_agent(call), extension, &customer.caller.number, headers)
            .await
            .map_err(|error| unreachable_extension(error, extension))?;
        Ok(Vec::new())
    }

    async fn monitor(
        &self,
        call: &str,
        legs: &Legs,
        extension: &str,
        mode: Monitoring,
    ) -> Result<Vec<EventKind>, ProviderError> {
        answered(legs)?;
        if legs.speaker().and_then(|leg| leg.extension()) == Some(extension) {
            return Err(ProviderError::Refused("this telephone is in the call".to_owned()));
        }
        let channel = ids::monitor(call, extension);
        let word = match mode {
            Monitoring::Listen => "listen",
            Monitoring::Whisper => "whisper",
            Monitoring::Barge => "barge",
        };
        if legs.monitors.iter().any(|leg| leg.id == channel && leg.is_up()) {
            self.ari.set(&channel, vars::MONITORING, word).await?;
            self.listen_in(call, legs, extension, word).await?;
            return Ok(Vec::new());
        }
        let mut variables = headers(call, true);
        variables[vars::MONITORING] = json!(word);
        self.ring(&channel, extension, "monitor", variables)
            .await
            .map_err(|error| unreachable_extension(error, extension))?;
        Ok(Vec::new())
    }

    /// Brings the team leader's telephone, which has answered, to where `word` says.
    pub(super) async fn listen_in(
        &self,
        call: &str,
        legs: &Legs,
        extension: &str,
        word: &str,
    ) -> Result<(), AriError> {
        let channel = ids::monitor(call, extension);
        let bridge = ids::monitor_bridge(call, extension);
        self.drop_leg(&ids::snoop(call, extension)).await?;
        if word == "barge" {
            self.drop_bridge(&bridge).await?;
            return self.bridge(call, &[&channel]).await;
        }
        let Some(speaker) = legs.speaker() else {
            return self.drop_leg(&channel).await;
        };
        let main = ids::bridge(call);
        // Out of the call, if that is where the team leader was.
        let _ = self.ari.post(&["bridges", &main, "removeChannel"], &[("channel", &channel)]).await;
        match self.ari.make(&["bridges", &bridge], &json!({"type": "mixing"})).await {
            // The mode changes.
            Ok(()) | Err(AriError::Refused(reqwest::StatusCode::CONFLICT, _)) => {}
            Err(error) => return Err(error),
        }
        self.ari.post(&["bridges", &bridge, "addChannel"], &[("channel", &channel)]).await?;
        let whisper = if word == "whisper" { "out" } else { "none" };
        let snoop = ids::snoop(call, extension);
        // It joins the team leader when it is ready (see `react`).
        self.ari
            .post(
                &["channels", &speaker.id, "snoop", &snoop],
                &[("spy", "both"), ("whisper", whisper), ("app", APP), ("appArgs", "leg")],
            )
            .await
    }

    async fn stop_monitor(
        &self,
        call: &str,
        extension: &str,
    ) -> Result<Vec<EventKind>, ProviderError> {
        self.drop_leg(&ids::monitor(call, extension)).await?;
        self.drop_leg(&ids::snoop(call, extension)).await?;
        self.drop_bridge(&ids::monitor_bridge(call, extension)).await?;
        Ok(Vec::new())
    }
}

/// The customer, who talks.
fn answered(legs: &Legs) -> Result<&super::Channel, ProviderError> {
    legs.customer.as_ref().filter(|leg| leg.is_up()).ok_or(ProviderError::NotAnswered)
}
