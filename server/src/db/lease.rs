//! Of several instances one does something at a time: a row that runs out unless it is renewed.

use std::time::Duration;

use chrono::TimeDelta;

use super::{Db, DbError, Sql};
use crate::clock::Clock;

/// How long a lease is good without being renewed: so long it takes another instance to follow one
/// that died.
const GOOD_FOR: TimeDelta = TimeDelta::seconds(10);
/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(3);

/// A lease, held or not. On SQLite there is one process, which always holds it.
pub struct Lease {
    db: Db,
    clock: Clock,
    name: &'static str,
    holder: String,
    held: bool,
}

impl Lease {
    /// The lease called `name`.
    pub fn new(db: Db, clock: Clock, name: &'static str) -> Self {
        let holder = format!("{:016x}", rand::random::<u64>());
        Self { db, clock, name, holder, held: false }
    }

    /// Whether it is held by this instance now.
    pub async fn hold(&mut self) -> bool {
        self.held = self.renew().await.unwrap_or_else(|error| {
            tracing::warn!(%error, name = self.name, "a lease was not renewed");
            false
        });
        self.held
    }

    /// Renews it; returns when it is held no more.
    pub async fn lost(&self) {
        loop {
            tokio::time::sleep(RENEW).await;
            match self.renew().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, name = self.name, "a lease was not renewed");
                    return;
                }
            }
        }
    }

    /// Gives it to whoever asks next.
    pub async fn release(&self) {
        if !self.held || !self.db.is_postgres() {
            return;
        }
        let gone = async {
            let mut tx = self.db.begin().await?;
            let sql = Sql::new("DELETE FROM leases WHERE name = $1 AND holder = $2");
            tx.execute(sql.bind(self.name).bind(self.holder.as_str())).await?;
            tx.commit().await
        };
        if let Err(error) = gone.await {
            tracing::debug!(%error, name = self.name, "a lease was not given back");
        }
    }

    async fn renew(&self) -> Result<bool, DbError> {
        if !self.db.is_postgres() {
            return Ok(true);
        }
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let held = tx
            .execute(
                Sql::new(
                    "INSERT INTO leases (name, holder, good_until) VALUES ($1, $2, $3)
                     ON CONFLICT (name) DO UPDATE SET holder = $2, good_until = $3
                     WHERE leases.holder = $2 OR leases.good_until < $4",
                )
                .bind(self.name)
                .bind(self.holder.as_str())
                .bind(now + GOOD_FOR)
                .bind(now),
            )
            .await?;
        tx.commit().await?;
        Ok(held == 1)
    }
}
