//! Names of a call's channels and bridges. They say everything the adapter has to remember, so a
//! restarted server, or another instance, finds its way among the calls that went on without it.
//!
//! A call we make is `tc-…`; a call that came in has the id of the caller's channel. Everything else
//! of the call begins with its id and `~`.

/// Between a call's id and what one of its channels is for.
const SEPARATOR: char = '~';
/// How the ids of calls we make begin.
const OURS: &str = "tc-";

/// What a channel is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The customer.
    Customer,
    /// The agent's telephone; another one takes its place after a reload.
    Agent,
    /// A colleague who is to take the customer over, or has.
    Consult,
    /// A team leader.
    Monitor,
    /// What a team leader hears.
    Snoop,
}

/// A new id for a call we make.
pub fn new_call() -> String {
    format!("{OURS}{:016x}", rand::random::<u64>())
}

/// Whether we made the call.
pub fn is_outbound(call: &str) -> bool {
    call.starts_with(OURS)
}

fn named(call: &str, name: &str) -> String {
    format!("{call}{SEPARATOR}{name}")
}

/// The customer's channel.
pub fn customer(call: &str) -> String {
    if is_outbound(call) { named(call, "customer") } else { call.to_owned() }
}

/// The first telephone of the agent who makes a call: a repeated order finds it there.
pub fn first_agent(call: &str) -> String {
    named(call, "agent")
}

/// A further telephone of an agent.
pub fn next_agent(call: &str) -> String {
    named(call, &format!("agent-{:08x}", rand::random::<u32>()))
}

/// The telephone of a colleague.
pub fn consult(call: &str) -> String {
    named(call, &format!("consult-{:08x}", rand::random::<u32>()))
}

/// The telephone of a team leader who listens.
pub fn monitor(call: &str, extension: &str) -> String {
    named(call, &format!("monitor-{extension}"))
}

/// What that team leader hears.
pub fn snoop(call: &str, extension: &str) -> String {
    named(call, &format!("snoop-{extension}"))
}

/// Where the two meet.
pub fn monitor_bridge(call: &str, extension: &str) -> String {
    named(call, &format!("listening-{extension}"))
}

/// Where customer and agent meet.
pub fn bridge(call: &str) -> String {
    named(call, "bridge")
}

/// The call's recording.
pub fn recording(call: &str) -> String {
    named(call, "recording")
}

/// The call a channel, bridge or recording belongs to, if it is named by us.
pub fn call_of(id: &str) -> Option<&str> {
    id.split_once(SEPARATOR).map(|(call, _)| call).filter(|call| !call.is_empty())
}

/// What a channel named by us is for, and for which call.
pub fn parse(id: &str) -> Option<(&str, Role)> {
    let (call, name) = id.split_once(SEPARATOR).filter(|(call, _)| !call.is_empty())?;
    let role = match name.split('-').next()? {
        "customer" => Role::Customer,
        "agent" => Role::Agent,
        "consult" => Role::Consult,
        "monitor" => Role::Monitor,
        "snoop" => Role::Snoop,
        _ => return None,
    };
    Some((call, role))
}

/// The extension in a team leader's channel id.
pub fn monitored_by(id: &str) -> Option<&str> {
    let (_, name) = id.split_once(SEPARATOR)?;
    name.strip_prefix("monitor-").or_else(|| name.strip_prefix("snoop-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_says_whose_it_is() {
        for call in [new_call(), "pbx-1790000000.12".to_owned()] {
            for (id, role) in [
                (first_agent(&call), Role::Agent),
                (next_agent(&call), Role::Agent),
                (consult(&call), Role::Consult),
                (monitor(&call, "203"), Role::Monitor),
                (snoop(&call, "203"), Role::Snoop),
            ] {
                assert_eq!(parse(&id), Some((call.as_str(), role)), "{id}");
            }
            assert_eq!(call_of(&bridge(&call)), Some(call.as_str()));
            assert_eq!(call_of(&recording(&call)), Some(call.as_str()));
            assert_eq!(monitored_by(&monitor(&call, "203")), Some("203"));
            assert_eq!(monitored_by(&snoop(&call, "203")), Some("203"));
        }
        let ours = new_call();
        assert_eq!(parse(&customer(&ours)), Some((ours.as_str(), Role::Customer)));
        assert_eq!(customer("pbx-1.2"), "pbx-1.2");
        assert_eq!(parse("pbx-1.2"), None);
        assert_eq!(parse("~agent"), None);
    }
}
