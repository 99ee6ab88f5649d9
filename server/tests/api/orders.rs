//! Orders: taken once, corrected at will, the same figures whatever the order of arrival.

mod arrival;

use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::db::Sql;

use crate::support::shop::order;
use crate::support::{TestApp, both};

const KARIM: &str = "০১৭১২-৩৪৫৬৭৮";

fn karim() -> Value {
    json!({"phone": KARIM, "name": "করিম"})
}

async fn count(app: &TestApp, table: &str) -> i64 {
    let mut tx = app.state.db.read().await.expect("reads");
    tx.scalar(Sql::new(format!("SELECT COUNT(*) FROM {table}"))).await.expect("counts")
}

both! {
    async fn an_order_makes_the_customer_and_the_figures(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let products = app.products().await;
        let mut body = order("1", karim(), "2026-11-10", &[(products[0], 2), (products[1], 1)]);
        body["discount"] = json!(5_000);
        body["deliveryCharge"] = json!(6_000);
        let answer = app.post(&admin, "/api/cdm/orders", body).await;
        assert_eq!(answer.status, 201);
        let made = answer.ok();
        assert_eq!(made["subtotal"], 160_000);
        assert_eq!(made["total"], 161_000);
        assert_eq!(made["phone"], "+8801712345678");
        assert_eq!(made["orderNo"], format!("TC-{:06}", made["id"].as_i64().expect("an id")));
        assert_eq!(made["lines"][0]["baseQty"], 10_000);
        assert_eq!(made["lines"][0]["lineTotal"], 120_000);
        let path = format!("/api/cdm/customer360/{}", made["customerId"]);
        let view = app.get(&admin, &path).await.ok();
        assert_eq!(view["customer"]["totalSpend"], 161_000);
        assert_eq!(view["customer"]["segment"], "new+medium");
        assert_eq!(view["timeline"][0]["summary"], "order.placed");
        // Ten kilograms of rice last twice 28 days.
        let rice = view["cycles"].as_array().expect("cycles").iter()
            .find(|c| c["categorySlug"] == "rice").expect("rice");
        assert_eq!(rice["arithmetic"]["consumptionDays"], 56);
        assert_eq!(rice["dueOn"], "2026-12-30");
    }

    async fn a_refund_reduces_the_spend_and_is_never_more_than_was_paid(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let products = app.products().await;
        let mut body = order("1", karim(), "2026-11-10", &[(products[0], 1)]);
        body["fees"] = json!(1_500);
        body["refunded"] = json!(20_000);
        let made = app.post(&admin, "/api/cdm/orders", body.clone()).await.ok();
        assert_eq!((&made["total"], &made["fees"], &made["refunded"]), (&json!(61_500), &json!(1_500), &json!(20_000)));
        let customer = format!("/api/cdm/customer360/{}", made["customerId"]);
        let view = app.get(&admin, &customer).await.ok();
        assert_eq!((&view["customer"]["totalSpend"], &view["customer"]["totalOrders"]), (&json!(41_500), &json!(1)));
        assert_eq!(view["recentOrders"][0]["refunded"], 20_000);
        // A correction that says nothing of the refund keeps it.
        body.as_object_mut().expect("an object").remove("refunded");
        body["note"] = json!("rings twice");
        assert_eq!(app.post(&admin, "/api/cdm/orders", body.clone()).await.ok()["refunded"], 20_000);
        let path = format!("/api/cdm/orders/{}", made["id"]);
        assert_eq!(app.patch(&admin, &path, json!({"refunded": 61_500})).await.ok()["refunded"], 61_500);
        assert_eq!(app.get(&admin, &customer).await.ok()["customer"]["totalSpend"], 0);
        for (refund, code) in [(61_501, "refund_too_large"), (-1, "negative_amount")] {
            let problem = app.patch(&admin, &path, json!({"refunded": refund})).await.problem(422, code);
            assert_eq!(problem["field"], "refunded");
        }
        body["refunded"] = json!(61_501);
        app.post(&admin, "/api/cdm/orders", body).await.problem(422, "refund_too_large");
        assert_eq!(app.get(&admin, &path).await.ok()["refunded"], 61_500);
    }

    async fn the_same_order_again_changes_nothing(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let products = app.products().await;
        let body = order("1", karim(), "2026-11-10", &[(products[0], 1)]);
        let first = app.post(&admin, "/api/cdm/orders", body.clone()).await.ok();
        // The catalogue's price moves; the repeated message is still no correction.
        app.patch(&admin, &format!("/api/cdm/products/{}", products[0]), json!({"price": 1})).await.ok();
        let again = app.post(&admin, "/api/cdm/orders", body).await;
        assert_eq!(again.status, 200);
        assert_eq!(again.ok(), first);
        assert_eq!(count(&app, "orders").await, 1);
        assert_eq!(count(&app, "customer_interactions").await, 1);
    }

    async fn another_content_is_a_correction(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let products = app.products().await;
        let body = order("1", karim(), "2026-11-10", &[(products[0], 1)]);
        app.post(&admin, "/api/cdm/orders", body).await.ok();
        // The right number was another one, and it was oil.
        let body = order("1", json!({"phone": "01812345678"}), "2026-11-11", &[(products[1], 3)]);
        let answer = app.post(&admin, "/api/cdm/orders", body).await;
        assert_eq!(answer.status, 200);
        let order = answer.ok();
        assert_eq!((&order["total"], &order["lines"][1]), (&json!(120_000), &Value::Null));
        let found = app.get(&admin, "/api/cdm/customers?limit=10").await.ok();
        let orders: Vec<_> = found["items"].as_array().expect("items").iter()
            .map(|c| (c["phone"].clone(), c["totalOrders"].clone())).collect();
        assert_eq!(orders, [
            (json!("+8801812345678"), json!(1)), (json!("+8801712345678"), json!(0)),
        ]);
        let mut tx = app.state.db.read().await.expect("reads");
        let pairs: Vec<(String,)> = tx
            .all("SELECT c.slug FROM reorder_pairs r JOIN categories c ON c.id = r.category_id")
            .await.expect("pairs");
        assert_eq!(pairs, [("oil".to_owned(),)]);
    }

    async fn a_cancelled_order_does_not_count_until_it_does_again(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let products = app.products().await;
        let body = order("1", karim(), "2026-11-10", &[(products[0], 1)]);
        let order = app.post(&admin, "/api/cdm/orders", body.clone()).await.ok();
        let path = format!("/api/cdm/orders/{}", order["id"]);
        let customer = format!("/api/cdm/customers/{}", order["customerId"]);
        for (status, counted, orders) in [("cancelled", false, 0), ("shipped", true, 1), ("returned", false, 0)] {
            let changed = app.patch(&admin, &path, json!({"status": status})).await.ok();
            assert_eq!(changed["counted"], counted);
            let customer = app.get(&admin, &customer).await.ok();
            assert_eq!(customer["totalOrders"], orders, "{status}");
            assert_eq!(customer["lifecycleStage"], if counted { "new" } else { "prospect" });
        }
        // A late repetition of the first message does not bring it back.
        app.post(&admin, "/api/cdm/orders", body).await.ok();
        assert_eq!(app.get(&admin, &path).await.ok()["status"], "returned");
        app.patch(&admin, &path, json!({"status": "gone"})).await.problem(422, "invalid_field");
    }

    async fn bad_orders_are_refused_and_change_nothing(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let products = app.products().await;
        let good = order("1", karim(), "2026-11-10", &[(products[0], 1), (products[1], 1)]);
        let with = |pointer: &str, value: Value| {
            let mut body = good.clone();
            *body.pointer_mut(pointer).expect("exists") = value;
            body
        };
        for (body, code, field) in [
            (with("/lines/1/productId", json!(999)), "unknown_product", "lines[1].productId"),
            (with("/lines/1", json!({"sku": "NO", "quantity": 1})), "unknown_product", "lines[1].sku"),
            (with("/lines/1", json!({"quantity": 1})), "product_required", "lines[1].productId"),
            (with("/lines/1/quantity", json!(0)), "invalid_quantity", "lines[1].quantity"),
            (with("/lines/0/quantity", json!(-1)), "invalid_quantity", "lines[0].quantity"),
            (with("/lines/0/quantity", json!(10_001)), "invalid_quantity", "lines[0].quantity"),
            (with("/lines/0/quantity", json!("two")), "invalid_field", "lines[0].quantity"),
            (with("/lines", json!([])), "lines_required", "lines"),
            (with("/orderDate", json!("2026-11-22")), "date_in_future", "orderDate"),
            (with("/orderDate", json!("1999-12-31")), "date_too_early", "orderDate"),
            (with("/orderDate", json!("2026-02-30")), "invalid_field", "orderDate"),
            (with("/customer", json!({"phone": "12345"})), "invalid_phone", "customer.phone"),
            (with("/customer", json!({"phone": " "})), "phone_required", "customer.phone"),
            (with("/customer", json!({})), "customer_required", "customer"),
            (with("/externalId", json!(" ")), "required", "externalId"),
        ] {
            let problem = app.post(&admin, "/api/cdm/orders", body).await.problem(422, code);
            assert_eq!(problem["field"], field, "{problem:#}");
        }
        for (name, value, code) in [
            ("discount", json!(-1), "negative_amount"),
            ("discount", json!(9_999_999), "discount_too_large"),
            ("deliveryCharge", json!(-1), "negative_amount"),
            ("note", json!("x".repeat(2_001)), "too_long"),
            ("status", json!("lost"), "invalid_field"),
            ("total", json!(1), "invalid_field"),
        ] {
            let mut body = good.clone();
            body[name] = value;
            app.post(&admin, "/api/cdm/orders", body).await.problem(422, code);
        }
        let mut body = good.clone();
        body["lines"][0]["unitPrice"] = json!(-5);
        app.post(&admin, "/api/cdm/orders", body).await.problem(422, "negative_amount");
        app.post(&admin, "/api/cdm/orders", with("/customer", json!({"id": 77}))).await
            .problem(404, "customer_not_found");
        for table in ["orders", "order_lines", "customers", "customer_interactions"] {
            assert_eq!(count(&app, table).await, 0, "{table}");
        }
    }

    async fn two_orders_of_one_customer_at_once_both_count(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let products = app.products().await;
        let sent = (0..12).map(|n| {
            // Each twice, so that the same order races with itself as well.
            let body = order(&format!("{}", n / 2), karim(), "2026-11-10", &[(products[n % 3], 1)]);
            let mut body = body;
            body["lines"] = json!([{"productId": products[(n / 2) % 3], "quantity": 1}]);
            app.post(&admin, "/api/cdm/orders", body)
        });
        for answer in futures::future::join_all(sent).await {
            answer.ok();
        }
        let found = app.get(&admin, "/api/cdm/customers").await.ok();
        assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(found["items"][0]["totalOrders"], 6);
        assert_eq!(found["items"][0]["totalSpend"], 2 * (60_000 + 40_000 + 20_000));
    }

    async fn orders_are_listed_by_day_and_found_by_number_phone_or_name(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let products = app.products().await;
        for n in 1..=5 {
            let mut body = order(&n.to_string(), karim(), &format!("2026-11-0{n}"), &[(products[0], 1)]);
            body["orderNo"] = json!(format!("SO-000{n}"));
            app.post(&admin, "/api/cdm/orders", body).await.ok();
        }
        let mut other = order("6", json!({"phone": "01912345678", "name": "Rahima Begum"}), "2026-11-03", &[(products[1], 1)]);
        other["status"] = json!("cancelled");
        app.post(&admin, "/api/cdm/orders", other).await.ok();
        let numbers = async |query: &str| {
            let page = app.get(&admin, &format!("/api/cdm/orders?{query}")).await.ok();
            page["items"].as_array().expect("items").iter()
                .map(|o| o["externalId"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(numbers("").await, ["5", "4", "6", "3", "2", "1"]);
        assert_eq!(numbers("q=so-0003").await, ["3"]);
        assert_eq!(numbers("q=SO-").await.len(), 5);
        assert_eq!(numbers("q=01912345678").await, ["6"]);
        assert_eq!(numbers("q=beg%20rah").await, ["6"]);
        assert_eq!(numbers("status=cancelled").await, ["6"]);
        assert_eq!(numbers("from=2026-11-02&to=2026-11-03").await, ["6", "3", "2"]);
        let first = app.get(&admin, "/api/cdm/orders?limit=4").await.ok();
        let cursor = first["nextCursor"].as_str().expect("more");
        assert_eq!(numbers(&format!("limit=4&cursor={cursor}")).await, ["2", "1"]);
        assert_eq!(numbers("sort=oldest").await, ["1", "2", "3", "6", "4", "5"]);
        let first = app.get(&admin, "/api/cdm/orders?limit=4&sort=oldest").await.ok();
        let cursor = first["nextCursor"].as_str().expect("more");
        assert_eq!(numbers(&format!("sort=oldest&limit=4&cursor={cursor}")).await, ["4", "5"]);
        app.get(&admin, "/api/cdm/orders?sort=total").await.problem(400, "invalid_query");
        app.get(&admin, "/api/cdm/orders?cursor=x").await.problem(422, "invalid_cursor");
        app.get(&admin, "/api/cdm/orders?from=yesterday").await.problem(400, "invalid_query");
        app.get(&admin, "/api/cdm/orders/999").await.problem(404, "order_not_found");
    }

    async fn an_agent_takes_orders_of_own_and_new_customers_only(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "leader").await;
        let team = app.team("A", &leader).await;
        let agent = app.agent("agent", team, &leader, "201").await;
        let other = app.agent("other", team, &leader, "202").await;
        let products = app.products().await;
        let theirs = app.customer("Theirs", "01811111111", Some(&other), Some(&leader)).await;
        for customer in [json!({"id": theirs}), json!({"phone": "01811111111"})] {
            let body = order("1", customer, "2026-11-10", &[(products[0], 1)]);
            app.post(&agent, "/api/cdm/orders", body).await.problem(404, "customer_not_found");
        }
        let body = order("2", karim(), "2026-11-10", &[(products[0], 1)]);
        let made = app.post(&agent, "/api/cdm/orders", body).await.ok();
        let customer = app.get(&agent, &format!("/api/cdm/customers/{}", made["customerId"])).await.ok();
        assert_eq!(customer["assignedTo"], json!(agent.id));
        assert_eq!(customer["assignedSupervisorId"], json!(leader.id));
        // Another agent can neither see nor correct nor cancel it.
        let body = order("2", json!({"id": theirs}), "2026-11-10", &[(products[0], 9)]);
        app.post(&other, "/api/cdm/orders", body).await.problem(404, "customer_not_found");
        let path = format!("/api/cdm/orders/{}", made["id"]);
        app.get(&other, &path).await.problem(404, "order_not_found");
        app.patch(&other, &path, json!({"status": "cancelled"})).await.problem(404, "order_not_found");
        assert_eq!(app.get(&leader, &path).await.ok()["status"], "placed");
        assert_eq!(app.get(&other, "/api/cdm/orders").await.ok()["items"], json!([]));
    }
}
