use serde_json::json;
use trustcart::auth::Role;

use crate::support::both;

both! {
    async fn a_person_logs_in_and_is_known(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let login = json!({"login": " TL ", "password": "correct horse battery"});
        let session = app.request(reqwest::Method::POST, "/api/auth/login", None, Some(login)).await.ok();
        assert_eq!(session["user"]["id"], tl.id.0);
        assert_eq!(session["user"]["role"], "team_leader");
        let token = session["accessToken"].as_str().expect("a token").to_owned();
        let me = app.get(&crate::support::Person { token, ..tl }, "/api/auth/me").await.ok();
        assert_eq!(me["login"], "tl");
    }

    async fn a_wrong_password_is_refused(app: TestApp) {
        app.person(Role::Agent, "agent1").await;
        for login in ["agent1", "nobody"] {
            let body = json!({"login": login, "password": "wrong"});
            app.request(reqwest::Method::POST, "/api/auth/login", None, Some(body)).await
                .problem(401, "invalid_credentials");
        }
    }
}
