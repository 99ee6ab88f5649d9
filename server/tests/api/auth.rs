//! `/api/auth`.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
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

    async fn five_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour(app: TestApp) {
        app.person(Role::Agent, "agent1").await;
        app.person(Role::Agent, "agent2").await;
        for _ in 0..4 {
            login(&app, "agent1", "wrong").await.problem(401, "invalid_credentials");
        }
        login(&app, "agent1", PASSWORD).await.ok();
        for _ in 0..5 {
            login(&app, "agent1", "wrong").await.problem(401, "invalid_credentials");
        }
        let locked = login(&app, "agent1", PASSWORD).await;
        assert_eq!(locked.headers["retry-after"], "900");
        locked.problem(423, "account_locked");
        login(&app, "agent2", PASSWORD).await.ok();
        later(&app, TimeDelta::minutes(15));
        login(&app, "agent1", PASSWORD).await.ok();
    }

    async fn an_address_guesses_twenty_times_a_minute_and_an_office_behind_it_gets_in(app: TestApp) {
        app.person(Role::Agent, "agent1").await;
        for _ in 0..25 {
            login(&app, "agent1", PASSWORD).await.ok();
        }
        for _ in 0..20 {
            login(&app, "nobody", "wrong").await.problem(401, "invalid_credentials");
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
        refresh(&app, &json!({"refreshToken": "made up"})).await.problem(401, "refresh_refused");
    }

    async fn a_copied_refresh_token_ends_that_login_only(app: TestApp) {
        app.person(Role::TeamLeader, "tl").await;
        let elsewhere = login(&app, "tl", PASSWORD).await.ok();
        let stolen = login(&app, "tl", PASSWORD).await.ok();
        let rightful = refresh(&app, &stolen).await.ok();
        let second_tab = refresh(&app, &stolen).await.ok();
        assert_ne!(rightful["refreshToken"], second_tab["refreshToken"], "two tabs at once are no theft");
        later(&app, TimeDelta::minutes(1));
        refresh(&app, &stolen).await.problem(401, "refresh_refused");
        refresh(&app, &rightful).await.problem(401, "refresh_refused");
        refresh(&app, &second_tab).await.problem(401, "refresh_refused");
        refresh(&app, &elsewhere).await.ok();
    }

    async fn logging_out_ends_this_login_only(app: TestApp) {
        app.person(Role::TeamLeader, "tl").await;
        let (here, there) = (login(&app, "tl", PASSWORD).await.ok(), login(&app, "tl", PASSWORD).await.ok());
        let body = json!({"refreshToken": here["refreshToken"]});
        assert_eq!(post(&app, "/api/auth/logout", body.clone()).await.status, 204);
        assert_eq!(post(&app, "/api/auth/logout", body).await.status, 204, "twice is no fault");
        refresh(&app, &here).await.problem(401, "refresh_refused");
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

    async fn a_new_password_needs_the_old_one_and_ends_the_logins(app: TestApp) {
        let agent = app.person(Role::Agent, "agent1").await;
        let session = login(&app, "agent1", PASSWORD).await.ok();
        let change = |current: &str, new: &str| json!({"currentPassword": current, "newPassword": new});
        let new = "another good password";
        let me = "/api/auth/me";
        app.patch(&agent, me, change("wrong", new)).await.problem(422, "wrong_password");
        app.patch(&agent, me, json!({"newPassword": new})).await.problem(422, "wrong_password");
        app.patch(&agent, me, change(PASSWORD, "short")).await.problem(422, "weak_password");
        refresh(&app, &session).await.ok();
        app.patch(&agent, me, change(PASSWORD, new)).await.ok();
        refresh(&app, &session).await.problem(401, "refresh_refused");
        login(&app, "agent1", PASSWORD).await.problem(401, "invalid_credentials");
        login(&app, "agent1", new).await.ok();
    }
}
