//! Why this call, in one short sentence: the text of a talking point.

use chrono::NaiveTime;
use serde_json::{Map, Value};

use super::ScriptKey;
use super::content::{Both, Content};
use super::language::{Lang, clock_time, days, in_digits, quantity};
use super::render::{clean, first_complete, in_a_sentence, with_quantity, without_pack};

/// The text of a talking point in both languages.
///
/// `code` is the reason's code: `reorder_due {product, quantity?, unit?, category?, lasts?, every?,
/// sinceDays?, purchases?, chancePercent?}` (the last two of a learned rhythm),
/// `cross_sell {trigger, related}`, `win_back {days}`, `birthday`, `membership_upgrade {level}`,
/// `missed_call {time}`, `follow_up {note?, time?}`, `handed_over {from}`, `offer {offer, coupon?}`, `drop_off {product?}`,
/// `inbound_call`, `complaint {note?}`, `manual {note?}`. A parameter is a text, a number or `{"bn", "en"}`; `time`
/// is local `HH:MM`. In `reorder_due`, `quantity` is that of `product` on the last day, in the base unit
/// `unit`; `lasts` the days it lasts; `every` the days between this customer's purchases of `category`,
/// `purchases` in number. In `win_back`, `days` are those since the last order. Parameters that are
/// missing are not spoken of; an unknown code is worded by the kind of the task.
pub fn talking_point_text(kind: &str, code: &str, params: &Map<String, Value>) -> Both {
    Both { bn: point(kind, code, params, Lang::Bn), en: point(kind, code, params, Lang::En) }
}

fn point(kind: &str, code: &str, params: &Map<String, Value>, lang: Lang) -> String {
    let content = Content::embedded();
    let code = match code {
        "reminder" => "reorder_due",
        "offer_followup" => "offer",
        known if content.point(known, lang).is_some() => known,
        _ => match kind {
            "reminder" => "reorder_due",
            "offer_followup" => "offer",
            known if content.point(known, lang).is_some() => known,
            _ => "manual",
        },
    };
    let alternatives = content.point(code, lang).unwrap_or_default();
    first_complete(alternatives, |name| fact(code, name, params, lang))
        .unwrap_or_else(|| content.script(ScriptKey::of_kind(kind)).title.get(lang).to_owned())
}

pub(super) fn fact(
    code: &str,
    name: &str,
    params: &Map<String, Value>,
    lang: Lang,
) -> Option<String> {
    let number = |key: &str| params.get(key).and_then(Value::as_i64);
    match name {
        "lasts" | "every" => days(number(name)?, lang),
        "sinceDays" => {
            let since = number("sinceDays");
            days(since.or_else(|| number("days").filter(|_| code == "win_back"))?, lang)
        }
        "level" => {
            let key = params.get("level")?.as_str()?;
            Content::embedded().level(key, lang).map(str::to_owned)
        }
        "time" => {
            let time = NaiveTime::parse_from_str(params.get("time")?.as_str()?, "%H:%M").ok()?;
            Some(clock_time(time, lang))
        }
        "productQty" => {
            let unit = params.get("unit")?.as_str()?.parse().ok()?;
            let quantity = quantity(number("quantity")?, unit, lang)?;
            Some(with_quantity(&quantity, &fact(code, "product", params, lang)?, lang))
        }
        "category" => {
            let text = text(params.get(name)?, lang)?;
            Some(in_a_sentence(&in_digits(&text, lang)))
        }
        "product" | "trigger" | "related" => {
            let text = text(params.get(name)?, lang)?;
            Some(without_pack(&in_digits(&text, lang)))
        }
        "coupon" => text(params.get(name)?, lang),
        _ => text(params.get(name)?, lang).map(|text| in_digits(&text, lang)),
    }
}

/// A parameter as text: itself, or its part in the language.
fn text(value: &Value, lang: Lang) -> Option<String> {
    match value {
        Value::String(text) => clean(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(parts) => {
            let key = match lang {
                Lang::Bn => "bn",
                Lang::En => "en",
            };
            clean(parts.get(key)?.as_str()?)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::talking_point_text;

    fn text(kind: &str, code: &str, params: Value) -> (String, String) {
        let params = params.as_object().cloned().unwrap_or_default();
        let both = talking_point_text(kind, code, &params);
        (both.bn, both.en)
    }

    #[test]
    fn a_reminder_says_what_runs_low() {
        let product = json!({"bn": "মিনিকেট চাল ৫ কেজি", "en": "Miniket rice 5 kg"});
        let params = json!({"product": product, "quantity": 5000, "unit": "g", "sinceDays": 22});
        assert_eq!(
            text("reminder", "reorder_due", params),
            (
                "৫ কেজি মিনিকেট চাল নিয়েছেন ২২ দিন আগে, ফুরিয়ে আসার কথা".to_owned(),
                "Bought 5 kg of Miniket rice 22 days ago, running low by now".to_owned()
            )
        );
        let params = json!({"product": product, "lasts": 28});
        assert_eq!(
            text("reminder", "reorder_due", params).1,
            "Bought Miniket rice, which usually lasts 28 days"
        );
    }

    #[test]
    fn a_learned_rhythm_says_how_often_and_how_likely() {
        let product = json!({"bn": "মিনিকেট চাল ৫ কেজি", "en": "Miniket rice 5 kg"});
        let params = json!({
            "product": product, "quantity": 5000, "unit": "g", "sinceDays": 22, "every": 24,
            "category": {"bn": "চাল", "en": "Rice"}, "purchases": 5, "chancePercent": 61,
        });
        assert_eq!(
            text("reminder", "reorder_due", params),
            (
                "সাধারণত ২৪ দিন পরপর চাল নেন (৫ বার), শেষবার ২২ দিন আগে ৫ কেজি মিনিকেট চাল; এ সপ্তাহে নেওয়ার সম্ভাবনা ৬১%"
                    .to_owned(),
                "Buys rice every 24 days (5 times); last 22 days ago, 5 kg of Miniket rice; 61% likely this week"
                    .to_owned()
            )
        );
        let once = json!({
            "product": product, "quantity": 5000, "unit": "g", "sinceDays": 22, "chancePercent": 8,
        });
        assert_eq!(
            text("reminder", "reorder_due", once).1,
            "Bought 5 kg of Miniket rice 22 days ago; 8% likely to buy again this week"
        );
    }

    #[test]
    fn other_reasons_name_their_facts() {
        assert_eq!(text("win_back", "win_back", json!({"days": 95})).0, "৯৫ দিন ধরে কোনো অর্ডার নেই");
        assert_eq!(
            text("missed_call", "missed_call", json!({"time": "16:30"})).0,
            "বিকেল ৪:৩০-এ ফোন করেছিলেন, ধরা হয়নি"
        );
        assert_eq!(
            text("membership_upgrade", "membership_upgrade", json!({"level": "gold"})).1,
            "Has earned Gold membership"
        );
        assert_eq!(
            text("cross_sell", "cross_sell", json!({"trigger": "Rice", "related": "Lentils"})).1,
            "Bought Rice: suggest Lentils"
        );
        assert_eq!(text("birthday", "unheard_of", json!({})).1, "Birthday today: wish them well");
        assert_eq!(text("follow_up", "manual", json!({"note": "call [him]"})).1, "call him");
    }

    proptest! {
        #[test]
        fn there_is_always_a_text_without_brackets(
            kind in "reminder|birthday|nonsense",
            code in "reorder_due|cross_sell|win_back|birthday|membership_upgrade|missed_call|\
                     follow_up|offer|drop_off|complaint|manual|nonsense",
            product in "\\PC{0,20}",
            days in -2i64..100,
            keep in any::<[bool; 4]>(),
        ) {
            let all = [
                ("product", json!(product)),
                ("days", json!(days)),
                ("note", json!({"bn": product, "en": product})),
                ("related", json!(null)),
            ];
            let params: Map<String, Value> = all
                .into_iter()
                .zip(keep)
                .filter(|(_, keep)| *keep)
                .map(|((key, value), _)| (key.to_owned(), value))
                .collect();
            let text = talking_point_text(&kind, &code, &params);
            for text in [text.bn, text.en] {
                prop_assert!(!text.trim().is_empty());
                prop_assert!(!text.contains(['{', '}', '[', ']']), "{}", text);
            }
        }
    }
}
