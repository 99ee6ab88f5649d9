//! The two schemas are one schema.

use std::collections::BTreeMap;

use trustcart::db::{Db, Tx};

use crate::support::TestDb;

/// table → column → (type in neutral words, nullable)
type Schema = BTreeMap<String, BTreeMap<String, (String, bool)>>;

fn neutral(kind: &str) -> String {
    match kind.to_ascii_lowercase().as_str() {
        "integer" | "bigint" => "integer",
        "text" | "jsonb" => "text",
        "real" | "double precision" => "float",
        "datetime" | "timestamp with time zone" => "instant",
        "boolean" => "boolean",
        "date" => "date",
        other => panic!("a type only one database has: {other}"),
    }
    .to_owned()
}

async fn columns(tx: &mut Tx, sql: &str) -> Schema {
    let rows: Vec<(String, String, String, i64)> = tx.all(sql).await.expect("the catalogue");
    let mut schema = Schema::new();
    for (table, column, kind, nullable) in rows {
        schema.entry(table).or_default().insert(column, (neutral(&kind), nullable == 1));
    }
    schema
}

async fn indexes(tx: &mut Tx, sql: &str) -> Vec<String> {
    let rows: Vec<(String,)> = tx.all(sql).await.expect("the catalogue");
    rows.into_iter().map(|row| row.0).collect()
}

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_and_indexes() {
    let Some(postgres) = TestDb::postgres().await else {
        eprintln!("SKIPPED: no PostgreSQL (TRUSTCART_TEST_POSTGRES is not set)");
        return;
    };
    let postgres = Db::connect(&postgres.url).await.expect("PostgreSQL opens");
    let file = TestDb::sqlite();
    let sqlite = Db::connect(&file.url).await.expect("SQLite opens");
    let (mut pg, mut lite) =
        (postgres.read().await.expect("reads"), sqlite.read().await.expect("reads"));

    let in_postgres = columns(
        &mut pg,
        "SELECT table_name::text, column_name::text, data_type::text,
                CAST(CASE is_nullable WHEN 'YES' THEN 1 ELSE 0 END AS BIGINT)
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'",
    )
    .await;
    let in_sqlite = columns(
        &mut lite,
        "SELECT m.name, c.name, c.type, CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN 0 ELSE 1 END
         FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> '_sqlx_migrations'",
    )
    .await;
    assert_eq!(in_postgres, in_sqlite);

    let pg_indexes = indexes(
        &mut pg,
        "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public'
           AND indexname NOT LIKE '%_pkey' AND indexname NOT LIKE '%_key'
           AND indexname NOT LIKE '_sqlx%' ORDER BY indexname COLLATE \"C\"",
    )
    .await;
    let lite_indexes = indexes(
        &mut lite,
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .await;
    assert_eq!(pg_indexes, lite_indexes);
}

#[test]
fn every_column_is_commented() {
    let mut bare = Vec::new();
    for folder in ["migrations/postgres", "migrations/sqlite"] {
        for entry in std::fs::read_dir(folder).expect("the migrations") {
            let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a file");
            let columns = text.lines().filter_map(|l| l.strip_prefix("    "));
            let columns = columns.filter(|c| c.starts_with(char::is_lowercase));
            bare.extend(columns.filter(|c| !c.contains("-- ")).map(ToOwned::to_owned));
        }
    }
    assert!(bare.is_empty(), "columns without a comment: {bare:#?}");
}
