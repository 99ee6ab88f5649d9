//! `/api/users`.

use chrono::TimeDelta;
use futures::StreamExt as _;
use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::db::Sql;

use crate::support::{Person, TestApp, both};

fn new_user(login: &str, role: &str) -> Value {
    json!({"login": login, "name": "রিনা আক্তার", "password": "a long password", "role": role})
}

/// Names in the answer's `items`.
fn logins(list: &Value) -> Vec<&str> {
    list["items"].as_array().expect("items").iter().filter_map(|u| u["login"].as_str()).collect()
}

async fn audit_actions(app: &TestApp) -> Vec<String> {
    let mut tx = app.state.db.read().await.expect("reads");
    let rows: Vec<(String,)> =
        tx.all("SELECT action FROM audit_log ORDER BY id").await.expect("the log");
    rows.into_iter().map(|r| r.0).collect()
}

both! {
    async fn an_admin_makes_and_changes_an_agent(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let tl = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("C", &tl).await;
        let mut body = new_user(" Rina ", "agent");
        body["phone"] = json!("০১৭১২-৩৪৫৬৭৮");
        body["extension"] = json!("201");
        body["teamId"] = json!(team.0);
        body["districts"] = json!([" Dhaka", "dhaka", "ঢাকা"]);
        body["capacity"] = json!(150);
        let made = app.post(&admin, "/api/users", body).await;
        assert_eq!(made.status, 201);
        let made = made.ok();
        assert_eq!(made["login"], "rina");
        assert_eq!(made["phone"], "+8801712345678");
        assert_eq!(made["teamCode"], "C");
        assert_eq!(made["teamLeaderId"], tl.id.0, "the team decides the leader");
        assert_eq!(made["districts"], json!(["Dhaka"]));
        assert_eq!(made["seniority"], "regular");
        assert!(made.get("password").is_none() && made.get("passwordHash").is_none());

        let path = format!("/api/users/{}", made["id"]);
        let patch = json!({"seniority": "senior", "extension": null, "districts": ["সিলেট"]});
        let changed = app.patch(&admin, &path, patch).await.ok();
        assert_eq!(changed["seniority"], "senior");
        assert!(changed.get("extension").is_none(), "null clears");
        assert_eq!(changed["districts"], json!(["Sylhet"]));
        assert_eq!(changed["phone"], made["phone"], "what is absent stays");
        let out = app.patch(&admin, &path, json!({"teamId": null})).await.ok();
        assert!(out.get("teamId").is_none());
        assert_eq!(out["teamLeaderId"], tl.id.0);
        app.patch(&admin, &path, json!({})).await.ok();
        assert_eq!(audit_actions(&app).await, ["user.created", "user.updated", "user.updated"]);

        let list = app.get(&admin, "/api/users?role=agent").await.ok();
        assert_eq!(logins(&list), ["rina"]);
        let login = json!({"login": "rina", "password": "a long password"});
        app.request(reqwest::Method::POST, "/api/auth/login", None, Some(login)).await.ok();
    }

    async fn logins_and_extensions_are_unique(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let tl = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("A", &tl).await;
        app.agent("agent1", team, &tl, "201").await;
        let agent2 = app.agent("agent2", team, &tl, "202").await;
        let taken = app.post(&admin, "/api/users", new_user("AGENT1", "agent")).await
            .problem(409, "login_taken");
        assert_eq!(taken["field"], "login");
        let mut body = new_user("agent3", "agent");
        body["extension"] = json!("201");
        app.post(&admin, "/api/users", body).await.problem(409, "extension_taken");
        let path = format!("/api/users/{}", agent2.id);
        app.patch(&admin, &path, json!({"extension": "201"})).await.problem(409, "extension_taken");
        let list = app.get(&admin, "/api/users?role=agent").await.ok();
        assert_eq!(logins(&list), ["agent1", "agent2"], "nothing was changed");
    }

    async fn bad_fields_are_named(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        for (field, value, code) in [
            ("login", json!("two words"), "invalid_login"),
            ("name", json!("  "), "invalid_name"),
            ("password", json!("short"), "weak_password"),
            ("role", json!("king"), "invalid_field"),
            ("phone", json!("12"), "invalid_phone"),
            ("extension", json!("20a"), "invalid_extension"),
            ("capacity", json!(201), "invalid_capacity"),
            ("capacity", json!(-1), "invalid_capacity"),
            ("teamId", json!(999), "team_not_found"),
            ("teamLeaderId", json!(999), "team_leader_not_found"),
            ("isAdmin", json!(true), "invalid_field"),
        ] {
            let mut body = new_user("rina", "agent");
            body[field] = value;
            let problem = app.post(&admin, "/api/users", body).await.problem(422, code);
            assert_eq!(problem["field"], field);
        }
        let mut body = new_user("rina", "support");
        body["teamLeaderId"] = json!(admin.id.0);
        app.post(&admin, "/api/users", body).await.problem(422, "not_an_agent");
        assert_eq!(logins(&app.get(&admin, "/api/users").await.ok()), ["admin"]);
        app.patch(&admin, "/api/users/999", json!({})).await.problem(404, "user_not_found");
    }

    async fn a_team_leader_sees_and_changes_own_agents_only(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let other = app.person(Role::TeamLeader, "other").await;
        let (team, others) = (app.team("A", &tl).await, app.team("A", &other).await);
        let mine = app.agent("mine", team, &tl, "201").await;
        let theirs = app.agent("theirs", others, &other, "202").await;
        assert_eq!(logins(&app.get(&tl, "/api/users").await.ok()), ["mine"]);
        assert_eq!(logins(&app.get(&tl, "/api/users?role=team_leader").await.ok()), [""; 0]);

        let made = app.post(&tl, "/api/users", new_user("rina", "agent")).await.ok();
        assert_eq!(made["teamLeaderId"], tl.id.0);
        for role in ["admin", "sales_manager", "team_leader", "support"] {
            app.post(&tl, "/api/users", new_user("x1", role)).await.problem(403, "forbidden");
        }
        let mut foreign = new_user("x1", "agent");
        foreign["teamId"] = json!(others.0);
        app.post(&tl, "/api/users", foreign).await.problem(422, "team_not_found");
        let mut given = new_user("x1", "agent");
        given["teamLeaderId"] = json!(other.id.0);
        app.post(&tl, "/api/users", given).await.problem(403, "forbidden");

        for path in [theirs.id, other.id, tl.id].map(|id| format!("/api/users/{id}")) {
            app.patch(&tl, &path, json!({"name": "X"})).await.problem(404, "user_not_found");
            let absences = format!("{path}/absences");
            app.put(&tl, &absences, json!({"dates": []})).await.problem(404, "user_not_found");
        }
        let path = format!("/api/users/{}", mine.id);
        app.patch(&tl, &path, json!({"capacity": 80})).await.ok();
        app.patch(&tl, &path, json!({"role": "team_leader"})).await.problem(403, "forbidden");
        app.patch(&tl, &path, json!({"teamLeaderId": other.id.0})).await.problem(403, "forbidden");
    }

    async fn only_an_admin_makes_admins_and_changes_roles(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let manager = app.person(Role::SalesManager, "manager").await;
        let support = app.person(Role::Support, "support").await;
        for role in ["admin", "sales_manager"] {
            app.post(&manager, "/api/users", new_user("x1", role)).await.problem(403, "forbidden");
        }
        let path = format!("/api/users/{}", admin.id);
        let takeover = json!({"password": "another password"});
        app.patch(&manager, &path, takeover).await.problem(403, "forbidden");
        let path = format!("/api/users/{}", support.id);
        app.patch(&manager, &path, json!({"role": "agent"})).await.problem(403, "forbidden");
        assert_eq!(app.patch(&admin, &path, json!({"role": "agent"})).await.ok()["role"], "agent");
        let own = format!("/api/users/{}", admin.id);
        app.patch(&admin, &own, json!({"active": false})).await.problem(409, "own_account");
        app.patch(&admin, &own, json!({"role": "agent"})).await.problem(409, "own_account");
        let tl = app.person(Role::TeamLeader, "tl").await;
        app.team("A", &tl).await;
        let path = format!("/api/users/{}", tl.id);
        app.patch(&admin, &path, json!({"active": false})).await.problem(409, "leads_a_team");
    }

    async fn deactivating_ends_the_logins(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let support = app.person(Role::Support, "support").await;
        let login = json!({"login": "support", "password": "correct horse battery"});
        let post = reqwest::Method::POST;
        let session = app.request(post.clone(), "/api/auth/login", None, Some(login.clone())).await.ok();
        let path = format!("/api/users/{}", support.id);
        let ticket = app.post(&support, "/api/realtime/ticket", json!({})).await.ok();
        let ticket = ticket["ticket"].as_str().expect("a ticket");
        let socket = format!("{}/api/realtime?ticket={ticket}", app.base.replace("http", "ws"));
        let (mut socket, _) = tokio_tungstenite::connect_async(socket).await.expect("connects");
        app.state.clock.set(app.state.clock.now() + TimeDelta::seconds(1));
        app.patch(&admin, &path, json!({"active": false})).await.ok();
        app.get(&support, "/api/users/directory").await.problem(401, "unauthenticated");
        app.get(&admin, "/api/users/directory").await.ok();
        let mut seen = Vec::new();
        while let Some(Ok(message)) = socket.next().await {
            if let Ok(text) = message.to_text() {
                seen.push(serde_json::from_str(text).unwrap_or(Value::Null)["type"].clone());
            }
        }
        assert!(seen.contains(&json!("session.ended")), "said why, then closed: {seen:?}");
        let refresh = json!({"refreshToken": session["refreshToken"]});
        app.request(post.clone(), "/api/auth/refresh", None, Some(refresh)).await
            .problem(401, "refresh_refused");
        app.request(post, "/api/auth/login", None, Some(login)).await
            .problem(401, "invalid_credentials");
        app.get(&support, "/api/auth/me").await.problem(401, "unauthenticated");
    }

    async fn absences_are_replaced_from_today_on(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("A", &tl).await;
        let agent = app.agent("agent1", team, &tl, "201").await;
        let mut tx = app.state.db.begin().await.expect("begins");
        tx.execute(Sql::new("INSERT INTO agent_absences (user_id, day) VALUES ($1, $2)")
            .bind(agent.id).bind(app.state.clock.today().pred_opt())).await.expect("yesterday");
        tx.commit().await.expect("commits");
        let path = format!("/api/users/{}/absences", agent.id);
        let dates = json!({"dates": ["2026-12-01", "2026-11-21", "2026-11-21"]});
        let user = app.put(&tl, &path, dates).await.ok();
        assert_eq!(user["absentOn"], json!(["2026-11-21", "2026-12-01"]));
        app.put(&tl, &path, json!({"dates": ["2026-11-20"]})).await.problem(422, "date_in_past");
        app.put(&tl, &path, json!({"dates": ["2026-02-30"]})).await.problem(422, "invalid_field");
        app.put(&tl, &path, json!({"dates": ["2026-12-02"]})).await.ok();
        let list = app.get(&tl, "/api/users").await.ok();
        assert_eq!(list["items"][0]["absentOn"], json!(["2026-12-02"]));
        let mut tx = app.state.db.read().await.expect("reads");
        let days: i64 = tx.scalar("SELECT COUNT(*) FROM agent_absences").await.expect("counts");
        assert_eq!(days, 2, "yesterday is history");
    }

    async fn everybody_reads_names_in_the_directory(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("B", &tl).await;
        let agent: Person = app.agent("agent1", team, &tl, "201").await;
        let directory = app.get(&agent, "/api/users/directory").await.ok();
        let expected = json!([
            {"id": agent.id.0, "name": "agent1", "role": "agent", "extension": "201", "teamCode": "B"},
            {"id": tl.id.0, "name": "tl", "role": "team_leader"},
        ]);
        assert_eq!(directory["items"], expected);
    }
}
