//! `GET crm/desk`, `PUT crm/desk/wrap-ups/{taskId}`: nothing typed is lost.

use serde_json::{Value, json};
use trustcart::db::{Sql, TaskId};

use crate::support::{Person, TestApp, both};

const DESK: &str = "/api/crm/desk";

/// A task of team A's agent, begun.
async fn begun(app: &TestApp, lead: &Person, agent: &Person) -> TaskId {
    let customer = app.due_customer(1, lead).await;
    app.post(lead, "/api/crm/team/ops/generate-calls", json!({})).await.ok();
    let task = app.open_task(customer).await;
    app.put(agent, &status(task), json!({"status": "in_progress"})).await.ok();
    task
}

fn status(task: TaskId) -> String {
    format!("/api/crm/automation/tasks/{task}/status")
}

fn wrap_up(task: TaskId) -> String {
    format!("{DESK}/wrap-ups/{task}")
}

fn typed(desk: &Value) -> Value {
    let w = &desk["wrapUps"][0];
    json!([w["notes"], w["outcome"], w["subReason"], w["followUpAt"], w["basket"]])
}

both! {
    async fn what_was_typed_survives_a_reload_and_the_servers_death(app: TestApp) {
        let floor = app.floor().await;
        let task = begun(&app, &floor.lead, &floor.a).await;
        let rice = app.number("SELECT id FROM products WHERE sku = 'RICE-5'").await;
        let body = json!({
            "notes": "দুই বস্তা চাল", "outcome": "follow_up", "subReason": "busy",
            "followUpAt": "2026-11-22T04:00:00Z", "basket": [{"productId": rice, "quantity": 2}],
        });
        app.put(&floor.a, &wrap_up(task), body).await.ok();
        // A second save of one field leaves the others.
        app.put(&floor.a, &wrap_up(task), json!({"notes": "তিন বস্তা চাল", "subReason": null})).await.ok();
        let want = json!(["তিন বস্তা চাল", "follow_up", null, "2026-11-22T04:00:00Z", [{"productId": rice, "quantity": 2}]]);

        let desk = app.get(&floor.a, DESK).await.ok();
        assert_eq!(typed(&desk), want);
        assert_eq!(desk["wrapUps"][0]["task"]["id"], json!(task));
        assert_eq!(desk["active"]["task"]["id"], json!(task));
        assert_eq!(desk["powerDialSeconds"], 5);

        // Another process on the same database, while the first one is simply gone.
        let after = app.again().await;
        assert_eq!(typed(&after.get(&floor.a, DESK).await.ok()), want);
        let done = json!({"status": "completed", "outcome": "not_interested"});
        after.put(&floor.a, &status(task), done).await.ok();
        assert_eq!(after.get(&floor.a, DESK).await.ok()["wrapUps"], json!([]));
        after.put(&floor.a, &wrap_up(task), json!({"notes": "late"})).await.problem(409, "task_closed");
        after.stop().await;
    }

    async fn two_tabs_do_not_overwrite_each_other_unseen(app: TestApp) {
        let floor = app.floor().await;
        let task = begun(&app, &floor.lead, &floor.a).await;
        let version = app.get(&floor.a, DESK).await.ok()["wrapUps"][0]["version"].clone();
        let one = app.put(&floor.a, &wrap_up(task), json!({"notes": "one", "version": version})).await.ok();
        assert!(one["version"].as_i64() > version.as_i64());
        app.put(&floor.a, &wrap_up(task), json!({"notes": "two", "version": version})).await
            .problem(409, "wrap_up_changed");
        let told = Sql::new("SELECT count(*) FROM live_events WHERE kind = 'wrapup.updated' AND user_id = $1");
        assert_eq!(app.number(told.bind(floor.a.id)).await, 2);
    }

    async fn a_wrap_up_is_its_agents_alone_and_checked(app: TestApp) {
        let floor = app.floor().await;
        let task = begun(&app, &floor.lead, &floor.a).await;
        app.put(&floor.d, &wrap_up(task), json!({"notes": "x"})).await.problem(404, "task_not_found");
        app.put(&floor.lead, &wrap_up(task), json!({"notes": "x"})).await.problem(404, "wrap_up_not_found");
        for (body, code) in [
            (json!({"outcome": "happy"}), "unknown_outcome"),
            (json!({"subReason": "happy"}), "unknown_sub_reason"),
            (json!({"followUpAt": "soon"}), "invalid_instant"),
            (json!({"basket": [{"productId": 1, "quantity": 0}]}), "invalid_quantity"),
            (json!({"notes": "x".repeat(4_001)}), "too_long"),
        ] {
            app.put(&floor.a, &wrap_up(task), body).await.problem(422, code);
        }
        assert_eq!(typed(&app.get(&floor.a, DESK).await.ok()), json!(["", null, null, null, []]));
    }

    async fn the_days_figures_follow_the_work(app: TestApp) {
        let floor = app.floor().await;
        let task = begun(&app, &floor.lead, &floor.a).await;
        let other = app.due_customer(2, &floor.lead).await;
        app.post(&floor.lead, "/api/crm/team/ops/generate-calls", json!({})).await.ok();
        app.state.clock.set("2026-11-21T04:36:00Z".parse().expect("an instant"));
        let rice = app.number("SELECT id FROM products WHERE sku = 'RICE-5'").await;
        let order = json!({"status": "completed", "outcome": "ordered", "order": {"lines": [{"productId": rice, "quantity": 1}]}});
        app.put(&floor.a, &status(task), order).await.ok();
        let today = app.get(&floor.a, DESK).await.ok()["today"].clone();
        assert_eq!((today["total"].as_i64(), today["done"].as_i64()), (Some(2), Some(1)));
        assert_eq!((today["ordered"].as_i64(), today["revenue"].as_i64()), (Some(1), Some(60_000)));
        assert_eq!(today["pacePerHour"], 10.0);
        assert_eq!(today["projectedFinish"], "2026-11-21T04:42:00Z");
        let next = app.open_task(other).await;
        app.put(&floor.a, &status(next), json!({"status": "completed", "outcome": "no_response"})).await.ok();
        assert_eq!(app.get(&floor.a, DESK).await.ok()["today"]["notReached"], 1);
    }
}
