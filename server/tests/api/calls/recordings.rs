//! Recordings that are at the telephone system come here, safely, and go again in time.

use reqwest::Method;
use serde_json::{Value, json};
use trustcart::calls::recording::{fetch, keep};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::desk;
use crate::support::{Answer, Person, TestApp, both};

const SOUND: &[u8] = b"RIFF\x24\0\0\0WAVE pretend this is speech";

/// The application, allowed to ask `server` for recordings.
async fn allowed(app: &TestApp, server: &MockServer, more: &[&str]) -> TestApp {
    let host = server.address().to_string();
    let mut flags = vec!["--recording-hosts", host.as_str()];
    flags.extend(more);
    app.again_with(&flags).await
}

/// A finished call whose recording is at `url`; its id here.
async fn recorded(app: &TestApp, leader: &Person, url: &str) -> Value {
    for event in [
        json!({"event": "incoming_call", "from": "01912345678", "to_extension": "201"}),
        json!({"event": "call_ended", "duration": 12, "end_reason": "completed"}),
        json!({"event": "call_recording_ready", "recording_url": url, "recording_duration": 12}),
    ] {
        let mut event = event;
        event["bracknet_call_id"] = url.into();
        app.request(Method::POST, "/api/telephony/webhook/bracknet", None, Some(event)).await.ok();
    }
    app.get(leader, "/api/telephony/calls").await.ok()["items"][0]["id"].clone()
}

async fn ask(app: &TestApp, who: &Person, call: &Value) -> reqwest::Response {
    let url = format!("{}/api/telephony/calls/{call}/recording", app.base);
    app.http.get(url).bearer_auth(&who.token).send().await.expect("answers")
}

async fn problem(app: &TestApp, who: &Person, call: &Value, status: u16, code: &str) {
    Answer::read(ask(app, who, call).await).await.problem(status, code);
}

async fn fetch_now(app: &TestApp) -> Value {
    let mut tx = app.state.db.begin().await.expect("begins");
    let past = app.state.clock.now();
    let sql = trustcart::db::Sql::new("UPDATE recordings SET next_try_at = $1").bind(past);
    tx.execute(sql).await.expect("makes them due");
    tx.commit().await.expect("commits");
    fetch::run(&app.state).await.expect("fetches")
}

/// An S3 server with an empty bucket `calls`: its address, and the folder that is the bucket.
async fn bucket() -> (String, tempfile::TempDir) {
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let files = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(files.path().join("calls")).expect("a bucket");
    let disk = s3s_fs::FileSystem::new(files.path()).expect("a file system");
    let mut service = s3s::service::S3ServiceBuilder::new(disk);
    service.set_auth(s3s::auth::SimpleAuth::from_single("crm", "the-secret"));
    let service = service.build();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                let http = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                // A client that hangs up is no failure.
                let _ = http.serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
    (address, files)
}

/// The flags for that bucket.
fn in_bucket(address: &str, secret: &'static str) -> [String; 5] {
    [
        "--recording-bucket=s3://calls/recordings".to_owned(),
        format!("--s3-endpoint={address}"),
        "--s3-region=us-east-1".to_owned(),
        "--s3-access-key-id=crm".to_owned(),
        format!("--s3-secret-access-key={secret}"),
    ]
}

both! {
    async fn recordings_in_a_bucket_are_fetched_played_in_parts_and_deleted(app: TestApp) {
        let server = MockServer::start().await;
        let (address, files) = bucket().await;
        let flags = in_bucket(&address, "the-secret");
        let mut flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        flags.extend(["--recording-quota-mb", "0"]);
        let app = allowed(&app, &server, &flags).await;
        let desk = desk(&app).await;
        // More than one part of an upload.
        let mut long: Vec<u8> = (0..12_000_000_u32).map(|n| (n % 251) as u8).collect();
        long[..SOUND.len()].copy_from_slice(SOUND);
        let sound = ResponseTemplate::new(200).set_body_raw(long.clone(), "audio/wav");
        Mock::given(path("/r/1.wav")).respond_with(sound).mount(&server).await;
        let call = recorded(&app, &desk.leader, &format!("{}/r/1.wav", server.uri())).await;
        assert_eq!(fetch_now(&app).await, json!({"stored": 1, "failed": 0}));
        let kept = std::fs::read_dir(files.path().join("calls/recordings")).expect("the folder");
        assert_eq!(kept.count(), 1, "in the bucket");
        let here = std::fs::read_dir(app.data.path().join("recordings")).expect("a folder");
        assert_eq!(here.count(), 0, "not on this machine");

        let whole = ask(&app, &desk.leader, &call).await;
        assert_eq!(whole.headers()["content-length"], "12000000");
        assert_eq!(whole.bytes().await.expect("sound"), long);
        let url = format!("{}/api/telephony/calls/{call}/recording", app.base);
        let part = app.http.get(url).bearer_auth(&desk.leader.token);
        let part = part.header("range", "bytes=11999990-").send().await.expect("answers");
        assert_eq!(part.status(), 206);
        assert_eq!(part.headers()["content-range"], "bytes 11999990-11999999/12000000");
        assert_eq!(&part.bytes().await.expect("a part")[..], &long[11_999_990..]);

        let report = keep::run(&app.state).await.expect("keeps");
        assert_eq!(report, json!({"deleted": 1, "bytes": 12_000_000}));
        problem(&app, &desk.leader, &call, 404, "recording_not_found").await;
    }

    async fn a_bucket_that_refuses_us_loses_nothing(app: TestApp) {
        let server = MockServer::start().await;
        let (address, _files) = bucket().await;
        let flags = in_bucket(&address, "another-secret");
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let app = allowed(&app, &server, &flags).await;
        let desk = desk(&app).await;
        let sound = ResponseTemplate::new(200).set_body_raw(SOUND, "audio/wav");
        Mock::given(path("/r/1.wav")).respond_with(sound).mount(&server).await;
        let call = recorded(&app, &desk.leader, &format!("{}/r/1.wav", server.uri())).await;
        assert_eq!(fetch_now(&app).await, json!({"stored": 0, "failed": 0}));
        problem(&app, &desk.leader, &call, 409, "recording_pending").await;

        let flags = in_bucket(&address, "the-secret");
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let app = allowed(&app, &server, &flags).await;
        assert_eq!(fetch_now(&app).await, json!({"stored": 1, "failed": 0}));
        assert_eq!(ask(&app, &desk.leader, &call).await.status(), 200);
    }

    async fn a_recording_is_fetched_once_and_served_from_here(app: TestApp) {
        let server = MockServer::start().await;
        let app = allowed(&app, &server, &[]).await;
        let desk = desk(&app).await;
        let sound = ResponseTemplate::new(200).set_body_raw(SOUND, "binary/octet-stream");
        Mock::given(method("GET")).and(path("/r/1.mp3")).respond_with(sound).expect(1).mount(&server).await;
        let call = recorded(&app, &desk.leader, &format!("{}/r/1.mp3", server.uri())).await;
        problem(&app, &desk.leader, &call, 409, "recording_pending").await;
        assert_eq!(fetch_now(&app).await, json!({"stored": 1, "failed": 0}));
        assert_eq!(fetch_now(&app).await, json!({"stored": 0, "failed": 0}));
        let answer = ask(&app, &desk.leader, &call).await;
        let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
        assert_eq!(header("content-type"), "audio/wav", "what it is, not what it was called");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'; sandbox");
        assert_eq!(header("content-disposition"), format!("inline; filename=\"call-{call}.wav\""));
        assert_eq!(answer.bytes().await.expect("sound"), SOUND);
        let url = format!("{}/api/telephony/calls/{call}/recording", app.base);
        let part = app.http.get(url).bearer_auth(&desk.leader.token).header("range", "bytes=0-3");
        let part = part.send().await.expect("answers");
        assert_eq!(part.status(), 206);
        assert_eq!(&part.bytes().await.expect("a part")[..], b"RIFF");
    }

    async fn a_pbx_that_is_not_ready_is_asked_again_and_a_wrong_answer_is_not_kept(app: TestApp) {
        let server = MockServer::start().await;
        let app = allowed(&app, &server, &[]).await;
        let desk = desk(&app).await;
        let file = || Mock::given(method("GET")).and(path("/r/2.wav"));
        file().respond_with(ResponseTemplate::new(404)).up_to_n_times(2).expect(2).mount(&server).await;
        let sound = ResponseTemplate::new(200).set_body_raw(SOUND, "audio/wav");
        file().respond_with(sound).expect(1).mount(&server).await;
        let call = recorded(&app, &desk.leader, &format!("{}/r/2.wav", server.uri())).await;
        for stored in [0, 0, 1] {
            assert_eq!(fetch_now(&app).await["stored"], stored);
        }
        assert_eq!(ask(&app, &desk.leader, &call).await.status(), 200);

        for (n, media_type) in ["text/html", "audio/mpeg", "audio/x-html", ""].into_iter().enumerate() {
            let page = ResponseTemplate::new(200).set_body_raw("<html>log in</html>", media_type);
            let name = format!("/r/page-{n}.wav");
            Mock::given(path(name.as_str())).respond_with(page).mount(&server).await;
            let call = recorded(&app, &desk.leader, &format!("{}{name}", server.uri())).await;
            assert_eq!(fetch_now(&app).await["failed"], 1, "{media_type}");
            problem(&app, &desk.leader, &call, 404, "recording_unavailable").await;
        }
    }

    async fn sound_is_kept_whatever_it_is_called(app: TestApp) {
        let server = MockServer::start().await;
        let app = allowed(&app, &server, &[]).await;
        let desk = desk(&app).await;
        for (n, (bytes, declared, served, how)) in [
            (&b"ID3\x04\0\0 and so on"[..], "application/octet-stream", "audio/mpeg", "inline"),
            (b"OggS\0\x02 and so on", "", "audio/ogg", "inline"),
            (b"\0\0\0\x20ftypM4A ", "text/plain", "audio/mp4", "inline"),
            // Nobody knows this sound: it is kept, and not run.
            (b"\xd5\xd4\0\x80\x81", "audio/x-html", "application/octet-stream", "attachment"),
        ].into_iter().enumerate() {
            let name = format!("/r/{n}");
            let sound = ResponseTemplate::new(200).set_body_raw(bytes, declared);
            Mock::given(path(name.as_str())).respond_with(sound).mount(&server).await;
            let call = recorded(&app, &desk.leader, &format!("{}{name}", server.uri())).await;
            assert_eq!(fetch_now(&app).await["stored"], 1, "{declared}");
            let answer = ask(&app, &desk.leader, &call).await;
            assert_eq!(answer.headers()["content-type"], served);
            let disposition = answer.headers()["content-disposition"].to_str().expect("text");
            assert!(disposition.starts_with(how), "{disposition}");
            assert_eq!(answer.bytes().await.expect("sound"), bytes);
        }
    }

    async fn one_that_does_not_come_holds_up_nothing(app: TestApp) {
        // Takes connections and never answers.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let stuck = silent.local_addr().expect("an address").to_string();
        let server = MockServer::start().await;
        let hosts = format!("{},{stuck}", server.address());
        let app = app.again_with(&["--recording-hosts", &hosts]).await;
        let desk = desk(&app).await;
        let first = recorded(&app, &desk.leader, &format!("http://{stuck}/r/slow.wav")).await;
        let running = app.state.clone();
        let slow = tokio::spawn(async move { fetch::run(&running).await.map(|_| ()) });
        let (_connection, _) = silent.accept().await.expect("it is asked");
        let sound = ResponseTemplate::new(200).set_body_raw(SOUND, "audio/wav");
        Mock::given(path("/r/1.wav")).respond_with(sound).mount(&server).await;
        let call = recorded(&app, &desk.leader, &format!("{}/r/1.wav", server.uri())).await;
        assert_eq!(fetch_now(&app).await, json!({"stored": 1, "failed": 0}), "and not the slow one twice");
        assert_eq!(ask(&app, &desk.leader, &call).await.status(), 200);
        problem(&app, &desk.leader, &first, 409, "recording_pending").await;
        slow.abort();
    }

    async fn only_known_hosts_are_asked_and_nobody_is_followed(app: TestApp) {
        let (pbx, inside) = (MockServer::start().await, MockServer::start().await);
        let app = allowed(&app, &pbx, &[]).await;
        let desk = desk(&app).await;
        Mock::given(method("GET")).respond_with(ResponseTemplate::new(200)).expect(0).mount(&inside).await;
        let call = recorded(&app, &desk.leader, &format!("{}/secrets", inside.uri())).await;
        assert_eq!(fetch_now(&app).await["failed"], 1);
        problem(&app, &desk.leader, &call, 404, "recording_unavailable").await;

        let target = format!("{}/secrets", inside.uri());
        let redirect = ResponseTemplate::new(302).insert_header("location", target.as_str());
        Mock::given(path("/r/4.wav")).respond_with(redirect).expect(1).mount(&pbx).await;
        let call = recorded(&app, &desk.leader, &format!("{}/r/4.wav", pbx.uri())).await;
        assert_eq!(fetch_now(&app).await, json!({"stored": 0, "failed": 0}));
        problem(&app, &desk.leader, &call, 409, "recording_pending").await;
    }

    async fn what_takes_too_much_room_goes_and_that_is_on_record(app: TestApp) {
        let server = MockServer::start().await;
        let app = allowed(&app, &server, &["--recording-quota-mb", "0"]).await;
        let desk = desk(&app).await;
        let sound = ResponseTemplate::new(200).set_body_raw(SOUND, "audio/wav");
        Mock::given(path("/r/5.wav")).respond_with(sound).mount(&server).await;
        let call = recorded(&app, &desk.leader, &format!("{}/r/5.wav", server.uri())).await;
        fetch_now(&app).await;
        assert_eq!(ask(&app, &desk.leader, &call).await.status(), 200);
        let report = keep::run(&app.state).await.expect("keeps");
        assert_eq!(report, json!({"deleted": 1, "bytes": SOUND.len()}));
        problem(&app, &desk.leader, &call, 404, "recording_not_found").await;
        let sql = "SELECT COUNT(*) FROM audit_log WHERE action = 'recordings.deleted'";
        let audited: i64 = app.state.db.read().await.expect("reads").scalar(sql).await.expect("a count");
        assert_eq!(audited, 1);
    }
}
