//! `trustcart reorder backtest`, as a shop owner runs it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

/// Orders of 150 customers from 1 January on, in `days` days: each buys rice or oil at a rhythm.
fn orders(days: u32) -> String {
    let mut text = "customer_id,date,product_id,category,quantity,spend\n".to_owned();
    for customer in 0..150u32 {
        let rhythm = 6 + customer % 9;
        let category = if customer % 3 == 0 { "oil" } else { "rice" };
        let mut day = customer % rhythm;
        while day < days {
            let date = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).expect("a date")
                + chrono::Days::new(day.into());
            let _ = writeln!(text, "c{customer},{date},p,{category},{},", 1 + customer % 2);
            day += rhythm + (day + customer) % 3;
        }
    }
    text
}

fn run(orders: &Path, fold: &str, out: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trustcart"))
        .args(["reorder", "backtest", "--fold", fold, "--anchor-days", "20", "--call-days", "10"])
        .arg("--orders")
        .arg(orders)
        .arg("--out")
        .arg(out)
        .output()
        .expect("runs")
}

fn read(folder: &Path, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(name)).expect("written");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn reminders_and_calls_are_written_and_judged() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("orders.csv.gz");
    let mut gzip = flate2::write::GzEncoder::new(
        std::fs::File::create(&file).expect("a file"),
        flate2::Compression::fast(),
    );
    gzip.write_all(orders(150).as_bytes()).expect("written");
    gzip.finish().expect("written");
    let done = run(&file, "2026-04-10", dir.path());
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(said.contains("on time"), "{said}");
    let reminders = read(dir.path(), "reminders.csv");
    assert_eq!(reminders[0], "customer_id,category,order_date,reminder_date,expected_date");
    assert!(reminders[1..].iter().all(|row| row.split(',').nth(2).expect("a day") > "2026-04-10"));
    let calls = read(dir.path(), "calls.csv");
    assert_eq!(calls[0], "call_date,customer_id,category,score");
    assert_eq!(calls.len(), 1 + 10 * 150, "each customer once a day");
    let scores =
        calls[1..].iter().map(|row| row.rsplit(',').next().expect("a score").parse::<f64>());
    assert!(scores.into_iter().all(|score| score.is_ok_and(|s| (0.0..=1.0).contains(&s))));
    // Rhythms this regular are easy: most reminders have to be right.
    let right = said.lines().find(|line| line.starts_with("reminders:")).expect("judged");
    let share: f64 = right.split(' ').nth(1).and_then(|n| n.parse().ok()).expect("a share");
    assert!(share > 75.0, "{right}");
}

#[test]
fn what_is_said_of_a_day_does_not_change_with_what_comes_later() {
    let dir = tempfile::tempdir().expect("a folder");
    let outcome = |days: u32| {
        let out = dir.path().join(days.to_string());
        let file = dir.path().join(format!("{days}.csv"));
        std::fs::write(&file, orders(days)).expect("written");
        assert!(run(&file, "2026-04-10", &out).status.success());
        out
    };
    let (whole, cut) = (outcome(200), outcome(106));
    for (name, column) in [("reminders.csv", 2), ("calls.csv", 0)] {
        let until = |folder: &Path| -> Vec<String> {
            // Without the header.
            let rows = read(folder, name).into_iter().skip(1);
            rows.filter(|row| row.split(',').nth(column).expect("a day") <= "2026-04-16").collect()
        };
        assert!(!until(&cut).is_empty());
        assert_eq!(until(&whole), until(&cut), "{name}");
    }
}

#[test]
fn broken_rows_are_told_of_and_left_out() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("orders.csv");
    let mut text = orders(150).into_bytes();
    text.extend(
        b"c1,1899-01-01,p,rice,1,\nc1,soon,p,rice,1,\n,2026-02-01,p,rice,1,\nc1,2026-02-01,p,,1,\n",
    );
    text.extend(b"c1,2026-02-01,p,\xff\xfe,1,\nc2,2026-02-02,p,rice,-3,\nc2,2026-02-02,p,rice,NaN,\nc1,2026-02");
    std::fs::write(&file, text).expect("written");
    let done = run(&file, "2026-04-10", dir.path());
    assert!(done.status.success());
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(said.contains("6 of "), "{said}");
    assert!(
        !read(dir.path(), "calls.csv").iter().any(|row| row.contains("NaN") || row.contains("inf"))
    );
}

#[test]
fn a_fold_outside_the_data_and_a_file_that_is_none_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("orders.csv");
    std::fs::write(&file, orders(100)).expect("written");
    let refused = run(&file, "2027-01-01", dir.path());
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is not within the data"));
    std::fs::write(&file, "a,b\n1,2\n").expect("written");
    let refused = run(&file, "2026-02-01", dir.path());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no column customer_id"));
    assert!(!dir.path().join("calls.csv").exists());
}
