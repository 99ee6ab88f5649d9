//! Interrupted imports go on exactly behind the last committed chunk.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};
use trustcart::db::{ImportId, Sql};
use trustcart::imports;

use super::{catalogue, manager};
use crate::support::imports::{file, over};
use crate::support::{Person, TestApp, both};

/// Orders of which every tenth is wrong.
fn many(orders: usize) -> String {
    let mut text = "order_no,phone,order_date,sku,quantity\n".to_owned();
    for n in 0..orders {
        let sku = if n % 10 == 9 { "SKU-9" } else { "SKU-0001" };
        let phone = 1_711_000_000 + n % 97;
        let day = 1 + n % 28;
        let _ = write!(text, "N{n},0{phone},2026-10-{day:02},{sku},1\nN{n},,,SKU-0002,2\n");
    }
    text
}

/// Everything an import leaves behind, without ids and times.
async fn state_of(app: &TestApp) -> Value {
    let mut tx = app.state.db.read().await.expect("reads");
    let customers: Vec<(String, i64, i64, String)> = tx
        .all("SELECT phone, total_orders, total_spend, lifecycle_stage FROM customers ORDER BY phone")
        .await
        .expect("customers");
    let orders: Vec<(String, i64, i64)> = tx
        .all(
            "SELECT o.order_no, o.total, COUNT(*) FROM orders o JOIN order_lines l ON l.order_id = o.id
             GROUP BY o.order_no, o.total ORDER BY o.order_no",
        )
        .await
        .expect("orders");
    let pairs: Vec<(String, i64, i64)> = tx
        .all(
            "SELECT c.phone, p.purchases, p.last_qty FROM reorder_pairs p
             JOIN customers c ON c.id = p.customer_id ORDER BY c.phone, p.purchases, p.last_qty",
        )
        .await
        .expect("pairs");
    let errors: Vec<(i64, String)> =
        tx.all("SELECT line, code FROM import_findings ORDER BY line, seq").await.expect("errors");
    json!([customers, orders, pairs, errors])
}

/// Leaves an import queued that nobody works on: its server stopped right after the upload.
async fn queued(app: &TestApp, who: &Person, text: &str) -> i64 {
    let turn = app.state.import_turn.clone().lock_owned().await;
    let job = app.upload(who, file("orders", text)).await.ok();
    app.state.stop.cancel();
    drop(turn);
    job["id"].as_i64().expect("an id")
}

async fn job(app: &TestApp, id: i64) -> (String, i64) {
    let mut tx = app.state.db.read().await.expect("reads");
    let sql = Sql::new("SELECT status, done_rows FROM import_jobs WHERE id = $1").bind(id);
    tx.one(sql).await.expect("the job")
}

/// Works in chunks of 50 orders and dies at once when `rows` are done.
async fn die_at(app: &TestApp, id: i64, rows: i64) {
    let reached = Arc::new(tokio::sync::Notify::new());
    let (state, tell) = (app.state.clone(), reached.clone());
    let task = tokio::spawn(async move {
        let report = |job: &imports::ImportJob| {
            if job.done_rows >= rows {
                tell.notify_one();
            }
        };
        imports::work(&state, ImportId(id), 50, report).await
    });
    reached.notified().await;
    task.abort();
    let _ = task.await;
}

both! {
    async fn a_killed_server_goes_on_with_nothing_half_in_and_nothing_twice(app: TestApp) {
        let who = manager(&app).await;
        catalogue(&app, &who).await;
        let text = many(600);
        let id = queued(&app, &who, &text).await;
        let (first, second) = (app.again().await, app.again().await);
        app.stop().await;
        for (instance, rows) in [(&first, 200), (&second, 700)] {
            die_at(instance, id, rows).await;
            let (status, done) = job(instance, id).await;
            assert_eq!(status, "running");
            assert!(done >= rows && done < 1_200, "{done}");
            // What is in is exactly what the job says: whole orders, up to its position.
            let good = |orders: i64| orders - orders / 10;
            assert_eq!(instance.count("orders").await, good(done / 2));
            assert_eq!(instance.count("order_lines").await, 2 * good(done / 2));
        }
        let third = first.again().await;
        let events = third.state.live.subscribe();
        imports::start(&third.state);
        let job = over(events, id).await;
        assert_eq!((&job["status"], &job["doneRows"], &job["created"], &job["errorRows"]), (&json!("done"), &json!(1200), &json!(540), &json!(120)), "{job:#}");
        let resumed = state_of(&third).await;

        // The same file into a fresh database, without interruption.
        let whole = TestApp::start(crate::support::TestDb::sqlite()).await;
        let who = manager(&whole).await;
        catalogue(&whole, &who).await;
        whole.import(&who, file("orders", &text)).await;
        assert_eq!(resumed, state_of(&whole).await);
    }

    async fn a_cancelled_import_keeps_whole_chunks_and_right_figures(app: TestApp) {
        let who = manager(&app).await;
        catalogue(&app, &who).await;
        let id = queued(&app, &who, &many(600)).await;
        let again = app.again().await;
        app.stop().await;
        die_at(&again, id, 300).await;
        let events = again.state.live.subscribe();
        again.post(&who, &format!("/api/cdm/imports/{id}/cancel"), json!({})).await.ok();
        assert_eq!(over(events, id).await["status"], "cancelled");
        // The worker that finds it cancelled recomputes what the dead one had touched.
        imports::work(&again.state, ImportId(id), 50, |_| {}).await.expect("works");
        let (status, done) = job(&again, id).await;
        assert_eq!((status.as_str(), again.count("import_touched").await), ("cancelled", 0));
        assert_eq!(again.count("orders").await, done / 2 - done / 20);
        let mut tx = again.state.db.read().await.expect("reads");
        let counted: i64 = tx.scalar("SELECT CAST(SUM(total_orders) AS BIGINT) FROM customers").await.expect("sums");
        assert_eq!(counted, again.count("orders").await);
    }
}
