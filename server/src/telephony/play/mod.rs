//! `trustcart simulate webhooks`: plays a Bracknet PBX against any installation, orderly or not, so
//! that both sides of the contract can be tried before they meet.

mod story;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use url::Url;

use super::signature::{sign_plain, sign_standard};
use crate::clock::Clock;
use crate::config::Secret;
use story::{Disorder, Faults, Sent};

/// Play a part in a test.
#[derive(Args, Debug)]
pub struct SimulateCommand {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Send the webhooks of calls as a Bracknet PBX would.
    Webhooks(Webhooks),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Scheme {
    /// Standard Webhooks headers.
    Standard,
    /// X-Bracknet-Signature and X-Bracknet-Timestamp.
    #[value(alias = "bracknet")]
    Plain,
}

#[derive(Args, Debug)]
struct Webhooks {
    /// Address of the installation, e.g. https://crm.example.com
    #[arg(long)]
    url: Url,
    /// Its webhook secret; without one nothing is signed.
    #[arg(long, env = "BRACKNET_WEBHOOK_SECRET", hide_env_values = true)]
    secret: Option<Secret>,
    /// How to sign.
    #[arg(long, value_enum, default_value = "standard")]
    scheme: Scheme,
    /// How many calls.
    #[arg(long, default_value_t = 10)]
    calls: u32,
    /// Extensions that the calls come in on.
    #[arg(long, value_delimiter = ',', default_value = "201")]
    extensions: Vec<String>,
    /// Deliveries under way at once.
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Share of events sent twice, 0 to 1.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    duplicate: f64,
    /// Share of events that change places with the next of their call, 0 to 1.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    reorder: f64,
    /// Share of events that are never sent, 0 to 1.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    drop: f64,
    /// Longest random wait before each event, milliseconds.
    #[arg(long, default_value_t = 0)]
    delay: u64,
    /// Share of calls with the id of the call before, as after a restart, 0 to 1.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    reuse_ids: f64,
    /// Share of callers in a header's form or withheld, 0 to 1.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    odd_callers: f64,
    /// How far the clock is ahead, seconds; negative when behind.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true,
          value_parser = clap::value_parser!(i64).range(-604_800..=604_800))]
    clock_ahead: i64,
    /// The same seed plays the same calls.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1".to_owned()),
    }
}

/// Plays; fails when something was not accepted.
pub async fn run(command: SimulateCommand, clock: &Clock) -> anyhow::Result<()> {
    let Part::Webhooks(webhooks) = command.part;
    let mut rng = StdRng::seed_from_u64(webhooks.seed);
    let disorder = Disorder {
        duplicate: webhooks.duplicate,
        reorder: webhooks.reorder,
        drop: webhooks.drop,
        delay_ms: webhooks.delay,
    };
    let faults = Faults {
        reuse_ids: webhooks.reuse_ids,
        odd_callers: webhooks.odd_callers,
        clock_ahead: webhooks.clock_ahead,
    };
    let calls: Vec<Vec<Sent>> = (0..webhooks.calls)
        .map(|n| {
            let extensions = &webhooks.extensions;
            let events = story::call(&mut rng, n, webhooks.seed, clock.now(), extensions, &faults);
            story::disturb(&mut rng, events, &disorder)
        })
        .collect();
    let player = Arc::new(Player {
        http: crate::outbound::client(Duration::from_secs(10))?,
        base: webhooks.url,
        secret: webhooks.secret,
        scheme: webhooks.scheme,
        clock: clock.clone(),
        calls,
        next: AtomicUsize::new(0),
    });
    let begun = Instant::now();
    let lines: Vec<_> = (0..webhooks.connections.max(1))
        .map(|_| tokio::spawn(Arc::clone(&player).line()))
        .collect();
    let mut answers = Vec::new();
    for line in lines {
        answers.extend(line.await?);
    }
    report(&answers, player.calls.len(), begun.elapsed())
}

struct Player {
    http: reqwest::Client,
    base: Url,
    secret: Option<Secret>,
    scheme: Scheme,
    clock: Clock,
    calls: Vec<Vec<Sent>>,
    next: AtomicUsize,
}

/// What a delivery was answered, or why it was not, and how long that took.
struct Answer {
    outcome: Result<u16, String>,
    took: Duration,
}

impl Player {
    /// Plays calls one after the other until there are no more.
    async fn line(self: Arc<Self>) -> Vec<Answer> {
        let mut answers = Vec::new();
        while let Some(events) = self.calls.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            for sent in events {
                if sent.wait_ms > 0 {
                    tokio::time::sleep(Duration::from_millis(sent.wait_ms)).await;
                }
                answers.push(self.send(sent, self.clock.now()).await);
            }
        }
        answers
    }

    async fn send(&self, sent: &Sent, now: DateTime<Utc>) -> Answer {
        let begun = Instant::now();
        let outcome = async {
            let url = self.base.join(sent.path).map_err(|error| error.to_string())?;
            let mut request = self
                .http
                .post(url)
                .header("content-type", "application/json")
                .body(sent.body.clone());
            if let Some(key) = self.secret.as_ref().map(Secret::key) {
                let body = sent.body.as_bytes();
                request = match self.scheme {
                    Scheme::Standard => sign_standard(key, &sent.id, now, body)
                        .into_iter()
                        .fold(request, |request, (name, value)| request.header(name, value)),
                    Scheme::Plain => {
                        let at = now.timestamp().to_string();
                        request
                            .header("x-bracknet-signature", sign_plain(key, &at, body))
                            .header("x-bracknet-timestamp", at)
                    }
                };
            }
            let answer = request.send().await.map_err(|error| error.without_url().to_string())?;
            let status = answer.status().as_u16();
            // Read to the end, so that the connection can be used again.
            answer.bytes().await.map_err(|error| error.without_url().to_string())?;
            Ok(status)
        };
        Answer { outcome: outcome.await, took: begun.elapsed() }
    }
}

fn report(answers: &[Answer], calls: usize, took: Duration) -> anyhow::Result<()> {
    let mut times: Vec<f64> = answers.iter().map(|a| a.took.as_secs_f64() * 1000.0).collect();
    times.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| {
        let index = (times.len() as f64 * share) as usize;
        times.get(index.min(times.len().saturating_sub(1))).copied().unwrap_or_default()
    };
    let accepted = answers.iter().filter(|a| matches!(a.outcome, Ok(200))).count();
    println!(
        "{calls} calls, {} webhooks in {:.2} s ({:.0}/s): {accepted} accepted; p50 {:.1} ms, p99 {:.1} ms",
        answers.len(),
        took.as_secs_f64(),
        answers.len() as f64 / took.as_secs_f64().max(f64::EPSILON),
        at(0.5),
        at(0.99),
    );
    let mut refused = std::collections::BTreeMap::<String, usize>::new();
    for answer in answers {
        match &answer.outcome {
            Ok(200) => {}
            Ok(status) => *refused.entry(format!("answered {status}")).or_default() += 1,
            Err(error) => *refused.entry(error.clone()).or_default() += 1,
        }
    }
    for (why, times) in &refused {
        println!("  {times} × {why}");
    }
    if accepted < answers.len() {
        bail!("{} webhooks were not accepted", answers.len() - accepted);
    }
    Ok(())
}
