//! `Idempotency-Key` on writes: carried out once, answered alike.

use chrono::TimeDelta;
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::db::{CustomerId, Sql};

use crate::support::{Answer, Person, TestApp, both};

async fn send(
    app: &TestApp,
    who: &Person,
    method: Method,
    path: &str,
    key: &str,
    body: &Value,
) -> Answer {
    let request = app.http.request(method, format!("{}{path}", app.base)).bearer_auth(&who.token);
    let request = request.header("Idempotency-Key", key).json(body);
    Answer::read(request.send().await.expect("the server answers")).await
}

async fn post(app: &TestApp, who: &Person, path: &str, key: &str, body: &Value) -> Answer {
    send(app, who, Method::POST, path, key, body).await
}

/// Asserts that `answer` is `first`, given again.
#[track_caller]
fn replayed(answer: &Answer, first: &Answer) {
    assert!(!first.headers.contains_key("idempotent-replayed"));
    assert_eq!(answer.headers["idempotent-replayed"], "true");
    assert_eq!((answer.status, &answer.body), (first.status, &first.body));
    assert_eq!(answer.headers.get("content-type"), first.headers.get("content-type"));
}

async fn count(app: &TestApp, sql: &str) -> i64 {
    app.state.db.read().await.expect("reads").scalar(sql).await.expect("a count")
}

async fn execute(app: &TestApp, sql: &str) -> u64 {
    let mut tx = app.state.db.begin().await.expect("begins");
    let rows = tx.execute(Sql::new(sql)).await.expect("runs");
    tx.commit().await.expect("commits");
    rows
}

const NOTES: &str = "SELECT COUNT(*) FROM customer_interactions WHERE kind = 'note'";
const KEYS: &str = "SELECT COUNT(*) FROM idempotency_keys";

struct Shop {
    lead: Person,
    customer: CustomerId,
    notes: String,
}

async fn shop(app: &TestApp) -> Shop {
    let lead = app.person(Role::TeamLeader, "tl").await;
    let customer = app.customer("Rahima", "01711000001", None, Some(&lead)).await;
    Shop { lead, customer, notes: format!("/api/cdm/customers/{customer}/notes") }
}

both! {
    async fn every_kind_of_write_is_carried_out_once(app: TestApp) {
        let Shop { lead, customer, notes } = shop(&app).await;
        let customer = format!("/api/cdm/customers/{customer}");
        for (n, (method, path, body)) in [
            (Method::POST, notes, json!({"text": "asked for the price"})),
            (Method::POST, "/api/cdm/customers".to_owned(), json!({"name": "Karim", "phone": "01711000002"})),
            (Method::PATCH, customer.clone(), json!({"name": "Rahima Begum"})),
            (Method::PUT, format!("{customer}/pins/temperature"), json!({"value": "hot", "reason": "asked", "until": "2026-12-21"})),
            (Method::POST, "/api/cdm/segments".to_owned(),
                json!({"name": "mine", "filter": {"district": "Dhaka"}, "shared": false})),
            (Method::DELETE, "/api/cdm/segments/1".to_owned(), json!({})),
        ].into_iter().enumerate() {
            let key = format!("key-{n}");
            let first = send(&app, &lead, method.clone(), &path, &key, &body).await;
            assert!(first.status.is_success(), "{method} {path}: {:#}", first.body);
            replayed(&send(&app, &lead, method, &path, &key, &body).await, &first);
        }
        assert_eq!(count(&app, NOTES).await, 1);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM customers").await, 2);
    }

    async fn a_write_without_a_key_or_with_another_one_is_a_new_one(app: TestApp) {
        let Shop { lead, notes, .. } = shop(&app).await;
        let body = json!({"text": "no answer"});
        app.post(&lead, &notes, body.clone()).await.ok();
        app.post(&lead, &notes, body.clone()).await.ok();
        post(&app, &lead, &notes, "a", &body).await.ok();
        post(&app, &lead, &notes, "b", &body).await.ok();
        assert_eq!(count(&app, NOTES).await, 4);
        let boss = app.person(Role::Admin, "boss").await;
        let theirs = post(&app, &boss, &notes, "a", &body).await;
        assert!(!theirs.headers.contains_key("idempotent-replayed"), "keys are private");
        assert_eq!(count(&app, NOTES).await, 5);
    }

    async fn a_key_belongs_to_one_request(app: TestApp) {
        let Shop { lead, customer, notes } = shop(&app).await;
        let body = json!({"text": "one"});
        post(&app, &lead, &notes, "k", &body).await.ok();
        for (method, path, body) in [
            (Method::POST, notes.clone(), json!({"text": "two"})),
            (Method::POST, format!("{notes}?x=1"), body.clone()),
            (Method::POST, "/api/cdm/customers".to_owned(), body.clone()),
            (Method::PATCH, format!("/api/cdm/customers/{customer}"), body.clone()),
        ] {
            let refused = send(&app, &lead, method, &path, "k", &body).await;
            let problem = refused.problem(422, "idempotency_key_reused");
            assert_eq!(problem["field"], "Idempotency-Key");
        }
        assert_eq!(count(&app, NOTES).await, 1);
        for wrong in ["k".repeat(201), " ".to_owned()] {
            post(&app, &lead, &notes, &wrong, &body).await.problem(422, "invalid_idempotency_key");
        }
    }

    async fn sixteen_at_once_are_one(app: TestApp) {
        let Shop { lead, notes, .. } = shop(&app).await;
        let other = app.again().await;
        let body = json!({"text": "double click"});
        // Two servers on one database: the constraint decides, not the memory of a process.
        let answers = join_all((0..16).map(|n| {
            let app = if n % 2 == 0 { &app } else { &other };
            post(app, &lead, &notes, "click", &body)
        })).await;
        let mut first = 0;
        for answer in &answers {
            assert!(answer.status.is_success(), "{:#}", answer.body);
            assert_eq!(answer.body, answers[0].body);
            first += i32::from(!answer.headers.contains_key("idempotent-replayed"));
        }
        assert_eq!(first, 1);
        assert_eq!(count(&app, NOTES).await, 1);
    }

    async fn an_error_that_changed_nothing_leaves_the_key_free(app: TestApp) {
        let Shop { lead, notes, .. } = shop(&app).await;
        let body = json!({"name": "Karim", "phone": "01711000001"});
        post(&app, &lead, "/api/cdm/customers", "k", &body).await.problem(409, "phone_taken");
        execute(&app, "UPDATE customers SET phone = '+8801711000009'").await;
        post(&app, &lead, "/api/cdm/customers", "k", &body).await.ok();
        post(&app, &lead, &notes, "n", &json!({})).await.problem(422, "invalid_field");
        assert_eq!(count(&app, KEYS).await, 1);
    }

    async fn a_server_error_does_not_poison_the_key(app: TestApp) {
        let Shop { lead, notes, .. } = shop(&app).await;
        let body = json!({"text": "later"});
        execute(&app, "ALTER TABLE customer_interactions RENAME TO away").await;
        post(&app, &lead, &notes, "k", &body).await.problem(500, "internal_error");
        assert_eq!(count(&app, KEYS).await, 0, "nothing was committed");
        execute(&app, "ALTER TABLE away RENAME TO customer_interactions").await;
        post(&app, &lead, &notes, "k", &body).await.ok();
        assert_eq!(count(&app, NOTES).await, 1);
    }

    /// As left by a crash between the commit and the storing of the answer.
    async fn what_was_done_before_a_crash_is_not_done_again(app: TestApp) {
        let Shop { lead, notes, .. } = shop(&app).await;
        let body = json!({"text": "once"});
        post(&app, &lead, &notes, "k", &body).await.ok();
        execute(&app, "UPDATE idempotency_keys SET status = NULL, body = NULL").await;
        let waiting = post(&app, &lead, &notes, "k", &body).await;
        assert_eq!(waiting.headers["retry-after"], "1");
        waiting.problem(409, "request_in_progress");
        app.state.clock.set(app.state.clock.now() + TimeDelta::minutes(1));
        let app = app.again().await;
        app.state.clock.set(app.state.clock.now() + TimeDelta::minutes(1));
        post(&app, &lead, &notes, "k", &body).await.problem(409, "request_interrupted");
        assert_eq!(count(&app, NOTES).await, 1);
        post(&app, &lead, &notes, "new", &body).await.ok();
    }

    /// The call's own key finds it, also when its answer was lost.
    async fn a_call_is_found_again_after_a_crash(app: TestApp) {
        let Shop { lead, .. } = shop(&app).await;
        let body = json!({"customerPhone": "01711000001", "talkSeconds": 5});
        let path = "/api/telephony/calls/by-hand";
        let first = post(&app, &lead, path, "k", &body).await.ok();
        execute(&app, "UPDATE idempotency_keys SET status = NULL, body = NULL").await;
        app.state.clock.set(app.state.clock.now() + TimeDelta::minutes(1));
        assert_eq!(post(&app, &lead, path, "k", &body).await.ok()["id"], first["id"]);
        let other = json!({"customerPhone": "01711000001", "talkSeconds": 6});
        post(&app, &lead, path, "k", &other).await.problem(422, "idempotency_key_reused");
        assert_eq!(count(&app, "SELECT COUNT(*) FROM telephony_calls").await, 1);
    }

    async fn answers_are_kept_for_a_day(app: TestApp) {
        let Shop { lead, notes, .. } = shop(&app).await;
        let body = json!({"text": "daily"});
        let first = post(&app, &lead, &notes, "k", &body).await;
        app.state.clock.set(app.state.clock.now() + TimeDelta::hours(24) - TimeDelta::seconds(1));
        let lead = app.renewed(&lead);
        replayed(&post(&app, &lead, &notes, "k", &body).await, &first);
        app.state.clock.set(app.state.clock.now() + TimeDelta::seconds(1));
        let lead = app.renewed(&lead);
        post(&app, &lead, &notes, "k", &body).await.ok();
        assert_eq!(count(&app, NOTES).await, 2);
        app.state.clock.set(app.state.clock.now() + TimeDelta::days(2));
        trustcart::jobs::run_due(&app.state).await;
        assert_eq!(count(&app, KEYS).await, 0);
    }

    async fn answers_with_secrets_are_not_kept(app: TestApp) {
        let lead = app.person(Role::TeamLeader, "tl").await;
        for _ in 0..2 {
            let answer = post(&app, &lead, "/api/realtime/ticket", "k", &json!({})).await;
            assert!(!answer.headers.contains_key("idempotent-replayed"));
            answer.ok();
        }
        assert_eq!(count(&app, KEYS).await, 0);
    }
}
