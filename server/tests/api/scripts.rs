//! `GET crm/automation/call-tasks/{taskId}/suggested-script`.

use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::db::{Sql, TaskId, Tx};

use crate::support::{Person, TestApp, both};

/// A customer who bought 10 kg of rice 50 days ago, with a rule from rice to lentils.
async fn rahima(app: &TestApp, lead: &Person, agent: &Person) -> i64 {
    let mut tx = app.state.db.begin().await.expect("begins");
    for (slug, bn, en) in [("rice", "চাল", "Rice"), ("lentils", "ডাল", "Lentils")] {
        exec(
            &mut tx,
            "INSERT INTO categories (slug, name_bn, name_en, base_unit)
                       VALUES ($1, $2, $3, 'g')",
            &[json!(slug), json!(bn), json!(en)],
        )
        .await;
    }
    for (sku, bn, en, slug, price) in [
        ("R5", "মিনিকেট চাল ৫ কেজি", "Miniket rice 5 kg", "rice", 42_500),
        ("L1", "মসুর ডাল", "Red lentils", "lentils", 16_500),
    ] {
        exec(
            &mut tx,
            "INSERT INTO products (sku, name_bn, name_en, category_id, pack_size, pack_unit, base_qty,
                                   price, created_at, updated_at)
             SELECT $1, $2, $3, id, 1, 'kg', 1000, $5, '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00'
             FROM categories WHERE slug = $4",
            &[json!(sku), json!(bn), json!(en), json!(slug), json!(price)],
        )
        .await;
    }
    exec(
        &mut tx,
        "INSERT INTO product_recommendation_rules
           (trigger_category_id, recommended_category_id, min_days, max_days)
         SELECT a.id, b.id, 7, 30 FROM categories a, categories b
         WHERE a.slug = 'rice' AND b.slug = 'lentils'",
        &[],
    )
    .await;
    exec(
        &mut tx,
        "INSERT INTO customers (phone, name, greeting, tags, purchase_stage, value_stage,
           customer_type, lifecycle_stage, temperature, total_orders, total_spend, avg_order_value,
           last_order_date, assigned_to, assigned_supervisor_id, created_at, updated_at)
         VALUES ('+8801712345678', 'রহিমা বেগম', 'apu', '[]', 'repeat_2', 'normal', 'repeat', 'active',
           'warm', 2, 170000, 85000, '2026-10-02', $1, $2, '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00')",
        &[json!(agent.id.0), json!(lead.id.0)],
    )
    .await;
    exec(
        &mut tx,
        "INSERT INTO reorder_pairs (customer_id, category_id, purchases, first_date, last_date,
           last_qty, last_value, product_id, due_on, expected_on)
         SELECT c.id, p.category_id, 2, '2026-08-01', '2026-10-02', 10000, 85000, p.id, '2026-11-21',
           '2026-11-27'
         FROM customers c, products p WHERE p.sku = 'R5'",
        &[],
    )
    .await;
    for (no, day, sku, base) in
        [("1", "2026-08-01", "R5", 5_000), ("2", "2026-10-02", "R5", 10_000)]
    {
        exec(
            &mut tx,
            &format!(
                "INSERT INTO orders (order_no, source, external_id, customer_id, order_date, placed_at,
               status, counted, subtotal, discount, delivery_charge, total, payment_method,
               content_hash, created_at, updated_at)
             SELECT $1, 'rest', $1, id, '{day}', '2026-08-01 00:00:00+00:00', 'delivered', TRUE, 85000, 0, 0,
               85000, 'cod', 'x', '2026-08-01 00:00:00+00:00', '2026-08-01 00:00:00+00:00'
             FROM customers"
            ),
            &[json!(no)],
        )
        .await;
        exec(
            &mut tx,
            "INSERT INTO order_lines (order_id, line_no, product_id, quantity, unit_price, line_total,
               base_qty)
             SELECT o.id, 1, p.id, 1, 85000, 85000, $3 FROM orders o, products p
             WHERE o.order_no = $1 AND p.sku = $2",
            &[json!(no), json!(sku), json!(base)],
        )
        .await;
    }
    exec(
        &mut tx,
        "INSERT INTO consumption_profiles (category_id, avg_consumption_days, buffer_days, min_days,
           max_days, typical_base_qty, updated_at)
         SELECT id, 28, 6, 7, 120, 5000, '2026-01-01 00:00:00+00:00' FROM categories
         WHERE slug = 'rice'",
        &[],
    )
    .await;
    let id = tx.scalar("SELECT id FROM customers").await.expect("the customer");
    tx.commit().await.expect("commits");
    id
}

async fn exec(tx: &mut Tx, text: &str, values: &[Value]) {
    let mut sql = Sql::new(text);
    for value in values {
        sql = match value {
            Value::Number(n) => sql.bind(n.as_i64()),
            other => sql.bind(other.as_str()),
        };
    }
    tx.execute(sql).await.expect("runs");
}

/// A pending task as the plan makes it.
async fn task(
    app: &TestApp,
    agent: &Person,
    customer: Option<i64>,
    kind: &str,
    key: &str,
    points: Value,
) -> TaskId {
    let now = app.state.clock.now();
    let mut tx = app.state.db.begin().await.expect("begins");
    let id = tx
        .scalar(
            Sql::new(
                "INSERT INTO crm_call_tasks (customer_id, phone, task_date, kind, reason,
                   talking_points, origin, priority, score, temperature, recommended_products,
                   script_key, category_id, assigned_to, status, created_at, updated_at)
                 VALUES ($1, '+8801712345678', $2, $3, $3, $4, 'manual', 1, 1, 'warm', $5, $6,
                   (SELECT id FROM categories WHERE slug = 'rice'), $7, 'pending', $8, $8)
                 RETURNING id",
            )
            .bind(customer)
            .bind(app.state.clock.today())
            .bind(kind)
            .bind(points)
            .bind(json!([]))
            .bind(key)
            .bind(agent.id)
            .bind(now),
        )
        .await
        .expect("a task");
    tx.commit().await.expect("commits");
    id
}

fn path(task: TaskId) -> String {
    format!("/api/crm/automation/call-tasks/{task}/suggested-script")
}

fn lines(script: &Value) -> String {
    script["main"]["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|l| l.as_str().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

both! {
    async fn a_reminder_speaks_of_the_customers_own_rice(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("B", &tl).await;
        let agent = app.agent("agent1", team, &tl, "201").await;
        let customer = rahima(&app, &tl, &agent).await;
        let points = json!([{
            "kind": "reminder",
            "reason": {"code": "reorder_due", "params": {"product": {"bn": "চাল", "en": "Rice"}}},
        }, {"kind": "birthday", "reason": {"code": "birthday", "params": {}}}]);
        let task = task(&app, &agent, Some(customer), "reminder", "secondTime", points).await;

        let script = app.get(&agent, &path(task)).await.ok();
        assert_eq!(script["taskId"], task.0);
        assert_eq!(script["scriptKey"], "secondTime");
        assert_eq!(script["opening"][1], "রহিমা বেগম আপু বলছেন?");
        let said = lines(&script);
        assert!(said.contains("৫০ দিন আগে আপনি ১০ কেজি মিনিকেট চাল নিয়েছিলেন।"), "{said}");
        assert!(said.contains("এতে সাধারণত ৫৬ দিন চলে") && said.contains("মসুর ডাল"), "{said}");
        assert!(said.contains("শেষ হওয়ার আগেই"), "six days are left: {said}");
        assert!(said.starts_with("শুভ জন্মদিন"), "{said}");
        assert_eq!(script["context"]["callReason"], "চাল ফুরিয়ে আসার কথা");
        let intel = &script["context"]["customerIntel"];
        assert_eq!(intel["segment"], "repeat_2+normal");
        assert_eq!(intel["daysSinceLastOrder"], 50);
        assert_eq!(intel["totalSpend"], 170_000);
        assert_eq!(script["context"]["recommendations"][0]["sku"], "L1");
        assert_eq!(script["objectionHandling"][1]["key"], "later");

        let english = app.get(&tl, &format!("{}?lang=en", path(task))).await.ok();
        assert!(lines(&english).contains("You took 10 kg of Miniket rice 50 days ago."));

        // Another rice on the same day: the quantity is that of the product named, and nobody knows
        // which of the two is used up first.
        app.execute(
            "UPDATE reorder_pairs SET last_qty = 14000, expected_on = '2026-11-20'",
        )
        .await;
        let english = app.get(&tl, &format!("{}?lang=en", path(task))).await.ok();
        let said = lines(&english);
        assert!(said.contains("You took 10 kg of Miniket rice 50 days ago."), "{said}");
        assert!(!said.contains("lasts") && !said.contains("before the last of it"), "{said}");
    }

    async fn a_customer_is_greeted_as_set_for_them(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("B", &tl).await;
        let agent = app.agent("agent1", team, &tl, "201").await;
        let customer = rahima(&app, &tl, &agent).await;
        let task = task(&app, &agent, Some(customer), "reminder", "secondTime", json!([])).await;
        let who = format!("/api/cdm/customers/{customer}");
        let set = json!({"greeting": "didi", "salutation": "nomoskar"});
        let saved = app.patch(&agent, &who, set).await.ok();
        assert_eq!((&saved["greeting"], &saved["salutation"]), (&json!("didi"), &json!("nomoskar")));
        let script = app.get(&agent, &path(task)).await.ok();
        let opening = |n: usize| script["opening"][n].as_str().unwrap_or_default().to_owned();
        assert!(opening(0).starts_with("নমস্কার। "), "{}", opening(0));
        assert_eq!(opening(1), "রহিমা বেগম দিদি বলছেন?");
        let back = app.patch(&agent, &who, json!({"salutation": null})).await.ok();
        assert_eq!(back["salutation"], Value::Null);
        app.patch(&agent, &who, json!({"salutation": "hello"})).await.problem(422, "invalid_field");
    }

    async fn nobody_sees_anothers_script(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("B", &tl).await;
        let agent = app.agent("agent1", team, &tl, "201").await;
        let customer = rahima(&app, &tl, &agent).await;
        let task = task(&app, &agent, Some(customer), "reminder", "secondTime", json!([])).await;

        let other = app.agent("agent2", team, &tl, "202").await;
        let other_lead = app.person(Role::TeamLeader, "tl2").await;
        for stranger in [&other, &other_lead] {
            app.get(stranger, &path(task)).await.problem(404, "task_not_found");
        }
        let delivery = app.person(Role::DeliveryCoordinator, "delivery").await;
        app.get(&delivery, &path(task)).await.problem(403, "forbidden");
        let manager = app.person(Role::SalesManager, "manager").await;
        app.get(&manager, &path(task)).await.ok();
        app.get(&manager, &path(TaskId(task.0 + 100))).await.problem(404, "task_not_found");
        app.get(&manager, &format!("{}?lang=fr", path(task))).await.problem(400, "invalid_query");
    }

    async fn an_unknown_number_gets_a_script_without_gaps(app: TestApp) {
        let tl = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("A", &tl).await;
        let agent = app.agent("agent1", team, &tl, "201").await;
        let task = task(&app, &agent, None, "missed_call", "a key of old", json!([])).await;
        let script = app.get(&agent, &path(task)).await.ok();
        assert_eq!(script["scriptKey"], "missedCall");
        assert!(lines(&script).contains("আপনার ফোন ধরতে পারিনি"), "{}", lines(&script));
        assert!(!lines(&script).contains("দিকে"), "nobody knows when: {}", lines(&script));
        // A later try still speaks of the moment they called.
        app.execute("UPDATE crm_call_tasks SET status = 'completed'").await;
        let missed = json!([{"kind": "missed_call",
            "reason": {"code": "missed_call", "params": {"at": "2026-11-20T10:03:00Z"}}}]);
        let again = super::task(&app, &agent, None, "missed_call", "missedCall", missed).await;
        let script = app.get(&agent, &path(again)).await.ok();
        assert!(lines(&script).contains("গতকাল বিকেল চারটার দিকে"), "{}", lines(&script));
        assert_eq!(script["context"]["callReason"], "ফোন করেছিলেন, ধরা হয়নি");
        assert_eq!(script["context"]["customerIntel"], json!({"phone": "+8801712345678"}));
    }
}
