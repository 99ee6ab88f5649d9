//! `cdm/orders`.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::read::{self, Order, OrderFilter};
use super::store::{self, not_found, put_order};
use super::{
    NewLine, NewOrder, OrderChange, OrderContext, OrderCustomer, OrderStatus, Placed, ProductRef,
    check_text,
};
use crate::app::AppState;
use crate::auth::{Allow, Anyone, CurrentUser};
use crate::customers::profile::{self, NewCustomer};
use crate::customers::store::{ensure_visible, find_by_phone, phone_problem};
use crate::db::{
    BadCursor, Cursor, CustomerId, Money, OrderId, Page, PageQuery, PhoneNumber, ProductId, Sort,
    Tx,
};
use crate::districts;
use crate::error::{Error, Result};
use crate::http::{Json, Path, Query, nullable};

/// An order. `source` and `externalId` identify it: the same again changes nothing, the same with
/// other content is a correction. What is absent takes its default, or stays in a correction.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrderBody {
    /// Where it comes from, e.g. `rest`.
    source: String,
    /// Its id there.
    external_id: String,
    /// What people call it; default: made from its id.
    order_no: Option<String>,
    /// Whose.
    customer: CustomerBody,
    /// The company's day; default: that of `placedAt`, else today.
    order_date: Option<NaiveDate>,
    /// The instant.
    placed_at: Option<DateTime<Utc>>,
    /// Default `placed`.
    status: Option<OrderStatus>,
    /// Poisha off the order.
    discount: Option<Money>,
    /// Poisha for delivery.
    delivery_charge: Option<Money>,
    /// Tax and other charges, poisha.
    fees: Option<Money>,
    /// Poisha paid back to the customer, at most the order's total.
    refunded: Option<Money>,
    /// Default `cod`.
    payment_method: Option<String>,
    /// Free text.
    note: Option<String>,
    /// 1 to 200 lines.
    lines: Vec<LineBody>,
}

/// Whose order: `id`, or `phone` (any spelling) of a customer we have or not.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomerBody {
    /// A customer we have.
    id: Option<CustomerId>,
    /// Phone number.
    phone: Option<String>,
    /// For a new customer.
    name: Option<String>,
    /// For a new customer.
    address: Option<String>,
    /// For a new customer.
    district: Option<String>,
}

/// A line: `productId` or `sku`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LineBody {
    /// Product.
    product_id: Option<ProductId>,
    /// Or its stock-keeping unit.
    sku: Option<String>,
    /// Packs, 1 to 10,000.
    quantity: i64,
    /// Poisha a pack; default: the catalogue's price.
    unit_price: Option<Money>,
}

impl OrderBody {
    fn read(self, state: &AppState) -> Result<NewOrder> {
        let customer = match (self.customer.id, self.customer.phone.as_deref()) {
            (Some(id), None) => OrderCustomer::Id(id),
            (None, Some(phone)) => OrderCustomer::Phone {
                phone: PhoneNumber::parse(phone)
                    .map_err(|error| phone_problem("customer.phone", error))?,
                name: self.customer.name,
                address: self.customer.address,
                district: self.customer.district,
            },
            _ => {
                return Err(Error::invalid(
                    "customer_required",
                    "customer",
                    "Say whose order it is: either by id or by phone.",
                ));
            }
        };
        let day = self.order_date.or(self.placed_at.map(|at| state.clock.day_of(at)));
        let mut lines = Vec::with_capacity(self.lines.len());
        for (n, line) in self.lines.into_iter().enumerate() {
            let product = match (line.product_id, line.sku) {
                (Some(id), None) => ProductRef::Id(id),
                (None, Some(sku)) => ProductRef::Sku(sku),
                _ => {
                    return Err(Error::invalid(
                        "product_required",
                        &format!("lines[{n}].productId"),
                        "Name the product, either by productId or by sku.",
                    ));
                }
            };
            lines.push(NewLine { product, quantity: line.quantity, unit_price: line.unit_price });
        }
        Ok(NewOrder {
            source: self.source,
            external_id: self.external_id,
            order_no: self.order_no,
            customer,
            placed: day.map(|day| Placed { day, at: self.placed_at }),
            status: self.status,
            discount: self.discount,
            delivery_charge: self.delivery_charge,
            fees: self.fees,
            refunded: self.refunded,
            payment_method: self.payment_method,
            note: self.note,
            task_id: None,
            lines,
        })
    }
}

fn context(state: &AppState, user: &CurrentUser) -> OrderContext {
    OrderContext { now: state.clock.now(), today: state.clock.today(), user: Some(user.id) }
}

/// Nobody takes or corrects an order of a customer they may not see; a new customer becomes the
/// taker's own.
async fn claim(
    tx: &mut Tx,
    ctx: &OrderContext,
    user: &CurrentUser,
    order: &NewOrder,
) -> Result<()> {
    if let Some(owner) = store::owner(tx, &order.source, &order.external_id).await? {
        ensure_visible(tx, user.scope(), ctx.today, owner).await?;
    }
    match &order.customer {
        OrderCustomer::Id(id) => ensure_visible(tx, user.scope(), ctx.today, *id).await,
        OrderCustomer::Phone { phone, name, address, district } => {
            if let Some(id) = find_by_phone(tx, phone).await? {
                return ensure_visible(tx, user.scope(), ctx.today, id).await;
            }
            let name = name.as_deref().map(str::trim).filter(|name| !name.is_empty());
            let mut new = NewCustomer::new(name.unwrap_or(phone.as_str()), phone.clone());
            new.address.clone_from(address);
            new.district = district.as_deref().map(|d| districts::stored(d).to_owned());
            new.source = Some(order.source.clone());
            new.owned_by(user);
            profile::insert(tx, ctx.now, &new).await?;
            Ok(())
        }
    }
}

/// Take an order, or correct one.
#[utoipa::path(post, path = "/api/cdm/orders", tag = "orders", request_body = OrderBody, responses((status = 201, body = Order, description = "New"), (status = 200, body = Order, description = "It existed; corrected if the content differs")))]
pub async fn create(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Json(body): Json<OrderBody>,
) -> Result<(StatusCode, Json<Order>)> {
    let ctx = context(&state, &user);
    let new = body.read(&state)?;
    super::check(&new, ctx.today)?;
    let mut tx = state.db.begin().await?;
    claim(&mut tx, &ctx, &user, &new).await?;
    let put = put_order(&mut tx, &ctx, new).await?;
    let order =
        read::order(&mut tx, user.scope(), ctx.today, put.order_id).await?.ok_or_else(not_found)?;
    state.commit(tx).await?;
    let status = if put.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(order)))
}

/// Changes to an order; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrderPatch {
    /// Where it stands now.
    status: Option<OrderStatus>,
    /// Poisha paid back to the customer in all, at most the order's total.
    refunded: Option<Money>,
    /// Free text; null clears it.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    note: Option<Option<String>>,
}

/// Change an order's status, refund or note.
#[utoipa::path(patch, path = "/api/cdm/orders/{id}", tag = "orders", params(("id" = OrderId, Path)), request_body = OrderPatch, responses((status = 200, body = Order)))]
pub async fn patch(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Path(id): Path<OrderId>,
    Json(body): Json<OrderPatch>,
) -> Result<Json<Order>> {
    if let Some(Some(note)) = &body.note {
        check_text("note", note, 0, 2_000)?;
    }
    let ctx = context(&state, &user);
    let mut tx = state.db.begin().await?;
    let shown = read::order(&mut tx, user.scope(), ctx.today, id).await?;
    shown.ok_or_else(not_found)?;
    let change = OrderChange { status: body.status, refunded: body.refunded, note: body.note };
    store::change(&mut tx, &ctx, id, change).await?;
    let order = read::order(&mut tx, user.scope(), ctx.today, id).await?.ok_or_else(not_found)?;
    state.commit(tx).await?;
    Ok(Json(order))
}

/// One order.
#[utoipa::path(get, path = "/api/cdm/orders/{id}", tag = "orders", params(("id" = OrderId, Path)), responses((status = 200, body = Order)))]
pub async fn get(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Path(id): Path<OrderId>,
) -> Result<Json<Order>> {
    let mut tx = state.db.read().await?;
    let today = state.clock.today();
    let order = read::order(&mut tx, user.scope(), today, id).await?.ok_or_else(not_found)?;
    Ok(Json(order))
}

/// Which orders.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct OrderQuery {
    /// Of this customer.
    customer_id: Option<CustomerId>,
    /// Standing so.
    status: Option<OrderStatus>,
    /// Order number or its beginning, phone in any spelling, or words of the customer's name.
    q: Option<String>,
    /// From this company day.
    from: Option<NaiveDate>,
    /// To this company day.
    to: Option<NaiveDate>,
    /// By day, default `newest`.
    #[param(inline)]
    sort: Option<Sort>,
    /// Rows a page, 1-200, default 50.
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Orders by day, the latest first unless `sort` says otherwise.
#[utoipa::path(get, path = "/api/cdm/orders", tag = "orders", params(OrderQuery), responses((status = 200, body = Page<Order>)))]
pub async fn list(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Query(query): Query<OrderQuery>,
) -> Result<Json<Page<Order>>> {
    let page = PageQuery { limit: query.limit, cursor: query.cursor };
    let after = match page.cursor()? {
        Some(Cursor { key, id }) => Some((key.parse().map_err(|_| BadCursor)?, OrderId(id))),
        None => None,
    };
    let filter = OrderFilter {
        customer: query.customer_id,
        status: query.status,
        q: query.q,
        from: query.from,
        to: query.to,
        sort: query.sort.unwrap_or(Sort::Newest),
        after,
    };
    let mut tx = state.db.read().await?;
    let today = state.clock.today();
    let orders = read::list(&mut tx, user.scope(), today, &filter, page.limit() + 1).await?;
    let cursor = |o: &Order| Cursor { key: o.order_date.to_string(), id: o.id.0 };
    Ok(Json(Page::new(orders, page.limit(), cursor)))
}
