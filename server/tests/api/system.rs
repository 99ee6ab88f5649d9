use reqwest::Method;

use crate::support::both;

both! {
    async fn health_and_document_are_public(app: TestApp) {
        app.request(Method::GET, "/healthz", None, None).await.ok();
        app.request(Method::GET, "/readyz", None, None).await.ok();
        let document = app.request(Method::GET, "/api/openapi.json", None, None).await.ok();
        assert_eq!(document["openapi"].as_str().map(|v| &v[..3]), Some("3.1"));
        app.request(Method::GET, "/api/nothing-here", None, None).await.problem(404, "no_such_route");
    }
}
