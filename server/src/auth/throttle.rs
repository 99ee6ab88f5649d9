//! Slows down guessing of passwords, per login name and network. Names that do not exist are counted
//! like those that do, so that no answer tells which is which; and a stranger who guesses from
//! elsewhere does not keep a person out.

use chrono::{DateTime, TimeDelta, Utc};

use super::AccessKeys;
use super::sessions::SESSION_TTL;
use crate::db::{DbError, Sql, Tx, UserId};

/// Wrong passwords in a row from one network that have no consequence.
pub const FREE: i64 = 9;
/// The first pause; each further failure doubles it.
const FIRST_PAUSE: TimeDelta = TimeDelta::minutes(1);
/// The longest pause.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(15);
/// Failures are forgotten this long after the last one.
const MEMORY: TimeDelta = TimeDelta::hours(24);
/// Wrong passwords for one name within an hour, from all networks: beyond, only networks from which
/// the person has logged in before are let try.
const MOST_PER_HOUR: i64 = 100;

/// Someone who tries a password.
#[derive(Clone, Debug)]
pub struct Attempt {
    name_hash: String,
    network: String,
}

/// How long after the `failures`th wrong password in a row no attempt is looked at.
fn pause(failures: i64) -> Option<TimeDelta> {
    let doublings = u32::try_from((failures - FREE - 1).min(10)).ok()?;
    Some((FIRST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE))
}

impl Attempt {
    /// A try of `login` from `network`.
    pub fn new(keys: &AccessKeys, login: &str, network: &str) -> Self {
        Self {
            name_hash: keys.keyed_hash(&[b"login name", login.as_bytes()]),
            network: network.to_owned(),
        }
    }

    /// Until when no attempt like this is looked at; `None`: try. `user`: whose name it is.
    pub async fn paused(
        &self,
        tx: &mut Tx,
        user: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, DbError> {
        let until: Option<Option<DateTime<Utc>>> = tx
            .optional_scalar(
                Sql::new(
                    "SELECT paused_until FROM login_failures WHERE name_hash = $1 AND network = $2",
                )
                .bind(&self.name_hash)
                .bind(&self.network),
            )
            .await?;
        if let Some(until) = until.flatten().filter(|until| *until > now) {
            return Ok(Some(until));
        }
        let lately: i64 = tx
            .scalar(
                Sql::new(
                    "SELECT CAST(COALESCE(SUM(failures), 0) AS BIGINT) FROM login_failures
                     WHERE name_hash = $1 AND last_at > $2",
                )
                .bind(&self.name_hash)
                .bind(now - TimeDelta::hours(1)),
            )
            .await?;
        if lately < MOST_PER_HOUR || self.is_known(tx, user, now).await? {
            return Ok(None);
        }
        Ok(Some(now + LONGEST_PAUSE))
    }

    /// Whether the person has logged in from this network before.
    async fn is_known(
        &self,
        tx: &mut Tx,
        user: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<bool, DbError> {
        let session: Option<i64> = tx
            .optional_scalar(
                Sql::new(
                    "SELECT id FROM sessions WHERE user_id = $1 AND began_at > $2 AND network = $3
                     LIMIT 1",
                )
                .bind(user)
                .bind(now - SESSION_TTL)
                .bind(&self.network),
            )
            .await?;
        Ok(session.is_some())
    }

    /// Counts a wrong password; until when attempts are not looked at now.
    pub async fn failed(
        &self,
        tx: &mut Tx,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, DbError> {
        let failures: i64 = tx
            .scalar(
                Sql::new(
                    "INSERT INTO login_failures (name_hash, network, failures, last_at)
                     VALUES ($1, $2, 1, $3)
                     ON CONFLICT (name_hash, network) DO UPDATE
                       SET failures = CASE WHEN login_failures.last_at < $4 THEN 1
                                           ELSE login_failures.failures + 1 END,
                           last_at = excluded.last_at, paused_until = NULL
                     RETURNING failures",
                )
                .bind(&self.name_hash)
                .bind(&self.network)
                .bind(now)
                .bind(now - MEMORY),
            )
            .await?;
        let until = pause(failures).map(|pause| now + pause);
        if let Some(until) = until {
            tx.execute(
                Sql::new(
                    "UPDATE login_failures SET paused_until = $1
                     WHERE name_hash = $2 AND network = $3",
                )
                .bind(until)
                .bind(&self.name_hash)
                .bind(&self.network),
            )
            .await?;
        }
        Ok(until)
    }

    /// Forgets the failures: the password was right.
    pub async fn succeeded(&self, tx: &mut Tx) -> Result<(), DbError> {
        tx.execute(
            Sql::new("DELETE FROM login_failures WHERE name_hash = $1 AND network = $2")
                .bind(&self.name_hash)
                .bind(&self.network),
        )
        .await?;
        Ok(())
    }
}

/// Deletes what is forgotten; how many rows.
pub async fn prune(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, DbError> {
    tx.execute(Sql::new("DELETE FROM login_failures WHERE last_at < $1").bind(now - MEMORY)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_a_quarter_of_an_hour() {
        let minutes = |failures| pause(failures).map(|pause| pause.num_minutes());
        assert_eq!((minutes(1), minutes(FREE)), (None, None));
        let pauses: Vec<_> = (FREE + 1..FREE + 8).filter_map(minutes).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 15, 15, 15]);
        assert_eq!(minutes(i64::MAX), Some(15));
    }
}
