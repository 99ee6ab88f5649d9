//! Whatever the order in which orders, duplicates, corrections and cancellations arrive, a
//! customer's figures end as if all had come in order.

use chrono::{Days, NaiveDate};
use rand::prelude::*;
use rand::rngs::SmallRng;
use trustcart::db::{CustomerId, Db, Money, PhoneNumber, ProductId, Sql};
use trustcart::orders::store::put_order;
use trustcart::orders::{
    NewLine, NewOrder, OrderContext, OrderCustomer, OrderStatus, Placed, ProductRef,
};

use crate::support::{TestApp, both};

/// Everything derived from orders, as text.
async fn figures(db: &Db, customer: CustomerId) -> String {
    #[derive(Debug, sqlx::FromRow)]
    #[expect(dead_code, reason = "read through Debug")]
    struct Figures {
        total_orders: i64,
        total_spend: Money,
        avg_order_value: Money,
        first_order_date: Option<NaiveDate>,
        last_order_date: Option<NaiveDate>,
        cycle_days: Option<i64>,
        purchase_stage: String,
        value_stage: String,
        customer_type: String,
        lifecycle_stage: String,
        temperature: String,
        membership_level: Option<String>,
        stage_review_on: Option<NaiveDate>,
    }
    #[derive(Debug, sqlx::FromRow)]
    #[expect(dead_code, reason = "read through Debug")]
    struct Pair {
        category_id: i64,
        purchases: i64,
        first_date: NaiveDate,
        last_date: NaiveDate,
        last_qty: i64,
        last_value: Money,
        product_id: ProductId,
        due_on: NaiveDate,
        expected_on: NaiveDate,
    }
    let mut tx = db.read().await.expect("reads");
    let figures: Figures = tx
        .one(Sql::new("SELECT * FROM customers WHERE id = $1").bind(customer))
        .await
        .expect("the customer");
    let pairs: Vec<Pair> = tx
        .all(
            Sql::new("SELECT * FROM reorder_pairs WHERE customer_id = $1 ORDER BY category_id")
                .bind(customer),
        )
        .await
        .expect("pairs");
    format!("{figures:#?}\n{pairs:#?}")
}

/// A message about an order: who sent it, which order, which content.
#[derive(Clone, Debug)]
struct Message {
    order: usize,
    day: u64,
    status: OrderStatus,
    lines: Vec<(usize, i64)>,
    discount: i64,
    fees: i64,
    refunded: i64,
}

fn message(rng: &mut SmallRng, order: usize) -> Message {
    Message {
        order,
        day: rng.random_range(0..500),
        status: *OrderStatus::ALL.choose(rng).expect("a status"),
        lines: (0..rng.random_range(1..4))
            .map(|_| (rng.random_range(0..4), rng.random_range(1..5)))
            .collect(),
        discount: rng.random_range(0..100),
        fees: rng.random_range(0..100),
        // At most the delivery charge, so never more than the total.
        refunded: rng.random_range(0..6_000),
    }
}

async fn send(app: &TestApp, products: &[ProductId], phone: &str, sender: &str, m: &Message) {
    let today = app.state.clock.today();
    let ctx = OrderContext { now: app.state.clock.now(), today, user: None };
    let day = today - Days::new(m.day);
    let order = NewOrder {
        source: "rest".into(),
        external_id: format!("{sender}-{}", m.order),
        order_no: None,
        customer: OrderCustomer::Phone {
            phone: PhoneNumber::parse(phone).expect("a number"),
            name: Some("করিম".into()),
            address: None,
            district: None,
        },
        placed: Some(Placed { day, at: None }),
        status: Some(m.status),
        discount: Some(Money(m.discount)),
        delivery_charge: Some(Money(6_000)),
        fees: Some(Money(m.fees)),
        refunded: Some(Money(m.refunded)),
        payment_method: None,
        note: None,
        task_id: None,
        lines: m
            .lines
            .iter()
            .map(|(product, quantity)| NewLine {
                product: ProductRef::Id(products[*product]),
                quantity: *quantity,
                unit_price: None,
            })
            .collect(),
    };
    let mut tx = app.state.db.begin().await.expect("begins");
    put_order(&mut tx, &ctx, order).await.expect("the order is taken");
    tx.commit().await.expect("commits");
}

both! {
    async fn the_order_of_arrival_leaves_no_trace(app: TestApp) {
        let products = app.products().await;
        for case in 0..30_u64 {
            let mut rng = SmallRng::seed_from_u64(case);
            // Each order's own history, the last message of which is how it ends.
            let histories: Vec<Vec<Message>> = (0..rng.random_range(1..7))
                .map(|order| (0..rng.random_range(1..4)).map(|_| message(&mut rng, order)).collect())
                .collect();
            // Interleaved at random, with repetitions of what was sent last.
            let mut left: Vec<&[Message]> = histories.iter().map(Vec::as_slice).collect();
            let mut arrivals: Vec<Message> = Vec::new();
            while let Some(next) = left.iter_mut().filter(|h| !h.is_empty()).choose(&mut rng) {
                let message = &next[0];
                *next = &next[1..];
                for _ in 0..rng.random_range(1..3) {
                    arrivals.push(message.clone());
                }
            }
            let phone = |n: u64| format!("017{:08}", case * 2 + n);
            for message in &arrivals {
                send(&app, &products, &phone(0), &format!("{case}-any"), message).await;
            }
            let mut last: Vec<&Message> = histories.iter().filter_map(|h| h.last()).collect();
            last.sort_by_key(|m| std::cmp::Reverse(m.day));
            for message in last {
                send(&app, &products, &phone(1), &format!("{case}-in-order"), message).await;
            }
            let ids: Vec<(CustomerId,)> = app.state.db.read().await.expect("reads")
                .all(Sql::new("SELECT id FROM customers ORDER BY id DESC LIMIT 2"))
                .await.expect("both");
            let (any, in_order) = (ids[1].0, ids[0].0);
            assert_eq!(figures(&app.state.db, any).await, figures(&app.state.db, in_order).await, "case {case}");
        }
    }
}
