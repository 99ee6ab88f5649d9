//! Calls through a live Bracknet PBX: every answer it may give, and none at all.

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use trustcart::calls::reconcile;
use trustcart::db::Sql;
use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{Desk, INITIATE, PHONE, desk, task, task_row};
use crate::support::{Answer, TestApp, both};

const KEY: &str = "pbx-key";

/// The application with a PBX at `base`.
async fn with_pbx(app: &TestApp, base: &str) -> TestApp {
    app.again_with(&[
        "--telephony-provider",
        "bracknet",
        "--bracknet-api-base-url",
        base,
        "--bracknet-api-key",
        KEY,
        "--bracknet-timeout-ms",
        "400",
    ])
    .await
}

async fn pbx(app: &TestApp) -> (MockServer, TestApp, Desk) {
    let server = MockServer::start().await;
    let live = with_pbx(app, &format!("{}/api", server.uri())).await;
    let desk = desk(&live).await;
    (server, live, desk)
}

/// What the PBX answers to a start; it must be asked exactly `times` times.
async fn starts(server: &MockServer, answer: ResponseTemplate, times: u64) {
    Mock::given(method("POST"))
        .and(path("/api/call/start"))
        .respond_with(answer)
        .expect(times)
        .mount(server)
        .await;
}

fn started(id: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"status": "success", "bracknet_call_id": id}))
}

async fn dial(app: &TestApp, desk: &Desk) -> Answer {
    app.post(&desk.agent, INITIATE, json!({"customerPhone": PHONE})).await
}

async fn call(app: &TestApp, desk: &Desk, id: &Value) -> Value {
    app.get(&desk.leader, &format!("/api/telephony/calls/{id}")).await.ok()
}

async fn last_call(app: &TestApp, desk: &Desk) -> Value {
    app.get(&desk.leader, "/api/telephony/calls").await.ok()["items"][0].clone()
}

async fn webhook(app: &TestApp, body: Value) {
    let answer =
        app.request(Method::POST, "/api/telephony/webhook/bracknet", None, Some(body)).await;
    assert_eq!(answer.ok(), json!({"status": "ok"}));
}

both! {
    async fn a_call_is_ordered_once_followed_and_ended(app: TestApp) {
        let (server, app, desk) = pbx(&app).await;
        let id = task(&app, &desk.agent, Some(desk.customer), PHONE).await;
        Mock::given(method("POST"))
            .and(path("/api/call/start"))
            .and(header("authorization", format!("Bearer {KEY}")))
            .and(body_partial_json(json!({
                "agent_extension": "201", "agent_id": desk.agent.id.to_string(),
                "customer_number": PHONE, "call_type": "outbound", "crm_call_id": "CRM-CALL-1",
            })))
            .and(header("idempotency-key", "CRM-CALL-1"))
            .respond_with(started("BN-1"))
            .expect(1)
            .mount(&server)
            .await;
        Mock::given(method("POST"))
            .and(path("/api/call/hangup"))
            .and(body_partial_json(json!({"bracknet_call_id": "BN-1"})))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"status": "ended"})))
            .expect(1)
            .mount(&server)
            .await;
        let order = || async {
            let request = app.http.post(format!("{}{INITIATE}", app.base)).bearer_auth(&desk.agent.token);
            let sent = request.header("idempotency-key", "one").json(&json!({"taskId": id})).send();
            Answer::read(sent.await.expect("answers")).await
        };
        let (first, second) = tokio::join!(order(), order());
        let (first, second) = (first.ok(), second.ok());
        assert_eq!(first["telephonyCallId"], second["telephonyCallId"]);
        let id_here = first["telephonyCallId"].clone();
        let shown = call(&app, &desk, &id_here).await;
        assert_eq!((&shown["mode"], &shown["externalCallId"]), (&json!("live"), &json!("BN-1")));
        let can = &shown["capabilities"];
        assert_eq!((&can["hangup"], &can["transfer"], &can["hold"]), (&json!(true), &json!(true), &json!(false)));
        assert_eq!(can["reason"], "not_in_contract");

        webhook(&app, json!({"event": "call_answered", "bracknet_call_id": "BN-1", "agent_extension": "201"})).await;
        let hold = format!("/api/telephony/calls/{id_here}/hold");
        app.post(&desk.agent, &hold, Value::Null).await.problem(409, "not_supported");
        let hangup = format!("/api/telephony/calls/{id_here}/hangup");
        assert_eq!(app.post(&desk.agent, &hangup, Value::Null).await.ok()["status"], "completed");
        webhook(&app, json!({"event": "call_ended", "bracknet_call_id": "BN-1", "duration": 35})).await;
        assert_eq!(call(&app, &desk, &id_here).await["durationSeconds"], 35);
        assert_eq!(task_row(&app, id).await.3.as_deref(), Some("wrap_up"));
    }

    async fn a_refusal_is_told_and_leaves_the_line_free(app: TestApp) {
        let (server, app, desk) = pbx(&app).await;
        for refusal in [
            ResponseTemplate::new(422).set_body_json(json!({"message": "extension is not registered"})),
            ResponseTemplate::new(200).set_body_json(json!({"status": "error", "message": "extension is not registered"})),
        ] {
            starts(&server, refusal, 1).await;
            let problem = dial(&app, &desk).await.problem(502, "provider_refused");
            assert!(problem["detail"].as_str().is_some_and(|d| d.contains("not registered")), "{problem}");
            let failed = last_call(&app, &desk).await;
            assert_eq!((&failed["status"], &failed["endReason"]), (&json!("failed"), &json!("provider_error")));
            server.verify().await;
            server.reset().await;
        }
        for status in [401, 403, 429] {
            starts(&server, ResponseTemplate::new(status), 1).await;
            dial(&app, &desk).await.problem(502, "provider_unavailable");
            server.reset().await;
        }
        starts(&server, started("BN-2"), 1).await;
        dial(&app, &desk).await.ok();
    }

    async fn an_answer_that_is_lost_rings_nobody_twice_and_the_call_is_found_again(app: TestApp) {
        let (server, app, desk) = pbx(&app).await;
        let answers = [
            ResponseTemplate::new(500),
            ResponseTemplate::new(200).set_delay(Duration::from_secs(5)),
            ResponseTemplate::new(200).set_body_string("<html>please log in</html>"),
            ResponseTemplate::new(200).set_body_json(json!({"status": "success"})),
        ];
        for (n, answer) in answers.into_iter().enumerate() {
            starts(&server, answer, 1).await;
            let open = dial(&app, &desk).await.ok();
            assert!(open["externalCallId"].is_null());
            let id = open["telephonyCallId"].clone();
            assert_eq!(call(&app, &desk, &id).await["status"], "initiated");
            // Nobody else rings this customer meanwhile.
            dial(&app, &desk).await.problem(409, "agent_busy");
            let external = format!("BN-{n}");
            webhook(&app, json!({
                "event": "call_answered", "bracknet_call_id": external, "crm_call_id": format!("CRM-CALL-{id}"),
            })).await;
            let found = call(&app, &desk, &id).await;
            assert_eq!((&found["status"], &found["externalCallId"]), (&json!("answered"), &json!(external)));
            webhook(&app, json!({"event": "call_ended", "bracknet_call_id": external, "duration": 5})).await;
            assert_eq!(call(&app, &desk, &id).await["status"], "completed");
            server.verify().await;
            server.reset().await;
        }
    }

    async fn an_unconfirmed_call_can_be_given_up_and_is_closed_in_the_end(app: TestApp) {
        let (server, app, desk) = pbx(&app).await;
        starts(&server, ResponseTemplate::new(503), 2).await;
        let given_up = dial(&app, &desk).await.ok()["telephonyCallId"].clone();
        let hangup = format!("/api/telephony/calls/{given_up}/hangup");
        assert_eq!(app.post(&desk.agent, &hangup, Value::Null).await.ok()["status"], "cancelled");

        let forgotten = dial(&app, &desk).await.ok()["telephonyCallId"].clone();
        reconcile::run(&app.state, reconcile::When::Job).await.expect("reconciles");
        assert_eq!(call(&app, &desk, &forgotten).await["status"], "initiated", "it may still ring");
        let mut tx = app.state.db.begin().await.expect("begins");
        let back = app.state.clock.now() - TimeDelta::minutes(6);
        let age = Sql::new("UPDATE telephony_calls SET created_at = $1 WHERE id = $2");
        tx.execute(age.bind(back).bind(forgotten.as_i64().expect("an id"))).await.expect("ages");
        tx.commit().await.expect("commits");
        reconcile::run(&app.state, reconcile::When::Job).await.expect("reconciles");
        let closed = call(&app, &desk, &forgotten).await;
        assert_eq!((&closed["status"], &closed["endReason"]), (&json!("failed"), &json!("lost")));
        let gaps = app.get(&desk.leader, "/api/telephony/calls?gaps=true").await.ok();
        assert_eq!(gaps["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(gaps["items"][0]["id"], forgotten);
    }

    async fn a_pbx_that_is_away_is_said_at_once_and_not_asked_again_for_a_while(app: TestApp) {
        // A port nobody listens on.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        drop(listener);
        let app = with_pbx(&app, &base).await;
        let desk = desk(&app).await;
        for _ in 0..7 {
            dial(&app, &desk).await.problem(502, "provider_unavailable");
            assert_eq!(last_call(&app, &desk).await["status"], "failed");
        }
    }

    async fn hanging_up_is_tried_again_and_a_forgotten_call_is_over(app: TestApp) {
        let (server, app, desk) = pbx(&app).await;
        starts(&server, started("BN-1"), 1).await;
        let hangups = || Mock::given(method("POST")).and(path("/api/call/hangup"));
        hangups().respond_with(ResponseTemplate::new(500)).up_to_n_times(2).expect(2).mount(&server).await;
        hangups()
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"status": "ended"})))
            .expect(1)
            .mount(&server)
            .await;
        let id = dial(&app, &desk).await.ok()["telephonyCallId"].clone();
        let hangup = format!("/api/telephony/calls/{id}/hangup");
        assert_eq!(app.post(&desk.agent, &hangup, Value::Null).await.ok()["status"], "cancelled");
        server.verify().await;
        server.reset().await;

        starts(&server, started("BN-2"), 1).await;
        hangups().respond_with(ResponseTemplate::new(404)).expect(1).mount(&server).await;
        let id = dial(&app, &desk).await.ok()["telephonyCallId"].clone();
        let hangup = format!("/api/telephony/calls/{id}/hangup");
        assert_eq!(app.post(&desk.agent, &hangup, Value::Null).await.ok()["status"], "cancelled");
    }

    async fn the_number_shown_to_customers_is_a_setting_whatever_an_agent_asks_for(app: TestApp) {
        let server = MockServer::start().await;
        let base = format!("{}/api", server.uri());
        let app = app.again_with(&[
            "--telephony-provider", "bracknet", "--bracknet-api-base-url", &base, "--bracknet-api-key", KEY,
            "--bracknet-caller-id", "09612345678",
        ]).await;
        let desk = desk(&app).await;
        for (n, (asked, shown)) in [(json!(null), "09612345678"), (json!("TrustCart"), "09612345678")].into_iter().enumerate() {
            let start = Mock::given(path("/api/call/start")).and(body_partial_json(json!({"caller_id": shown})));
            start.respond_with(started(&format!("BN-{n}"))).expect(1).mount(&server).await;
            let body = json!({"customer_number": format!("0171234567{n}"), "caller_id": asked});
            let id = app.post(&desk.agent, "/api/call/start", body).await.ok()["bracknet_call_id"].clone();
            webhook(&app, json!({"event": "call_ended", "bracknet_call_id": id})).await;
            server.verify().await;
            server.reset().await;
        }
    }

    async fn a_customer_is_passed_on_by_the_pbx(app: TestApp) {
        let (server, app, desk) = pbx(&app).await;
        starts(&server, started("BN-1"), 1).await;
        Mock::given(method("POST"))
            .and(path("/api/call/transfer"))
            .and(body_partial_json(json!({"bracknet_call_id": "BN-1", "transfer_extension": "301"})))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"status": "success"})))
            .expect(1)
            .mount(&server)
            .await;
        let id = dial(&app, &desk).await.ok()["telephonyCallId"].clone();
        webhook(&app, json!({"event": "call_answered", "bracknet_call_id": "BN-1"})).await;
        let body = json!({"bracknet_call_id": "BN-1", "transfer_extension": "301"});
        let answer = app.post(&desk.agent, "/api/call/transfer", body).await.ok();
        assert_eq!(answer, json!({"status": "success", "mode": "live"}));
        assert_eq!(call(&app, &desk, &id).await["status"], "answered");
    }

    async fn without_an_extension_there_is_nothing_to_ring(app: TestApp) {
        let (server, app, _) = pbx(&app).await;
        starts(&server, started("BN-1"), 0).await;
        let bare = app.person(trustcart::auth::Role::Agent, "bare").await;
        let answer = app.post(&bare, INITIATE, json!({"customerPhone": "01812345678"})).await;
        answer.problem(409, "extension_missing");
    }
}
