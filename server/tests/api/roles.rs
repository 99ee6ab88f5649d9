//! Every route × every role, with a garbage token and without any.
//!
//! **A new route?** Add one line to [`ROUTES`]: method, path as in the OpenAPI document, who may.
//! The walk fails while a route of the document has no line here, or a line no route.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use trustcart::auth::Role;

use crate::support::{Answer, Person, TestApp, both};

use Role::{Admin, Agent, DeliveryCoordinator, SalesManager, Support, TeamLeader};
#[allow(unused_imports, reason = "the sets are there for the routes to come")]
use who::{ADMIN, ANYONE, CALLERS, LEADS, MANAGERS, PUBLIC, SELLERS, SELLERS_AND_DELIVERY};

/// The sets a line may name.
#[allow(dead_code, reason = "the sets are there for the routes to come")]
mod who {
    use super::{Admin, Agent, DeliveryCoordinator, Role, SalesManager, Support, TeamLeader};

    /// Without a token, e.g. because the body or a ticket is the credential.
    pub const PUBLIC: Option<&[Role]> = None;
    pub const ANYONE: Option<&[Role]> = Some(Role::ALL);
    pub const ADMIN: Option<&[Role]> = Some(&[Admin]);
    pub const MANAGERS: Option<&[Role]> = Some(&[Admin, SalesManager]);
    pub const LEADS: Option<&[Role]> = Some(&[Admin, SalesManager, TeamLeader]);
    pub const SELLERS: Option<&[Role]> = Some(&[Admin, SalesManager, TeamLeader, Agent]);
    pub const CALLERS: Option<&[Role]> = Some(&[Admin, SalesManager, TeamLeader, Agent, Support]);
    /// Sellers and those who look after deliveries.
    pub const SELLERS_AND_DELIVERY: Option<&[Role]> =
        Some(&[Admin, SalesManager, TeamLeader, Agent, DeliveryCoordinator]);
}

#[rustfmt::skip]
const ROUTES: &[(&str, &str, Option<&[Role]>)] = &[
    // auth
    ("POST",   "/api/auth/login", PUBLIC),
    ("POST",   "/api/auth/refresh", PUBLIC),
    ("POST",   "/api/auth/logout", PUBLIC),
    ("GET",    "/api/auth/me", ANYONE),
    ("PATCH",  "/api/auth/me", ANYONE),
    ("GET",    "/api/settings/company", PUBLIC),
    ("GET",    "/api/cdm/districts", ANYONE),
    // audit
    ("GET",    "/api/audit", ADMIN),
    // users
    ("GET",    "/api/users", LEADS),
    ("POST",   "/api/users", LEADS),
    ("GET",    "/api/users/directory", ANYONE),
    ("PATCH",  "/api/users/{id}", LEADS),
    ("PUT",    "/api/users/{id}/absences", LEADS),
    // teams and team leaders
    ("GET",    "/api/crm/team/teams", LEADS),
    ("POST",   "/api/crm/team/teams", LEADS),
    ("PATCH",  "/api/crm/team/teams/{id}", LEADS),
    ("DELETE", "/api/crm/team/teams/{id}", LEADS),
    ("POST",   "/api/crm/team/teams/{id}/assign-agent", LEADS),
    ("POST",   "/api/crm/team/teams/{id}/unassign-agent", LEADS),
    ("POST",   "/api/crm/team/leads/bulk-assign", LEADS),
    ("POST",   "/api/crm/team/leads/bulk-unassign", LEADS),
    ("GET",    "/api/crm/team/dashboard", LEADS),
    // the daily plan
    ("GET",    "/api/crm/messages", LEADS),
    ("POST",   "/api/crm/messages/hand-over", MANAGERS),
    ("POST",   "/api/crm/team/ops/generate-calls", LEADS),
    ("GET",    "/api/crm/team/ops/plan", LEADS),
    ("POST",   "/api/crm/team/ops/plan/undo", LEADS),
    ("GET",    "/api/crm/team/ops/plan/uplift", LEADS),
    ("GET",    "/api/crm/team/promises", LEADS),
    ("GET",    "/api/crm/team/ops/plan/settings", LEADS),
    ("PUT",    "/api/crm/team/ops/plan/settings", MANAGERS),
    // customers
    ("GET",    "/api/cdm/customers", ANYONE),
    ("POST",   "/api/cdm/customers", CALLERS),
    ("GET",    "/api/cdm/customers/{id}", ANYONE),
    ("PATCH",  "/api/cdm/customers/{id}", CALLERS),
    ("GET",    "/api/cdm/customers/{id}/segment", ANYONE),
    ("PUT",    "/api/cdm/customers/{id}/pins/{field}", LEADS),
    ("DELETE", "/api/cdm/customers/{id}/pins/{field}", LEADS),
    ("POST",   "/api/cdm/customers/{id}/notes", ANYONE),
    ("PUT",    "/api/cdm/customers/{id}/assignment", LEADS),
    ("GET",    "/api/cdm/segments", ANYONE),
    ("POST",   "/api/cdm/segments", ANYONE),
    ("PUT",    "/api/cdm/segments/{id}", ANYONE),
    ("DELETE", "/api/cdm/segments/{id}", ANYONE),
    ("GET",    "/api/cdm/customer360", ANYONE),
    ("GET",    "/api/cdm/customer360/{id}", ANYONE),
    ("GET",    "/api/cdm/search", ANYONE),
    ("GET",    "/api/crm/automation/intelligence/{customerId}", ANYONE),
    ("GET",    "/api/crm/automation/recommendations/{customerId}", ANYONE),
    // products
    ("GET",    "/api/cdm/products", ANYONE),
    ("POST",   "/api/cdm/products", MANAGERS),
    ("PATCH",  "/api/cdm/products/{id}", MANAGERS),
    ("GET",    "/api/cdm/categories", ANYONE),
    ("GET",    "/api/cdm/consumption-profiles", ANYONE),
    ("PATCH",  "/api/cdm/consumption-profiles/{id}", MANAGERS),
    ("POST",   "/api/cdm/consumption-profiles/{id}/preview", MANAGERS),
    ("GET",    "/api/cdm/reorder/quality", LEADS),
    ("POST",   "/api/cdm/reorder/learn", MANAGERS),
    ("POST",   "/api/cdm/customers/{id}/cycles/{category}/stock", ANYONE),
    // orders
    ("GET",    "/api/cdm/orders", ANYONE),
    ("POST",   "/api/cdm/orders", ANYONE),
    ("GET",    "/api/cdm/orders/{id}", ANYONE),
    ("PATCH",  "/api/cdm/orders/{id}", ANYONE),
    // imports
    ("POST",   "/api/cdm/imports", LEADS),
    ("GET",    "/api/cdm/imports", LEADS),
    ("POST",   "/api/cdm/imports/inspect", LEADS),
    ("GET",    "/api/cdm/imports/{id}", LEADS),
    ("GET",    "/api/cdm/imports/{id}/errors", LEADS),
    ("GET",    "/api/cdm/imports/{id}/warnings", LEADS),
    ("GET",    "/api/cdm/imports/{id}/rejected.csv", LEADS),
    ("POST",   "/api/cdm/imports/{id}/run", LEADS),
    ("PUT",    "/api/cdm/imports/{id}/statuses", LEADS),
    ("POST",   "/api/cdm/imports/{id}/cancel", LEADS),
    // call tasks
    ("GET",    "/api/crm/automation/tasks/today", SELLERS),
    ("GET",    "/api/crm/automation/tasks/my-followups", SELLERS),
    ("POST",   "/api/crm/automation/tasks", SELLERS),
    ("GET",    "/api/crm/automation/tasks/{id}", CALLERS),
    ("PUT",    "/api/crm/automation/tasks/{id}/status", SELLERS),
    ("PUT",    "/api/crm/automation/tasks/{id}/assign", LEADS),
    // desk
    ("GET",    "/api/crm/desk", SELLERS),
    ("PUT",    "/api/crm/desk/wrap-ups/{taskId}", SELLERS),
    ("GET",    "/api/crm/automation/call-tasks/{taskId}/suggested-script", CALLERS),
    // telephony
    ("POST",   "/api/telephony/calls/initiate", CALLERS),
    ("POST",   "/api/telephony/calls/by-hand", CALLERS),
    ("GET",    "/api/telephony/calls", CALLERS),
    ("GET",    "/api/telephony/calls/{id}", CALLERS),
    ("POST",   "/api/telephony/calls/{id}/hangup", CALLERS),
    ("POST",   "/api/telephony/calls/{id}/hold", CALLERS),
    ("POST",   "/api/telephony/calls/{id}/unhold", CALLERS),
    ("POST",   "/api/telephony/calls/{id}/mute", CALLERS),
    ("POST",   "/api/telephony/calls/{id}/unmute", CALLERS),
    ("POST",   "/api/telephony/calls/{id}/record", CALLERS),
    ("POST",   "/api/telephony/calls/{id}/transfer", CALLERS),
    ("POST",   "/api/telephony/calls/{id}/transfer/complete", CALLERS),
    ("POST",   "/api/telephony/calls/{id}/transfer/cancel", CALLERS),
    ("POST",   "/api/telephony/calls/{id}/rejoin", CALLERS),
    ("POST",   "/api/telephony/calls/{id}/monitor", LEADS),
    ("POST",   "/api/telephony/phone", CALLERS),
    ("POST",   "/api/telephony/calls/{id}/dtmf", CALLERS),
    ("GET",    "/api/telephony/calls/{id}/recording", CALLERS),
    ("GET",    "/api/telephony/agents/me/status", CALLERS),
    ("POST",   "/api/telephony/agents/me/status", CALLERS),
    ("GET",    "/api/telephony/webhook-deliveries", LEADS),
    ("GET",    "/api/telephony/webhook-clock", LEADS),
    ("GET",    "/api/telephony/colleagues", CALLERS),
    ("POST",   "/api/telephony/webhook-deliveries/{id}/replay", ADMIN),
    // the Bracknet contract
    ("POST",   "/api/call/start", CALLERS),
    ("POST",   "/api/call/hangup", CALLERS),
    ("POST",   "/api/call/transfer", CALLERS),
    ("POST",   "/api/webhook/bracknet/incoming-call", PUBLIC),
    ("POST",   "/api/webhook/bracknet/call-answered", PUBLIC),
    ("POST",   "/api/webhook/bracknet/call-ended", PUBLIC),
    ("POST",   "/api/webhook/bracknet/call-recording", PUBLIC),
    ("POST",   "/api/webhook/bracknet/call-missed", PUBLIC),
    ("POST",   "/api/telephony/webhook/bracknet", PUBLIC),
    // realtime
    ("POST",   "/api/realtime/ticket", ANYONE),
    ("GET",    "/api/realtime", PUBLIC),
    // Last: it ends the logins of those who walk.
    ("POST",   "/api/auth/logout-everywhere", ANYONE),
];

/// `METHOD path` of every operation in the document, and whether it is declared to need no token.
fn operations(document: &Value) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let open = operation["security"].as_array().is_some_and(|s| {
                s.iter().all(|r| r.as_object().is_some_and(serde_json::Map::is_empty))
            });
            found.push((format!("{} {path}", method.to_uppercase()), open));
        }
    }
    found
}

/// The path with an id nobody has for each parameter.
fn concrete(path: &str) -> String {
    path.split('/')
        .map(|part| if part.starts_with('{') { "999999999" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

async fn ask(app: &TestApp, method: &str, path: &str, who: Option<&Person>) -> Answer {
    let method: Method = method.parse().expect("a method");
    let body = (method != Method::GET && method != Method::DELETE).then(|| json!({}));
    app.request(method, &concrete(path), who, body).await
}

both! {
    async fn the_table_and_the_document_name_the_same_routes(app: TestApp) {
        let document = app.request(Method::GET, "/api/openapi.json", None, None).await.ok();
        let operations = operations(&document);
        let documented: BTreeSet<String> = operations.iter().map(|o| o.0.clone()).collect();
        let listed: BTreeSet<String> = ROUTES.iter().map(|(m, p, _)| format!("{m} {p}")).collect();
        assert_eq!(listed.len(), ROUTES.len(), "a route is listed twice");
        let missing: Vec<_> = documented.difference(&listed).collect();
        assert!(missing.is_empty(), "add to ROUTES in tests/api/roles.rs: {missing:#?}");
        let gone: Vec<_> = listed.difference(&documented).collect();
        assert!(gone.is_empty(), "in ROUTES, but not in the OpenAPI document: {gone:#?}");
        for (method, path, who) in ROUTES {
            let name = format!("{method} {path}");
            let open = operations.iter().any(|o| o.0 == name && o.1);
            assert_eq!(open, who.is_none(), "{name}: the document and the table disagree on whether a token is needed");
        }
    }

    async fn every_route_admits_its_roles_and_nobody_else(app: TestApp) {
        let mut people = Vec::new();
        for role in Role::ALL {
            people.push(app.person(*role, role.as_str()).await);
        }
        let mut garbage = people[0].clone();
        garbage.token.push('x');
        let mut wrong = Vec::new();
        for (method, path, who) in ROUTES {
            let nobody = ask(&app, method, path, None).await;
            let stranger = ask(&app, method, path, Some(&garbage)).await;
            for (name, answer) in [("no token", nobody), ("garbage token", stranger)] {
                let refused = answer.status == 401 && answer.body["code"] == "unauthenticated";
                if refused == who.is_none() || answer.status.is_server_error() {
                    wrong.push(format!("{method} {path}, {name}: {} {}", answer.status, answer.body));
                }
            }
            for person in &people {
                let answer = ask(&app, method, path, Some(person)).await;
                let allowed = who.is_none_or(|roles| roles.contains(&person.role));
                let right = match answer.status.as_u16() {
                    403 => !allowed && answer.body["code"] == "forbidden",
                    401 | 500.. => false,
                    _ => allowed,
                };
                if !right {
                    wrong.push(format!("{method} {path}, {}: {} {}", person.role, answer.status, answer.body));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// Rows, not only routes: what belongs to another team leader or agent does not exist.
    async fn nobody_reaches_another_ones_customers(app: TestApp) {
        let (tl, other) = (app.person(TeamLeader, "tl").await, app.person(TeamLeader, "other").await);
        let (a, b) = (app.team("A", &tl).await, app.team("A", &other).await);
        let mine = app.agent("mine", a, &tl, "201").await;
        let colleague = app.agent("colleague", a, &tl, "202").await;
        let theirs = app.agent("theirs", b, &other, "203").await;
        let own = app.customer("Own Rahim", "01711000001", Some(&mine), Some(&tl)).await;
        let foreign = app.customer("Foreign Karim", "01711000002", Some(&theirs), Some(&other)).await;
        let pooled = app.customer("Pooled Selim", "01711000003", None, Some(&tl)).await;
        let sees = async |who: &Person| -> Vec<i64> {
            let list = app.get(who, "/api/cdm/customers").await.ok();
            let mut ids: Vec<i64> = list["items"].as_array().expect("items").iter()
                .filter_map(|c| c["id"].as_i64()).collect();
            ids.sort_unstable();
            ids
        };
        assert_eq!(sees(&tl).await, [own.0, pooled.0]);
        assert_eq!(sees(&other).await, [foreign.0]);
        assert_eq!(sees(&mine).await, [own.0]);
        assert_eq!(sees(&colleague).await, [0; 0], "not even of the same team");
        let task = app.task_of(theirs.id, foreign, app.state.clock.today(), "pending", None, None).await;
        let call = app.call_of(theirs.id, foreign, "answered").await;
        for who in [&tl, &mine, &colleague] {
            for (method, path, body) in [
                (Method::GET, format!("/api/cdm/customers/{foreign}"), None),
                (Method::PATCH, format!("/api/cdm/customers/{foreign}"), Some(json!({"name": "x"}))),
                (Method::GET, format!("/api/cdm/customer360/{foreign}"), None),
                (Method::POST, format!("/api/cdm/customers/{foreign}/notes"), Some(json!({"text": "x"}))),
                (Method::GET, format!("/api/crm/automation/intelligence/{foreign}"), None),
                (Method::GET, format!("/api/crm/automation/recommendations/{foreign}"), None),
                (Method::GET, format!("/api/crm/automation/call-tasks/{task}/suggested-script"), None),
                (Method::GET, format!("/api/crm/automation/tasks/{task}"), None),
                (Method::PUT, format!("/api/crm/automation/tasks/{task}/status"),
                    Some(json!({"status": "in_progress"}))),
                (Method::GET, format!("/api/crm/automation/tasks/today?agentId={}", theirs.id), None),
                (Method::POST, "/api/crm/automation/tasks".to_owned(),
                    Some(json!({"customerId": foreign, "kind": "follow_up"}))),
                (Method::GET, format!("/api/telephony/calls/{call}"), None),
                (Method::GET, format!("/api/telephony/calls/{call}/recording"), None),
                (Method::POST, format!("/api/telephony/calls/{call}/hangup"), Some(json!({}))),
                (Method::POST, "/api/telephony/calls/initiate".to_owned(),
                    Some(json!({"taskId": task, "customerPhone": "01711000002"}))),
            ] {
                let name = format!("{} {method} {path}", who.login);
                let answer = app.request(method, &path, who, body).await;
                assert_eq!(answer.status, 404, "{name}: {:#}", answer.body);
            }
            let calls = app.get(who, "/api/telephony/calls").await.ok();
            assert_eq!(calls["items"], json!([]), "{}", who.login);
            for q in ["Karim", "01711000002", "1711000002"] {
                let found = app.get(who, &format!("/api/cdm/search?q={q}")).await.ok();
                assert_eq!(found["items"], json!([]), "{} searches {q}", who.login);
            }
        }
        let assign = format!("/api/crm/automation/tasks/{task}/assign");
        app.put(&tl, &assign, json!({"agentId": mine.id.0})).await.problem(404, "task_not_found");
        app.put(&mine, &assign, json!({"agentId": mine.id.0})).await.problem(403, "forbidden");
        let row = app.get(&theirs, &format!("/api/crm/automation/tasks/{task}")).await.ok();
        assert_eq!((&row["status"], &row["assignedTo"]), (&json!("pending"), &json!(theirs.id.0)));
        let row = app.get(&other, &format!("/api/cdm/customers/{foreign}")).await.ok();
        assert_eq!(row["name"], "Foreign Karim", "nothing was changed");
        // What is on an agent's queue is seen, whoever it belongs to.
        app.task_of(colleague.id, pooled, app.state.clock.today(), "pending", None, None).await;
        assert_eq!(sees(&colleague).await, [pooled.0]);
        app.get(&colleague, &format!("/api/cdm/customer360/{pooled}")).await.ok();
    }

    async fn a_token_ends_after_a_quarter_of_an_hour(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        app.get(&tl, "/api/auth/me").await.ok();
        app.state.clock.set(app.state.clock.now() + chrono::TimeDelta::minutes(15));
        app.get(&tl, "/api/auth/me").await.problem(401, "unauthenticated");
    }
}
