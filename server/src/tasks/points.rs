//! Talking points: every reason of a call, the main one first.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::TaskKind;
use crate::db::CategoryId;
use crate::scripts::{Both, talking_point_text};

/// A reason: a code with parameters, worded by `content/` ([`talking_point_text`] lists them).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// Stable code, e.g. `reorder_due`.
    pub code: String,
    /// What the code is about; every reminder has `categoryId` and `categorySlug`.
    #[schema(value_type = Object)]
    pub params: Map<String, Value>,
}

impl Reason {
    /// A reason without parameters.
    pub fn bare(code: &str) -> Self {
        Self { code: code.to_owned(), params: Map::new() }
    }
}

/// A talking point as stored on a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Kind of call it would be on its own.
    pub kind: TaskKind,
    /// Why.
    pub reason: Reason,
}

impl Point {
    /// A point whose code has no parameters.
    pub fn bare(kind: TaskKind, code: &str) -> Self {
        Self { kind, reason: Reason::bare(code) }
    }

    /// The category of a reminder.
    pub fn category(&self) -> Option<CategoryId> {
        (self.kind == TaskKind::Reminder)
            .then(|| self.reason.params.get("categoryId")?.as_i64())
            .flatten()
            .map(CategoryId)
    }

    /// What makes it the same reason as another: `reminder:rice`, `birthday`. Stored as the reason
    /// of a task whose main point it is.
    pub fn key(&self) -> String {
        let text = |name: &str| self.reason.params.get(name).and_then(Value::as_str);
        let about = match self.kind {
            TaskKind::Reminder => text("categorySlug"),
            TaskKind::CrossSell => text("relatedSlug"),
            TaskKind::MembershipUpgrade => text("level"),
            _ => None,
        };
        match about {
            Some(about) => format!("{}:{about}", self.kind),
            None => self.kind.to_string(),
        }
    }

    /// As shown, worded in both languages.
    pub fn shown(&self) -> TalkingPoint {
        TalkingPoint {
            kind: self.kind,
            reason: self.reason.clone(),
            text: talking_point_text(self.kind.as_str(), &self.reason.code, &self.reason.params),
        }
    }
}

/// A talking point as shown to the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TalkingPoint {
    /// Kind of call it would be on its own.
    pub kind: TaskKind,
    /// Why.
    pub reason: Reason,
    /// The reason in words.
    pub text: Both,
}

/// Adds the points that are not there yet; whether there were any.
pub fn merge(points: &mut Vec<Point>, more: impl IntoIterator<Item = Point>) -> bool {
    let before = points.len();
    for point in more {
        if !points.iter().any(|known| known.key() == point.key()) {
            points.push(point);
        }
    }
    points.len() > before
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rice() -> Point {
        let params = json!({"categoryId": 3, "categorySlug": "rice"});
        let params = params.as_object().cloned().unwrap_or_default();
        Point { kind: TaskKind::Reminder, reason: Reason { code: "reorder_due".into(), params } }
    }

    #[test]
    fn a_reminder_is_known_by_its_category() {
        assert_eq!(rice().key(), "reminder:rice");
        assert_eq!(rice().category(), Some(CategoryId(3)));
        assert_eq!(Point::bare(TaskKind::Birthday, "birthday").key(), "birthday");
    }

    #[test]
    fn the_same_reason_is_not_said_twice() {
        let mut points = vec![Point::bare(TaskKind::FollowUp, "follow_up")];
        assert!(merge(&mut points, [rice()]));
        assert!(!merge(&mut points, [rice()]));
        assert_eq!(points.len(), 2);
    }
}
