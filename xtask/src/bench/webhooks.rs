//! How many events of a PBX become durable in a second, with few and with many old calls, beside a
//! bare loop of single-row commits in the same database.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::json;

use super::server::Server;
use super::{Place, Row, seconds};
use crate::shell::{command, output};
use crate::tools;

/// Deliveries under way at once.
const CONNECTIONS: usize = 32;
/// Calls that come in during a measurement; four events each.
const CALLS: usize = 3_000;
/// Rows of the bare loop.
const COMMITS: usize = 2_000;
/// Old calls in the table: few, then many.
const HISTORY: [usize; 2] = [5_000, 500_000];

/// The rows of the table for one database.
pub fn measure(place: &Place) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut note = |what: String, value: String| {
        eprintln!("  {what}: {value}");
        rows.push((what, value));
    };
    // Makes the schema.
    let add = ["user", "add", "admin", "--role", "admin", "--password", super::server::PASSWORD];
    output(place.command(&add))?;
    for line in 0..CONNECTIONS {
        let extension = extension(line);
        let login = format!("agent{extension}");
        let role = ["--role", "agent", "--extension", &extension];
        let password = ["--password", super::server::PASSWORD];
        output(place.command(&[&["user", "add", &login], &role[..], &password].concat()))?;
    }
    add_customers(place)?;
    let took = bare_commits(place)?;
    let rate = COMMITS as f64 / took.as_secs_f64();
    note("bare loop of single-row commits, one connection".to_owned(), format!("{rate:.0}/s"));
    let mut rates = Vec::new();
    let mut old = 0;
    for history in HISTORY {
        add_old_calls(place, old, history)?;
        old = history;
        let server = Server::start(place)?;
        // The first ones fill caches and prepare statements.
        play(&server, &format!("warm-{history}"), CALLS / 10)?;
        let done = play(&server, &format!("run-{history}"), CALLS)?;
        rates.push(done.per_second);
        note(
            format!("webhooks at {CONNECTIONS} connections, {history} old calls"),
            format!(
                "{:.0} events/s, p50 {:.1} ms, p99 {:.1} ms",
                done.per_second, done.p50_ms, done.p99_ms
            ),
        );
        server.stop()?;
    }
    if let [few, many] = rates[..] {
        let slower = few / many;
        note("few old calls : many".to_owned(), format!("{slower:.2} × as fast"));
    }
    Ok(rows)
}

struct Played {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// Sends a hundred events a second until `stop` is set; how long the slowest hundredth took at least.
pub(super) fn p99_until(server: &Server, stop: &AtomicBool) -> anyhow::Result<f64> {
    const SENDERS: usize = 4;
    let url = format!("{}/api/telephony/webhook/bracknet", server.url);
    let send = |line: usize| -> anyhow::Result<Vec<Duration>> {
        let agent = ureq::Agent::new_with_defaults();
        let mut took = Vec::new();
        let begun = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            let n = took.len();
            let event = json!({
                "event": "incoming_call", "from": caller(n), "bracknet_call_id": format!("drip-{line}-{n}"),
            });
            let sent = Instant::now();
            agent.post(&url).send_json(&event)?.body_mut().read_to_vec()?;
            took.push(sent.elapsed());
            let next = Duration::from_millis(40) * u32::try_from(took.len())?;
            std::thread::sleep(next.saturating_sub(begun.elapsed()));
        }
        Ok(took)
    };
    let mut all = std::thread::scope(|scope| -> anyhow::Result<Vec<Duration>> {
        let threads: Vec<_> = (0..SENDERS).map(|line| scope.spawn(move || send(line))).collect();
        let mut all = Vec::new();
        for thread in threads {
            let Ok(took) = thread.join() else { bail!("a load thread panicked") };
            all.extend(took?);
        }
        Ok(all)
    })?;
    all.sort_unstable();
    let index = all.len() * 99 / 100;
    Ok(all.get(index).map_or(0.0, |d| d.as_secs_f64() * 1000.0))
}

/// The extension of the agent who takes the calls of one connection: nobody takes two at once.
fn extension(line: usize) -> String {
    (201 + line).to_string()
}

/// Who rings in the n-th call; every other one is a customer.
fn caller(n: usize) -> String {
    format!("017{n:08}")
}

/// The events of inbound calls: each call's in order, many calls at once.
fn play(server: &Server, name: &str, calls: usize) -> anyhow::Result<Played> {
    let next = AtomicUsize::new(0);
    let url = format!("{}/api/telephony/webhook/bracknet", server.url);
    let work = |line: usize| -> anyhow::Result<Vec<Duration>> {
        let extension = extension(line);
        let agent = ureq::Agent::new_with_defaults();
        let mut took = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= calls {
                return Ok(took);
            }
            let id = format!("{name}-{n}");
            let phone = caller(n);
            for event in [
                json!({"event": "incoming_call", "from": phone, "to_extension": extension}),
                json!({"event": "call_answered", "agent_extension": extension}),
                json!({"event": "call_ended", "duration": 35, "end_reason": "completed"}),
                json!({"event": "call_recording_ready", "recording_duration": 35,
                       "recording_url": format!("https://pbx.example/{id}.mp3")}),
            ] {
                let mut event = event;
                event["bracknet_call_id"] = id.as_str().into();
                let begun = Instant::now();
                agent.post(&url).send_json(&event)?.body_mut().read_to_vec()?;
                took.push(begun.elapsed());
            }
        }
    };
    let begun = Instant::now();
    let mut all = std::thread::scope(|scope| -> anyhow::Result<Vec<Duration>> {
        let threads: Vec<_> =
            (0..CONNECTIONS).map(|line| scope.spawn(move || work(line))).collect();
        let mut all = Vec::with_capacity(calls * 4);
        for thread in threads {
            let Ok(took) = thread.join() else { bail!("a load thread panicked") };
            all.extend(took?);
        }
        Ok(all)
    })?;
    let elapsed = begun.elapsed().as_secs_f64();
    all.sort_unstable();
    let at = |share: f64| {
        let index = ((all.len() as f64 * share) as usize).min(all.len().saturating_sub(1));
        all.get(index).map_or(0.0, |d| d.as_secs_f64() * 1000.0)
    };
    Ok(Played { per_second: all.len() as f64 / elapsed, p50_ms: at(0.5), p99_ms: at(0.99) })
}

/// A statement for the database's own shell.
pub(super) fn shell(place: &Place, sql: &str) -> anyhow::Result<()> {
    let file = place.data.join("statement.sql");
    std::fs::write(&file, sql)?;
    let file = file.display().to_string();
    output(if let Some(url) = &place.url {
        command("psql", &[url, "-q", "-v", "ON_ERROR_STOP=1", "-f", &file])
    } else {
        tools::sqlite3().context("Debian's package sqlite3 is missing")?;
        let database = place.data.join("trustcart.db").display().to_string();
        command("sqlite3", &["-bail", &database, &format!(".read {file}")])
    })?;
    Ok(())
}

/// Every other caller is known.
fn add_customers(place: &Place) -> anyhow::Result<()> {
    let mut sql = String::from(
        "INSERT INTO customers (phone, name, tags, purchase_stage, value_stage, customer_type, \
           lifecycle_stage, temperature, created_at, updated_at) VALUES",
    );
    for n in (0..CALLS).step_by(2) {
        let at = "'2024-11-25T00:00:00.000Z'";
        // Writing to a String cannot fail.
        let _ = write!(
            sql,
            "{} ('+88{}', 'Customer {n}', '[]', 'new', 'normal', 'new', 'active', 'warm', {at}, {at})",
            if n == 0 { "" } else { "," },
            caller(n),
        );
    }
    sql.push(';');
    shell(place, &sql)
}

/// Calls of the last two years, ended.
fn add_old_calls(place: &Place, from: usize, to: usize) -> anyhow::Result<()> {
    let series = if place.url.is_some() {
        format!("SELECT n FROM generate_series({from}, {}) n", to - 1)
    } else {
        format!(
            "WITH RECURSIVE s(n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM s WHERE n < {}) \
             SELECT n FROM s",
            to - 1
        )
    };
    let at = if place.url.is_some() {
        "TIMESTAMPTZ '2024-11-25' + n * INTERVAL '2 minutes'"
    } else {
        "strftime('%Y-%m-%dT%H:%M:%fZ', '2024-11-25', (n * 2) || ' minutes')"
    };
    shell(
        place,
        &format!(
            "INSERT INTO telephony_calls (direction, provider, mode, external_call_id, \
               customer_phone, agent_phone, status, started_at, ended_at, duration_seconds, \
               end_reason, facts, meta, created_at, updated_at) \
             SELECT 'inbound', 'bracknet', 'mock', 'OLD-' || n, '+8801' || (300000000 + n * 13), \
               '201', 'completed', {at}, {at}, 35, 'completed', '{{}}', '{{}}', {at}, {at} \
             FROM ({series}) AS old;"
        ),
    )?;
    if place.url.is_some() {
        // Calls of years were vacuumed, analysed and written back long ago; PostgreSQL would do it now,
        // beside the measurement.
        shell(place, "VACUUM ANALYZE telephony_calls;")?;
        shell(place, "CHECKPOINT;")?;
    }
    Ok(())
}

/// One row a transaction, nothing else: what the disk and the database allow one after the other.
fn bare_commits(place: &Place) -> anyhow::Result<Duration> {
    let mut sql = String::from("CREATE TABLE bare_commits (id BIGINT PRIMARY KEY, body TEXT);\n");
    if place.url.is_none() {
        sql.insert_str(0, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;\n");
    }
    let body = "x".repeat(200);
    for n in 0..COMMITS {
        // Writing to a String cannot fail.
        let _ = writeln!(sql, "INSERT INTO bare_commits VALUES ({n}, '{body}');");
    }
    let begun = Instant::now();
    shell(place, &sql)?;
    let took = begun.elapsed();
    shell(place, "DROP TABLE bare_commits;")?;
    eprintln!("  ({COMMITS} commits in {})", seconds(took));
    Ok(took)
}
