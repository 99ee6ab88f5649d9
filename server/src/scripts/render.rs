//! Puts a script together and fills in the customer's facts.

use chrono::NaiveTime;
use serde::Serialize;

use super::ScriptKey;
use super::content::{Both, Content, Line, Script, When};
use super::language::{BaseUnit, Lang, around, days, in_digits, months, quantity};

/// Every placeholder a text may use (`content/README.md`).
#[cfg(test)]
pub(super) const PLACEHOLDERS: &[&str] = &[
    "customer",
    "greeting",
    "salutation",
    "agent",
    "shop",
    "product",
    "productQty",
    "category",
    "usual",
    "lasts",
    "every",
    "sinceDays",
    "months",
    "relatedProduct",
    "relatedQty",
    "smallPack",
    "offer",
    "coupon",
    "level",
    "held",
    "around",
    "note",
    "orders",
];

/// Longest fact that is read out; names and offers are far shorter.
const LONGEST: usize = 120;
/// Longest note that is read out.
const LONGEST_NOTE: usize = 90;
/// Salutation of customers for whom none is set; of those addressed as দাদা or দিদি, the second.
const SALUTATIONS: [&str; 2] = ["salam", "adab"];

/// What is known about the call; whatever is missing is left out of what is said.
#[derive(Clone, Debug, Default)]
pub struct ScriptContext {
    /// Who calls, by name.
    pub agent: Option<String>,
    /// The shop's name if a setting gives one; else the content's.
    pub shop: Option<String>,
    /// The customer's name.
    pub name: Option<String>,
    /// Form of address, a key of `words.toml`: `bhai`, `apu`, `sir` …
    pub greeting: Option<String>,
    /// How the call begins, a key of `words.toml`: `salam`, `adab`, `nomoskar`.
    pub salutation: Option<String>,
    /// Speak as to a VIP ([`super::Situation::respectful`]).
    pub respectful: bool,
    /// Membership level held: `silver`, `gold`, `permanent`.
    pub held: Option<String>,
    /// Counted orders so far.
    pub orders: Option<i64>,
    /// Days since the last counted order of all.
    pub silent_days: Option<i64>,
    /// What the call is about.
    pub matter: Matter,
    /// The further reasons of this call, by kind; each becomes one sentence.
    pub further: Vec<(String, Matter)>,
}

/// What one reason of a call speaks of.
#[derive(Clone, Debug, Default)]
pub struct Matter {
    /// The product, e.g. the one that runs low.
    pub product: Option<Both>,
    /// How much of that product was bought on its last day, base units.
    pub quantity: Option<(i64, BaseUnit)>,
    /// Its category.
    pub category: Option<Both>,
    /// Whether this very product was bought on several days.
    pub is_usual: bool,
    /// Days for which that quantity lasts.
    pub lasts: Option<i64>,
    /// Days between this customer's purchases of the category, usually.
    pub every: Option<i64>,
    /// Days since it was bought.
    pub since_days: Option<i64>,
    /// Whether the day on which it runs out is still ahead.
    pub is_ahead: bool,
    /// What goes with it.
    pub related: Option<Both>,
    /// One pack of that, base units.
    pub related_pack: Option<(i64, BaseUnit)>,
    /// A smaller pack of what is offered, base units.
    pub small_pack: Option<(i64, BaseUnit)>,
    /// The offer in words.
    pub offer: Option<Both>,
    /// The offer's code.
    pub coupon: Option<String>,
    /// Membership level reached: `silver`, `gold`, `permanent`.
    pub level: Option<String>,
    /// Company days since the missed or agreed call, and its local time.
    pub at: Option<(i64, NaiveTime)>,
    /// Whether the call was agreed with the customer.
    pub is_promised: bool,
    /// What was written down when it was agreed.
    pub note: Option<String>,
    /// Whether an earlier call for the same matter was not answered.
    pub is_retried: bool,
    /// Whether the agreed hour has passed.
    pub is_late: bool,
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
/// closed in their own way. Every other combination reads the script as it stands. A birthday is wished
/// first, also where it is only a further reason.
pub fn render(key: ScriptKey, kind: &str, lang: Lang, context: &ScriptContext) -> RenderedScript {
    let content = Content::embedded();
    let facts = Facts { context, matter: &context.matter, lang };
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
    let mut lines = facts.say(lines);
    // Nothing is sold while a complaint is open.
    if key != ScriptKey::Complaint {
        let mut said = vec![key, matter];
        for (kind, about) in &context.further {
            let further = ScriptKey::of_kind(kind);
            if said.contains(&further) {
                continue;
            }
            said.push(further);
            let facts = Facts { matter: about, ..facts };
            let mention = facts.say(&content.script(further).mention);
            if further == ScriptKey::Birthday {
                lines.splice(0..0, mention);
            } else {
                lines.extend(mention);
            }
        }
    }
    lines.extend(facts.say(close));

    let polite = if context.respectful { content.script(ScriptKey::Vip) } else { script };
    let title = borrowed.map_or(&script.title, |kind_script| &kind_script.title);
    RenderedScript {
        script_key: key,
        opening: facts.say(pick(script, polite, &content.common.opening, |s| &s.opening)),
        main: ScriptMain {
            title: title.get(lang).to_owned(),
            goal: script.goal.get(lang).to_owned(),
            lines,
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

/// The facts of a call, as one of its reasons speaks of them, in one language.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) context: &'a ScriptContext,
    pub(super) matter: &'a Matter,
    pub(super) lang: Lang,
}

impl Facts<'_> {
    /// What can be said of the lines, in order.
    fn say<'l>(&self, lines: impl IntoIterator<Item = &'l Line>) -> Vec<String> {
        lines
            .into_iter()
            .filter(|line| line.when.is_none_or(|when| self.is(when)))
            .filter_map(|line| first_complete(line.get(self.lang), |name| self.fact(name)))
            .collect()
    }

    /// Whether a line's condition holds.
    fn is(&self, when: When) -> bool {
        match when {
            When::Ordered => self.context.orders.is_some_and(|orders| orders > 0),
            When::Ahead => self.matter.is_ahead,
            When::Promised => self.matter.is_promised,
            When::Retried => self.matter.is_retried,
            When::Late => self.matter.is_late,
        }
    }

    pub(super) fn fact(&self, name: &str) -> Option<String> {
        let (c, m, lang) = (self.context, self.matter, self.lang);
        let content = Content::embedded();
        let digits = |text: &str| clean(text).map(|text| in_digits(&text, lang));
        let both = |text: &Option<Both>| digits(text.as_ref()?.get(lang));
        let amount = |pack: Option<(i64, BaseUnit)>| {
            let (base, unit) = pack?;
            quantity(base, unit, lang)
        };
        match name {
            "customer" => {
                let name = digits(c.name.as_deref()?)?;
                Some(match self.greeting() {
                    Some(word) if !name.ends_with(word) => format!("{name} {word}"),
                    _ => name,
                })
            }
            "greeting" => self.greeting().map(str::to_owned),
            "salutation" => self.salutation().map(str::to_owned),
            "agent" => digits(c.agent.as_deref()?),
            "shop" => c.shop.as_deref().and_then(digits).or_else(|| digits(content.shop(lang))),
            "product" => both(&m.product).map(|name| without_pack(&name)),
            "productQty" => {
                let product = self.fact("product")?;
                Some(with_quantity(&amount(m.quantity)?, &product, lang))
            }
            "usual" if m.is_usual => self.fact("product"),
            "category" => both(&m.category).map(|name| in_a_sentence(&name)),
            "lasts" => days(m.lasts?, lang),
            "every" => days(m.every?, lang),
            "sinceDays" => days(m.since_days?, lang),
            "months" => months(c.silent_days?, lang),
            "relatedProduct" => both(&m.related).map(|name| without_pack(&name)),
            "relatedQty" => {
                let related = self.fact("relatedProduct")?;
                Some(with_quantity(&amount(m.related_pack)?, &related, lang))
            }
            "smallPack" => amount(m.small_pack),
            "offer" => both(&m.offer),
            // Codes are typed as they are written.
            "coupon" => clean(m.coupon.as_deref()?),
            "level" => content.level(m.level.as_deref()?, lang).map(str::to_owned),
            "held" => content.level(c.held.as_deref()?, lang).map(str::to_owned),
            "around" => {
                let (days_ago, time) = m.at?;
                around(days_ago, time, lang)
            }
            "note" => speakable(m.note.as_deref()?, lang),
            "orders" => c.orders.filter(|n| *n > 1).map(|n| in_digits(&n.to_string(), lang)),
            _ => None,
        }
    }

    fn greeting(&self) -> Option<&'static str> {
        Content::embedded().greeting(self.context.greeting.as_deref()?, self.lang)
    }

    fn salutation(&self) -> Option<&'static str> {
        let content = Content::embedded();
        let set = self.context.salutation.as_deref();
        let usual = match self.context.greeting.as_deref() {
            Some("dada" | "didi") => SALUTATIONS[1],
            _ => SALUTATIONS[0],
        };
        set.and_then(|key| content.salutation(key, self.lang))
            .or_else(|| content.salutation(usual, self.lang))
    }
}

/// A category's name within an English sentence: `Rice` → `rice`, but `UHT milk` as it is.
pub(super) fn in_a_sentence(name: &str) -> String {
    let mut letters = name.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => name.to_owned(),
    }
}

/// An agent's note fit to be read to the customer in a language: short, in its script, without numbers
/// to dial, links or words about the customer as a third person. `None`: it is not said.
fn speakable(note: &str, lang: Lang) -> Option<String> {
    /// How colleagues write of a customer.
    const ABOUT: [&str; 12] = [
        "গ্রাহক",
        "কাস্টমার",
        "ক্রেতা",
        "উনি",
        "তিনি",
        "ইনি",
        "customer",
        "client",
        "caller",
        "she",
        "he",
        "they",
    ];
    let first = note.lines().map(str::trim).find(|line| !line.is_empty())?;
    let line = clean(first)?;
    let line = line.trim_end_matches(['।', '.', '!', '?', ',', ';', ':', ' ']);
    let is_bangla = |c: char| ('\u{980}'..='\u{9ff}').contains(&c);
    let foreign = |c: char| match lang {
        Lang::Bn => c.is_ascii_alphabetic(),
        Lang::En => is_bangla(c),
    };
    let spoken_of = |word: &str| {
        let word =
            word.trim_matches(|c: char| !c.is_alphanumeric() && !is_bangla(c)).to_lowercase();
        ABOUT.iter().any(|about| {
            word == *about
                || (is_bangla(about.chars().next().unwrap_or(' ')) && word.starts_with(about))
        })
    };
    let dialled = line
        .split(|c: char| !c.is_numeric() && !matches!(c, '-' | '+' | ' '))
        .any(|run| run.chars().filter(|c| c.is_numeric()).count() >= 6);
    let is_ok = line.chars().count() <= LONGEST_NOTE
        && line.chars().filter(|c| c.is_alphabetic()).count() >= 3
        && !line.contains(foreign)
        && !line.contains(['@', '#', '/', '_', '='])
        && !dialled
        && !line.split_whitespace().any(spoken_of);
    is_ok.then(|| in_digits(line, lang))
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
