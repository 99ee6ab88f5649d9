//! Without a secret, webhooks come from this machine itself, not from a page or a proxy on it.

use serde_json::json;

use super::ENDED;
use crate::support::{Answer, TestApp, both};

async fn with_headers(app: &TestApp, headers: &[(&str, &str)]) -> Answer {
    let body =
        json!({"event": "call_ended", "bracknet_call_id": "BN-1", "duration": 3}).to_string();
    let mut request = app.http.post(format!("{}{ENDED}", app.base)).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::read(request.send().await.expect("the server answers")).await
}

const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

both! {
    async fn an_unsigned_webhook_is_addressed_to_this_machine_and_from_no_page(app: TestApp) {
        for headers in [
            &[JSON, ("host", "crm.example.com")][..],
            &[JSON, ("host", "127.0.0.1.example.com:80")],
            &[JSON, ("origin", "https://evil.example")],
            &[JSON, ("origin", "null")],
            &[JSON, ("x-forwarded-for", "127.0.0.1")],
            &[("content-type", "text/plain")],
            &[("content-type", "application/x-www-form-urlencoded")],
            &[],
        ] {
            with_headers(&app, headers).await.problem(403, "webhook_not_allowed");
        }
        let calls = "SELECT COUNT(*) FROM telephony_calls";
        assert_eq!(app.number(calls).await, 0);
        for headers in [&[JSON][..], &[JSON, ("host", "localhost:8080")], &[JSON, ("host", "[::1]")]] {
            with_headers(&app, headers).await.ok();
        }
        let open = app.again_with(&["--insecure-webhooks", "true"]).await;
        with_headers(&open, &[("content-type", "text/plain"), ("host", "pbx.example.com")]).await.ok();
    }
}
