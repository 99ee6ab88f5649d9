//! The teams' playbook and the training role plays (SPEC §7.2, §7.4).

use serde::Serialize;

use super::content::{Both, Content, TeamStyle};
use super::language::Lang;

/// How one team sounds; `ALL` are the five steps of every call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlaybookEntry {
    /// `A` … `E`, or `ALL`.
    pub team_code: String,
    /// Whom it is for.
    pub title: Both,
    /// The style in one phrase.
    pub style: Both,
    /// What works.
    pub r#do: Vec<String>,
    /// What does not.
    pub dont: Vec<String>,
    /// Opener → reminder → problem → offer → soft close; only in `ALL`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<PlaybookStep>,
}

/// One step of every call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PlaybookStep {
    /// `opener`, `reminder`, `problem`, `offer`, `softClose`.
    pub key: String,
    /// Its name.
    pub title: String,
    /// What it consists of.
    pub text: String,
}

/// Everything a team leader trains with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrainingRolePlays {
    /// Heading.
    pub title: String,
    /// RP1-RP6.
    pub role_plays: Vec<RolePlay>,
    /// What goes wrong most often.
    pub common_mistakes: Vec<String>,
    /// What to keep to.
    pub golden_rules: Vec<String>,
}

/// One role play: the team leader is the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RolePlay {
    /// `RP1` … `RP6`.
    pub id: String,
    /// Which customer.
    pub title: String,
    /// What is practised.
    pub goal: String,
    /// The conversation.
    pub lines: Vec<RolePlayLine>,
    /// What to watch.
    pub notes: RolePlayNotes,
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RolePlayLine {
    /// Who speaks, in the language asked for.
    pub speaker: String,
    /// What is said.
    pub line: String,
}

/// What to do and what not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RolePlayNotes {
    /// To do.
    pub r#do: Vec<String>,
    /// To avoid.
    pub dont: Vec<String>,
}

fn texts(both: &[Both], lang: Lang) -> Vec<String> {
    both.iter().map(|text| text.get(lang).to_owned()).collect()
}

/// The playbook: teams A-E, then `ALL`.
pub fn playbook(lang: Lang) -> Vec<PlaybookEntry> {
    let book = &Content::embedded().playbook;
    let entry = |style: &TeamStyle| PlaybookEntry {
        team_code: style.code.clone(),
        title: style.title.clone(),
        style: style.style.clone(),
        r#do: texts(&style.r#do, lang),
        dont: texts(&style.dont, lang),
        steps: style
            .steps
            .iter()
            .map(|step| PlaybookStep {
                key: step.key.clone(),
                title: step.title.get(lang).to_owned(),
                text: step.text.get(lang).to_owned(),
            })
            .collect(),
    };
    book.teams.iter().chain(std::iter::once(&book.universal)).map(entry).collect()
}

/// The role plays, common mistakes and golden rules.
pub fn role_plays(lang: Lang) -> TrainingRolePlays {
    let training = &Content::embedded().training;
    let speaker = |key: &str| {
        training.speaker.get(key).map_or_else(|| key.to_owned(), |word| word.get(lang).to_owned())
    };
    TrainingRolePlays {
        title: training.title.get(lang).to_owned(),
        role_plays: training
            .role_plays
            .iter()
            .map(|play| RolePlay {
                id: play.id.clone(),
                title: play.title.get(lang).to_owned(),
                goal: play.goal.get(lang).to_owned(),
                lines: play
                    .lines
                    .iter()
                    .map(|line| RolePlayLine {
                        speaker: speaker(&line.speaker),
                        line: match lang {
                            Lang::Bn => line.bn.clone(),
                            Lang::En => line.en.clone(),
                        },
                    })
                    .collect(),
                notes: RolePlayNotes {
                    r#do: texts(&play.r#do, lang),
                    dont: texts(&play.dont, lang),
                },
            })
            .collect(),
        common_mistakes: texts(&training.common_mistakes, lang),
        golden_rules: texts(&training.golden_rules, lang),
    }
}

#[cfg(test)]
mod tests {
    use super::{Lang, playbook, role_plays};

    #[test]
    fn the_playbook_has_every_team_and_the_five_steps() {
        for lang in [Lang::Bn, Lang::En] {
            let book = playbook(lang);
            let codes: Vec<&str> = book.iter().map(|e| e.team_code.as_str()).collect();
            assert_eq!(codes, ["A", "B", "C", "D", "E", "ALL"]);
            for entry in &book {
                assert!(!entry.r#do.is_empty() && !entry.dont.is_empty());
            }
            let steps: Vec<&str> = book[5].steps.iter().map(|s| s.key.as_str()).collect();
            assert_eq!(steps, ["opener", "reminder", "problem", "offer", "softClose"]);
        }
    }

    #[test]
    fn six_role_plays_are_conversations() {
        for lang in [Lang::Bn, Lang::En] {
            let training = role_plays(lang);
            let ids: Vec<&str> = training.role_plays.iter().map(|p| p.id.as_str()).collect();
            assert_eq!(ids, ["RP1", "RP2", "RP3", "RP4", "RP5", "RP6"]);
            for play in &training.role_plays {
                assert!(play.lines.len() >= 6, "{}", play.id);
                assert!(play.lines.iter().all(|l| !l.line.is_empty()));
                assert!(play.lines.iter().all(|l| l.speaker != "tl" && l.speaker != "agent"));
                assert!(!play.notes.r#do.is_empty() && !play.notes.dont.is_empty());
            }
            assert!(training.common_mistakes.len() >= 4 && training.golden_rules.len() >= 4);
        }
    }

    #[test]
    fn the_wire_shape_is_the_contract() {
        let json = serde_json::to_value(role_plays(Lang::En)).unwrap_or_default();
        assert!(json["rolePlays"][0]["notes"]["do"].is_array());
        assert!(json["commonMistakes"].is_array() && json["goldenRules"].is_array());
        let json = serde_json::to_value(playbook(Lang::Bn)).unwrap_or_default();
        assert!(json[0]["title"]["bn"].is_string() && json[0]["do"].is_array());
        assert!(json[5]["steps"][0]["key"].is_string());
    }
}
