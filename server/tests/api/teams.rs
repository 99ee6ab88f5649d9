//! `/api/crm/team/teams` and `/api/crm/team/leads`.

use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::db::{CustomerId, Sql, UserId};

use crate::support::{Person, TestApp, both};

const TEAMS: &str = "/api/crm/team/teams";

/// Agent and supervisor of a customer.
async fn owners(app: &TestApp, id: CustomerId) -> (Option<UserId>, Option<UserId>) {
    let mut tx = app.state.db.read().await.expect("reads");
    tx.one(
        Sql::new("SELECT assigned_to, assigned_supervisor_id FROM customers WHERE id = $1")
            .bind(id),
    )
    .await
    .expect("the customer")
}

async fn count(app: &TestApp, table: &str) -> i64 {
    let mut tx = app.state.db.read().await.expect("reads");
    tx.scalar(Sql::new(format!("SELECT COUNT(*) FROM {table}"))).await.expect("counts")
}

/// `n` customers of `agent` and `supervisor`.
async fn customers(
    app: &TestApp,
    n: i64,
    first: i64,
    agent: Option<&Person>,
    supervisor: Option<&Person>,
) -> Vec<CustomerId> {
    app.customers_of(n, first, agent.map(|p| p.id), supervisor.map(|p| p.id)).await
}

both! {
    async fn a_team_leader_makes_fills_and_deletes_a_team(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let other_team = app.team("B", &tl).await;
        let agent = app.agent("agent1", other_team, &tl, "201").await;
        let made = app.post(&tl, TEAMS, json!({"code": " a ", "name": "নতুন ক্রেতা"})).await;
        assert_eq!(made.status, 201);
        let made = made.ok();
        assert_eq!((&made["code"], &made["teamLeaderId"]), (&json!("A"), &json!(tl.id.0)));
        let path = format!("{TEAMS}/{}", made["id"]);
        let member = json!({"agentId": agent.id.0});
        let team = app.post(&tl, &format!("{path}/assign-agent"), member.clone()).await.ok();
        assert_eq!(team["agentCount"], 1);
        assert_eq!(team["agents"][0]["name"], "agent1");
        app.post(&tl, &format!("{path}/assign-agent"), member.clone()).await.ok();
        app.delete(&tl, &path).await.problem(409, "team_not_empty");
        let other = format!("{TEAMS}/{other_team}/unassign-agent");
        app.post(&tl, &other, member.clone()).await.problem(409, "agent_not_in_team");
        let team = app.post(&tl, &format!("{path}/unassign-agent"), member).await.ok();
        assert_eq!(team["agentCount"], 0);
        assert_eq!(app.delete(&tl, &path).await.status, 204);
        app.delete(&tl, &path).await.problem(404, "team_not_found");
        let list = app.get(&tl, TEAMS).await.ok();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    }

    async fn bad_teams_are_refused(app: TestApp) {
        let manager = app.person(Role::SalesManager, "manager").await;
        let tl = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("B", &tl).await;
        let bad = app.post(&tl, TEAMS, json!({"code": "F", "name": "x"})).await
            .problem(422, "invalid_code");
        assert_eq!(bad["allowed"], json!(["A", "B", "C", "D", "E"]));
        app.post(&tl, TEAMS, json!({"code": "A", "name": " "})).await.problem(422, "invalid_name");
        app.post(&tl, TEAMS, json!({"code": "B", "name": "x"})).await
            .problem(409, "team_code_taken");
        app.post(&manager, TEAMS, json!({"code": "A", "name": "x"})).await
            .problem(422, "team_leader_required");
        let nobody = json!({"code": "A", "name": "x", "teamLeaderId": manager.id.0});
        app.post(&manager, TEAMS, nobody).await.problem(422, "team_leader_not_found");
        let member = json!({"agentId": manager.id.0});
        let path = format!("{TEAMS}/{team}/assign-agent");
        app.post(&manager, &path, member.clone()).await.problem(422, "not_an_agent");
        app.post(&tl, &path, member).await.problem(404, "user_not_found");
    }

    async fn another_leaders_team_is_not_there(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let other = app.person(Role::TeamLeader, "other").await;
        let own = app.team("A", &tl).await;
        let theirs = app.team("A", &other).await;
        let their_agent = app.agent("theirs", theirs, &other, "202").await;
        let path = format!("{TEAMS}/{theirs}");
        let member = json!({"agentId": their_agent.id.0});
        app.patch(&tl, &path, json!({"name": "x"})).await.problem(404, "team_not_found");
        app.delete(&tl, &path).await.problem(404, "team_not_found");
        let unassign = format!("{path}/unassign-agent");
        app.post(&tl, &unassign, member.clone()).await.problem(404, "team_not_found");
        let assign = format!("{TEAMS}/{own}/assign-agent");
        app.post(&tl, &assign, member).await.problem(404, "user_not_found");
        let mine = format!("{TEAMS}/{own}");
        app.patch(&tl, &mine, json!({"teamLeaderId": other.id.0})).await.problem(403, "forbidden");
        let list = app.get(&tl, TEAMS).await.ok();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    }

    async fn a_team_with_another_leader_takes_agents_and_customers_along(app: TestApp) {
        let manager = app.person(Role::SalesManager, "manager").await;
        let tl = app.person(Role::TeamLeader, "tl").await;
        let other = app.person(Role::TeamLeader, "other").await;
        let team = app.team("A", &tl).await;
        let agent = app.agent("agent1", team, &tl, "201").await;
        let ids = customers(&app, 2, 0, Some(&agent), Some(&tl)).await;
        let path = format!("{TEAMS}/{team}");
        app.patch(&manager, &path, json!({"teamLeaderId": other.id.0})).await.ok();
        assert_eq!(owners(&app, ids[0]).await, (Some(agent.id), Some(other.id)));
        assert_eq!(count(&app, "customer_assignments").await, 2);
        let list = app.get(&other, "/api/users").await.ok();
        assert_eq!(list["items"][0]["id"], agent.id.0);
    }

    async fn thousands_of_customers_move_at_once_and_back_to_the_pool(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("A", &tl).await;
        let agent = app.agent("agent1", team, &tl, "201").await;
        let mut ids = customers(&app, 6_000, 0, None, Some(&tl)).await;
        ids.extend(customers(&app, 10, 6_000, Some(&agent), Some(&tl)).await);
        let body = |ids: &[CustomerId]| json!({"customerIds": ids, "agentId": agent.id.0, "reason": " new team "});
        let assign = "/api/crm/team/leads/bulk-assign";
        let report = app.post(&tl, assign, body(&ids)).await.ok();
        assert_eq!(report, json!({"changed": 6_000, "unchanged": 10}));
        let report = app.post(&tl, assign, body(&ids)).await.ok();
        assert_eq!(report, json!({"changed": 0, "unchanged": 6_010}));
        assert_eq!(owners(&app, ids[0]).await, (Some(agent.id), Some(tl.id)));
        assert_eq!(count(&app, "customer_assignments").await, 6_000);
        assert_eq!(count(&app, "customer_interactions").await, 6_000);
        let unassign = "/api/crm/team/leads/bulk-unassign";
        let report = app.post(&tl, unassign, json!({"customerIds": &ids[..3]})).await.ok();
        assert_eq!(report, json!({"changed": 3, "unchanged": 0}));
        assert_eq!(owners(&app, ids[0]).await, (None, Some(tl.id)));
        let mut tx = app.state.db.read().await.expect("reads");
        let reasons: Vec<(Option<String>,)> = tx.all(Sql::new(
            "SELECT reason FROM customer_assignments WHERE customer_id = $1 ORDER BY id")
            .bind(ids[0])).await.expect("history");
        assert_eq!(reasons, [(Some("new team".to_owned()),), (None,)]);
    }

    async fn one_customer_of_somebody_else_and_nothing_moves(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let other = app.person(Role::TeamLeader, "other").await;
        let (team, others) = (app.team("A", &tl).await, app.team("A", &other).await);
        let agent = app.agent("agent1", team, &tl, "201").await;
        let their_agent = app.agent("agent2", others, &other, "202").await;
        let mut ids = customers(&app, 3, 0, None, Some(&tl)).await;
        ids.extend(customers(&app, 1, 3, Some(&their_agent), None).await);
        ids.push(CustomerId(999_999));
        let assign = "/api/crm/team/leads/bulk-assign";
        let problem = app.post(&tl, assign, json!({"customerIds": ids, "agentId": agent.id.0})).await
            .problem(422, "not_all_assignable");
        assert!(problem["detail"].as_str().is_some_and(|d| d.starts_with("2 of 5")));
        let named: Vec<&Value> = problem["errors"].as_array().expect("errors").iter()
            .map(|e| &e["detail"]).collect();
        assert_eq!(named, [&json!(ids[3].to_string()), &json!("999999")]);
        assert_eq!(owners(&app, ids[0]).await, (None, Some(tl.id)));
        assert_eq!(count(&app, "customer_assignments").await, 0);
        let body = json!({"customerIds": &ids[..1], "agentId": their_agent.id.0});
        app.post(&tl, assign, body).await.problem(422, "agent_not_found");
        app.post(&tl, assign, json!({"customerIds": [], "agentId": agent.id.0})).await
            .problem(422, "no_customers");
    }

    async fn a_filter_selects_whom_to_move(app: TestApp) {
        let manager = app.person(Role::SalesManager, "manager").await;
        let tl = app.person(Role::TeamLeader, "tl").await;
        let other = app.person(Role::TeamLeader, "other").await;
        let team = app.team("A", &tl).await;
        let agent = app.agent("agent1", team, &tl, "201").await;
        let free = customers(&app, 7, 0, None, None).await;
        let theirs = customers(&app, 2, 10, None, Some(&other)).await;
        let assign = "/api/crm/team/leads/bulk-assign";
        let nobodys = json!({"q": "01700000", "assignedTo": "none"});
        for (filter, code) in [
            (json!({}), "invalid_filter"),
            (json!({"asignedTo": "none"}), "invalid_filter"),
            (json!({"assignedTo": null}), "invalid_filter"),
            (json!({"purchaseStage": "old"}), "invalid_filter"),
            (json!({"assignedTo": "x"}), "invalid_value"),
        ] {
            let body = json!({"filter": filter, "teamLeaderId": tl.id.0});
            app.post(&manager, assign, body).await.problem(422, code);
        }
        let both = json!({"filter": nobodys, "customerIds": [1], "teamLeaderId": tl.id.0});
        app.post(&manager, assign, both).await.problem(422, "ids_or_filter");
        let nowhere = json!({"filter": nobodys});
        app.post(&manager, assign, nowhere).await.problem(422, "agent_or_team_leader");

        // An import's customers belong to nobody: the manager gives them to a team leader.
        let body = json!({"customerIds": free, "teamLeaderId": tl.id.0});
        app.post(&tl, assign, body.clone()).await.problem(422, "not_all_assignable");
        let report = app.post(&manager, assign, body).await.ok();
        assert_eq!(report, json!({"changed": 7, "unchanged": 0}));
        assert_eq!(owners(&app, free[0]).await, (None, Some(tl.id)));
        // The team leader's filter reaches own coverage only.
        let body = json!({"filter": {"assignedTo": "none"}, "agentId": agent.id.0});
        let report = app.post(&tl, assign, body).await.ok();
        assert_eq!(report, json!({"changed": 7, "unchanged": 0}));
        assert_eq!(owners(&app, theirs[0]).await, (None, Some(other.id)));
        let away = json!({"customerIds": &free[..1], "teamLeaderId": other.id.0});
        app.post(&tl, assign, away).await.problem(403, "forbidden");
        let unassign = "/api/crm/team/leads/bulk-unassign";
        let body = json!({"filter": {"assignedTo": agent.id.0.to_string()}});
        let report = app.post(&tl, unassign, body).await.ok();
        assert_eq!(report, json!({"changed": 7, "unchanged": 0}));
    }
}
