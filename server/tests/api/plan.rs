//! `POST crm/team/ops/generate-calls`, `GET crm/team/ops/plan`, and the daily job.

use chrono::TimeDelta;
use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::db::{CustomerId, Sql};
use trustcart::tasks::best_hour;

use crate::support::{TestApp, both, days_ago, today};

const UNDO: &str = "/api/crm/team/ops/plan/undo";
const SETTINGS: &str = "/api/crm/team/ops/plan/settings";
const GENERATE: &str = "/api/crm/team/ops/generate-calls";

fn left_out(result: &Value, reason: &str) -> i64 {
    result["leftOut"]
        .as_array()
        .and_then(|all| all.iter().find(|l| l["reason"] == reason))
        .and_then(|l| l["count"].as_i64())
        .unwrap_or(0)
}

async fn planned(app: &TestApp, customer: CustomerId) -> Vec<(String, String, Option<i64>)> {
    let sql = Sql::new(
        "SELECT t.reason, COALESCE(t.team_code, ''), t.assigned_to FROM crm_call_tasks t
         WHERE t.customer_id = $1 ORDER BY t.id",
    );
    let mut tx = app.state.db.read().await.expect("reads");
    tx.all(sql.bind(customer)).await.expect("tasks")
}

both! {
    async fn due_reminders_become_todays_calls_of_the_right_team(app: TestApp) {
        let floor = app.floor().await;
        let new = app.due_customer(1, &floor.lead).await;
        let vip = app.due_customer(2, &floor.lead).await;
        app.set_customer(vip, &[("value_stage", "vip".into()), ("temperature", "hot".into())]).await;
        let regular = app.due_customer(3, &floor.lead).await;
        app.set_customer(regular, &[("purchase_stage", "regular".into())]).await;
        let later = app.customer("Later", "01711111111", None, Some(&floor.lead)).await;
        app.pair(later, "rice", days_ago(1), today().succ_opt().expect("tomorrow")).await;

        let preview = app.post(&floor.lead, GENERATE, json!({"preview": true})).await.ok();
        assert_eq!((preview["created"].as_i64(), preview["planId"].as_i64()), (Some(3), None));
        assert_eq!(app.number("SELECT count(*) FROM crm_call_tasks").await, 0);

        let made = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!(made["created"], 3, "{made:#}");
        assert_eq!(made["byClass"], json!({"reminder": 3, "offer": 0, "followUp": 0}));
        assert_eq!(made["agents"].as_array().map(Vec::len), Some(3));
        for (customer, team, agent) in
            [(new, "A", &floor.a), (vip, "E", &floor.e), (regular, "D", &floor.d)]
        {
            let tasks = planned(&app, customer).await;
            assert_eq!(tasks, [("reminder:rice".into(), team.to_owned(), Some(agent.id.0))]);
        }
        assert_eq!(planned(&app, later).await, []);

        let again = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!((again["created"].as_i64(), again["alreadyPlanned"].as_i64()), (Some(0), Some(3)));
        let kept = app.get(&floor.lead, "/api/crm/team/ops/plan").await.ok();
        assert_eq!(kept["created"], 3);
        assert_eq!(kept["planId"], made["planId"]);
    }

    async fn two_runs_at_once_plan_nobody_twice_and_nobody_above_the_limit(app: TestApp) {
        let floor = app.floor().await;
        let other = app.again().await;
        let mut tx = app.state.db.begin().await.expect("begins");
        for n in 0..260_u32 {
            tx.execute(
                Sql::new(
                    "INSERT INTO customers (phone, name, tags, purchase_stage, value_stage,
                       customer_type, lifecycle_stage, temperature, avg_order_value,
                       assigned_supervisor_id, created_at, updated_at)
                     VALUES ($1, $1, $2, 'new', 'normal', 'new', 'new', 'warm', $3, $4, $5, $5)",
                )
                .bind(format!("+88017{n:08}"))
                .bind(json!([]))
                .bind(50_000 + i64::from(n))
                .bind(floor.lead.id)
                .bind(app.state.clock.now()),
            )
            .await
            .expect("a customer");
        }
        tx.execute(
            Sql::new(
                "INSERT INTO reorder_pairs (customer_id, category_id, purchases, first_date, last_date,
                   last_qty, last_value, product_id, due_on, expected_on)
                 SELECT c.id, p.category_id, 1, $1, $1, 5000, 60000, p.id, $2, $2
                 FROM customers c, products p WHERE p.sku = 'RICE-5'",
            )
            .bind(days_ago(22))
            .bind(today()),
        )
        .await
        .expect("pairs");
        tx.commit().await.expect("commits");

        // Two instances, several requests each, all at the same moment.
        let admin = app.person(Role::Admin, "boss").await;
        let runs = (0..6).map(|n| {
            let at = if n % 2 == 0 { &app } else { &other };
            at.post(&admin, GENERATE, json!({}))
        });
        let mut created = 0;
        for run in futures::future::join_all(runs).await {
            created += run.ok()["created"].as_i64().expect("a number");
        }
        assert_eq!(created, 200);
        let customers = "SELECT count(DISTINCT customer_id) FROM crm_call_tasks";
        assert_eq!(app.number(customers).await, 200);
        assert_eq!(app.number("SELECT count(*) FROM crm_call_tasks").await, 200);
        let most = "SELECT MAX(n) FROM (SELECT count(*) AS n FROM crm_call_tasks GROUP BY assigned_to) x";
        assert_eq!(app.number(most).await, 200);
        // The most valuable were chosen.
        let least = "SELECT MIN(c.avg_order_value) FROM crm_call_tasks t JOIN customers c ON c.id = t.customer_id";
        assert_eq!(app.number(least).await, 50_060);
        other.stop().await;
    }

    async fn quotas_and_limits_hold(app: TestApp) {
        let floor = app.floor().await;
        for n in 0..12 {
            app.due_customer(n, &floor.lead).await;
        }
        for n in 20..26 {
            let id = app.customer("Born today", &format!("0181{n:07}"), None, Some(&floor.lead)).await;
            app.set_customer(id, &[("birthday_md", 1121_i64.into())]).await;
        }
        app.plan_settings(json!({"spill": false, "holdOutPercent": 0, "mostMessages": 0})).await;
        let body = json!({"perAgentLimit": 10, "reminderQuota": 4, "offerQuota": 3, "followupQuota": 1});
        let made = app.post(&floor.lead, GENERATE, body.clone()).await.ok();
        assert_eq!(made["byClass"], json!({"reminder": 4, "offer": 3, "followUp": 0}));
        assert_eq!(left_out(&made, "quota_full"), 8 + 3);

        // With spilling, what the follow-ups left unused goes to the next best.
        app.plan_settings(json!({"spill": true, "holdOutPercent": 0, "mostMessages": 0})).await;
        let more = app.post(&floor.lead, GENERATE, body).await.ok();
        assert_eq!(more["created"], 1);
        assert_eq!(left_out(&more, "quota_full"), 10);
    }

    async fn contact_rules_leave_out_and_say_why(app: TestApp) {
        let floor = app.floor().await;
        let mut who = Vec::new();
        for n in 0..6 {
            who.push(app.due_customer(n, &floor.lead).await);
        }
        app.set_customer(who[0], &[("do_not_call", true.into())]).await;
        app.set_customer(who[1], &[("consent_call", false.into())]).await;
        let now = app.state.clock.now();
        let contact = |days| ("last_contact_at", (now - chrono::TimeDelta::days(days)).into());
        app.set_customer(who[2], &[contact(2)]).await;
        app.set_customer(who[3], &[contact(3)]).await;
        app.set_customer(who[4], &[("purchase_stage", "repeat_2".into())]).await;
        app.execute(
            Sql::new("INSERT INTO agent_absences (user_id, day) VALUES ($1, $2)")
                .bind(floor.e.id)
                .bind(today()),
        )
        .await;
        app.set_customer(who[5], &[("purchase_stage", "permanent".into())]).await;

        let made = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!(made["created"], 1, "{made:#}");
        assert_eq!(planned(&app, who[3]).await.len(), 1);
        for reason in ["do_not_call", "no_consent", "recently_contacted", "no_team", "no_capacity"] {
            assert_eq!(left_out(&made, reason), 1, "{reason}: {made:#}");
        }
    }

    async fn one_customer_is_one_call_with_every_reason(app: TestApp) {
        let floor = app.floor().await;
        let id = app.due_customer(1, &floor.lead).await;
        app.set_customer(id, &[("birthday_md", 1121_i64.into())]).await;
        app.pair(id, "oil", days_ago(20), days_ago(2)).await;
        let made = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!(made["created"], 1);
        let task = app.open_task(id).await;
        let points: Value = {
            let mut tx = app.state.db.read().await.expect("reads");
            let sql = Sql::new("SELECT talking_points FROM crm_call_tasks WHERE id = $1").bind(task);
            tx.scalar::<sqlx::types::Json<Value>>(sql).await.expect("points").0
        };
        let kinds: Vec<&str> = points.as_array().expect("a list").iter()
            .filter_map(|p| p["kind"].as_str()).collect();
        assert_eq!(kinds, ["reminder", "reminder", "birthday"]);
        assert_eq!(points[0]["reason"]["params"]["categorySlug"], "rice");
        assert_eq!(points[0]["reason"]["params"]["sinceDays"], 22);
    }

    async fn new_reasons_join_a_promise_instead_of_a_second_call(app: TestApp) {
        let floor = app.floor().await;
        let id = app.due_customer(1, &floor.lead).await;
        app.execute(
            Sql::new(
                "INSERT INTO crm_call_tasks (customer_id, phone, task_date, kind, reason,
                   talking_points, origin, priority, score, temperature, recommended_products,
                   script_key, assigned_to, status, created_at, updated_at)
                 VALUES ($1, '+8801711111111', $2, 'follow_up', 'follow_up', $3, 'promise', 1, 1.0,
                   'warm', $4, 'followUp', $5, 'pending', $6, $6)",
            )
            .bind(id)
            .bind(today())
            .bind(json!([{"kind": "follow_up", "reason": {"code": "follow_up", "params": {}}}]))
            .bind(json!([]))
            .bind(floor.a.id)
            .bind(app.state.clock.now()),
        )
        .await;
        let made = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!((made["created"].as_i64(), made["merged"].as_i64()), (Some(0), Some(1)));
        assert_eq!(left_out(&made, "open_promise"), 1);
        let again = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!(again["merged"], 0);
        assert_eq!(planned(&app, id).await.len(), 1);
    }

    async fn what_cannot_be_planned_is_refused_and_changes_nothing(app: TestApp) {
        let floor = app.floor().await;
        app.due_customer(1, &floor.lead).await;
        for (body, code) in [
            (json!({"reminderQuota": -1}), "quota_negative"),
            (json!({"perAgentLimit": 50, "offerQuota": 51}), "quota_above_limit"),
            (json!({"perAgentLimit": 0}), "limit_out_of_range"),
            (json!({"perAgentLimit": 201}), "limit_out_of_range"),
            (json!({"date": "2026-02-30"}), "invalid_date"),
            (json!({"date": "21.11.2026"}), "invalid_date"),
            (json!({"date": "2026-11-20"}), "date_past"),
            (json!({"date": "2027-11-20"}), "date_too_far"),
            (json!({"reminderQuota": "many"}), "invalid_field"),
            (json!({"reminderQuotas": 10}), "invalid_field"),
        ] {
            app.post(&floor.lead, GENERATE, body).await.problem(422, code);
        }
        app.post(&floor.a, GENERATE, json!({})).await.problem(403, "forbidden");
        app.get(&floor.lead, "/api/crm/team/ops/plan").await.problem(404, "plan_not_found");
        assert_eq!(app.number("SELECT count(*) FROM crm_call_tasks").await, 0);
        assert_eq!(app.number("SELECT count(*) FROM daily_plans").await, 0);
    }

    async fn a_leader_plans_own_coverage_only(app: TestApp) {
        let floor = app.floor().await;
        let rival = app.person(Role::TeamLeader, "rival").await;
        let team = app.team("A", &rival).await;
        let agent = app.agent("rival-agent", team, &rival, "301").await;
        app.due_customer(1, &floor.lead).await;
        let theirs = app.due_customer(2, &rival).await;
        let nobodys = app.due_customer(3, &floor.lead).await;
        app.set_customer(nobodys, &[("assigned_supervisor_id", trustcart::db::Arg::Int(None))]).await;

        let made = app.post(&rival, GENERATE, json!({})).await.ok();
        assert_eq!((made["created"].as_i64(), made["agents"].as_array().map(Vec::len)), (Some(1), Some(1)));
        assert_eq!(planned(&app, theirs).await[0].2, Some(agent.id.0));
        let admin = app.person(Role::Admin, "boss").await;
        let all = app.post(&admin, GENERATE, json!({})).await.ok();
        assert_eq!(all["created"], 2);
        assert_eq!(planned(&app, nobodys).await.len(), 1);
    }

    async fn an_unfinished_plan_is_carried_three_days_and_then_expires(app: TestApp) {
        let floor = app.floor().await;
        let carried = app.due_customer(1, &floor.lead).await;
        let old = app.due_customer(2, &floor.lead).await;
        app.post(&floor.lead, GENERATE, json!({})).await.ok();
        for (customer, days) in [(carried, 3), (old, 4)] {
            app.execute(
                Sql::new("UPDATE crm_call_tasks SET task_date = $1 WHERE customer_id = $2")
                    .bind(days_ago(days))
                    .bind(customer),
            )
            .await;
        }
        let made = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!((made["expired"].as_i64(), made["created"].as_i64()), (Some(1), Some(1)));
        assert_eq!(left_out(&made, "already_planned"), 1);
        assert_eq!(planned(&app, carried).await.len(), 1);
        assert_eq!(planned(&app, old).await.len(), 2);
    }

    async fn a_plan_is_taken_back_but_for_what_was_touched_and_can_be_made_again(app: TestApp) {
        let floor = app.floor().await;
        let called = app.due_customer(1, &floor.lead).await;
        let moved = app.due_customer(2, &floor.lead).await;
        let noted = app.due_customer(3, &floor.lead).await;
        for n in 4..=5 {
            app.due_customer(n, &floor.lead).await;
        }
        let made = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!((&made["created"], &made["undoable"]), (&json!(5), &json!(true)));
        let task = async |customer: CustomerId| -> i64 {
            let sql = Sql::new("SELECT id FROM crm_call_tasks WHERE customer_id = $1").bind(customer);
            app.state.db.read().await.expect("reads").scalar(sql).await.expect("a task")
        };
        app.state.clock.set(app.state.clock.now() + chrono::TimeDelta::minutes(1));
        let body = json!({"taskId": task(called).await});
        app.post(&floor.a, "/api/telephony/calls/initiate", body).await.ok();
        let path = format!("/api/crm/automation/tasks/{}/assign", task(moved).await);
        app.put(&floor.lead, &path, json!({"agentId": floor.d.id})).await.ok();
        let path = format!("/api/crm/desk/wrap-ups/{}", task(noted).await);
        app.put(&floor.a, &path, json!({"notes": "asked for honey last time"})).await.ok();

        let undone = app.post(&floor.lead, UNDO, json!({})).await.ok();
        assert_eq!(
            (&undone["undone"]["takenBack"], &undone["undone"]["kept"], &undone["undoable"]),
            (&json!(2), &json!(3), &json!(false))
        );
        assert_eq!(app.number("SELECT count(*) FROM crm_call_tasks").await, 3);
        let again = app.post(&floor.lead, UNDO, json!({})).await.ok();
        assert_eq!(again["undone"], undone["undone"], "twice is once");
        let shown = app.get(&floor.lead, "/api/crm/team/ops/plan").await.ok();
        assert_eq!((&shown["undone"], &shown["undoable"]), (&undone["undone"], &json!(false)));
        assert_eq!(app.number("SELECT count(*) FROM audit_log WHERE action = 'plan.undone'").await, 1);

        let made = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!((made["created"].as_i64(), made["alreadyPlanned"].as_i64()), (Some(2), Some(3)));
    }

    async fn a_leader_takes_back_own_plans_only_and_none_of_a_day_that_is_over(app: TestApp) {
        let floor = app.floor().await;
        app.due_customer(1, &floor.lead).await;
        app.post(&floor.lead, UNDO, json!({})).await.problem(404, "plan_not_found");
        let admin = app.person(Role::Admin, "boss").await;
        app.post(&admin, GENERATE, json!({})).await.ok();
        let shown = app.get(&floor.lead, "/api/crm/team/ops/plan").await.ok();
        assert_eq!(shown["undoable"], false);
        app.post(&floor.lead, UNDO, json!({})).await.problem(404, "plan_not_found");
        app.post(&floor.a, UNDO, json!({})).await.problem(403, "forbidden");
        assert_eq!(app.number("SELECT count(*) FROM crm_call_tasks").await, 1);
        app.post(&admin, UNDO, json!({"date": days_ago(1)})).await.problem(422, "date_past");
        app.post(&admin, UNDO, json!({"date": "tomorrow"})).await.problem(422, "invalid_date");
        app.post(&admin, UNDO, json!({})).await.ok();
        assert_eq!(app.number("SELECT count(*) FROM crm_call_tasks").await, 0);
    }

    async fn a_share_is_held_out_on_record_and_stays_so(app: TestApp) {
        let floor = app.floor().await;
        app.plan_settings(json!({"holdOutPercent": 50, "mostMessages": 0})).await;
        for n in 1..=40 {
            app.due_customer(n, &floor.lead).await;
        }
        let held = "SELECT count(*) FROM hold_outs";
        let preview = app.post(&floor.lead, GENERATE, json!({"preview": true})).await.ok();
        assert_eq!(app.number(held).await, 0);
        let made = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        let (created, out) = (made["created"].as_i64().expect("a number"), left_out(&made, "held_out"));
        assert_eq!((created + out, left_out(&preview, "held_out")), (40, out), "{made:#}");
        assert!((8..=32).contains(&out), "{out}");
        assert_eq!(app.number(held).await, out);
        let both = "SELECT count(*) FROM hold_outs h JOIN crm_call_tasks t ON t.customer_id = h.customer_id";
        assert_eq!(app.number(both).await, 0);
        let again = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!((again["created"].as_i64(), left_out(&again, "held_out")), (Some(0), out));
        assert_eq!(app.number(held).await, out, "noted once a day");
    }

    async fn once_every_day_is_full_reasons_only_join_calls_that_wait(app: TestApp) {
        let floor = app.floor().await;
        app.execute(Sql::new("UPDATE users SET capacity = CASE WHEN id = $1 THEN 2 ELSE 0 END").bind(floor.a.id)).await;
        let mut customers = Vec::new();
        for n in 1..=4 {
            customers.push(app.due_customer(n, &floor.lead).await);
        }
        let made = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!((&made["created"], &made["full"], left_out(&made, "no_capacity")), (&json!(2), &json!(false), 2));
        let mut waiting = None;
        for customer in customers {
            if planned(&app, customer).await.is_empty() {
                waiting = Some(customer);
            }
        }
        let by_hand = json!({"customerId": waiting.expect("one without a call"), "agentId": floor.a.id});
        let task = app.post(&floor.lead, "/api/crm/automation/tasks", by_hand).await.ok();
        let full = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!((&full["created"], &full["merged"], &full["full"]), (&json!(0), &json!(1), &json!(true)));
        assert_eq!((left_out(&full, "no_capacity"), left_out(&full, "already_planned")), (0, 2), "{full:#}");
        let task = app.get(&floor.a, &format!("/api/crm/automation/tasks/{}", task["id"])).await.ok();
        assert_eq!(task["talkingPoints"][1]["reason"]["code"], "reorder_due");

        // Where nobody is there at all, everybody is looked at and the reason said.
        for agent in [&floor.a, &floor.d, &floor.e] {
            app.execute(Sql::new("INSERT INTO agent_absences (user_id, day) VALUES ($1, $2)").bind(agent.id).bind(today())).await;
        }
        let nobody = app.post(&floor.lead, GENERATE, json!({"preview": true})).await.ok();
        assert_eq!((&nobody["full"], left_out(&nobody, "no_capacity")), (&json!(false), 1), "{nobody:#}");
    }

    async fn what_calling_does_is_measured_against_those_held_out_for_whom_there_was_room(app: TestApp) {
        let floor = app.floor().await;
        app.plan_settings(json!({"holdOutPercent": 50, "mostMessages": 0})).await;
        let mut customers = Vec::new();
        for n in 1..=90 {
            customers.push(app.due_customer(n, &floor.lead).await);
        }
        app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!(app.number("SELECT count(*) FROM hold_outs WHERE NOT would_call").await, 0);
        app.state.clock.set("2026-12-20T04:30:00Z".parse().expect("an instant"));
        let lead = app.renewed(&floor.lead);
        let planned = "SELECT count(*) FROM crm_call_tasks";
        let (called, held) = (app.number(planned).await, app.number("SELECT count(*) FROM hold_outs").await);
        // Everybody bought, but those held out a day too late.
        let mut of_called = 0;
        for (n, customer) in customers.iter().enumerate() {
            let sql = Sql::new("SELECT count(*) FROM crm_call_tasks WHERE customer_id = $1").bind(*customer);
            let is_called = app.number(sql).await == 1;
            of_called += i64::from(is_called);
            app.execute(
                Sql::new(
                    "INSERT INTO orders (order_no, source, external_id, customer_id, order_date, placed_at,
                       status, counted, subtotal, discount, delivery_charge, total, payment_method,
                       content_hash, created_at, updated_at)
                     VALUES ($1, 'rest', $1, $2, $3, $4, 'placed', TRUE, 50000, 0, 0, 50000, 'cod', 'x', $4, $4)",
                )
                .bind(format!("U-{n}"))
                .bind(*customer)
                .bind(today() + chrono::Days::new(if is_called { 13 } else { 14 }))
                .bind(app.state.clock.now()),
            )
            .await;
        }
        assert_eq!((called, called + held), (of_called, 90));
        // Somebody else's days reach further.
        let late = app.customer("Late", "01899999999", None, Some(&floor.lead)).await;
        app.execute(
            Sql::new("INSERT INTO hold_outs (customer_id, day, kinds, created_at) VALUES ($1, $2, $3, $4)")
                .bind(late)
                .bind(today() + chrono::Days::new(1))
                .bind(json!([]))
                .bind(app.state.clock.now()),
        )
        .await;
        // Planned is planned, also if a person wanted the call too.
        app.execute("UPDATE crm_call_tasks SET origin = 'manual' WHERE id % 2 = 0").await;
        let path = "/api/crm/team/ops/plan/uplift";
        let found = app.get(&lead, &format!("{path}?days=90")).await.ok();
        assert_eq!(found["called"], json!({"customers": called, "bought": called, "spend": called * 50_000}));
        assert_eq!(found["heldOut"], json!({"customers": held + 1, "bought": 0, "spend": 0}));
        assert_eq!(found["difference"]["share"], json!(1.0));
        let young = app.get(&lead, &format!("{path}?days=1")).await.ok();
        assert_eq!((&young["from"], &young["called"]["customers"]), (&json!("2026-12-06"), &json!(0)));
        assert_eq!(young["difference"], json!(null));
        app.get(&lead, &format!("{path}?days=0")).await.problem(422, "out_of_range");
    }

    async fn todays_open_work_does_not_fill_tomorrow(app: TestApp) {
        let floor = app.floor().await;
        let first = app.due_customer(1, &floor.lead).await;
        app.post(&floor.lead, GENERATE, json!({"perAgentLimit": 1})).await.ok();
        app.due_customer(2, &floor.lead).await;
        let tomorrow = json!({"perAgentLimit": 1, "date": "2026-11-22"});
        let made = app.post(&floor.lead, GENERATE, tomorrow).await.ok();
        assert_eq!((made["created"].as_i64(), made["alreadyPlanned"].as_i64()), (Some(1), Some(1)));
        assert_eq!(planned(&app, first).await.len(), 1);
    }

    async fn the_daily_job_plans_once(app: TestApp) {
        let floor = app.floor().await;
        app.due_customer(1, &floor.lead).await;
        trustcart::tasks::generate::daily(app.state.clone()).await.expect("plans");
        trustcart::tasks::generate::daily(app.state.clone()).await.expect("plans again");
        assert_eq!(app.number("SELECT count(*) FROM crm_call_tasks").await, 1);
        let last = format!("/api/crm/team/ops/plan?date={}", today());
        let kept = app.get(&floor.lead, &last).await.ok();
        assert_eq!(kept["created"], 1);
    }

    async fn a_purchase_that_came_in_bulk_still_takes_the_reminder_away(app: TestApp) {
        let floor = app.floor().await;
        let id = app.due_customer(1, &floor.lead).await;
        app.post(&floor.lead, GENERATE, json!({})).await.ok();
        app.execute(
            Sql::new("UPDATE reorder_pairs SET last_date = $1, due_on = $2 WHERE customer_id = $3")
                .bind(today())
                .bind(today().checked_add_days(chrono::Days::new(22)).expect("a date"))
                .bind(id),
        )
        .await;
        app.post(&floor.lead, GENERATE, json!({})).await.ok();
        let open = "SELECT count(*) FROM crm_call_tasks WHERE status = 'pending'";
        assert_eq!(app.number(open).await, 0);
    }

    async fn the_rules_of_the_plan_are_changed_by_managers_and_checked(app: TestApp) {
        let floor = app.floor().await;
        let manager = app.person(Role::SalesManager, "manager").await;
        let mut rules = app.get(&floor.lead, SETTINGS).await.ok();
        assert_eq!(rules["callingHours"]["hours"], json!({"from": "09:00", "until": "21:00"}));
        app.put(&floor.lead, SETTINGS, rules.clone()).await.problem(403, "forbidden");
        for (pointer, value) in [
            ("/quotas/perAgentLimit", json!(201)),
            ("/quotas/offer", json!(250)),
            ("/holdOutPercent", json!(51)),
            ("/mostAttempts", json!(0)),
            ("/mostMessages", json!(5001)),
            ("/callingHours/hours", json!({"from": "21:00", "until": "09:00"})),
        ] {
            let mut wrong = rules.clone();
            *wrong.pointer_mut(pointer).expect("a field") = value;
            let problem = app.put(&manager, SETTINGS, wrong).await.problem(422, "out_of_range");
            let field = pointer.trim_start_matches('/').replace('/', ".");
            assert_eq!(problem["field"], field);
        }
        let mut wrong = rules.clone();
        wrong["callingHours"]["hours"]["from"] = json!("nine");
        app.put(&manager, SETTINGS, wrong).await.problem(422, "invalid_field");
        assert_eq!(app.get(&manager, SETTINGS).await.ok(), rules, "bad input changes nothing");

        rules["quotas"]["perAgentLimit"] = json!(2);
        rules["quotas"]["reminder"] = json!(1);
        rules["quotas"]["offer"] = json!(1);
        rules["quotas"]["followup"] = json!(0);
        rules["spill"] = json!(false);
        assert_eq!(app.put(&manager, SETTINGS, rules.clone()).await.ok(), rules);
        for n in 1..=3 {
            app.due_customer(n, &floor.lead).await;
        }
        let made = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!(made["created"], 1, "{made:#}");
    }

    async fn a_reason_nobody_answered_for_often_enough_rests_for_a_month(app: TestApp) {
        let floor = app.floor().await;
        let silent = app.due_customer(1, &floor.lead).await;
        let older = app.due_customer(2, &floor.lead).await;
        let twice = app.due_customer(3, &floor.lead).await;
        let rice = app.category("rice").await;
        for (customer, days) in
            [(silent, vec![9, 8, 7]), (older, vec![40, 39, 8]), (twice, vec![9, 8])]
        {
            for ago in days {
                let task = app.task(customer, &floor.a, &days_ago(ago).to_string(), "completed").await;
                let sql = Sql::new(
                    "UPDATE crm_call_tasks SET outcome = 'no_response', category_id = $1 WHERE id = $2",
                );
                app.execute(sql.bind(rice).bind(task)).await;
            }
        }
        let made = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!((made["created"].as_i64(), left_out(&made, "attempts_used")), (Some(2), 1), "{made:#}");
        // Another reason is another matter.
        app.pair(silent, "oil", days_ago(20), today()).await;
        let more = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!((more["created"].as_i64(), left_out(&more, "attempts_used")), (Some(1), 0), "{more:#}");
        let reasons = planned(&app, silent).await;
        assert_eq!(reasons.last().map(|r| r.0.as_str()), Some("reminder:oil"));
    }

    async fn whoever_answers_at_this_hour_is_called_first(app: TestApp) {
        let floor = app.floor().await;
        let evening = app.due_customer(1, &floor.lead).await;
        app.set_customer(evening, &[("avg_order_value", 500_000_i64.into())]).await;
        let morning = app.due_customer(2, &floor.lead).await;
        // 10:40 and 18:40 in Dhaka; whoever is called, more answer in the evening.
        for (customer, hour, calls, answered) in [
            (evening, 4, 110, 50), (evening, 12, 110, 90), (morning, 4, 12, 12), (morning, 12, 12, 0),
        ] {
            for n in 0..calls {
                let at = app.state.clock.start_of(days_ago(2 + n % 9)) + TimeDelta::hours(6 + hour)
                    + TimeDelta::minutes(40);
                let sql = Sql::new(
                    "INSERT INTO telephony_calls (direction, provider, mode, customer_phone,
                       customer_id, status, started_at, answered_at, facts, meta, created_at,
                       updated_at)
                     VALUES ('outbound', 'simulator', 'mock', '', $1, $2, $3, $4, $5, $5, $3, $3)",
                );
                let taken = n < answered;
                let status = if taken { "completed" } else { "no_answer" };
                let sql = sql.bind(customer).bind(status).bind(at).bind(taken.then_some(at));
                app.execute(sql.bind(json!({}))).await;
            }
        }
        let mut tx = app.state.db.begin().await.expect("begins");
        let summed = best_hour::sum_up(&mut tx, app.state.clock.zone()).await.expect("sums");
        tx.commit().await.expect("commits");
        assert_eq!(summed, 244);
        app.post(&floor.lead, GENERATE, json!({})).await.ok();
        let queue = app.get(&floor.a, "/api/crm/automation/tasks/today").await.ok();
        let order: Vec<_> = queue["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|task| (task["customerId"].as_i64(), task["bestHour"].as_i64()))
            .collect();
        assert_eq!(order, [(Some(morning.0), Some(10)), (Some(evening.0), Some(18))], "{queue:#}");
    }
}
