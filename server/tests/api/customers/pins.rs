//! Stages and warmth that people pin against the rules, and the history of both.

use chrono::TimeDelta;
use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::customers::store::review_due;

use crate::support::shop::order;
use crate::support::{TestApp, both};

/// The history as `field: was > became`, the newest first, with who did it.
fn history(view: &Value) -> Vec<(String, Value)> {
    let changes = view["history"].as_array().expect("a history");
    changes
        .iter()
        .map(|c| {
            let word = |key: &str| c[key].as_str().expect("a word").to_owned();
            let text = format!("{}: {} > {}", word("field"), word("was"), word("became"));
            (text, c["byUserId"].clone())
        })
        .collect()
}

async fn review(app: &TestApp) {
    let mut tx = app.state.db.begin().await.expect("begins");
    while review_due(&mut tx, app.state.clock.today()).await.expect("reviews") > 0 {}
    tx.commit().await.expect("commits");
}

both! {
    async fn a_pin_holds_against_orders_until_its_day_and_everything_is_on_record(app: TestApp) {
        let lead = app.person(Role::TeamLeader, "lead").await;
        let products = app.products().await;
        let id = app.customer("Karim", "01712345678", None, Some(&lead)).await;
        let (path, pin) = (format!("/api/cdm/customers/{id}/segment"), format!("/api/cdm/customers/{id}/pins"));
        let buy = async |n: &str, day: &str| {
            let body = order(n, json!({"id": id}), day, &[(products[0], 1)]);
            app.post(&lead, "/api/cdm/orders", body).await.ok();
        };
        buy("1", "2026-11-01").await;
        let before = app.get(&lead, &path).await.ok();
        assert_eq!((&before["pins"], &before["history"]), (&json!([]), &json!([])));
        assert_eq!(before["temperature"], "warm");

        let body = json!({"value": "vip", "reason": " runs a tea stall ", "until": "2026-12-05"});
        let view = app.put(&lead, &format!("{pin}/value_stage"), body).await.ok();
        assert_eq!(view["valueStage"], "normal", "the rules say what they said");
        let kept = &view["pins"][0];
        assert_eq!((&kept["field"], &kept["value"], &kept["reason"], &kept["until"], &kept["pinnedBy"]),
            (&json!("value_stage"), &json!("vip"), &json!("runs a tea stall"), &json!("2026-12-05"), &json!(lead.id)));
        // The warmth follows from VIP.
        assert_eq!(history(&view), [
            ("temperature: warm > hot".to_owned(), json!(lead.id)),
            ("value_stage: normal > vip".to_owned(), json!(lead.id)),
        ]);
        assert_eq!(view["history"][1]["reason"], "runs a tea stall");

        // An order changes what the rules say, not what is pinned.
        buy("2", "2026-11-20").await;
        let customer = app.get(&lead, &format!("/api/cdm/customers/{id}")).await.ok();
        assert_eq!((&customer["segment"], &customer["temperature"]), (&json!("repeat_2+vip"), &json!("hot")));
        let view = app.get(&lead, &path).await.ok();
        assert_eq!(history(&view)[0], ("purchase_stage: new > repeat_2".to_owned(), Value::Null));

        // It holds on its last day, and ends by the date alone.
        app.state.clock.set(app.state.clock.now() + TimeDelta::days(14));
        review(&app).await;
        let lead = app.renewed(&lead);
        assert_eq!(app.get(&lead, &path).await.ok()["pins"].as_array().map(Vec::len), Some(1));
        app.state.clock.set(app.state.clock.now() + TimeDelta::days(1));
        review(&app).await;
        let lead = app.renewed(&lead);
        let view = app.get(&lead, &path).await.ok();
        assert_eq!(view["pins"], json!([]));
        let ended: Vec<_> = history(&view).into_iter().take(2).collect();
        assert_eq!(ended, [
            ("temperature: hot > warm".to_owned(), Value::Null),
            ("value_stage: vip > normal".to_owned(), Value::Null),
        ]);
    }

    async fn a_pin_is_changed_and_taken_off(app: TestApp) {
        let lead = app.person(Role::TeamLeader, "lead").await;
        let id = app.customer("Karim", "01712345678", None, Some(&lead)).await;
        let pin = format!("/api/cdm/customers/{id}/pins/temperature");
        app.delete(&lead, &pin).await.problem(404, "pin_not_found");
        let hot = json!({"value": "hot", "reason": "asked for a quotation", "until": "2026-11-21"});
        app.put(&lead, &pin, hot.clone()).await.ok();
        // Twice is once, and the later word counts.
        app.put(&lead, &pin, hot).await.ok();
        let warm = json!({"value": "warm", "reason": "not before Eid", "until": "2027-11-22"});
        let view = app.put(&lead, &pin, warm).await.ok();
        assert_eq!(view["pins"].as_array().map(Vec::len), Some(1));
        let view = app.delete(&lead, &pin).await.ok();
        assert_eq!(view["pins"], json!([]));
        let words: Vec<_> = history(&view).into_iter().map(|change| change.0).collect();
        assert_eq!(words, ["temperature: warm > cold", "temperature: hot > warm", "temperature: cold > hot"]);
        assert_eq!(app.number("SELECT count(*) FROM audit_log WHERE action LIKE 'customer.%pinned'").await, 4);
    }

    async fn a_pin_that_makes_no_sense_changes_nothing(app: TestApp) {
        let lead = app.person(Role::TeamLeader, "lead").await;
        let other = app.person(Role::TeamLeader, "other").await;
        let id = app.customer("Karim", "01712345678", None, Some(&lead)).await;
        let pin = |field: &str| format!("/api/cdm/customers/{id}/pins/{field}");
        let body = |value: &str, reason: &str, until: &str| json!({"value": value, "reason": reason, "until": until});
        let good = body("hot", "a good reason", "2026-12-01");
        for (field, body, status, code, at) in [
            ("temperature", body("vip", "a good reason", "2026-12-01"), 422, "unknown_value", "value"),
            ("temperature", body("hot", "   ", "2026-12-01"), 422, "required", "reason"),
            ("temperature", body("hot", "a good reason", "2026-11-20"), 422, "out_of_range", "until"),
            ("temperature", body("hot", "a good reason", "2027-11-23"), 422, "out_of_range", "until"),
        ] {
            let problem = app.put(&lead, &pin(field), body.clone()).await.problem(status, code);
            assert_eq!(problem["field"], at, "{body}");
        }
        app.put(&lead, &pin("lifecycle_stage"), good.clone()).await.problem(400, "invalid_path");
        app.put(&other, &pin("temperature"), good).await.problem(404, "customer_not_found");
        assert_eq!(app.number("SELECT count(*) FROM customer_pins").await, 0);
        assert_eq!(app.number("SELECT count(*) FROM customer_stage_changes").await, 0);
    }
}
