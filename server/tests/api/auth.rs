//! `/api/auth`.

use std::time::Duration;

use chrono::TimeDelta;
use futures::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use trustcart::auth::Role;

use crate::support::{Answer, PASSWORD, Person, TestApp, both};

async fn post(app: &TestApp, path: &str, body: Value) -> Answer {
    app.request(Method::POST, path, None, Some(body)).await
}

async fn login(app: &TestApp, login: &str, password: &str) -> Answer {
    post(app, "/api/auth/login", json!({"login": login, "password": password})).await
}

async fn refresh(app: &TestApp, session: &Value) -> Answer {
    post(app, "/api/auth/refresh", json!({"refreshToken": session["refreshToken"]})).await
}

fn later(app: &TestApp, by: TimeDelta) {
    app.state.clock.set(app.state.clock.now() + by);
}

/// `person` with the access token of a session.
fn with_token(person: &Person, session: &Value) -> Person {
    let token = session["accessToken"].as_str().expect("a token").to_owned();
    Person { token, ..person.clone() }
}

fn socket_url(app: &TestApp, ticket: &Value) -> String {
    let ticket = ticket["ticket"].as_str().expect("a ticket");
    format!("{}/api/realtime?ticket={ticket}", app.base.replace("http", "ws"))
}

/// A realtime connection.
struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(app: &TestApp, who: &Person) -> Self {
        let ticket = app.post(who, "/api/realtime/ticket", json!({})).await.ok();
        let url = socket_url(app, &ticket);
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.expect("connects");
        socket.next().await.expect("a frame").expect("hello");
        Self(socket)
    }

    /// Waits until the server has closed it.
    async fn closes(mut self) {
        let end = async { while let Some(Ok(_)) = self.0.next().await {} };
        tokio::time::timeout(Duration::from_secs(20), end).await.expect("closed within 20 seconds");
    }
}

both! {
    async fn a_person_logs_in_and_is_known(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let session = login(&app, " TL ", PASSWORD).await.ok();
        assert_eq!(session["user"]["id"], tl.id.0);
        assert_eq!(session["user"]["role"], "team_leader");
        assert_eq!(session["expiresIn"], 900);
        let me = app.get(&with_token(&tl, &session), "/api/auth/me").await.ok();
        assert_eq!(me["login"], "tl");
    }

    async fn a_wrong_password_is_refused(app: TestApp) {
        app.person(Role::Agent, "agent1").await;
        let known = login(&app, "agent1", "wrong").await.problem(401, "invalid_credentials");
        let unknown = login(&app, "nobody", "wrong").await.problem(401, "invalid_credentials");
        assert_eq!(known, unknown, "the answer does not tell which logins exist");
    }

    async fn ten_wrong_passwords_pause_that_name_from_there_known_or_not(app: TestApp) {
        app.person(Role::Agent, "agent1").await;
        app.person(Role::Agent, "agent2").await;
        for name in ["agent1", "nobody"] {
            for _ in 0..9 {
                login(&app, name, "wrong").await.problem(401, "invalid_credentials");
            }
            if name == "agent1" {
                login(&app, name, PASSWORD).await.ok();
                later(&app, TimeDelta::minutes(1));
                for _ in 0..9 {
                    login(&app, name, "wrong").await.problem(401, "invalid_credentials");
                }
            }
            later(&app, TimeDelta::minutes(1));
            login(&app, name, "wrong").await.problem(401, "invalid_credentials");
            let paused = login(&app, name, PASSWORD).await;
            assert_eq!(paused.headers["retry-after"], "60", "{name}");
            paused.problem(429, "login_paused");
            login(&app, "agent2", PASSWORD).await.ok();
            // The next wrong one costs twice as long.
            later(&app, TimeDelta::minutes(1));
            login(&app, name, "wrong").await.problem(401, "invalid_credentials");
            assert_eq!(login(&app, name, PASSWORD).await.headers["retry-after"], "120", "{name}");
            later(&app, TimeDelta::minutes(2));
        }
        login(&app, "agent1", PASSWORD).await.ok();
        login(&app, "agent1", "wrong").await.problem(401, "invalid_credentials");
        login(&app, "agent1", PASSWORD).await.ok();
    }

    async fn a_stranger_elsewhere_keeps_nobody_out(app: TestApp) {
        let app = app.again_with(&["--trusted-proxies", "127.0.0.1"]).await;
        app.person(Role::Agent, "agent1").await;
        let from = async |address: &str, password: &str| {
            let body = json!({"login": "agent1", "password": password});
            let request = app.http.post(format!("{}/api/auth/login", app.base)).json(&body);
            let request = request.header("X-Forwarded-For", address);
            Answer::read(request.send().await.expect("the server answers")).await
        };
        from("192.0.2.1", PASSWORD).await.ok();
        // One network with many addresses is one guesser.
        for n in 0..10 {
            from(&format!("2001:db8:1:1::{n}"), "wrong").await.problem(401, "invalid_credentials");
        }
        from("2001:db8:1:1::77", PASSWORD).await.problem(429, "login_paused");
        from("2001:db8:1:2::1", PASSWORD).await.ok();
        // Many networks: the name is left to those that are known.
        for n in 0..90 {
            from(&format!("198.51.100.{n}"), "wrong").await.problem(401, "invalid_credentials");
        }
        from("203.0.113.1", PASSWORD).await.problem(429, "login_paused");
        from("192.0.2.1", PASSWORD).await.ok();
        later(&app, TimeDelta::hours(1));
        from("203.0.113.1", PASSWORD).await.ok();
    }

    async fn an_address_guesses_twenty_times_a_minute_and_an_office_behind_it_gets_in(app: TestApp) {
        app.person(Role::Agent, "agent1").await;
        for _ in 0..25 {
            login(&app, "agent1", PASSWORD).await.ok();
        }
        for n in 0..20 {
            login(&app, &format!("nobody{n}"), "wrong").await.problem(401, "invalid_credentials");
        }
        let refused = login(&app, "agent1", PASSWORD).await;
        assert!(refused.headers.contains_key("retry-after"));
        refused.problem(429, "too_many_requests");
        later(&app, TimeDelta::minutes(1));
        login(&app, "agent1", PASSWORD).await.ok();
    }

    async fn a_session_is_renewed_token_by_token(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let mut session = login(&app, "tl", PASSWORD).await.ok();
        for _ in 0..3 {
            later(&app, TimeDelta::minutes(15));
            app.get(&with_token(&tl, &session), "/api/auth/me").await.problem(401, "unauthenticated");
            let next = refresh(&app, &session).await.ok();
            assert_ne!(next["refreshToken"], session["refreshToken"]);
            session = next;
            app.get(&with_token(&tl, &session), "/api/auth/me").await.ok();
        }
        later(&app, TimeDelta::days(14));
        refresh(&app, &session).await.problem(401, "refresh_refused");
        let mut session = login(&app, "tl", PASSWORD).await.ok();
        for _ in 0..2 {
            later(&app, TimeDelta::days(13));
            session = refresh(&app, &session).await.ok();
        }
        later(&app, TimeDelta::days(4));
        refresh(&app, &session).await.problem(401, "refresh_refused");
        refresh(&app, &json!({"refreshToken": "made up"})).await.problem(401, "refresh_refused");
    }

    async fn a_copied_refresh_token_ends_that_login_only(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let elsewhere = login(&app, "tl", PASSWORD).await.ok();
        let stolen = login(&app, "tl", PASSWORD).await.ok();
        let rightful = refresh(&app, &stolen).await.ok();
        let second_tab = refresh(&app, &stolen).await.ok();
        assert_eq!(rightful["refreshToken"], second_tab["refreshToken"], "two tabs at once are no theft, and go on as one");
        later(&app, TimeDelta::minutes(1));
        let socket = Socket::open(&app, &with_token(&tl, &rightful)).await;
        // Whoever is second with the common successor is found out.
        let next = refresh(&app, &rightful).await.ok();
        later(&app, TimeDelta::minutes(1));
        refresh(&app, &second_tab).await.problem(401, "refresh_refused");
        refresh(&app, &next).await.problem(401, "refresh_refused");
        refresh(&app, &stolen).await.problem(401, "refresh_refused");
        for session in [&rightful, &next] {
            app.get(&with_token(&tl, session), "/api/auth/me").await.problem(401, "unauthenticated");
        }
        socket.closes().await;
        app.get(&with_token(&tl, &elsewhere), "/api/auth/me").await.ok();
        refresh(&app, &elsewhere).await.ok();
    }

    async fn logging_out_ends_this_login_only(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let (here, there) = (login(&app, "tl", PASSWORD).await.ok(), login(&app, "tl", PASSWORD).await.ok());
        let body = json!({"refreshToken": here["refreshToken"]});
        assert_eq!(post(&app, "/api/auth/logout", body.clone()).await.status, 204);
        assert_eq!(post(&app, "/api/auth/logout", body).await.status, 204, "twice is no fault");
        refresh(&app, &here).await.problem(401, "refresh_refused");
        app.get(&with_token(&tl, &here), "/api/auth/me").await.problem(401, "unauthenticated");
        app.get(&with_token(&tl, &there), "/api/auth/me").await.ok();
        refresh(&app, &there).await.ok();
    }

    async fn the_own_profile_is_changed_field_by_field(app: TestApp) {
        let agent = app.person(Role::Agent, "agent1").await;
        let me = app.patch(&agent, "/api/auth/me", json!({"language": "en", "theme": "dark"})).await.ok();
        assert_eq!((&me["language"], &me["theme"], &me["name"]), (&json!("en"), &json!("dark"), &json!("agent1")));
        let me = app.patch(&agent, "/api/auth/me", json!({"name": " রিনা "})).await.ok();
        assert_eq!((&me["name"], &me["theme"]), (&json!("রিনা"), &json!("dark")));
        for (body, code, field) in [
            (json!({"language": "fr"}), "invalid_value", "language"),
            (json!({"theme": "pink"}), "invalid_value", "theme"),
            (json!({"name": " "}), "invalid_name", "name"),
            (json!({"role": "admin"}), "invalid_field", "role"),
        ] {
            let problem = app.patch(&agent, "/api/auth/me", body).await.problem(422, code);
            assert_eq!(problem["field"], field);
        }
    }

    async fn a_new_password_needs_the_old_one_and_ends_all_other_logins(app: TestApp) {
        let agent = app.person(Role::Agent, "agent1").await;
        let (own, thief) = (login(&app, "agent1", PASSWORD).await.ok(), login(&app, "agent1", PASSWORD).await.ok());
        let (me, thief_socket) = (with_token(&agent, &own), Socket::open(&app, &with_token(&agent, &thief)).await);
        let change = |current: &str, new: &str| json!({"currentPassword": current, "newPassword": new});
        let (new, path) = ("another good password", "/api/auth/me");
        app.patch(&me, path, change("wrong", new)).await.problem(422, "wrong_password");
        app.patch(&me, path, json!({"newPassword": new})).await.problem(422, "wrong_password");
        app.patch(&me, path, change(PASSWORD, "short")).await.problem(422, "weak_password");
        app.patch(&me, path, change(PASSWORD, "0123456789")).await.problem(422, "common_password");
        app.get(&with_token(&agent, &thief), path).await.ok();
        let changed = app.patch(&me, path, change(PASSWORD, new)).await.ok();
        assert_eq!(changed["login"], "agent1");
        for session in [&own, &thief] {
            app.get(&with_token(&agent, session), path).await.problem(401, "unauthenticated");
            refresh(&app, session).await.problem(401, "refresh_refused");
        }
        thief_socket.closes().await;
        app.get(&with_token(&agent, &changed), path).await.ok();
        refresh(&app, &changed).await.ok();
        login(&app, "agent1", PASSWORD).await.problem(401, "invalid_credentials");
        login(&app, "agent1", new).await.ok();
    }

    async fn the_current_password_cannot_be_guessed_with_a_stolen_token(app: TestApp) {
        let agent = app.person(Role::Agent, "agent1").await;
        let guess = async |current: &str| {
            let body = json!({"currentPassword": current, "newPassword": "another good password"});
            app.patch(&agent, "/api/auth/me", body).await
        };
        for n in 0..10 {
            guess(&format!("guess {n}")).await.problem(422, "wrong_password");
        }
        guess(PASSWORD).await.problem(429, "login_paused");
        login(&app, "agent1", PASSWORD).await.problem(429, "login_paused");
        later(&app, TimeDelta::minutes(1));
        guess(PASSWORD).await.ok();
    }

    async fn all_logins_are_ended_at_once(app: TestApp) {
        let agent = app.person(Role::Agent, "agent1").await;
        let colleague = app.person(Role::Agent, "agent2").await;
        let (here, there) = (login(&app, "agent1", PASSWORD).await.ok(), login(&app, "agent1", PASSWORD).await.ok());
        let socket = Socket::open(&app, &with_token(&agent, &there)).await;
        app.post(&with_token(&agent, &here), "/api/auth/logout-everywhere", json!({})).await.ok();
        for session in [&here, &there] {
            app.get(&with_token(&agent, session), "/api/auth/me").await.problem(401, "unauthenticated");
            refresh(&app, session).await.problem(401, "refresh_refused");
        }
        app.get(&agent, "/api/auth/me").await.problem(401, "unauthenticated");
        socket.closes().await;
        app.get(&colleague, "/api/auth/me").await.ok();
    }

    async fn what_has_ended_stays_so_after_a_restart_and_elsewhere(app: TestApp) {
        let admin = app.person(Role::Admin, "boss").await;
        let disabled = app.person(Role::Support, "disabled").await;
        let demoted = app.person(Role::SalesManager, "demoted").await;
        let gone = app.person(Role::Agent, "gone").await;
        let other = app.again().await;
        let sockets = [Socket::open(&other, &disabled).await, Socket::open(&other, &demoted).await, Socket::open(&other, &gone).await];
        let path = |person: &Person| format!("/api/users/{}", person.id);
        app.patch(&admin, &path(&disabled), json!({"active": false})).await.ok();
        app.patch(&admin, &path(&demoted), json!({"role": "agent"})).await.ok();
        app.post(&gone, "/api/auth/logout-everywhere", json!({})).await.ok();
        for socket in sockets {
            // On the other instance: it has learned of it by then.
            socket.closes().await;
        }
        let restarted = app.again().await;
        for app in [&app, &other, &restarted] {
            for person in [&disabled, &demoted, &gone] {
                app.get(person, "/api/users/directory").await.problem(401, "unauthenticated");
            }
            app.get(&admin, "/api/users").await.ok();
        }
    }

    async fn a_ticket_of_an_ended_login_opens_no_socket(app: TestApp) {
        let agent = app.person(Role::Agent, "agent1").await;
        let ticket = app.post(&agent, "/api/realtime/ticket", json!({})).await.ok();
        app.post(&agent, "/api/auth/logout-everywhere", json!({})).await.ok();
        let refused = tokio_tungstenite::connect_async(socket_url(&app, &ticket)).await;
        assert!(refused.is_err());
    }

    async fn logins_are_on_record_with_their_address(app: TestApp) {
        let boss = app.person(Role::Admin, "boss").await;
        let agent = app.person(Role::Agent, "agent1").await;
        let session = login(&app, "agent1", PASSWORD).await.ok();
        login(&app, "agent1", "wrong").await.problem(401, "invalid_credentials");
        login(&app, "my password typed as a name", "x").await.problem(401, "invalid_credentials");
        let change = json!({"currentPassword": PASSWORD, "newPassword": "another good password"});
        let changed = app.patch(&with_token(&agent, &session), "/api/auth/me", change).await.ok();
        let body = json!({"refreshToken": changed["refreshToken"]});
        assert_eq!(post(&app, "/api/auth/logout", body).await.status, 204);
        let all = app.get(&boss, "/api/audit").await.ok();
        let rows = all["items"].as_array().expect("items");
        let told: Vec<(&str, Option<&str>)> = rows.iter().rev()
            .map(|row| (row["action"].as_str().expect("an action"), row["userName"].as_str())).collect();
        assert_eq!(told, [
            ("login", Some("agent1")), ("login.failed", Some("agent1")), ("login.failed", None),
            ("user.password_changed", Some("agent1")), ("logout", Some("agent1")),
        ]);
        assert!(rows.iter().all(|row| row["address"] == "127.0.0.1"), "{all:#}");
        let text = all.to_string();
        for secret in ["typed as a name", PASSWORD, "another good", "token"] {
            assert!(!text.contains(secret), "{secret}");
        }
        let some = async |query: &str| -> usize {
            app.get(&boss, &format!("/api/audit?{query}")).await.ok()["items"].as_array().map_or(0, Vec::len)
        };
        assert_eq!(some("action=login").await, 3);
        assert_eq!(some("action=login.failed").await, 2);
        assert_eq!(some(&format!("userId={}&entity=user", agent.id)).await, 4);
        assert_eq!(some("from=2026-11-22").await, 0);
        assert_eq!(some("to=2026-11-21").await, 5);
        let page = app.get(&boss, "/api/audit?limit=2").await.ok();
        let cursor = page["nextCursor"].as_str().expect("a next page");
        let next = app.get(&boss, &format!("/api/audit?limit=4&cursor={cursor}")).await.ok();
        assert_eq!((next["items"].as_array().map(Vec::len), &next["nextCursor"]), (Some(3), &Value::Null));
    }
}
