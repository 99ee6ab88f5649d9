//! A bounded load: so many requests over so many kept-alive connections, on loopback.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;

/// What the requests took.
pub struct Latencies {
    /// Median, milliseconds.
    pub p50_ms: f64,
    /// 99th percentile, milliseconds.
    pub p99_ms: f64,
    /// Requests a second.
    pub per_second: f64,
}

/// Reads an answer to its end, compressed as browsers ask for it, and keeps nothing: the load must not
/// cost more than the server.
fn fetch(agent: &ureq::Agent, url: &str, bearer: &str) -> anyhow::Result<()> {
    let mut answer = agent
        .get(url)
        .header("authorization", bearer)
        .header("accept-encoding", "gzip, deflate, br, zstd")
        .call()?;
    std::io::copy(&mut answer.body_mut().as_reader(), &mut std::io::sink())?;
    Ok(())
}

/// `total` GETs over `connections` connections; of the `n`th `path`, counted down.
pub fn latencies(
    base: &str,
    token: &str,
    path: impl Fn(usize) -> String + Sync,
    connections: usize,
    total: usize,
) -> anyhow::Result<Latencies> {
    let left = AtomicUsize::new(total);
    let url = |n| format!("{base}{}", path(n));
    let bearer = format!("Bearer {token}");
    let begun = Instant::now();
    let work = || -> anyhow::Result<Vec<Duration>> {
        let agent = ureq::Agent::new_with_defaults();
        let mut took = Vec::new();
        // The first request of a connection opens it and is not counted.
        fetch(&agent, &url(0), &bearer)?;
        while let Ok(n) =
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
        {
            let url = url(n);
            let begun = Instant::now();
            fetch(&agent, &url, &bearer)?;
            took.push(begun.elapsed());
        }
        Ok(took)
    };
    let mut all: Vec<Duration> = Vec::with_capacity(total);
    std::thread::scope(|scope| -> anyhow::Result<()> {
        let threads: Vec<_> = (0..connections).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            match thread.join() {
                Ok(took) => all.extend(took?),
                Err(_) => bail!("a load thread panicked"),
            }
        }
        Ok(())
    })?;
    let elapsed = begun.elapsed();
    all.sort_unstable();
    let at = |share: f64| {
        let index = ((all.len() as f64 * share) as usize).min(all.len().saturating_sub(1));
        all.get(index).map_or(0.0, |d| d.as_secs_f64() * 1000.0)
    };
    Ok(Latencies {
        p50_ms: at(0.5),
        p99_ms: at(0.99),
        per_second: all.len() as f64 / elapsed.as_secs_f64(),
    })
}
