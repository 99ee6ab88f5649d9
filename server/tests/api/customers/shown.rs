//! What an agent sees of a customer, and what happens to the queue.

use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::db::Sql;

use crate::support::both;
use crate::support::shop::order;

both! {
    async fn customer_360_tells_what_to_say(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "leader").await;
        let team = app.team("A", &leader).await;
        let agent = app.agent("agent", team, &leader, "201").await;
        let products = app.products().await;
        let id = app.customer("Karim", "01712345678", Some(&agent), Some(&leader)).await;
        for (n, day) in ["2026-09-02", "2026-10-01", "2026-10-28"].iter().enumerate() {
            let body = order(&n.to_string(), json!({"id": id}), day, &[(products[0], 1)]);
            app.post(&agent, "/api/cdm/orders", body).await.ok();
        }
        app.post(&agent, &format!("/api/cdm/customers/{id}/notes"), json!({"text": " likes tea "})).await.ok();
        let view = app.get(&agent, &format!("/api/cdm/customer360/{id}")).await.ok();
        assert_eq!(view["daysSinceLastOrder"], 24);
        assert_eq!(view["customer"]["segment"], "repeat_3+normal");
        assert_eq!(view["customer"]["membershipLevel"], "silver");
        assert_eq!(view["customer"]["lastContactAt"], "2026-11-21T04:30:00Z");
        let cycle = &view["cycles"][0];
        assert_eq!((&cycle["purchases"], &cycle["avgGapDays"]), (&json!(3), &json!(28)));
        assert_eq!((&cycle["dueOn"], &cycle["expectedOn"]), (&json!("2026-11-19"), &json!("2026-11-25")));
        assert_eq!(cycle["basis"], "table");
        assert_eq!(cycle["arithmetic"], json!({
            "orderDate": "2026-10-28", "consumptionDays": 28, "bufferDays": 6, "scaledFrom": null,
            "clamped": false, "minDays": 7, "maxDays": 120,
        }));
        let kinds: Vec<_> = view["timeline"].as_array().expect("entries").iter()
            .map(|e| e["kind"].as_str().expect("a kind")).collect();
        assert_eq!(kinds, ["note", "level", "order", "order", "order"]);
        assert_eq!(view["timeline"][0]["text"], "likes tea");
        let alerts: Vec<_> = view["alerts"].as_array().expect("alerts").iter()
            .map(|a| a["code"].as_str().expect("a code")).collect();
        assert_eq!(alerts, ["reorder_due"]);
        assert_eq!(view["recommendations"][0]["reason"]["code"], "reorder_due");
        assert_eq!(view["recommendations"][0]["sku"], "RICE-5");
        // Rice goes with oil from day 5 to 30.
        let cross = &view["recommendations"][1]["reason"];
        assert_eq!((&cross["code"], &cross["triggerCategorySlug"]), (&json!("cross_sell"), &json!("rice")));
        let listed = app.get(&agent, &format!("/api/cdm/orders?customerId={id}")).await.ok();
        assert_eq!(view["recentOrders"], listed["items"]);
        assert_eq!(view["recentOrders"][0]["lines"][0]["sku"], "RICE-5");
        let numbers: Vec<_> = view["recentOrders"].as_array().expect("orders").iter()
            .map(|o| o["orderDate"].clone()).collect();
        assert_eq!(numbers, ["2026-10-28", "2026-10-01", "2026-09-02"]);
        let known = app.get(&agent, &format!("/api/crm/automation/intelligence/{id}")).await.ok();
        for part in ["customer", "cycles", "alerts", "recommendations", "daysSinceLastOrder"] {
            assert_eq!(known[part], view[part], "{part}");
        }
        let offered = app.get(&agent, &format!("/api/crm/automation/recommendations/{id}")).await.ok();
        assert_eq!(offered["items"], view["recommendations"]);
    }

    async fn a_changed_catalogue_shows_at_once_on_every_instance(app: TestApp) {
        let manager = app.person(Role::SalesManager, "manager").await;
        let products = app.products().await;
        let id = app.customer("Karim", "01712345678", None, None).await;
        app.post(&manager, "/api/cdm/orders", order("1", json!({"id": id}), "2026-10-28", &[(products[0], 1)])).await.ok();
        let other = app.again().await;
        let path = format!("/api/cdm/customer360/{id}");
        let seen = async |field: &str| {
            let (here, there) = (app.get(&manager, &path).await.ok(), other.get(&manager, &path).await.ok());
            assert_eq!(here, there);
            here["recommendations"][0][field].clone()
        };
        assert_eq!(seen("nameEn").await, "RICE-5");
        for name in ["Miniket", "Nazirshail"] {
            app.patch(&manager, &format!("/api/cdm/products/{}", products[0]), json!({"nameEn": name})).await.ok();
            assert_eq!(seen("nameEn").await, name);
            let view = other.get(&manager, &path).await.ok();
            assert_eq!(view["recentOrders"][0]["lines"][0]["nameEn"], name);
        }
        for days in [30, 31] {
            other.execute(Sql::new("UPDATE consumption_profiles SET avg_consumption_days = $1").bind(days)).await;
            let view = app.get(&manager, &path).await.ok();
            assert_eq!(view["cycles"][0]["arithmetic"]["consumptionDays"], days);
        }
        other.stop().await;
    }

    async fn a_note_may_hold_any_character(app: TestApp) {
        let manager = app.person(Role::SalesManager, "manager").await;
        let id = app.customer("Karim", "01712345678", None, None).await;
        let path = format!("/api/cdm/customers/{id}/notes");
        app.post(&manager, &path, json!({"text": "likes tea"})).await.ok();
        // Between lists that one statement reads there is a separator; here it is in one of them.
        let odd = "\u{1e}\"[1],\u{1e}\u{7f}চা\\";
        app.execute(Sql::new("UPDATE customer_interactions SET text = $1").bind(odd)).await;
        let view = app.get(&manager, &format!("/api/cdm/customer360/{id}")).await.ok();
        assert_eq!(view["timeline"][0]["text"], odd);
    }

    async fn a_customer_goes_to_an_agent_and_back_to_the_pool(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "leader").await;
        let stranger = app.person(Role::TeamLeader, "stranger").await;
        let team = app.team("A", &leader).await;
        let agent = app.agent("agent", team, &leader, "201").await;
        let foreign_team = app.team("B", &stranger).await;
        let foreign = app.agent("foreign", foreign_team, &stranger, "301").await;
        let id = app.customer("Karim", "01712345678", None, Some(&leader)).await;
        let path = format!("/api/cdm/customers/{id}/assignment");
        let body = json!({"agentId": agent.id, "reason": "knows him"});
        let given = app.put(&leader, &path, body).await.ok();
        assert_eq!(given["assignedTo"], json!(agent.id));
        let freed = app.put(&leader, &path, json!({"agentId": null})).await.ok();
        assert_eq!(freed["assignedTo"], Value::Null);
        assert_eq!(freed["assignedSupervisorId"], json!(leader.id));
        app.put(&leader, &path, json!({})).await.problem(422, "required");
        app.put(&leader, &path, json!({"agentId": foreign.id})).await.problem(422, "agent_not_found");
        app.put(&leader, &path, json!({"agentId": leader.id})).await.problem(422, "agent_not_found");
        app.put(&agent, &path, json!({"agentId": agent.id})).await.problem(403, "forbidden");
        app.put(&stranger, &path, json!({"agentId": foreign.id})).await.problem(404, "customer_not_found");
        let view = app.get(&leader, &format!("/api/cdm/customer360/{id}")).await.ok();
        let history: Vec<_> = view["assignments"].as_array().expect("rows").iter()
            .map(|a| (a["fromAgentId"].clone(), a["toAgentId"].clone(), a["reason"].clone())).collect();
        assert_eq!(history, [
            (json!(agent.id), Value::Null, Value::Null),
            (Value::Null, json!(agent.id), json!("knows him")),
        ]);
        assert_eq!(view["assignments"][0]["byUserId"], json!(leader.id));
        // A manager moves it to another team leader's pool.
        let manager = app.person(Role::SalesManager, "manager").await;
        let pool = json!({"agentId": null, "supervisorId": stranger.id});
        let moved = app.put(&manager, &path, pool).await.ok();
        assert_eq!(moved["assignedSupervisorId"], json!(stranger.id));
        for body in [
            json!({"agentId": null, "supervisorId": agent.id}),
            json!({"agentId": foreign.id, "supervisorId": leader.id}),
        ] {
            app.put(&manager, &path, body).await.problem(422, "team_leader_not_found");
        }
    }

    async fn an_order_takes_the_reminder_off_the_queue_and_says_why(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "leader").await;
        let team = app.team("A", &leader).await;
        let agent = app.agent("agent", team, &leader, "201").await;
        let products = app.products().await;
        let id = app.customer("Karim", "01712345678", Some(&agent), Some(&leader)).await;
        let rice = app.category("rice").await;
        let task = app.task(id, &agent, "2026-11-21", "pending").await;
        let mut tx = app.state.db.begin().await.expect("begins");
        tx.execute(Sql::new("UPDATE crm_call_tasks SET talking_points = $1 WHERE id = $2")
            .bind(json!([{"kind": "reminder", "reason": {"code": "reorder_due",
                "params": {"categoryId": rice, "categorySlug": "rice"}}}]))
            .bind(task)).await.expect("points");
        tx.commit().await.expect("commits");
        let status = async || -> (String, Option<String>) {
            let mut tx = app.state.db.read().await.expect("reads");
            tx.one(Sql::new("SELECT status, CAST(cancel_reason AS TEXT) FROM crm_call_tasks WHERE id = $1")
                .bind(task)).await.expect("the task")
        };
        // Oil is something else, and rice of long ago has run out again.
        for (n, day, product) in [("1", "2026-11-21", 1), ("2", "2026-08-01", 0)] {
            let body = order(n, json!({"id": id}), day, &[(products[product], 1)]);
            app.post(&leader, "/api/cdm/orders", body).await.ok();
            assert_eq!(status().await, ("pending".to_owned(), None), "order {n}");
        }
        let body = order("3", json!({"id": id}), "2026-11-20", &[(products[0], 1)]);
        let made = app.post(&leader, "/api/cdm/orders", body).await.ok();
        let (now, reason) = status().await;
        assert_eq!(now, "cancelled");
        let reason: Value = serde_json::from_str(&reason.expect("a reason")).expect("JSON");
        assert_eq!(reason, json!({"code": "reordered",
            "params": {"categorySlug": "rice", "orderNo": made["orderNo"]}}));
        let mut tx = app.state.db.read().await.expect("reads");
        let events: Vec<(Option<i64>,)> = tx
            .all("SELECT user_id FROM live_events WHERE kind = 'task.cancelled'").await.expect("events");
        assert_eq!(events, [(Some(agent.id.0),)]);
    }
}
