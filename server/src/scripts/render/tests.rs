use chrono::NaiveTime;
use proptest::option::of;
use proptest::prelude::*;

use super::{Greeting, RenderedScript, ScriptContext, clean, render, without_pack};
use crate::scripts::{BaseUnit, Both, Lang, ScriptKey, Situation, choose};

const KINDS: [&str; 10] = [
    "reminder",
    "offer_followup",
    "cross_sell",
    "membership_upgrade",
    "birthday",
    "follow_up",
    "missed_call",
    "win_back",
    "drop_off",
    "complaint",
];

fn both(bn: &str, en: &str) -> Both {
    Both { bn: bn.to_owned(), en: en.to_owned() }
}

fn rahima() -> ScriptContext {
    ScriptContext {
        agent: Some("সুমাইয়া আক্তার".to_owned()),
        name: Some("রহিমা বেগম".to_owned()),
        greeting: Some(Greeting::Apu),
        product: Some(both("মিনিকেট চাল ৫ কেজি", "Miniket rice 5 kg")),
        quantity: Some((10_000, BaseUnit::Gram)),
        days: Some(56),
        since_days: Some(50),
        related: Some(both("মসুর ডাল", "red lentils")),
        orders: Some(2),
        ..ScriptContext::default()
    }
}

/// Everything the agent sees.
fn all_text(script: &RenderedScript) -> Vec<String> {
    let mut texts = script.opening.clone();
    texts.extend([script.main.title.clone(), script.main.goal.clone()]);
    texts.extend(script.main.lines.clone());
    for objection in &script.objection_handling {
        texts.extend([objection.objection.clone(), objection.reply.clone()]);
    }
    texts.extend(script.ending.clone());
    texts
}

#[test]
fn a_reminder_to_a_second_time_customer_names_product_quantity_and_days() {
    let script = render(ScriptKey::SecondTime, "reminder", Lang::Bn, &rahima());
    assert_eq!(script.opening[1], "রহিমা বেগম আপু বলছেন?");
    let said = script.main.lines.join("\n");
    assert!(said.contains("৫০ দিন আগে আপনি ১০ কেজি মিনিকেট চাল নিয়েছিলেন।"), "{said}");
    assert!(said.contains("৫৬ দিন চলে"), "{said}");
    assert!(said.contains("মসুর ডাল"), "{said}");

    let script = render(ScriptKey::SecondTime, "reminder", Lang::En, &rahima());
    let said = script.main.lines.join("\n");
    assert!(said.contains("You took 10 kg of Miniket rice 50 days ago."), "{said}");
}

#[test]
fn a_vip_is_spoken_to_with_respect_whatever_the_call() {
    let vip = ScriptContext { respectful: true, ..rahima() };
    let own = render(ScriptKey::Vip, "reminder", Lang::Bn, &vip);
    for key in [ScriptKey::WinBack, ScriptKey::Birthday, ScriptKey::FollowUp] {
        let script = render(key, "birthday", Lang::Bn, &vip);
        assert_eq!(script.opening, own.opening);
        assert_ne!(script.opening, render(key, "birthday", Lang::Bn, &rahima()).opening);
    }
}

#[test]
fn further_reasons_get_one_sentence_each_before_the_close() {
    let context = ScriptContext {
        further: vec!["birthday".to_owned(), "birthday".to_owned(), "reminder".to_owned()],
        ..rahima()
    };
    let plain = render(ScriptKey::SecondTime, "reminder", Lang::En, &rahima()).main.lines;
    let more = render(ScriptKey::SecondTime, "reminder", Lang::En, &context).main.lines;
    assert_eq!(more.len(), plain.len() + 1);
    assert_eq!(more[more.len() - 2], "And happy birthday, Apu! We wish you a lovely day.");
    assert_eq!(more.last(), plain.last());
}

#[test]
fn an_open_complaint_is_not_a_sale() {
    let context = ScriptContext { further: vec!["offer_followup".to_owned()], ..rahima() };
    let script = render(ScriptKey::Complaint, "complaint", Lang::En, &context);
    assert_eq!(script, render(ScriptKey::Complaint, "complaint", Lang::En, &rahima()));
}

#[test]
fn pack_sizes_are_not_read_out_twice() {
    for (name, want) in [
        ("মিনিকেট চাল ৫ কেজি", "মিনিকেট চাল"),
        ("Miniket rice 5kg", "Miniket rice"),
        ("Mustard oil (1 litre)", "Mustard oil"),
        ("Honey - 500 g", "Honey"),
        ("5 kg", "5 kg"),
        ("Rice 1", "Rice 1"),
        ("কালিজিরা চাল", "কালিজিরা চাল"),
    ] {
        assert_eq!(without_pack(name), want, "{name}");
    }
}

#[test]
fn facts_are_one_clean_line() {
    assert_eq!(clean(" [Customer\n Name] {x} ").as_deref(), Some("Customer Name x"));
    assert_eq!(clean("[] {}\t"), None);
    let long = clean(&"শব্দ ".repeat(100)).unwrap_or_default();
    assert!(long.chars().count() <= 121 && long.ends_with("শব্দ…"));
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[অ-হ ]{0,12}",
        "[A-Za-z0-9 ]{0,12}",
        Just("{product} [X] <b>".to_owned()),
        Just("[] {}".to_owned()),
        Just(String::new()),
        "\\PC{0,200}",
    ]
}

fn texts() -> impl Strategy<Value = Both> {
    (text(), text()).prop_map(|(bn, en)| Both { bn, en })
}

fn unit() -> impl Strategy<Value = BaseUnit> {
    prop_oneof![Just(BaseUnit::Gram), Just(BaseUnit::Millilitre), Just(BaseUnit::Piece)]
}

fn contexts() -> impl Strategy<Value = ScriptContext> {
    let people = (
        of(text()),
        of(text()),
        of(text()),
        of(prop_oneof![Just(Greeting::Bhai), Just(Greeting::Apu)]),
        any::<bool>(),
    );
    let goods = (
        of(texts()),
        of((-5i64..20_000, unit())),
        of(-3i64..400),
        of(-3i64..400),
        of(texts()),
        of(texts()),
    );
    let rest = (
        of(text()),
        of(prop_oneof![Just("gold".to_owned()), Just("platinum".to_owned())]),
        of((0u32..86_400)
            .prop_map(|s| NaiveTime::from_num_seconds_from_midnight_opt(s, 0).unwrap_or_default())),
        of(-1i64..40),
        proptest::collection::vec(proptest::sample::select(&KINDS[..]), 0..3),
    );
    (people, goods, rest).prop_map(|(people, goods, rest)| ScriptContext {
        agent: people.0,
        shop: people.1,
        name: people.2,
        greeting: people.3,
        respectful: people.4,
        product: goods.0,
        quantity: goods.1,
        days: goods.2,
        since_days: goods.3,
        related: goods.4,
        offer: goods.5,
        coupon: rest.0,
        level: rest.1,
        time: rest.2,
        orders: rest.3,
        further: rest.4.into_iter().map(str::to_owned).collect(),
    })
}

proptest! {
    /// SPEC §7.1: whatever is missing, and whatever the shop's data contains.
    #[test]
    fn no_placeholder_reaches_the_screen(
        context in contexts(),
        key in proptest::sample::select(ScriptKey::ALL),
        kind in proptest::sample::select(&KINDS[..]),
        lang in prop_oneof![Just(Lang::Bn), Just(Lang::En)],
    ) {
        let script = render(key, kind, lang, &context);
        prop_assert!(!script.opening.is_empty());
        prop_assert!(script.main.lines.len() >= 2, "{:?}", script.main.lines);
        prop_assert!(!script.ending.is_empty());
        for text in all_text(&script) {
            prop_assert!(!text.contains(['{', '}', '[', ']', '<', '>', '\n']), "{}", text);
            prop_assert!(!text.trim().is_empty());
        }
        if lang == Lang::Bn {
            let without_code = ScriptContext { coupon: None, ..context };
            for text in all_text(&render(key, kind, lang, &without_code)) {
                prop_assert!(!text.contains(|c: char| c.is_ascii_digit()), "{}", text);
            }
        }
    }

    #[test]
    fn every_task_finds_a_script(
        kind in proptest::sample::select(&KINDS[..]),
        purchase in "new|repeat_2|repeat_3|regular|permanent|",
        value in "normal|medium|vip|",
        life in "prospect|new|active|at_risk|churned|",
        level in of("silver|gold|permanent"),
    ) {
        let key = choose(&Situation {
            kind,
            purchase_stage: &purchase,
            value_stage: &value,
            lifecycle_stage: &life,
            level: level.as_deref(),
        });
        let script = render(key, kind, Lang::Bn, &ScriptContext::default());
        prop_assert!(script.main.lines.len() >= 2);
    }
}
