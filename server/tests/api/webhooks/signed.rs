//! Webhooks that prove who sent them (SPEC §5.4), and what becomes of the others.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::db::Sql;
use trustcart::telephony::signature::{key, sign_plain, sign_standard};

use super::{ANSWERED, ENDED, INCOMING, MISSED};
use crate::support::{Answer, TestApp, both, test_now};

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "a plain secret";

/// The same server, set up with secrets.
async fn secured(app: &TestApp, more: &[&str]) -> TestApp {
    let secrets = format!("{NEW},{OLD}");
    let mut flags = vec!["--bracknet-webhook-secret", secrets.as_str()];
    flags.extend(more);
    app.again_with(&flags).await
}

fn incoming(id: &str) -> String {
    json!({"event": "incoming_call", "from": "01712345678", "to_extension": "201", "bracknet_call_id": id})
        .to_string()
}

fn standard(
    app: &TestApp,
    secret: &str,
    id: &str,
    at: DateTime<Utc>,
    body: &str,
) -> RequestBuilder {
    let signed = sign_standard(&key(secret).expect("a key"), id, at, body.as_bytes());
    signed.into_iter().fold(
        app.http.post(format!("{}{INCOMING}", app.base)).body(body.to_owned()),
        |request, (name, value)| request.header(name, value),
    )
}

/// What `openssl dgst -sha256 -hmac` says of the body alone.
fn sign_undated(secret: &str, body: &str) -> String {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

async fn answer(request: RequestBuilder) -> Answer {
    Answer::read(request.send().await.expect("the server answers")).await
}

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    app.state.db.read().await.expect("reads").scalar(sql).await.expect("a count")
}

const CALLS: &str = "SELECT COUNT(*) FROM telephony_calls";
const DELIVERIES: &str = "SELECT COUNT(*) FROM webhook_deliveries";

both! {
    async fn what_is_signed_is_taken_once_and_everything_else_refused(app: TestApp) {
        let app = secured(&app, &[]).await;
        let body = incoming("BN-1");
        let unsigned = app.http.post(format!("{}{INCOMING}", app.base)).body(body.clone());
        answer(unsigned).await.problem(401, "webhook_unsigned");
        answer(standard(&app, "a guess", "m1", test_now(), &body)).await.problem(401, "webhook_signature_wrong");
        let late = test_now() - TimeDelta::minutes(6);
        answer(standard(&app, OLD, "m1", late, &body)).await.problem(401, "webhook_stale");
        let changed = standard(&app, OLD, "m1", test_now(), &body).body(incoming("BN-2"));
        answer(changed).await.problem(401, "webhook_signature_wrong");
        assert_eq!(count(&app, CALLS).await, 0, "nothing but the log");
        assert_eq!(count(&app, DELIVERIES).await, 4);

        // Both secrets are good; the same delivery again is acknowledged and does nothing.
        for _ in 0..3 {
            assert_eq!(answer(standard(&app, OLD, "m1", test_now(), &body)).await.ok(), json!({"status": "ok"}));
        }
        answer(standard(&app, NEW, "m2", test_now(), &body)).await.ok();
        assert_eq!(count(&app, CALLS).await, 1);
        assert_eq!(count(&app, DELIVERIES).await, 6);
        // An id belongs to one delivery.
        answer(standard(&app, NEW, "m2", test_now(), &incoming("BN-3"))).await.problem(409, "webhook_id_reused");
        assert_eq!(count(&app, CALLS).await, 1);
    }

    async fn a_refused_body_may_be_sent_again_corrected(app: TestApp) {
        let app = secured(&app, &[]).await;
        let wrong = json!({"event": "incoming_call", "from": "01712345678"}).to_string();
        answer(standard(&app, NEW, "m1", test_now(), &wrong)).await.problem(422, "missing_field");
        answer(standard(&app, NEW, "m1", test_now(), &incoming("BN-1"))).await.ok();
        assert_eq!(count(&app, CALLS).await, 1);
    }

    async fn the_same_delivery_over_many_connections_counts_once(app: TestApp) {
        let app = secured(&app, &[]).await;
        let body = incoming("BN-1");
        let all = (0..32).map(|_| answer(standard(&app, NEW, "m1", test_now(), &body)));
        for taken in futures::future::join_all(all).await {
            taken.ok();
        }
        assert_eq!(count(&app, DELIVERIES).await, 1);
        assert_eq!(count(&app, CALLS).await, 1);
    }

    async fn one_that_cannot_be_taken_does_not_keep_others_from_being_taken(app: TestApp) {
        let app = secured(&app, &[]).await;
        answer(standard(&app, NEW, "m0", test_now(), &incoming("BN-0"))).await.ok();
        let mut crowd: Vec<_> = (1..=40)
            .map(|n| standard(&app, NEW, &format!("m{n}"), test_now(), &incoming(&format!("BN-{n}"))))
            .collect();
        // In between: the first one again, and another one under its id.
        crowd.insert(10, standard(&app, NEW, "m0", test_now(), &incoming("BN-0")));
        crowd.insert(20, standard(&app, NEW, "m0", test_now(), &incoming("BN-X")));
        let answers = futures::future::join_all(crowd.into_iter().map(answer)).await;
        for (n, answer) in answers.into_iter().enumerate() {
            if n == 20 {
                answer.problem(409, "webhook_id_reused");
            } else {
                answer.ok();
            }
        }
        assert_eq!(count(&app, CALLS).await, 41);
        let taken = "SELECT COUNT(*) FROM webhook_deliveries WHERE outcome <> 'rejected'";
        assert_eq!(count(&app, taken).await, 41);
    }

    async fn the_plain_scheme_under_headers_of_the_operators_choice(app: TestApp) {
        let app = secured(&app, &["--bracknet-signature-header", "x-sign", "--bracknet-timestamp-header", "x-time"]).await;
        let body = incoming("BN-1");
        let at = test_now().timestamp().to_string();
        let signature = sign_plain(NEW.as_bytes(), &at, body.as_bytes());
        let send = |signature: &str, at: &str| {
            let request = app.http.post(format!("{}{INCOMING}", app.base)).body(body.clone());
            answer(request.header("x-sign", signature).header("x-time", at))
        };
        send(&signature, &at).await.ok();
        send(&signature, &at).await.ok();
        assert_eq!(count(&app, DELIVERIES).await, 1);
        let kept = "SELECT COUNT(*) FROM webhook_deliveries WHERE CAST(headers AS TEXT) LIKE '%x-sign%'";
        assert_eq!(count(&app, kept).await, 0, "a signature is not kept, whatever its header is called");
        send(&signature, "soon").await.problem(401, "webhook_signature_wrong");
        send("sha256=zz", &at).await.problem(401, "webhook_signature_unreadable");
        let hour_ago = (test_now() - TimeDelta::hours(1)).timestamp().to_string();
        let old = sign_plain(NEW.as_bytes(), &hour_ago, body.as_bytes());
        send(&old, &hour_ago).await.problem(401, "webhook_stale");
    }

    async fn the_same_words_without_a_time_are_another_event_later(app: TestApp) {
        let app = secured(&app, &[]).await;
        let body = json!({"event": "call_missed", "from": "01712345678", "to_extension": "201"}).to_string();
        let signature = sign_undated(NEW, &body);
        let send = || {
            let request = app.http.post(format!("{}{MISSED}", app.base)).body(body.clone());
            answer(request.header("x-bracknet-signature", &signature))
        };
        send().await.ok();
        app.state.clock.set(test_now() + TimeDelta::seconds(299));
        send().await.ok();
        assert_eq!((count(&app, CALLS).await, count(&app, DELIVERIES).await), (1, 1), "a repetition");
        // Next day the same customer rings in vain once more: that is news.
        app.state.clock.set(test_now() + TimeDelta::days(1));
        for _ in 0..2 {
            send().await.ok();
        }
        assert_eq!((count(&app, CALLS).await, count(&app, DELIVERIES).await), (2, 2));
    }

    async fn how_old_a_webhook_may_be_is_a_setting(app: TestApp) {
        let app = secured(&app, &["--webhook-tolerance", "30"]).await;
        let body = incoming("BN-1");
        let at = |seconds| test_now() + TimeDelta::seconds(seconds);
        for wrong in [-31, 31] {
            answer(standard(&app, NEW, "m1", at(wrong), &body)).await.problem(401, "webhook_stale");
        }
        answer(standard(&app, NEW, "m1", at(-30), &body)).await.ok();
        answer(standard(&app, NEW, "m2", at(30), &body)).await.ok();
    }

    async fn only_the_pbx_s_network_may_send_also_through_a_proxy(app: TestApp) {
        let app = secured(&app, &["--webhook-allow", "192.0.2.0/24", "--trusted-proxies", "127.0.0.1"]).await;
        let body = incoming("BN-1");
        let from = |address: &str| {
            answer(standard(&app, NEW, address, test_now(), &body).header("x-forwarded-for", address))
        };
        from("192.0.2.9").await.ok();
        from("198.51.100.1").await.problem(403, "webhook_not_allowed");
        // Written by the sender before the proxy added the true address.
        from("192.0.2.9, 198.51.100.1").await.problem(403, "webhook_not_allowed");
        answer(standard(&app, NEW, "m9", test_now(), &body)).await.problem(403, "webhook_not_allowed");
        let sql = "SELECT source FROM webhook_deliveries";
        let source: Option<String> = app.state.db.read().await.expect("reads").scalar(sql).await.expect("one");
        assert_eq!(source.as_deref(), Some("192.0.2.9"));
    }

    async fn a_flood_is_slowed_down(app: TestApp) {
        let app = secured(&app, &["--webhook-rate", "3"]).await;
        let body = incoming("BN-1");
        for n in 0..3 {
            answer(standard(&app, NEW, &format!("m{n}"), test_now(), &body)).await.ok();
        }
        let refused = answer(standard(&app, NEW, "m4", test_now(), &body)).await;
        refused.problem(429, "too_many_requests");
    }

    async fn the_log_shows_where_it_came_from_but_no_secret_and_can_apply_it_again(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let leader = app.person(Role::TeamLeader, "tl").await;
        let app = secured(&app, &[]).await;
        let request = standard(&app, NEW, "m1", test_now(), &incoming("BN-1"));
        answer(request.header("x-trace", "abc").header("authorization", "Bearer x")).await.ok();
        let answered = json!({"event": "call_answered", "bracknet_call_id": "BN-1"}).to_string();
        let unsigned = app.http.post(format!("{}{ANSWERED}", app.base)).body(answered);
        answer(unsigned).await.problem(401, "webhook_unsigned");

        let applied = app.get(&leader, "/api/telephony/webhook-deliveries?outcome=applied").await.ok();
        let [delivery] = applied["items"].as_array().expect("items").as_slice() else { panic!("{applied}") };
        assert_eq!(delivery["source"], "127.0.0.1");
        assert_eq!(delivery["headers"]["x-trace"], "abc");
        assert_eq!(delivery["headers"]["webhook-id"], "m1");
        let names = delivery["headers"].as_object().expect("headers");
        assert!(!names.contains_key("authorization") && !names.contains_key("webhook-signature"));

        // The refused one can be applied by an admin who knows better; once is enough.
        let refused = app.get(&admin, "/api/telephony/webhook-deliveries?outcome=rejected").await.ok();
        let replay = format!("/api/telephony/webhook-deliveries/{}/replay", refused["items"][0]["id"]);
        let none = Value::Null;
        app.post(&leader, &replay, none.clone()).await.problem(403, "forbidden");
        assert_eq!(app.post(&admin, &replay, none.clone()).await.ok()["outcome"], "applied");
        let again = app.post(&admin, &replay, none.clone()).await.ok();
        assert_eq!(again["outcome"], "duplicate");
        assert_ne!(again["id"], refused["items"][0]["id"], "a row of its own");
        let calls = app.get(&admin, "/api/telephony/calls").await.ok();
        assert_eq!(calls["items"][0]["status"], "answered");
        let audited = "SELECT COUNT(*) FROM audit_log WHERE action = 'webhook.replayed'";
        assert_eq!(count(&app, audited).await, 2);
        app.post(&admin, "/api/telephony/webhook-deliveries/999/replay", none).await.problem(404, "delivery_not_found");
    }

    async fn a_secret_is_nowhere_to_be_read(app: TestApp) {
        let app = secured(&app, &[]).await;
        let shown = format!("{:?} {:?}", app.state.config, app.state.webhook_verifier);
        assert!(!shown.contains("plain secret") && !shown.contains("MfKQ9r8"), "{shown}");
        let stored = Sql::new("SELECT COUNT(*) FROM settings WHERE CAST(value AS TEXT) LIKE '%plain secret%'");
        let stored: i64 = app.state.db.read().await.expect("reads").scalar(stored).await.expect("a count");
        assert_eq!(stored, 0);
        let body = json!({"event": "call_ended", "bracknet_call_id": "BN-1"}).to_string();
        answer(app.http.post(format!("{}{ENDED}", app.base)).body(body)).await.problem(401, "webhook_unsigned");
    }
}
