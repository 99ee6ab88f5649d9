//! Customers in coverage, tasks and calls, written straight into the database.

use chrono::{DateTime, NaiveDate, Utc};
use trustcart::customers::{PurchaseStage, ValueStage};
use trustcart::db::{Arg, CallId, CustomerId, Insert, Sql, TaskId, UserId};

use super::TestApp;

/// A customer as far as a coverage counts.
#[derive(Clone, Copy, Debug)]
pub struct Covered {
    pub agent: Option<UserId>,
    pub supervisor: Option<UserId>,
    pub purchase: PurchaseStage,
    pub value: ValueStage,
    pub last_order: Option<NaiveDate>,
}

impl TestApp {
    /// `n` customers with the phone numbers from `first` on; ids in that order.
    pub async fn customers_of(
        &self,
        n: i64,
        first: i64,
        agent: Option<UserId>,
        supervisor: Option<UserId>,
    ) -> Vec<CustomerId> {
        let covered = Covered {
            agent,
            supervisor,
            purchase: PurchaseStage::New,
            value: ValueStage::Normal,
            last_order: None,
        };
        self.covered(n, first, covered).await
    }

    /// `n` customers alike, with the phone numbers from `first` on; ids in that order.
    pub async fn covered(&self, n: i64, first: i64, c: Covered) -> Vec<CustomerId> {
        let now = self.state.clock.now();
        let mut insert = Insert::new(
            "customers",
            &[
                "phone",
                "name",
                "tags",
                "assigned_to",
                "assigned_supervisor_id",
                "purchase_stage",
                "value_stage",
                "customer_type",
                "lifecycle_stage",
                "temperature",
                "last_order_date",
                "created_at",
                "updated_at",
            ],
            "RETURNING id",
        );
        for i in first..first + n {
            insert.row([
                Arg::from(format!("+88017{i:08}")),
                Arg::from(format!("ক্রেতা {i}")),
                serde_json::json!([]).into(),
                c.agent.into(),
                c.supervisor.into(),
                c.purchase.into(),
                c.value.into(),
                Arg::Static("new"),
                Arg::Static("prospect"),
                Arg::Static("cold"),
                c.last_order.into(),
                now.into(),
                now.into(),
            ]);
        }
        let mut tx = self.state.db.begin().await.expect("begins");
        let mut ids: Vec<CustomerId> = insert
            .returning::<(CustomerId,)>(&mut tx)
            .await
            .expect("customers")
            .into_iter()
            .map(|r| r.0)
            .collect();
        tx.commit().await.expect("commits");
        ids.sort_unstable();
        ids
    }

    /// A manual task of an agent.
    pub async fn task_of(
        &self,
        agent: UserId,
        customer: CustomerId,
        day: NaiveDate,
        status: &str,
        outcome: Option<&str>,
        due_at: Option<DateTime<Utc>>,
    ) -> TaskId {
        let now = self.state.clock.now();
        let mut tx = self.state.db.begin().await.expect("begins");
        let id = tx
            .scalar(
                Sql::new(
                    "INSERT INTO crm_call_tasks (customer_id, phone, task_date, kind, reason,
                       talking_points, origin, priority, score, temperature, recommended_products,
                       script_key, assigned_to, status, outcome, due_at, created_at, updated_at)
                     SELECT id, phone, $1, 'follow_up', 'manual', $2, 'manual', 2, 0.0, 'warm', $2,
                       'followUp', $3, $4, $5, $6, $7, $7 FROM customers WHERE id = $8 RETURNING id",
                )
                .bind(day)
                .bind(serde_json::json!([]))
                .bind(agent)
                .bind(status)
                .bind(outcome)
                .bind(due_at)
                .bind(now)
                .bind(customer),
            )
            .await
            .expect("a task");
        tx.commit().await.expect("commits");
        id
    }

    /// A call of an agent in a status.
    pub async fn call_of(&self, agent: UserId, customer: CustomerId, status: &str) -> CallId {
        let now = self.state.clock.now();
        let mut tx = self.state.db.begin().await.expect("begins");
        let id = tx
            .scalar(
                Sql::new(
                    "INSERT INTO telephony_calls (direction, provider, mode, customer_phone,
                       agent_user_id, customer_id, status, started_at, facts, meta, created_at,
                       updated_at)
                     SELECT 'outbound', 'simulator', 'mock', phone, $1, id, $2, $3, $4, $5, $3, $3
                     FROM customers WHERE id = $6 RETURNING id",
                )
                .bind(agent)
                .bind(status)
                .bind(now)
                .bind(serde_json::json!({}))
                .bind(serde_json::json!([]))
                .bind(customer),
            )
            .await
            .expect("a call");
        tx.commit().await.expect("commits");
        id
    }
}
