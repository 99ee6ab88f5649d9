//! Acting on a running call, its recording, and a server that died in the middle.

use reqwest::header;
use serde_json::{Value, json};
use trustcart::auth::Role;

use super::{PHONE, desk, initiate, task, task_row};
use crate::support::{Person, TestApp, both};

async fn act(app: &TestApp, who: &Person, id: &Value, action: &str, body: Value) -> Value {
    app.post(who, &format!("/api/telephony/calls/{id}/{action}"), body).await.ok()
}

both! {
    async fn the_buttons_act_on_the_call_and_its_state_comes_back(app: TestApp) {
        let app = app.again_with(&["--simulator-speed", "4"]).await;
        let desk = desk(&app).await;
        let mut watch = app.watch();
        let id = initiate(&app, &desk.agent, json!({"customerPhone": PHONE})).await;
        let path = |action: &str| format!("/api/telephony/calls/{id}/{action}");
        app.post(&desk.agent, &path("hold"), json!({})).await.problem(409, "call_not_answered");
        watch.call(&id, "answered").await;
        watch.until("call.updated", |d| d["call"]["recording"] == true).await;
        for (action, field, value) in [
            ("hold", "held", true), ("unhold", "held", false), ("mute", "muted", true), ("unmute", "muted", false),
        ] {
            assert_eq!(act(&app, &desk.agent, &id, action, json!({})).await[field], value, "{action}");
        }
        assert_eq!(act(&app, &desk.agent, &id, "record", json!({"on": false})).await["recording"], false);
        assert_eq!(act(&app, &desk.agent, &id, "record", json!({"on": true})).await["recording"], true);
        act(&app, &desk.agent, &id, "dtmf", json!({"digits": "12#"})).await;
        app.post(&desk.agent, &path("dtmf"), json!({"digits": "12x"})).await.problem(422, "invalid_dtmf");
        app.post(&desk.agent, &path("transfer"), json!({"extension": "'; --"})).await.problem(422, "invalid_extension");
        app.post(&desk.agent, &path("transfer"), json!({"extension": "201"})).await.problem(422, "invalid_extension");
        app.post(&desk.agent, &path("record"), json!({})).await.problem(422, "invalid_field");
        let stranger = app.person(Role::Agent, "other").await;
        app.post(&stranger, &path("hangup"), json!({})).await.problem(404, "call_not_found");

        let over = act(&app, &desk.agent, &id, "hangup", json!({})).await;
        assert_eq!((&over["status"], &over["recording"]), (&json!("completed"), &json!(false)));
        let again = act(&app, &desk.agent, &id, "hangup", json!({})).await;
        assert_eq!(again["status"], "completed", "twice is once");
        app.post(&desk.agent, &path("mute"), json!({})).await.problem(409, "call_ended");
    }

    async fn hanging_up_before_the_answer_cancels(app: TestApp) {
        let app = app.again_with(&["--simulator-speed", "1"]).await;
        let desk = desk(&app).await;
        let task = task(&app, &desk.agent, Some(desk.customer), PHONE).await;
        let id = initiate(&app, &desk.agent, json!({"taskId": task})).await;
        assert_eq!(act(&app, &desk.agent, &id, "hangup", json!({})).await["status"], "cancelled");
        let (status, _, notes, wrap_up) = task_row(&app, task).await;
        assert_eq!((status.as_str(), wrap_up.as_deref()), ("in_progress", Some("wrap_up")));
        assert!(notes.contains("cancelled"), "{notes}");
    }

    async fn a_customer_passed_on_frees_the_agent_and_reaches_the_colleague(app: TestApp) {
        let app = app.again_with(&["--simulator-speed", "4"]).await;
        let desk = desk(&app).await;
        let task = task(&app, &desk.agent, Some(desk.customer), PHONE).await;
        let team = app.team("B", &desk.leader).await;
        let colleague = app.agent("colleague", team, &desk.leader, "202").await;
        let mut watch = app.watch();
        let id = initiate(&app, &desk.agent, json!({"taskId": task})).await;
        watch.call(&id, "answered").await;
        let call = act(&app, &desk.agent, &id, "transfer", json!({"extension": "202"})).await;
        assert_eq!((&call["status"], &call["transferredTo"]), (&json!("answered"), &json!("202")));
        assert_eq!(task_row(&app, task).await.3.as_deref(), Some("wrap_up"));
        let mine = app.get(&desk.agent, "/api/telephony/agents/me/status").await.ok();
        assert_eq!(mine["status"], "wrap_up");
        // The agent is free for the next customer, the colleague hangs this one up.
        initiate(&app, &desk.agent, json!({"customerPhone": "01712345671"})).await;
        for (action, body) in [("hangup", json!({})), ("transfer", json!({"extension": "203"})), ("mute", json!({}))] {
            let path = format!("/api/telephony/calls/{id}/{action}");
            app.post(&desk.agent, &path, body).await.problem(409, "call_ended");
        }
        assert_eq!(act(&app, &colleague, &id, "hangup", json!({})).await["status"], "completed");
    }

    async fn colleagues_are_listed_with_what_they_do_and_without_oneself(app: TestApp) {
        let app = app.again_with(&["--simulator-speed", "1"]).await;
        let desk = desk(&app).await;
        let team = app.team("B", &desk.leader).await;
        let online = app.agent("zakia", team, &desk.leader, "202").await;
        app.agent("away", team, &desk.leader, "203").await;
        app.person(Role::Agent, "no-telephone").await;
        let status = json!({"status": "online"});
        app.post(&online, "/api/telephony/agents/me/status", status).await.ok();
        initiate(&app, &desk.agent, json!({"customerPhone": PHONE})).await;
        let seen = |who: Person| {
            let app = &app;
            async move {
                let list = app.get(&who, "/api/telephony/colleagues").await.ok();
                let items = list["items"].as_array().expect("items").clone();
                items.iter().map(|c| json!([c["extension"], c["status"]])).collect::<Vec<_>>()
            }
        };
        assert_eq!(seen(desk.agent).await, [json!(["202", "online"]), json!(["203", "offline"])]);
        assert_eq!(seen(online).await, [json!(["201", "on_call"]), json!(["203", "offline"])]);
    }

    async fn a_recording_can_be_played_and_sought_by_those_who_may(app: TestApp) {
        let desk = desk(&app).await;
        let mut watch = app.watch();
        let id = initiate(&app, &desk.agent, json!({"customerPhone": "01712345676"})).await;
        let call = watch.until("call.updated", |d| d["call"]["id"] == id && d["call"]["recordingUrl"].is_string()).await;
        let url = call["call"]["recordingUrl"].as_str().expect("a URL").to_owned();
        assert_eq!(url, format!("/api/telephony/calls/{id}/recording"));
        assert!((3..=5).contains(&call["call"]["recordingDuration"].as_i64().expect("a length")));

        let get = |who: &Person, range: Option<&'static str>| {
            let mut request = app.http.get(format!("{}{url}", app.base)).bearer_auth(&who.token);
            if let Some(range) = range {
                request = request.header(header::RANGE, range);
            }
            async move { request.send().await.expect("an answer") }
        };
        let whole = get(&desk.agent, None).await;
        assert_eq!(whole.headers()[header::CONTENT_TYPE], "audio/wav");
        assert_eq!(whole.headers()[header::ACCEPT_RANGES], "bytes");
        let bytes = whole.bytes().await.expect("the file");
        assert_eq!(&bytes[..4], b"RIFF");
        let part = get(&desk.leader, Some("bytes=8-11")).await;
        assert_eq!(part.status(), 206);
        assert_eq!(part.headers()[header::CONTENT_RANGE], format!("bytes 8-11/{}", bytes.len()));
        assert_eq!(&part.bytes().await.expect("a part")[..], b"WAVE");
        assert_eq!(get(&desk.agent, Some("bytes=99999999-")).await.status(), 416);
        let stranger = app.person(Role::Agent, "other").await;
        assert_eq!(get(&stranger, None).await.status(), 404);

        let mut watch = app.watch();
        let silent = initiate(&app, &desk.agent, json!({"customerPhone": "01712345671"})).await;
        watch.call(&silent, "busy").await;
        app.get(&desk.agent, &format!("/api/telephony/calls/{silent}/recording")).await.problem(404, "recording_not_found");

        // Every listen is on record: not each range of it, and not a recording that is not there.
        let sql = "SELECT COUNT(*) FROM audit_log WHERE action = 'recording.listened'";
        let before: i64 = app.state.db.read().await.expect("reads").scalar(sql).await.expect("a count");
        for (range, listens) in [("bytes=0-99", 1), ("bytes=100-", 1)] {
            let request = app.http.get(format!("{}{url}", app.base)).bearer_auth(&desk.agent.token);
            request.header("range", range).send().await.expect("answers");
            let now: i64 = app.state.db.read().await.expect("reads").scalar(sql).await.expect("a count");
            assert_eq!(now - before, listens, "{range}");
        }
    }

    async fn a_server_that_died_in_a_call_comes_back_to_the_wrap_up(app: TestApp) {
        let first = app.again_with(&["--simulator-speed", "1"]).await;
        let desk = desk(&first).await;
        let task = task(&first, &desk.agent, Some(desk.customer), PHONE).await;
        let id = initiate(&first, &desk.agent, json!({"taskId": task})).await;
        first.stop().await;
        if !app.state.db.is_postgres() {
            let second = app.again().await;
            let call = second.get(&desk.agent, &format!("/api/telephony/calls/{id}")).await.ok();
            assert_eq!((&call["status"], &call["endReason"]), (&json!("failed"), &json!("restart")));
        }
        // Where other instances may be alive, their calls are given the time they can last.
        let later = app.state.clock.now() + chrono::TimeDelta::minutes(3);
        app.state.clock.set(later);
        trustcart::jobs::run_due(&app.state).await;
        let call = app.get(&desk.agent, &format!("/api/telephony/calls/{id}")).await.ok();
        assert_eq!((&call["status"], &call["endReason"]), (&json!("failed"), &json!("restart")));
        let (status, _, notes, wrap_up) = task_row(&app, task).await;
        assert_eq!((status.as_str(), wrap_up.as_deref()), ("in_progress", Some("wrap_up")));
        assert_eq!(notes.matches("[call ").count(), 1, "{notes}");
        let mine = app.get(&desk.agent, "/api/telephony/agents/me/status").await.ok();
        assert_eq!(mine["status"], "wrap_up");
    }
}
