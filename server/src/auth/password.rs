//! Passwords: argon2id with OWASP's parameters (19 MiB, 2 passes, 1 lane).

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak, mpsc};
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use axum::http::StatusCode;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, Semaphore, SemaphorePermit};

use crate::error::{Error, Result};

fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("constant parameters are valid");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

type Job = Box<dyn FnOnce() + Send>;

/// Most requests in the queue of the hash thread, a few seconds of work.
const QUEUE: usize = 128;
/// How long a request waits for another one of the same address or user.
const PATIENCE: Duration = Duration::from_secs(5);

static PLACES: Semaphore = Semaphore::const_new(QUEUE);
static TURNS: LazyLock<Mutex<HashMap<String, Weak<AsyncMutex<()>>>>> =
    LazyLock::new(Mutex::default);

/// A place in the queue of the hash thread. An address or user has one at a time, so that a flood from
/// one place does not keep the others waiting.
#[derive(Debug)]
pub struct HashTurn {
    _own: OwnedMutexGuard<()>,
    _place: SemaphorePermit<'static>,
}

impl HashTurn {
    /// Waits for the turn of `key`, an address or a user. 503 when the queue is full or others with
    /// the same key take too long.
    pub async fn take(key: &str) -> Result<Self> {
        let own = {
            let mut turns = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| turn.strong_count() > 0);
            let known = turns.get(key).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let turn = Arc::<AsyncMutex<()>>::default();
                turns.insert(key.to_owned(), Arc::downgrade(&turn));
                turn
            })
        };
        let own = tokio::time::timeout(PATIENCE, own.lock_owned()).await.map_err(|_| busy())?;
        let place = PLACES.try_acquire().map_err(|_| busy())?;
        Ok(Self { _own: own, _place: place })
    }

    /// Does work on passwords on the one thread that is there for it: a hash takes 19 MiB, which the
    /// allocator keeps for each thread that ever took one, and tens of milliseconds of a core that
    /// calls need too. Work that nobody waits for any more is skipped.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> anyhow::Result<T> {
        static JOBS: LazyLock<mpsc::Sender<Job>> = LazyLock::new(|| {
            let (send, jobs) = mpsc::channel::<Job>();
            std::thread::spawn(move || {
                for job in jobs {
                    // The caller notices a panic by the answer that never comes.
                    let _ = catch_unwind(AssertUnwindSafe(job));
                }
            });
            send
        });
        let (answer, done) = tokio::sync::oneshot::channel();
        let job = Box::new(move || {
            if !answer.is_closed() {
                // The caller may have gone meanwhile.
                let _ = answer.send(work());
            }
        });
        JOBS.send(job).map_err(|_| anyhow::anyhow!("the thread for passwords is gone"))?;
        Ok(done.await?)
    }
}

fn busy() -> Error {
    let detail = "Too many people are logging in at this moment. Try again in a few seconds.";
    Error::problem(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(3)
}

/// Hashes a password for storage; takes tens of milliseconds, so do it on the hash thread ([`HashTurn::run`]).
pub fn hash_password(password: &str) -> anyhow::Result<String> {
    let hash = argon2()
        .hash_password(password.as_bytes())
        .map_err(|error| anyhow::anyhow!("hashing a password: {error}"))?;
    Ok(hash.to_string())
}

/// Whether the password matches the stored hash.
pub fn verify_password(password: &str, stored: &str) -> bool {
    PasswordHash::new(stored)
        .is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::{HashTurn, PLACES, QUEUE, hash_password, verify_password};

    #[test]
    fn only_the_password_verifies() {
        let hash = hash_password("correct horse").expect("hashes");
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify_password("correct horse", &hash));
        assert!(!verify_password("correct house", &hash));
        assert!(!verify_password("correct horse", "not a hash"));
    }

    #[tokio::test]
    async fn one_key_has_one_place_and_a_full_queue_refuses() {
        let mine = HashTurn::take("a").await.expect("a place");
        let waits = tokio::spawn(async { HashTurn::take("a").await.map(drop) });
        let other = HashTurn::take("b").await.expect("another key does not wait");
        assert_eq!(other.run(|| 7).await.expect("runs"), 7);
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(!waits.is_finished(), "the second of a key waits for the first");
        drop(mine);
        waits.await.expect("joins").expect("then it is its turn");
        let mut all = vec![other];
        for n in 1..QUEUE {
            all.push(HashTurn::take(&n.to_string()).await.expect("a place"));
        }
        let full = HashTurn::take("late").await.expect_err("the queue is full");
        assert_eq!(full.code(), "busy");
        drop(all);
        assert_eq!(PLACES.available_permits(), QUEUE);
        HashTurn::take("late").await.expect("room again");
    }
}
