//! Classifies database errors caused by the environment: disk full, server unavailable, lock contention.

use super::DbError;

/// Why the database failed. After a commit fails with one of these it is unknown whether it was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No space left on the disk.
    Full,
    /// The database cannot be reached, or its disk fails.
    Unavailable,
    /// Lock or connection timeout; a retry can succeed.
    Busy,
}

impl Failure {
    /// Classifies `error`; `None` for errors in the statement or its values.
    pub fn of(error: &DbError) -> Option<Self> {
        match error {
            DbError::Io(_) | DbError::Tls(_) | DbError::WorkerCrashed | DbError::PoolClosed => {
                Some(Self::Unavailable)
            }
            DbError::BeginFailed | DbError::InvalidSavePointStatement => Some(Self::Unavailable),
            DbError::PoolTimedOut => Some(Self::Busy),
            DbError::Database(error) => {
                let code = error.code()?;
                match code.parse::<i32>() {
                    // SQLSTATEs have five characters, SQLite's codes at most four digits.
                    Ok(number) if code.len() < 5 => Self::of_sqlite(number),
                    _ => Self::of_sqlstate(&code),
                }
            }
            _ => None,
        }
    }

    /// Whether other writes fail for the same reason.
    pub fn stops_writing(self) -> bool {
        self != Self::Busy
    }

    /// <https://www.sqlite.org/rescode.html>, the primary code is in the lowest byte.
    fn of_sqlite(code: i32) -> Option<Self> {
        match code & 0xff {
            5 | 6 => Some(Self::Busy),                  // BUSY, LOCKED
            13 => Some(Self::Full),                     // FULL
            7 | 8 | 10 | 14 => Some(Self::Unavailable), // NOMEM, READONLY, IOERR, CANTOPEN
            _ => None,
        }
    }

    /// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
    fn of_sqlstate(code: &str) -> Option<Self> {
        match (code.get(..2)?, code) {
            (_, "53100") => Some(Self::Full),
            // Serialization failure, deadlock, lock not available, statement timeout.
            ("40", _) | (_, "55P03" | "57014") => Some(Self::Busy),
            // Connection, resources, shutdown and restart, system error; a standby after a failover;
            // a transaction that was left idle too long.
            ("08" | "53" | "58", _) | (_, "25006" | "25P03") => Some(Self::Unavailable),
            ("57", code) if code.starts_with("57P") => Some(Self::Unavailable),
            _ => None,
        }
    }
}

/// Whether SQLite may have rolled the whole transaction back because of `error`
/// (<https://www.sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction>).
pub(super) fn ends_sqlite_transaction(error: &DbError) -> bool {
    Failure::of(error).is_some()
}

/// Whether PostgreSQL has aborted the transaction because of `error`.
pub(super) fn aborts_postgres_transaction(error: &DbError) -> bool {
    matches!(error, DbError::Database(_) | DbError::Io(_) | DbError::Tls(_) | DbError::Protocol(_))
}

#[cfg(test)]
mod tests {
    use super::Failure;

    #[test]
    fn codes_of_both_databases_are_classified() {
        for (code, expected) in [
            (13, Some(Failure::Full)),
            (778, Some(Failure::Unavailable)),
            (517, Some(Failure::Busy)),
            (19, None),
            (11, None),
        ] {
            assert_eq!(Failure::of_sqlite(code), expected, "{code}");
        }
        for (code, expected) in [
            ("53100", Some(Failure::Full)),
            ("53300", Some(Failure::Unavailable)),
            ("57P01", Some(Failure::Unavailable)),
            ("57014", Some(Failure::Busy)),
            ("08006", Some(Failure::Unavailable)),
            ("40P01", Some(Failure::Busy)),
            ("58030", Some(Failure::Unavailable)),
            ("25006", Some(Failure::Unavailable)),
            ("23505", None),
            ("22021", None),
            ("42601", None),
        ] {
            assert_eq!(Failure::of_sqlstate(code), expected, "{code}");
        }
    }
}
