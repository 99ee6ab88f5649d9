//! Every order and repetition of a call's events ends in the same row.

use futures::future::join_all;
use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::calls::service;
use trustcart::calls::store::{self, NewCall};
use trustcart::db::{CallId, PhoneNumber, Sql};
use trustcart::telephony::{Mode, ProviderKind};

use super::{ANSWERED, ENDED, GENERIC, INCOMING, RECORDING, call, ok, pending_missed};
use crate::support::{TestApp, both};

/// The four events of one inbound call; `stamped`: with timestamps.
fn events(external: &str, phone: &str, stamped: bool) -> Vec<(&'static str, Value)> {
    let mut events = vec![
        (
            INCOMING,
            json!({"event": "incoming_call", "from": phone, "to_extension": "201", "bracknet_call_id": external}),
            "04:29:00",
        ),
        (
            ANSWERED,
            json!({"event": "call_answered", "callId": external, "agent_extension": "201"}),
            "04:29:10",
        ),
        (
            GENERIC,
            json!({"event": "call_ended", "id": external, "duration": 35, "disposition": "ANSWERED"}),
            "04:29:45",
        ),
        (
            RECORDING,
            json!({"event": "call_recording_ready", "bracknet_call_id": external,
            "recording_url": "https://pbx.example/a.mp3", "recording_duration": 35}),
            "04:29:50",
        ),
    ];
    if stamped {
        for (_, body, time) in &mut events {
            body["timestamp"] = json!(format!("2026-11-21T{time}Z"));
        }
    }
    events.into_iter().map(|(path, body, _)| (path, body)).collect()
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for rest in permutations(n - 1) {
        for place in 0..n {
            let mut one = rest.clone();
            one.insert(place, n - 1);
            all.push(one);
        }
    }
    all
}

/// What must be the same whatever happened, without what names the call.
async fn row(app: &TestApp, external: &str) -> Value {
    let mut row = call(app, external).await;
    let (id, task) = (row["id"].take(), row["taskId"].take());
    for key in ["id", "taskId", "externalCallId", "customerPhone", "customerId", "customerName"] {
        row.as_object_mut().expect("an object").remove(key);
    }
    let mut tx = app.state.db.read().await.expect("reads");
    let id = CallId(id.as_i64().expect("an id"));
    let entries: Vec<(String, String)> = tx
        .all(
            Sql::new(
                "SELECT summary, CAST(data AS TEXT) FROM customer_interactions WHERE ref = $1",
            )
            .bind(format!("call:{id}")),
        )
        .await
        .expect("the timeline");
    assert_eq!(entries.len(), 1, "one entry in the timeline");
    row["timeline"] = json!(entries[0].0);
    // The talk is the work on one task of the customer, which waits for its outcome.
    let work: Vec<(String, Option<String>)> = tx
        .all(
            Sql::new(
                "SELECT t.status, w.state FROM crm_call_tasks t
                 LEFT JOIN wrap_ups w ON w.task_id = t.id WHERE t.id = $1",
            )
            .bind(task.as_i64()),
        )
        .await
        .expect("the task");
    row["task"] = json!(work);
    row
}

both! {
    async fn every_order_and_repetition_ends_in_the_same_row(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("A", &leader).await;
        app.agent("agent", team, &leader, "201").await;
        for stamped in [true, false] {
            let mut rows = Vec::new();
            for (n, order) in permutations(4).into_iter().enumerate() {
                let external = format!("BN-{stamped}-{n}");
                let phone = format!("017{}{n:07}", u8::from(stamped));
                app.customer("Customer", &phone, None, Some(&leader)).await;
                let events = events(&external, &phone, stamped);
                for (step, index) in order.iter().enumerate() {
                    let (path, body) = &events[*index];
                    ok(&app, path, body.clone()).await;
                    if (step + n).is_multiple_of(2) {
                        ok(&app, path, body.clone()).await;
                        // And an older one once more.
                        let (path, body) = &events[order[0]];
                        ok(&app, path, body.clone()).await;
                    }
                }
                rows.push(row(&app, &external).await);
            }
            assert_eq!(rows.len(), 24);
            for row in &rows {
                assert_eq!(row, &rows[0]);
            }
            assert_eq!(rows[0]["status"], "completed");
            assert_eq!(rows[0]["durationSeconds"], 35);
            assert_eq!(rows[0]["task"], json!([["in_progress", "wrap_up"]]));
        }
        assert_eq!(pending_missed(&app).await, 0, "answered calls leave no call-back");
        let calls: i64 = app.state.db.read().await.expect("reads")
            .scalar("SELECT COUNT(*) FROM telephony_calls").await.expect("a count");
        assert_eq!(calls, 48);
    }

    async fn an_answer_that_arrives_after_the_end_withdraws_the_call_back(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "tl").await;
        app.customer("Rahima", "01712345678", None, Some(&leader)).await;
        ok(&app, INCOMING, json!({"from": "01712345678", "to_extension": "201", "id": "BN-1"})).await;
        ok(&app, ENDED, json!({"id": "BN-1"})).await;
        assert_eq!(call(&app, "BN-1").await["status"], "missed");
        assert_eq!(pending_missed(&app).await, 1);
        ok(&app, ANSWERED, json!({"id": "BN-1", "agent_extension": "201"})).await;
        assert_eq!(row(&app, "BN-1").await["timeline"], "call.completed");
        assert_eq!(pending_missed(&app).await, 0);
    }

    async fn all_at_once_is_one_row(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "tl").await;
        app.customer("Rahima", "01712345678", None, Some(&leader)).await;
        let events = events("BN-1", "01712345678", true);
        let sends = (0..32).map(|n| {
            let (path, body) = events[n % 4].clone();
            let app = &app;
            async move { ok(app, path, body).await }
        });
        join_all(sends).await;
        let row = row(&app, "BN-1").await;
        assert_eq!((&row["status"], &row["durationSeconds"]), (&json!("completed"), &json!(35)));
        let calls: i64 = app.state.db.read().await.expect("reads")
            .scalar("SELECT COUNT(*) FROM telephony_calls").await.expect("a count");
        assert_eq!(calls, 1);
    }

    async fn events_that_outrun_the_answer_to_dialling_merge_into_its_row(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("A", &leader).await;
        let agent = app.agent("agent", team, &leader, "201").await;
        let new = NewCall {
            agent: agent.id,
            extension: Some("201".to_owned()),
            phone: PhoneNumber::parse("01712345678").expect("a number"),
            task: None,
            customer: None,
            owner: None,
            provider: ProviderKind::Bracknet,
            mode: Mode::Live,
            external_call_id: None,
            idempotency_key: None,
        };
        let mut tx = app.state.db.begin().await.expect("begins");
        let id = store::insert(&mut tx, &new, app.state.clock.now(), app.state.clock.now()).await.expect("inserts").expect("free");
        app.state.commit(tx).await.expect("commits");

        ok(&app, ANSWERED, json!({"id": "BN-9", "timestamp": "2026-11-21T04:30:05Z"})).await;
        ok(&app, ENDED, json!({"id": "BN-9", "duration": 20, "timestamp": "2026-11-21T04:30:25Z"})).await;
        service::attach(&app.state, id, "BN-9").await.expect("attached");
        service::attach(&app.state, id, "BN-9").await.expect("and again");

        let call = call(&app, "BN-9").await;
        assert_eq!((&call["id"], &call["status"]), (&json!(id), &json!("completed")));
        assert_eq!((&call["direction"], &call["durationSeconds"]), (&json!("outbound"), &json!(20)));
        let mut tx = app.state.db.read().await.expect("reads");
        let calls: i64 = tx.scalar("SELECT COUNT(*) FROM telephony_calls").await.expect("a count");
        assert_eq!(calls, 1);
        let elsewhere: i64 = tx
            .scalar(Sql::new("SELECT COUNT(*) FROM webhook_deliveries WHERE call_id <> $1").bind(id))
            .await
            .expect("a count");
        assert_eq!(elsewhere, 0, "the deliveries point to the one row");
    }
}
