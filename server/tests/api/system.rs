use reqwest::Method;

use crate::support::both;

both! {
    async fn health_and_document_are_public(app: TestApp) {
        app.request(Method::GET, "/healthz", None, None).await.ok();
        app.request(Method::GET, "/readyz", None, None).await.ok();
        let document = app.request(Method::GET, "/api/openapi.json", None, None).await.ok();
        let text = document.to_string();
        // What stands before the first reference is none.
        let dangling: Vec<&str> = text
            .split("\"#/components/schemas/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .filter(|name| document["components"]["schemas"].get(name).is_none())
            .collect();
        assert!(dangling.is_empty(), "references to nothing: {dangling:?}");
        assert_eq!(document["openapi"].as_str().map(|v| &v[..3]), Some("3.1"));
        for (accepted, coding) in [("gzip, deflate, br, zstd", "zstd"), ("gzip, deflate", "gzip")] {
            let request = app.http.get(format!("{}/api/openapi.json", app.base));
            let answer = request.header("accept-encoding", accepted).send().await.expect("an answer");
            assert_eq!(answer.headers()["content-encoding"], coding);
        }
        app.request(Method::GET, "/api/nothing-here", None, None).await.problem(404, "no_such_route");
    }
}

both! {
    async fn metrics_count_routes_and_never_name_a_row(app: TestApp) {
        app.request(Method::GET, "/api/cdm/customer360/4711?q=01712345678", None, None).await;
        let text = app.request(Method::GET, "/metrics", None, None).await.ok();
        let text = text.as_str().expect("text");
        assert!(text.contains("http_request_duration_seconds_count"), "{text}");
        assert!(!text.contains("4711") && !text.contains("01712345678"), "{text}");
    }
}
