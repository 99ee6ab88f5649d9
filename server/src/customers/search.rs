//! Search by name, phone or order number (SPEC §1.9): every look is an index range.
//!
//! `CROSS JOIN` is an inner join like any other to PostgreSQL; SQLite reads its left side first,
//! whatever statistics it has.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::store::scope_filter;
use super::terms::{after_prefix, terms};
use crate::auth::Scope;
use crate::db::{CustomerId, DbError, Dialled, OrderId, PhoneNumber, Sql, Tx, dialled, text_enum};
use crate::text;

/// Most hits shown.
pub const MAX_HITS: usize = 20;
/// Rows looked at of each kind: a customer may match by two words.
const HITS: i64 = 40;

text_enum! {
    /// What a hit is.
    pub enum HitKind {
        /// A customer.
        Customer = "customer",
        /// An order.
        Order = "order",
    }
}

text_enum! {
    /// Why it is a hit.
    pub enum Matched {
        /// The phone, or its beginning.
        Phone = "phone",
        /// Words of the name.
        Name = "name",
        /// The order number, or its beginning.
        OrderNo = "orderNo",
    }
}

/// A hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// The customer, or the order's.
    pub customer_id: CustomerId,
    /// The order.
    pub order_id: Option<OrderId>,
    /// The customer's name.
    pub name: String,
    /// The customer's main number.
    pub phone: PhoneNumber,
    /// The order's number.
    pub order_no: Option<String>,
    /// Why.
    pub matched: Matched,
}

/// The beginning of an E.164 number meant by what was typed so far, in any spelling; `None` if it
/// is no phone or fewer than three digits.
pub fn phone_prefix(q: &str) -> Option<String> {
    if let Ok(phone) = PhoneNumber::parse(q) {
        return Some(phone.as_str().to_owned());
    }
    let Dialled { digits, plus } = dialled(q).ok()?;
    if digits.len() < 3 {
        return None;
    }
    if plus {
        return Some(format!("+{digits}"));
    }
    Some(if let Some(rest) = digits.strip_prefix("00") {
        format!("+{rest}")
    } else if let Some(rest) = digits.strip_prefix('0') {
        format!("+880{rest}")
    } else if digits.starts_with('1') {
        format!("+880{digits}")
    } else {
        format!("+{digits}")
    })
}

/// The words searched for, the longest (and so the rarest) first.
pub fn folded_words(q: &str) -> Vec<String> {
    let mut words = terms(q);
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    words.truncate(6);
    words
}

/// Appends `(SELECT …)`: the ids of customers with a phone that begins so.
pub fn with_phone(sql: &mut Sql, prefix: &str) {
    let end = after_prefix(prefix);
    sql.push("(SELECT id FROM customers WHERE phone >= ").push_bind(prefix);
    sql.push(" AND phone < ").push_bind(&end);
    sql.push(" UNION ALL SELECT customer_id FROM customer_phones WHERE phone >= ");
    sql.push_bind(prefix).push(" AND phone < ").push_bind(&end).push(")");
}

/// Appends `(SELECT …)`: the ids of customers with a word in their name that begins so.
pub fn with_word(sql: &mut Sql, word: &str) {
    sql.push("(SELECT customer_id FROM customer_terms WHERE term >= ").push_bind(word);
    sql.push(" AND term < ").push_bind(after_prefix(word)).push(")");
}

#[derive(sqlx::FromRow)]
struct CustomerRow {
    id: CustomerId,
    name: String,
    phone: PhoneNumber,
}

#[derive(sqlx::FromRow)]
struct OrderRow {
    id: OrderId,
    order_no: String,
    customer_id: CustomerId,
    name: String,
    phone: PhoneNumber,
}

/// What matches, phones first, then order numbers, then names.
pub async fn search(
    tx: &mut Tx,
    scope: Scope,
    today: NaiveDate,
    q: &str,
) -> Result<Vec<Hit>, DbError> {
    let q = text::trim(q);
    let mut hits: Vec<Hit> = Vec::new();
    if q.is_empty() {
        return Ok(hits);
    }
    if let Some(prefix) = phone_prefix(q) {
        for row in by_phone(tx, scope, today, &prefix, HITS).await? {
            add(&mut hits, row, Matched::Phone);
        }
    }
    for row in by_order_no(tx, scope, today, q).await? {
        hits.push(Hit {
            kind: HitKind::Order,
            customer_id: row.customer_id,
            order_id: Some(row.id),
            name: row.name,
            phone: row.phone,
            order_no: Some(row.order_no),
            matched: Matched::OrderNo,
        });
    }
    if hits.len() < MAX_HITS && q.chars().any(char::is_alphabetic) {
        for row in by_name(tx, scope, today, q, HITS).await? {
            add(&mut hits, row, Matched::Name);
        }
    }
    hits.truncate(MAX_HITS);
    Ok(hits)
}

/// Customers in `scope` whose phone or name matches, at most `limit`.
pub async fn matching(
    tx: &mut Tx,
    scope: Scope,
    today: NaiveDate,
    q: &str,
    limit: i64,
) -> Result<Vec<CustomerId>, DbError> {
    let rows = match phone_prefix(q) {
        Some(prefix) => by_phone(tx, scope, today, &prefix, limit).await?,
        None => by_name(tx, scope, today, q, limit).await?,
    };
    Ok(rows.into_iter().map(|row| row.id).collect())
}

fn add(hits: &mut Vec<Hit>, row: CustomerRow, matched: Matched) {
    if hits.iter().any(|h| h.kind == HitKind::Customer && h.customer_id == row.id) {
        return;
    }
    hits.push(Hit {
        kind: HitKind::Customer,
        customer_id: row.id,
        order_id: None,
        name: row.name,
        phone: row.phone,
        order_no: None,
        matched,
    });
}

async fn by_phone(
    tx: &mut Tx,
    scope: Scope,
    today: NaiveDate,
    prefix: &str,
    limit: i64,
) -> Result<Vec<CustomerRow>, DbError> {
    let end = after_prefix(prefix);
    let mut sql = Sql::new(
        "SELECT c.id, c.name, c.phone FROM customers c WHERE c.phone >= $1 AND c.phone < $2",
    )
    .bind(prefix)
    .bind(&end);
    scope_filter(&mut sql, scope, today, "c");
    sql.push(" ORDER BY c.phone LIMIT ").push_bind(limit);
    let mut rows: Vec<CustomerRow> = tx.all(sql).await?;
    let mut sql = Sql::new(
        "SELECT c.id, c.name, c.phone FROM customer_phones p CROSS JOIN customers c
         WHERE c.id = p.customer_id AND p.phone >= $1 AND p.phone < $2",
    )
    .bind(prefix)
    .bind(&end);
    scope_filter(&mut sql, scope, today, "c");
    sql.push(" ORDER BY p.phone LIMIT ").push_bind(limit);
    rows.extend(tx.all::<CustomerRow>(sql).await?);
    Ok(rows)
}

async fn by_order_no(
    tx: &mut Tx,
    scope: Scope,
    today: NaiveDate,
    q: &str,
) -> Result<Vec<OrderRow>, DbError> {
    let typed = q.trim_start_matches('#').trim();
    let number = typed.to_uppercase();
    if number.len() < 2 || number.chars().any(char::is_whitespace) {
        return Ok(Vec::new());
    }
    let own = number.parse::<u32>().map_or_else(|_| number.clone(), |n| format!("TC-{n:06}"));
    let mut sql = Sql::new(
        "SELECT o.id, o.order_no, o.customer_id, c.name, c.phone
         FROM orders o CROSS JOIN customers c
         WHERE c.id = o.customer_id
           AND (o.order_no IN ($1, $2) OR (o.order_no >= $3 AND o.order_no < $4)
                OR (o.order_no >= $5 AND o.order_no < $6))",
    )
    .bind(typed)
    .bind(&own)
    .bind(&number)
    .bind(after_prefix(&number))
    // Shopify's numbers begin with it.
    .bind(format!("#{number}"))
    .bind(after_prefix(&format!("#{number}")));
    scope_filter(&mut sql, scope, today, "c");
    sql.push(" ORDER BY o.order_no LIMIT 10");
    tx.all(sql).await
}

async fn by_name(
    tx: &mut Tx,
    scope: Scope,
    today: NaiveDate,
    q: &str,
    limit: i64,
) -> Result<Vec<CustomerRow>, DbError> {
    let words = folded_words(q);
    let Some((rarest, others)) = words.split_first() else {
        return Ok(Vec::new());
    };
    // In index order, so that a common beginning stops after twenty rows.
    let mut sql = Sql::new(
        "SELECT c.id, c.name, c.phone FROM customer_terms t CROSS JOIN customers c
         WHERE c.id = t.customer_id AND t.term >= $1 AND t.term < $2",
    )
    .bind(rarest)
    .bind(after_prefix(rarest))
    .ad_hoc();
    for word in others {
        sql.push(" AND c.id IN ");
        with_word(&mut sql, word);
    }
    scope_filter(&mut sql, scope, today, "c");
    sql.push(" ORDER BY t.term, t.customer_id LIMIT ").push_bind(limit);
    tx.all(sql).await
}

#[cfg(test)]
mod tests {
    use super::phone_prefix;

    #[test]
    fn the_beginning_of_a_number_in_any_spelling() {
        for (typed, want) in [
            ("0171", "+880171"),
            ("০১৭১", "+880171"),
            ("+880 171", "+880171"),
            ("880171", "+880171"),
            ("00880171", "+880171"),
            ("171-23", "+88017123"),
            ("01712345678", "+8801712345678"),
            ("+4474", "+4474"),
            ("\u{202d}0171\u{2010}23\u{202c}", "+88017123"),
            ("tel:0171", "+880171"),
        ] {
            assert_eq!(phone_prefix(typed).as_deref(), Some(want), "{typed}");
        }
        for typed in ["01", "rahim", "SO-0001", ""] {
            assert_eq!(phone_prefix(typed), None, "{typed}");
        }
    }
}
