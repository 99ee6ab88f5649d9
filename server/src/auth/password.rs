//! Passwords: argon2id with OWASP's parameters (19 MiB, 2 passes, 1 lane).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{LazyLock, mpsc};

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};

fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("constant parameters are valid");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

type Job = Box<dyn FnOnce() + Send>;

/// Does work on passwords on the one thread that is there for it: a hash takes 19 MiB, which the
/// allocator keeps for each thread that ever took one, and tens of milliseconds of a core that calls
/// need too.
pub async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<T> {
    static JOBS: LazyLock<mpsc::Sender<Job>> = LazyLock::new(|| {
        let (send, jobs) = mpsc::channel::<Job>();
        std::thread::spawn(move || {
            for job in jobs {
                // Whoever waits is told by the answer that never comes.
                let _ = catch_unwind(AssertUnwindSafe(job));
            }
        });
        send
    });
    let (answer, done) = tokio::sync::oneshot::channel();
    let job = Box::new(move || {
        // Nobody waits any more.
        let _ = answer.send(work());
    });
    JOBS.send(job).map_err(|_| anyhow::anyhow!("the thread for passwords is gone"))?;
    Ok(done.await?)
}

/// Hashes a password for storage; takes tens of milliseconds, so do it [`apart`].
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
    use super::{hash_password, verify_password};

    #[test]
    fn only_the_password_verifies() {
        let hash = hash_password("correct horse").expect("hashes");
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify_password("correct horse", &hash));
        assert!(!verify_password("correct house", &hash));
        assert!(!verify_password("correct horse", "not a hash"));
    }
}
