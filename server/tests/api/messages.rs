//! `crm/messages`: whom the plan asks to be written to instead of called, and handing that over.

use chrono::TimeDelta;
use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::db::CustomerId;

use crate::support::planning::Floor;
use crate::support::{Person, TestApp, both};

const GENERATE: &str = "/api/crm/team/ops/generate-calls";
const MESSAGES: &str = "/api/crm/messages";
const HAND_OVER: &str = "/api/crm/messages/hand-over";

/// A floor that writes to at most so many customers a day.
async fn floor(app: &TestApp, most: u32) -> Floor {
    let floor = app.floor().await;
    app.plan_settings(json!({"holdOutPercent": 0, "mostMessages": most})).await;
    floor
}

/// A customer whose rice is due, no longer cold.
async fn warm(app: &TestApp, n: u32, lead: &Person) -> CustomerId {
    let id = app.due_customer(n, lead).await;
    app.set_customer(id, &[("temperature", "warm".into())]).await;
    id
}

/// Customer, channel and status of each message of the day.
async fn messages(app: &TestApp, who: &Person) -> Vec<(Value, String, String)> {
    let list = app.get(who, MESSAGES).await.ok();
    let items = list["items"].as_array().expect("items");
    let word = |m: &Value, key: &str| m[key].as_str().expect("a word").to_owned();
    items.iter().map(|m| (m["customerId"].clone(), word(m, "channel"), word(m, "status"))).collect()
}

fn left_out(result: &Value, reason: &str) -> Value {
    let all = result["leftOut"].as_array().expect("reasons");
    all.iter().find(|l| l["reason"] == reason).map_or(json!(0), |l| l["count"].clone())
}

both! {
    async fn the_cold_and_those_who_want_no_calls_are_written_to_the_warm_are_called(app: TestApp) {
        let floor = floor(&app, 10).await;
        let called = warm(&app, 1, &floor.lead).await;
        let cold = app.due_customer(2, &floor.lead).await;
        let no_sms = app.due_customer(3, &floor.lead).await;
        app.set_customer(no_sms, &[("consent_sms", false.into())]).await;
        // Agreed to neither: only a call is left.
        let neither = app.due_customer(4, &floor.lead).await;
        app.set_customer(neither, &[("consent_sms", false.into()), ("consent_whatsapp", false.into())]).await;
        let no_calls = warm(&app, 5, &floor.lead).await;
        app.set_customer(no_calls, &[("consent_call", false.into())]).await;
        let never = app.due_customer(6, &floor.lead).await;
        app.set_customer(never, &[("do_not_call", true.into())]).await;

        let preview = app.post(&floor.lead, GENERATE, json!({"preview": true})).await.ok();
        assert_eq!((&preview["created"], &preview["messages"]), (&json!(2), &json!(3)), "{preview:#}");
        assert_eq!(app.number("SELECT count(*) FROM message_requests").await, 0);
        let made = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!((&made["created"], &made["messages"]), (&json!(2), &json!(3)), "{made:#}");
        assert_eq!((left_out(&made, "message_instead"), left_out(&made, "no_consent")), (json!(2), json!(1)));
        let mut found = messages(&app, &floor.lead).await;
        found.sort_by_key(|message| message.0.as_i64());
        let waits = |who: CustomerId, how: &str| (json!(who), how.to_owned(), "waiting".to_owned());
        assert_eq!(found, [waits(cold, "sms"), waits(no_sms, "whatsapp"), waits(no_calls, "whatsapp")]);
        let tasks = "SELECT count(*) FROM crm_call_tasks WHERE customer_id IN (SELECT id FROM customers WHERE name IN ('Customer 1', 'Customer 4'))";
        assert_eq!((app.number(tasks).await, called), (2, called));

        let list = app.get(&floor.lead, MESSAGES).await.ok();
        let text = list["items"][0]["text"].as_str().expect("a text");
        assert!(text.starts_with("Customer ") && text.contains("ফুরিয়ে") && text.ends_with("গ্রোসারি"), "{text}");
        // Again: nobody twice, also over the plans of several leaders.
        let again = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!((&again["created"], &again["messages"]), (&json!(0), &json!(0)));
        assert_eq!(app.number("SELECT count(*) FROM message_requests").await, 3);
        let other = app.person(Role::TeamLeader, "other").await;
        assert_eq!(app.get(&other, MESSAGES).await.ok()["items"], json!([]), "not of that coverage");
    }

    async fn whom_nobody_has_room_to_call_is_written_to_the_most_valuable_first(app: TestApp) {
        let floor = floor(&app, 2).await;
        let mut by_worth = Vec::new();
        for n in 1..=4 {
            let id = warm(&app, n, &floor.lead).await;
            app.set_customer(id, &[("avg_order_value", (i64::from(n) * 100_000).into())]).await;
            by_worth.insert(0, id);
        }
        let made = app.post(&floor.lead, GENERATE, json!({"perAgentLimit": 1})).await.ok();
        assert_eq!((&made["created"], &made["messages"], left_out(&made, "no_capacity")), (&json!(1), &json!(2), json!(3)));
        let written: Vec<_> = messages(&app, &floor.lead).await.into_iter().map(|m| m.0).collect();
        assert_eq!(written, [json!(by_worth[1]), json!(by_worth[2])]);
        // Room for two more: whoever was to be written to is called, and the message is not needed.
        let more = app.post(&floor.lead, GENERATE, json!({"perAgentLimit": 3})).await.ok();
        assert_eq!((&more["created"], &more["messages"]), (&json!(2), &json!(0)), "{more:#}");
        let states: Vec<_> = messages(&app, &floor.lead).await.into_iter().map(|m| m.2).collect();
        assert_eq!(states, ["cancelled", "cancelled"]);
    }

    async fn a_hand_over_is_done_once_and_counts_as_contact(app: TestApp) {
        let floor = floor(&app, 10).await;
        let manager = app.person(Role::SalesManager, "manager").await;
        let sent = app.due_customer(1, &floor.lead).await;
        let gone: Vec<(CustomerId, &str)> = vec![
            (app.due_customer(2, &floor.lead).await, "do_not_call"),
            (app.due_customer(3, &floor.lead).await, "consent_sms"),
            (app.due_customer(4, &floor.lead).await, "last_order_date"),
        ];
        app.post(&floor.lead, GENERATE, json!({})).await.ok();
        for (id, column) in &gone {
            let value = match *column {
                "do_not_call" => true.into(),
                "consent_sms" => false.into(),
                _ => crate::support::today().into(),
            };
            app.set_customer(*id, &[(column, value)]).await;
        }
        app.post(&floor.lead, HAND_OVER, json!({"channel": "sms"})).await.problem(403, "forbidden");
        app.post(&manager, HAND_OVER, json!({"channel": "letter"})).await.problem(422, "invalid_field");
        let sms = json!({"channel": "sms"});
        let (one, two) = tokio::join!(
            app.post(&manager, HAND_OVER, sms.clone()),
            app.post(&manager, HAND_OVER, sms),
        );
        let mut items: Vec<Value> = Vec::new();
        for answer in [one, two] {
            items.extend(answer.ok()["items"].as_array().expect("items").clone());
        }
        assert_eq!(items.len(), 1, "two at once: {items:#?}");
        assert_eq!((&items[0]["customerId"], &items[0]["phone"]), (&json!(sent), &json!("+8801710000001")));
        assert_eq!(app.post(&manager, HAND_OVER, json!({"channel": "whatsapp"})).await.ok()["items"], json!([]));
        let mut states: Vec<_> = messages(&app, &manager).await;
        states.sort_by_key(|m| m.0.as_i64());
        let states: Vec<_> = states.into_iter().map(|m| m.2).collect();
        assert_eq!(states, ["handed_over", "cancelled", "cancelled", "cancelled"]);
        let view = app.get(&manager, &format!("/api/cdm/customer360/{sent}")).await.ok();
        assert_eq!(view["customer"]["lastContactAt"], "2026-11-21T04:30:00Z");
        assert_eq!((&view["timeline"][0]["summary"], &view["timeline"][0]["text"]), (&json!("message.handed_over"), &items[0]["text"]));
        // The day after, that customer is left alone.
        app.state.clock.set(app.state.clock.now() + TimeDelta::days(1));
        let next = app.post(&app.renewed(&floor.lead), GENERATE, json!({})).await.ok();
        assert_eq!(left_out(&next, "recently_contacted"), json!(1), "{next:#}");
    }

    async fn what_nobody_takes_expires_and_a_plan_taken_back_takes_its_messages_along(app: TestApp) {
        let floor = floor(&app, 10).await;
        let manager = app.person(Role::SalesManager, "manager").await;
        app.due_customer(1, &floor.lead).await;
        warm(&app, 2, &floor.lead).await;
        app.post(&floor.lead, GENERATE, json!({})).await.ok();
        let undone = app.post(&floor.lead, "/api/crm/team/ops/plan/undo", json!({})).await.ok();
        assert_eq!((&undone["undone"]["takenBack"], &undone["undone"]["messages"]), (&json!(1), &json!(1)));
        assert_eq!(app.number("SELECT count(*) FROM message_requests").await, 0);

        let again = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!(again["undoable"], true);
        // A plan for tomorrow leaves what waits today alone.
        app.post(&floor.lead, GENERATE, json!({"date": "2026-11-22", "perAgentLimit": 1})).await.ok();
        let today = app.get(&floor.lead, MESSAGES).await.ok();
        assert_eq!(today["items"][0]["status"], "waiting", "{today:#}");
        app.execute("DELETE FROM message_requests WHERE day = '2026-11-22'").await;
        app.state.clock.set(app.state.clock.now() + TimeDelta::days(1));
        let (lead, manager) = (app.renewed(&floor.lead), app.renewed(&manager));
        assert_eq!(app.post(&manager, HAND_OVER, json!({"channel": "sms"})).await.ok()["items"], json!([]), "yesterday's");
        let next = app.post(&lead, GENERATE, json!({})).await.ok();
        assert_eq!(next["messages"], 1, "asked for anew: {next:#}");
        let yesterday = app.get(&lead, "/api/crm/messages?date=2026-11-21").await.ok();
        assert_eq!(yesterday["items"][0]["status"], "expired");
        app.get(&lead, "/api/crm/messages?date=21.11.2026").await.problem(422, "invalid_date");
    }

    async fn without_messages_the_cold_are_called_like_everybody(app: TestApp) {
        let floor = floor(&app, 0).await;
        app.due_customer(1, &floor.lead).await;
        let made = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!((&made["created"], &made["messages"]), (&json!(1), &json!(0)));
    }

    async fn after_a_call_that_settled_nothing_the_dearest_are_written_to_once(app: TestApp) {
        let floor = floor(&app, 2).await;
        let manager = app.person(Role::SalesManager, "manager").await;
        let mut customers = Vec::new();
        for n in 1..=4 {
            let id = warm(&app, n, &floor.lead).await;
            let hot = if n == 4 { "warm" } else { "hot" };
            app.set_customer(id, &[("temperature", hot.into())]).await;
            customers.push(id);
        }
        app.set_customer(customers[2], &[("consent_whatsapp", false.into())]).await;
        app.post(&floor.lead, GENERATE, json!({})).await.ok();
        for &customer in &customers {
            let path = format!("/api/crm/automation/tasks/{}/status", app.open_task(customer).await);
            let body = json!({"status": "completed", "outcome": "no_response", "subReason": "busy"});
            for _ in 0..2 {
                app.put(&floor.lead, &path, body.clone()).await;
            }
        }
        // Not who agreed to no WhatsApp, nor who is only warm.
        let waits = |who: CustomerId| (json!(who), "whatsapp".to_owned(), "waiting".to_owned());
        assert_eq!(messages(&app, &floor.lead).await, [waits(customers[0]), waits(customers[1])]);
        let list = app.get(&floor.lead, MESSAGES).await.ok();
        let text = list["items"][0]["text"].as_str().expect("a text");
        assert!(text.contains("নিয়ে ফোন করেছিলাম"), "{text}");

        // The second try of the first comes to a no: nothing is to be written any more. Planning again
        // leaves the other's alone, though that one is called again as well.
        let again = app.open_task(customers[0]).await;
        let no = json!({"status": "completed", "outcome": "not_interested"});
        app.put(&floor.lead, &format!("/api/crm/automation/tasks/{again}/status"), no).await.ok();
        app.post(&floor.lead, GENERATE, json!({})).await.ok();
        let states: Vec<_> = messages(&app, &floor.lead).await.into_iter().map(|m| m.2).collect();
        assert_eq!(states, ["cancelled", "waiting"]);
        let sent = app.post(&manager, HAND_OVER, json!({"channel": "whatsapp"})).await.ok();
        assert_eq!(sent["items"][0]["customerId"], json!(customers[1]), "{sent:#}");
    }
}
