//! Files as people and programs really write them.

use serde_json::json;

use super::{catalogue, manager};
use crate::support::imports::{File, file};
use crate::support::{Person, TestApp, both};

const HEADING: &str = "order_id,phone,order_date,sku,quantity,unit_price\n";

fn bytes(kind: &str, bytes: Vec<u8>) -> File<'_> {
    File { kind, bytes, ..File::default() }
}

/// Imports one order with this date and price; its errors.
async fn order(app: &TestApp, who: &Person, id: &str, date: &str, price: &str) -> Vec<String> {
    let text = format!("{HEADING}{id},01711111111,\"{date}\",SKU-0001,1,\"{price}\"\n");
    let job = app.import(who, file("orders", &text)).await;
    app.import_errors(who, &job).await
}

both! {
    async fn rejected_rows_are_on_the_lines_an_editor_shows(app: TestApp) {
        let who = manager(&app).await;
        for end in ["\n", "\r\n", "\r"] {
            let text = "phone,name,note\n01711111111,a,\"two\nlines\"\nbad,b,\n\n,,\nbad,c,\n".replace('\n', end);
            let job = app.import(&who, file("customers", &text)).await;
            assert_eq!(app.import_errors(&who, &job).await, ["4 invalid_phone", "7 invalid_phone"], "{end:?}");
            assert_eq!((&job["totalRows"], &job["status"]), (&json!(3), &json!("done")), "{end:?}");
        }
        // A stray CR is part of its cell, and two bad rows never break an import.
        let text = "phone,name,address\n01711111111,A,x\n01722222222,B\rcont,House 2\nbad1,A\rbad2,B\n";
        let job = app.import(&who, file("customers", text)).await;
        assert_eq!(app.import_errors(&who, &job).await, ["5 invalid_phone"]);
        assert_eq!(app.count("customers WHERE phone = '+8801722222222' AND address = 'House 2'").await, 1);
        let job = app.import(&who, file("customers", "phone,name\rbad1,A\rbad2,B\r01733333333,C\r")).await;
        assert_eq!((&job["okRows"], &job["errorRows"]), (&json!(1), &json!(2)));
    }

    async fn rows_without_their_last_cells_and_rows_of_nothing_are_no_damage(app: TestApp) {
        let who = manager(&app).await;
        catalogue(&app, &who).await;
        let text = "phone,name,address,notes\r\n01711111111,A\r\n,,,\r\n\u{a0},,\r\n01722222222,B,x,y,,,\r\n01733333333,C,\r\n";
        let job = app.import(&who, file("customers", text)).await;
        assert_eq!((&job["created"], &job["totalRows"], &job["errorRows"]), (&json!(3), &json!(3), &json!(0)), "{job:#}");
        let text = format!("{HEADING},,,,,\n1,01711111111,2026-11-10,SKU-0001,1,100\n,,,,,\n,,\n1,,,SKU-0002,1,50\n,,,,,\n");
        let job = app.import(&who, file("orders", &text)).await;
        assert_eq!((&job["created"], &job["okRows"]), (&json!(1), &json!(2)), "{:?}", app.import_errors(&who, &job).await);
        assert_eq!(app.count("orders WHERE total = 15000").await, 1);
    }

    async fn amounts_are_read_as_the_column_shows_or_refused(app: TestApp) {
        let who = manager(&app).await;
        catalogue(&app, &who).await;
        for (n, price) in ["1.234,50", "Tk 1,234.50", "1,234.50/-", "&#2547;1,234.50", "১,২৩৪.৫০ টাকা", "1234.5000"].iter().enumerate() {
            assert!(order(&app, &who, &format!("A{n}"), "2026-11-10", price).await.is_empty(), "{price}");
        }
        assert_eq!(app.count("orders WHERE total = 123450").await, 6);
        for (price, code) in [("1,2.50", "invalid_amount"), ("-5", "invalid_amount"), ("(5)", "invalid_amount"), ("432.3251", "invalid_amount"), ("432.325", "ambiguous_amount"), ("1.234", "ambiguous_amount"), ("$20", "foreign_currency")] {
            assert_eq!(order(&app, &who, "X", "2026-11-10", price).await, [format!("2 {code}")], "{price}");
        }
        let rows = "B1,01711111111,2026-11-10,SKU-0001,1,1.500\nB2,01711111111,2026-11-10,SKU-0001,1,\"2.500,50\"\n";
        let job = app.import(&who, file("orders", &format!("{HEADING}{rows}"))).await;
        assert_eq!(job["created"], 2, "{:?}", app.import_errors(&who, &job).await);
        assert_eq!(app.count("orders WHERE external_id = 'B1' AND total = 150000").await, 1);
    }

    async fn whether_the_day_or_the_month_comes_first_is_shown_by_the_column_or_said(app: TestApp) {
        let who = manager(&app).await;
        catalogue(&app, &who).await;
        for (n, date) in ["21-Nov-2026", "Nov 21, 2026", "20 November 2026 8:19 pm", "2026-11-20 20:30:00 UTC", "২০ নভেম্বর ২০২৬", "46347"].iter().enumerate() {
            assert!(order(&app, &who, &format!("T{n}"), date, "1").await.is_empty(), "{date}");
        }
        assert_eq!(app.count("orders WHERE order_date = '2026-11-21'").await, 4);
        let dates = |id: &str, dates: [&str; 2]| {
            let row = |n: usize| format!("{id}{n},01711111111,{},SKU-0001,1,7\n", dates[n]);
            format!("{HEADING}{}{}", row(0), row(1))
        };
        let job = app.import(&who, file("orders", &dates("D", ["11/05/2026", "10/21/2026"]))).await;
        assert_eq!((&job["created"], &job["warnings"]), (&json!(2), &json!(0)));
        assert_eq!(app.count("orders WHERE external_id = 'D0' AND order_date = '2026-11-05'").await, 1);
        // Both orders in one column: what has two readings is refused.
        let mixed = dates("D", ["11/05/2026", "10/21/2026"]) + "D3,01711111111,21/10/2026,SKU-0001,1,7\n";
        let job = app.import(&who, file("orders", &mixed)).await;
        assert_eq!(app.import_errors(&who, &job).await, ["2 ambiguous_date"]);
        // Nothing shows it: day first, with a warning, unless it is said.
        let open = dates("E", ["11/05/2026", "05/11/2026"]);
        let seen = app.inspect(&who, file("orders", &open)).await.ok();
        assert_eq!((&seen["warnings"][0]["code"], &seen["warnings"][0]["column"]), (&json!("date_order_assumed"), &json!("order_date")));
        let mut dry = file("orders", &open);
        dry.dry_run = true;
        let job = app.import(&who, dry).await;
        assert_eq!(app.import_warnings(&who, &job).await, ["0 date_order_assumed"]);
        let job = app.run_import(&who, &job["id"]).await;
        assert_eq!((&job["created"], &job["warnings"]), (&json!(2), &json!(1)), "{job:#}");
        assert_eq!(app.count("orders WHERE external_id = 'E0' AND order_date = '2026-05-11'").await, 1);
        let others = dates("F", ["11/05/2026", "05/11/2026"]);
        let mut said = file("orders", &others);
        said.date_order = Some("month_first");
        let job = app.import(&who, said).await;
        assert_eq!(app.count("orders WHERE external_id = 'F0' AND order_date = '2026-11-05'").await, 1);
        assert_eq!((&job["created"], &job["warnings"], &job["dateOrder"]), (&json!(2), &json!(0), &json!("month_first")));
        let mut said = file("orders", &open);
        said.date_order = Some("sideways");
        app.upload(&who, said).await.problem(422, "invalid_value");
    }

    async fn a_number_is_found_in_whatever_a_program_put_around_it(app: TestApp) {
        let who = manager(&app).await;
        let cells = ["\u{202d}01711111101\u{202c}", "1711111102.0", "\"=\"\"01711111103\"\"\"", "p:+8801711111104", "'+8801711111105", "1.711111106E+09", "01711\u{2010}111107"];
        let text = format!("phone,name\n{}", cells.map(|cell| format!("{cell},\u{feff} x \u{a0}\n")).concat());
        let job = app.import(&who, file("customers", &text)).await;
        assert_eq!(job["created"], 7, "{:?}", app.import_errors(&who, &job).await);
        assert_eq!(app.count("customers WHERE phone LIKE '+88017111111__' AND name = 'x'").await, 7);
        let text = "phone,name\n01811111111 / 01911111111,two\n\"01811111112, 02-9876543\",one\n1.71E+09,none\n";
        let job = app.import(&who, file("customers", text)).await;
        assert_eq!((&job["created"], &job["warnings"]), (&json!(2), &json!(1)));
        assert_eq!(app.import_errors(&who, &job).await, ["4 invalid_phone"]);
        assert_eq!(app.count("customer_phones WHERE phone = '+8801911111111'").await, 1);
        let hits = app.get(&who, "/api/cdm/search?q=%E2%80%AD01711111101%E2%80%AC").await.ok();
        assert_eq!(hits["items"][0]["phone"], "+8801711111101");
        let form = json!({"phone": "\u{202d}01911111112\u{202c}", "name": "y"});
        assert_eq!(app.post(&who, "/api/cdm/customers", form).await.ok()["phone"], "+8801911111112");
    }

    async fn the_file_of_rejected_rows_runs_no_formula_and_comes_back_as_it_was(app: TestApp) {
        let who = manager(&app).await;
        let text = "phone,name,=1+1\n12,=cmd|' /C calc'!A0,@x\n+88017111,-5,\n";
        let job = app.import(&who, file("customers", text)).await;
        assert_eq!(job["errorRows"], 2);
        let path = format!("/api/cdm/imports/{}/rejected.csv", job["id"]);
        let rejected = app.get(&who, &path).await.ok().as_str().expect("text").to_owned();
        for line in rejected.trim_start_matches('\u{feff}').lines() {
            let cells: Vec<&str> = line.split(',').collect();
            assert!(cells.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{line}");
        }
        let corrected = rejected.replace("12,", "01711111111,").replace("'+88017111,", "'+8801722222222,");
        let job = app.import(&who, file("customers", &corrected)).await;
        assert_eq!((&job["created"], &job["columns"][2]), (&json!(2), &json!("=1+1")), "{:?}", app.import_errors(&who, &job).await);
        assert_eq!(app.count("customers WHERE name IN ('=cmd|'' /C calc''!A0', '-5')").await, 2);
    }

    async fn workbooks_pages_and_files_of_other_encodings_take_the_same_way(app: TestApp) {
        let who = manager(&app).await;
        catalogue(&app, &who).await;
        let book = include_bytes!("../../files/orders.xls").to_vec();
        let seen = app.inspect(&who, bytes("orders", book.clone())).await.ok();
        assert_eq!((&seen["sheet"], &seen["sheets"]), (&json!("Orders"), &json!(["Orders", "চাল"])));
        let job = app.import(&who, bytes("orders", book.clone())).await;
        assert_eq!((&job["created"], &job["totalRows"]), (&json!(2), &json!(2)), "{:?}", app.import_errors(&who, &job).await);
        assert_eq!(app.import_warnings(&who, &job).await, ["0 other_sheets"]);
        assert_eq!(app.count("orders WHERE external_id = 'X1' AND total = 246900 AND order_date = '2026-11-21'").await, 1);
        let mut other = bytes("orders", book.clone());
        other.sheet = Some("চাল");
        app.upload(&who, other).await.problem(422, "missing_columns");
        let mut none = bytes("orders", book);
        none.sheet = Some("Third");
        app.upload(&who, none).await.problem(422, "unknown_sheet");
        let page = "<html><table><tr><td>phone</td><td>name</td></tr><tr><td>01733333333</td><td>R &amp; B</td></tr></table></html>";
        assert_eq!(app.import(&who, file("customers", page)).await["created"], 1);
        assert_eq!(app.count("customers WHERE name = 'R & B'").await, 1);
        let latin = b"sep=;\r\nphone\xa0;name\r\n01744444444;Jos\xe9\r\n".to_vec();
        let job = app.import(&who, bytes("customers", latin)).await;
        assert_eq!(app.import_warnings(&who, &job).await, ["0 read_as_windows_1252"]);
        assert_eq!(app.count("customers WHERE name = 'José'").await, 1);
    }

    async fn names_are_matched_whatever_their_encoding_and_spaces(app: TestApp) {
        let who = manager(&app).await;
        catalogue(&app, &who).await;
        let products = "sku,name_en,name_bn,category,pack,price\nBN-1,Puffed  Rice,মুড়ি বড় ঘিয়ে,\u{200b}চাল\u{a0},1kg,80\n";
        let job = app.import(&who, file("products", products)).await;
        assert_eq!(job["created"], 1, "{:?}", app.import_errors(&who, &job).await);
        for (n, name) in ["মুড়ি বড় ঘিয়ে", "মু\u{9a1}\u{9bc}ি ব\u{9a1}\u{9bc} ঘি\u{9af}\u{9bc}ে", "মু\u{9dc}ি ব\u{9dc} ঘি\u{9df}ে", "puffed\u{a0}rice"].iter().enumerate() {
            let text = format!("order_id,phone,order_date,product_name,quantity\nN{n},01711111111,2026-11-10,{name},1\n");
            let job = app.import(&who, file("orders", &text)).await;
            assert_eq!(job["created"], 1, "{name} {:?}", app.import_errors(&who, &job).await);
        }
    }
}
