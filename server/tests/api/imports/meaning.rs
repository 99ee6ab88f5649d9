//! What the rows of order files mean: which order, how much, in which currency and state.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{CATEGORIES, catalogue, manager};
use crate::support::imports::{File, file};
use crate::support::{Person, TestApp, both};

const PHONE: &str = "01711111111";

/// An own order file with these rows: id, phone, date, quantity, unit price.
fn own(rows: &[[&str; 5]]) -> String {
    let mut text = "order_id,phone,order_date,sku,quantity,unit_price\n".to_owned();
    for [id, phone, date, quantity, price] in rows {
        writeln!(text, "{id},{phone},{date},SKU-0001,{quantity},{price}").expect("written");
    }
    text
}

/// A Shopify order file with these rows: name, id, phone, price.
fn shopify(rows: &[[&str; 4]]) -> String {
    let mut text = "Name,Id,Created at,Billing Phone,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Financial Status\n".to_owned();
    for [name, id, phone, price] in rows {
        writeln!(
            text,
            "{name},{id},2026-11-10 12:00:00 +0600,{phone},1,Rice,{price},SKU-0001,paid"
        )
        .expect("written");
    }
    text
}

/// A WooCommerce order file of one row, with further columns and their cells.
fn woocommerce(id: &str, columns: &[(&str, &str)]) -> String {
    let names: Vec<&str> = columns.iter().map(|c| c.0).collect();
    let cells: Vec<&str> = columns.iter().map(|c| c.1).collect();
    format!(
        "order_id,order_number,order_date,billing_phone,sku,{}\n{id},{id},2026-11-10,{PHONE},SKU-0001,{}\n",
        names.join(","),
        cells.join(",")
    )
}

async fn shop(app: &TestApp) -> Person {
    let who = manager(app).await;
    catalogue(app, &who).await;
    who
}

/// The codes of the rejected rows of a file.
async fn refused(app: &TestApp, who: &Person, text: &str) -> Vec<String> {
    let job = app.import(who, file("orders", text)).await;
    app.import_errors(who, &job).await
}

/// Imports a file of which every row is taken.
async fn taken(app: &TestApp, who: &Person, file: File<'_>) -> Value {
    let job = app.import(who, file).await;
    assert_eq!(job["errorRows"], 0, "{:?}", app.import_errors(who, &job).await);
    job
}

/// The codes of an import's warnings.
async fn warned(app: &TestApp, who: &Person, job: &Value) -> Vec<String> {
    let page = app.get(who, &format!("/api/cdm/imports/{}/warnings", job["id"])).await.ok();
    let items = page["items"].as_array().expect("a list").clone();
    items.iter().map(|w| w["code"].as_str().expect("a code").to_owned()).collect()
}

both! {
    async fn an_order_never_moves_to_another_customer_or_an_unrelated_day(app: TestApp) {
        let who = shop(&app).await;
        taken(&app, &who, file("orders", &shopify(&[["#4001", "71312", PHONE, "500"]]))).await;
        // Another shop counts its orders alike.
        let other = shopify(&[["#4001", "68703", "01722222222", "900"]]);
        assert_eq!(refused(&app, &who, &other).await, ["2 order_no_taken"]);
        // Without ids only the number is left, and the customer and the day.
        let nameless = shopify(&[["#4001", "", "01722222222", "900"]]);
        assert_eq!(refused(&app, &who, &nameless).await, ["2 order_conflict"]);
        taken(&app, &who, file("orders", &own(&[["7", PHONE, "2026-10-01", "1", "100"]]))).await;
        for row in [["7", PHONE, "2026-11-01", "1", "100"], ["7", "01722222222", "2026-10-01", "1", "100"]] {
            assert_eq!(refused(&app, &who, &own(&[row])).await, ["2 order_conflict"]);
        }
        assert_eq!(app.count("orders").await, 2);
        assert_eq!(app.count("customers WHERE total_spend = 60000 AND total_orders = 2").await, 1);
        // What the source corrects of its own order comes in.
        taken(&app, &who, file("orders", &own(&[["7", PHONE, "2026-10-02", "2", "100"]]))).await;
        assert_eq!(app.count("orders WHERE subtotal = 20000 AND order_date = '2026-10-02'").await, 1);
    }

    async fn orders_of_a_named_shop_stand_beside_those_with_the_same_number(app: TestApp) {
        let who = shop(&app).await;
        taken(&app, &who, file("orders", &shopify(&[["#4001", "71312", PHONE, "500"]]))).await;
        let other = shopify(&[["#4001", "68703", "01722222222", "900"]]);
        let named = || File { shop: Some(" Mithai "), ..file("orders", &other) };
        let job = taken(&app, &who, named()).await;
        assert_eq!((&job["created"], &job["shop"]), (&json!(1), &json!("mithai")));
        assert_eq!(app.count("orders WHERE source = 'shopify' AND order_no = '#4001'").await, 1);
        assert_eq!(app.count("orders WHERE source = 'shopify:mithai' AND order_no = '#4001 (mithai)' AND external_id = '68703'").await, 1);
        for q in ["4001", "%234001"] {
            let found = app.get(&who, &format!("/api/cdm/orders?q={q}")).await.ok();
            assert_eq!(found["items"].as_array().map(Vec::len), Some(2), "{q}");
            let found = app.get(&who, &format!("/api/cdm/search?q={q}")).await.ok();
            assert_eq!(found["items"].as_array().map(Vec::len), Some(2), "{q}: {found}");
        }
        assert_eq!(taken(&app, &who, named()).await["unchanged"], 1);
        // The same shop's export without ids is the same order.
        let nameless = shopify(&[["#4001", "", "01722222222", "900"]]);
        let job = taken(&app, &who, File { shop: Some("mithai"), ..file("orders", &nameless) }).await;
        assert_eq!(job["unchanged"], 1);
        // One order told by two kinds of export is counted once.
        let same = own(&[["4001", PHONE, "2026-11-10", "1", "500"]]);
        let job = app.import(&who, File { shop: Some("mithai"), ..file("orders", &same) }).await;
        assert_eq!(app.import_errors(&who, &job).await, ["2 order_no_taken"]);
        app.upload(&who, File { shop: Some("!"), ..file("orders", &same) }).await.problem(422, "invalid_shop");
    }

    async fn spellings_of_one_number_are_one_order(app: TestApp) {
        let who = shop(&app).await;
        let ids = ["61001", "61001.0", "#61001", "'61001", "৬১০০১"];
        for (n, id) in ids.iter().enumerate() {
            let job = taken(&app, &who, file("orders", &own(&[[id, PHONE, "2026-11-10", "1", "100"]]))).await;
            assert_eq!((&job["created"], &job["unchanged"]), (&json!(i64::from(n == 0)), &json!(i64::from(n > 0))), "{id}");
        }
        // In one file too, together or apart.
        let rows = [["5", "1"], ["5.0", "2"], ["6", "1"], ["#5", "3"]].map(|[id, q]| [id, PHONE, "2026-11-10", q, "100"]);
        let job = taken(&app, &who, file("orders", &own(&rows))).await;
        assert_eq!(job["created"], 2);
        assert_eq!(app.count("orders WHERE external_id = '5' AND subtotal = 60000").await, 1);
        // Another source's order of this number is the same one or another shop's: it does not count twice.
        assert_eq!(refused(&app, &who, &shopify(&[["#61001", "", PHONE, "100"]])).await, ["2 order_no_taken"]);
        assert_eq!(app.count("orders").await, 3);
    }

    async fn an_order_of_an_earlier_version_gets_its_shopify_id(app: TestApp) {
        let who = shop(&app).await;
        taken(&app, &who, file("orders", &shopify(&[["#9", "", PHONE, "500"]]))).await;
        // Earlier versions kept the number as it was written.
        let mut tx = app.state.db.begin().await.expect("begins");
        tx.execute("UPDATE orders SET external_id = '#9'").await.expect("written");
        tx.commit().await.expect("commits");
        let job = taken(&app, &who, file("orders", &shopify(&[["#9", "5551", PHONE, "500"]]))).await;
        assert_eq!((&job["created"], &job["updated"]), (&json!(0), &json!(1)));
        assert_eq!(app.count("orders WHERE external_id = '5551' AND order_no = '#9'").await, 1);
        let job = taken(&app, &who, file("orders", &shopify(&[["#9", "5551", PHONE, "500"]]))).await;
        assert_eq!(job["unchanged"], 1);
    }

    async fn what_lines_cost_comes_from_the_file_and_is_checked_against_the_total(app: TestApp) {
        let who = shop(&app).await;
        let only_total = [("quantity", "2"), ("item_total", "432.32"), ("order_total", "432.32")];
        let job = taken(&app, &who, file("orders", &woocommerce("1", &only_total))).await;
        assert_eq!(warned(&app, &who, &job).await, [""; 0]);
        assert_eq!(app.count("order_lines WHERE unit_price = 21616 AND quantity = 2 AND line_total = 43232").await, 1);
        // Nothing says what the lines cost: the total does.
        let no_price = [("quantity", "2"), ("order_total", "432.32")];
        let job = taken(&app, &who, file("orders", &woocommerce("2", &no_price))).await;
        assert_eq!(warned(&app, &who, &job).await, ["total_adjusted"]);
        assert_eq!(app.count("orders WHERE external_id = '2' AND total = 43232").await, 1);
        // Tax beside the prices is part of what was paid.
        let taxed = [("quantity", "1"), ("item_cost", "440"), ("order_tax_total", "66"), ("shipping_total", "60"), ("order_total", "566")];
        let job = taken(&app, &who, file("orders", &woocommerce("3", &taxed))).await;
        assert_eq!(warned(&app, &who, &job).await, [""; 0]);
        assert_eq!(app.count("orders WHERE external_id = '3' AND fees = 6600 AND delivery_charge = 6000 AND total = 56600").await, 1);
        // Three pieces for 1,000 are 1,000.
        let text = "order_id,phone,order_date,sku,quantity,line_total,total\n9,01711111111,2026-11-10,SKU-0001,3,1000,1000\n";
        taken(&app, &who, file("orders", text)).await;
        assert_eq!(app.count("orders WHERE external_id = '9' AND total = 100000").await, 1);
        // An own file's mistake is refused with the amounts.
        let text = "order_id,phone,order_date,sku,quantity,unit_price,total\n10,01711111111,2026-11-10,SKU-0001,1,440,500\n";
        let job = app.import(&who, file("orders", text)).await;
        let errors = app.get(&who, &format!("/api/cdm/imports/{}/errors", job["id"])).await.ok();
        assert_eq!(errors["items"][0]["code"], "total_mismatch");
        let reason = errors["items"][0]["reason"].as_str().expect("a reason");
        assert!(reason.contains("440.00") && reason.contains("500.00"), "{reason}");
        let wrong = [("quantity", "2"), ("item_cost", "440"), ("item_subtotal", "432.32")];
        assert_eq!(refused(&app, &who, &woocommerce("11", &wrong)).await, ["2 line_total_mismatch"]);
    }

    async fn pieces_that_came_back_do_not_count(app: TestApp) {
        let who = shop(&app).await;
        let text = "Order Number,Order Status,Order Date,First Name (Billing),Last Name (Billing),Phone (Billing),SKU,Name,Quantity,Quantity (- Refund),Item Cost\n\
            5,Completed,2026-11-10 12:00,Rahim,Uddin,01711111111,SKU-0001,Rice,3,1,500\n";
        taken(&app, &who, file("orders", text)).await;
        assert_eq!(app.count("customers WHERE name = 'Rahim Uddin' AND total_spend = 50000").await, 1);
        assert_eq!(app.count("order_lines WHERE quantity = 1").await, 1);
        // The other columns say the same: two came back, 1,000 was paid back of 1,500.
        let back = [("quantity", "3"), ("quantity_refunded", "-2"), ("item_cost", "500"), ("order_total", "1500"), ("refund_amount", "-1000")];
        taken(&app, &who, file("orders", &woocommerce("6", &back))).await;
        assert_eq!(app.count("orders WHERE external_id = '6' AND total = 50000 AND refunded = 0").await, 1);
        // A line that was taken out, of a product nobody knows any more, beside a good one.
        let text = "order_id,phone,order_date,sku,quantity,unit_price\n\
            7,01711111111,2026-11-10,SKU-0001,1,440\n7,01711111111,2026-11-10,GONE,0,300\n";
        taken(&app, &who, file("orders", text)).await;
        assert_eq!(app.count("orders WHERE external_id = '7' AND total = 44000 AND counted").await, 1);
        // Nothing was kept.
        let job = taken(&app, &who, file("orders", &own(&[["7", PHONE, "2026-11-10", "0", "440"]]))).await;
        assert_eq!(job["updated"], 1);
        assert_eq!(app.count("orders WHERE external_id = '7' AND status = 'returned' AND NOT counted").await, 1);
        assert_eq!(app.count("customers WHERE total_orders = 2").await, 1);
    }

    async fn a_partial_refund_reduces_the_spend(app: TestApp) {
        let who = shop(&app).await;
        let text = |refund: &str| shopify(&[["#6", "66", PHONE, "500"]])
            .replace("Financial Status\n", "Financial Status,Total,Refunded Amount\n")
            .replace("paid\n", &format!("partially_refunded,500,{refund}\n"));
        taken(&app, &who, file("orders", &text("200.00"))).await;
        assert_eq!(app.count("customers WHERE total_spend = 30000 AND total_orders = 1").await, 1);
        // A later export says that more was paid back, then all of it.
        taken(&app, &who, file("orders", &text("350.00"))).await;
        assert_eq!(app.count("customers WHERE total_spend = 15000").await, 1);
        taken(&app, &who, file("orders", &text("500.00"))).await;
        assert_eq!(app.count("orders WHERE status = 'returned' AND refunded = 50000").await, 1);
        assert_eq!(refused(&app, &who, &text("500.01")).await, ["2 refund_too_large"]);
        let job = taken(&app, &who, file("orders", &text(""))).await;
        assert_eq!(warned(&app, &who, &job).await, ["refund_amount_missing"]);
    }

    async fn only_taka_is_taken(app: TestApp) {
        let who = shop(&app).await;
        for currency in ["USD", "€", "INR"] {
            let columns = [("quantity", "1"), ("item_cost", "20"), ("order_currency", currency)];
            assert_eq!(refused(&app, &who, &woocommerce("1", &columns)).await, ["2 foreign_currency"], "{currency}");
        }
        for amount in ["$20", "20 USD", "₹20", "Rs. 20"] {
            assert_eq!(refused(&app, &who, &own(&[["1", PHONE, "2026-11-10", "1", amount]])).await, ["2 foreign_currency"], "{amount}");
        }
        let products = "sku,name_en,category,pack,price\nX,Oil,Oil,1L,€20\n";
        let job = app.import(&who, file("products", products)).await;
        assert_eq!(app.import_errors(&who, &job).await, ["2 foreign_currency"]);
        let columns = [("quantity", "1"), ("item_cost", "20"), ("order_currency", "BDT")];
        taken(&app, &who, file("orders", &woocommerce("1", &columns))).await;
    }

    async fn the_first_column_with_a_mobile_number_is_the_customers(app: TestApp) {
        let who = shop(&app).await;
        let text = "Name,Created at,Billing Phone,Shipping Phone,Phone,Lineitem quantity,Lineitem sku,Lineitem price,Notes\n\
            #1,2026-11-10,02-9876543,,+8801733333333,1,SKU-0001,440,Ring twice\n";
        taken(&app, &who, file("orders", text)).await;
        assert_eq!(app.count("customers WHERE phone = '+8801733333333'").await, 1);
        assert_eq!(app.count("orders WHERE note LIKE 'Ring twice%02-9876543%'").await, 1);
        let text = text.replace("#1", "#2").replace("+8801733333333", "none");
        assert_eq!(refused(&app, &who, &text).await, ["2 invalid_phone"]);
        let customers = "billing_phone,phone,name\n02-9876543,01744444444,Karim\n";
        taken(&app, &who, file("customers", customers)).await;
        assert_eq!(app.count("customers WHERE phone = '+8801744444444' AND name = 'Karim'").await, 1);
    }

    async fn an_unknown_status_is_asked_and_the_answer_kept_for_its_source(app: TestApp) {
        let who = shop(&app).await;
        let text = "order_id,phone,order_date,status,sku,quantity,unit_price\n\
            1,01711111111,2026-11-10,wc-vip-hold,SKU-0001,1,100\n2,01711111111,2026-11-10,wc-vip-hold,SKU-0001,1,100\n\
            3,01711111111,2026-11-10,out-for-delivery,SKU-0001,1,100\n";
        let job = app.import(&who, File { dry_run: true, ..file("orders", text) }).await;
        assert_eq!(app.import_errors(&who, &job).await, ["2 unknown_status", "3 unknown_status"]);
        assert_eq!(job["unknownStatuses"], json!({"wc-vip-hold": 2}));
        let path = format!("/api/cdm/imports/{}/statuses", job["id"]);
        app.put(&who, &path, json!({"statuses": {"": "placed"}})).await.problem(422, "invalid_statuses");
        let said = app.put(&who, &path, json!({"statuses": {"wc-vip-hold": "placed"}})).await.ok();
        assert_eq!((&said["statuses"], &said["unknownStatuses"]), (&json!({"vip_hold": "placed"}), &json!({})));
        let job = app.run_import(&who, &job["id"]).await;
        assert_eq!((&job["created"], &job["errorRows"]), (&json!(3), &json!(0)));
        assert_eq!(app.count("orders WHERE status = 'placed'").await, 2);
        assert_eq!(app.count("orders WHERE status = 'shipped'").await, 1);
        // The next file of this source needs no answer, another source's does.
        let next = text.replace("\n1,", "\n11,").replace("\n2,", "\n12,").replace("\n3,", "\n13,");
        assert_eq!(taken(&app, &who, file("orders", &next)).await["created"], 3);
        let other = File { shop: Some("mithai"), ..file("orders", &next.replace("\n1", "\n2")) };
        let job = app.import(&who, other).await;
        assert_eq!(job["unknownStatuses"], json!({"wc-vip-hold": 2}));
        let answered = File { shop: Some("mithai"), statuses: Some(json!({"VIP hold": "shipped"})), ..file("orders", &next.replace("\n1", "\n2")) };
        assert_eq!(taken(&app, &who, answered).await["created"], 2);
        let wrong = File { statuses: Some(json!({"x": "y"})), ..file("orders", text) };
        app.upload(&who, wrong).await.problem(422, "invalid_value");
    }

    async fn a_shop_without_skus_comes_in_by_handle_title_and_variant(app: TestApp) {
        let who = manager(&app).await;
        app.import(&who, file("categories", CATEGORIES)).await;
        let products = "Handle,Title,Type,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Price,Status\n\
            oil-x,Oil X,Oil,true,Size,1 L,,1000,200.00,active\noil-x,,,,,2 L,,2000,390.00,\n\
            honey,Ghee,Oil,true,Title,Default Title,,500,800,active\n";
        let job = taken(&app, &who, file("products", products)).await;
        assert_eq!(job["created"], 3);
        assert_eq!(app.count("products WHERE sku = 'oil-x-2-l' AND name_en = 'Oil X - 2 L' AND base_qty = 2000").await, 1);
        assert_eq!(app.count("products WHERE sku = 'honey' AND name_en = 'Ghee'").await, 1);
        assert_eq!(taken(&app, &who, file("products", products)).await["unchanged"], 3);
        let names = ["Oil X - 2 L", "oil x – 2 L", "Oil\u{a0}X —2 l", "Ghee", "Ghee - Default Title"];
        for (n, name) in names.iter().enumerate() {
            let text = format!(
                "Name,Id,Created at,Billing Phone,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku\n#{n},{n}00,2026-11-10,{PHONE},1,{name},390.00,\n"
            );
            taken(&app, &who, file("orders", &text)).await;
        }
        assert_eq!(app.count("order_lines l JOIN products p ON p.id = l.product_id WHERE p.sku = 'oil-x-2-l'").await, 3);
        // A title of several variants says too little; of one variant it says enough.
        let text = |name: &str| format!("order_id,phone,order_date,product_name,quantity\n90,{PHONE},2026-11-10,{name},1\n");
        assert_eq!(refused(&app, &who, &text("Oil X")).await, ["2 ambiguous_product"]);
        let one = "Handle,Title,Type,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Price,Status\n\
            ata,Ata,Oil,true,Size,2 L,,1000,200.00,active\n";
        taken(&app, &who, file("products", one)).await;
        taken(&app, &who, file("orders", &text("ata"))).await;
    }

    async fn a_district_comes_in_by_its_official_name(app: TestApp) {
        let who = shop(&app).await;
        let columns = [("quantity", "1"), ("item_cost", "20"), ("billing_state", "BD-13"), ("billing_city", "Savar")];
        taken(&app, &who, file("orders", &woocommerce("1", &columns))).await;
        assert_eq!(app.count("customers WHERE district = 'Dhaka' AND city = 'Savar'").await, 1);
        taken(&app, &who, file("customers", "phone,district\n01711111111,Dist. Comilla\n")).await;
        assert_eq!(app.count("customers WHERE district = 'Cumilla'").await, 1);
    }

    async fn late_and_corrected_files_with_refunds_end_in_the_same_figures(app: TestApp) {
        let who = shop(&app).await;
        let text = |phone: &str, ids: [&str; 2], refund: &str, status: &str| format!(
            "order_id,phone,order_date,sku,quantity,unit_price,refunded,status\n\
             {},{phone},2026-11-10,SKU-0001,2,440,{refund},{status}\n{},{phone},2026-11-01,SKU-0002,1,340,0,delivered\n", ids[0], ids[1]);
        // One customer's orders come once, the other's late, repeated and corrected.
        taken(&app, &who, file("orders", &text("01711111111", ["1", "2"], "100", "delivered"))).await;
        let other = |refund: &str, status: &str| text("01722222222", ["3", "4"], refund, status);
        for (refund, status) in [("0", "placed"), ("880", "delivered"), ("50", "cancelled"), ("100", "delivered"), ("100", "delivered")] {
            taken(&app, &who, file("orders", &other(refund, status))).await;
        }
        let figures = "total_orders = 2 AND total_spend = 112000 AND avg_order_value = 56000 AND last_order_date = '2026-11-10' AND first_order_date = '2026-11-01'";
        assert_eq!(app.count(&format!("customers WHERE {figures}")).await, 2);
        assert_eq!(app.count("reorder_pairs WHERE last_value = 88000").await, 2);
    }
}
