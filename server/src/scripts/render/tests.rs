use chrono::NaiveTime;
use proptest::option::of;
use proptest::prelude::*;

use super::{Matter, RenderedScript, ScriptContext, clean, render, speakable, without_pack};
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
        greeting: Some("apu".to_owned()),
        orders: Some(2),
        silent_days: Some(50),
        matter: Matter {
            product: Some(both("মিনিকেট চাল ৫ কেজি", "Miniket rice 5 kg")),
            quantity: Some((10_000, BaseUnit::Gram)),
            category: Some(both("চাল", "Rice")),
            lasts: Some(56),
            since_days: Some(50),
            is_ahead: true,
            related: Some(both("মসুর ডাল", "red lentils")),
            related_pack: Some((1_000, BaseUnit::Gram)),
            ..Matter::default()
        },
        ..ScriptContext::default()
    }
}

fn said(key: ScriptKey, kind: &str, lang: Lang, context: &ScriptContext) -> String {
    render(key, kind, lang, context).main.lines.join("\n")
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
    for key in [ScriptKey::WinBack, ScriptKey::MembershipUpgrade, ScriptKey::FollowUp] {
        let script = render(key, "birthday", Lang::Bn, &vip);
        assert_eq!(script.opening, own.opening);
        assert_ne!(script.opening, render(key, "birthday", Lang::Bn, &rahima()).opening);
    }
}

#[test]
fn further_reasons_get_one_sentence_each_before_the_close() {
    let context = ScriptContext {
        further: ["win_back", "win_back", "reminder"]
            .map(|kind| (kind.to_owned(), Matter::default()))
            .into(),
        ..rahima()
    };
    let plain = render(ScriptKey::SecondTime, "reminder", Lang::En, &rahima()).main.lines;
    let more = render(ScriptKey::SecondTime, "reminder", Lang::En, &context).main.lines;
    assert_eq!(more.len(), plain.len() + 1);
    assert_eq!(
        more[more.len() - 2],
        "And we have had no order from you for about 2 months; if anything was wrong, please tell me."
    );
    assert_eq!(more.last(), plain.last());
}

#[test]
fn a_birthday_is_wished_before_anything_else() {
    let further = vec![("birthday".to_owned(), Matter::default())];
    let context = ScriptContext { further, ..rahima() };
    let lines = render(ScriptKey::SecondTime, "reminder", Lang::En, &context).main.lines;
    assert_eq!(lines[0], "Happy birthday, Apu! We wish you a lovely day.");
    let own = render(ScriptKey::Birthday, "birthday", Lang::En, &rahima());
    assert!(own.opening.iter().all(|line| !line.contains("minute")), "{:?}", own.opening);
}

#[test]
fn a_further_reason_speaks_of_its_own_product() {
    let ghee = Matter {
        product: Some(both("গাওয়া ঘি", "Cow ghee")), ..Matter::default()
    };
    let further = vec![("reminder".to_owned(), ghee)];
    let context = ScriptContext { further, ..rahima() };
    let text = said(ScriptKey::Birthday, "birthday", Lang::En, &context);
    assert!(text.contains("your Cow ghee may be running low"), "{text}");
    assert!(!text.contains("rice"), "{text}");
}

#[test]
fn how_long_it_lasts_is_said_only_where_it_is_known() {
    let say = |matter: Matter, lang| {
        said(ScriptKey::Regular, "reminder", lang, &ScriptContext { matter, ..rahima() })
    };
    let known = rahima().matter;
    assert!(say(known.clone(), Lang::En).contains("That usually lasts 56 days."));
    let habit = Matter { lasts: None, every: Some(34), ..known };
    let text = say(habit.clone(), Lang::En);
    assert!(text.contains("You usually take rice every 34 days."), "{text}");
    assert!(!text.contains("lasts"), "{text}");
    let text = say(habit.clone(), Lang::Bn);
    assert!(text.contains("আপনি সাধারণত ৩৪ দিন পরপর চাল নেন।") && !text.contains("চলে"), "{text}");
    let unknown = Matter { every: None, ..habit };
    assert!(!say(unknown, Lang::En).contains("usually"));
}

#[test]
fn nothing_arrives_before_it_runs_out_once_it_has() {
    let over = Matter { is_ahead: false, ..rahima().matter };
    let over = ScriptContext { matter: over, ..rahima() };
    for key in [ScriptKey::Reminder, ScriptKey::SecondTime, ScriptKey::Vip] {
        assert!(
            said(key, "reminder", Lang::En, &rahima()).contains("before the last of it is gone")
        );
        assert!(!said(key, "reminder", Lang::En, &over).contains("before the last of it is gone"));
        assert!(!said(key, "reminder", Lang::Bn, &over).contains("শেষ হওয়ার আগে"));
    }
}

#[test]
fn a_promise_speaks_from_its_own_note_if_that_can_be_said() {
    let promise = |note: Option<&str>| ScriptContext {
        matter: Matter {
            at: NaiveTime::from_hms_opt(16, 0, 0).map(|time| (0, time)),
            is_promised: true,
            note: note.map(str::to_owned),
            ..Matter::default()
        },
        ..rahima()
    };
    let text =
        said(ScriptKey::FollowUp, "follow_up", Lang::Bn, &promise(Some("নতুন মধুর দাম জানতে চান।")));
    assert!(text.contains("আজ বিকেল চারটার দিকে ফোন করার কথা ছিল"), "{text}");
    assert!(text.contains("আপনি বলেছিলেন: নতুন মধুর দাম জানতে চান।"), "{text}");
    for note in [None, Some(""), Some("price of ghee"), Some("call 3 2026-11-29 07:06 completed")] {
        let text = said(ScriptKey::FollowUp, "follow_up", Lang::Bn, &promise(note));
        assert!(text.contains("আগেরবার যে কথা হয়েছিল") && !text.contains("বলেছিলেন:"), "{text}");
    }
    let by_hand = Matter {
        note: Some("নতুন মধুর দাম জানান".to_owned()), ..Matter::default()
    };
    let by_hand = ScriptContext { matter: by_hand, ..rahima() };
    let text = said(ScriptKey::FollowUp, "follow_up", Lang::Bn, &by_hand);
    assert!(!text.contains("বলেছিলেন") && !text.contains("কথা ছিল"), "nothing was agreed: {text}");
}

#[test]
fn a_note_is_read_out_only_if_it_is_meant_for_the_customer() {
    let bangla = |note: &str| speakable(note, Lang::Bn);
    assert_eq!(bangla("বেতন পেলে ২ কেজি চাল নেবেন। ").as_deref(), Some("বেতন পেলে ২ কেজি চাল নেবেন"));
    assert_eq!(bangla("২ kg"), None);
    assert_eq!(
        speakable("Wants 2 kg of honey\ncall 5", Lang::En).as_deref(),
        Some("Wants 2 kg of honey")
    );
    for private in [
        "গ্রাহক রেগে আছেন",
        "উনি টাকা দেন না",
        "০১৭১২৩৪৫৬৭৮ নম্বরে ফোন",
        "দেখুন example.com/মধু",
        "??",
        &"শব্দ ".repeat(40),
    ] {
        assert_eq!(bangla(private), None, "{private}");
    }
    assert_eq!(speakable("Customer is rude", Lang::En), None);
    assert_eq!(speakable("নতুন মধু", Lang::En), None);
}

#[test]
fn the_customer_chooses_how_to_be_greeted() {
    let opening = |greeting: &str, salutation: Option<&str>, lang| {
        let context = ScriptContext {
            greeting: Some(greeting.to_owned()),
            salutation: salutation.map(str::to_owned),
            ..rahima()
        };
        render(ScriptKey::Regular, "reminder", lang, &context).opening.join(" ")
    };
    assert!(opening("apu", None, Lang::Bn).starts_with("আসসালামু আলাইকুম। "));
    assert!(opening("didi", None, Lang::Bn).starts_with("আদাব। "));
    assert!(opening("dada", Some("nomoskar"), Lang::Bn).starts_with("নমস্কার। "));
    assert!(opening("sir", Some("adab"), Lang::En).starts_with("Adab. "));
    assert!(opening("madam", None, Lang::Bn).contains("রহিমা বেগম ম্যাডাম বলছেন?"));
}

#[test]
fn the_full_name_is_said_once_a_call() {
    for key in ScriptKey::ALL {
        for kind in KINDS {
            for respectful in [false, true] {
                for lang in [Lang::Bn, Lang::En] {
                    let context = ScriptContext { respectful, ..rahima() };
                    let script = render(*key, kind, lang, &context);
                    let all = all_text(&script).join("\n");
                    assert!(all.matches("রহিমা").count() <= 1, "{} {kind}: {all}", key.as_str());
                }
            }
        }
    }
}

#[test]
fn no_script_promises_a_benefit_that_no_offer_gives() {
    for key in ScriptKey::ALL {
        for kind in KINDS {
            let context = ScriptContext { held: Some("silver".to_owned()), ..rahima() };
            for (lang, words) in [
                (Lang::Bn, &["ছাড় ", "ছাড়।", "কুপন", "আজীবন", "সবার আগে", "উপহার"][..]),
                (
                    Lang::En,
                    &["discount", "coupon", "lifelong", "for life", "first choice", "gift"][..],
                ),
            ] {
                let lines = said(*key, kind, lang, &context);
                assert!(
                    !words.iter().any(|word| lines.contains(word)),
                    "{}: {lines}",
                    key.as_str()
                );
            }
        }
    }
}

#[test]
fn an_open_complaint_is_not_a_sale() {
    let further = vec![("offer_followup".to_owned(), Matter::default())];
    let context = ScriptContext { further, ..rahima() };
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
        of(prop_oneof![Just("bhai"), Just("didi"), Just("")]),
        of(prop_oneof![Just("nomoskar"), Just("hello")]),
        any::<bool>(),
    );
    let goods = (
        of(texts()),
        of((-5i64..20_000, unit())),
        of(-3i64..400),
        of(-3i64..400),
        of(-3i64..400),
        of(texts()),
        of(texts()),
        (of(text()), any::<[bool; 5]>()),
    );
    let rest = (
        of(text()),
        of(prop_oneof![Just("gold".to_owned()), Just("platinum".to_owned())]),
        of((-3i64..9, 0u32..86_400).prop_map(|(days, s)| {
            (days, NaiveTime::from_num_seconds_from_midnight_opt(s, 0).unwrap_or_default())
        })),
        of(-1i64..40),
        proptest::collection::vec(proptest::sample::select(&KINDS[..]), 0..3),
    );
    (people, goods, rest).prop_map(|(people, goods, rest)| {
        let (note, [is_usual, is_ahead, is_promised, is_retried, is_late]) = goods.7;
        let matter = Matter {
            product: goods.0,
            quantity: goods.1,
            lasts: goods.2,
            every: goods.3,
            since_days: goods.4,
            related: goods.5.clone(),
            category: goods.5,
            related_pack: goods.1,
            small_pack: goods.1,
            offer: goods.6,
            coupon: rest.0,
            level: rest.1.clone(),
            at: rest.2,
            note,
            is_usual,
            is_ahead,
            is_promised,
            is_retried,
            is_late,
        };
        let further = rest.4.into_iter().map(|kind| (kind.to_owned(), matter.clone())).collect();
        ScriptContext {
            agent: people.0,
            shop: people.1,
            name: people.2,
            greeting: people.3.map(str::to_owned),
            salutation: people.4.map(str::to_owned),
            respectful: people.5,
            held: rest.1,
            silent_days: goods.2,
            orders: rest.3,
            matter,
            further,
        }
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
            let mut without_code = context;
            without_code.matter.coupon = None;
            for (_, matter) in &mut without_code.further {
                matter.coupon = None;
            }
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
