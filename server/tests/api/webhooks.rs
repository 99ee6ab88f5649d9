//! Events from a Bracknet PBX: in any order, twice, about calls nobody knows, and nonsense.

mod bad_input;
mod callers;
mod disorder;
mod local;
mod log;
mod lost;
mod reuse;
mod signed;
mod storm;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::db::Sql;

use crate::support::{Answer, TestApp, both};

const INCOMING: &str = "/api/webhook/bracknet/incoming-call";
const ANSWERED: &str = "/api/webhook/bracknet/call-answered";
const ENDED: &str = "/api/webhook/bracknet/call-ended";
const RECORDING: &str = "/api/webhook/bracknet/call-recording";
const MISSED: &str = "/api/webhook/bracknet/call-missed";
const GENERIC: &str = "/api/telephony/webhook/bracknet";

async fn send(app: &TestApp, path: &str, body: Value) -> Answer {
    app.request(Method::POST, path, None, Some(body)).await
}

/// Sends it and expects exactly the guides' answer.
async fn ok(app: &TestApp, path: &str, body: Value) {
    assert_eq!(send(app, path, body).await.ok(), json!({"status": "ok"}));
}

async fn raw(app: &TestApp, path: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = app.http.post(format!("{}{path}", app.base)).body(body);
    let request = request.header("content-type", "application/json");
    Answer::read(request.send().await.expect("the server answers")).await
}

/// The call with an id at the PBX, as a manager sees it.
async fn call(app: &TestApp, external: &str) -> Value {
    let sql = Sql::new("SELECT id FROM telephony_calls WHERE external_call_id = $1").bind(external);
    let id: i64 = app.state.db.read().await.expect("reads").scalar(sql).await.expect("one call");
    let mut tx = app.state.db.read().await.expect("reads");
    let call =
        trustcart::calls::view::one(&mut tx, trustcart::db::CallId(id)).await.expect("reads");
    serde_json::to_value(call.expect("the call")).expect("serialises")
}

async fn pending_missed(app: &TestApp) -> i64 {
    let sql =
        "SELECT COUNT(*) FROM crm_call_tasks WHERE kind = 'missed_call' AND status = 'pending'";
    app.state.db.read().await.expect("reads").scalar(sql).await.expect("a count")
}

both! {
    async fn a_call_comes_in_pops_up_is_taken_and_ends(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("A", &leader).await;
        let agent = app.agent("agent", team, &leader, "201").await;
        let customer = app.customer("Rahima", "01712345678", Some(&agent), Some(&leader)).await;
        let mut watch = app.watch();
        ok(&app, INCOMING, json!({
            "event": "incoming_call", "from": "01712345678", "to_extension": "201",
            "bracknet_call_id": "BN-CALL-111222", "timestamp": "2026-11-21T04:29:00Z",
        })).await;
        let popped = watch.until("call.incoming", |_| true).await;
        assert_eq!(popped["customer"]["id"], json!(customer));
        assert_eq!(popped["customer"]["segment"], "new+normal");
        assert_eq!(popped["call"]["agentUserId"], json!(agent.id));
        assert_eq!(popped["call"]["status"], "ringing");

        ok(&app, ANSWERED, json!({
            "event": "call_answered", "bracknet_call_id": "BN-CALL-111222", "agent_extension": "201",
            "timestamp": "2026-11-21T04:29:10Z",
        })).await;
        let status = app.get(&agent, "/api/telephony/agents/me/status").await.ok();
        assert_eq!(status["status"], "on_call");
        ok(&app, ENDED, json!({
            "event": "call_ended", "bracknet_call_id": "BN-CALL-111222", "duration": 35,
            "end_reason": "completed", "timestamp": "2026-11-21T04:29:45Z",
        })).await;
        ok(&app, RECORDING, json!({
            "event": "call_recording_ready", "bracknet_call_id": "BN-CALL-111222",
            "recording_url": "https://bracknet.com/records/BN-CALL-111222.mp3", "recording_duration": 35,
        })).await;
        let call = call(&app, "BN-CALL-111222").await;
        assert_eq!(call["status"], "completed");
        assert_eq!(call["direction"], "inbound");
        assert_eq!(call["answeredAt"], "2026-11-21T04:29:10Z");
        assert_eq!(call["endedAt"], "2026-11-21T04:29:45Z");
        assert_eq!(call["durationSeconds"], 35);
        assert_eq!(call["recordingUrl"], "https://bracknet.com/records/BN-CALL-111222.mp3");
        let status = app.get(&agent, "/api/telephony/agents/me/status").await.ok();
        assert_eq!(status["status"], "wrap_up", "the talk waits for its outcome");
        assert!(call["taskId"].is_i64(), "{call:#}");
        assert_eq!(pending_missed(&app).await, 0);

        let deliveries = app.get(&leader, "/api/telephony/webhook-deliveries").await.ok();
        let outcomes: Vec<_> = deliveries["items"].as_array().expect("items").iter().map(|d| &d["outcome"]).collect();
        assert_eq!(outcomes, ["applied"; 4]);
        assert!(deliveries["items"][0]["body"].as_str().is_some_and(|b| b.contains("BN-CALL-111222")));
        app.get(&agent, "/api/telephony/webhook-deliveries").await.problem(403, "forbidden");
    }

    async fn a_call_nobody_took_becomes_one_task(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("A", &leader).await;
        let agent = app.agent("agent", team, &leader, "201").await;
        let customer = app.customer("Rahima", "01712345678", Some(&agent), Some(&leader)).await;
        let missed = json!({
            "event": "call_missed", "from": "01712345678", "to_extension": "201",
            "timestamp": "2026-11-21T04:25:00Z",
        });
        for _ in 0..3 {
            ok(&app, MISSED, missed.clone()).await;
        }
        assert_eq!(pending_missed(&app).await, 1);
        let list = app.get(&leader, "/api/telephony/calls?status=missed").await.ok();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "a replay is the same call");
        assert_eq!(list["items"][0]["customerId"], json!(customer));
        // Rings again and is not answered again: one task is enough.
        let again = json!({
            "event": "call_missed", "from": "8801712345678", "to_extension": "201",
            "timestamp": "2026-11-21T04:28:00Z",
        });
        ok(&app, GENERIC, again).await;
        assert_eq!(pending_missed(&app).await, 1);
        // The same from a number nobody knows: a task without customer.
        let stranger = json!({"event": "call_missed", "from": "029876543", "to_extension": "201"});
        ok(&app, MISSED, stranger).await;
        let mut tx = app.state.db.read().await.expect("reads");
        let (phone, owner): (String, Option<i64>) = tx
            .one("SELECT phone, customer_id FROM crm_call_tasks WHERE phone NOT LIKE '+880%'")
            .await
            .expect("the task");
        assert_eq!((phone.as_str(), owner), ("029876543", None));
    }

    async fn ringing_and_then_missed_without_an_id_is_one_call(app: TestApp) {
        let ring = json!({
            "event": "incoming_call", "from": "01712345678", "to_extension": "201",
            "bracknet_call_id": "BN-7", "timestamp": "2026-11-21T04:25:00Z",
        });
        let missed = json!({
            "event": "call_missed", "from": "01712345678", "to_extension": "201",
            "timestamp": "2026-11-21T04:25:30Z",
        });
        ok(&app, INCOMING, ring.clone()).await;
        ok(&app, MISSED, missed.clone()).await;
        let one_way = call(&app, "BN-7").await;
        assert_eq!(one_way["status"], "missed");

        let with = |value: &Value, id: &str, from: &str| {
            let mut value = value.clone();
            value["from"] = json!(from);
            if value["bracknet_call_id"].is_string() {
                value["bracknet_call_id"] = json!(id);
            }
            value
        };
        ok(&app, MISSED, with(&missed, "BN-8", "01812345678")).await;
        ok(&app, INCOMING, with(&ring, "BN-8", "01812345678")).await;
        let other_way = call(&app, "BN-8").await;
        for key in ["status", "startedAt", "ringingAt", "endedAt", "direction", "agentExtension"] {
            assert_eq!(one_way[key], other_way[key], "{key}");
        }
        let sql = "SELECT COUNT(*) FROM telephony_calls";
        let calls: i64 = app.state.db.read().await.expect("reads").scalar(sql).await.expect("a count");
        assert_eq!(calls, 2);
        assert_eq!(pending_missed(&app).await, 2);
    }

    async fn events_of_a_call_nobody_knows_are_kept_and_shown(app: TestApp) {
        let manager = app.person(Role::SalesManager, "manager").await;
        ok(&app, ENDED, json!({"event": "call_ended", "bracknet_call_id": "BN-GHOST", "duration": 12})).await;
        let deliveries = app.get(&manager, "/api/telephony/webhook-deliveries").await.ok();
        let delivery = &deliveries["items"][0];
        assert_eq!(delivery["outcome"], "unknown_call");
        assert_eq!(delivery["externalCallId"], "BN-GHOST");
        let list = app.get(&manager, "/api/telephony/calls").await.ok();
        assert_eq!(list["items"][0]["id"], delivery["callId"]);
        assert_eq!(list["items"][0]["status"], "completed");
        assert_eq!(pending_missed(&app).await, 0);
    }

    async fn nonsense_is_refused_kept_and_harmless(app: TestApp) {
        let manager = app.person(Role::SalesManager, "manager").await;
        let ended = |key: &str, value: Value| {
            let mut body = json!({"event": "call_ended", "bracknet_call_id": "BN-1"});
            body[key] = value;
            body
        };
        for (path, body, status, code) in [
            (ENDED, ended("bracknet_call_id", json!("x".repeat(10_000))), 422, "invalid_field"),
            (ENDED, ended("bracknet_call_id", json!({"a": 1})), 422, "invalid_field"),
            (ENDED, ended("bracknet_call_id", json!("a\u{0}b")), 422, "invalid_field"),
            (ENDED, json!({"event": "call_ended"}), 422, "missing_field"),
            (ENDED, ended("event", json!("call_answered")), 422, "event_mismatch"),
            (GENERIC, ended("event", json!("call_teleported")), 422, "unknown_event"),
            (GENERIC, json!([]), 422, "invalid_body"),
            (RECORDING, json!({"bracknet_call_id": "BN-1", "recording_url": "ask his wife"}), 422, "invalid_recording_url"),
        ] {
            send(&app, path, body).await.problem(status, code);
        }
        raw(&app, ENDED, "duration=135").await.problem(400, "malformed_json");
        raw(&app, ENDED, vec![0xff, 0xfe, 0x00]).await.problem(400, "malformed_json");
        raw(&app, ENDED, "").await.problem(400, "malformed_json");
        raw(&app, ENDED, " ".repeat(64 * 1024 + 1)).await.problem(413, "body_too_large");
        raw(&app, ENDED, "[".repeat(60_000)).await.problem(400, "malformed_json");

        let sql = "SELECT COUNT(*) FROM telephony_calls";
        let calls: i64 = app.state.db.read().await.expect("reads").scalar(sql).await.expect("a count");
        assert_eq!(calls, 0, "nothing written but the delivery log");
        let deliveries = app.get(&manager, "/api/telephony/webhook-deliveries?limit=200").await.ok();
        let items = deliveries["items"].as_array().expect("items");
        assert_eq!(items.len(), 13);
        assert!(items.iter().all(|d| d["outcome"] == "rejected" && d["code"].is_string()));

        // What is odd but harmless is taken: keys and texts PostgreSQL could not store as they are.
        let odd = "{\"event\":\"call_ended\",\"id\":7,\"duration\":3,\"note\\u0000\":\"a\\u0000b\"}";
        assert_eq!(raw(&app, GENERIC, odd).await.status, StatusCode::OK);
    }

    async fn only_this_machine_may_send_unless_the_operator_says_otherwise(app: TestApp) {
        let body = json!({"event": "call_ended", "bracknet_call_id": "BN-1"}).to_string();
        for header in ["X-Forwarded-For", "Forwarded", "X-Real-Ip"] {
            let request = app.http.post(format!("{}{ENDED}", app.base)).header(header, "203.0.113.9");
            let answer = Answer::read(request.body(body.clone()).send().await.expect("answers")).await;
            answer.problem(403, "webhook_not_allowed");
        }
        let sql = "SELECT COUNT(*) FROM webhook_deliveries";
        let kept: i64 = app.state.db.read().await.expect("reads").scalar(sql).await.expect("a count");
        assert_eq!(kept, 0);
        let open = app.again_with(&["--insecure-webhooks", "true"]).await;
        let request = open.http.post(format!("{}{ENDED}", open.base)).header("X-Forwarded-For", "203.0.113.9");
        assert_eq!(request.body(body).send().await.expect("answers").status(), 200);
    }

    async fn a_call_played_by_the_simulator_listens_to_webhooks_too(app: TestApp) {
        let app = app.again_with(&["--simulator-speed", "1"]).await;
        let agent = app.person(Role::Agent, "agent").await;
        let body = json!({"customer_number": "01712345679"});
        let started = app.post(&agent, "/api/call/start", body).await.ok();
        let external = started["bracknet_call_id"].as_str().expect("an id");
        ok(&app, ENDED, json!({"event": "call_ended", "bracknet_call_id": external, "duration": 135, "end_reason": "completed"})).await;
        let call = call(&app, external).await;
        assert_eq!((&call["id"], &call["status"]), (&started["telephonyCallId"], &json!("completed")));
        assert_eq!(call["durationSeconds"], 135);
        let list = app.get(&agent, "/api/telephony/calls").await.ok();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    }
}
