//! `telephony/agents/me/status`.

use serde_json::json;
use trustcart::auth::Role;

use crate::support::both;

const STATUS: &str = "/api/telephony/agents/me/status";

both! {
    async fn comes_takes_a_break_and_leaves(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("A", &leader).await;
        let agent = app.agent("agent", team, &leader, "201").await;
        assert_eq!(app.get(&agent, STATUS).await.ok()["status"], "offline");

        let mut watch = app.watch();
        let online = app.post(&agent, STATUS, json!({"status": "online"})).await.ok();
        assert_eq!((&online["status"], &online["userId"]), (&json!("online"), &json!(agent.id)));
        let told = watch.until("agent.status", |d| d["status"] == "online").await;
        assert_eq!(told["userId"], json!(agent.id), "the floor sees it");

        let lunch = app.post(&agent, STATUS, json!({"status": "break", "reason": "lunch"})).await.ok();
        assert_eq!((&lunch["status"], &lunch["reason"]), (&json!("break"), &json!("lunch")));
        app.post(&agent, "/api/telephony/calls/initiate", json!({"customerPhone": "01712345679"}))
            .await
            .problem(409, "on_break");
        let back = app.post(&agent, STATUS, json!({"status": "online"})).await.ok();
        assert!(back["reason"].is_null());
        assert_eq!(app.post(&agent, STATUS, json!({"status": "offline"})).await.ok()["status"], "offline");
    }

    async fn only_what_an_agent_decides_can_be_asked_for(app: TestApp) {
        let agent = app.person(Role::Agent, "agent").await;
        for body in [json!({"status": "on_call"}), json!({"status": "wrap_up"}), json!({})] {
            let problem = app.post(&agent, STATUS, body).await.problem(422, "invalid_status");
            assert_eq!(problem["allowed"], json!(["online", "break", "offline"]));
        }
        app.post(&agent, STATUS, json!({"status": "sleeping"})).await.problem(422, "invalid_field");
        app.post(&agent, STATUS, json!({"status": "break", "reason": "x".repeat(101)}))
            .await
            .problem(422, "invalid_reason");
        assert_eq!(app.get(&agent, STATUS).await.ok()["status"], "offline", "nothing changed");
    }

    async fn a_break_waits_for_the_end_of_the_call(app: TestApp) {
        let app = app.again_with(&["--simulator-speed", "5"]).await;
        let agent = app.person(Role::Agent, "agent").await;
        let mut watch = app.watch();
        let call = app
            .post(&agent, "/api/telephony/calls/initiate", json!({"customerPhone": "01712345679"}))
            .await
            .ok()["telephonyCallId"]
            .clone();
        watch.call(&call, "answered").await;
        assert_eq!(app.get(&agent, STATUS).await.ok()["status"], "on_call");
        app.post(&agent, STATUS, json!({"status": "break"})).await.problem(409, "call_in_progress");
        app.post(&agent, STATUS, json!({"status": "offline"})).await.problem(409, "call_in_progress");
        let wish = json!({"status": "break", "reason": "prayer", "afterCall": true});
        let promised = app.post(&agent, STATUS, wish).await.ok();
        assert_eq!((&promised["status"], &promised["breakAfterCall"]), (&json!("on_call"), &json!(true)));

        app.post(&agent, &format!("/api/telephony/calls/{call}/hangup"), json!({})).await.ok();
        let status = app.get(&agent, STATUS).await.ok();
        assert_eq!((&status["status"], &status["reason"]), (&json!("break"), &json!("prayer")));
        assert_eq!(status["breakAfterCall"], json!(false));
    }
}
