//! A small catalogue and customers to work with.

use serde_json::{Value, json};
use trustcart::customers::profile::{self, NewCustomer};
use trustcart::db::{CategoryId, CustomerId, PhoneNumber, ProductId, Sql, TaskId};
use trustcart::products::defaults;

use super::{Person, TestApp};

impl TestApp {
    /// The default categories and four products: rice 5 kg (৳600), oil 1 litre (৳400), spice 200 g
    /// (৳200), rice 1 kg (৳130).
    pub async fn products(&self) -> Vec<ProductId> {
        let now = self.state.clock.now();
        let mut tx = self.state.db.begin().await.expect("begins");
        defaults::ensure(&mut tx, now).await.expect("defaults");
        let mut ids = Vec::new();
        for (sku, category, size, unit, base, price) in [
            ("RICE-5", "rice", 5.0, "kg", 5_000_i64, 60_000_i64),
            ("OIL-1", "oil", 1.0, "litre", 1_000, 40_000),
            ("SPICE-200", "spice", 200.0, "g", 200, 20_000),
            ("RICE-1", "rice", 1.0, "kg", 1_000, 13_000),
        ] {
            let id: ProductId = tx
                .scalar(
                    Sql::new(
                        "INSERT INTO products (sku, name_bn, name_en, category_id, pack_size,
                           pack_unit, base_qty, price, created_at, updated_at)
                         SELECT $1, $1, $1, id, $2, $3, $4, $5, $6, $6 FROM categories
                         WHERE slug = $7 RETURNING id",
                    )
                    .bind(sku)
                    .bind(size)
                    .bind(unit)
                    .bind(base)
                    .bind(price)
                    .bind(now)
                    .bind(category),
                )
                .await
                .expect("a product");
            ids.push(id);
        }
        tx.commit().await.expect("commits");
        ids
    }

    /// The id of a default category.
    pub async fn category(&self, slug: &str) -> CategoryId {
        let mut tx = self.state.db.read().await.expect("reads");
        tx.scalar(Sql::new("SELECT id FROM categories WHERE slug = $1").bind(slug))
            .await
            .expect("the category")
    }

    /// A customer of an agent and the agent's team leader (both may be nobody's).
    pub async fn customer(
        &self,
        name: &str,
        phone: &str,
        agent: Option<&Person>,
        leader: Option<&Person>,
    ) -> CustomerId {
        let mut new = NewCustomer::new(name, PhoneNumber::parse(phone).expect("a number"));
        new.assigned_to = agent.map(|p| p.id);
        new.assigned_supervisor_id = leader.map(|p| p.id);
        let mut tx = self.state.db.begin().await.expect("begins");
        let id = profile::insert(&mut tx, self.state.clock.now(), &new).await.expect("inserts");
        tx.commit().await.expect("commits");
        id.expect("a free number")
    }

    /// A reminder on an agent's queue.
    pub async fn task(
        &self,
        customer: CustomerId,
        agent: &Person,
        day: &str,
        status: &str,
    ) -> TaskId {
        let mut tx = self.state.db.begin().await.expect("begins");
        let day: chrono::NaiveDate = day.parse().expect("a day");
        let id = tx
            .scalar(
                Sql::new(
                    "INSERT INTO crm_call_tasks (customer_id, phone, task_date, kind, reason,
                       talking_points, origin, priority, score, temperature, recommended_products,
                       script_key, assigned_to, status, created_at, updated_at)
                     SELECT id, phone, $1, 'reminder', 'reminder:rice', $2, 'plan', 2, 1.0, 'warm',
                       $2, 'regular', $3, $4, $5, $5 FROM customers WHERE id = $6 RETURNING id",
                )
                .bind(day)
                .bind(json!([]))
                .bind(agent.id)
                .bind(status)
                .bind(self.state.clock.now())
                .bind(customer),
            )
            .await
            .expect("a task");
        tx.commit().await.expect("commits");
        id
    }
}

/// An order body for `POST /api/cdm/orders`.
pub fn order(external_id: &str, customer: Value, day: &str, lines: &[(ProductId, i64)]) -> Value {
    let lines: Vec<Value> = lines
        .iter()
        .map(|(product, quantity)| json!({"productId": product, "quantity": quantity}))
        .collect();
    json!({
        "source": "rest", "externalId": external_id, "customer": customer,
        "orderDate": day, "lines": lines,
    })
}
