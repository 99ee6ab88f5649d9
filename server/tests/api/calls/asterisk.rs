//! What an Asterisk is asked, and what it answers when it does not do it. Real calls are in `e2e`.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::calls::{phones, reconcile};
use trustcart::db::Sql;
use wiremock::matchers::{body_partial_json, header, method, path, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{Desk, INITIATE, PHONE, desk};
use crate::support::{TestApp, both};

/// `trustcart:pbx-secret`.
const LOGIN: &str = "Basic dHJ1c3RjYXJ0OnBieC1zZWNyZXQ=";

async fn with_asterisk(app: &TestApp) -> (MockServer, TestApp, Desk) {
    let server = MockServer::start().await;
    let live = app
        .again_with(&[
            "--telephony-provider",
            "asterisk",
            "--asterisk-url",
            &server.uri(),
            "--asterisk-password",
            "pbx-secret",
        ])
        .await;
    let desk = desk(&live).await;
    (server, live, desk)
}

async fn last_call(app: &TestApp, desk: &Desk) -> Value {
    app.get(&desk.leader, "/api/telephony/calls").await.ok()["items"][0].clone()
}

both! {
    async fn the_agents_telephone_rings_first_and_knows_whose_call_it_is(app: TestApp) {
        let (server, app, desk) = with_asterisk(&app).await;
        Mock::given(method("POST"))
            .and(path_regex("^/ari/channels/tc-[0-9a-f]{16}~agent$"))
            .and(header("authorization", LOGIN))
            .and(body_partial_json(json!({
                "endpoint": "PJSIP/201", "app": "trustcart",
                "variables": {
                    "TRUSTCART_NUMBER": "01712345679",
                    "PJSIP_HEADER(add,Alert-Info)": "<sip:auto>;info=alert-autoanswer",
                },
            })))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"id": "x"})))
            .expect(1)
            .mount(&server)
            .await;
        let started = app.post(&desk.agent, INITIATE, json!({"customerPhone": PHONE})).await.ok();
        assert_eq!((&started["mode"], &started["provider"]), (&json!("live"), &json!("asterisk")));
        let call = last_call(&app, &desk).await;
        assert_eq!(call["status"], "initiated");
        assert!(call["capabilities"]["monitor"].as_bool().expect("said"));
    }

    async fn a_telephone_that_is_not_connected_is_said_to_the_agent(app: TestApp) {
        let (server, app, desk) = with_asterisk(&app).await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(500).set_body_json(json!({"error": "Allocation failed"})))
            .mount(&server)
            .await;
        let refused = app.post(&desk.agent, INITIATE, json!({"customerPhone": PHONE})).await;
        refused.problem(409, "phone_not_connected");
        let call = last_call(&app, &desk).await;
        assert_eq!((&call["status"], &call["endReason"]), (&json!("failed"), &json!("provider_error")));
    }

    async fn an_order_whose_answer_was_lost_is_looked_for_not_repeated(app: TestApp) {
        let (server, app, desk) = with_asterisk(&app).await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(6)))
            .expect(1)
            .mount(&server)
            .await;
        Mock::given(method("GET"))
            .and(path_regex("^/ari/channels/tc-[0-9a-f]{16}~agent$"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"id": "x", "state": "Ringing"})))
            .expect(1)
            .mount(&server)
            .await;
        let started = app.post(&desk.agent, INITIATE, json!({"customerPhone": PHONE})).await.ok();
        assert!(started["externalCallId"].as_str().expect("an id").starts_with("tc-"));
    }

    async fn a_call_the_asterisk_does_not_know_is_closed_and_listed(app: TestApp) {
        let (server, app, desk) = with_asterisk(&app).await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"id": "x"})))
            .mount(&server)
            .await;
        app.post(&desk.agent, INITIATE, json!({"customerPhone": PHONE})).await.ok();
        // It cannot be asked: the call may be running.
        let later = app.state.clock.now() + TimeDelta::minutes(1);
        app.state.clock.set(later);
        reconcile::run(&app.state, reconcile::When::Job).await.expect("runs");
        assert_eq!(last_call(&app, &desk).await["status"], "initiated");
        Mock::given(method("GET"))
            .and(path("/ari/channels"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!([
                {"id": "tc-0000000000000000~agent", "name": "PJSIP/202-1", "state": "Up"},
            ])))
            .mount(&server)
            .await;
        reconcile::run(&app.state, reconcile::When::Job).await.expect("runs");
        let gaps = app.get(&desk.leader, "/api/telephony/calls?gaps=true").await.ok();
        assert_eq!(gaps["items"][0]["endReason"], "lost");
    }

    async fn a_browser_gets_a_login_of_its_own_that_is_taken_away_again(app: TestApp) {
        let (server, app, desk) = with_asterisk(&app).await;
        let auth = "/ari/asterisk/config/dynamic/res_pjsip/auth/browser-201";
        Mock::given(method("PUT"))
            .and(path(auth))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!([])))
            .expect(2)
            .mount(&server)
            .await;
        Mock::given(method("DELETE"))
            .and(path(auth))
            .respond_with(ResponseTemplate::new(204))
            .expect(1)
            .mount(&server)
            .await;
        let login = || async { app.post(&desk.agent, "/api/telephony/phone", json!({})).await.ok()["sip"].clone() };
        let (first, second) = (login().await, login().await);
        assert_eq!(first["uri"], "sip:201@trustcart.invalid");
        assert!(first["wsUrl"].as_str().expect("an address").starts_with("ws://"));
        assert_ne!(first["password"], second["password"]);
        assert_eq!(phones::expire(&app.state).await.expect("runs"), json!({"expired": 0}));
        app.state.clock.set(app.state.clock.now() + TimeDelta::hours(13));
        assert_eq!(phones::expire(&app.state).await.expect("runs"), json!({"expired": 1}));
        assert_eq!(phones::expire(&app.state).await.expect("runs"), json!({"expired": 0}));
    }

    async fn only_who_leads_the_agent_may_listen_and_it_is_on_record_before(app: TestApp) {
        let (server, app, desk) = with_asterisk(&app).await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"id": "x"})))
            .mount(&server)
            .await;
        let started = app.post(&desk.agent, INITIATE, json!({"customerPhone": PHONE})).await.ok();
        let id = started["telephonyCallId"].as_i64().expect("an id");
        let monitor = format!("/api/telephony/calls/{id}/monitor");
        let listen = json!({"mode": "listen"});
        app.post(&desk.leader, &monitor, listen.clone()).await.problem(409, "extension_missing");
        let other = app.person(Role::TeamLeader, "tl2").await;
        for person in [&desk.leader, &other] {
            let mut tx = app.state.db.begin().await.expect("begins");
            let sql = Sql::new("UPDATE users SET extension = $1 WHERE id = $2");
            tx.execute(sql.bind(format!("9{}", person.id.0)).bind(person.id)).await.expect("updates");
            tx.commit().await.expect("commits");
        }
        app.post(&other, &monitor, listen.clone()).await.problem(404, "call_not_found");
        app.post(&desk.agent, &monitor, listen.clone()).await.problem(403, "forbidden");
        app.post(&desk.leader, &monitor, json!({"mode": "shout"})).await.problem(422, "invalid_field");
        app.post(&desk.leader, &monitor, listen.clone()).await.problem(409, "call_not_answered");
        let mut tx = app.state.db.begin().await.expect("begins");
        tx.execute(Sql::new("UPDATE telephony_calls SET status = 'answered' WHERE id = $1").bind(id)).await.expect("updates");
        tx.commit().await.expect("commits");
        // The Asterisk knows no such channel any more; that somebody tried is on record.
        Mock::given(method("GET"))
            .and(path("/ari/channels"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!([])))
            .mount(&server)
            .await;
        app.post(&desk.leader, &monitor, listen).await.problem(409, "call_ended");
        let heard: i64 = app.state.db.read().await.expect("reads")
            .scalar(Sql::new("SELECT COUNT(*) FROM audit_log WHERE action = 'call.monitored' AND user_id = $1").bind(desk.leader.id))
            .await
            .expect("counts");
        assert_eq!(heard, 1);
    }

    async fn without_an_asterisk_there_is_no_telephone_in_the_browser(app: TestApp) {
        let desk = desk(&app).await;
        assert_eq!(app.post(&desk.agent, "/api/telephony/phone", json!({})).await.ok(), json!({}));
    }
}
