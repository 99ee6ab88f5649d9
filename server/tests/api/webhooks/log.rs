//! The log of deliveries: who may read it, and how much of it is kept.

use chrono::TimeDelta;
use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::calls::deliveries;

use super::{ENDED, INCOMING, ok, raw};
use crate::support::{Person, TestApp, both, test_now};

const LIST: &str = "/api/telephony/webhook-deliveries?limit=200";
const ROWS: &str = "SELECT COUNT(*) FROM webhook_deliveries";

async fn ids(app: &TestApp, who: &Person) -> Vec<String> {
    let page = app.get(who, LIST).await.ok();
    let items = page["items"].as_array().expect("items");
    items.iter().map(|d| d["externalCallId"].as_str().unwrap_or("refused").to_owned()).collect()
}

async fn rings(app: &TestApp, id: &str, extension: &str) {
    let from = "01712345678";
    ok(app, INCOMING, json!({"id": id, "from": from, "to_extension": extension})).await;
}

both! {
    async fn a_team_leader_reads_what_concerns_own_agents(app: TestApp) {
        let manager = app.person(Role::SalesManager, "manager").await;
        let (mine, other) = (app.person(Role::TeamLeader, "mine").await, app.person(Role::TeamLeader, "other").await);
        let (a, b) = (app.team("A", &mine).await, app.team("B", &other).await);
        app.agent("agent-a", a, &mine, "201").await;
        app.agent("agent-b", b, &other, "202").await;
        rings(&app, "BN-A", "201").await;
        rings(&app, "BN-B", "202").await;
        // Nobody's extension: everybody may call back.
        rings(&app, "BN-C", "999").await;
        raw(&app, ENDED, r#"{"from": "01798765432"}"#).await.problem(422, "missing_field");
        assert_eq!(ids(&app, &manager).await, ["refused", "BN-C", "BN-B", "BN-A"]);
        assert_eq!(ids(&app, &mine).await, ["BN-C", "BN-A"]);
        assert_eq!(ids(&app, &other).await, ["BN-C", "BN-B"]);
    }

    async fn it_says_how_long_each_took(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        rings(&app, "BN-1", "201").await;
        raw(&app, ENDED, "nonsense").await.problem(400, "malformed_json");
        let page = app.get(&admin, LIST).await.ok();
        for delivery in page["items"].as_array().expect("items") {
            let took = delivery["tookUs"].as_i64().expect("a time");
            assert!((1..60_000_000).contains(&took), "{delivery:#}");
            assert!(delivery.get("bodyHash").is_none());
        }
    }

    async fn it_is_kept_for_some_days_and_rows_but_never_less_than_an_hour(app: TestApp) {
        let now = test_now();
        for (n, hours) in [400, 300, 200, 100, 2, 0].into_iter().enumerate() {
            app.state.clock.set(now - TimeDelta::hours(hours));
            rings(&app, &format!("BN-{n}"), "201").await;
        }
        let prune = |most| {
            deliveries::prune(&app.state.db, now - TimeDelta::days(14), now - TimeDelta::hours(1), most)
        };
        assert_eq!(prune(100).await.expect("prunes"), 1, "400 hours are more than fourteen days");
        assert_eq!(prune(100).await.expect("prunes"), 0);
        assert_eq!(prune(3).await.expect("prunes"), 2, "the newest three stay");
        assert_eq!(prune(0).await.expect("prunes"), 2, "the last hour's stay, however many");
        assert_eq!(app.number(ROWS).await, 1);
        raw(&app, ENDED, "nonsense").await.problem(400, "malformed_json");
        assert_eq!(prune(0).await.expect("prunes"), 1, "but not what was rejected");
    }

    async fn the_job_prunes_by_the_settings(app: TestApp) {
        let app = app.again_with(&["--webhook-log-days", "2"]).await;
        rings(&app, "BN-1", "201").await;
        app.state.clock.set(test_now() + TimeDelta::days(3));
        rings(&app, "BN-2", "201").await;
        trustcart::jobs::run_due(&app.state).await;
        let left = "SELECT COUNT(*) FROM webhook_deliveries WHERE external_call_id = 'BN-2'";
        assert_eq!((app.number(ROWS).await, app.number(left).await), (1, 1));
    }

    async fn only_what_is_kept_as_it_was_sent_is_applied_again(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let padded = |length: usize| {
            json!({"event": "call_ended", "id": "BN-1", "duration": 3, "note": "x".repeat(length)}).to_string()
        };
        assert!(raw(&app, ENDED, padded(20_000)).await.status.is_success());
        raw(&app, ENDED, " ".repeat(64 * 1024 + 1)).await.problem(413, "body_too_large");
        // Kept with a replacement character, which would make it readable.
        let mended = [br#"{"event": "call_ended", "id": "BN-2", "note": ""#.as_slice(), &[0xff], br#"""#].concat();
        raw(&app, ENDED, mended).await.problem(400, "malformed_json");
        let page = app.get(&admin, LIST).await.ok();
        for delivery in page["items"].as_array().expect("items") {
            let replay = format!("/api/telephony/webhook-deliveries/{}/replay", delivery["id"]);
            app.post(&admin, &replay, Value::Null).await.problem(409, "delivery_incomplete");
        }
        assert_eq!(app.number("SELECT COUNT(*) FROM telephony_calls").await, 1);
        assert_eq!(app.number("SELECT COUNT(*) FROM audit_log WHERE action = 'webhook.replayed'").await, 0);
    }

    async fn strangers_fill_neither_the_log_nor_the_disk(app: TestApp) {
        let app = app.again_with(&["--bracknet-webhook-secret", "s3cret"]).await;
        let body = "x".repeat(50_000);
        for _ in 0..310 {
            raw(&app, ENDED, body.clone()).await.problem(401, "webhook_unsigned");
        }
        assert_eq!(app.number(ROWS).await, 300);
        assert_eq!(app.number("SELECT CAST(MAX(LENGTH(body)) AS BIGINT) FROM webhook_deliveries").await, 1024);
        app.state.clock.set(test_now() + TimeDelta::minutes(1));
        raw(&app, ENDED, body).await.problem(401, "webhook_unsigned");
        assert_eq!(app.number(ROWS).await, 301);
    }
}
