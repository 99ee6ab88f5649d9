//! Inbound calls whose end is never reported are closed after minutes, and go on if they went on.

use chrono::TimeDelta;
use serde_json::json;
use trustcart::auth::Role;
use trustcart::calls::reconcile;

use super::{ANSWERED, ENDED, INCOMING, call, ok, pending_missed};
use crate::support::{TestApp, both, test_now};

async fn later(app: &TestApp, minutes: i64) {
    app.state.clock.set(test_now() + TimeDelta::minutes(minutes));
    reconcile::run(&app.state, reconcile::When::Job).await.expect("reconciles");
}

both! {
    async fn a_caller_who_rings_for_minutes_was_missed(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("A", &leader).await;
        let agent = app.agent("agent", team, &leader, "201").await;
        app.customer("Rahima", "01712345678", Some(&agent), Some(&leader)).await;
        let ring = |id: &str, from: &str| json!({"event": "incoming_call", "id": id, "from": from, "to_extension": "201"});
        ok(&app, INCOMING, ring("BN-1", "01712345678")).await;
        ok(&app, INCOMING, ring("BN-2", "anonymous")).await;
        later(&app, 2).await;
        assert_eq!(call(&app, "BN-1").await["status"], "ringing", "may still ring");
        // Offered to the next agent: it still rings.
        ok(&app, INCOMING, json!({"event": "incoming_call", "id": "BN-2", "from": "anonymous", "to_extension": "202"})).await;
        let mut watch = app.watch();
        later(&app, 4).await;
        assert_eq!(call(&app, "BN-2").await["status"], "ringing");
        let missed = call(&app, "BN-1").await;
        assert_eq!((&missed["status"], &missed["endReason"]), (&json!("missed"), &json!("lost")));
        assert_eq!(watch.call(&missed["id"], "missed").await["id"], missed["id"], "the screens are told");
        assert_eq!(pending_missed(&app).await, 1);
        later(&app, 6).await;
        assert_eq!(call(&app, "BN-2").await["status"], "missed");
        assert_eq!(pending_missed(&app).await, 1);
        let gaps = app.get(&leader, "/api/telephony/calls?gaps=true").await.ok();
        assert_eq!(gaps["items"].as_array().map(Vec::len), Some(2));
    }

    async fn a_caller_who_waited_longer_and_is_answered_talks(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("A", &leader).await;
        let agent = app.agent("agent", team, &leader, "201").await;
        app.customer("Rahima", "01712345678", Some(&agent), Some(&leader)).await;
        ok(&app, INCOMING, json!({"event": "incoming_call", "id": "BN-1", "from": "01712345678"})).await;
        later(&app, 5).await;
        assert_eq!(pending_missed(&app).await, 1);
        ok(&app, ANSWERED, json!({"event": "call_answered", "id": "BN-1", "agent_extension": "201"})).await;
        assert_eq!(call(&app, "BN-1").await["status"], "answered");
        let status = app.get(&agent, "/api/telephony/agents/me/status").await.ok();
        assert_eq!(status["status"], "on_call");
        assert_eq!(pending_missed(&app).await, 0);
        later(&app, 30).await;
        assert_eq!(call(&app, "BN-1").await["status"], "answered", "talks are not cut after minutes");
        ok(&app, ENDED, json!({"event": "call_ended", "id": "BN-1", "duration": 1_500})).await;
        let over = call(&app, "BN-1").await;
        assert_eq!((&over["status"], &over["durationSeconds"]), (&json!("completed"), &json!(1_500)));
        assert!(over.get("endReason").is_none(), "{over}");
        let timeline = "SELECT COUNT(*) FROM customer_interactions WHERE kind = 'call'";
        let completed = "SELECT COUNT(*) FROM customer_interactions WHERE summary = 'call.completed'";
        assert_eq!((app.number(timeline).await, app.number(completed).await), (1, 1));
    }

    async fn a_talk_whose_end_is_lost_is_closed_after_hours(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("A", &leader).await;
        app.agent("agent", team, &leader, "201").await;
        ok(&app, INCOMING, json!({"event": "incoming_call", "id": "BN-1", "from": "01712345678", "to_extension": "201"})).await;
        ok(&app, ANSWERED, json!({"event": "call_answered", "id": "BN-1", "agent_extension": "201"})).await;
        later(&app, 239).await;
        assert_eq!(call(&app, "BN-1").await["status"], "answered");
        later(&app, 241).await;
        let closed = call(&app, "BN-1").await;
        assert_eq!((&closed["status"], &closed["endReason"]), (&json!("completed"), &json!("lost")));
        assert!(closed.get("durationSeconds").is_none(), "nobody knows how long they talked");
        let on_call = "SELECT COUNT(*) FROM agent_status WHERE status = 'on_call'";
        assert_eq!(app.number(on_call).await, 0, "the agent is free");
        // The end comes after all.
        ok(&app, ENDED, json!({"event": "call_ended", "id": "BN-1", "duration": 900})).await;
        let over = call(&app, "BN-1").await;
        assert_eq!(over["durationSeconds"], 900);
        assert!(over.get("endReason").is_none());
    }
}
