//! What a person changed in a customer's profile: an audit row with both states (SPEC §12.1), and an
//! entry in the timeline for what decides whether and how the customer may be contacted (SPEC §12.5).

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::read::Customer;
use super::store::{InteractionKind, NewInteraction, interaction};
use crate::audit;
use crate::db::{CustomerId, Tx, UserId};
use crate::error::Result;

/// Fields of the wire form that nobody enters.
const DERIVED: &[&str] = &["updatedAt"];

/// The entries of a profile's change in the timeline: summary, and the fields it is about.
const ENTRIES: &[(&str, &[&str])] = &[
    ("profile.do_not_call", &["doNotCall", "doNotCallReason"]),
    ("profile.consent", &["consent"]),
    ("profile.phone", &["phone", "phones"]),
];

/// The fields that differ, before and after.
fn difference(before: &Value, after: &Value) -> (Map<String, Value>, Map<String, Value>) {
    let fields = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let (before, after) = (fields(before), fields(after));
    let changed: Vec<&String> = (before.keys().chain(after.keys()))
        .filter(|key| before.get(*key) != after.get(*key) && !DERIVED.contains(&key.as_str()))
        .collect();
    let of = |state: &Map<String, Value>| -> Map<String, Value> {
        let value = |key: &&String| state.get(*key).cloned().unwrap_or_default();
        changed.iter().map(|key| ((*key).clone(), value(key))).collect()
    };
    (of(&before), of(&after))
}

/// Records that `user` made the customer.
pub async fn record_new(
    tx: &mut Tx,
    now: DateTime<Utc>,
    user: UserId,
    made: &Customer,
) -> Result<()> {
    let (who, id) = (Some(user), Some(made.id.0));
    let after = audit::state(made);
    audit::record(tx, now, who, "customer.created", "customer", id, None, after).await?;
    Ok(())
}

/// Records what `user` changed between the two wire forms; nothing if nothing is different.
pub async fn record(
    tx: &mut Tx,
    now: DateTime<Utc>,
    user: UserId,
    id: CustomerId,
    before: &Value,
    after: &Value,
) -> Result<()> {
    let (was, is) = difference(before, after);
    if is.is_empty() {
        return Ok(());
    }
    for (summary, fields) in ENTRIES {
        let of = |state: &Map<String, Value>| -> Map<String, Value> {
            let concerned = state.iter().filter(|(key, _)| fields.contains(&key.as_str()));
            concerned.map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        let (was, is) = (of(&was), of(&is));
        if is.is_empty() {
            continue;
        }
        let entry = NewInteraction {
            customer_id: id,
            kind: InteractionKind::Profile,
            at: now,
            user_id: Some(user),
            direction: None,
            summary,
            text: is.get("doNotCallReason").and_then(Value::as_str).map(ToOwned::to_owned),
            data: json!({"before": was, "after": is}),
            reference: None,
        };
        interaction(tx, entry).await?;
    }
    let (was, is) = (Some(Value::Object(was)), Some(Value::Object(is)));
    audit::record(tx, now, Some(user), "customer.updated", "customer", Some(id.0), was, is).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_kept() {
        let before = json!({"name": "A", "phone": "1", "updatedAt": 1, "old": true});
        let after = json!({"name": "B", "phone": "1", "updatedAt": 2, "new": null});
        let (was, is) = difference(&before, &after);
        assert_eq!(Value::Object(was), json!({"name": "A", "old": true, "new": null}));
        assert_eq!(Value::Object(is), json!({"name": "B", "old": null, "new": null}));
        assert_eq!(difference(&after, &after).1, Map::new());
    }
}
