//! A running server on a fresh database, people to act as, and requests that read well.

mod database;
mod floor;
pub mod imports;
mod people;
pub mod planning;
mod response;
pub mod shop;
mod watch;

use std::io::Read as _;
use std::sync::Arc;

use chrono::{DateTime, TimeZone, Utc};
use clap::Parser;
use reqwest::Method;
use serde_json::Value;
use trustcart::app::AppState;
use trustcart::clock::Clock;
use trustcart::config::Config;
use trustcart::db::Db;

pub use database::TestDb;
pub use floor::Covered;
pub use people::{PASSWORD, Person};
pub use planning::{days_ago, today};
pub use response::Answer;

/// 10:30 on Saturday 21 November 2026 in Dhaka.
pub fn test_now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 4, 30, 0).single().expect("a valid instant")
}

/// Declares tests that run once on SQLite and once on PostgreSQL:
/// `both! { async fn name(app: TestApp) { … } }`. Without a PostgreSQL (`TRUSTCART_TEST_POSTGRES`
/// unset) that half says so and ends; `cargo xtask test` always provides one or counts it skipped.
macro_rules! both {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: TestApp) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn check($app: $crate::support::TestApp) $body

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                check($crate::support::TestApp::start($crate::support::TestDb::sqlite()).await).await;
            }

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                match $crate::support::TestDb::postgres().await {
                    Some(db) => check($crate::support::TestApp::start(db).await).await,
                    None => eprintln!("SKIPPED: no PostgreSQL (TRUSTCART_TEST_POSTGRES is not set)"),
                }
            }
        }
    )*};
}
pub(crate) use both;

/// A server listening on a port of its own.
pub struct TestApp {
    pub state: AppState,
    pub base: String,
    pub http: reqwest::Client,
    pub db: Arc<TestDb>,
    pub data: Arc<tempfile::TempDir>,
}

impl TestApp {
    pub async fn start(db: TestDb) -> Self {
        let data = Arc::new(tempfile::tempdir().expect("a temporary directory"));
        Self::start_on(Arc::new(db), data, &[]).await
    }

    /// A second server on the same database and data: another instance, or the same after a crash.
    pub async fn again(&self) -> Self {
        self.again_with(&[]).await
    }

    /// The same with further flags, e.g. `--simulator-speed`.
    pub async fn again_with(&self, flags: &[&str]) -> Self {
        Self::start_on(self.db.clone(), self.data.clone(), flags).await
    }

    async fn start_on(database: Arc<TestDb>, data: Arc<tempfile::TempDir>, flags: &[&str]) -> Self {
        #[derive(Parser)]
        struct Flags {
            #[command(flatten)]
            config: Config,
        }
        let data_dir = data.path().to_str().expect("UTF-8 path").to_owned();
        let mut line = vec!["trustcart", "--data-dir", &data_dir, "--demo", "false"];
        if !flags.contains(&"--simulator-speed") {
            line.extend(["--simulator-speed", "100"]);
        }
        line.extend(flags);
        let config = Flags::parse_from(line).config;
        let db = Db::connect(&database.url).await.expect("the database opens");
        let clock = Clock::fixed(config.time_zone, test_now());
        let state = AppState::new(db, clock, config).await.expect("the state");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(trustcart::server::serve(listener, state.clone()));
        let patience = std::time::Duration::from_mins(1);
        let http = trustcart::outbound::client(patience).expect("a client");
        Self { state, base, http, db: database, data }
    }

    /// Stops this instance and waits until it is gone.
    pub async fn stop(&self) {
        self.state.shut_down().await;
    }

    /// A request as `who` (`None`: nobody).
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        who: impl Into<Option<&Person>>,
        body: Option<Value>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(person) = who.into() {
            request = request.bearer_auth(&person.token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::read(request.send().await.expect("the server answers")).await
    }

    /// What browsers get, whichever coding they ask for.
    pub async fn get_compressed(&self, who: &Person, path: &str) -> Value {
        let packed_by = async |accepted: &str, coding: &str| {
            let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(&who.token);
            let request = request.header("accept-encoding", accepted);
            let answer = request.send().await.expect("the server answers");
            assert_eq!(answer.headers()["content-encoding"], coding);
            assert_eq!(answer.headers()["vary"], "accept-encoding");
            answer.bytes().await.expect("the body arrives")
        };
        let packed = packed_by("gzip, deflate, br, zstd", "zstd").await;
        let new = zstd::decode_all(&*packed).expect("Zstandard");
        let packed = packed_by("gzip, deflate", "gzip").await;
        let mut old = Vec::new();
        flate2::read::GzDecoder::new(&*packed).read_to_end(&mut old).expect("gzip");
        let [new, old] =
            [new, old].map(|text| serde_json::from_slice::<Value>(&text).expect("JSON"));
        assert_eq!(new, old);
        new
    }

    pub async fn get(&self, who: &Person, path: &str) -> Answer {
        self.request(Method::GET, path, who, None).await
    }

    pub async fn post(&self, who: &Person, path: &str, body: Value) -> Answer {
        self.request(Method::POST, path, who, Some(body)).await
    }

    pub async fn put(&self, who: &Person, path: &str, body: Value) -> Answer {
        self.request(Method::PUT, path, who, Some(body)).await
    }

    pub async fn patch(&self, who: &Person, path: &str, body: Value) -> Answer {
        self.request(Method::PATCH, path, who, Some(body)).await
    }

    pub async fn delete(&self, who: &Person, path: &str) -> Answer {
        self.request(Method::DELETE, path, who, None).await
    }
}
