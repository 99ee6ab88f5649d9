//! Resource limits and response headers.

use std::time::{Duration, Instant};

use futures::SinkExt as _;
use futures::StreamExt as _;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use trustcart::auth::Role;
use trustcart::server::{self, Timeouts};

use crate::support::{Answer, TestApp, TestDb, both};

const SHORT: Duration = Duration::from_millis(150);
const LONG: Duration = Duration::from_mins(5);
/// How long a test waits for the server before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// Another listener of the same server, with limits of its own.
async fn listen(app: &TestApp, timeouts: Timeouts) -> (u16, JoinHandle<anyhow::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (port, tokio::spawn(server::serve_with(listener, app.state.clone(), timeouts)))
}

async fn send(port: u16, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("connects");
    stream.write_all(text.as_bytes()).await.expect("writes");
    stream
}

/// What comes until the server closes the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    // A connection that is reset is closed as well.
    let _ = read.expect("the server closes the connection");
    String::from_utf8_lossy(&bytes).into_owned()
}

const HALF_HEAD: &str = "GET /healthz HTTP/1.1\r\nHos";
const HALF_BODY: &str = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                         Content-Length: 1000\r\n\r\n{";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_clients_are_disconnected() {
    let app = TestApp::start(TestDb::sqlite()).await;
    let timeouts = Timeouts { head: SHORT, body: SHORT, idle: SHORT, unread: LONG, drain: SHORT };
    let (port, _serving) = listen(&app, timeouts).await;
    assert_eq!(rest(send(port, "").await).await, "", "nothing was sent");
    assert_eq!(rest(send(port, HALF_HEAD).await).await, "");
    let slow = rest(send(port, HALF_BODY).await).await;
    assert!(slow.starts_with("HTTP/1.1 408") && slow.contains("body_timeout"), "{slow}");
    let idle = rest(send(port, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await).await;
    assert!(idle.starts_with("HTTP/1.1 200") && idle.ends_with("ok"), "{idle}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_does_not_wait_for_stalled_clients() {
    let app = TestApp::start(TestDb::sqlite()).await;
    let timeouts = Timeouts { head: LONG, body: LONG, idle: LONG, unread: LONG, drain: SHORT };
    let (port, serving) = listen(&app, timeouts).await;
    let _half_head = send(port, HALF_HEAD).await;
    let _half_body = send(port, HALF_BODY).await;
    let many = "GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(40);
    let _unread = send(port, &many).await;
    let mut idle = send(port, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    idle.read_exact(&mut [0; 12]).await.expect("an answer");
    let begun = Instant::now();
    app.state.stop.cancel();
    serving.await.expect("no panic").expect("ends");
    app.state.shut_down().await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    rest(idle).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_finishes_running_requests() {
    let app = TestApp::start(TestDb::sqlite()).await;
    let (port, serving) = listen(&app, Timeouts::default()).await;
    let mut login = send(port, HALF_BODY).await;
    // The request is under way once another on its heels is answered.
    rest(send(port, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await).await;
    app.state.stop.cancel();
    login.write_all("x".repeat(999).as_bytes()).await.expect("writes");
    let answer = rest(login).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    serving.await.expect("no panic").expect("ends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_2_without_tls_is_not_spoken() {
    let app = TestApp::start(TestDb::sqlite()).await;
    let (port, _serving) = listen(&app, Timeouts::default()).await;
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let answer = rest(send(port, preface).await).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_takes_no_large_frames() {
    let app = TestApp::start(TestDb::sqlite()).await;
    let agent = app.person(Role::Agent, "agent").await;
    let ticket = app.post(&agent, "/api/realtime/ticket", json!({})).await.ok();
    let ticket = ticket["ticket"].as_str().expect("a ticket");
    let url = format!("{}/api/realtime?ticket={ticket}", app.base.replace("http", "ws"));
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.expect("connects");
    socket.send(Message::text("x".repeat(60 * 1024))).await.expect("small enough");
    // The server may close while this is being sent.
    let _ = socket.send(Message::binary(vec![0; 70 * 1024])).await;
    let closed = async {
        while let Some(Ok(message)) = socket.next().await {
            if message.is_close() {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, closed).await.expect("the server closes it");
}

both! {
    async fn a_control_character_is_refused_in_every_field(app: TestApp) {
        let login = json!({"login": "a\0", "password": "x"});
        let answer = app.request(Method::POST, "/api/auth/login", None, Some(login)).await;
        assert_eq!(answer.problem(422, "invalid_character")["field"], "login");
        let manager = app.person(Role::SalesManager, "manager").await;
        for (body, field) in [
            (json!({"name": "a\u{1b}[2J", "phone": "01712345678"}), "name"),
            (json!({"name": "a", "phone": "01712345678", "address": "x\u{7f}"}), "address"),
        ] {
            let answer = app.post(&manager, "/api/cdm/customers", body).await;
            assert_eq!(answer.problem(422, "invalid_character")["field"], field);
        }
        let two_lines = json!({"name": "a", "phone": "01712345678", "address": "1,\r\n\tRoad 2"});
        app.post(&manager, "/api/cdm/customers", two_lines).await.ok();
        for (path, field) in [
            ("/api/cdm/customers?q=a%00b", "q"),
            ("/api/telephony/calls?cursor=%01", "cursor"),
            ("/api/cdm/customers/1%00", "path"),
        ] {
            let answer = app.get(&manager, path).await;
            assert_eq!(answer.problem(422, "invalid_character")["field"], field);
        }
    }
}

both! {
    async fn responses_have_security_and_cache_headers(app: TestApp) {
        let header = |answer: &Answer, name: &str| {
            let value = answer.headers.get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let page = app.request(Method::GET, "/", None, None).await;
        let policy = header(&page, "content-security-policy");
        for rule in [
            "connect-src 'self';",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(rule), "{policy}");
        }
        let api = app.request(Method::GET, "/api/auth/me", None, None).await;
        assert_eq!(header(&api, "cache-control"), "no-store");
        assert!(header(&api, "content-security-policy").contains("default-src 'none'"));
        for answer in [&page, &api] {
            assert_eq!(header(answer, "x-content-type-options"), "nosniff");
            assert_eq!(header(answer, "cross-origin-opener-policy"), "same-origin");
            assert!(header(answer, "permissions-policy").contains("microphone=(self)"));
            assert_eq!(header(answer, "strict-transport-security"), "", "not without TLS");
        }
        let request = app.http.get(format!("{}/", app.base)).header("x-forwarded-proto", "https");
        let by_tls = Answer::read(request.send().await.expect("an answer")).await;
        assert!(header(&by_tls, "strict-transport-security").contains("max-age"));
    }
}

both! {
    async fn only_a_valid_request_id_is_kept(app: TestApp) {
        let answered = async |id: &str| {
            let request = app.http.get(format!("{}/api/auth/me", app.base));
            let request = request.header("x-request-id", id);
            let answer = Answer::read(request.send().await.expect("an answer")).await;
            answer.headers["x-request-id"].to_str().expect("ASCII").to_owned()
        };
        assert_eq!(answered("abc-123").await, "abc-123");
        for odd in [&"a".repeat(65), "a b", "a\"b", "a;b"] {
            let made = answered(odd).await;
            assert!(made != odd && made.len() == 36, "{made}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_for_this_machine_or_for_a_token() {
    let app = TestApp::start(TestDb::sqlite()).await;
    let ask = async |app: &TestApp, headers: &[(&str, &str)]| {
        let mut request = app.http.get(format!("{}/metrics", app.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::read(request.send().await.expect("an answer")).await
    };
    ask(&app, &[]).await.ok();
    let passed_on = ask(&app, &[("x-forwarded-for", "192.0.2.1")]).await;
    passed_on.problem(403, "metrics_not_allowed");
    let app = app.again_with(&["--metrics-token", "s3cret"]).await;
    ask(&app, &[]).await.problem(403, "metrics_not_allowed");
    ask(&app, &[("authorization", "Bearer s3cre")]).await.problem(403, "metrics_not_allowed");
    let bearer = ("authorization", "Bearer s3cret");
    ask(&app, &[bearer, ("x-forwarded-for", "192.0.2.1")]).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn made_up_methods_are_counted_as_one() {
    let app = TestApp::start(TestDb::sqlite()).await;
    for method in ["MADEUP1", "MADEUP2"] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        app.request(method, "/healthz", None, None).await;
    }
    let text = app.request(Method::GET, "/metrics", None, None).await.ok();
    let text = text.as_str().expect("text");
    assert!(text.contains("method=\"other\"") && !text.contains("MADEUP"), "{text}");
}
