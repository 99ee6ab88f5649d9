//! Double clicks, two tabs, two agents, one customer.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use trustcart::auth::Role;

use super::{INITIATE, PHONE, count, desk, initiate, task};
use crate::support::{Answer, Person, TestApp, both};

async fn with_key(app: &TestApp, who: &Person, key: &str, body: &Value) -> Answer {
    let request = app.http.request(Method::POST, format!("{}{INITIATE}", app.base));
    let request = request.bearer_auth(&who.token).header("Idempotency-Key", key).json(body);
    Answer::read(request.send().await.expect("the server answers")).await
}

both! {
    async fn sixteen_clicks_are_one_call(app: TestApp) {
        let desk = desk(&app).await;
        let task = task(&app, &desk.agent, Some(desk.customer), PHONE).await;
        let body = json!({"taskId": task});
        let answers = join_all((0..16).map(|_| with_key(&app, &desk.agent, "click-1", &body))).await;
        let mut bodies: Vec<String> = answers.into_iter().map(|a| a.ok().to_string()).collect();
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "everybody hears of the same call: {bodies:#?}");
        assert_eq!(count(&app, "SELECT COUNT(*) FROM telephony_calls").await, 1);
        assert_eq!(count(&app, "SELECT attempts FROM crm_call_tasks").await, 1);
    }

    async fn a_retry_after_the_end_answers_with_the_same_call(app: TestApp) {
        let desk = desk(&app).await;
        let mut watch = app.watch();
        let body = json!({"customerPhone": "01712345671"});
        let first = with_key(&app, &desk.agent, "k", &body).await.ok();
        watch.call(&first["telephonyCallId"], "busy").await;
        assert_eq!(with_key(&app, &desk.agent, "k", &body).await.ok(), first);
        let other = json!({"customerPhone": "01712345672"});
        with_key(&app, &desk.agent, "k", &other).await.problem(422, "idempotency_key_reused");
        with_key(&app, &desk.agent, &"k".repeat(201), &other).await.problem(422, "invalid_idempotency_key");
        let colleague = app.person(Role::Agent, "colleague").await;
        let theirs = with_key(&app, &colleague, "k", &body).await.ok();
        assert_ne!(theirs["telephonyCallId"], first["telephonyCallId"], "keys are private");
    }

    async fn an_agent_rings_one_customer_at_a_time(app: TestApp) {
        let app = app.again_with(&["--simulator-speed", "1"]).await;
        let desk = desk(&app).await;
        let bodies: Vec<Value> =
            (0..8).map(|n| json!({"customerPhone": format!("0171234560{n}")})).collect();
        let answers = join_all(bodies.iter().map(|b| app.post(&desk.agent, INITIATE, b.clone()))).await;
        let (made, refused): (Vec<Answer>, Vec<Answer>) =
            answers.into_iter().partition(|a| a.status == 200);
        assert_eq!(made.len(), 1);
        for answer in refused {
            answer.problem(409, "agent_busy");
        }
    }

    async fn two_agents_do_not_ring_the_same_customer(app: TestApp) {
        let app = app.again_with(&["--simulator-speed", "1"]).await;
        let desk = desk(&app).await;
        let mut agents = Vec::new();
        for n in 0..6 {
            agents.push(app.person(Role::Agent, &format!("a{n}")).await);
        }
        let body = json!({"customerPhone": PHONE});
        let answers = join_all(agents.iter().map(|a| app.post(a, INITIATE, body.clone()))).await;
        let (made, refused): (Vec<Answer>, Vec<Answer>) =
            answers.into_iter().partition(|a| a.status == 200);
        assert_eq!(made.len(), 1);
        for answer in refused {
            answer.problem(409, "customer_on_call");
        }
        // Nor on another number of that customer's.
        let task = task(&app, &desk.agent, Some(desk.customer), "01812345678").await;
        app.post(&desk.agent, INITIATE, json!({"taskId": task})).await.problem(409, "customer_on_call");
    }

    async fn a_free_agent_calls_again(app: TestApp) {
        let desk = desk(&app).await;
        for _ in 0..3 {
            let mut watch = app.watch();
            let id = initiate(&app, &desk.agent, json!({"customerPhone": "01712345671"})).await;
            watch.call(&id, "busy").await;
        }
        assert_eq!(count(&app, "SELECT COUNT(*) FROM telephony_calls").await, 3);
    }
}
