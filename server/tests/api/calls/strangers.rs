//! Nobody learns by dialling, or by a call nobody took, whose number it is (SPEC §0).

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use trustcart::auth::Role;

use super::{INITIATE, PHONE, count, desk, task};
use crate::support::{Answer, Person, TestApp, both};

const BY_HAND: &str = "/api/telephony/calls/by-hand";
const NUMBER: &str = "01999000007";
const NAME: &str = "Canary Kobita";

/// A customer of another team leader's agent.
async fn stranger(app: &TestApp) -> i64 {
    let other = app.person(Role::TeamLeader, "other").await;
    let team = app.team("A", &other).await;
    let theirs = app.agent("theirs", team, &other, "301").await;
    app.customer(NAME, NUMBER, Some(&theirs), Some(&other)).await.0
}

/// Asserts that an answer tells neither the name nor the id of the customer.
#[track_caller]
fn tells_nothing(what: &str, body: &Value) {
    let text = body.to_string();
    assert!(!text.contains("Canary"), "{what}: {body:#}");
    assert!(!text.contains("customerId") && !text.contains("customerName"), "{what}: {body:#}");
}

async fn everything_seen(app: &TestApp, who: &Person) -> Vec<(String, Value)> {
    let mut seen = Vec::new();
    for path in [
        "/api/telephony/calls",
        "/api/crm/desk",
        "/api/crm/automation/tasks/today",
        "/api/cdm/customers",
        "/api/cdm/search?q=01999000007",
    ] {
        seen.push((format!("{path} of {}", who.login), app.get(who, path).await.body));
    }
    seen
}

both! {
    async fn a_stranger_s_number_is_dialled_and_stays_a_number(app: TestApp) {
        let desk = desk(&app).await;
        let customer = stranger(&app).await;
        let boss = app.person(Role::Admin, "boss").await;
        for (n, (path, body)) in [
            (INITIATE, json!({"customerPhone": NUMBER})),
            ("/api/call/start", json!({"customer_number": NUMBER, "agent_extension": "201"})),
            (BY_HAND, json!({"customerPhone": NUMBER, "talkSeconds": 5})),
        ].into_iter().enumerate() {
            for who in [&desk.agent, &desk.leader] {
                let mut body = body.clone();
                if who.role == Role::TeamLeader
                    && let Some(extension) = body.get_mut("agent_extension")
                {
                    extension.take();
                }
                let mut watch = app.watch();
                let answer = app.post(who, path, body).await;
                assert_eq!(answer.status, 200, "{:#}", answer.body);
                tells_nothing(path, &answer.body);
                let id = answer.body.get("telephonyCallId").or_else(|| answer.body.get("id")).expect("an id").clone();
                loop {
                    let event = watch.next().await;
                    tells_nothing("an event", &event);
                    if event["type"] == "call.updated" && event["data"]["call"]["id"] == id
                        && event["data"]["call"]["endedAt"].is_string() {
                        break;
                    }
                }
                let call = app.get(who, &format!("/api/telephony/calls/{id}")).await.ok();
                assert_eq!(call["customerPhone"], "+8801999000007", "call {n}");
                for (what, body) in everything_seen(&app, who).await {
                    assert!(!body.to_string().contains("Canary"), "{what}: {body:#}");
                }
            }
        }
        let view = app.get(&boss, &format!("/api/cdm/customer360/{customer}")).await.ok();
        assert_eq!(view["timeline"], json!([]), "nothing was written there");
        assert_eq!(view["customer"]["lastContactAt"], Value::Null);
        // Those who may see the customer see whose number it is.
        let mut watch = app.watch();
        let call = app.post(&boss, INITIATE, json!({"customerPhone": NUMBER})).await.ok();
        watch.until("call.updated", |data| {
            data["call"]["id"] == call["telephonyCallId"] && data["call"]["customerName"] == NAME
        }).await;
    }

    async fn a_customer_who_is_not_to_be_called_is_not_whoever_dials(app: TestApp) {
        let desk = desk(&app).await;
        let customer = stranger(&app).await;
        let boss = app.person(Role::Admin, "boss").await;
        let path = format!("/api/cdm/customers/{customer}");
        app.patch(&boss, &path, json!({"doNotCall": true, "doNotCallReason": "asked"})).await.ok();
        let refused = app.post(&desk.agent, INITIATE, json!({"customerPhone": NUMBER})).await;
        let refused = refused.problem(409, "do_not_call");
        tells_nothing("the refusal", &refused);
    }

    async fn unknown_numbers_and_calls_by_hand_are_limited_by_the_hour(app: TestApp) {
        let desk = desk(&app).await;
        let by_hand = async |n: i64| -> Answer {
            let number = format!("019990001{n:02}");
            let started = app.state.clock.now() - TimeDelta::hours(5);
            app.post(&desk.agent, BY_HAND, json!({"customerPhone": number, "startedAt": started})).await
        };
        for n in 0..60 {
            by_hand(n).await.ok();
        }
        let refused = by_hand(60).await;
        assert!(refused.headers.contains_key("retry-after"));
        refused.problem(429, "too_many_calls");
        app.post(&desk.agent, INITIATE, json!({"customerPhone": NUMBER})).await.problem(429, "too_many_calls");
        let task = task(&app, &desk.agent, Some(desk.customer), PHONE).await;
        app.post(&desk.agent, INITIATE, json!({"taskId": task})).await.ok();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM telephony_calls").await, 61);
    }

    async fn a_call_nobody_took_is_seen_by_whose_customer_it_is(app: TestApp) {
        let desk = desk(&app).await;
        stranger(&app).await;
        let boss = app.person(Role::Admin, "boss").await;
        let missed = async |id: &str, from: &str| {
            let body = json!({"event": "call_missed", "bracknet_call_id": id, "from": from, "to": "09612345678"});
            app.request(Method::POST, "/api/webhook/bracknet/call-missed", None, Some(body)).await.ok();
        };
        missed("BN-1", NUMBER).await;
        missed("BN-2", PHONE).await;
        missed("BN-3", "01888000001").await;
        let other = app.login_as("other").await;
        for (who, expected) in [(&desk.leader, 2), (&other, 2), (&boss, 3)] {
            for path in ["/api/telephony/calls", "/api/telephony/webhook-deliveries"] {
                let list = app.get(who, path).await.ok();
                assert_eq!(list["items"].as_array().map(Vec::len), Some(expected), "{path} of {}: {list:#}", who.login);
            }
        }
        for (what, body) in everything_seen(&app, &desk.leader).await {
            assert!(!body.to_string().contains("Canary"), "{what}");
        }
        let deliveries = app.get(&desk.leader, "/api/telephony/webhook-deliveries").await.ok();
        assert!(!deliveries.to_string().contains(NUMBER), "{deliveries:#}");
    }

    async fn a_task_nobody_has_is_seen_by_whose_customer_it_is(app: TestApp) {
        let desk = desk(&app).await;
        let customer = stranger(&app).await;
        let theirs = task(&app, &desk.agent, Some(trustcart::db::CustomerId(customer)), NUMBER).await;
        let ours = task(&app, &desk.agent, Some(desk.customer), PHONE).await;
        let unknown = task(&app, &desk.agent, None, "01888000001").await;
        let mut tx = app.state.db.begin().await.expect("begins");
        tx.execute("UPDATE crm_call_tasks SET assigned_to = NULL").await.expect("runs");
        tx.commit().await.expect("commits");
        let other = app.login_as("other").await;
        for (who, sees) in [(&desk.leader, [ours, unknown]), (&other, [theirs, unknown])] {
            for task in [theirs, ours, unknown] {
                let visible = sees.contains(&task);
                let answer = app.get(who, &format!("/api/crm/automation/tasks/{task}")).await;
                assert_eq!(answer.status, if visible { 200 } else { 404 }, "{} {task}", who.login);
                if !visible {
                    app.post(who, INITIATE, json!({"taskId": task})).await.problem(404, "task_not_found");
                    if who.id == desk.leader.id {
                        let assign = format!("/api/crm/automation/tasks/{task}/assign");
                        let body = json!({"agentId": desk.agent.id});
                        app.put(who, &assign, body).await.problem(404, "task_not_found");
                    }
                }
            }
        }
    }

    async fn the_number_shown_is_chosen_by_those_who_lead(app: TestApp) {
        let desk = desk(&app).await;
        for (wrong, code) in [
            ("017\r\nVia: x".to_owned(), "invalid_caller_id"),
            ("\u{1b}[31m".to_owned(), "invalid_character"),
            ("0".repeat(101), "invalid_caller_id"),
        ] {
            let body = json!({"customer_number": NUMBER, "caller_id": wrong});
            let problem = app.post(&desk.agent, "/api/call/start", body).await.problem(422, code);
            assert_eq!(problem["field"], "caller_id");
        }
        // As in the contract's example.
        let body = json!({"customer_number": NUMBER, "caller_id": "TrustCart"});
        app.post(&desk.agent, "/api/call/start", body).await.ok();
    }
}
