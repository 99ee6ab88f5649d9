//! What a new installation begins with: categories of an organic grocery, how long a pack of each
//! lasts, and what goes with what. Everything can be edited afterwards.

use chrono::{DateTime, Utc};

use super::BaseUnit;
use crate::db::{CategoryId, DbError, Insert, Tx};
use crate::reorder::Profile;

/// slug, Bangla and English name, base unit, typical pack (base units), days it lasts, days of
/// notice. Reminder days: rice 22, oil 18, spice 28, honey 40.
const CATEGORIES: &[(&str, &str, &str, BaseUnit, i64, i64, i64)] = &[
    ("rice", "চাল", "Rice", BaseUnit::Gram, 5_000, 28, 6),
    ("oil", "রান্নার তেল", "Cooking oil", BaseUnit::Millilitre, 1_000, 23, 5),
    // Not for the pan: what goes with cooking does not go with them.
    (
        "care_oil",
        "নারকেল ও কালোজিরার তেল",
        "Coconut & black seed oil",
        BaseUnit::Millilitre,
        500,
        45,
        8,
    ),
    ("spice", "মশলা", "Spices", BaseUnit::Gram, 200, 35, 7),
    ("honey", "মধু", "Honey", BaseUnit::Gram, 500, 52, 12),
    ("ghee", "ঘি", "Ghee", BaseUnit::Gram, 500, 45, 8),
    ("lentils", "ডাল", "Lentils", BaseUnit::Gram, 1_000, 30, 6),
    ("dry_fruit", "খেজুর ও শুকনো ফল", "Dates & dry fruit", BaseUnit::Gram, 500, 40, 8),
    ("herbal_tea", "ভেষজ চা", "Herbal tea", BaseUnit::Gram, 100, 30, 6),
    ("flour", "আটা", "Flour", BaseUnit::Gram, 2_000, 24, 5),
    ("sweetener", "গুড় ও চিনি", "Jaggery & sugar", BaseUnit::Gram, 1_000, 32, 6),
    ("pickle", "আচার", "Pickles", BaseUnit::Gram, 400, 60, 10),
    ("snacks", "নাস্তা", "Snacks", BaseUnit::Gram, 400, 21, 4),
];

/// Bought, offered, from and to which day after the purchase, priority.
const RULES: &[(&str, &str, i64, i64, i64)] = &[
    ("rice", "lentils", 3, 30, 1),
    ("rice", "oil", 5, 30, 2),
    ("rice", "spice", 7, 30, 2),
    ("oil", "spice", 3, 30, 1),
    ("oil", "ghee", 7, 30, 2),
    ("spice", "ghee", 5, 40, 1),
    ("spice", "honey", 7, 40, 2),
    ("honey", "herbal_tea", 5, 45, 1),
    ("honey", "dry_fruit", 7, 45, 2),
];

/// The default profile of a category.
pub fn profile(slug: &str) -> Option<Profile> {
    CATEGORIES.iter().find(|category| category.0 == slug).map(|category| Profile {
        avg_consumption_days: category.5,
        buffer_days: Some(category.6),
        buffer_pct: None,
        min_days: 7,
        max_days: 120,
        typical_base_qty: category.4,
    })
}

#[derive(sqlx::FromRow)]
struct Made {
    id: CategoryId,
    slug: String,
}

/// Fills an installation that has no category yet; otherwise does nothing.
pub async fn ensure(tx: &mut Tx, now: DateTime<Utc>) -> Result<(), DbError> {
    let any: Option<i64> = tx.optional_scalar("SELECT id FROM categories LIMIT 1").await?;
    if any.is_some() {
        return Ok(());
    }
    let mut insert = Insert::new(
        "categories",
        &["slug", "name_bn", "name_en", "base_unit"],
        "ON CONFLICT DO NOTHING RETURNING id, slug",
    );
    for (slug, name_bn, name_en, base_unit, ..) in CATEGORIES {
        insert.row([(*slug).into(), (*name_bn).into(), (*name_en).into(), (*base_unit).into()]);
    }
    let made: Vec<Made> = insert.returning(tx).await?;
    let mut insert = Insert::new(
        "consumption_profiles",
        &[
            "category_id",
            "avg_consumption_days",
            "buffer_days",
            "min_days",
            "max_days",
            "typical_base_qty",
            "updated_at",
        ],
        "ON CONFLICT DO NOTHING",
    );
    for category in &made {
        if let Some(profile) = profile(&category.slug) {
            insert.row([
                category.id.into(),
                profile.avg_consumption_days.into(),
                profile.buffer_days.into(),
                profile.min_days.into(),
                profile.max_days.into(),
                profile.typical_base_qty.into(),
                now.into(),
            ]);
        }
    }
    insert.execute(tx).await?;
    let id = |slug: &str| made.iter().find(|category| category.slug == slug).map(|c| c.id);
    let mut insert = Insert::new(
        "product_recommendation_rules",
        &["trigger_category_id", "recommended_category_id", "min_days", "max_days", "priority"],
        "ON CONFLICT DO NOTHING",
    );
    for (trigger, recommended, min_days, max_days, priority) in RULES {
        if let (Some(trigger), Some(recommended)) = (id(trigger), id(recommended)) {
            insert.row([
                trigger.into(),
                recommended.into(),
                (*min_days).into(),
                (*max_days).into(),
                (*priority).into(),
            ]);
        }
    }
    insert.execute(tx).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{CATEGORIES, RULES};

    #[test]
    fn every_rule_names_categories_that_exist() {
        let known = |slug| CATEGORIES.iter().any(|category| category.0 == slug);
        for rule in RULES {
            assert!(known(rule.0) && known(rule.1), "{} → {}", rule.0, rule.1);
        }
    }
}
