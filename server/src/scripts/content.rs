//! The files of `content/`, compiled in and read once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::ScriptKey;
use super::language::Lang;

/// A short text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Both {
    /// Bangla.
    pub bn: String,
    /// English.
    pub en: String,
}

impl Both {
    /// The text in a language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Bn => &self.bn,
            Lang::En => &self.en,
        }
    }
}

/// One sentence, or alternatives of which the first that can be filled in is said.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Alternatives {
    One(String),
    Several(Vec<String>),
}

impl Alternatives {
    pub(super) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(texts) => texts,
        }
    }
}

/// What must be true for a line to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum When {
    /// The customer has ordered before.
    Ordered,
    /// The day on which the product is expected to run out is still ahead.
    Ahead,
    /// The call was agreed with the customer.
    Promised,
    /// An earlier call for the same matter was not answered.
    Retried,
    /// The agreed hour has passed.
    Late,
}

/// A line of a script in both languages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    /// Condition; a line without one is always said.
    pub(super) when: Option<When>,
    bn: Alternatives,
    en: Alternatives,
}

impl Line {
    pub(super) fn get(&self, lang: Lang) -> &[String] {
        match lang {
            Lang::Bn => self.bn.as_slice(),
            Lang::En => self.en.as_slice(),
        }
    }
}

/// `scripts/<key>.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    pub(super) title: Both,
    pub(super) goal: Both,
    /// Instead of the common opening.
    pub(super) opening: Option<Vec<Line>>,
    pub(super) lead: Vec<Line>,
    pub(super) body: Vec<Line>,
    #[serde(default)]
    pub(super) pitch: Vec<Line>,
    pub(super) close: Vec<Line>,
    /// Instead of the common ending.
    pub(super) ending: Option<Vec<Line>>,
    /// Said when this kind is only a further reason of a call.
    #[serde(default)]
    pub(super) mention: Vec<Line>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Common {
    pub(super) opening: Vec<Line>,
    pub(super) ending: Vec<Line>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectionText {
    pub(super) key: String,
    pub(super) objection: Both,
    pub(super) reply: Vec<Line>,
}

#[derive(Clone, Debug, Deserialize)]
struct Objections {
    objections: Vec<ObjectionText>,
}

#[derive(Clone, Debug, Deserialize)]
struct DayPart {
    from: u32,
    bn: String,
}

/// Bangla words of a time of day, each with the ending that "দিকে" wants.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockWords {
    /// One to twelve.
    hours: Vec<String>,
    /// Half past one and half past two have words of their own.
    half: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    shop: Both,
    greeting: BTreeMap<String, Both>,
    salutation: BTreeMap<String, Both>,
    level: BTreeMap<String, Both>,
    unit: BTreeMap<String, Both>,
    clock: ClockWords,
    dayparts: Vec<DayPart>,
}

#[derive(Clone, Debug, Deserialize)]
struct Point {
    code: String,
    #[serde(flatten)]
    text: PointText,
}

// Flattening and `deny_unknown_fields` do not go together, hence a second type beside `Line`.
#[derive(Clone, Debug, Deserialize)]
struct PointText {
    bn: Alternatives,
    en: Alternatives,
}

impl PointText {
    fn get(&self, lang: Lang) -> &[String] {
        match lang {
            Lang::Bn => self.bn.as_slice(),
            Lang::En => self.en.as_slice(),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
struct Points {
    points: Vec<Point>,
}

#[derive(Clone, Debug, Deserialize)]
struct Message {
    kind: String,
    #[serde(flatten)]
    text: PointText,
}

#[derive(Clone, Debug, Deserialize)]
struct Messages {
    messages: Vec<Message>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TeamStyle {
    pub(super) code: String,
    pub(super) title: Both,
    pub(super) style: Both,
    pub(super) r#do: Vec<Both>,
    pub(super) dont: Vec<Both>,
    #[serde(default)]
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) key: String,
    pub(super) title: Both,
    pub(super) text: Both,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Playbook {
    pub(super) teams: Vec<TeamStyle>,
    pub(super) universal: TeamStyle,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpokenLine {
    pub(super) speaker: String,
    pub(super) bn: String,
    pub(super) en: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RolePlayText {
    pub(super) id: String,
    pub(super) title: Both,
    pub(super) goal: Both,
    pub(super) lines: Vec<SpokenLine>,
    pub(super) r#do: Vec<Both>,
    pub(super) dont: Vec<Both>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Training {
    pub(super) title: Both,
    pub(super) speaker: BTreeMap<String, Both>,
    pub(super) role_plays: Vec<RolePlayText>,
    pub(super) common_mistakes: Vec<Both>,
    pub(super) golden_rules: Vec<Both>,
}

/// All of `content/`.
#[derive(Clone, Debug)]
pub struct Content {
    words: Words,
    pub(super) common: Common,
    scripts: BTreeMap<ScriptKey, Script>,
    pub(super) objections: Vec<ObjectionText>,
    points: BTreeMap<String, PointText>,
    messages: BTreeMap<String, PointText>,
    pub(super) playbook: Playbook,
    pub(super) training: Training,
}

impl Content {
    /// The content this program was built with.
    ///
    /// # Panics
    ///
    /// If a file is malformed, which the tests below rule out.
    pub fn embedded() -> &'static Self {
        static CONTENT: LazyLock<Content> =
            LazyLock::new(|| Content::read().expect("content/ is checked by tests"));
        &CONTENT
    }

    fn read() -> Result<Self, toml::de::Error> {
        let scripts = ScriptKey::ALL
            .iter()
            .map(|key| Ok((*key, toml::from_str(key.source())?)))
            .collect::<Result<_, toml::de::Error>>()?;
        let objections: Objections =
            toml::from_str(include_str!("../../../content/objections.toml"))?;
        let points: Points = toml::from_str(include_str!("../../../content/talking-points.toml"))?;
        let messages: Messages = toml::from_str(include_str!("../../../content/messages.toml"))?;
        Ok(Self {
            words: toml::from_str(include_str!("../../../content/words.toml"))?,
            common: toml::from_str(include_str!("../../../content/scripts/common.toml"))?,
            scripts,
            objections: objections.objections,
            points: points.points.into_iter().map(|p| (p.code, p.text)).collect(),
            messages: messages.messages.into_iter().map(|m| (m.kind, m.text)).collect(),
            playbook: toml::from_str(include_str!("../../../content/playbook.toml"))?,
            training: toml::from_str(include_str!("../../../content/roleplays.toml"))?,
        })
    }

    pub(super) fn script(&self, key: ScriptKey) -> &Script {
        &self.scripts[&key]
    }

    /// The shop's name, unless a setting says otherwise.
    pub fn shop(&self, lang: Lang) -> &str {
        self.words.shop.get(lang)
    }

    pub(super) fn greeting(&self, key: &str, lang: Lang) -> Option<&str> {
        self.words.greeting.get(key).map(|word| word.get(lang))
    }

    /// `salam`, `adab` or `nomoskar` in words.
    pub(super) fn salutation(&self, key: &str, lang: Lang) -> Option<&str> {
        self.words.salutation.get(key).map(|word| word.get(lang))
    }

    /// The Bangla word of an hour, 1 to 12.
    pub(super) fn hour(&self, hour: u32) -> &str {
        let index = (hour as usize + 11) % 12;
        self.words.clock.hours.get(index).map_or("", String::as_str)
    }

    /// The Bangla word of half past one or two.
    pub(super) fn half_past(&self, hour: u32) -> Option<&str> {
        let index = (hour as usize).checked_sub(1)?;
        self.words.clock.half.get(index).map(String::as_str)
    }

    /// A membership level's name; `None` for an unknown level.
    pub fn level(&self, key: &str, lang: Lang) -> Option<&str> {
        self.words.level.get(key).map(|word| word.get(lang))
    }

    pub(super) fn unit<'a>(&'a self, key: &'a str, lang: Lang) -> &'a str {
        self.words.unit.get(key).map_or(key, |word| word.get(lang))
    }

    /// Whether `word` is a unit's name in any language.
    pub(super) fn is_unit(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        matches!(word.as_str(), "l" | "ltr" | "liter" | "gm" | "gram")
            || self.words.unit.values().any(|unit| unit.bn == word || unit.en == word)
    }

    pub(super) fn day_part(&self, hour: u32) -> &str {
        let parts = &self.words.dayparts;
        parts.iter().rev().find(|part| part.from <= hour).map_or("", |part| &part.bn)
    }

    pub(super) fn point(&self, code: &str, lang: Lang) -> Option<&[String]> {
        self.points.get(code).map(|text| text.get(lang))
    }

    pub(super) fn message(&self, kind: &str, lang: Lang) -> Option<&[String]> {
        self.messages.get(kind).map(|text| text.get(lang))
    }

    #[cfg(test)]
    pub(super) fn point_codes(&self) -> impl Iterator<Item = &str> {
        self.points.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Content, Lang, Line};
    use crate::scripts::ScriptKey;
    use crate::scripts::render::{PLACEHOLDERS, placeholders};

    const LANGS: [Lang; 2] = [Lang::Bn, Lang::En];

    fn is_bangla(text: &str) -> bool {
        text.chars().any(|c| ('\u{980}'..='\u{9ff}').contains(&c))
    }

    /// Every line of every script with where it stands.
    fn lines(content: &Content) -> Vec<(String, &Line)> {
        let mut all: Vec<(String, &Line)> = Vec::new();
        for key in ScriptKey::ALL {
            let script = content.script(*key);
            for (part, lines) in [
                ("opening", script.opening.as_deref().unwrap_or_default()),
                ("lead", &script.lead),
                ("body", &script.body),
                ("pitch", &script.pitch),
                ("close", &script.close),
                ("ending", script.ending.as_deref().unwrap_or_default()),
                ("mention", &script.mention),
            ] {
                all.extend(lines.iter().map(|line| (format!("{} {part}", key.as_str()), line)));
            }
        }
        all.extend(content.common.opening.iter().map(|l| ("common opening".to_owned(), l)));
        all.extend(content.common.ending.iter().map(|l| ("common ending".to_owned(), l)));
        for objection in &content.objections {
            all.extend(objection.reply.iter().map(|l| (objection.key.clone(), l)));
        }
        all
    }

    #[test]
    fn every_file_is_well_formed() {
        Content::read().expect("content/ can be read");
    }

    #[test]
    fn every_line_is_there_in_both_languages_with_known_placeholders() {
        let content = Content::embedded();
        for (place, line) in lines(content) {
            let mut used = Vec::new();
            for lang in LANGS {
                let texts = line.get(lang);
                assert!(!texts.is_empty(), "{place}");
                for text in texts {
                    assert!(!text.trim().is_empty(), "{place}");
                    assert_eq!(is_bangla(text), lang == Lang::Bn, "{place}: {text}");
                    for name in placeholders(text) {
                        assert!(PLACEHOLDERS.contains(&name), "{place}: unknown {{{name}}}");
                    }
                    let mut rest = text.clone();
                    for name in placeholders(text) {
                        rest = rest.replace(&format!("{{{name}}}"), "");
                    }
                    assert!(!rest.contains(['{', '}', '[', ']']), "{place}: {text}");
                }
                let sets: Vec<BTreeSet<&str>> =
                    texts.iter().map(|t| placeholders(t).collect()).collect();
                used.push(sets);
            }
            assert_eq!(used[0], used[1], "{place}: languages differ in what they need");
        }
    }

    #[test]
    fn every_script_says_something_whatever_is_missing() {
        let content = Content::embedded();
        let plain = |lines: &[Line]| {
            lines.iter().filter(|l| l.when.is_none()).any(|l| {
                LANGS.iter().all(|lang| l.get(*lang).iter().any(|t| placeholders(t).count() == 0))
            })
        };
        for key in ScriptKey::ALL {
            let script = content.script(*key);
            for part in [&script.lead, &script.body, &script.close] {
                assert!(plain(part), "{}", key.as_str());
            }
        }
        for objection in &content.objections {
            assert!(plain(&objection.reply), "{}", objection.key);
        }
        for code in content.point_codes() {
            for lang in LANGS {
                let texts = content.point(code, lang).unwrap_or_default();
                assert!(texts.iter().any(|t| placeholders(t).count() == 0), "{code}");
                for text in texts.iter().filter(|t| *t != "{note}") {
                    assert_eq!(is_bangla(text), lang == Lang::Bn, "{code}: {text}");
                }
            }
        }
    }

    #[test]
    fn the_agreed_objections_are_there() {
        let keys: Vec<&str> =
            Content::embedded().objections.iter().map(|o| o.key.as_str()).collect();
        assert_eq!(&keys[..2], ["tooExpensive", "later"]);
        let unique: BTreeSet<_> = keys.iter().collect();
        assert_eq!(unique.len(), keys.len());
    }

    #[test]
    fn bangla_lines_carry_no_ascii_digits() {
        for (place, line) in lines(Content::embedded()) {
            for text in line.get(Lang::Bn) {
                assert!(!text.contains(|c: char| c.is_ascii_digit()), "{place}: {text}");
            }
        }
    }
}
