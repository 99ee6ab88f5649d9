//! Staff, teams and catalogue.

use std::collections::HashMap;

use super::{NO_TEXT, Times};
use crate::db::{Arg, CategoryId, DbError, Insert, ProductId, Sql, TeamId, Tx, UserId};
use crate::demo::{DemoShop, DemoUser, ProfileOf};
use crate::districts;

/// The staff as stored.
pub(super) struct Staff {
    /// The team leader of all teams.
    pub(super) leader: UserId,
    /// The two agents of each team, by the team's code.
    pub(super) agents: HashMap<&'static str, Vec<UserId>>,
}

/// The catalogue as stored.
pub(super) struct Catalogue {
    /// Ids in the order of the shop's products.
    pub(super) products: Vec<ProductId>,
}

async fn insert_users(
    tx: &mut Tx,
    users: &[&DemoUser],
    times: &Times<'_>,
    hash: &str,
    leader: Option<UserId>,
    teams: &HashMap<String, TeamId>,
) -> Result<HashMap<String, UserId>, DbError> {
    let mut insert = Insert::new(
        "users",
        &[
            "login",
            "name",
            "role",
            "password_hash",
            "extension",
            "team_id",
            "team_leader_id",
            "seniority",
            "created_at",
            "updated_at",
        ],
        "RETURNING login, id",
    );
    for user in users {
        insert.row([
            Arg::from(&user.login),
            Arg::from(&user.name),
            Arg::from(user.role),
            Arg::from(hash),
            user.extension.as_ref().map_or(NO_TEXT, Arg::from),
            Arg::from(user.team.and_then(|code| teams.get(code).copied())),
            Arg::from(leader),
            Arg::from(user.seniority),
            Arg::from(times.now),
            Arg::from(times.now),
        ]);
    }
    Ok(insert.returning::<(String, UserId)>(tx).await?.into_iter().collect())
}

pub(super) async fn insert(
    tx: &mut Tx,
    shop: &DemoShop,
    times: &Times<'_>,
    hash: &str,
) -> anyhow::Result<Staff> {
    let (agents, office): (Vec<&DemoUser>, Vec<&DemoUser>) =
        shop.users.iter().partition(|user| user.team.is_some());
    let office = insert_users(tx, &office, times, hash, None, &HashMap::new()).await?;
    let leader = *office.get("tl").ok_or_else(|| anyhow::anyhow!("the demo has no team leader"))?;

    let mut insert = Insert::new(
        "sales_teams",
        &["code", "name", "team_leader_id", "created_at", "updated_at"],
        "RETURNING code, id",
    );
    for team in shop.teams {
        insert.row([
            Arg::Static(team.code),
            Arg::Static(team.name),
            Arg::from(leader),
            Arg::from(times.now),
            Arg::from(times.now),
        ]);
    }
    let teams = insert.returning::<(String, TeamId)>(tx).await?.into_iter().collect();
    let ids = insert_users(tx, &agents, times, hash, Some(leader), &teams).await?;

    let mut by_team: HashMap<&'static str, Vec<UserId>> = HashMap::new();
    let mut districts = Insert::new("agent_districts", &["user_id", "district"], "");
    for agent in agents {
        let id = ids[&agent.login];
        by_team.entry(agent.team.unwrap_or_default()).or_default().push(id);
        for district in &agent.districts {
            districts.row([Arg::from(id), Arg::Static(districts::stored(district))]);
        }
    }
    districts.execute(tx).await?;
    Ok(Staff { leader, agents: by_team })
}

pub(super) async fn insert_catalogue(
    tx: &mut Tx,
    shop: &DemoShop,
    times: &Times<'_>,
) -> anyhow::Result<Catalogue> {
    let mut insert = Insert::new(
        "categories",
        &["slug", "name_bn", "name_en", "base_unit"],
        "RETURNING slug, id",
    );
    for category in shop.categories {
        insert.row(
            [category.slug, category.name_bn, category.name_en, category.base_unit]
                .map(Arg::Static),
        );
    }
    let categories: HashMap<String, CategoryId> =
        insert.returning::<(String, CategoryId)>(tx).await?.into_iter().collect();

    let mut insert = Insert::new(
        "products",
        &[
            "sku",
            "name_bn",
            "name_en",
            "category_id",
            "pack_size",
            "pack_unit",
            "base_qty",
            "price",
            "created_at",
            "updated_at",
        ],
        "RETURNING sku, id",
    );
    for product in shop.products {
        insert.row([
            Arg::Static(product.sku),
            Arg::Static(product.name_bn),
            Arg::Static(product.name_en),
            Arg::from(categories[product.category]),
            Arg::from(product.pack_size),
            Arg::Static(product.pack_unit),
            Arg::from(product.base_qty),
            Arg::from(product.price),
            Arg::from(times.now),
            Arg::from(times.now),
        ]);
    }
    let products: HashMap<String, ProductId> =
        insert.returning::<(String, ProductId)>(tx).await?.into_iter().collect();

    let mut insert = Insert::new(
        "consumption_profiles",
        &[
            "category_id",
            "product_id",
            "avg_consumption_days",
            "buffer_days",
            "min_days",
            "max_days",
            "typical_base_qty",
            "updated_at",
        ],
        // A fresh installation may already have seeded its defaults.
        "ON CONFLICT DO NOTHING",
    );
    for profile in shop.profiles {
        let (category, product) = match profile.of {
            ProfileOf::Category(slug) => (Some(categories[slug]), None),
            ProfileOf::Product(sku) => (None, Some(products[sku])),
        };
        insert.row([
            Arg::from(category),
            Arg::from(product),
            Arg::from(profile.avg_consumption_days),
            Arg::from(profile.buffer_days),
            Arg::from(profile.min_days),
            Arg::from(profile.max_days),
            Arg::from(profile.typical_base_qty),
            Arg::from(times.now),
        ]);
    }
    insert.execute(tx).await?;

    for rule in shop.rules {
        tx.execute(
            Sql::new(
                "INSERT INTO product_recommendation_rules (trigger_category_id,
                   recommended_category_id, min_days, max_days, min_order_value, priority)
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(categories[rule.trigger])
            .bind(categories[rule.recommended])
            .bind(rule.min_days)
            .bind(rule.max_days)
            .bind(rule.min_order_value)
            .bind(rule.priority),
        )
        .await?;
    }
    Ok(Catalogue { products: shop.products.iter().map(|p| products[p.sku]).collect() })
}
