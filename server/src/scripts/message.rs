//! What is written to a customer who is not called.

use serde_json::{Map, Value};

use super::content::Content;
use super::language::Lang;
use super::render::{Facts, ScriptContext, first_complete};
use super::talking;

/// The text of a message for a reason of `kind`, whose parameters are those of a talking point
/// ([`super::talking_point_text`]); `greeting` is a key of `words.toml`. A kind without a text of its own is worded as a win-back.
pub fn message_text(
    kind: &str,
    params: &Map<String, Value>,
    name: &str,
    greeting: Option<&str>,
    lang: Lang,
) -> String {
    let content = Content::embedded();
    let greeting = greeting.map(str::to_owned);
    let context = ScriptContext { name: Some(name.to_owned()), greeting, ..Default::default() };
    let facts = Facts { context: &context, matter: &context.matter, lang };
    let texts = content.message(kind, lang).or_else(|| content.message("win_back", lang));
    let fact = |word: &str| match word {
        "customer" | "shop" => facts.fact(word),
        _ => talking::fact(kind, word, params, lang),
    };
    // The last alternative needs nothing but the shop's name, which is there.
    first_complete(texts.unwrap_or_default(), fact).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(kind: &str, params: Value, name: &str, lang: Lang) -> String {
        let params = params.as_object().cloned().unwrap_or_default();
        message_text(kind, &params, name, Some("apu"), lang)
    }

    #[test]
    fn a_message_names_the_customer_the_matter_and_the_shop() {
        let params = json!({"product": {"bn": "মিনিকেট চাল ৫ কেজি", "en": "Miniket rice 5 kg"}});
        assert_eq!(
            text("reminder", params.clone(), "রহিমা", Lang::Bn),
            "রহিমা আপু, মিনিকেট চাল ফুরিয়ে আসছে কি? লাগলে জানাবেন, পৌঁছে দেব। ট্রাস্টকার্ট অর্গানিক গ্রোসারি"
        );
        assert_eq!(
            text("reminder", params, "Rahima", Lang::En),
            "Rahima Apu, is your Miniket rice running low? Let us know and we will bring it. TrustCart Organic Grocery"
        );
    }

    #[test]
    fn whatever_is_missing_every_kind_says_something_whole() {
        for kind in crate::tasks::TaskKind::ALL {
            for lang in [Lang::Bn, Lang::En] {
                for name in ["", "Karim"] {
                    let text = text(kind.as_str(), json!({}), name, lang);
                    assert!(!text.is_empty() && !text.contains('{'), "{kind}: {text}");
                }
            }
        }
        assert!(
            text("membership_upgrade", json!({"level": "gold"}), "Karim", Lang::En)
                .contains("Gold")
        );
    }
}
