//! Database failures: responses and recovery.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use trustcart::auth::Role;
use trustcart::db::{Db, Sql};

use crate::support::{Answer, Person, TestApp, TestDb};

async fn add_customer(app: &TestApp, who: &Person, n: usize) -> Answer {
    let phone = format!("+88017{n:08}");
    let address = "House 1, Road 2 ".repeat(30);
    let body = json!({"name": "Rahima", "phone": phone, "address": address});
    app.post(who, "/api/cdm/customers", body).await
}

/// Sets how many pages more than now the file may have.
async fn leave_room(app: &TestApp, pages: i64) {
    let mut tx = app.state.db.begin().await.expect("begins");
    let now: i64 = tx.scalar("PRAGMA page_count").await.expect("a number");
    let limit = format!("PRAGMA max_page_count = {}", now + pages);
    tx.scalar::<i64>(limit.as_str()).await.expect("a limit");
    tx.commit().await.expect("commits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_507_and_loses_nothing_acknowledged() {
    let app = TestApp::start(TestDb::sqlite()).await;
    let manager = app.person(Role::SalesManager, "manager").await;
    add_customer(&app, &manager, 0).await.ok();
    leave_room(&app, 2).await;

    let mut taken = 1;
    let refused = loop {
        let answer = add_customer(&app, &manager, taken).await;
        if !answer.status.is_success() {
            break answer;
        }
        taken += 1;
        assert!(taken < 500, "the limit is not reached");
    };
    assert_eq!(refused.headers["retry-after"], "30");
    let body = refused.problem(507, "storage_full");
    assert!(!body["detail"].as_str().is_some_and(|text| text.contains("othing was changed")));
    let ready = app.request(Method::GET, "/readyz", None, None).await;
    assert_eq!(ready.status, 503, "a write failed a moment ago: {}", ready.body);

    leave_room(&app, 100_000).await;
    add_customer(&app, &manager, taken).await.ok();
    let kept: i64 = {
        let mut tx = app.state.db.read().await.expect("begins");
        tx.scalar("SELECT COUNT(*) FROM customers").await.expect("a count")
    };
    assert_eq!(kept, taken as i64 + 1, "each one acknowledged, and none refused, is there");
}

/// SQLite rolls back automatically when the disk is full or fails. The driver still counts the
/// transaction as open and rejected every further one until a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_rollback_by_sqlite_itself_writing_goes_on_without_a_restart() {
    let app = TestApp::start(TestDb::sqlite()).await;
    let manager = app.person(Role::SalesManager, "manager").await;
    for n in 0..3 {
        let mut tx = app.state.db.begin().await.expect("begins");
        tx.execute("ROLLBACK").await.expect("behind the driver's back");
        if n == 0 {
            drop(tx);
        } else if n == 1 {
            tx.commit().await.expect_err("there is nothing to commit");
        } else {
            tx.rollback().await.expect_err("there is nothing to undo");
        }
        add_customer(&app, &manager, n).await.ok();
    }
}

#[tokio::test]
async fn after_a_statement_that_undid_the_transaction_nothing_of_it_is_written() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", dir.path().join("test.db").display());
    let db = Db::connect(&url).await.expect("opens");
    let insert = |key: &str, size: usize| {
        Sql::new("INSERT INTO settings (key, value, updated_at) VALUES ($1, $2, $3)")
            .bind(key)
            .bind("x".repeat(size))
            .bind(crate::support::test_now())
    };
    let mut tx = db.begin().await.expect("begins");
    let pages: i64 = tx.scalar("PRAGMA page_count").await.expect("a number");
    let limit = format!("PRAGMA max_page_count = {}", pages + 2);
    tx.scalar::<i64>(limit.as_str()).await.expect("a limit");
    tx.execute(insert("before", 10)).await.expect("fits");
    tx.execute(insert("large", 1_000_000)).await.expect_err("does not fit");
    tx.execute(insert("after", 10)).await.expect_err("would be on its own");
    tx.commit().await.expect_err("nothing to commit");
    let mut tx = db.begin().await.expect("the next one begins");
    let sql = "SELECT COUNT(*) FROM settings WHERE key IN ('before', 'large', 'after')";
    assert_eq!(tx.scalar::<i64>(sql).await.expect("a count"), 0);
}

#[tokio::test]
async fn a_failed_statement_is_not_silently_committed_on_postgres() {
    let Some(test) = TestDb::postgres().await else {
        eprintln!("SKIPPED: no PostgreSQL (TRUSTCART_TEST_POSTGRES is not set)");
        return;
    };
    let db = Db::connect(&test.url).await.expect("opens");
    let mut tx = db.begin().await.expect("begins");
    tx.execute("SELECT 1 / 0").await.expect_err("cannot be");
    tx.commit().await.expect_err("PostgreSQL has undone it, which is no commit");
}

/// A proxy to PostgreSQL. Once frozen it forwards nothing and closes nothing, like a cut network.
async fn freezer(to: String) -> (u16, watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (frozen, state) = watch::channel(false);
    tokio::spawn(async move {
        let kept = Arc::new(std::sync::Mutex::new(Vec::new()));
        while let Ok((mut from, _)) = listener.accept().await {
            let (to, mut state, kept) = (to.clone(), state.clone(), Arc::clone(&kept));
            tokio::spawn(async move {
                let mut to = TcpStream::connect(to).await.expect("PostgreSQL answers");
                tokio::select! {
                    _ = copy_bidirectional(&mut from, &mut to) => {}
                    _ = state.wait_for(|frozen| *frozen) => {}
                }
                // Held open, unread.
                kept.lock().expect("not poisoned").push((from, to));
            });
        }
    });
    (port, frozen)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readyz_reports_a_frozen_database_within_seconds() {
    let Some(mut test) = TestDb::postgres().await else {
        eprintln!("SKIPPED: no PostgreSQL (TRUSTCART_TEST_POSTGRES is not set)");
        return;
    };
    let mut url: url::Url = test.url.parse().expect("a URL");
    let to = format!("{}:{}", url.host_str().expect("a host"), url.port().unwrap_or(5432));
    let (port, frozen) = freezer(to).await;
    url.set_host(Some("127.0.0.1")).expect("a host");
    url.set_port(Some(port)).expect("a port");
    test.url = url.into();
    let app = TestApp::start(test).await;
    app.request(Method::GET, "/readyz", None, None).await.ok();
    frozen.send(true).expect("somebody listens");
    let since = Instant::now();
    let answer = app.request(Method::GET, "/readyz", None, None).await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
    app.request(Method::GET, "/healthz", None, None).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_connections_are_503_and_replaced() {
    let Some(test) = TestDb::postgres().await else {
        eprintln!("SKIPPED: no PostgreSQL (TRUSTCART_TEST_POSTGRES is not set)");
        return;
    };
    let app = TestApp::start(test).await;
    let manager = app.person(Role::SalesManager, "manager").await;
    let mut admin = PgConnection::connect(&app.db.url).await.expect("PostgreSQL answers");
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .execute(&mut admin)
    .await
    .expect("connections end");
    let mut tries = 0;
    loop {
        let answer = add_customer(&app, &manager, 1).await;
        if answer.status.is_success() {
            break;
        }
        answer.problem(503, "database_unavailable");
        tries += 1;
        assert!(tries < 12, "each dead connection is met once at most");
    }
}

#[tokio::test]
async fn open_errors_are_immediate_and_clear() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = taken.local_addr().expect("an address").port();
    drop(taken);
    let dir = tempfile::tempdir().expect("a folder");
    let text = dir.path().join("text.db");
    std::fs::write(&text, "hello".repeat(1_000)).expect("a file");
    let missing = dir.path().join("no such folder/x.db");
    for (url, says) in [
        (
            format!("postgres://x@127.0.0.1:{port}/x"),
            format!("connection refused by 127.0.0.1:{port}"),
        ),
        ("mysql://localhost/x".to_owned(), "postgres://… or sqlite:PATH".to_owned()),
        (format!("sqlite:{}", text.display()), "is not an SQLite database".to_owned()),
        (format!("sqlite:{}", missing.display()), "its folder must exist".to_owned()),
    ] {
        let since = Instant::now();
        let error = Db::connect(&url).await.expect_err("cannot be opened");
        assert!(format!("{error:#}").contains(&says), "{error:#}");
        assert!(since.elapsed() < Duration::from_secs(2), "{url}: {:?}", since.elapsed());
    }
}

#[tokio::test]
async fn a_damaged_file_is_not_opened() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("test.db");
    let url = format!("sqlite:{}", path.display());
    Db::connect(&url).await.expect("opens").close().await;
    let mut bytes = std::fs::read(&path).expect("reads");
    let pages = bytes.len() / 4096;
    for page in pages / 2..pages {
        bytes[page * 4096..page * 4096 + 200].fill(0xa5);
    }
    std::fs::write(&path, bytes).expect("writes");
    let error = Db::connect(&url).await.expect_err("damaged");
    assert!(format!("{error:#}").contains("damaged"), "{error:#}");
}
