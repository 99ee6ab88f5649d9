//! A call made on another telephone is written down, once, and waits for its outcome like any other.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;

use super::{INITIATE, PHONE, count, desk, task, task_row};
use crate::support::both;

const BY_HAND: &str = "/api/telephony/calls/by-hand";

both! {
    async fn a_call_on_another_telephone_waits_for_its_outcome_and_is_in_the_timeline(app: TestApp) {
        let desk = desk(&app).await;
        let task = task(&app, &desk.agent, Some(desk.customer), PHONE).await;
        let body = json!({"taskId": task, "talkSeconds": 90});
        let call = app.post(&desk.agent, BY_HAND, body).await.ok();
        assert_eq!(
            (&call["provider"], &call["status"], &call["durationSeconds"], &call["direction"]),
            (&json!("by_hand"), &json!("completed"), &json!(90), &json!("outbound"))
        );
        assert_eq!(call["customerName"], "Rahima");
        let began = app.state.clock.now() - TimeDelta::seconds(90);
        assert_eq!(call["startedAt"], json!(began), "so long ago as was talked");
        let (status, attempts, notes, wrap_up) = task_row(&app, task).await;
        assert_eq!((status.as_str(), attempts, wrap_up.as_deref()), ("in_progress", 1, Some("wrap_up")));
        assert_eq!(notes.matches("[call ").count(), 1, "{notes}");
        let mine = app.get(&desk.agent, "/api/telephony/agents/me/status").await.ok();
        assert_eq!(mine["status"], "wrap_up");
        let entries = "SELECT COUNT(*) FROM customer_interactions WHERE kind = 'call'";
        assert_eq!(count(&app, entries).await, 1);
        let done = json!({"status": "completed", "outcome": "not_interested"});
        let path = format!("/api/crm/automation/tasks/{task}/status");
        app.request(Method::PUT, &path, Some(&desk.agent), Some(done)).await.ok();
    }

    async fn nobody_answered_on_the_other_telephone(app: TestApp) {
        let desk = desk(&app).await;
        let call = app.post(&desk.agent, BY_HAND, json!({"customerPhone": PHONE})).await.ok();
        assert_eq!((&call["status"], &call["endReason"]), (&json!("no_answer"), &json!("no_answer")));
        assert_eq!(call["customerName"], "Rahima", "known by the number");
        let mine = app.get(&desk.agent, "/api/telephony/agents/me/status").await.ok();
        assert_eq!(mine["status"], "online", "a call without a task has no wrap-up");
    }

    async fn pressed_twice_the_call_is_written_down_once(app: TestApp) {
        let desk = desk(&app).await;
        let url = format!("{}{BY_HAND}", app.base);
        let send = || {
            let request = app.http.post(&url).bearer_auth(&desk.agent.token);
            request.header("idempotency-key", "K1").json(&json!({"customerPhone": PHONE, "talkSeconds": 5})).send()
        };
        let (one, two) = tokio::join!(send(), send());
        for answer in [one, two, send().await] {
            assert_eq!(answer.expect("answers").status(), 200);
        }
        assert_eq!(count(&app, "SELECT COUNT(*) FROM telephony_calls").await, 1);
    }

    async fn what_cannot_have_been_is_not_written_down(app: TestApp) {
        let desk = desk(&app).await;
        let now = app.state.clock.now();
        for (body, field) in [
            (json!({"talkSeconds": -1}), "talkSeconds"),
            (json!({"talkSeconds": 14_401}), "talkSeconds"),
            (json!({"startedAt": now + TimeDelta::minutes(1)}), "startedAt"),
            (json!({"startedAt": now - TimeDelta::hours(25)}), "startedAt"),
            (json!({"startedAt": now - TimeDelta::seconds(30), "talkSeconds": 60}), "startedAt"),
            (json!({"startedAt": "+262142-12-31T23:59:59Z", "talkSeconds": 60}), "startedAt"),
        ] {
            let mut body = body;
            body["customerPhone"] = PHONE.into();
            let problem = app.post(&desk.agent, BY_HAND, body).await.problem(422, "out_of_range");
            assert_eq!(problem["field"], field);
        }
        app.post(&desk.agent, BY_HAND, json!({"customerPhone": "12"})).await.problem(422, "invalid_phone");
        assert_eq!(count(&app, "SELECT COUNT(*) FROM telephony_calls").await, 0);
    }

    async fn whoever_is_on_a_call_finishes_it_first_and_nobody_writes_on_another_ones_task(app: TestApp) {
        let desk = desk(&app).await;
        let stranger = app.agent("stranger", app.team("B", &desk.leader).await, &desk.leader, "202").await;
        let task = task(&app, &desk.agent, Some(desk.customer), PHONE).await;
        app.post(&stranger, BY_HAND, json!({"taskId": task})).await.problem(404, "task_not_found");
        app.post(&desk.agent, INITIATE, json!({"customerPhone": "01712345675"})).await.ok();
        app.post(&desk.agent, BY_HAND, json!({"taskId": task})).await.problem(409, "agent_busy");
    }
}
