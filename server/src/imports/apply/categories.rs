//! Categories and how long a pack of each lasts.

use std::collections::HashMap;

use super::{Item, Outcome, World};
use crate::db::{CategoryId, DbError, Sql, Tx};
use crate::imports::record::CategoryRecord;
use crate::products::{BaseUnit, defaults};
use crate::reorder::{self, Profile};
use crate::text::key;

#[derive(Clone, PartialEq, sqlx::FromRow)]
struct Existing {
    id: CategoryId,
    slug: String,
    name_bn: String,
    name_en: String,
    base_unit: BaseUnit,
    external_id: Option<String>,
}

pub(super) async fn apply(
    tx: &mut Tx,
    world: &World,
    items: &[Item<CategoryRecord>],
) -> Result<Outcome, DbError> {
    let mut outcome = Outcome::default();
    let mut existing: HashMap<CategoryId, Existing> = tx
        .all::<Existing>(
            "SELECT id, slug, name_bn, name_en, base_unit, external_id FROM categories",
        )
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let profiles = reorder::store::profiles(tx).await?;
    for (at, item) in items.iter().enumerate() {
        let record = &item.record;
        let slug = key(&record.slug);
        let by_external = record.external_id.as_ref().and_then(|id| {
            existing.values().find(|row| row.external_id.as_ref() == Some(id)).cloned()
        });
        let by_slug = existing.values().find(|row| key(&row.slug) == slug).cloned();
        if let (Some(a), Some(b)) = (&by_external, &by_slug)
            && a.id != b.id
        {
            let reason = "Another category has this slug.";
            outcome.reject(at, "slug", "slug_taken", reason, Some(&record.slug));
            continue;
        }
        let old = by_external.or(by_slug);
        let category = merged(record, old.as_ref());
        let old_profile = old.as_ref().and_then(|row| profiles.categories.get(&row.id)).copied();
        let profile = profile(record, &category.slug, old_profile);
        let changed = old.as_ref() != Some(&category);
        let profile_changed = profile.is_some() && profile != old_profile;
        match &old {
            None => outcome.created += 1,
            Some(_) if changed || profile_changed => outcome.updated += 1,
            Some(_) => outcome.unchanged += 1,
        }
        if !world.write {
            continue;
        }
        let id = if changed { write(tx, &category, old.is_none()).await? } else { category.id };
        if let Some(profile) = profile.filter(|_| profile_changed) {
            write_profile(tx, world, id, &profile).await?;
        }
        existing.insert(id, Existing { id, ..category });
    }
    Ok(outcome)
}

fn merged(record: &CategoryRecord, old: Option<&Existing>) -> Existing {
    let name = |own: &Option<String>, other: &Option<String>, old: Option<&String>| {
        own.clone()
            .or_else(|| old.cloned())
            .or_else(|| other.clone())
            .unwrap_or_else(|| record.slug.clone())
    };
    let liquid = matches!(record.slug.as_str(), "oil" | "milk" | "juice" | "vinegar" | "tel");
    let guess = if liquid { BaseUnit::Millilitre } else { BaseUnit::Gram };
    Existing {
        id: old.map_or(CategoryId(0), |row| row.id),
        // The same in another encoding changes nothing.
        slug: old
            .filter(|row| key(&row.slug) == key(&record.slug))
            .map_or_else(|| record.slug.clone(), |row| row.slug.clone()),
        name_bn: name(&record.name_bn, &record.name_en, old.map(|row| &row.name_bn)),
        name_en: name(&record.name_en, &record.name_bn, old.map(|row| &row.name_en)),
        base_unit: record.base_unit.or(old.map(|row| row.base_unit)).unwrap_or(guess),
        external_id: record.external_id.clone().or_else(|| old?.external_id.clone()),
    }
}

/// The profile the row asks for; `None` if it says nothing of it.
fn profile(record: &CategoryRecord, slug: &str, old: Option<Profile>) -> Option<Profile> {
    let said = [
        record.consumption_days,
        record.buffer_days,
        record.min_days,
        record.max_days,
        record.typical_base_qty,
    ];
    if said.iter().all(Option::is_none) {
        return None;
    }
    let base = old.or_else(|| defaults::profile(slug)).unwrap_or(Profile::UNKNOWN);
    Some(Profile {
        avg_consumption_days: record.consumption_days.unwrap_or(base.avg_consumption_days),
        buffer_days: record.buffer_days.or(base.buffer_days),
        buffer_pct: if record.buffer_days.is_some() { None } else { base.buffer_pct },
        min_days: record.min_days.unwrap_or(base.min_days),
        max_days: record.max_days.unwrap_or(base.max_days),
        typical_base_qty: record.typical_base_qty.unwrap_or(base.typical_base_qty),
    })
}

async fn write(tx: &mut Tx, category: &Existing, new: bool) -> Result<CategoryId, DbError> {
    if new {
        return tx
            .scalar(
                Sql::new(
                    "INSERT INTO categories (slug, name_bn, name_en, base_unit, external_id)
                     VALUES ($1, $2, $3, $4, $5) RETURNING id",
                )
                .bind(&category.slug)
                .bind(&category.name_bn)
                .bind(&category.name_en)
                .bind(category.base_unit)
                .bind(category.external_id.as_deref()),
            )
            .await;
    }
    tx.execute(
        Sql::new(
            "UPDATE categories SET slug = $1, name_bn = $2, name_en = $3, base_unit = $4,
               external_id = $5 WHERE id = $6",
        )
        .bind(&category.slug)
        .bind(&category.name_bn)
        .bind(&category.name_en)
        .bind(category.base_unit)
        .bind(category.external_id.as_deref())
        .bind(category.id),
    )
    .await?;
    Ok(category.id)
}

async fn write_profile(
    tx: &mut Tx,
    world: &World,
    category: CategoryId,
    profile: &Profile,
) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "INSERT INTO consumption_profiles (category_id, avg_consumption_days, buffer_days,
               buffer_pct, min_days, max_days, typical_base_qty, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (category_id) DO UPDATE SET avg_consumption_days = $2, buffer_days = $3,
               buffer_pct = $4, min_days = $5, max_days = $6, typical_base_qty = $7,
               updated_at = $8",
        )
        .bind(category)
        .bind(profile.avg_consumption_days)
        .bind(profile.buffer_days)
        .bind(profile.buffer_pct)
        .bind(profile.min_days)
        .bind(profile.max_days)
        .bind(profile.typical_base_qty)
        .bind(world.now),
    )
    .await?;
    // Reminder dates follow from the profile.
    tx.execute(
        Sql::new(
            "INSERT INTO import_touched (import_id, customer_id)
             SELECT CAST($1 AS BIGINT), customer_id FROM reorder_pairs WHERE category_id = $2
             ON CONFLICT DO NOTHING",
        )
        .bind(world.import)
        .bind(category),
    )
    .await?;
    Ok(())
}
