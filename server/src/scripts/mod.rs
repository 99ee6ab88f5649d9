//! What the agent says (SPEC §7): the suggested script of a call, the teams' playbook, training.
//!
//! The words are data in `content/`, compiled in by [`Content`]; this feature chooses the script,
//! fills in the customer's facts and leaves out every line whose facts are missing, so that no
//! placeholder ever reaches the screen. Everything but `store` and `api` is pure.
//!
//! # Which script
//!
//! Asked top to bottom; see [`choose`].
//!
//! | kind of task | customer | script |
//! |---|---|---|
//! | `missed_call`, `complaint`, `drop_off`, `birthday`, `follow_up` | any | its own |
//! | `win_back` | any | `winBack` |
//! | `membership_upgrade` | reaches `permanent` | `permanentDeclaration` |
//! | `membership_upgrade` | other levels | `membershipUpgrade` |
//! | `reminder`, `cross_sell`, `offer_followup` | churned | `winBack` |
//! | 〃 | VIP by value, or purchase stage `permanent` | `vip` |
//! | 〃 | prospect (no order yet) | its own |
//! | 〃 | purchase stage `new` / `repeat_2` / `repeat_3` / `regular` | `newCustomer` / `secondTime` / `thirdTime` / `regular` |
//!
//! With a stage's script, the matter itself (what runs low, what goes with it, the offer) comes from
//! the kind's script; the stage sets the tone: see [`render`]. VIP and permanent customers get the
//! respectful opening and ending whatever the script.

pub mod api;
mod content;
mod language;
mod message;
mod render;
pub mod store;
mod talking;
mod training;

pub use content::{Both, Content};
pub use language::{BaseUnit, Lang, bangla_digits, clock_time, in_digits, quantity, taka};
pub use message::message_text;
pub use render::{Matter, Objection, RenderedScript, ScriptContext, ScriptMain, render};
pub use talking::talking_point_text;
pub use training::{
    PlaybookEntry, PlaybookStep, RolePlay, RolePlayLine, RolePlayNotes, TrainingRolePlays,
    playbook, role_plays,
};

macro_rules! script_keys {
    ($($(#[$doc:meta])* $variant:ident = $key:tt),+ $(,)?) => {
        /// Name of a script, as stored on a task and sent to the browser.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize,
            serde::Deserialize, utoipa::ToSchema,
        )]
        pub enum ScriptKey { $($(#[$doc])* #[serde(rename = $key)] $variant,)+ }

        impl ScriptKey {
            /// Every script.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name, e.g. `newCustomer`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $key),+ }
            }

            /// The file of this script, `content/scripts/<key>.toml`.
            pub(crate) const fn source(self) -> &'static str {
                match self {
                    $(Self::$variant => {
                        include_str!(concat!("../../../content/scripts/", $key, ".toml"))
                    })+
                }
            }
        }

        impl std::str::FromStr for ScriptKey {
            type Err = ();
            fn from_str(key: &str) -> Result<Self, ()> {
                match key { $($key => Ok(Self::$variant),)+ _ => Err(()) }
            }
        }
    };
}

script_keys! {
    /// First order done.
    NewCustomer = "newCustomer",
    /// Two orders.
    SecondTime = "secondTime",
    /// Three orders.
    ThirdTime = "thirdTime",
    /// Four to seven orders.
    Regular = "regular",
    /// VIP by value or permanent by orders.
    Vip = "vip",
    /// Long without an order.
    WinBack = "winBack",
    /// Becomes a permanent member.
    PermanentDeclaration = "permanentDeclaration",
    /// Something runs low.
    Reminder = "reminder",
    /// What goes with what was bought.
    CrossSell = "crossSell",
    /// The month's offer.
    OfferFollowup = "offerFollowup",
    /// A new membership level.
    MembershipUpgrade = "membershipUpgrade",
    /// Birthday today.
    Birthday = "birthday",
    /// A promised call.
    FollowUp = "followUp",
    /// They called, nobody answered.
    MissedCall = "missedCall",
    /// Left before ordering.
    DropOff = "dropOff",
    /// Something went wrong.
    Complaint = "complaint",
}

impl ScriptKey {
    /// The script that speaks about a kind of task; unknown kinds speak as a follow-up.
    pub fn of_kind(kind: &str) -> Self {
        match kind {
            "reminder" => Self::Reminder,
            "cross_sell" => Self::CrossSell,
            "offer_followup" => Self::OfferFollowup,
            "membership_upgrade" => Self::MembershipUpgrade,
            "birthday" => Self::Birthday,
            "missed_call" => Self::MissedCall,
            "win_back" => Self::WinBack,
            "drop_off" => Self::DropOff,
            "complaint" => Self::Complaint,
            _ => Self::FollowUp,
        }
    }
}

/// What the choice of a script depends on; the texts are those of the wire (SPEC §2, §4.1).
#[derive(Clone, Copy, Debug, Default)]
pub struct Situation<'a> {
    /// Kind of the task.
    pub kind: &'a str,
    /// `new`, `repeat_2` … of the customer; empty without a customer.
    pub purchase_stage: &'a str,
    /// `normal`, `medium`, `vip`.
    pub value_stage: &'a str,
    /// `prospect`, `new`, `active`, `at_risk`, `churned`.
    pub lifecycle_stage: &'a str,
    /// Level a `membership_upgrade` is about.
    pub level: Option<&'a str>,
}

impl Situation<'_> {
    /// Whether the customer is spoken to as VIP: by value, or by a permanent purchase stage.
    pub fn respectful(&self) -> bool {
        self.value_stage == "vip" || self.purchase_stage == "permanent"
    }
}

/// The script for a task; the table is in the module's documentation.
pub fn choose(situation: &Situation<'_>) -> ScriptKey {
    let own = ScriptKey::of_kind(situation.kind);
    match own {
        ScriptKey::MembershipUpgrade if situation.level == Some("permanent") => {
            ScriptKey::PermanentDeclaration
        }
        ScriptKey::Reminder | ScriptKey::CrossSell | ScriptKey::OfferFollowup => {
            if situation.lifecycle_stage == "churned" {
                ScriptKey::WinBack
            } else if situation.respectful() {
                ScriptKey::Vip
            } else if situation.lifecycle_stage == "prospect" {
                own
            } else {
                match situation.purchase_stage {
                    "new" => ScriptKey::NewCustomer,
                    "repeat_2" => ScriptKey::SecondTime,
                    "repeat_3" => ScriptKey::ThirdTime,
                    "regular" => ScriptKey::Regular,
                    _ => own,
                }
            }
        }
        _ => own,
    }
}

#[cfg(test)]
mod tests {
    use super::{ScriptKey, Situation, choose};

    fn key(kind: &str, purchase: &str, value: &str, life: &str) -> ScriptKey {
        choose(&Situation {
            kind,
            purchase_stage: purchase,
            value_stage: value,
            lifecycle_stage: life,
            level: None,
        })
    }

    #[test]
    fn the_stage_sets_the_tone_of_a_reminder() {
        for (stage, want) in [
            ("new", ScriptKey::NewCustomer),
            ("repeat_2", ScriptKey::SecondTime),
            ("repeat_3", ScriptKey::ThirdTime),
            ("regular", ScriptKey::Regular),
            ("permanent", ScriptKey::Vip),
        ] {
            for kind in ["reminder", "cross_sell", "offer_followup"] {
                assert_eq!(key(kind, stage, "normal", "active"), want, "{kind} {stage}");
                assert_eq!(key(kind, stage, "vip", "active"), ScriptKey::Vip);
                assert_eq!(key(kind, stage, "vip", "churned"), ScriptKey::WinBack);
            }
        }
        assert_eq!(key("cross_sell", "new", "normal", "prospect"), ScriptKey::CrossSell);
        assert_eq!(key("reminder", "", "", ""), ScriptKey::Reminder);
    }

    #[test]
    fn other_kinds_speak_for_themselves() {
        for (kind, want) in [
            ("missed_call", ScriptKey::MissedCall),
            ("complaint", ScriptKey::Complaint),
            ("drop_off", ScriptKey::DropOff),
            ("birthday", ScriptKey::Birthday),
            ("follow_up", ScriptKey::FollowUp),
            ("win_back", ScriptKey::WinBack),
            ("membership_upgrade", ScriptKey::MembershipUpgrade),
        ] {
            assert_eq!(key(kind, "permanent", "vip", "active"), want);
        }
        let permanent = Situation {
            kind: "membership_upgrade",
            level: Some("permanent"),
            ..Situation::default()
        };
        assert_eq!(choose(&permanent), ScriptKey::PermanentDeclaration);
    }

    #[test]
    fn names_survive_the_wire() {
        for key in ScriptKey::ALL {
            assert_eq!(key.as_str().parse(), Ok(*key));
            assert_eq!(serde_json::to_value(key).ok(), Some(key.as_str().into()));
        }
    }
}
