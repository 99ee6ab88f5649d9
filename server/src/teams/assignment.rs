//! Whose customer: bulk assignment and what follows from an agent's move (SPEC §1.10).
//!
//! A customer has an agent or waits in a team leader's pool, and never belongs to nobody: taking
//! the agent away leaves the supervisor, or sets the agent's. Every change leaves a row in
//! `customer_assignments` (who, when, why) and an entry in the customer's timeline.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use crate::auth::{CurrentUser, Role};
use crate::customers::{self, filter::CustomerFilter};
use crate::db::{Arg, CustomerId, DbError, Insert, Sql, Tx, UserId};
use crate::error::{Error, FieldError, Result};

/// Most customers named in one request.
pub const MAX_NAMED: usize = 50_000;
/// Most customers a filter may select for one request.
pub const MAX_FILTERED: usize = 200_000;
/// Ids in one statement.
const CHUNK: usize = 5_000;
/// Customers in the way that are listed in the answer at most; their number is always said.
const MAX_LISTED: usize = 100;

/// Where customers shall go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To an agent, and into the pool of the agent's team leader if there is one.
    Agent {
        /// The agent.
        id: UserId,
        /// The agent's team leader.
        leader: Option<UserId>,
    },
    /// Back to the team leader's pool.
    Pool,
    /// Without an agent into the pool of this team leader.
    PoolOf(UserId),
}

/// Agent and supervisor of a customer.
type Owners = (Option<UserId>, Option<UserId>);

/// What a bulk change did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Customers with another agent or supervisor than before.
    pub changed: usize,
    /// Customers that were so already.
    pub unchanged: usize,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: CustomerId,
    assigned_to: Option<UserId>,
    assigned_supervisor_id: Option<UserId>,
    agent_leader: Option<UserId>,
}

/// Owners of a customer after a move: an agent brings the own team leader; without an agent the
/// customer stays with its supervisor, or falls to the last agent's team leader, or to the team
/// leader who does it. `None`: it would belong to nobody.
fn owners_after(
    before: Owners,
    agent_leader: Option<UserId>,
    by: Option<UserId>,
    to: Target,
) -> Option<Owners> {
    match to {
        Target::Agent { id, leader } => Some((Some(id), leader.or(before.1))),
        Target::PoolOf(leader) => Some((None, Some(leader))),
        Target::Pool if before.0.is_none() => Some(before),
        Target::Pool => before.1.or(agent_leader).or(by).map(|leader| (None, Some(leader))),
    }
}

/// The customers in `actor`'s scope that a filter selects.
pub async fn select(
    tx: &mut Tx,
    today: NaiveDate,
    actor: &CurrentUser,
    filter: &CustomerFilter,
) -> Result<Vec<CustomerId>> {
    let mut sql = Sql::new("SELECT c.id FROM customers c WHERE 1 = 1").ad_hoc();
    customers::store::scope_filter(&mut sql, actor.scope(), today, "c");
    filter.apply(&mut sql, "c");
    sql.push(" LIMIT ").push_bind(MAX_FILTERED + 1);
    let ids = tx.all::<(CustomerId,)>(sql).await?;
    if ids.len() > MAX_FILTERED {
        return Err(Error::invalid(
            "too_many",
            "filter",
            format!("The filter selects more than {MAX_FILTERED} customers; narrow it."),
        ));
    }
    Ok(ids.into_iter().map(|row| row.0).collect())
}

/// Moves customers, all or none: if one of them does not exist in `actor`'s scope, nothing changes
/// and the problem names it.
pub async fn bulk(
    tx: &mut Tx,
    now: DateTime<Utc>,
    today: NaiveDate,
    actor: &CurrentUser,
    ids: &[CustomerId],
    to: Target,
    reason: Option<&str>,
) -> Result<Changed> {
    let wanted: BTreeSet<CustomerId> = ids.iter().copied().collect();
    let wanted: Vec<CustomerId> = wanted.into_iter().collect();
    let mut rows = Vec::with_capacity(wanted.len());
    for ids in wanted.chunks(CHUNK) {
        let mut sql = Sql::new(
            "SELECT c.id, c.assigned_to, c.assigned_supervisor_id, u.team_leader_id AS agent_leader
             FROM customers c LEFT JOIN users u ON u.id = c.assigned_to WHERE c.id IN ",
        );
        sql.push_list(ids.iter().copied());
        customers::store::scope_filter(&mut sql, actor.scope(), today, "c");
        rows.extend(tx.all::<Row>(sql).await?);
    }
    let found: BTreeSet<CustomerId> = rows.iter().map(|r| r.id).collect();
    let missing: Vec<CustomerId> =
        wanted.iter().copied().filter(|id| !found.contains(id)).collect();
    refuse(&missing, wanted.len(), "customer_not_found", "do not exist or are not yours")?;

    let by = (actor.role == Role::TeamLeader).then_some(actor.id);
    let mut groups: BTreeMap<(Owners, Owners), Vec<CustomerId>> = BTreeMap::new();
    let mut homeless = Vec::new();
    for row in &rows {
        let before = (row.assigned_to, row.assigned_supervisor_id);
        match owners_after(before, row.agent_leader, by, to) {
            Some(after) => groups.entry((before, after)).or_default().push(row.id),
            None => homeless.push(row.id),
        }
    }
    refuse(&homeless, wanted.len(), "no_team_leader", "have no team leader to fall back to")?;

    let mut report = Changed::default();
    for ((before, after), ids) in groups {
        if before == after {
            report.unchanged += ids.len();
        } else {
            move_group(tx, now, actor.id, &ids, before, after, reason).await?;
            report.changed += ids.len();
        }
    }
    Ok(report)
}

/// The "nothing, with a report" half of all or nothing.
fn refuse(ids: &[CustomerId], of: usize, code: &str, why: &str) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let detail = format!("{} of {of} customers {why}; nothing was changed.", ids.len());
    let errors = ids.iter().take(MAX_LISTED).map(|id| FieldError {
        field: "customerIds".to_owned(),
        code: code.to_owned(),
        detail: id.to_string(),
    });
    Err(Error::invalid("not_all_assignable", "customerIds", detail).errors(errors.collect()))
}

/// Moves customers that all have the same owners before and after.
async fn move_group(
    tx: &mut Tx,
    now: DateTime<Utc>,
    by: UserId,
    ids: &[CustomerId],
    before: Owners,
    after: Owners,
    reason: Option<&str>,
) -> Result<()> {
    for ids in ids.chunks(CHUNK) {
        // The old owners are part of the condition: what somebody else moved in the meantime is
        // not overwritten, and the history stays a chain.
        let mut sql = Sql::new(
            "UPDATE customers SET assigned_to = $1, assigned_supervisor_id = $2, updated_at = $3
             WHERE assigned_to IS NOT DISTINCT FROM $4
               AND assigned_supervisor_id IS NOT DISTINCT FROM $5 AND id IN ",
        )
        .bind(after.0)
        .bind(after.1)
        .bind(now)
        .bind(before.0)
        .bind(before.1);
        sql.push_list(ids.iter().copied());
        if tx.execute(sql).await? != ids.len() as u64 {
            return Err(Error::conflict(
                "changed_meanwhile",
                "Somebody else moved some of these customers just now. Nothing was changed.",
            ));
        }
    }
    let mut history = Insert::new(
        "customer_assignments",
        &[
            "customer_id",
            "at",
            "by_user_id",
            "from_agent_id",
            "to_agent_id",
            "from_supervisor_id",
            "to_supervisor_id",
            "reason",
        ],
        "",
    );
    let mut timeline = Insert::new(
        "customer_interactions",
        &["customer_id", "kind", "at", "user_id", "summary", "text", "data"],
        "",
    );
    let data = json!({
        "fromAgentId": before.0, "toAgentId": after.0,
        "fromSupervisorId": before.1, "toSupervisorId": after.1,
    });
    for id in ids {
        history.row([
            Arg::from(*id),
            now.into(),
            by.into(),
            before.0.into(),
            after.0.into(),
            before.1.into(),
            after.1.into(),
            reason.into(),
        ]);
        timeline.row([
            Arg::from(*id),
            Arg::Static("assignment"),
            now.into(),
            by.into(),
            Arg::Static("assignment.changed"),
            reason.into(),
            data.clone().into(),
        ]);
    }
    history.execute(tx).await?;
    timeline.execute(tx).await?;
    Ok(())
}

/// After an agent has moved to another team leader: the agent's customers follow, so that they
/// leave the coverage of the leader before.
pub async fn follow_agent(
    tx: &mut Tx,
    now: DateTime<Utc>,
    by: UserId,
    agent: UserId,
    leader: UserId,
) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "INSERT INTO customer_assignments (customer_id, at, by_user_id, from_agent_id,
               to_agent_id, from_supervisor_id, to_supervisor_id, reason)
             SELECT id, $1, $2, assigned_to, assigned_to, assigned_supervisor_id, $3, $4
             FROM customers WHERE assigned_to = $5
               AND assigned_supervisor_id IS DISTINCT FROM $3",
        )
        .bind(now)
        .bind(by)
        .bind(leader)
        .bind("the agent moved")
        .bind(agent),
    )
    .await?;
    tx.execute(
        Sql::new(
            "UPDATE customers SET assigned_supervisor_id = $1, updated_at = $2
             WHERE assigned_to = $3 AND assigned_supervisor_id IS DISTINCT FROM $1",
        )
        .bind(leader)
        .bind(now)
        .bind(agent),
    )
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "reads as the column does")]
    const fn some(id: i64) -> Option<UserId> {
        Some(UserId(id))
    }

    #[test]
    fn a_customer_never_belongs_to_nobody() {
        let pool = |before, agents, by| owners_after(before, agents, by, Target::Pool);
        assert_eq!(pool((some(5), some(2)), some(3), some(4)), Some((None, some(2))));
        assert_eq!(pool((some(5), None), some(3), some(4)), Some((None, some(3))));
        assert_eq!(pool((some(5), None), None, some(4)), Some((None, some(4))));
        assert_eq!(pool((some(5), None), None, None), None);
        assert_eq!(pool((None, None), None, some(4)), Some((None, None)), "nothing to take away");
        let given = owners_after((some(5), some(2)), some(3), None, Target::PoolOf(UserId(8)));
        assert_eq!(given, Some((None, some(8))));
    }

    #[test]
    fn an_agent_brings_the_own_team_leader() {
        let to = |leader| Target::Agent { id: UserId(9), leader };
        assert_eq!(
            owners_after((some(5), some(2)), None, None, to(some(3))),
            Some((some(9), some(3)))
        );
        assert_eq!(owners_after((None, some(2)), None, None, to(None)), Some((some(9), some(2))));
    }
}
