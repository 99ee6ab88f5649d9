//! The plan's reasons join calls that wait already (SPEC §4.5).

use std::collections::{HashMap, HashSet};

use super::candidates::Found;
use super::catalogue::Catalogue;
use super::write::Run;
use crate::db::{Arg, CustomerId, DbError, Sql, TaskId, Tx, UserId};
use crate::tasks::plan::Plan;
use crate::tasks::points::merge;
use crate::tasks::{TaskKind, store};

/// Customers chosen for whom somebody else made a task a moment ago: their reasons join it.
pub(super) async fn joined_meanwhile(
    tx: &mut Tx,
    run: &Run<'_>,
    found: &[Found],
    plan: &Plan,
    made: &[(CustomerId, UserId, TaskKind)],
) -> Result<Vec<(TaskId, Found)>, DbError> {
    if made.len() == plan.assignments.len() {
        return Ok(Vec::new());
    }
    let made: HashSet<CustomerId> = made.iter().map(|(customer, ..)| *customer).collect();
    let missing = plan.assignments.iter().map(|a| &found[a.candidate]);
    let mut missing: HashMap<CustomerId, &Found> = missing
        .filter(|found| !made.contains(&found.customer.id))
        .map(|found| (found.customer.id, found))
        .collect();
    let mut sql = Sql::new(
        "SELECT id, customer_id FROM crm_call_tasks
         WHERE status IN ('pending', 'in_progress') AND status = 'pending' AND task_date = $1
           AND customer_id",
    )
    .bind(run.request.date);
    sql.push_ids(missing.keys().copied());
    let waiting: Vec<(TaskId, CustomerId)> = tx.all(sql).await?;
    let taken = waiting
        .into_iter()
        .filter_map(|(task, customer)| Some((task, missing.remove(&customer)?.clone())));
    Ok(taken.collect())
}

/// Adds the reasons to calls that wait already; how many calls got more to speak about.
pub(super) async fn merge_waiting(
    tx: &mut Tx,
    run: &Run<'_>,
    catalogue: &Catalogue,
    merges: impl Iterator<Item = &(TaskId, Found)>,
) -> Result<u32, DbError> {
    let mut merged = 0;
    for (task, found) in merges {
        let Some(row) = store::find(tx, *task).await? else {
            continue;
        };
        let mut points = row.talking_points.0;
        if !merge(&mut points, catalogue.points(found).into_iter().flatten()) {
            continue;
        }
        let mut products = row.recommended_products.0;
        let order: Vec<usize> = (0..found.sources.len()).collect();
        for product in catalogue.recommended(found, &order) {
            if !products.contains(&product) {
                products.push(product);
            }
        }
        merged += u32::try_from(
            tx.execute(
                Sql::new(
                    "UPDATE crm_call_tasks SET talking_points = $1, recommended_products = $2,
                       updated_at = $3
                     WHERE id = $4 AND status = 'pending'",
                )
                .bind(Arg::json(&points))
                .bind(Arg::json(&products))
                .bind(run.now)
                .bind(*task),
            )
            .await?,
        )
        .unwrap_or(0);
        if let Some(row) = store::find(tx, *task).await? {
            for task in store::tasks(tx, vec![row]).await? {
                store::emit_updated(tx, run.now, &task, None);
            }
        }
    }
    Ok(merged)
}
