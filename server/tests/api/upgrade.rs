//! A database of the version before opens with what is in it.

use chrono::TimeDelta;
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use trustcart::auth::AccessKeys;
use trustcart::auth::sessions::{Refresh, spend};
use trustcart::db::Db;

use crate::support::test_now;

/// The last migration before logins became rows.
const BEFORE: i64 = 28;

/// A user with a login of yesterday, one that has ended, and a spent token of the first. Tokens are
/// `good`, `ended`, `spent`; stored are their SHA-256.
fn logins() -> String {
    let now = test_now();
    let token = |n: i64, family: &str, token: &str, spent: &str, revoked: &str| {
        format!(
            "INSERT INTO refresh_tokens (id, user_id, family, token_hash, expires_at, spent_at, revoked_at,
               created_at) VALUES ({n}, 7, '{family}', '{}', '{}', {spent}, {revoked}, '{}');",
            trustcart::auth::sha256_hex(token),
            (now + TimeDelta::days(13)).to_rfc3339(),
            (now - TimeDelta::days(1)).to_rfc3339(),
        )
    };
    let yesterday = format!("'{}'", (now - TimeDelta::days(1)).to_rfc3339());
    let user = format!(
        "INSERT INTO users (id, login, name, role, password_hash, created_at, updated_at)
         VALUES (7, 'rina', 'Rina', 'agent', 'x', {yesterday}, {yesterday});"
    );
    [
        user,
        token(1, "a", "spent", &yesterday, "NULL"),
        token(2, "a", "good", "NULL", "NULL"),
        token(3, "b", "ended", "NULL", &yesterday),
    ]
    .concat()
}

async fn check(url: &str) {
    let db = Db::connect(url).await.expect("opens and migrates");
    let keys = AccessKeys::new(b"secret");
    let mut tx = db.begin().await.expect("begins");
    let now = test_now();
    let ended = spend(&mut tx, &keys, "ended", now).await.expect("runs");
    assert!(matches!(ended, Refresh::Refused), "{ended:?}");
    let good = spend(&mut tx, &keys, "good", now).await.expect("runs");
    assert!(matches!(&good, Refresh::Granted { user, .. } if user.0 == 7), "{good:?}");
    let spent = spend(&mut tx, &keys, "spent", now).await.expect("runs");
    assert!(matches!(spent, Refresh::Reused { .. }), "{spent:?}");
}

#[tokio::test]
async fn logins_go_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("old.db");
    let mut old = SqliteConnection::connect(&format!("sqlite:{}?mode=rwc", path.display()))
        .await
        .expect("a file");
    let migrations = sqlx::migrate!("migrations/sqlite");
    migrations.run_to(BEFORE, &mut old).await.expect("the older ones run");
    sqlx::raw_sql(sqlx::AssertSqlSafe(logins())).execute(&mut old).await.expect("rows");
    old.close().await.expect("closes");
    check(&format!("sqlite:{}", path.display())).await;
}

#[tokio::test]
async fn logins_go_on_postgres() {
    let Ok(server) = std::env::var("TRUSTCART_TEST_POSTGRES") else {
        eprintln!("SKIPPED: no PostgreSQL (TRUSTCART_TEST_POSTGRES is not set)");
        return;
    };
    let name = format!("upgrade_{}", std::process::id());
    let mut admin = PgConnection::connect(&server).await.expect("PostgreSQL answers");
    for sql in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut admin).await.expect("a database");
    }
    let mut url: url::Url = server.parse().expect("a URL");
    url.set_path(&name);
    let mut old = PgConnection::connect(url.as_str()).await.expect("connects");
    let migrations = sqlx::migrate!("migrations/postgres");
    migrations.run_to(BEFORE, &mut old).await.expect("the older ones run");
    sqlx::raw_sql(sqlx::AssertSqlSafe(logins())).execute(&mut old).await.expect("rows");
    old.close().await.expect("closes");
    check(url.as_str()).await;
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&mut admin).await.expect("dropped");
}
