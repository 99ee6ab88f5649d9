//! A fresh installation's demo data.

use std::time::{Duration, Instant};

use trustcart::db::Sql;
use trustcart::demo::store::{is_demo, is_fresh, load};

use crate::support::both;

both! {
    async fn a_fresh_start_shows_a_working_shop(app: TestApp) {
        let state = &app.state;
        assert!(is_fresh(&state.db).await.expect("a look"));
        let begun = Instant::now();
        let mut steps = Vec::new();
        let loaded = load(&state.db, &state.clock, "demo password", |step| steps.push(step.to_owned()))
            .await
            .expect("loads");
        let took = begun.elapsed();
        eprintln!("{loaded:?} in {took:?}");
        assert!(took < Duration::from_secs(20), "{took:?}");
        assert!(!steps.is_empty());
        assert!(loaded.customers >= 3_000);
        assert!(!is_fresh(&state.db).await.expect("a look"));
        assert!(is_demo(&state.db).await.expect("a look"));

        let mut tx = state.db.read().await.expect("begins");
        for (table, least) in [
            ("users", 15),
            ("sales_teams", 5),
            ("categories", 8),
            ("products", 32),
            ("consumption_profiles", 11),
            ("product_recommendation_rules", 9),
            ("customers", 3_000),
            ("orders", 10_000),
            ("order_lines", 20_000),
            ("reorder_pairs", 6_000),
            ("customer_terms", 6_000),
            ("crm_call_tasks WHERE status = 'pending' AND due_at IS NOT NULL", 10),
            ("crm_call_tasks WHERE kind = 'missed_call' AND assigned_to IS NOT NULL", 3),
            ("crm_call_tasks WHERE origin = 'plan' AND task_date = '2026-11-20'", 10),
            ("customers WHERE assigned_to IS NULL", 300),
            ("customers WHERE birthday_md = 1121", 12),
            ("reorder_pairs WHERE due_on BETWEEN '2026-11-15' AND '2026-11-21'", 200),
        ] {
            let sql = Sql::new(format!("SELECT count(*) FROM {table}"));
            let rows: i64 = tx.scalar(sql).await.expect("counts");
            assert!(rows >= least, "{table}: {rows}");
        }
        drop(tx);

        let login = serde_json::json!({"login": "agent1", "password": "demo password"});
        app.request(reqwest::Method::POST, "/api/auth/login", None, Some(login)).await.ok();
        load(&state.db, &state.clock, "demo password", |_| {}).await.expect_err("only once");
    }
}
