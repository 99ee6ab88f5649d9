//! A fresh database for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection as _, PgConnection};
use trustcart::db::Db;

/// Where the throw-away PostgreSQL listens, as set by `cargo xtask test`.
const POSTGRES: &str = "TRUSTCART_TEST_POSTGRES";

static NEXT: AtomicU32 = AtomicU32::new(0);

pub struct TestDb {
    pub url: String,
    _file: Option<tempfile::TempDir>,
}

impl TestDb {
    pub fn sqlite() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        Self { url: format!("sqlite:{}", dir.path().join("test.db").display()), _file: Some(dir) }
    }

    /// A copy of a migrated template; `None` without a server.
    pub async fn postgres() -> Option<Self> {
        let server = std::env::var(POSTGRES).ok()?;
        let template = template(&server).await;
        let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut admin = PgConnection::connect(&server).await.expect("PostgreSQL answers");
        for statement in [
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            format!("CREATE DATABASE {name} TEMPLATE {template}"),
        ] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
                .execute(&mut admin)
                .await
                .expect("a test database");
        }
        let url = url_of(&server, &name);
        Some(Self { url, _file: None })
    }
}

fn url_of(server: &str, database: &str) -> String {
    let mut url: url::Url = server.parse().expect("a URL");
    url.set_path(database);
    url.into()
}

/// The migrated database the others are copied from; made once a schema.
async fn template(server: &str) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    for migration in sqlx::migrate!("migrations/postgres").iter() {
        migration.checksum.hash(&mut hasher);
    }
    let name = format!("template_{:x}", hasher.finish());
    let mut admin = PgConnection::connect(server).await.expect("PostgreSQL answers");
    // Tests run as processes side by side; one of them makes the template.
    sqlx::query("SELECT pg_advisory_lock(471100)").execute(&mut admin).await.expect("a lock");
    let exists: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
            .bind(&name)
            .fetch_one(&mut admin)
            .await
            .expect("a look-up");
    if !exists {
        let building = format!("{name}_building");
        for statement in [
            format!("DROP DATABASE IF EXISTS {building} WITH (FORCE)"),
            format!("CREATE DATABASE {building}"),
        ] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
                .execute(&mut admin)
                .await
                .expect("a template");
        }
        Db::connect(&url_of(server, &building)).await.expect("migrations run").close().await;
        let rename = format!("ALTER DATABASE {building} RENAME TO {name}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(rename)).execute(&mut admin).await.expect("renamed");
    }
    sqlx::query("SELECT pg_advisory_unlock(471100)").execute(&mut admin).await.expect("unlocked");
    name
}
