//! `cdm/products`, `cdm/categories`, `cdm/consumption-profiles`.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::store::{self, Category, ConsumptionProfile, Entry, Product};
use super::{PackUnit, base_qty};
use crate::app::AppState;
use crate::auth::{Allow, Anyone, Managers};
use crate::customers;
use crate::db::{CategoryId, DbError, Money, ProductId, Tx};
use crate::error::{Error, Result};
use crate::http::{Json, Path, Query, nullable};
use crate::orders::{check_amount, check_text};
use crate::reorder;
use crate::reorder::table::MAX_DAYS;
use crate::text::key;

/// Products.
#[derive(Serialize, ToSchema)]
pub struct Products {
    /// The products, by category and name.
    items: Vec<Product>,
}

/// Which products.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct ProductFilter {
    /// Part of the name (Bangla or English) or of the stock-keeping unit.
    q: Option<String>,
    /// Of this category only.
    category_id: Option<CategoryId>,
    /// Only those on sale, or only those that are not.
    active: Option<bool>,
}

/// The catalogue.
#[utoipa::path(get, path = "/api/cdm/products", tag = "products", params(ProductFilter), responses((status = 200, body = Products)))]
pub async fn list(
    State(state): State<AppState>,
    _user: Allow<Anyone>,
    Query(filter): Query<ProductFilter>,
) -> Result<Json<Products>> {
    let mut tx = state.db.read().await?;
    let mut items = store::products(&mut tx, filter.category_id, filter.active).await?;
    if let Some(q) = filter.q.as_deref().map(key).filter(|q| !q.trim().is_empty()) {
        let q = q.trim();
        items.retain(|p| [&p.name_bn, &p.name_en, &p.sku].into_iter().any(|s| key(s).contains(q)));
    }
    Ok(Json(Products { items }))
}

/// A product to add.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewProduct {
    /// Stock-keeping unit, unique.
    sku: String,
    /// Bangla name.
    name_bn: String,
    /// English name.
    name_en: String,
    /// Category.
    category_id: CategoryId,
    /// Amount in one pack, above 0.
    pack_size: f64,
    /// Its unit; weight and volume do not go with a category counted in pieces.
    pack_unit: PackUnit,
    /// Poisha a pack.
    price: Money,
    /// On sale; default yes.
    active: Option<bool>,
}

/// Checks an entry and works out its base quantity.
async fn check(tx: &mut Tx, mut entry: Entry) -> Result<Entry> {
    check_text("sku", &entry.sku, 1, 60)?;
    check_text("nameBn", &entry.name_bn, 1, 120)?;
    check_text("nameEn", &entry.name_en, 1, 120)?;
    check_amount("price", entry.price)?;
    for text in [&mut entry.sku, &mut entry.name_bn, &mut entry.name_en] {
        *text = text.trim().to_owned();
    }
    let category = store::category(tx, entry.category_id).await?.ok_or_else(|| {
        Error::invalid("unknown_category", "categoryId", "There is no such category.")
    })?;
    let one = base_qty(1_000.0, entry.pack_unit, category.base_unit);
    if one.is_none() {
        return Err(Error::invalid(
            "unit_mismatch",
            "packUnit",
            format!("This category is measured in {}.", category.base_unit),
        ));
    }
    entry.base_qty =
        base_qty(entry.pack_size, entry.pack_unit, category.base_unit).ok_or_else(|| {
            Error::invalid("invalid_pack_size", "packSize", "A pack holds 1 g (ml, piece) to 1 t.")
        })?;
    Ok(entry)
}

fn sku_taken() -> Error {
    Error::conflict("sku_taken", "Another product has this stock-keeping unit.").field("sku")
}

/// Add a product.
#[utoipa::path(post, path = "/api/cdm/products", tag = "products", request_body = NewProduct, responses((status = 201, body = Product)))]
pub async fn create(
    State(state): State<AppState>,
    _user: Allow<Managers>,
    Json(body): Json<NewProduct>,
) -> Result<(StatusCode, Json<Product>)> {
    let mut tx = state.db.begin().await?;
    let entry = Entry {
        sku: body.sku,
        name_bn: body.name_bn,
        name_en: body.name_en,
        category_id: body.category_id,
        pack_size: body.pack_size,
        pack_unit: body.pack_unit,
        base_qty: 0,
        price: body.price,
        active: body.active.unwrap_or(true),
    };
    let entry = check(&mut tx, entry).await?;
    let id = store::insert(&mut tx, state.clock.now(), &entry).await?.ok_or_else(sku_taken)?;
    let product = store::product(&mut tx, id).await?.ok_or_else(not_found)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(product)))
}

/// Changes to a product; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProductPatch {
    /// Stock-keeping unit, unique.
    sku: Option<String>,
    /// Bangla name.
    name_bn: Option<String>,
    /// English name.
    name_en: Option<String>,
    /// Category; the reorder dates of everybody who bought the product are made anew.
    category_id: Option<CategoryId>,
    /// Amount in one pack. Orders already taken keep the quantity they had.
    pack_size: Option<f64>,
    /// Its unit.
    pack_unit: Option<PackUnit>,
    /// Poisha a pack.
    price: Option<Money>,
    /// On sale.
    active: Option<bool>,
}

fn not_found() -> Error {
    Error::not_found("product_not_found", "There is no such product.")
}

/// Change a product.
#[utoipa::path(patch, path = "/api/cdm/products/{id}", tag = "products", params(("id" = ProductId, Path)), request_body = ProductPatch, responses((status = 200, body = Product)))]
pub async fn patch(
    State(state): State<AppState>,
    _user: Allow<Managers>,
    Path(id): Path<ProductId>,
    Json(body): Json<ProductPatch>,
) -> Result<Json<Product>> {
    let mut tx = state.db.begin().await?;
    let old = store::product(&mut tx, id).await?.ok_or_else(not_found)?;
    let was_in = old.category_id;
    let mut entry = Entry::from(old);
    let Entry { sku, name_bn, name_en, category_id, pack_size, pack_unit, price, active, .. } =
        &mut entry;
    set(sku, body.sku);
    set(name_bn, body.name_bn);
    set(name_en, body.name_en);
    set(category_id, body.category_id);
    set(pack_size, body.pack_size);
    set(pack_unit, body.pack_unit);
    set(price, body.price);
    set(active, body.active);
    let entry = check(&mut tx, entry).await?;
    if store::by_sku(&mut tx, &entry.sku).await?.is_some_and(|other| other != id) {
        return Err(sku_taken());
    }
    store::update(&mut tx, state.clock.now(), id, &entry).await?;
    if entry.category_id != was_in {
        let buyers = store::buyers(&mut tx, was_in).await?;
        customers::store::refresh(&mut tx, &buyers, state.clock.today()).await?;
    }
    let product = store::product(&mut tx, id).await?.ok_or_else(not_found)?;
    tx.commit().await?;
    Ok(Json(product))
}

fn set<T>(target: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *target = value;
    }
}

/// Categories.
#[derive(Serialize, ToSchema)]
pub struct Categories {
    /// Every category.
    items: Vec<Category>,
}

/// The categories.
#[utoipa::path(get, path = "/api/cdm/categories", tag = "products", responses((status = 200, body = Categories)))]
pub async fn categories(
    State(state): State<AppState>,
    _user: Allow<Anyone>,
) -> Result<Json<Categories>> {
    let items = store::categories(&mut state.db.read().await?).await?;
    Ok(Json(Categories { items }))
}

/// Consumption profiles.
#[derive(Serialize, ToSchema)]
pub struct ConsumptionProfiles {
    /// Every profile.
    items: Vec<ConsumptionProfile>,
}

/// How long packs last, and when to remind.
#[utoipa::path(get, path = "/api/cdm/consumption-profiles", tag = "products", responses((status = 200, body = ConsumptionProfiles)))]
pub async fn profiles(
    State(state): State<AppState>,
    _user: Allow<Anyone>,
) -> Result<Json<ConsumptionProfiles>> {
    let items = store::consumption_profiles(&mut state.db.read().await?).await?;
    Ok(Json(ConsumptionProfiles { items }))
}

/// Changes to a profile; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfilePatch {
    /// Days one typical pack lasts, 1 to 730.
    avg_consumption_days: Option<i64>,
    /// Remind this many days before the end (0 to 365); null: use `bufferPct`.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    buffer_days: Option<Option<i64>>,
    /// Or remind this share of the consumption days (percent, 0 to 100) before.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    buffer_pct: Option<Option<i64>>,
    /// Consumption days are never below, 1 to 730.
    min_days: Option<i64>,
    /// Nor above, `minDays` to 730.
    max_days: Option<i64>,
    /// The typical pack in the base unit; 0: quantity does not matter.
    typical_base_qty: Option<i64>,
}

fn within(field: &str, value: i64, min: i64, max: i64) -> Result<()> {
    if (min..=max).contains(&value) {
        Ok(())
    } else {
        Err(Error::invalid("out_of_range", field, format!("A whole number from {min} to {max}.")))
    }
}

impl ProfilePatch {
    /// The profile `id` as it would be; what is not allowed is a problem.
    async fn applied(self, tx: &mut Tx, id: i64) -> Result<ConsumptionProfile> {
        let mut profile = store::consumption_profile(tx, id).await?.ok_or_else(|| {
            Error::not_found("consumption_profile_not_found", "There is no such profile.")
        })?;
        set(&mut profile.avg_consumption_days, self.avg_consumption_days);
        set(&mut profile.buffer_days, self.buffer_days);
        set(&mut profile.buffer_pct, self.buffer_pct);
        set(&mut profile.min_days, self.min_days);
        set(&mut profile.max_days, self.max_days);
        set(&mut profile.typical_base_qty, self.typical_base_qty);
        within("avgConsumptionDays", profile.avg_consumption_days, 1, MAX_DAYS)?;
        within("bufferDays", profile.buffer_days.unwrap_or(0), 0, 365)?;
        within("bufferPct", profile.buffer_pct.unwrap_or(0), 0, 100)?;
        within("minDays", profile.min_days, 1, MAX_DAYS)?;
        within("maxDays", profile.max_days, profile.min_days, MAX_DAYS)?;
        within("typicalBaseQty", profile.typical_base_qty, 0, super::MAX_BASE_QTY)?;
        Ok(profile)
    }
}

/// The category whose pairs a profile dates.
async fn category_of(
    tx: &mut Tx,
    profile: &ConsumptionProfile,
) -> Result<Option<CategoryId>, DbError> {
    Ok(match (profile.category_id, profile.product_id) {
        (Some(category), _) => Some(category),
        (None, Some(product)) => store::product(tx, product).await?.map(|p| p.category_id),
        (None, None) => None,
    })
}

/// What a change of a profile would do to the coming weeks.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfilePreview {
    /// Reminders whose date would move.
    moved: u64,
    /// Reminders due in each of the coming weeks.
    weeks: Vec<WeekOfReminders>,
}

/// A week of reminders; the first begins today.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WeekOfReminders {
    /// Its first day.
    from: NaiveDate,
    /// Due as it is.
    now: u64,
    /// Due after the change.
    then: u64,
}

/// Weeks a preview shows.
const PREVIEWED: u64 = 8;

/// The effect of a change on the coming weeks; nothing is changed.
#[utoipa::path(post, path = "/api/cdm/consumption-profiles/{id}/preview", tag = "products", params(("id" = i64, Path)), request_body = ProfilePatch, responses((status = 200, body = ProfilePreview)))]
pub async fn preview_profile(
    State(state): State<AppState>,
    _user: Allow<Managers>,
    Path(id): Path<i64>,
    Json(body): Json<ProfilePatch>,
) -> Result<Json<ProfilePreview>> {
    let today = state.clock.today();
    let mut tx = state.db.read().await?;
    let profile = body.applied(&mut tx, id).await?;
    let mut rules = reorder::store::rules(&mut tx).await?;
    rules.profiles.set(profile.product_id, profile.category_id, profile.profile());
    let mut weeks: Vec<WeekOfReminders> = (0..PREVIEWED)
        .map(|week| WeekOfReminders { from: today + Days::new(7 * week), now: 0, then: 0 })
        .collect();
    let week_of = |due: NaiveDate| usize::try_from((due - today).num_days().div_euclid(7)).ok();
    let mut moved = 0;
    if let Some(category) = category_of(&mut tx, &profile).await? {
        reorder::store::dates_by(&mut tx, category, &rules, |before, after| {
            moved += u64::from(before != after);
            if let Some(week) = week_of(before).and_then(|week| weeks.get_mut(week)) {
                week.now += 1;
            }
            if let Some(week) = week_of(after).and_then(|week| weeks.get_mut(week)) {
                week.then += 1;
            }
        })
        .await?;
    }
    Ok(Json(ProfilePreview { moved, weeks }))
}

/// Change a profile. The reminder dates of every customer of the category move with it.
#[utoipa::path(patch, path = "/api/cdm/consumption-profiles/{id}", tag = "products", params(("id" = i64, Path)), request_body = ProfilePatch, responses((status = 200, body = ConsumptionProfile)))]
pub async fn patch_profile(
    State(state): State<AppState>,
    _user: Allow<Managers>,
    Path(id): Path<i64>,
    Json(body): Json<ProfilePatch>,
) -> Result<Json<ConsumptionProfile>> {
    let mut tx = state.db.begin().await?;
    let profile = body.applied(&mut tx, id).await?;
    store::update_profile(&mut tx, state.clock.now(), &profile).await?;
    if let Some(category) = category_of(&mut tx, &profile).await? {
        let rules = reorder::store::rules(&mut tx).await?;
        let pairs = reorder::store::of_category_locked(&mut tx, category).await?;
        reorder::store::redate(&mut tx, pairs, &rules).await?;
    }
    tx.commit().await?;
    Ok(Json(profile))
}
