//! Customers with reasons to be called, written straight into the tables the plan reads.

use chrono::{Days, NaiveDate};
use trustcart::auth::Role;
use trustcart::db::{Arg, CustomerId, Sql, TaskId};

use super::{Person, TestApp};

/// A floor of one team leader and agents in teams A, D and E.
pub struct Floor {
    pub lead: Person,
    pub a: Person,
    pub d: Person,
    pub e: Person,
}

/// 21 November 2026, the tests' day.
pub fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 21).expect("a date")
}

/// The tests' day minus `days`.
pub fn days_ago(days: u64) -> NaiveDate {
    today().checked_sub_days(Days::new(days)).expect("a date")
}

impl TestApp {
    /// A team leader with an agent in each of teams A, D and E, and a catalogue.
    pub async fn floor(&self) -> Floor {
        self.products().await;
        // Nobody is held out by chance; the tests that are about it say so.
        self.plan_settings(serde_json::json!({"holdOutPercent": 0, "mostMessages": 0})).await;
        let lead = self.person(Role::TeamLeader, "lead").await;
        let mut agents = Vec::new();
        for (code, ext) in [("A", "201"), ("D", "204"), ("E", "205")] {
            let team = self.team(code, &lead).await;
            let login = format!("agent-{}", code.to_lowercase());
            agents.push(self.agent(&login, team, &lead, ext).await);
        }
        let [a, d, e] = agents.try_into().expect("three agents");
        Floor { lead, a, d, e }
    }

    /// Sets what an admin may change about the daily plan.
    pub async fn plan_settings(&self, settings: serde_json::Value) {
        self.execute(
            Sql::new(
                "INSERT INTO settings (key, value, updated_at) VALUES ('plan', $1, $2)
                 ON CONFLICT (key) DO UPDATE SET value = $1",
            )
            .bind(settings)
            .bind(self.state.clock.now()),
        )
        .await;
    }

    /// A customer of the leader's coverage whose rice is due today.
    pub async fn due_customer(&self, n: u32, lead: &Person) -> CustomerId {
        let phone = format!("0171{n:07}");
        let id = self.customer(&format!("Customer {n}"), &phone, None, Some(lead)).await;
        self.set_customer(
            id,
            &[("total_orders", 1_i64.into()), ("avg_order_value", 80_000_i64.into())],
        )
        .await;
        self.pair(id, "rice", days_ago(22), today()).await;
        id
    }

    /// Sets columns of a customer.
    pub async fn set_customer(&self, id: CustomerId, columns: &[(&str, Arg)]) {
        let mut sql = Sql::new("UPDATE customers SET id = id");
        for (column, value) in columns {
            sql.push(&format!(", {column} = ")).push_bind(value.clone());
        }
        sql.push(" WHERE id = ").push_bind(id);
        self.execute(sql).await;
    }

    /// Runs a statement.
    pub async fn execute(&self, sql: impl Into<Sql>) {
        let mut tx = self.state.db.begin().await.expect("begins");
        tx.execute(sql).await.expect("runs");
        tx.commit().await.expect("commits");
    }

    /// A pair of customer and category, last bought on `last` and due on `due`.
    pub async fn pair(&self, customer: CustomerId, slug: &str, last: NaiveDate, due: NaiveDate) {
        self.execute(
            Sql::new(
                "INSERT INTO reorder_pairs (customer_id, category_id, purchases, first_date,
                   last_date, last_qty, last_value, product_id, due_on, expected_on)
                 SELECT $1, k.id, 1, $2, $2, 5000, 60000,
                        (SELECT MIN(p.id) FROM products p WHERE p.category_id = k.id), $3, $3
                 FROM categories k WHERE k.slug = $4",
            )
            .bind(customer)
            .bind(last)
            .bind(due)
            .bind(slug),
        )
        .await;
    }

    /// A number the database answers with.
    pub async fn number(&self, sql: impl Into<Sql>) -> i64 {
        self.state.db.read().await.expect("reads").scalar(sql).await.expect("a number")
    }

    /// The customer's only open task.
    pub async fn open_task(&self, customer: CustomerId) -> TaskId {
        let sql = Sql::new(
            "SELECT id FROM crm_call_tasks WHERE customer_id = $1
             AND status IN ('pending', 'in_progress') ORDER BY id LIMIT 1",
        );
        let mut tx = self.state.db.read().await.expect("reads");
        tx.scalar(sql.bind(customer)).await.expect("a task")
    }
}
