//! Importing files: `/api/cdm/imports`.

mod bad;
mod files;
mod meaning;
mod resume;
mod shops;

use serde_json::json;
use trustcart::auth::Role;

use crate::support::imports::file;
use crate::support::{Person, TestApp, both};

pub const CATEGORIES: &str = "\
category_id,slug,name_en,name_bn,avg_consumption_days,buffer_days
1,rice,Rice,চাল,28,6
2,oil,Oil,তেল,23,5
";

pub const PRODUCTS: &str = "\
product_id,sku,name_en,name_bn,category_id,pack,price
1,SKU-0001,Rice 1 5kg,চাল 1,1,5kg,440
2,SKU-0002,Oil 1 1L,তেল 1,2,1L,340
";

pub const CUSTOMERS: &str = "\
customer_id,name,last_name,phone,email,district,city,gender,created_at,assigned_to,supervisor_id,source,n_orders,lifecycle,ctype
1,Karim,Chowdhury,01460617616,c1@example.test,Gazipur,Gazipur,female,2026-09-26 20:50:50,,2,facebook,1,first_buyer,new
2,Tanvir,Khatun,01508889553,,Dhaka,Dhaka,female,2026-04-21 14:56:41,7,2,landing_page,6,loyal,repeat
";

pub const ORDERS: &str = "\
order_id,order_no,customer_id,customer_phone,customer_name,order_date,created_at,status,payment_status,total,discount,delivery_charge,source,assigned_to,created_by,delivered_at
1,SO-00000001,1,01460617616,Karim Chowdhury,2026-09-26,2026-09-26 20:19:04,delivered,paid,1330.00,0.00,110,whatsapp,,6,
2,SO-00000002,2,+8801508889553,Tanvir Khatun,2026-04-21,2026-04-21 13:39:41,admin_cancelled,pending,740.00,0.00,60,whatsapp,,49,
3,SO-00000003,2,01508-889553,Tanvir Khatun,2026-11-20,2026-11-20 13:39:41,pending,pending,483.00,17.00,60,whatsapp,,49,
";

pub const LINES: &str = "\
line_id,order_id,product_id,quantity,unit_price,line_total
1,1,1,2,440,880
2,1,2,1,340,340
3,2,2,2,340,680
4,3,1,1,440,440
";

pub async fn manager(app: &TestApp) -> Person {
    app.person(Role::SalesManager, "manager").await
}

/// Imports the catalogue of the example.
pub async fn catalogue(app: &TestApp, who: &Person) {
    assert_eq!(app.import(who, file("categories", CATEGORIES)).await["created"], 2);
    assert_eq!(app.import(who, file("products", PRODUCTS)).await["created"], 2);
}

both! {
    async fn a_shop_comes_in_from_its_own_files_and_again_changes_nothing(app: TestApp) {
        let who = manager(&app).await;
        catalogue(&app, &who).await;
        for round in 0..2 {
            let mut customers = file("customers", CUSTOMERS);
            customers.mapping = Some(json!({"ctype": ""}));
            let customers = app.import(&who, customers).await;
            let mut orders = file("orders", ORDERS);
            orders.lines = Some(LINES);
            let orders = app.import(&who, orders).await;
            let counts = |job: &serde_json::Value| ["created", "updated", "unchanged", "errorRows"].map(|k| job[k].as_i64());
            let all = |n| if round == 0 { [Some(n), Some(0), Some(0), Some(0)] } else { [Some(0), Some(0), Some(n), Some(0)] };
            assert_eq!(counts(&customers), all(2), "{customers:#}");
            assert_eq!(counts(&orders), all(3), "{orders:#} {:?}", app.import_errors(&who, &orders).await);
            assert_eq!((&orders["doneRows"], &orders["linesUsed"]), (&json!(3), &json!(4)));
        }
        assert_eq!(app.count("orders").await, 3);
        assert_eq!(app.count("order_lines").await, 4);
        assert_eq!(app.count("customer_interactions WHERE kind = 'order'").await, 3);
        // Cancelled orders do not count; the day of an order is the file's.
        assert_eq!(app.count("customers WHERE total_orders = 1 AND total_spend = 133000 AND last_order_date = '2026-09-26'").await, 1);
        assert_eq!(app.count("customers WHERE total_orders = 1 AND total_spend = 48300 AND name = 'Tanvir Khatun'").await, 1);
        assert_eq!(app.count("reorder_pairs").await, 3);
        assert_eq!(app.count("customer_terms WHERE term = 'chowdhury'").await, 1);
        assert_eq!(app.count("import_touched").await, 0);
        // A later export corrects an order.
        let mut orders = file("orders", &ORDERS.replace("pending,pending,483", "cancelled,pending,483"));
        orders.lines = Some(LINES);
        let job = app.import(&who, orders).await;
        assert_eq!((&job["updated"], &job["unchanged"]), (&json!(1), &json!(2)));
        assert_eq!(app.count("customers WHERE total_orders = 0 AND lifecycle_stage = 'prospect'").await, 1);
    }

    async fn every_row_of_a_long_file_arrives_with_its_own_order(app: TestApp) {
        use std::fmt::Write as _;
        let who = manager(&app).await;
        catalogue(&app, &who).await;
        let mut orders = "order_id,phone,order_date,sku,quantity\n".to_owned();
        for n in 0..2_600 {
            for (sku, quantity) in [("SKU-0001", n % 7 + 1), ("SKU-0002", n % 5 + 1)] {
                writeln!(orders, "{n},017{:08},2026-09-26,{sku},{quantity}", n % 900).expect("text");
            }
        }
        let job = app.import(&who, file("orders", &orders)).await;
        assert_eq!((&job["created"], &job["errorRows"]), (&json!(2_600), &json!(0)));
        assert_eq!(app.count("order_lines").await, 5_200);
        let number = "CAST(o.external_id AS BIGINT)";
        let rice = format!("l.line_no = 1 AND l.quantity = {number} % 7 + 1");
        let oil = format!("l.line_no = 2 AND l.quantity = {number} % 5 + 1");
        let lines = "orders o JOIN order_lines l ON l.order_id = o.id";
        assert_eq!(app.count(&format!("{lines} WHERE {rice} OR {oil}")).await, 5_200);
        let told = "JOIN customer_interactions i ON i.ref = 'order:' || o.id AND i.customer_id = o.customer_id";
        assert_eq!(app.count(&format!("orders o {told}")).await, 2_600);
        assert_eq!(app.count("customers WHERE total_orders IN (2, 3)").await, 900);
        assert_eq!(app.count("reorder_pairs WHERE purchases = 1").await, 1_800);
    }

    async fn a_dry_run_says_what_would_happen_and_changes_nothing(app: TestApp) {
        let who = manager(&app).await;
        catalogue(&app, &who).await;
        let mut orders = file("orders", &ORDERS.replace("2,SO-00000002,2,+8801508889553", "2,SO-00000002,2,12345"));
        orders.lines = Some(LINES);
        orders.dry_run = true;
        let dry = app.import(&who, orders).await;
        assert_eq!((&dry["created"], &dry["errorRows"], &dry["status"]), (&json!(2), &json!(1), &json!("done")), "{dry:#}");
        assert_eq!(app.import_errors(&who, &dry).await, ["3 invalid_phone"]);
        assert_eq!((app.count("orders").await, app.count("customers").await), (0, 0));
        let real = app.run_import(&who, &dry["id"]).await;
        assert_eq!((&real["created"], &real["errorRows"], &real["dryRun"]), (&json!(2), &json!(1), &json!(false)));
        assert_eq!(app.import_errors(&who, &real).await, ["3 invalid_phone"]);
        // The number in the order made the customers.
        assert_eq!((app.count("orders").await, app.count("customers").await), (2, 2));
        let path = format!("/api/cdm/imports/{}/run", dry["id"]);
        app.post(&who, &path, json!({})).await.problem(409, "not_runnable");
    }

    async fn an_order_is_in_whole_or_not_at_all_and_comes_back_for_correction(app: TestApp) {
        let who = manager(&app).await;
        catalogue(&app, &who).await;
        let text = "order_id;phone;order_date;sku;quantity;unit_price;note\n\
                    A1;01711111111;2026-11-01;SKU-0001;1;440;\"first; \"\"good\"\"\"\n\
                    A1;;;SKU-9999;2;100;\n\
                    A1;;;SKU-0002;some;340;\n\
                    A2;01722222222;01/11/2026;SKU-0002;3;340;fine\n";
        let job = app.import(&who, file("orders", text)).await;
        assert_eq!((&job["okRows"], &job["errorRows"], &job["created"]), (&json!(1), &json!(3), &json!(1)));
        assert_eq!(app.import_errors(&who, &job).await, ["2 order_rejected", "3 unknown_product", "4 invalid_number"]);
        assert_eq!((app.count("orders").await, app.count("customers").await), (1, 1));

        let answer = app.get(&who, &format!("/api/cdm/imports/{}/rejected.csv", job["id"])).await;
        assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
        let rejected = answer.ok().as_str().expect("text").to_owned();
        assert!(rejected.starts_with("\u{feff}order_id,phone,order_date,sku,quantity,unit_price,note,import_error\n"), "{rejected}");
        assert!(rejected.contains("unknown_product") && !rejected.contains("A2"), "{rejected}");
        let corrected = rejected.replace("SKU-9999", "SKU-0001").replace(",some,340", ",5,340");
        let again = app.import(&who, file("orders", &corrected)).await;
        assert_eq!((&again["created"], &again["errorRows"]), (&json!(1), &json!(0)), "{:?}", app.import_errors(&who, &again).await);
        assert_eq!(app.count("order_lines").await, 4);
        assert_eq!(app.count("orders WHERE note = 'first; \"good\"' AND total = 234000").await, 1);
    }

    async fn rows_of_one_order_may_be_far_apart(app: TestApp) {
        let who = manager(&app).await;
        catalogue(&app, &who).await;
        let text = "order_no,phone,order_date,sku,quantity\n\
                    1,01711111111,2026-11-01,SKU-0001,1\n2,01722222222,2026-11-01,SKU-0001,1\n\
                    1,01711111111,2026-11-01,SKU-0002,1\n3,01733333333,2026-11-01,SKU-0001,1\n\
                    2,01722222222,2026-11-01,SKU-0002,2\n";
        let job = app.import(&who, file("orders", text)).await;
        assert_eq!((&job["created"], &job["okRows"], &job["doneRows"]), (&json!(3), &json!(5), &json!(5)));
        assert_eq!(app.count("order_lines").await, 5);
        let job = app.import(&who, file("orders", text)).await;
        assert_eq!(job["unchanged"], 3);
        // The same with the lines in a second file, in any order.
        let orders = "order_no,phone,order_date,total\n2,01722222222,2026-11-01,1120\n4,01744444444,2026-11-01,440\n";
        let mut orders = file("orders", orders);
        orders.lines = Some("sku,order_no,quantity\nSKU-0002,2,2\nSKU-0001,4,1\nSKU-0001,2,1\nSKU-0001,77,1\n");
        let job = app.import(&who, orders).await;
        assert_eq!((&job["created"], &job["updated"], &job["linesUsed"], &job["linesTotal"]), (&json!(1), &json!(1), &json!(3), &json!(4)), "{:?}", app.import_errors(&who, &job).await);
    }

    async fn a_customer_file_adds_to_what_is_known_and_lifts_no_refusal(app: TestApp) {
        let who = manager(&app).await;
        let leader = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("A", &leader).await;
        let agent = app.agent("agent1", team, &leader, "201").await;
        let text = "phone,name,email,do not call,agent,other_phones,tags\n\
                    01711111111,রহিম উদ্দিন,a@example.test,yes,agent1,01811111111,vip; old\n";
        assert_eq!(app.import(&who, file("customers", text)).await["created"], 1);
        assert_eq!(app.count(&format!("customers WHERE do_not_call AND assigned_to = {} AND assigned_supervisor_id = {}", agent.id, leader.id)).await, 1);
        // Found by the further number; the empty e-mail says nothing; the refusal stays.
        let text = "phone,name,email,do not call\n০১৮১১১১১১১১,রহিমা,,no\n01711111111,রহিমা,,\n01722222222,নতুন,,\n";
        let job = app.import(&who, file("customers", text)).await;
        assert_eq!((&job["created"], &job["updated"], &job["unchanged"]), (&json!(1), &json!(1), &json!(1)), "{job:#}");
        assert_eq!(app.count("customers WHERE phone = '+8801711111111' AND name = 'রহিমা' AND email = 'a@example.test' AND do_not_call").await, 1);
        assert_eq!(app.count("customer_terms WHERE term = 'রহিমা'").await, 1);
        let text = "phone,other_phones,agent\n01722222222,01811111111,\n01733333333,,nobody\n";
        let job = app.import(&who, file("customers", text)).await;
        assert_eq!(app.import_errors(&who, &job).await, ["2 phone_taken", "3 unknown_agent"]);
    }

    async fn an_imported_order_cancels_the_queued_reminder_of_what_was_bought(app: TestApp) {
        let floor = app.floor().await;
        let who = manager(&app).await;
        app.due_customer(1, &floor.lead).await;
        let late = app.due_customer(2, &floor.lead).await;
        let made = app.post(&floor.lead, "/api/crm/team/ops/generate-calls", json!({})).await.ok();
        assert_eq!(made["created"], 2, "{made:#}");
        // One has bought today; the other's order of long ago leaves the reminder due.
        let text = "order_no,phone,order_date,sku,quantity\nX1,01710000001,2026-11-21,RICE-5,1\nX2,01710000002,2026-01-01,RICE-5,1\n";
        let job = app.import(&who, file("orders", text)).await;
        assert_eq!(job["created"], 2, "{:?}", app.import_errors(&who, &job).await);
        assert_eq!(app.count("crm_call_tasks WHERE status = 'cancelled'").await, 1);
        assert_eq!(app.count(&format!("crm_call_tasks WHERE status = 'pending' AND customer_id = {late}")).await, 1);
    }

    async fn a_file_is_looked_at_before_it_is_imported(app: TestApp) {
        let who = manager(&app).await;
        let seen = app.inspect(&who, file("customers", "Kontakt,Naam\n01711111111,Rahim\n")).await.ok();
        assert_eq!(seen["columns"], json!(["Kontakt", "Naam"]));
        assert_eq!(seen["sample"], json!([["01711111111", "Rahim"]]));
        assert_eq!(seen["problems"][0]["code"], "missing_columns");
        assert!(seen["fields"].as_array().is_some_and(|f| f.contains(&json!({"name": "phone", "required": true}))));
        let mut mapped = file("customers", "Kontakt,Naam\n01711111111,Rahim\n");
        mapped.mapping = Some(json!({"Kontakt": "phone", "Naam": "name"}));
        assert_eq!(app.inspect(&who, mapped.clone()).await.ok()["problems"], json!([]));
        let job = app.import(&who, mapped).await;
        assert_eq!((&job["created"], &job["mapping"]), (&json!(1), &json!({"Kontakt": "phone", "Naam": "name"})));
        assert_eq!(app.get(&who, "/api/cdm/imports").await.ok()["items"][0]["id"], job["id"]);
        assert_eq!(std::fs::read_dir(app.data.path().join("imports")).expect("the folder").filter(|e| e.as_ref().is_ok_and(|e| e.path().extension().is_some_and(|x| x == "csv"))).count(), 1, "inspected files are gone");
    }

    async fn a_row_taken_with_a_warning_is_listed_and_a_long_label_is_cut(app: TestApp) {
        let who = manager(&app).await;
        catalogue(&app, &who).await;
        let label = "01 Cards, UPI, NB, Wallets by Razorpay + manual";
        let orders = |sku: &str| format!("order_no,phone,order_date,sku,quantity,payment_method,city\n\
                    1,01711111111,2026-11-01,SKU-0001,1,\"{label}\",{city}\n\
                    2,01722222222,2026-11-01,{sku},1,\"{label}\",Dhaka\n", city = "x".repeat(81));
        let mut dry = file("orders", &orders("SKU-9"));
        dry.dry_run = true;
        let job = app.import(&who, dry).await;
        assert_eq!((&job["okRows"], &job["errorRows"], &job["warnings"]), (&json!(1), &json!(1), &json!(2)), "{job:#}");
        assert_eq!(app.import_warnings(&who, &job).await, ["2 cut_to_length", "2 cut_to_length"]);
        assert_eq!(app.import_errors(&who, &job).await, ["3 unknown_product"]);
        let job = app.import(&who, file("orders", &orders("SKU-0002"))).await;
        assert_eq!((&job["created"], &job["errorRows"], &job["warnings"]), (&json!(2), &json!(0), &json!(3)));
        assert_eq!(app.count("orders WHERE payment_method = '01 Cards, UPI, NB, Wallets by Razorpay +'").await, 2);
        let path = format!("/api/cdm/imports/{}/warnings?limit=2", job["id"]);
        let page = app.get(&who, &path).await.ok();
        assert_eq!(page["items"][0]["column"], "payment_method");
        let next = format!("{path}&cursor={}", page["nextCursor"].as_str().expect("a further page"));
        assert_eq!(app.get(&who, &next).await.ok()["items"].as_array().map(Vec::len), Some(1));
        let leader = app.person(Role::TeamLeader, "tl").await;
        app.get(&leader, &path).await.problem(404, "import_not_found");
    }

    async fn leaders_import_customers_and_orders_and_see_their_own_imports(app: TestApp) {
        let boss = manager(&app).await;
        let (tl, other) = (app.person(Role::TeamLeader, "tl").await, app.person(Role::TeamLeader, "tl2").await);
        let agent = app.person(Role::Agent, "agent1").await;
        app.upload(&tl, file("categories", CATEGORIES)).await.problem(403, "forbidden");
        app.upload(&agent, file("customers", CUSTOMERS)).await.problem(403, "forbidden");
        let job = app.import(&tl, file("customers", CUSTOMERS)).await;
        assert_eq!(app.count(&format!("customers WHERE assigned_supervisor_id = {}", tl.id)).await, 2);
        let path = format!("/api/cdm/imports/{}", job["id"]);
        app.get(&tl, &path).await.ok();
        app.get(&boss, &path).await.ok();
        for path in [path.clone(), format!("{path}/errors"), format!("{path}/rejected.csv")] {
            app.get(&other, &path).await.problem(404, "import_not_found");
        }
        app.post(&tl, &format!("{path}/cancel"), json!({})).await.problem(409, "import_over");
    }
}
