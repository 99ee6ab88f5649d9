//! `cdm/reorder` and what learning does to dates, plans and the customer's page.

use std::time::Duration;

use chrono::Days;
use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::customers::store::refresh;
use trustcart::db::{CustomerId, ProductId, Sql};
use trustcart::reorder::learn;

use crate::support::imports::file;
use crate::support::shop::order;
use crate::support::{Person, TestApp, both, days_ago, today};

const QUALITY: &str = "/api/cdm/reorder/quality";
const LEARN: &str = "/api/cdm/reorder/learn";

impl TestApp {
    /// Orders of one product on these days.
    async fn bought(&self, customer: CustomerId, product: ProductId, days: &[u64]) {
        let mut tx = self.state.db.begin().await.expect("begins");
        for ago in days {
            let id: i64 = tx
                .scalar(
                    Sql::new(
                        "INSERT INTO orders (order_no, source, external_id, customer_id, order_date,
                           placed_at, status, counted, subtotal, discount, delivery_charge, total,
                           payment_method, content_hash, created_at, updated_at)
                         VALUES ($1, 'csv', $1, $2, $3, $4, 'delivered', TRUE, 60000, 0, 0, 60000,
                                 'cod', '', $4, $4) RETURNING id",
                    )
                    .bind(format!("{customer}-{product}-{ago}"))
                    .bind(customer)
                    .bind(days_ago(*ago))
                    .bind(self.state.clock.now()),
                )
                .await
                .expect("an order");
            tx.execute(
                Sql::new(
                    "INSERT INTO order_lines (order_id, line_no, product_id, quantity, unit_price,
                       line_total, base_qty) VALUES ($1, 1, $2, 1, 60000, 60000, 5000)",
                )
                .bind(id)
                .bind(product),
            )
            .await
            .expect("a line");
        }
        refresh(&mut tx, &[customer], today()).await.expect("figures");
        tx.commit().await.expect("commits");
    }

    async fn product(&self, sku: &str) -> ProductId {
        let mut tx = self.state.db.read().await.expect("reads");
        let sql = Sql::new("SELECT id FROM products WHERE sku = $1");
        tx.scalar(sql.bind(sku)).await.expect("the product")
    }

    /// Eighty customers who buy rice every 14 days, give or take one; the table says 28. The last of
    /// them bought `n % 14` days ago.
    async fn fortnightly(&self, lead: &Person) -> Vec<CustomerId> {
        let rice = self.product("RICE-5").await;
        let mut all = Vec::new();
        for n in 0..80_u64 {
            let phone = format!("0172{n:07}");
            let who = self.customer(&format!("Buyer {n}"), &phone, None, Some(lead)).await;
            let days: Vec<u64> = (0..18).map(|k| n % 14 + k * 14 + (k * 7 + n) % 3).collect();
            self.bought(who, rice, &days).await;
            all.push(who);
        }
        all
    }

    async fn cycle(&self, who: &Person, customer: CustomerId) -> Value {
        let view =
            self.get(who, &format!("/api/crm/automation/intelligence/{customer}")).await.ok();
        view["cycles"][0].clone()
    }

    async fn cycle_of(&self, who: &Person, customer: CustomerId, slug: &str) -> Value {
        let view =
            self.get(who, &format!("/api/crm/automation/intelligence/{customer}")).await.ok();
        let cycles = view["cycles"].as_array().expect("cycles");
        cycles.iter().find(|cycle| cycle["categorySlug"] == slug).expect("the cycle").clone()
    }

    /// All that is kept of pairs, dates included.
    async fn kept_pairs(&self) -> Vec<(CustomerId, String, f64, f64, f64, f64, i64)> {
        let mut tx = self.state.db.read().await.expect("reads");
        tx.all(
            "SELECT customer_id, CAST(due_on AS TEXT) || CAST(expected_on AS TEXT), log_gaps, weight,
                    repeats, exposure, total_qty
             FROM reorder_pairs ORDER BY customer_id, category_id",
        )
        .await
        .expect("pairs")
    }
}

both! {
    async fn a_shop_without_history_keeps_to_its_table(app: TestApp) {
        let manager = app.person(Role::SalesManager, "manager").await;
        let lead = app.person(Role::TeamLeader, "lead").await;
        assert_eq!(app.get(&lead, QUALITY).await.ok(), json!({"quality": null}));
        let rice = app.products().await[0];
        let who = app.customer("Rahima", "01711111111", None, Some(&lead)).await;
        app.bought(who, rice, &[40, 20]).await;
        let before = app.kept_pairs().await;
        let answer = app.post(&manager, LEARN, json!({})).await.ok();
        assert_eq!(answer["quality"]["inUse"], false, "{answer:#}");
        assert_eq!(answer["quality"]["report"]["purchases"], 2);
        assert_eq!(app.kept_pairs().await, before);
        let cycle = app.cycle(&lead, who).await;
        assert_eq!((cycle["basis"].as_str(), &cycle["learned"]), (Some("table"), &Value::Null));
        app.post(&lead, LEARN, json!({})).await.problem(403, "forbidden");
    }

    async fn what_was_learnt_dates_the_next_purchase_and_ranks_the_plan(app: TestApp) {
        let floor = app.floor().await;
        let manager = app.person(Role::SalesManager, "manager").await;
        let buyers = app.fortnightly(&floor.lead).await;
        let answer = app.post(&manager, LEARN, json!({})).await.ok();
        let quality = &answer["quality"];
        assert_eq!((&quality["inUse"], &quality["applied"]), (&json!(true), &json!(true)), "{answer:#}");
        let on_time = |by: &str| {
            let r = &quality["report"]["reminders"][by];
            let count = |what: &str| r[what].as_f64().expect("a number");
            count("onTime") / (count("onTime") + count("early") + count("late") + count("wasted"))
        };
        assert!(on_time("learned") > 0.9 && on_time("table") < 0.1, "{quality:#}");
        let calls = &quality["report"]["calls"];
        assert!(calls["learned"]["bought"].as_i64() >= calls["table"]["bought"].as_i64(), "{calls}");
        assert_eq!(quality["report"]["categories"][0]["profileDays"], 28);
        assert_eq!(app.get(&floor.lead, QUALITY).await.ok(), answer);

        // Number 12 bought 12 days ago, number 1 yesterday.
        let cycle = app.cycle(&floor.lead, buyers[12]).await;
        assert_eq!(cycle["basis"], "learned", "{cycle:#}");
        assert_eq!(cycle["learned"]["days"], 14, "{cycle:#}");
        assert_eq!(cycle["arithmetic"]["consumptionDays"], 28, "the table is still shown beside it");
        let chance = |cycle: &Value| cycle["chancePercent"].as_i64().expect("a chance");
        let soon = chance(&app.cycle(&floor.lead, buyers[1]).await);
        assert!(chance(&cycle) > 60 && soon < 20, "{cycle:#} {soon}");

        // Nobody buys today, so everybody due is a call; it says why.
        let plan = app.post(&floor.lead, "/api/crm/team/ops/generate-calls", json!({})).await.ok();
        assert!(plan["created"].as_i64() > Some(10), "{plan:#}");
        let task = app.open_task(buyers[12]).await;
        let mut tx = app.state.db.read().await.expect("reads");
        let points: Value = tx
            .scalar(Sql::new("SELECT talking_points FROM crm_call_tasks WHERE id = $1").bind(task))
            .await
            .expect("a task");
        let params = &points[0]["reason"]["params"];
        assert_eq!((&params["every"], &params["lasts"]), (&json!(14), &Value::Null), "{points:#}");
        assert_eq!(params["purchases"], 18);
        assert!(params["chancePercent"].as_i64() > Some(60), "{points:#}");
    }

    async fn learning_again_moves_nothing_and_states_are_those_of_a_rebuild(app: TestApp) {
        let lead = app.person(Role::TeamLeader, "lead").await;
        let manager = app.person(Role::SalesManager, "manager").await;
        let rice = app.products().await;
        let buyers = app.fortnightly(&lead).await;
        app.post(&manager, LEARN, json!({})).await.ok();
        let before = app.kept_pairs().await;
        app.post(&manager, LEARN, json!({})).await.ok();
        assert_eq!(app.kept_pairs().await, before);

        // A late order, then its cancellation: as if it had never been.
        let customer = json!({"id": buyers[3]});
        let late = order("late", customer.clone(), &days_ago(100).to_string(), &[(rice[0], 1)]);
        let made = app.post(&manager, "/api/cdm/orders", late).await.ok();
        assert_ne!(app.kept_pairs().await, before);
        let path = format!("/api/cdm/orders/{}", made["id"]);
        app.patch(&manager, &path, json!({"status": "cancelled"})).await.ok();
        assert_eq!(app.kept_pairs().await, before);

        // A pair that never followed (an update that was cut off) follows the next night.
        app.execute("UPDATE reorder_pairs SET log_gaps = 0, weight = 0, repeats = 0").await;
        app.execute("UPDATE reorder_models SET applied_at = NULL").await;
        app.post(&manager, LEARN, json!({})).await.ok();
        assert_eq!(app.kept_pairs().await, before);
    }

    async fn what_is_usual_comes_from_everybody_also_where_a_few_are_learnt_from(app: TestApp) {
        let lead = app.person(Role::TeamLeader, "lead").await;
        let manager = app.person(Role::SalesManager, "manager").await;
        app.products().await;
        app.fortnightly(&lead).await;
        // The newest five buy oil every three weeks; forty customers from the front are learnt from.
        let oil = app.product("OIL-1").await;
        let mut buyers = Vec::new();
        for n in 0..5_u64 {
            let who = app.customer(&format!("Oil {n}"), &format!("0173{n:07}"), None, Some(&lead)).await;
            let days: Vec<u64> = (0..10).map(|k| 5 + k * 21).collect();
            app.bought(who, oil, &days).await;
            buyers.push(who);
        }
        let of_few = app.again_with(&["--learn-from", "40"]).await;
        let quality = of_few.post(&manager, LEARN, json!({})).await.ok()["quality"].clone();
        let report = &quality["report"];
        assert_eq!((&quality["inUse"], &report["sampled"]), (&json!(true), &json!(true)), "{quality:#}");
        assert_eq!(report["customers"], 40);
        let judged = report["categories"].as_array().expect("categories");
        assert_eq!(judged.len(), 1, "nobody of the forty buys oil: {report:#}");

        let oil = app.cycle_of(&lead, buyers[0], "oil").await;
        assert_eq!(oil["basis"], "learned", "{oil:#}");
        let usual = |cycle: &Value| cycle["learned"]["usualGapDays"].as_f64().expect("days");
        // 45 gaps of 21 days, and ten of the category's profile.
        let profile: i64 = {
            let mut tx = app.state.db.read().await.expect("reads");
            let sql = "SELECT p.avg_consumption_days FROM consumption_profiles p
                       JOIN categories c ON c.id = p.category_id
                       WHERE c.slug = 'oil' AND p.product_id IS NULL";
            tx.scalar(sql).await.expect("the profile")
        };
        let expected = ((45.0 * 21_f64.ln() + 10.0 * (profile as f64).ln()) / 55.0).exp();
        assert!((usual(&oil) - expected).abs() < 0.01, "{} or {expected}", usual(&oil));
        assert!(oil["chancePercent"].as_i64() > Some(0), "{oil:#}");

        // Whoever learns from all finds the same.
        app.post(&manager, LEARN, json!({})).await.ok();
        let by_all = app.cycle_of(&lead, buyers[0], "oil").await;
        assert!((usual(&by_all) - usual(&oil)).abs() < 0.01, "{by_all:#}");
    }

    async fn a_learning_that_a_stop_cut_off_is_made_up_for(app: TestApp) {
        let lead = app.person(Role::TeamLeader, "lead").await;
        let manager = app.person(Role::SalesManager, "manager").await;
        app.products().await;
        app.fortnightly(&lead).await;
        let by_table = app.kept_pairs().await;
        let stopping = app.again().await;
        stopping.state.stop.cancel();
        let error = learn::nightly(stopping.state.clone()).await.expect_err("it is stopping");
        assert_eq!(error.code(), "stopping");
        let quality = &app.get(&lead, QUALITY).await.ok()["quality"];
        assert_eq!((&quality["inUse"], &quality["applied"]), (&json!(true), &json!(false)));
        assert_eq!(app.kept_pairs().await, by_table, "cut off before the first customer");
        let quality = &app.post(&manager, LEARN, json!({})).await.ok()["quality"];
        assert_eq!(quality["applied"], true);
        // The model is the same as before the stop, so only the note that it was cut off tells that
        // the states are still those of the time before.
        assert_ne!(app.kept_pairs().await, by_table);
        let expected = app.kept_pairs().await;
        app.execute("UPDATE reorder_models SET applied_at = NULL").await;
        app.post(&manager, LEARN, json!({})).await.ok();
        assert_eq!(app.kept_pairs().await, expected);
    }

    async fn who_closes_the_page_does_not_stop_the_learning(app: TestApp) {
        let lead = app.person(Role::TeamLeader, "lead").await;
        let manager = app.person(Role::SalesManager, "manager").await;
        app.products().await;
        app.fortnightly(&lead).await;
        let before = app.state.background.len();
        let begun = async {
            while app.state.background.len() <= before {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = app.post(&manager, LEARN, json!({})) => panic!("it was quicker than anybody can see"),
            begun = tokio::time::timeout(Duration::from_secs(20), begun) => begun.expect("it begins"),
        }
        // What is under way in the background ends before a stop does.
        app.stop().await;
        let again = app.again().await;
        let quality = again.get(&lead, QUALITY).await.ok();
        assert_eq!(quality["quality"]["report"]["customers"], 80, "{quality:#}");
    }

    async fn a_shop_that_brings_its_history_has_its_rhythm_at_once(app: TestApp) {
        let lead = app.person(Role::TeamLeader, "lead").await;
        let manager = app.person(Role::SalesManager, "manager").await;
        app.products().await;
        let orders = |days: std::ops::Range<u64>| {
            let head = "order_id,phone,order_date,sku,quantity,unit_price\n".to_owned();
            (0..80_u64).fold(head, |text, n| {
                days.clone().fold(text, |text, k| {
                    let day = days_ago(n % 14 + k * 14 + (k * 7 + n) % 3);
                    text + &format!("{n}-{k},0172{n:07},{day},RICE-5,1,600\n")
                })
            })
        };
        let before = app.state.background.len();
        let idle = || async {
            while app.state.background.len() > before {
                tokio::task::yield_now().await;
            }
        };
        let mut dry = file("orders", &orders(0..18));
        dry.dry_run = true;
        app.import(&manager, dry).await;
        idle().await;
        assert_eq!(app.get(&lead, QUALITY).await.ok(), json!({"quality": null}), "nothing is in yet");
        app.import(&manager, file("orders", &orders(1..18))).await;
        idle().await;
        let learnt = app.get(&lead, QUALITY).await.ok();
        let quality = &learnt["quality"];
        assert_eq!((&quality["inUse"], &quality["applied"]), (&json!(true), &json!(true)), "{learnt:#}");
        // What comes later follows what is known; the night learns from it.
        app.import(&manager, file("orders", &orders(0..1))).await;
        idle().await;
        assert_eq!(app.get(&lead, QUALITY).await.ok(), learnt);
        assert_eq!(app.count("reorder_models").await, 1);
        assert_eq!(app.count("reorder_pairs WHERE purchases = 18").await, 80);
    }

    async fn what_is_left_at_home_moves_the_reminder_until_the_next_purchase(app: TestApp) {
        let floor = app.floor().await;
        let (rice_5, oil_1) = (app.product("RICE-5").await, app.product("OIL-1").await);
        let who = app.customer("Rahima", "01711111111", Some(&floor.a), Some(&floor.lead)).await;
        app.bought(who, rice_5, &[25]).await;
        let rice = app.category("rice").await;
        let path = format!("/api/cdm/customers/{who}/cycles/{rice}/stock");
        let by_table = app.cycle(&floor.a, who).await;
        app.post(&floor.a, &path, json!({"daysLeft": 400})).await.problem(422, "out_of_range");
        app.post(&floor.a, &path, json!({"daysLeft": -1})).await.problem(422, "out_of_range");
        app.post(&floor.d, &path, json!({"daysLeft": 8})).await.problem(404, "customer_not_found");
        let oil = app.category("oil").await;
        let never = format!("/api/cdm/customers/{who}/cycles/{oil}/stock");
        app.post(&floor.a, &never, json!({"daysLeft": 8})).await.problem(404, "cycle_not_found");
        assert_eq!(app.cycle(&floor.a, who).await, by_table, "bad input changes nothing");

        assert_eq!(app.post(&floor.a, &path, json!({"daysLeft": 20})).await.status, 204);
        app.post(&floor.a, &path, json!({"daysLeft": 8})).await;
        let moved = app.cycle(&floor.a, who).await;
        let in_days = |days| (today() + Days::new(days)).to_string();
        assert_eq!(moved["basis"], "stock", "{moved:#}");
        assert_eq!(moved["expectedOn"], in_days(8), "the latest word counts");
        let buffer = moved["arithmetic"]["bufferDays"].as_u64().expect("a number");
        assert_eq!(moved["dueOn"], in_days(8 - buffer));

        // Whatever recomputes the customer keeps it; a purchase ends it.
        app.bought(who, oil_1, &[3]).await;
        assert_eq!(app.cycle_of(&floor.a, who, "rice").await["dueOn"], moved["dueOn"]);
        let reorder = order("again", json!({"id": who}), &today().to_string(), &[(rice_5, 1)]);
        app.post(&floor.a, "/api/cdm/orders", reorder).await.ok();
        assert_eq!(app.cycle_of(&floor.a, who, "rice").await["basis"], "table");
    }
}
