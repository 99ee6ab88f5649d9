//! Customers and orders.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike as _, NaiveDate};
use serde_json::json;

use super::staff::{Catalogue, Staff};
use super::{NO_TEXT, Times};
use crate::auth::sha256_hex;
use crate::customers::profile::add_terms;
use crate::customers::segment::{Figures, Thresholds, segment};
use crate::customers::{PurchaseStage, ValueStage};
use crate::db::{Arg, CustomerId, DbError, Insert, OrderId, Sql, Tx, UserId};
use crate::demo::{DemoOrder, DemoShop};
use crate::districts;
use crate::tasks::team_of;

/// Name of the demo as an order's source.
const SOURCE: &str = "demo";

fn total(order: &DemoOrder) -> i64 {
    order.subtotal() - order.discount + order.delivery_charge
}

const COLUMNS: &[&str] = &[
    "phone",
    "name",
    "email",
    "address",
    "district",
    "city",
    "birthday",
    "anniversary",
    "birthday_md",
    "gender",
    "greeting",
    "consent_call",
    "consent_sms",
    "consent_whatsapp",
    "do_not_call",
    "do_not_call_reason",
    "do_not_call_at",
    "assigned_supervisor_id",
    "referral_code",
    "tags",
    "source",
    "purchase_stage",
    "value_stage",
    "customer_type",
    "lifecycle_stage",
    "temperature",
    "created_at",
    "updated_at",
];

/// Writes the customers as prospects of the team leader; their ids in the shop's order.
pub(super) async fn insert(
    tx: &mut Tx,
    shop: &DemoShop,
    times: &Times<'_>,
    staff: &Staff,
) -> Result<Vec<CustomerId>, DbError> {
    // The figures follow when the orders are there.
    let s = segment(&Figures::default(), shop.today, &Thresholds::default());
    let mut arrived: HashMap<usize, NaiveDate> = HashMap::new();
    for order in &shop.orders {
        arrived.entry(order.customer).or_insert(order.date);
    }
    let mut insert = Insert::new("customers", COLUMNS, "RETURNING phone, id");
    for (i, person) in shop.customers.iter().enumerate() {
        let created = arrived.get(&i).copied().unwrap_or(times.days_ago(1 + i as i64 % 60));
        let refused = person.do_not_call;
        let tags: &[&str] = if person.referrer.is_some() { &["referred"] } else { &[] };
        insert.row([
            Arg::from(&person.phone),
            Arg::from(&person.name),
            person.email.as_ref().map_or(NO_TEXT, Arg::from),
            Arg::from(&person.address),
            Arg::Static(districts::stored(person.district)),
            Arg::Static(person.city),
            Arg::Date(person.birthday),
            Arg::Date(person.anniversary),
            Arg::Int(person.birthday.map(|d| i64::from(d.month() * 100 + d.day()))),
            Arg::Static(person.gender),
            Arg::Static(person.greeting),
            Arg::from(person.consent_call),
            Arg::from(person.consent_sms),
            Arg::from(person.consent_whatsapp),
            Arg::from(refused.is_some()),
            refused.map_or(NO_TEXT, Arg::Static),
            Arg::Time(refused.map(|_| times.at(times.days_ago(20), 15 * 3600))),
            Arg::from(staff.leader),
            Arg::from(format!("TC{:05}", i + 1)),
            Arg::json(&tags),
            Arg::Static(SOURCE),
            Arg::from(s.purchase_stage),
            Arg::from(s.value_stage),
            Arg::from(s.customer_type),
            Arg::from(s.lifecycle_stage),
            Arg::from(s.temperature),
            Arg::from(times.at(created, 8 * 3600 + i as u32 % 3_600)),
            Arg::from(times.now),
        ]);
    }
    let by_phone: HashMap<String, CustomerId> =
        insert.returning::<(String, CustomerId)>(tx).await?.into_iter().collect();
    let ids: Vec<CustomerId> = shop.customers.iter().map(|c| by_phone[&c.phone]).collect();
    for (id, person) in ids.iter().zip(&shop.customers) {
        if let Some(referrer) = person.referrer {
            let sql = Sql::new("UPDATE customers SET referrer_id = $1 WHERE id = $2");
            tx.execute(sql.bind(ids[referrer]).bind(*id)).await?;
        }
    }
    let names = ids.iter().zip(&shop.customers).map(|(id, person)| (*id, person.name.as_str()));
    add_terms(tx, names).await?;
    Ok(ids)
}

/// Gives most customers an agent of the team that looks after their segment.
pub(super) async fn assign(
    tx: &mut Tx,
    shop: &DemoShop,
    staff: &Staff,
    ids: &[CustomerId],
) -> Result<(), DbError> {
    let stages: HashMap<CustomerId, (PurchaseStage, ValueStage)> = tx
        .all::<(CustomerId, PurchaseStage, ValueStage)>(
            "SELECT id, purchase_stage, value_stage FROM customers",
        )
        .await?
        .into_iter()
        .map(|(id, purchase, value)| (id, (purchase, value)))
        .collect();
    let mut of_agent: BTreeMap<UserId, Vec<CustomerId>> = BTreeMap::new();
    for (id, person) in ids.iter().zip(&shop.customers) {
        let (purchase, value) = stages[id];
        let agents = staff.agents.get(team_of(purchase, value).as_str());
        let slot = person.agent_of_team;
        if let Some(agent) = slot.and_then(|slot| agents?.get(slot)) {
            of_agent.entry(*agent).or_default().push(*id);
        }
    }
    for (agent, customers) in of_agent {
        let mut sql = Sql::new("UPDATE customers SET assigned_to = ");
        sql.push_bind(agent).push(" WHERE id IN ").push_list(customers);
        tx.execute(sql).await?;
    }
    Ok(())
}

/// Writes the orders, their lines and their place in the timeline; the number of lines.
pub(super) async fn insert_orders(
    tx: &mut Tx,
    shop: &DemoShop,
    times: &Times<'_>,
    customers: &[CustomerId],
    catalogue: &Catalogue,
) -> Result<usize, DbError> {
    let columns = [
        "order_no",
        "source",
        "external_id",
        "customer_id",
        "order_date",
        "placed_at",
        "status",
        "counted",
        "subtotal",
        "discount",
        "delivery_charge",
        "total",
        "payment_method",
        "content_hash",
        "created_at",
        "updated_at",
    ];
    let mut insert = Insert::new("orders", &columns, "RETURNING external_id, id");
    for (i, order) in shop.orders.iter().enumerate() {
        let placed = times.at(order.date, order.second);
        let external = format!("{:06}", i + 1);
        insert.row([
            Arg::from(format!("D-{external}")),
            Arg::Static(SOURCE),
            Arg::from(&external),
            Arg::from(customers[order.customer]),
            Arg::from(order.date),
            Arg::from(placed),
            Arg::Static(order.status),
            Arg::from(order.counted()),
            Arg::from(order.subtotal()),
            Arg::from(order.discount),
            Arg::from(order.delivery_charge),
            Arg::from(total(order)),
            Arg::Static(order.payment_method),
            Arg::from(sha256_hex(&external)),
            Arg::from(placed),
            Arg::from(placed),
        ]);
    }
    let ids: BTreeMap<String, OrderId> =
        insert.returning::<(String, OrderId)>(tx).await?.into_iter().collect();

    let columns =
        ["order_id", "line_no", "product_id", "quantity", "unit_price", "line_total", "base_qty"];
    let mut lines = Insert::new("order_lines", &columns, "");
    let columns = ["customer_id", "kind", "at", "summary", "data", "ref"];
    let mut timeline = Insert::new("customer_interactions", &columns, "");
    // External ids are numbered with leading zeros, so they sort as the orders do.
    for (order, (external, id)) in shop.orders.iter().zip(&ids) {
        for (no, line) in order.lines.iter().enumerate() {
            lines.row([
                Arg::from(*id),
                Arg::from(no + 1),
                Arg::from(catalogue.products[line.product]),
                Arg::from(line.quantity),
                Arg::from(line.unit_price),
                Arg::from(line.quantity * line.unit_price),
                Arg::from(line.quantity * shop.products[line.product].base_qty),
            ]);
        }
        timeline.row([
            Arg::from(customers[order.customer]),
            Arg::Static("order"),
            Arg::from(times.at(order.date, order.second)),
            Arg::Static("order.placed"),
            Arg::Json(Some(json!({
                "orderId": id, "orderNo": format!("D-{external}"), "total": total(order),
                "status": order.status,
            }))),
            Arg::from(format!("order:{id}")),
        ]);
    }
    timeline.execute(tx).await?;
    let count = lines.len();
    lines.execute(tx).await?;
    Ok(count)
}
