//! Notations of amounts.

use proptest::prelude::*;

use super::*;

fn read(cell: &str) -> Option<i64> {
    amount(cell, Mark::Unknown).ok().map(|money| money.0)
}

#[test]
fn every_usual_notation_is_read() {
    for cell in [
        "1234.50",
        "1,234.50",
        "1234.5",
        "1234.500",
        "1234.5000",
        "১২৩৪.৫০",
        "১,২৩৪.৫০",
        "1.234,50",
        "1'234.50",
        "1\u{2019}234.50",
        "1 234.50",
        "1 234,50",
        "1\u{a0}234,50",
        "1\u{202f}234.50",
        "1\u{2009}234.50",
        "৳1,234.50",
        "৳ 1234.5",
        "1234.50৳",
        "Tk 1,234.50",
        "Tk. 1,234.50",
        "TK1234.50",
        "1234.50 Tk",
        "1234.50 TK.",
        "tk: 1234.50",
        "1,234.50/-",
        "1234.50/=",
        "1,234.50 =/=",
        "BDT 1234.50",
        "bdt 1,234.50",
        "1234.50 taka",
        "1234.50 Taka only",
        "১২৩৪.৫০ টাকা",
        "১২৩৪.৫০ টাকা মাত্র",
        "&#2547;1,234.50",
        "&#2547;&nbsp;1,234.50",
        "&#x9F3; 1234.50",
        "&amp;#2547;1,234.50",
        "\u{202d}1234.50\u{202c}",
        "+1234.50",
        "=\"1234.50\"",
        "'1234.50",
        "1234,50",
        "1234.5000000000001",
        "1234.4999999999999",
        "Tk 1,234.50 BDT",
    ] {
        assert_eq!(read(cell), Some(123_450), "{cell}");
    }
    for cell in ["1,23,456.50", "123,456.50", "1,23,456.50/-", "123.456,50", "123'456.5"] {
        assert_eq!(read(cell), Some(12_345_650), "{cell}");
    }
    for (cell, want) in [
        ("1,234", 123_400),
        ("1,23,456", 12_345_600),
        ("1.234.567", 123_456_700),
        ("12,50", 1_250),
        ("0.500", 50),
        (".5", 50),
        ("500.", 50_000),
        ("0", 0),
        ("1,234/-", 123_400),
    ] {
        assert_eq!(read(cell), Some(want), "{cell}");
    }
}

#[test]
fn what_is_negative_says_so() {
    for cell in ["-5", "(5.00)", "\u{2212}5", "৳ -5", "-৳5", "(Tk 5)"] {
        assert_eq!(read(cell), Some(-500), "{cell}");
    }
}

#[test]
fn what_is_no_amount_or_not_to_the_poisha_is_refused() {
    for cell in [
        "",
        "-",
        "৳",
        "abc",
        "1,2.50",
        "1.2.3",
        "1,2,3",
        "1,2345.5",
        "1,234,56",
        "1.23.456,50",
        "12'34",
        "1 23 456",
        "432.325",
        "1234.567",
        "0.333",
        "1e5",
        "1.5E+03",
        "--5",
        "5-",
        "1..5",
        ",5,",
        "$20",
        "20 USD",
        "₹500",
        "5%",
        "5 kg",
        "10 20",
        "0,123.50",
        "999999999999999",
        "1,234.50.60",
        "1.234,567",
    ] {
        let found = amount(cell, Mark::Unknown);
        assert!(found.is_err(), "{cell} {found:?}");
    }
}

#[test]
fn the_column_settles_what_a_point_or_comma_means() {
    let column = |cells: &[&str]| {
        let mut evidence = Evidence::default();
        for cell in cells {
            evidence.see(cell);
        }
        evidence.mark()
    };
    let point = column(&["500", "1.234", "12.50"]);
    let comma = column(&["500", "1.234", "2.500,00"]);
    assert_eq!((point, comma), (Mark::Point, Mark::Comma));
    assert_eq!(column(&["1.234", "1,234", "500", "x"]), Mark::Unknown);
    assert_eq!(column(&["1.234,50", "1,234.50"]), Mark::Unknown);
    // A slip does not turn a whole column round.
    assert_eq!(column(&["1,234.50", "12,50"]), Mark::Point);
    assert_eq!(column(&["1.234.567"]), Mark::Comma);
    assert_eq!(column(&["1,23,456"]), Mark::Point);
    let poisha = |cell, mark| amount(cell, mark).map(|money| money.0);
    for (cell, unknown, by_point, by_comma) in [
        ("1.500", Err(Unreadable::Ambiguous), Ok(150), Ok(150_000)),
        ("1.234", Err(Unreadable::Ambiguous), Err(Unreadable::Wrong), Ok(123_400)),
        ("1,234", Ok(123_400), Ok(123_400), Err(Unreadable::Wrong)),
        ("1,230", Ok(123_000), Ok(123_000), Ok(123)),
        ("12,50", Ok(1_250), Err(Unreadable::Ambiguous), Ok(1_250)),
    ] {
        assert_eq!(poisha(cell, Mark::Unknown), unknown, "{cell}");
        assert_eq!(poisha(cell, point), by_point, "{cell}");
        assert_eq!(poisha(cell, comma), by_comma, "{cell}");
    }
}

/// An amount as written with these marks; Indian groups with a comma if `lakhs`.
fn written(poisha: i64, group: &str, decimal: &str, lakhs: bool) -> String {
    let mut whole = (poisha / 100).to_string();
    let mut groups = Vec::new();
    loop {
        let size = if lakhs && !groups.is_empty() { 2 } else { 3 };
        if group.is_empty() || whole.len() <= size {
            break;
        }
        groups.push(whole.split_off(whole.len() - size));
    }
    groups.push(whole);
    groups.reverse();
    format!("{}{decimal}{:02}", groups.join(group), poisha % 100)
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        poisha in 0i64..=Money::MAX.0,
        style in 0usize..7,
        mark in "(৳ ?|Tk\\.? ?|BDT |&#2547;)?",
        tail in "(/-| টাকা| taka)?",
    ) {
        let (group, decimal, lakhs) = [
            ("", ".", false), (",", ".", false), (",", ".", true), (".", ",", false),
            ("\u{a0}", ",", false), ("'", ".", false), ("\u{202f}", ".", false),
        ][style];
        let text = format!("{mark}{}{tail}", written(poisha, group, decimal, lakhs));
        let own = if decimal == "." { Mark::Point } else { Mark::Comma };
        for column in [Mark::Unknown, own] {
            prop_assert_eq!(amount(&text, column), Ok(Money(poisha)), "{}", text);
        }
    }

    #[test]
    fn nothing_is_too_odd(cell in "\\PC{0,30}", number in "[0-9০-৯.,' ()/৳&#;-]{0,24}") {
        for cell in [cell, number] {
            for mark in [Mark::Unknown, Mark::Point, Mark::Comma] {
                let _ = amount(&cell, mark);
            }
            Evidence::default().see(&cell);
        }
    }
}
