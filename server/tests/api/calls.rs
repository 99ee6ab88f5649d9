//! Calls made by agents, played by the simulator.

mod asterisk;
mod by_hand;
mod control;
mod live;
mod race;
mod recordings;
mod strangers;

use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::db::{CustomerId, Sql, TaskId};

use crate::support::{Person, TestApp, both};

const INITIATE: &str = "/api/telephony/calls/initiate";

/// A team leader, an agent with extension 201, a customer of the agent's.
struct Desk {
    leader: Person,
    agent: Person,
    customer: CustomerId,
}

const PHONE: &str = "+8801712345679";

async fn desk(app: &TestApp) -> Desk {
    let leader = app.person(Role::TeamLeader, "tl").await;
    let team = app.team("A", &leader).await;
    let agent = app.agent("agent", team, &leader, "201").await;
    let customer = app.customer("Rahima", PHONE, Some(&agent), Some(&leader)).await;
    Desk { leader, agent, customer }
}

/// A pending task of an agent.
async fn task(app: &TestApp, agent: &Person, customer: Option<CustomerId>, phone: &str) -> TaskId {
    let mut tx = app.state.db.begin().await.expect("begins");
    let id = tx
        .scalar(
            Sql::new(
                "INSERT INTO crm_call_tasks (customer_id, phone, task_date, kind, reason,
                   talking_points, origin, priority, score, temperature, recommended_products,
                   script_key, assigned_to, status, created_at, updated_at)
                 VALUES ($1, $2, $3, 'reminder', 'reminder:rice', $4, 'manual', 1, 1.0, 'hot', $4,
                         'reminder', $5, 'pending', $6, $6) RETURNING id",
            )
            .bind(customer)
            .bind(phone)
            .bind(app.state.clock.today())
            .bind(json!([]))
            .bind(agent.id)
            .bind(app.state.clock.now()),
        )
        .await
        .expect("a task");
    tx.commit().await.expect("commits");
    id
}

/// Status, attempts and call summary of a task, and the state of its wrap-up.
async fn task_row(app: &TestApp, id: TaskId) -> (String, i64, String, Option<String>) {
    let mut tx = app.state.db.read().await.expect("reads");
    let task = trustcart::tasks::store::get(&mut tx, id).await.expect("the task");
    assert_eq!(task.notes, None, "notes are what people wrote");
    let state = Sql::new("SELECT state FROM wrap_ups WHERE task_id = $1").bind(id);
    let state = tx.optional_scalar(state).await.expect("reads");
    (task.status.to_string(), task.attempts, task.call_summary.unwrap_or_default(), state)
}

async fn count(app: &TestApp, sql: &str) -> i64 {
    app.state.db.read().await.expect("reads").scalar(sql).await.expect("a count")
}

async fn initiate(app: &TestApp, who: &Person, body: Value) -> Value {
    app.post(who, INITIATE, body).await.ok()["telephonyCallId"].clone()
}

both! {
    async fn a_task_is_called_answered_and_waits_for_its_outcome(app: TestApp) {
        let desk = desk(&app).await;
        let task = task(&app, &desk.agent, Some(desk.customer), PHONE).await;
        let mut watch = app.watch();
        let answer = app.post(&desk.agent, INITIATE, json!({"taskId": task})).await.ok();
        assert_eq!((&answer["mode"], &answer["provider"]), (&json!("mock"), &json!("bracknet")));
        assert!(answer["externalCallId"].as_str().is_some_and(|id| id.starts_with("SIM-")));
        assert!(answer["message"].is_string());
        let id = &answer["telephonyCallId"];

        let (status, attempts, _, wrap_up) = task_row(&app, task).await;
        assert_eq!((status.as_str(), attempts, wrap_up.as_deref()), ("in_progress", 1, Some("calling")));

        watch.call(id, "ringing").await;
        watch.call(id, "answered").await;
        let over = watch.call(id, "completed").await;
        assert_eq!(over["customerName"], "Rahima");
        assert_eq!(over["customerPhone"], PHONE);
        assert_eq!(over["agentExtension"], "201");
        assert_eq!(over["endReason"], "completed");
        assert!(over["durationSeconds"].as_i64().is_some_and(|s| s >= 59), "{over}");

        let (status, attempts, notes, wrap_up) = task_row(&app, task).await;
        assert_eq!((status.as_str(), attempts, wrap_up.as_deref()), ("in_progress", 1, Some("wrap_up")));
        assert_eq!(notes.matches("[call ").count(), 1, "one summary: {notes}");
        assert!(notes.contains("completed 1:0"), "{notes}");
        let mine = app.get(&desk.agent, "/api/telephony/agents/me/status").await.ok();
        assert_eq!(mine["status"], "wrap_up");
        let timeline = count(
            &app,
            "SELECT COUNT(*) FROM customer_interactions WHERE kind = 'call' AND summary = 'call.completed'",
        );
        assert_eq!(timeline.await, 1);
    }

    async fn the_last_digit_decides_what_becomes_of_a_simulated_call(app: TestApp) {
        let desk = desk(&app).await;
        for (digit, status, reason) in [
            (1, "busy", "busy"),
            (2, "no_answer", "no_answer"),
            (3, "failed", "declined"),
            (4, "failed", "unallocated"),
            (6, "completed", "completed"),
        ] {
            let mut watch = app.watch();
            let phone = format!("0171234567{digit}");
            let id = initiate(&app, &desk.agent, json!({"customerPhone": phone})).await;
            let call = watch.call(&id, status).await;
            assert_eq!(call["endReason"], reason, "{digit}");
            assert_eq!(call["recording"], false);
            if digit == 6 {
                assert!((3..=5).contains(&call["durationSeconds"].as_i64().expect("talked")));
            }
        }
        let mine = app.get(&desk.agent, "/api/telephony/agents/me/status").await.ok();
        assert_eq!(mine["status"], "online", "a call without a task has no wrap-up");
    }

    async fn an_edited_number_is_what_is_dialled_and_logged(app: TestApp) {
        let desk = desk(&app).await;
        let task = task(&app, &desk.agent, Some(desk.customer), PHONE).await;
        let mut watch = app.watch();
        let body = json!({"taskId": task, "customerPhone": "০১৭১২-৩৪৫৬৭১"});
        let id = initiate(&app, &desk.agent, body).await;
        let call = watch.call(&id, "busy").await;
        assert_eq!(call["customerPhone"], "+8801712345671");
        assert_eq!(call["customerId"], json!(desk.customer), "still the task's customer");
    }

    async fn what_cannot_be_called_is_refused_and_changes_nothing(app: TestApp) {
        let desk = desk(&app).await;
        let stranger = app.person(Role::Agent, "other").await;
        let task_id = task(&app, &desk.agent, Some(desk.customer), PHONE).await;
        let post = |who: &Person, body: Value| {
            let (app, who) = (&app, who.clone());
            async move { app.post(&who, INITIATE, body).await }
        };
        for (phone, code) in [("ask his wife", "invalid_phone"), ("0121234567", "invalid_phone"), ("", "phone_required")] {
            let problem = post(&desk.agent, json!({"customerPhone": phone})).await.problem(422, code);
            assert_eq!(problem["field"], "customerPhone");
        }
        post(&desk.agent, json!({})).await.problem(422, "phone_required");
        post(&desk.agent, json!({"taskId": 999_999})).await.problem(404, "task_not_found");
        post(&stranger, json!({"taskId": task_id})).await.problem(404, "task_not_found");
        post(&stranger, json!({"customerPhone": PHONE, "agentUserId": desk.agent.id})).await.problem(403, "forbidden");
        post(&desk.agent, json!({"taskId": "seven"})).await.problem(422, "invalid_field");
        let manager = app.person(Role::SalesManager, "manager").await;
        post(&manager, json!({"customerPhone": PHONE, "agentUserId": 999_999})).await.problem(404, "user_not_found");

        let mut tx = app.state.db.begin().await.expect("begins");
        tx.execute("UPDATE customers SET do_not_call = TRUE").await.expect("flagged");
        tx.commit().await.expect("commits");
        post(&desk.agent, json!({"taskId": task_id})).await.problem(409, "do_not_call");
        let mut tx = app.state.db.begin().await.expect("begins");
        tx.execute("UPDATE crm_call_tasks SET status = 'completed'").await.expect("closed");
        tx.commit().await.expect("commits");
        post(&desk.agent, json!({"taskId": task_id})).await.problem(409, "task_closed");

        assert_eq!(count(&app, "SELECT COUNT(*) FROM telephony_calls").await, 0);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM crm_call_tasks WHERE attempts > 0").await, 0);
    }

    async fn outside_the_hours_only_those_are_rung_who_asked_for_it(app: TestApp) {
        let desk = desk(&app).await;
        let reminder = task(&app, &desk.agent, Some(desk.customer), PHONE).await;
        let promise = task(&app, &desk.agent, None, "01712345671").await;
        let promised = |at: &str| {
            Sql::new("UPDATE crm_call_tasks SET kind = 'follow_up', due_at = $2 WHERE id = $1")
                .bind(promise)
                .bind(at.parse::<chrono::DateTime<chrono::Utc>>().expect("an instant"))
        };
        // Half past ten in the evening in Dhaka; the Friday after, during the prayer; on a day like any.
        for (now, next) in [
            ("2026-11-21T16:30:00Z", Some("2026-11-22T03:00:00Z")),
            ("2026-11-27T07:00:00Z", Some("2026-11-27T08:30:00Z")),
            ("2026-11-28T14:59:00Z", None),
        ] {
            app.state.clock.set(now.parse().expect("an instant"));
            let agent = app.renewed(&desk.agent);
            let before = count(&app, "SELECT COUNT(*) FROM telephony_calls").await;
            let again = |task| json!({"taskId": task, "callAgain": true});
            let answer = app.post(&agent, INITIATE, again(reminder)).await;
            let Some(next) = next else {
                answer.ok();
                continue;
            };
            assert_eq!(answer.problem(409, "outside_calling_hours")["allowed"], json!([next]));
            let contract = json!({"customer_number": PHONE, "agent_extension": "201"});
            app.post(&agent, "/api/call/start", contract).await.problem(409, "outside_calling_hours");
            assert_eq!(count(&app, "SELECT COUNT(*) FROM telephony_calls").await, before);
            // Promised for ten in the morning is not promised for the night.
            app.execute(promised("2026-11-22T04:00:00Z")).await;
            app.post(&agent, INITIATE, again(promise)).await.problem(409, "outside_calling_hours");
            app.execute(promised(now)).await;
            let sure = json!({"taskId": reminder, "outsideHours": true, "callAgain": true});
            for body in [sure, again(promise)] {
                let mut watch = app.watch();
                let id = initiate(&app, &agent, body).await;
                app.post(&agent, &format!("/api/telephony/calls/{id}/hangup"), Value::Null).await;
                watch.until("call.updated", |d| d["call"]["id"] == id && d["call"]["endedAt"].is_string()).await;
            }
        }
        // On record is what the agent said of the customer, not what was promised.
        assert_eq!(count(&app, "SELECT COUNT(*) FROM audit_log WHERE action = 'call.outside_hours'").await, 2);
    }

    async fn calls_are_seen_by_those_they_concern(app: TestApp) {
        let desk = desk(&app).await;
        let stranger = app.person(Role::Agent, "other").await;
        let other_leader = app.person(Role::TeamLeader, "tl2").await;
        let mut watch = app.watch();
        let mut ids = Vec::new();
        for phone in ["01712345671", "01712345674", "01712345681"] {
            let id = initiate(&app, &desk.agent, json!({"customerPhone": phone})).await;
            watch.until("call.updated", |d| d["call"]["id"] == id && d["call"]["endedAt"].is_string()).await;
            ids.push(id);
        }
        let path = format!("/api/telephony/calls/{}", ids[0]);
        assert_eq!(app.get(&desk.agent, &path).await.ok()["status"], "busy");
        assert_eq!(app.get(&desk.leader, &path).await.ok()["id"], ids[0]);
        app.get(&stranger, &path).await.problem(404, "call_not_found");
        app.get(&other_leader, &path).await.problem(404, "call_not_found");
        assert_eq!(app.get(&stranger, "/api/telephony/calls").await.ok()["items"], json!([]));

        let first = app.get(&desk.leader, "/api/telephony/calls?limit=2").await.ok();
        assert_eq!(first["items"].as_array().map(Vec::len), Some(2));
        assert_eq!(first["items"][0]["id"], ids[2], "newest first");
        let cursor = first["nextCursor"].as_str().expect("a next page");
        let second = app.get(&desk.leader, &format!("/api/telephony/calls?limit=2&cursor={cursor}")).await.ok();
        assert_eq!(second["items"][0]["id"], ids[0]);
        assert!(second["nextCursor"].is_null());

        let query = |q: &str| format!("/api/telephony/calls?{q}");
        let first = app.get(&desk.leader, &query("limit=2&sort=oldest")).await.ok();
        assert_eq!(first["items"][0]["id"], ids[0], "oldest first");
        let cursor = first["nextCursor"].as_str().expect("a next page");
        let second = app.get(&desk.leader, &query(&format!("limit=2&sort=oldest&cursor={cursor}"))).await.ok();
        assert_eq!(second["items"][0]["id"], ids[2]);
        assert!(second["nextCursor"].is_null());
        let busy = app.get(&desk.agent, &query("status=busy&from=2026-11-21&to=2026-11-21")).await.ok();
        assert_eq!(busy["items"].as_array().map(Vec::len), Some(2));
        assert_eq!(app.get(&desk.agent, &query("to=2026-11-20")).await.ok()["items"], json!([]));
        app.get(&desk.agent, &query("status=asleep")).await.problem(400, "invalid_query");
        app.get(&desk.agent, &query("cursor=nonsense")).await.problem(422, "invalid_cursor");
    }

    async fn the_contract_endpoints_speak_as_in_the_guide(app: TestApp) {
        let app = app.again_with(&["--simulator-speed", "5"]).await;
        let desk = desk(&app).await;
        let task = task(&app, &desk.agent, Some(desk.customer), PHONE).await;
        let mut watch = app.watch();
        let body = json!({
            "agent_extension": "201", "agent_id": "A102", "customer_number": "01712345679",
            "caller_id": "TrustCart", "call_type": "outbound", "crm_call_id": task.to_string(),
        });
        let started = app.post(&desk.agent, "/api/call/start", body).await.ok();
        assert_eq!(started["status"], "success");
        assert_eq!(started["message"], "Call initiated");
        let external = started["bracknet_call_id"].as_str().expect("an id");
        let id = &started["telephonyCallId"];
        assert_eq!(watch.call(id, "answered").await["taskId"], json!(task), "numeric crm_call_id");

        let moved = app
            .post(&desk.agent, "/api/call/transfer", json!({"bracknet_call_id": external, "transfer_extension": "301"}))
            .await
            .ok();
        assert_eq!(moved, json!({"status": "success", "mode": "mock"}));
        let ended = app.post(&desk.leader, "/api/call/hangup", json!({"bracknet_call_id": external})).await.ok();
        assert_eq!(ended, json!({"status": "ended", "mode": "mock"}));

        let any = json!({
            "agent_extension": 201, "agent_id": 5, "customer_number": "01712345671", "caller_id": null,
            "call_type": 7, "crm_call_id": "CRM-CALL-987654",
        });
        let started = app.post(&desk.agent, "/api/call/start", any).await.ok();
        assert!(watch.call(&started["telephonyCallId"], "busy").await["taskId"].is_null());

        let other = app.person(Role::Agent, "other").await;
        let foreign = json!({"agent_extension": "201", "customer_number": "01712345671"});
        app.post(&other, "/api/call/start", foreign).await.problem(403, "forbidden");
        let unknown = json!({"agent_extension": "999", "customer_number": "01712345671"});
        app.post(&desk.leader, "/api/call/start", unknown).await.problem(422, "unknown_extension");
        let no_number = json!({"agent_extension": "201", "customer_number": "none"});
        let problem = app.post(&desk.agent, "/api/call/start", no_number).await.problem(422, "invalid_phone");
        assert_eq!(problem["field"], "customer_number");
        app.post(&desk.agent, "/api/call/hangup", json!({"bracknet_call_id": "BN-NONE"})).await.problem(404, "call_not_found");
        app.post(&desk.agent, "/api/call/hangup", json!({})).await.problem(422, "invalid_field");
    }

    async fn without_credentials_bracknet_is_played_with_them_it_is_not_pretended(app: TestApp) {
        let simulated = app.again_with(&["--telephony-provider", "simulator"]).await;
        assert_eq!(simulated.state.telephony.kind().as_str(), "simulator", "asked for by name");
        let played = app.again_with(&[]).await;
        let desk = desk(&played).await;
        let mut watch = played.watch();
        let answer = played.post(&desk.agent, INITIATE, json!({"customerPhone": "01712345676"})).await.ok();
        assert_eq!((&answer["provider"], &answer["mode"]), (&json!("bracknet"), &json!("mock")));
        watch.call(&answer["telephonyCallId"], "completed").await;

        let mut config = (*app.state.config).clone();
        config.bracknet_api_base_url = Some("https://pbx.example".to_owned());
        for provider in [trustcart::config::Provider::Simulator, trustcart::config::Provider::Bracknet] {
            config.telephony_provider = provider;
            let refused = trustcart::telephony::Telephony::start(&config, &app.state.clock, &app.state.recordings);
            let error = refused.expect_err("half a configuration is none").to_string();
            assert!(error.contains("BRACKNET_API_BASE_URL"), "{error}");
        }
        let mut config = (*app.state.config).clone();
        config.asterisk.url = Some("http://127.0.0.1:8088".to_owned());
        let refused = trustcart::telephony::Telephony::start(&config, &app.state.clock, &app.state.recordings);
        assert!(refused.expect_err("nobody would use it").to_string().contains("TELEPHONY_PROVIDER"));
        config.telephony_provider = trustcart::config::Provider::Asterisk;
        let refused = trustcart::telephony::Telephony::start(&config, &app.state.clock, &app.state.recordings);
        assert!(refused.expect_err("half a configuration").to_string().contains("ASTERISK_PASSWORD"));
    }
}
