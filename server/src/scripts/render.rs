//! Puts a script together and fills in the customer's facts.

use chrono::NaiveTime;
use serde::Serialize;

use super::ScriptKey;
use super::content::{Both, Content, Line, Script};
use super::language::{BaseUnit, Lang, clock_time, days, in_digits, quantity};

/// Every placeholder a text may use (`content/README.md`).
#[cfg(test)]
pub(super) const PLACEHOLDERS: &[&str] = &[
    "customer",
    "greeting",
    "agent",
    "shop",
    "product",
    "productQty",
    "days",
    "sinceDays",
    "relatedProduct",
    "offer",
    "coupon",
    "level",
    "time",
    "orders",
];

/// Longest fact that is read out; names and offers are far shorter.
const LONGEST: usize = 120;

/// How a customer is addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Greeting {
    /// ভাই.
    Bhai,
    /// আপু.
    Apu,
}

impl std::str::FromStr for Greeting {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "bhai" => Ok(Self::Bhai),
            "apu" => Ok(Self::Apu),
            _ => Err(()),
        }
    }
}

impl Greeting {
    const fn key(self) -> &'static str {
        match self {
            Self::Bhai => "bhai",
            Self::Apu => "apu",
        }
    }
}

/// What is known about the call; whatever is missing is left out of what is said.
#[derive(Clone, Debug, Default)]
pub struct ScriptContext {
    /// Who calls, by name.
    pub agent: Option<String>,
    /// The shop's name if a setting gives one; else the content's.
    pub shop: Option<String>,
    /// The customer's name.
    pub name: Option<String>,
    /// ভাই or আপু.
    pub greeting: Option<Greeting>,
    /// Speak as to a VIP ([`super::Situation::respectful`]).
    pub respectful: bool,
    /// What the call is about, e.g. the product that runs low.
    pub product: Option<Both>,
    /// How much of it was bought, in base units.
    pub quantity: Option<(i64, BaseUnit)>,
    /// How long that lasts.
    pub days: Option<i64>,
    /// Days since it was bought, or since the last order.
    pub since_days: Option<i64>,
    /// What goes with it.
    pub related: Option<Both>,
    /// The offer in words.
    pub offer: Option<Both>,
    /// The offer's code.
    pub coupon: Option<String>,
    /// Membership level concerned: `silver`, `gold`, `permanent`.
    pub level: Option<String>,
    /// Local time of the missed or promised call.
    pub time: Option<NaiveTime>,
    /// Counted orders so far.
    pub orders: Option<i64>,
    /// Kinds of the further reasons of this call; each becomes one sentence.
    pub further: Vec<String>,
}

/// The heart of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ScriptMain {
    /// What the call is about.
    pub title: String,
    /// What it should achieve, for the agent.
    pub goal: String,
    /// What to say, in order.
    pub lines: Vec<String>,
}

/// An objection and an answer to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Objection {
    /// Stable name; `later` offers to set the reminder.
    pub key: String,
    /// What the customer says.
    pub objection: String,
    /// What to answer.
    pub reply: String,
}

/// A script ready to be read out, in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RenderedScript {
    /// Its name.
    pub script_key: ScriptKey,
    /// Salam, name, permission.
    pub opening: Vec<String>,
    /// The matter.
    pub main: ScriptMain,
    /// Answers at hand.
    pub objection_handling: Vec<Objection>,
    /// Thanks and goodbye.
    pub ending: Vec<String>,
}

/// The script `key` for a task of `kind`, in one language.
///
/// A stage's script (`newCustomer` … `vip`) on a reminder, cross-sell or offer call leads in in the
/// stage's tone and takes the matter from the kind's script; its own pitch follows only a reminder,
/// because the other two are an offer already. New customers (no pressure) and VIPs (respect) are also
/// closed in their own way. Every other combination reads the script as it stands.
pub fn render(key: ScriptKey, kind: &str, lang: Lang, context: &ScriptContext) -> RenderedScript {
    let content = Content::embedded();
    let facts = Facts { context, lang };
    let script = content.script(key);
    let matter = ScriptKey::of_kind(kind);
    let borrowed = (sets_tone(key)
        && matches!(matter, ScriptKey::Reminder | ScriptKey::CrossSell | ScriptKey::OfferFollowup))
    .then(|| content.script(matter));

    let mut lines: Vec<&Line> = script.lead.iter().collect();
    let mut close = &script.close;
    match borrowed {
        Some(kind_script) => {
            lines.extend(&kind_script.body);
            if matter == ScriptKey::Reminder {
                lines.extend(&script.pitch);
            }
            if !matches!(key, ScriptKey::NewCustomer | ScriptKey::Vip) {
                close = &kind_script.close;
            }
        }
        None => lines.extend(script.body.iter().chain(&script.pitch)),
    }
    // Nothing is sold while a complaint is open.
    if key != ScriptKey::Complaint {
        let mut said = vec![key, matter];
        for further in context.further.iter().map(|kind| ScriptKey::of_kind(kind)) {
            if !said.contains(&further) {
                said.push(further);
                lines.extend(&content.script(further).mention);
            }
        }
    }
    lines.extend(close);

    let polite = if context.respectful { content.script(ScriptKey::Vip) } else { script };
    let title = borrowed.map_or(&script.title, |kind_script| &kind_script.title);
    RenderedScript {
        script_key: key,
        opening: facts.say(pick(script, polite, &content.common.opening, |s| &s.opening)),
        main: ScriptMain {
            title: title.get(lang).to_owned(),
            goal: script.goal.get(lang).to_owned(),
            lines: facts.say(lines),
        },
        objection_handling: content
            .objections
            .iter()
            .map(|objection| Objection {
                key: objection.key.clone(),
                objection: objection.objection.get(lang).to_owned(),
                reply: facts.say(&objection.reply).join(" "),
            })
            .collect(),
        ending: facts.say(pick(script, polite, &content.common.ending, |s| &s.ending)),
    }
}

/// Whether a script belongs to a purchase stage and so can carry another matter.
const fn sets_tone(key: ScriptKey) -> bool {
    matches!(
        key,
        ScriptKey::NewCustomer
            | ScriptKey::SecondTime
            | ScriptKey::ThirdTime
            | ScriptKey::Regular
            | ScriptKey::Vip
    )
}

/// The script's own part, else the respectful one, else the common one.
fn pick<'a>(
    script: &'a Script,
    polite: &'a Script,
    common: &'a [Line],
    part: impl Fn(&'a Script) -> &'a Option<Vec<Line>>,
) -> &'a [Line] {
    part(script).as_deref().or(part(polite).as_deref()).unwrap_or(common)
}

/// The facts of a call in one language.
pub(super) struct Facts<'a> {
    pub(super) context: &'a ScriptContext,
    pub(super) lang: Lang,
}

impl Facts<'_> {
    /// What can be said of the lines, in order.
    fn say<'l>(&self, lines: impl IntoIterator<Item = &'l Line>) -> Vec<String> {
        lines
            .into_iter()
            .filter_map(|line| first_complete(line.get(self.lang), |name| self.fact(name)))
            .collect()
    }

    pub(super) fn fact(&self, name: &str) -> Option<String> {
        let c = self.context;
        let lang = self.lang;
        let content = Content::embedded();
        let digits = |text: &str| clean(text).map(|text| in_digits(&text, lang));
        let both = |text: &Option<Both>| digits(text.as_ref()?.get(lang));
        match name {
            "customer" => {
                let name = digits(c.name.as_deref()?)?;
                Some(match self.greeting() {
                    Some(word) if !name.ends_with(word) => format!("{name} {word}"),
                    _ => name,
                })
            }
            "greeting" => self.greeting().map(str::to_owned),
            "agent" => digits(c.agent.as_deref()?),
            "shop" => c.shop.as_deref().and_then(digits).or_else(|| digits(content.shop(lang))),
            "product" => both(&c.product).map(|name| without_pack(&name)),
            "productQty" => {
                let product = self.fact("product")?;
                let (base, unit) = c.quantity?;
                Some(with_quantity(&quantity(base, unit, lang)?, &product, lang))
            }
            "days" => days(c.days?, lang),
            "sinceDays" => days(c.since_days?, lang),
            "relatedProduct" => both(&c.related).map(|name| without_pack(&name)),
            "offer" => both(&c.offer),
            // Codes are typed as they are written.
            "coupon" => clean(c.coupon.as_deref()?),
            "level" => content.level(c.level.as_deref()?, lang).map(str::to_owned),
            "time" => c.time.map(|time| clock_time(time, lang)),
            "orders" => c.orders.filter(|n| *n > 0).map(|n| in_digits(&n.to_string(), lang)),
            _ => None,
        }
    }

    fn greeting(&self) -> Option<&'static str> {
        Content::embedded().greeting(self.context.greeting?.key(), self.lang)
    }
}

/// `10 kg of Miniket rice`, `১০ কেজি মিনিকেট চাল`.
pub(super) fn with_quantity(quantity: &str, product: &str, lang: Lang) -> String {
    match lang {
        Lang::Bn => format!("{quantity} {product}"),
        Lang::En => format!("{quantity} of {product}"),
    }
}

/// The first alternative whose placeholders all have a value, filled in.
pub(super) fn first_complete(
    alternatives: &[String],
    fact: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    alternatives.iter().find_map(|text| {
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(open) = rest.find('{') {
            let (before, from) = rest.split_at(open);
            let close = from.find('}')?;
            out.push_str(before);
            out.push_str(&fact(&from[1..close])?);
            rest = &from[close + 1..];
        }
        out.push_str(rest);
        Some(out)
    })
}

/// The names of the placeholders in a text.
#[cfg(test)]
pub(super) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    // What stands before the first brace is no name.
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

/// A fact fit to be read out: one line, no brackets, not too long; `None` if nothing is left.
pub(super) fn clean(text: &str) -> Option<String> {
    let bare: String = text
        .chars()
        .map(|c| if c.is_control() || "{}[]<>".contains(c) { ' ' } else { c })
        .collect();
    let words: Vec<&str> = bare.split_whitespace().collect();
    let mut line = words.join(" ");
    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        // Back to a word's end, so that no conjunct is torn.
        let end = line[..end].rfind(' ').unwrap_or(end);
        line.truncate(end);
        line.push('…');
    }
    (!line.is_empty()).then_some(line)
}

/// A product's name without a trailing pack size: people say "চাল", not "চাল ৫ কেজি".
pub(super) fn without_pack(name: &str) -> String {
    let content = Content::embedded();
    let is_number = |word: &str| {
        word.chars().any(char::is_numeric)
            && word.chars().all(|c| c.is_numeric() || matches!(c, '.' | ',' | '×' | 'x'))
    };
    let trim = |word: &str| word.trim_matches(['(', ')', ',', '-']).to_owned();
    let mut words: Vec<&str> = name.split(' ').collect();
    if let [.., number, unit] = words[..]
        && is_number(&trim(number))
        && content.is_unit(&trim(unit))
    {
        words.truncate(words.len() - 2);
    } else if let Some(last) = words.last() {
        let last = trim(last);
        let unit = last.trim_start_matches(|c: char| c.is_numeric() || c == '.');
        if unit.len() < last.len() && content.is_unit(unit) {
            words.pop();
        }
    }
    let kept = words.join(" ");
    let kept = kept.trim_end_matches([' ', '-', ',', '(', '–']);
    if kept.is_empty() { name.to_owned() } else { kept.to_owned() }
}

#[cfg(test)]
mod tests;
