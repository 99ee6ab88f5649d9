//! `/api/crm/team/dashboard`.

use chrono::{Days, TimeDelta};
use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::customers::{PurchaseStage, ValueStage};
use trustcart::db::Sql;

use crate::support::{Covered, both};

const DASHBOARD: &str = "/api/crm/team/dashboard";

/// The counts of a list of stages, in order.
fn counts(stages: &Value) -> Vec<i64> {
    stages.as_array().expect("stages").iter().filter_map(|s| s["count"].as_i64()).collect()
}

both! {
    async fn the_coverage_is_counted(app: TestApp) {
        let manager = app.person(Role::SalesManager, "manager").await;
        let tl = app.person(Role::TeamLeader, "tl").await;
        let other = app.person(Role::TeamLeader, "other").await;
        let team = app.team("E", &tl).await;
        let agent = app.agent("agent1", team, &tl, "201").await;
        let today = app.state.clock.today();
        let (recent, old) = (today - Days::new(30), today - Days::new(31));
        let pool = Covered {
            agent: None,
            supervisor: Some(tl.id),
            purchase: PurchaseStage::New,
            value: ValueStage::Normal,
            last_order: None,
        };
        app.covered(2, 0, pool).await;
        app.covered(3, 10, Covered { last_order: Some(recent), ..pool }).await;
        let regular = Covered { purchase: PurchaseStage::Regular, last_order: Some(recent), ..pool };
        app.covered(4, 20, Covered { agent: Some(agent.id), ..regular }).await;
        // Of the agent, but in nobody's or another leader's pool: coverage all the same, once.
        let vip = Covered { agent: Some(agent.id), value: ValueStage::Vip, ..regular };
        app.covered(1, 30, Covered { supervisor: None, ..vip }).await;
        app.covered(1, 40, Covered { supervisor: Some(other.id), ..vip }).await;
        app.covered(1, 50, Covered { last_order: Some(old), ..vip }).await;
        app.covered(7, 60, Covered { supervisor: Some(other.id), ..pool }).await;

        let page = app.get(&tl, DASHBOARD).await.ok();
        assert_eq!(page["date"], "2026-11-21");
        assert_eq!(page["coverage"]["totalCustomers"], 12);
        assert_eq!(page["coverage"]["repeatRate"], 0.7, "7 of the 10 who ever bought");
        assert_eq!(page["coverage"]["vipPermanentActive30d"], 2, "one has been silent for 31 days");
        assert_eq!(page["purchaseStages"][3], json!({"stage": "regular", "count": 7}));
        assert_eq!(counts(&page["purchaseStages"]), [5, 0, 0, 7, 0]);
        assert_eq!(counts(&page["valueStages"]), [9, 0, 3]);

        let theirs = format!("{DASHBOARD}?teamLeaderId={}", other.id);
        app.get(&tl, &theirs).await.problem(403, "forbidden");
        let page = app.get(&manager, &theirs).await.ok();
        assert_eq!(page["coverage"]["totalCustomers"], 8);
        assert_eq!(page["agents"], json!([]));
        let page = app.get(&manager, DASHBOARD).await.ok();
        assert_eq!(page["coverage"]["totalCustomers"], 19);
        app.get(&manager, &format!("{DASHBOARD}?teamLeaderId=999")).await
            .problem(404, "user_not_found");
    }

    async fn coverage_figures_are_at_most_ten_seconds_old(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let total = async || app.get(&tl, DASHBOARD).await.ok()["coverage"]["totalCustomers"].as_i64();
        assert_eq!(total().await, Some(0));
        app.customers_of(5, 0, None, Some(tl.id)).await;
        assert_eq!(total().await, Some(0), "counted a moment ago");
        app.state.clock.set(app.state.clock.now() + TimeDelta::seconds(11));
        assert_eq!(total().await, Some(5));
    }

    async fn moving_customers_shows_at_once(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let other = app.person(Role::TeamLeader, "other").await;
        let manager = app.person(Role::SalesManager, "manager").await;
        let team = app.team("A", &other).await;
        let agent = app.agent("agent1", team, &other, "201").await;
        let ids = app.customers_of(5, 0, None, Some(tl.id)).await;
        let total = async |who| app.get(who, DASHBOARD).await.ok()["coverage"]["totalCustomers"].as_i64();
        assert_eq!((total(&tl).await, total(&other).await), (Some(5), Some(0)));
        let body = json!({"customerIds": &ids[..2], "agentId": agent.id.0});
        app.post(&manager, "/api/crm/team/leads/bulk-assign", body).await.ok();
        assert_eq!((total(&tl).await, total(&other).await), (Some(3), Some(2)));
    }

    async fn each_agents_day_is_live(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let other = app.person(Role::TeamLeader, "other").await;
        let (a, e) = (app.team("A", &tl).await, app.team("E", &tl).await);
        let (first, second) = (app.agent("zoya", a, &tl, "201").await, app.agent("amin", e, &tl, "202").await);
        let elsewhere = app.team("A", &other).await;
        let stranger = app.agent("stranger", elsewhere, &other, "203").await;
        let ids = app.customers_of(11, 0, None, Some(tl.id)).await;
        let (now, today) = (app.state.clock.now(), app.state.clock.today());
        let yesterday = today - Days::new(1);
        let hour = TimeDelta::hours(1);
        for (n, (agent, day, status, outcome, due)) in [
            (&first, today, "completed", Some("ordered"), None),
            (&first, today, "completed", Some("no_response"), None),
            (&first, today, "failed", None, None),
            (&first, today, "in_progress", None, None),
            (&first, today, "pending", None, Some(now - hour)),
            (&first, today, "pending", None, Some(now + hour)),
            (&first, today, "cancelled", None, None),
            (&first, yesterday, "pending", None, Some(now - hour * 24)),
            (&first, yesterday, "completed", Some("ordered"), Some(now - hour * 24)),
            (&stranger, today, "pending", None, None),
            (&stranger, yesterday, "pending", None, None),
        ].into_iter().enumerate() {
            app.task_of(agent.id, ids[n], day, status, outcome, due).await;
        }
        // An order counts once it is in the shop's books; "already ordered" is no sale.
        for (n, (order, by, counted)) in [
            ("SO-1", &first, true), ("SO-2", &first, true), ("SO-3", &first, false), ("SO-4", &second, true),
        ].into_iter().enumerate() {
            app.execute(
                Sql::new(
                    "INSERT INTO orders (order_no, source, external_id, customer_id, order_date, placed_at, status,
                       counted, subtotal, discount, delivery_charge, total, payment_method, created_by, content_hash,
                       created_at, updated_at)
                     VALUES ($1, 'call', $1, $2, $3, $4, $5, $6, 100, 0, 0, 100, 'cod', $7, '', $4, $4)",
                )
                .bind(order).bind(ids[n]).bind(today).bind(now)
                .bind(if counted { "placed" } else { "cancelled" }).bind(counted).bind(by.id),
            )
            .await;
        }
        app.call_of(first.id, ids[0], "completed").await;
        let call = app.call_of(first.id, ids[0], "answered").await;
        let mut tx = app.state.db.begin().await.expect("begins");
        tx.execute(Sql::new("INSERT INTO agent_status (user_id, status, since) VALUES ($1, 'on_call', $2)")
            .bind(first.id).bind(now)).await.expect("a status");
        tx.commit().await.expect("commits");

        let page = app.get(&tl, DASHBOARD).await.ok();
        assert_eq!(page["coverage"]["pendingPreviousDays"], 1);
        let agents = page["agents"].as_array().expect("agents");
        let names: Vec<&Value> = agents.iter().map(|a| &a["name"]).collect();
        assert_eq!(names, ["zoya", "amin"], "by team, own agents only");
        assert_eq!(agents[0]["today"], json!({
            "total": 6, "completed": 1, "failed": 2, "pending": 2, "inProgress": 1, "ordered": 2,
            "promisesLate": 2,
        }));
        assert_eq!(agents[0]["status"], "on_call");
        assert_eq!(agents[0]["currentCall"], json!({
            "callId": call.0, "status": "answered", "startedAt": "2026-11-21T04:30:00Z",
            "customerName": "ক্রেতা 0",
        }));
        assert_eq!((&agents[1]["status"], &agents[1]["statusSince"]), (&json!("offline"), &Value::Null));
        assert_eq!(agents[1]["agentId"], second.id.0);
        assert_eq!(agents[1]["teamCode"], "E");
        assert!(agents[1].get("currentCall").is_none());
    }

    async fn a_finished_task_and_a_new_agent_show_at_once(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("A", &tl).await;
        let agent = app.agent("agent1", team, &tl, "201").await;
        let ids = app.customers_of(1, 0, None, Some(tl.id)).await;
        let today = app.state.clock.today();
        let task = app.task_of(agent.id, ids[0], today, "pending", None, None).await;
        let first = async || app.get(&tl, DASHBOARD).await.ok()["agents"][0]["today"].clone();
        assert_eq!(first().await["pending"], 1);
        let path = format!("/api/crm/automation/tasks/{task}/status");
        let done = json!({"status": "completed", "outcome": "not_interested"});
        app.put(&agent, &path, done).await.ok();
        assert_eq!((&first().await["pending"], &first().await["completed"]), (&json!(0), &json!(1)));
        let new = json!({"login": "agent2", "name": "A", "password": "a long password", "role": "agent"});
        app.post(&tl, "/api/users", new).await.ok();
        let page = app.get(&tl, DASHBOARD).await.ok();
        assert_eq!(page["agents"].as_array().map(Vec::len), Some(2));
    }

    async fn the_last_plan_of_today_is_shown(app: TestApp) {
        let floor = app.floor().await;
        app.due_customer(1, &floor.lead).await;
        assert!(app.get(&floor.lead, DASHBOARD).await.ok().get("lastPlan").is_none());
        let plan = app.post(&floor.lead, "/api/crm/team/ops/generate-calls", json!({})).await.ok();
        assert_eq!(plan["created"], 1);
        let page = app.get(&floor.lead, DASHBOARD).await.ok();
        assert_eq!(page["lastPlan"]["planId"], plan["planId"]);
        let today: i64 = page["agents"].as_array().expect("agents").iter()
            .filter_map(|a| a["today"]["pending"].as_i64()).sum();
        assert_eq!(today, 1);
        let other = app.person(Role::TeamLeader, "other").await;
        assert!(app.get(&other, DASHBOARD).await.ok().get("lastPlan").is_none(), "not theirs");
    }

    async fn playbook_and_role_plays_come_in_both_languages(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let bn = app.get(&tl, DASHBOARD).await.ok();
        let en = app.get(&tl, &format!("{DASHBOARD}?lang=en")).await.ok();
        for page in [&bn, &en] {
            assert_eq!(page["scriptPlaybook"].as_array().map(Vec::len), Some(6));
            assert_eq!(page["trainingRolePlays"]["rolePlays"].as_array().map(Vec::len), Some(6));
        }
        assert_ne!(bn["trainingRolePlays"]["title"], en["trainingRolePlays"]["title"]);
        app.get(&tl, &format!("{DASHBOARD}?lang=fr")).await.problem(400, "invalid_query");
    }

    async fn browsers_get_the_same_page_compressed(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        for name in ["agent1", "agent2"] {
            let new = json!({"login": name, "name": name, "password": "a long password", "role": "agent"});
            app.post(&tl, "/api/users", new).await.ok();
            let plain = app.get(&tl, DASHBOARD).await.ok();
            let packed = app.get_compressed(&tl, DASHBOARD).await;
            assert_eq!(packed, plain);
            let agents = packed["agents"].as_array().expect("agents");
            assert!(agents.iter().any(|agent| agent["name"] == name), "{name} shows at once");
        }
    }
}
