//! Talking points: every reason of a call, the main one first.

use chrono::{DateTime, Utc};
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
    /// When it joined a task that was being worked on; `None`: the task had it when work began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<DateTime<Utc>>,
}

impl Point {
    /// A point of a task that nobody works on.
    pub const fn new(kind: TaskKind, reason: Reason) -> Self {
        Self { kind, reason, joined_at: None }
    }

    /// A point whose code has no parameters.
    pub fn bare(kind: TaskKind, code: &str) -> Self {
        Self::new(kind, Reason::bare(code))
    }

    /// What a person wrote of it, and its hour.
    fn words(&self) -> [Option<&str>; 2] {
        ["note", "time"].map(|name| self.reason.params.get(name).and_then(Value::as_str))
    }

    /// Whether an hour was agreed on.
    pub fn has_hour(&self) -> bool {
        self.words()[1].is_some()
    }

    /// Whether the customer waits for this call now: they called or complained, and no hour was
    /// agreed on.
    pub fn is_urgent(&self) -> bool {
        matches!(self.kind, TaskKind::MissedCall | TaskKind::Complaint) && !self.has_hour()
    }

    /// Whether saying this beside `known` would say nothing new: the same reason without words of
    /// its own, or with the same words.
    fn is_said_by(&self, known: &Self) -> bool {
        let words = self.words();
        self.key() == known.key() && (words == [None; 2] || words == known.words())
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
        if !points.iter().any(|known| point.is_said_by(known)) {
            points.push(point);
        }
    }
    points.len() > before
}

/// The same for a task that is being worked on since before `at`: what is said again is new then,
/// because the customer has been spoken to meanwhile.
pub fn merge_late(
    points: &mut Vec<Point>,
    more: impl IntoIterator<Item = Point>,
    at: DateTime<Utc>,
) {
    for mut point in more {
        point.joined_at = Some(at);
        match points.iter_mut().find(|known| point.is_said_by(known)) {
            Some(known) => *known = point,
            None => points.push(point),
        }
    }
}

/// Puts the strongest reason first if it is stronger than `kind`, that of the task so far; whether
/// it is.
pub fn lead(points: &mut [Point], kind: TaskKind) -> bool {
    // That a colleague is away is no reason to call.
    let strongest = (0..points.len())
        .filter(|&at| points[at].reason.code != "handed_over")
        .min_by_key(|&at| points[at].kind.rank());
    let Some(at) = strongest.filter(|&at| points[at].kind.rank() < kind.rank()) else {
        return false;
    };
    points[..=at].rotate_right(1);
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rice() -> Point {
        let params = json!({"categoryId": 3, "categorySlug": "rice"});
        let params = params.as_object().cloned().unwrap_or_default();
        Point::new(TaskKind::Reminder, Reason { code: "reorder_due".into(), params })
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

    fn complaint(note: Option<&str>) -> Point {
        let mut point = Point::bare(TaskKind::Complaint, "manual");
        if let Some(note) = note {
            point.reason.params.insert("note".to_owned(), note.into());
        }
        point
    }

    #[test]
    fn other_words_about_the_same_matter_are_kept() {
        let mut points = vec![complaint(Some("late"))];
        assert!(!merge(&mut points, [complaint(Some("late")), complaint(None)]));
        assert!(merge(&mut points, [complaint(Some("broken"))]));
        assert_eq!(points, [complaint(Some("late")), complaint(Some("broken"))]);
    }

    #[test]
    fn a_complaint_leads_and_the_order_of_the_rest_stays() {
        let birthday = Point::bare(TaskKind::Birthday, "birthday");
        let missed = Point::bare(TaskKind::MissedCall, "missed_call");
        let mut points = vec![rice(), birthday.clone(), complaint(None), missed.clone()];
        assert!(lead(&mut points, TaskKind::Reminder));
        assert_eq!(points, [complaint(None), rice(), birthday, missed]);
        assert!(!lead(&mut points, TaskKind::Complaint), "nothing is stronger");
    }

    #[test]
    fn what_joins_during_the_work_is_dated() {
        let at = DateTime::UNIX_EPOCH;
        let mut points = vec![Point::bare(TaskKind::MissedCall, "missed_call")];
        merge_late(&mut points, [Point::bare(TaskKind::MissedCall, "missed_call"), rice()], at);
        assert_eq!(points.iter().map(|p| p.joined_at).collect::<Vec<_>>(), [Some(at); 2]);
        assert_eq!(points.len(), 2, "the second call of the customer is the one to return");
    }
}
