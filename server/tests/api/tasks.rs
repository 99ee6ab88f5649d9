//! `crm/automation/tasks…`: the queue, working a task, what follows from its outcome.

use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::db::{CallId, CustomerId, Sql, TaskId};
use trustcart::tasks::WrapState;
use trustcart::tasks::store::{Missed, call_state, cancel_reminders, missed_call};

use crate::support::{Person, TestApp, both, today};

const TASKS: &str = "/api/crm/automation/tasks";
const PROMISES: &str = "/api/crm/team/promises";
const GENERATE: &str = "/api/crm/team/ops/generate-calls";

fn status_of(id: impl std::fmt::Display) -> String {
    format!("{TASKS}/{id}/status")
}

/// A planned reminder of a customer of team A.
async fn reminder(app: &TestApp, lead: &Person) -> (CustomerId, TaskId) {
    let customer = app.due_customer(1, lead).await;
    app.post(lead, GENERATE, json!({})).await.ok();
    (customer, app.open_task(customer).await)
}

/// A row of a call, as telephony would have it.
async fn call(app: &TestApp, agent: &Person, task: TaskId) -> CallId {
    let mut tx = app.state.db.begin().await.expect("begins");
    let id = tx
        .scalar(
            Sql::new(
                "INSERT INTO telephony_calls (direction, provider, mode, customer_phone,
                   agent_user_id, task_id, status, started_at, facts, meta, created_at, updated_at)
                 VALUES ('outbound', 'simulator', 'mock', '+8801711111111', $1, $2, 'completed',
                   $3, $4, $4, $3, $3) RETURNING id",
            )
            .bind(agent.id)
            .bind(task)
            .bind(app.state.clock.now())
            .bind(json!({})),
        )
        .await
        .expect("a call");
    tx.commit().await.expect("commits");
    id
}

async fn tell(app: &TestApp, task: TaskId, call: CallId, state: WrapState) {
    let mut tx = app.state.db.begin().await.expect("begins");
    call_state(&mut tx, app.state.clock.now(), task, call, state).await.expect("applies");
    app.state.commit(tx).await.expect("commits");
}

both! {
    async fn a_customer_with_calls_is_not_deleted_and_one_without_is(app: TestApp) {
        let floor = app.floor().await;
        let ids = app.customers_of(3, 1, None, None).await;
        let agent = floor.a.id;
        app.task_of(agent, ids[0], today(), "pending", None, None).await;
        app.task_of(agent, ids[1], today(), "completed", Some("not_interested"), None).await;
        for (id, stays) in ids.iter().zip([true, true, false]) {
            let mut tx = app.state.db.begin().await.expect("begins");
            let deleted = tx.execute(Sql::new("DELETE FROM customers WHERE id = $1").bind(*id)).await;
            match deleted {
                Ok(rows) => assert!(!stays && rows == 1, "customer {id} was deleted"),
                Err(error) => {
                    let refused = error.as_database_error().expect("the database's refusal");
                    assert!(stays && refused.is_foreign_key_violation(), "{refused}");
                }
            }
            tx.rollback().await.expect("rolls back");
        }
    }

    async fn the_queue_shows_the_call_with_its_reasons(app: TestApp) {
        let floor = app.floor().await;
        let (customer, task) = reminder(&app, &floor.lead).await;
        let queue = app.get(&floor.a, &format!("{TASKS}/today")).await.ok();
        assert_eq!(queue["date"], "2026-11-21");
        assert_eq!((queue["counts"]["total"].as_i64(), queue["counts"]["pending"].as_i64()), (Some(1), Some(1)));
        assert_eq!(queue["backlog"], 0);
        let item = &queue["items"][0];
        assert_eq!(item["id"], json!(task));
        assert_eq!(item["customerId"], json!(customer));
        assert_eq!(item["customerName"], "Customer 1");
        assert_eq!(item["quotaClass"], "reminder");
        assert_eq!(item["segmentLabel"], "new+normal");
        assert_eq!(item["promised"], false);
        let text = &item["talkingPoints"][0]["text"];
        assert!(text["en"].as_str().is_some_and(|t| t.contains("22 days")), "{text}");
        assert!(text["bn"].as_str().is_some_and(|t| t.contains("২২")), "{text}");
        assert_eq!(item["recommendedProducts"][0]["nameEn"], "RICE-5");
        let same = app.get(&floor.lead, &format!("{TASKS}/today?agentId={}", floor.a.id)).await.ok();
        assert_eq!(same["items"][0]["id"], json!(task));
    }

    async fn the_queue_shows_every_change_at_once(app: TestApp) {
        let floor = app.floor().await;
        let (customer, task) = reminder(&app, &floor.lead).await;
        let path = format!("{TASKS}/today");
        let first = app.get(&floor.a, &path).await.ok();
        assert_eq!(app.get(&floor.a, &path).await.ok(), first);
        app.put(&floor.a, &status_of(task), json!({"status": "in_progress"})).await.ok();
        assert_eq!(app.get(&floor.a, &path).await.ok()["items"][0]["status"], "in_progress");
        let other = app.due_customer(2, &floor.lead).await;
        app.set_customer(other, &[("assigned_to", floor.a.id.into())]).await;
        let manual = app.post(&floor.a, TASKS, json!({"customerId": other})).await.ok();
        assert_eq!(app.get(&floor.a, &path).await.ok()["counts"]["total"], 2);
        app.state.clock.set(app.state.clock.now() + chrono::TimeDelta::milliseconds(1));
        let joined = app.post(&floor.a, TASKS, json!({"customerId": customer, "notes": "card"})).await;
        assert_eq!(joined.status, 200);
        assert_eq!(joined.ok()["id"], json!(task));
        let points = |queue: Value| -> Vec<usize> {
            let items = queue["items"].as_array().expect("items").iter();
            items.map(|item| item["talkingPoints"].as_array().map_or(0, Vec::len)).collect()
        };
        assert_eq!(points(app.get(&floor.a, &path).await.ok()), [2, 1]);
        let path_of = format!("{TASKS}/{}/assign", manual["id"]);
        app.put(&floor.lead, &path_of, json!({"agentId": floor.d.id})).await.ok();
        assert_eq!(app.get(&floor.a, &path).await.ok()["counts"]["total"], 1);
        assert_eq!(app.get(&floor.d, &path).await.ok()["counts"]["total"], 1);
    }

    async fn nobody_sees_or_touches_anothers_task(app: TestApp) {
        let floor = app.floor().await;
        let (_, task) = reminder(&app, &floor.lead).await;
        let rival = app.person(Role::TeamLeader, "rival").await;
        for who in [&floor.d, &rival] {
            app.get(who, &format!("{TASKS}/{task}")).await.problem(404, "task_not_found");
            let body = json!({"status": "in_progress"});
            app.put(who, &status_of(task), body).await.problem(404, "task_not_found");
            let path = format!("{TASKS}/today?agentId={}", floor.a.id);
            app.get(who, &path).await.problem(404, "agent_not_found");
        }
        app.put(&floor.a, &status_of(999_999), json!({"status": "completed"})).await
            .problem(404, "task_not_found");
        app.get(&floor.a, &format!("{TASKS}/today?date=yesterday")).await.problem(422, "invalid_date");
    }

    async fn completing_needs_an_outcome_and_changes_nothing_without(app: TestApp) {
        let floor = app.floor().await;
        let (_, task) = reminder(&app, &floor.lead).await;
        app.put(&floor.a, &status_of(task), json!({"status": "in_progress"})).await.ok();
        for (body, code) in [
            (json!({"status": "completed"}), "outcome_required"),
            (json!({"status": "completed", "outcome": "great"}), "unknown_outcome"),
            (json!({"status": "completed", "outcome": "no_response", "subReason": "moon"}), "unknown_sub_reason"),
            (json!({"status": "completed", "outcome": "follow_up"}), "follow_up_at_required"),
            (json!({"status": "completed", "outcome": "follow_up", "followUpAt": "2026-11-21T04:00:00Z"}), "follow_up_at_past"),
            (json!({"status": "completed", "outcome": "ordered"}), "order_required"),
            (json!({"status": "completed", "outcome": "ordered", "order": {"lines": []}}), "order_required"),
            (json!({"status": "completed", "outcome": "ordered", "order": {"lines": [{"productId": 999, "quantity": 1}]}}), "unknown_product"),
            (json!({"status": "completed", "outcome": "ordered", "orderId": 999}), "unknown_order"),
            (json!({"status": "completed", "outcome": "price_issue", "notes": "x".repeat(4_001)}), "too_long"),
            (json!({"status": "done"}), "unknown_status"),
        ] {
            app.put(&floor.a, &status_of(task), body).await.problem(422, code);
        }
        let now = app.get(&floor.a, &format!("{TASKS}/{task}")).await.ok();
        assert_eq!((now["status"].as_str(), now["outcome"].is_null()), (Some("in_progress"), true));
        assert_eq!(app.number("SELECT count(*) FROM orders").await, 0);
    }

    async fn a_completed_task_stays_as_it_is(app: TestApp) {
        let floor = app.floor().await;
        let (customer, task) = reminder(&app, &floor.lead).await;
        let done = json!({"status": "completed", "outcome": "not_interested", "subReason": "still_has_stock", "notes": "  later "});
        let first = app.put(&floor.a, &status_of(task), done.clone()).await.ok();
        assert_eq!((first["status"].as_str(), first["outcome"].as_str()), (Some("completed"), Some("not_interested")));
        assert_eq!(first["notes"], "later");
        let again = app.put(&floor.a, &status_of(task), done).await.ok();
        assert_eq!(again, first);
        let other = json!({"status": "completed", "outcome": "price_issue"});
        app.put(&floor.a, &status_of(task), other).await.problem(409, "illegal_transition");
        app.put(&floor.a, &status_of(task), json!({"status": "pending"})).await.problem(409, "illegal_transition");
        let told = Sql::new("SELECT count(*) FROM customer_interactions WHERE customer_id = $1 AND kind = 'task'");
        assert_eq!(app.number(told.bind(customer)).await, 1);
    }

    async fn an_order_on_the_call_is_made_once_and_takes_the_reminder_away(app: TestApp) {
        let floor = app.floor().await;
        let (customer, task) = reminder(&app, &floor.lead).await;
        let rice = app.number("SELECT id FROM products WHERE sku = 'RICE-5'").await;
        let body = json!({
            "status": "completed", "outcome": "ordered",
            "order": {"lines": [{"productId": rice, "quantity": 2}], "discount": 5_000, "paymentMethod": "cod"},
        });
        let done = app.put(&floor.a, &status_of(task), body.clone()).await.ok();
        assert!(done["orderId"].is_i64(), "{done:#}");
        app.put(&floor.a, &status_of(task), body).await.ok();
        assert_eq!(app.number("SELECT count(*) FROM orders").await, 1);
        assert_eq!(app.number("SELECT total FROM orders WHERE source = 'call'").await, 115_000);
        let again = Sql::new("SELECT count(*) FROM reorder_pairs WHERE customer_id = $1 AND due_on <= $2");
        assert_eq!(app.number(again.bind(customer).bind(today())).await, 0);
    }

    async fn a_promise_comes_back_at_its_hour(app: TestApp) {
        let floor = app.floor().await;
        let (_, task) = reminder(&app, &floor.lead).await;
        let body = json!({
            "status": "completed", "outcome": "follow_up", "notes": "wants honey",
            "followUpAt": "2026-11-21T04:40:00Z",
        });
        app.put(&floor.a, &status_of(task), body.clone()).await.ok();
        app.put(&floor.a, &status_of(task), body).await.ok();
        let mine = app.get(&floor.a, &format!("{TASKS}/my-followups")).await.ok();
        assert_eq!(mine["items"].as_array().map(Vec::len), Some(1));
        let promise = &mine["items"][0];
        assert_eq!((promise["origin"].as_str(), promise["promised"].as_bool()), (Some("promise"), Some(true)));
        assert_eq!(promise["dueAt"], "2026-11-21T04:40:00Z");
        assert_eq!(promise["talkingPoints"][0]["reason"]["params"]["time"], "10:40");
        assert!(promise["talkingPoints"][0]["text"]["en"].as_str().is_some_and(|t| t.contains("honey")));

        // Not yet due it waits behind; at its hour it is first.
        let other = app.customer("Karim", "01711111118", Some(&floor.a), Some(&floor.lead)).await;
        app.post(&floor.a, TASKS, json!({"customerId": other})).await.ok();
        let first = |queue: Value| queue["items"][0]["origin"].clone();
        assert_eq!(first(app.get(&floor.a, &format!("{TASKS}/today")).await.ok()), "manual");
        app.state.clock.set("2026-11-21T04:36:00Z".parse().expect("an instant"));
        assert_eq!(first(app.get(&floor.a, &format!("{TASKS}/today")).await.ok()), "promise");
    }

    async fn a_call_nobody_took_is_tried_again_soon_if_busy_else_at_another_time_of_day(app: TestApp) {
        let floor = app.floor().await;
        // It is 10:30 in Dhaka.
        for (n, why, due) in [
            (1, Some("busy"), "2026-11-21T05:00:00Z"),
            (2, None, "2026-11-21T12:00:00Z"),
            (3, Some("switched_off"), "2026-11-22T12:00:00Z"),
        ] {
            let phone = format!("0171111111{n}");
            let customer = app.customer("Rahima", &phone, Some(&floor.a), Some(&floor.lead)).await;
            let asked = app.post(&floor.a, TASKS, json!({"customerId": customer})).await.ok();
            let mut body = json!({"status": "completed", "outcome": "no_response"});
            if let Some(why) = why {
                body["subReason"] = why.into();
            }
            app.put(&floor.a, &status_of(&asked["id"]), body).await.ok();
            let mine = app.get(&floor.a, &format!("{TASKS}/my-followups")).await.ok();
            let mut items = mine["items"].as_array().expect("items").iter();
            let again = items.find(|item| item["customerId"] == json!(customer)).expect("another try");
            assert_eq!(again["dueAt"], due, "{why:?}");
        }
    }

    async fn do_not_call_is_kept_and_clears_the_queue(app: TestApp) {
        let floor = app.floor().await;
        let (customer, task) = reminder(&app, &floor.lead).await;
        let tomorrow = json!({"customerId": customer, "taskDate": "2026-11-22"});
        let manual = app.post(&floor.a, TASKS, tomorrow).await.ok();
        let body = json!({"status": "completed", "outcome": "not_interested", "subReason": "do_not_call"});
        app.put(&floor.a, &status_of(task), body).await.ok();
        let flag = Sql::new("SELECT count(*) FROM customers WHERE id = $1 AND do_not_call");
        assert_eq!(app.number(flag.bind(customer)).await, 1);
        let other = app.get(&floor.a, &format!("{TASKS}/{}", manual["id"])).await.ok();
        assert_eq!(other["status"], "cancelled");
        assert_eq!(other["cancelReason"]["code"], "do_not_call");
        app.post(&floor.a, TASKS, json!({"customerId": customer})).await.problem(409, "do_not_call");
    }

    async fn a_call_nobody_took_is_tried_as_often_as_is_enough(app: TestApp) {
        let floor = app.floor().await;
        reminder(&app, &floor.lead).await;
        let other = app.customer("Karim", "01711111118", Some(&floor.a), Some(&floor.lead)).await;
        app.post(&floor.a, TASKS, json!({"customerId": other})).await.ok();
        let open = "SELECT count(*) FROM crm_call_tasks WHERE status = 'pending'";
        // The planned one, and the one by hand.
        for (first, again) in [("plan", "retry"), ("manual", "promise")] {
            let ours = |origin: &str| {
                Sql::new(format!("UPDATE crm_call_tasks SET attempts = attempts + 1
                                  WHERE status = 'pending' AND origin = '{origin}'"))
            };
            for (nth, origin) in [first, again, again].into_iter().enumerate() {
                // The agent calls.
                app.execute(ours(origin)).await;
                let id = Sql::new("SELECT id FROM crm_call_tasks WHERE status = 'pending' AND origin = $1");
                let id = app.number(id.bind(origin)).await;
                let task = app.get(&floor.a, &format!("{TASKS}/{id}")).await.ok();
                assert_eq!(task["attempts"], json!(nth + 1), "{task:#}");
                let none = json!({"status": "completed", "outcome": "no_response"});
                app.put(&floor.a, &status_of(id), none.clone()).await.ok();
                app.put(&floor.a, &status_of(id), none).await.ok();
            }
        }
        assert_eq!(app.number(open).await, 0, "three tries are enough");
        assert_eq!(app.number("SELECT count(*) FROM crm_call_tasks").await, 6);
    }

    async fn another_try_of_a_planned_call_gives_way_to_promises_and_expires(app: TestApp) {
        let floor = app.floor().await;
        let (customer, task) = reminder(&app, &floor.lead).await;
        app.execute("UPDATE crm_call_tasks SET attempts = 1").await;
        let none = json!({"status": "completed", "outcome": "no_response", "subReason": "busy"});
        app.put(&floor.a, &status_of(task), none).await.ok();
        let retry = app.open_task(customer).await;
        let shown = app.get(&floor.a, &format!("{TASKS}/{retry}")).await.ok();
        assert_eq!((shown["origin"].as_str(), shown["promised"].as_bool()), (Some("retry"), Some(false)));
        assert_eq!((shown["kind"].as_str(), shown["reason"].as_str()), (Some("reminder"), Some("reminder:rice")));
        assert_eq!(shown["dueAt"], "2026-11-21T05:00:00Z");
        let mine = app.get(&floor.a, &format!("{TASKS}/my-followups")).await.ok();
        assert_eq!(mine["items"], json!([]), "nobody promised it");
        let other = app.customer("Karim", "01711111119", Some(&floor.a), Some(&floor.lead)).await;
        let later = json!({"customerId": other, "dueAt": "2026-11-21T05:02:00Z"});
        let promise = app.post(&floor.a, TASKS, later).await.ok();
        let third = app.customer("Salma", "01711111118", Some(&floor.a), Some(&floor.lead)).await;
        let planned = app.post(&floor.a, TASKS, json!({"customerId": third})).await.ok();
        let order = |queue: Value| -> Vec<Value> {
            queue["items"].as_array().expect("items").iter().take(3).map(|item| item["id"].clone()).collect()
        };
        let queue = format!("{TASKS}/today");
        let now = order(app.get(&floor.a, &queue).await.ok());
        assert_eq!(now, [planned["id"].clone(), json!(retry), promise["id"].clone()], "before their hours");
        app.state.clock.set("2026-11-21T05:03:00Z".parse().expect("an instant"));
        let agent = app.renewed(&floor.a);
        let now = order(app.get(&agent, &queue).await.ok());
        assert_eq!(now, [promise["id"].clone(), json!(retry), planned["id"].clone()]);

        // A new day's plan does not call twice for it; days later it is given up.
        app.state.clock.set("2026-11-22T03:00:00Z".parse().expect("an instant"));
        let plan = trustcart::tasks::generate::daily(app.state.clone()).await.expect("plans");
        assert_eq!(plan["created"], 0, "{plan:#}");
        app.state.clock.set("2026-11-25T03:00:00Z".parse().expect("an instant"));
        trustcart::tasks::generate::daily(app.state.clone()).await.expect("plans");
        let expired = Sql::new("SELECT count(*) FROM crm_call_tasks WHERE id = $1 AND status = 'expired'");
        assert_eq!(app.number(expired.bind(retry)).await, 1);
    }

    async fn promises_of_the_absent_are_kept_by_colleagues_and_broken_ones_are_reported(app: TestApp) {
        let floor = app.floor().await;
        let (_, planned) = reminder(&app, &floor.lead).await;
        let team = app.number("SELECT id FROM sales_teams WHERE code = 'A'").await;
        let colleague = app.agent("colleague", trustcart::db::TeamId(team), &floor.lead, "777").await;
        let promise = |due: &str, n: u32| {
            let (app, agent, lead, due) = (&app, &floor.a, &floor.lead, due.to_owned());
            async move {
                let customer = app.customer("Karim", &format!("0171111112{n}"), Some(agent), Some(lead)).await;
                let asked = app.post(agent, TASKS, json!({"customerId": customer})).await.ok();
                let later = json!({"status": "completed", "outcome": "follow_up", "followUpAt": due});
                app.put(agent, &status_of(&asked["id"]), later).await.ok();
                app.open_task(customer).await
            }
        };
        let today_ = promise("2026-11-21T06:00:00Z", 1).await;
        let tomorrow = promise("2026-11-22T06:00:00Z", 2).await;
        let absent = json!({"dates": ["2026-11-21"]});
        app.put(&floor.lead, &format!("/api/users/{}/absences", floor.a.id), absent.clone()).await.ok();
        app.put(&floor.lead, &format!("/api/users/{}/absences", floor.a.id), absent).await.ok();
        let holder = |id: TaskId| {
            let app = &app;
            let lead = &floor.lead;
            async move { app.get(lead, &format!("{TASKS}/{id}")).await.ok() }
        };
        let given = holder(today_).await;
        assert_eq!(given["assignedTo"], json!(colleague.id));
        assert_eq!(given["talkingPoints"][1]["text"]["en"], "agent-a is away, you keep the promise");
        assert_eq!(holder(tomorrow).await["assignedTo"], json!(floor.a.id), "back by then");
        assert_eq!(holder(planned).await["assignedTo"], json!(floor.a.id), "the plan's work is no promise");
        assert_eq!(app.number("SELECT count(*) FROM audit_log WHERE action = 'task.handed_over'").await, 1);

        app.state.clock.set("2026-11-21T06:30:00Z".parse().expect("an instant"));
        let (lead, colleague) = (app.renewed(&floor.lead), app.renewed(&colleague));
        let report = app.get(&lead, PROMISES).await.ok();
        assert_eq!((&report["graceMinutes"], &report["overdue"]), (&json!(30), &json!([])));
        app.state.clock.set("2026-11-21T06:31:00Z".parse().expect("an instant"));
        let report = app.get(&lead, PROMISES).await.ok();
        assert_eq!(report["overdue"][0]["id"], json!(today_));
        assert_eq!(report["agents"], json!([
            {"agentId": colleague.id, "name": "colleague", "kept": 0, "late": 0, "broken": 1, "open": 0}
        ]));
        app.put(&colleague, &status_of(today_), json!({"status": "in_progress"})).await.ok();
        let report = app.get(&lead, PROMISES).await.ok();
        assert_eq!((&report["overdue"], &report["agents"][0]["late"]), (&json!([]), &json!(1)));
        let stranger = app.person(Role::TeamLeader, "rival").await;
        assert_eq!(app.get(&stranger, PROMISES).await.ok()["agents"], json!([]));
        app.get(&lead, "/api/crm/team/promises?days=91").await.problem(422, "out_of_range");

        // Gone for good: what is promised for later goes too, on its day.
        app.patch(&lead, &format!("/api/users/{}", floor.a.id), json!({"active": false})).await.ok();
        app.state.clock.set("2026-11-22T03:00:00Z".parse().expect("an instant"));
        trustcart::jobs::run_due(&app.state).await;
        let given = Sql::new("SELECT count(*) FROM crm_call_tasks WHERE id = $1 AND assigned_to = $2");
        assert_eq!(app.number(given.bind(tomorrow).bind(colleague.id)).await, 1);
    }

    async fn a_leader_moves_waiting_work_to_agents_with_room(app: TestApp) {
        let floor = app.floor().await;
        let (_, task) = reminder(&app, &floor.lead).await;
        let path = format!("{TASKS}/{task}/assign");
        let rival = app.person(Role::TeamLeader, "rival").await;
        let team = app.team("A", &rival).await;
        let stranger = app.agent("stranger", team, &rival, "999").await;
        app.put(&floor.lead, &path, json!({"agentId": stranger.id})).await.problem(404, "agent_not_found");
        app.put(&floor.lead, &path, json!({"agentId": floor.lead.id})).await.problem(404, "agent_not_found");
        app.execute(Sql::new("UPDATE users SET capacity = 0 WHERE id = $1").bind(floor.e.id)).await;
        app.put(&floor.lead, &path, json!({"agentId": floor.e.id})).await.problem(409, "agent_full");

        let moved = app.put(&floor.lead, &path, json!({"agentId": floor.d.id, "reason": "leave"})).await.ok();
        assert_eq!(moved["assignedTo"], json!(floor.d.id));
        app.get(&floor.a, &format!("{TASKS}/{task}")).await.problem(404, "task_not_found");
        app.put(&floor.d, &status_of(task), json!({"status": "in_progress"})).await.ok();
        app.put(&floor.lead, &path, json!({"agentId": floor.a.id})).await.problem(409, "task_not_open");
    }

    async fn a_manual_task_is_checked(app: TestApp) {
        let floor = app.floor().await;
        let customer = app.due_customer(1, &floor.lead).await;
        for (body, status, code) in [
            (json!({"customerId": 999_999}), 404, "customer_not_found"),
            (json!({"customerId": customer, "kind": "chat"}), 422, "unknown_kind"),
            (json!({"customerId": customer, "dueAt": "2026-11-20T10:00:00Z"}), 422, "due_at_past"),
            (json!({"customerId": customer, "taskDate": "2026-11-20"}), 422, "date_past"),
            (json!({"customerId": customer, "dueAt": "2026-11-22T10:00:00Z", "taskDate": "2026-11-23"}), 422, "date_mismatch"),
            (json!({"customerId": customer, "agentId": 999_999}), 404, "agent_not_found"),
        ] {
            app.post(&floor.lead, TASKS, body).await.problem(status, code);
        }
        let made = app.post(&floor.lead, TASKS, json!({"customerId": customer, "dueAt": "2026-11-22T18:30:00Z", "notes": "card"})).await;
        assert_eq!(made.status, 201);
        let task = made.ok();
        assert_eq!(task["taskDate"], "2026-11-23", "half past midnight in Dhaka");
        assert_eq!(task["assignedTo"], json!(floor.a.id), "the customer's team");
    }

    async fn an_order_from_anywhere_cancels_the_waiting_reminder(app: TestApp) {
        let floor = app.floor().await;
        let (customer, task) = reminder(&app, &floor.lead).await;
        let rice = app.category("rice").await;
        let oil = app.category("oil").await;
        let now = app.state.clock.now();
        let mut tx = app.state.db.begin().await.expect("begins");
        let other = cancel_reminders(&mut tx, now, customer, &[(oil, "oil".into())], "SO-1").await;
        assert_eq!(other.expect("runs"), []);
        let touched = cancel_reminders(&mut tx, now, customer, &[(rice, "rice".into())], "SO-2").await;
        assert_eq!(touched.expect("runs"), [task]);
        app.state.commit(tx).await.expect("commits");
        let task = app.get(&floor.a, &format!("{TASKS}/{task}")).await.ok();
        assert_eq!(task["status"], "cancelled");
        assert_eq!(task["cancelReason"], json!({"code": "reordered", "params": {"categorySlug": "rice", "orderNo": "SO-2"}}));
        let told = "SELECT count(*) FROM live_events WHERE kind = 'task.cancelled'";
        assert_eq!(app.number(told).await, 1);
    }

    async fn a_missed_call_waits_once_for_the_right_agent(app: TestApp) {
        let floor = app.floor().await;
        let customer = app.due_customer(1, &floor.lead).await;
        app.set_customer(customer, &[("value_stage", "vip".into())]).await;
        let now = app.state.clock.now();
        let mut tx = app.state.db.begin().await.expect("begins");
        let phone = "+8801710000001";
        let known = Missed { call: None, phone, customer: Some(customer), agent: None };
        let first = missed_call(&mut tx, now, today(), &known).await.expect("runs");
        let second = missed_call(&mut tx, now, today(), &known).await.expect("runs");
        let stranger = Missed { phone: "+8801999999999", customer: None, ..known };
        let unknown = missed_call(&mut tx, now, today(), &stranger).await.expect("runs");
        app.state.commit(tx).await.expect("commits");
        assert!(first.is_some());
        assert_eq!(second, first, "one call back is enough");
        let queue = app.get(&floor.e, &format!("{TASKS}/today")).await.ok();
        assert_eq!(queue["items"][0]["id"], json!(first));
        assert_eq!(queue["items"][0]["talkingPoints"].as_array().map(Vec::len), Some(1));
        let queue = app.get(&floor.a, &format!("{TASKS}/today")).await.ok();
        assert_eq!(queue["items"][0]["id"], json!(unknown), "team A takes unknown callers");
    }

    async fn calls_move_their_task_along_whatever_is_told_twice_or_late(app: TestApp) {
        let floor = app.floor().await;
        let (_, task) = reminder(&app, &floor.lead).await;
        let first = call(&app, &floor.a, task).await;
        tell(&app, task, first, WrapState::Calling).await;
        tell(&app, task, first, WrapState::Calling).await;
        tell(&app, task, first, WrapState::WrapUp).await;
        tell(&app, task, first, WrapState::Calling).await;
        let now = app.get(&floor.a, &format!("{TASKS}/{task}")).await.ok();
        assert_eq!((now["status"].as_str(), now["attempts"].as_i64()), (Some("in_progress"), Some(1)));
        assert_eq!(now["callIds"], json!([first]));
        let wrapping = "SELECT count(*) FROM wrap_ups WHERE state = 'wrap_up'";
        assert_eq!(app.number(wrapping).await, 1);

        let second = call(&app, &floor.a, task).await;
        tell(&app, task, second, WrapState::Calling).await;
        tell(&app, task, first, WrapState::WrapUp).await;
        assert_eq!(app.number(wrapping).await, 0, "the older call's end is late");
        tell(&app, task, second, WrapState::WrapUp).await;
        let done = json!({"status": "completed", "outcome": "price_issue"});
        let done = app.put(&floor.a, &status_of(task), done).await.ok();
        assert_eq!(done["attempts"], 2);
        assert_eq!(app.number("SELECT count(*) FROM wrap_ups").await, 0);
        tell(&app, task, second, WrapState::WrapUp).await;
        assert_eq!(app.number("SELECT count(*) FROM wrap_ups").await, 0, "what is done stays done");
    }

    async fn work_can_be_put_back_and_repeated(app: TestApp) {
        let floor = app.floor().await;
        let (_, task) = reminder(&app, &floor.lead).await;
        for status in ["in_progress", "in_progress", "pending", "pending", "in_progress"] {
            let now = app.put(&floor.a, &status_of(task), json!({"status": status})).await.ok();
            assert_eq!(now["status"], status);
        }
        let begun = call(&app, &floor.a, task).await;
        tell(&app, task, begun, WrapState::Calling).await;
        app.put(&floor.a, &status_of(task), json!({"status": "pending"})).await.problem(409, "call_running");
        let failed = json!({"status": "failed", "subReason": "wrong_number"});
        assert_eq!(app.put(&floor.a, &status_of(task), failed).await.ok()["status"], "failed");
    }

    async fn the_queue_comes_compressed_to_who_asks_so_and_is_as_new(app: TestApp) {
        let floor = app.floor().await;
        let (_, task) = reminder(&app, &floor.lead).await;
        let path = "/api/crm/automation/tasks/today";
        for (status, next) in [("pending", "in_progress"), ("in_progress", "pending")] {
            let plain = app.get(&floor.a, path).await.ok();
            assert_eq!(plain["items"][0]["status"], status);
            for _ in 0..2 {
                assert_eq!(app.get_compressed(&floor.a, path).await, plain);
            }
            app.put(&floor.a, &status_of(task), json!({"status": next})).await.ok();
        }
    }

    async fn a_note_shows_on_the_queue_at_once(app: TestApp) {
        let floor = app.floor().await;
        let (_, task) = reminder(&app, &floor.lead).await;
        let path = format!("{TASKS}/today");
        assert_eq!(app.get(&floor.a, &path).await.ok()["items"][0]["notes"], Value::Null);
        app.state.clock.set(app.state.clock.now() + chrono::TimeDelta::milliseconds(1));
        let note = Sql::new("UPDATE crm_call_tasks SET notes = 'rang twice', updated_at = $1 WHERE id = $2");
        app.execute(note.bind(app.state.clock.now()).bind(task)).await;
        assert_eq!(app.get(&floor.a, &path).await.ok()["items"][0]["notes"], "rang twice");
    }
}
