//! Notations of dates.

use proptest::prelude::*;

use super::*;

fn style(cells: &[&str], said: Option<DateOrder>) -> (Style, bool) {
    let mut evidence = Evidence::default();
    for cell in cells {
        evidence.see(cell, 2026);
    }
    evidence.settle(said, 2026)
}

fn read(cell: &str) -> Result<When, Unreadable> {
    when(cell, style(&[], None).0)
}

fn date_of(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("valid")
}

#[test]
fn days_in_every_usual_notation() {
    let nov = date_of(2026, 11, 21);
    for cell in [
        "2026-11-21",
        "2026/11/21",
        "2026.11.21",
        "21/11/2026",
        "21-11-2026",
        "২১.১১.২০২৬",
        "21-Nov-2026",
        "21-Nov-26",
        "21 Nov 2026",
        "21 NOVEMBER 2026",
        "Nov 21, 2026",
        "November 21st, 2026",
        "21st of November 2026",
        "Saturday, 21 November 2026",
        "Sat Nov 21 2026",
        "2026-Nov-21",
        "২১ নভেম্বর ২০২৬",
        "২১ নভেম্বর, ২০২৬",
        "২১শে নভেম্বর ২০২৬",
        "শনিবার, ২১ নভেম্বর ২০২৬",
        "46347",
        "46347.0",
        "20261121",
        "\u{202d}21/11/2026\u{202c}",
        "11/21/2026",
        "'2026-11-21",
        "=\"2026-11-21\"",
        "21.11.2026",
    ] {
        assert_eq!(read(cell), Ok(When::Day(nov)), "{cell}");
    }
    assert_eq!(read("৫ ফেব্রুয়ারি ২০২৬"), Ok(When::Day(date_of(2026, 2, 5))));
    assert_eq!(read("৫ ফেব্রু\u{9df}ারি ২০২৬"), Ok(When::Day(date_of(2026, 2, 5))));
}

#[test]
fn times_and_zones_in_every_usual_notation() {
    let at = date_of(2026, 11, 21).and_hms_opt(20, 19, 0).expect("valid");
    for cell in [
        "2026-11-21 20:19",
        "2026-11-21T20:19:00",
        "21/11/2026 08:19:00 PM",
        "November 21, 2026 8:19 pm",
        "Nov 21, 2026, 8:19\u{202f}PM",
        "21 Nov 2026 at 8:19 p.m.",
        "21-Nov-2026 20:19",
        "২১/১১/২০২৬ ২০:১৯",
        "46347.84652777778",
        "2026-11-21 20:19:00.000",
    ] {
        assert_eq!(read(cell), Ok(When::Local(at)), "{cell}");
    }
    let utc = Utc.with_ymd_and_hms(2026, 11, 21, 14, 19, 0).single().expect("valid");
    for cell in [
        "2026-11-21 20:19:00 +0600",
        "2026-11-21T20:19:00+06:00",
        "2026-11-21T14:19:00Z",
        "2026-11-21 14:19:00 UTC",
        "2026-11-21 14:19 GMT",
        "2026-11-21T14:19:00.000Z",
        "Sat, 21 Nov 2026 20:19:00 +0600",
        "2026-11-21 20:19 GMT+6",
        "Sat Nov 21 2026 20:19:00 GMT+0600 (Bangladesh Standard Time)",
        "2026-11-21 8:19 AM -06:00",
    ] {
        assert_eq!(read(cell), Ok(When::Instant(utc)), "{cell}");
    }
}

#[test]
fn what_is_no_date_is_refused() {
    for cell in [
        "",
        "yesterday",
        "2026-13-01",
        "2026-02-30",
        "21/11",
        "0001-01-01",
        "2026",
        "1712345678",
        "1234",
        "99999",
        "21/11-2026",
        "31 Nov 2026",
        "2026-11-21 25:00",
        "2026-11-21 13:00 pm",
        "2026-11-21 10:00 EST",
        "21:11:2026",
        "2026-11-21T",
        "Smarch 1, 2026",
        "1,2,2026",
        "20261321",
        "2026-11-21 10:00 +99",
        "32/11/2026",
        "13/13/2026",
        "5 kg 2026",
    ] {
        assert_eq!(read(cell), Err(Unreadable::Wrong), "{cell}");
    }
}

#[test]
fn the_column_says_whether_the_day_or_the_month_comes_first() {
    let read = |cells: &[&str], said, cell: &str| day(cell, style(cells, said).0);
    let (may, nov) = (Ok(date_of(2026, 5, 11)), Ok(date_of(2026, 11, 5)));
    assert_eq!(read(&["11/05/2026", "11/21/2026"], None, "11/05/2026"), nov);
    assert_eq!(read(&["11/05/2026", "21/11/2026"], None, "11/05/2026"), may);
    // Both in one column: only what has one reading is read.
    let both = ["21/11/2026", "11/21/2026"];
    assert_eq!(read(&both, None, "11/05/2026"), Err(Unreadable::Ambiguous));
    assert_eq!(read(&both, None, "11/21/2026"), Ok(date_of(2026, 11, 21)));
    assert_eq!(read(&both, None, "05/05/2026"), Ok(date_of(2026, 5, 5)));
    assert_eq!(read(&both, Some(DateOrder::MonthFirst), "11/05/2026"), nov);
    // Nothing shows it: the country's order, which is said.
    assert!(style(&["11/05/2026", "11/05/2026"], None).1);
    assert_eq!(read(&["11/05/2026"], None, "11/05/2026"), may);
    assert_eq!(read(&["11/05/2026"], Some(DateOrder::MonthFirst), "11/05/2026"), nov);
    for known in ["11/21/2026", "2026-05-11", "05/05/2026", "5 Nov 2026", "x"] {
        assert!(!style(&[known], None).1, "{known}");
    }
}

#[test]
fn a_year_of_two_digits_needs_proof_of_where_it_stands() {
    let read = |cells: &[&str], cell: &str| day(cell, style(cells, None).0);
    assert_eq!(read(&["21/11/26"], "21/11/26"), Err(Unreadable::Ambiguous));
    assert_eq!(read(&["21/11/26", "30/11/26"], "21/11/26"), Ok(date_of(2026, 11, 21)));
    assert_eq!(read(&["26-11-21", "26-11-30"], "26-11-21"), Ok(date_of(2026, 11, 21)));
    assert_eq!(read(&[], "21/11/85"), Ok(date_of(1985, 11, 21)));
    assert_eq!(read(&["11/30/85"], "11/05/26"), Ok(date_of(2026, 11, 5)));
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        days in 0i64..70_000, seconds in 0u32..86_400, format in 0usize..10, zone in 0usize..3,
    ) {
        let day = date_of(1950, 1, 1) + TimeDelta::days(days);
        let at = day.and_time(NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).expect("valid"));
        let dates = [
            "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d-%b-%Y", "%B %d, %Y", "%d %B %Y", "%a %b %d %Y",
            "%A, %d %B %Y", "%Y%m%d", "%d.%m.%Y",
        ];
        let month_first = format == 2;
        let said = if month_first { DateOrder::MonthFirst } else { DateOrder::DayFirst };
        let style = style(&[], Some(said)).0;
        let text = at.format(dates[format]).to_string();
        prop_assert_eq!(when(&text, style), Ok(When::Day(day)), "{}", text);
        if format != 8 {
            let clock = ["%H:%M:%S", "%I:%M:%S %p", "%H:%M:%S +0600"][zone];
            let text = format!("{text} {}", at.format(clock));
            let want = if zone == 2 {
                When::Instant((at - TimeDelta::hours(6)).and_utc())
            } else {
                When::Local(at)
            };
            prop_assert_eq!(when(&text, style), Ok(want), "{}", text);
        }
    }

    #[test]
    fn nothing_is_too_odd(cell in "\\PC{0,40}", number in "[0-9০-৯.,:/ TZ+apm-]{0,30}") {
        for cell in [cell, number] {
            let (style, _) = style(&[&cell], None);
            let _ = (when(&cell, style), day(&cell, style));
        }
    }
}
