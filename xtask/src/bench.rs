//! Figures for docs/PERFORMANCE.md: a shop is made, imported through the product's own import
//! (beside the database's own bulk load of the same rows), the day is generated and pages are
//! asked for by 32 connections at once; on SQLite and on a throw-away PostgreSQL with fsync on.

mod calls;
mod day;
mod live;
mod load;
mod server;
mod webhooks;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::browser::target_dir;
use crate::postgres::Postgres;
use crate::shell::{command, output, run as run_command};
use crate::tools;
use load::latencies;
use server::Server;

/// Agents a team in the measured shop.
const AGENTS_A_TEAM: usize = 10;
/// A prime: its multiples go all over the customers.
const SPREAD: usize = 7_919;

/// What the nth request asks for.
type Paths<'a> = dyn Fn(usize) -> String + Sync + 'a;

/// What was done, and how it went.
type Row = (String, String);

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    /// A day in a shop.
    Day,
    /// What a PBX sends.
    Webhooks,
    /// What browsers are told.
    Live,
    /// Calls through an Asterisk.
    Calls,
}

struct Options {
    what: What,
    customers: usize,
    /// A folder of CSV files to import instead of a demo shop.
    files: Option<PathBuf>,
    /// The data directory of an SQLite installation with a shop in it, and no agents yet; nothing is
    /// imported then.
    data: Option<PathBuf>,
    databases: Vec<&'static str>,
    /// Whether the rhythm is learned, which takes minutes in a large shop.
    learn: bool,
}

fn options(args: &[String]) -> anyhow::Result<Options> {
    let mut options = Options {
        what: What::Day,
        customers: 100_000,
        files: None,
        data: None,
        databases: vec!["sqlite", "postgres"],
        learn: true,
    };
    let mut args = args.iter();
    while let Some(flag) = args.next() {
        match flag.as_str() {
            "webhooks" => options.what = What::Webhooks,
            "live" => options.what = What::Live,
            "calls" => options.what = What::Calls,
            other if !other.starts_with("--") => bail!("there is no bench {other}"),
            _ => {}
        }
        if !flag.starts_with("--") {
            continue;
        }
        let value = args.next().with_context(|| format!("{flag} needs a value"))?;
        match (flag.as_str(), value.as_str()) {
            ("--customers", n) => options.customers = n.parse()?,
            ("--files", folder) => options.files = Some(std::path::absolute(folder)?),
            ("--data", folder) => options.data = Some(std::path::absolute(folder)?),
            ("--database", "sqlite") => options.databases = vec!["sqlite"],
            ("--database", "postgres") => options.databases = vec!["postgres"],
            ("--database", "both") => {}
            ("--learn", "no") => options.learn = false,
            _ => bail!("unknown option {flag} {value}"),
        }
    }
    Ok(options)
}

/// Measures and prints a Markdown table.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    let options = options(args)?;
    run_command(command("cargo", &["build", "--release", "--package", "trustcart"]))?;
    let binary = target_dir().join("release/trustcart");
    let work = std::env::temp_dir().join(format!("trustcart-bench-{}", std::process::id()));
    std::fs::create_dir_all(&work)?;
    let files = if options.what != What::Day || options.data.is_some() {
        work.clone()
    } else if let Some(folder) = options.files {
        folder
    } else {
        let files = work.join("files");
        let customers = options.customers.to_string();
        let mut make =
            command(&binary.display().to_string(), &["demo-files", "--customers", &customers]);
        make.arg("--out").arg(&files);
        print!("{}", output(make)?);
        files
    };

    let mut rows: Vec<(&str, Vec<Row>)> = Vec::new();
    for &database in &options.databases {
        let postgres = if database == "postgres" {
            let bin = tools::postgres_bin().context("PostgreSQL is not installed")?;
            Some(Postgres::start(bin, true)?)
        } else {
            None
        };
        let place = Place {
            binary: binary.clone(),
            files: files.clone(),
            data: options.data.clone().unwrap_or_else(|| work.join(database)),
            url: postgres.as_ref().map(|p| p.url.clone()),
            imported: options.data.is_some(),
            learn: options.learn,
        };
        std::fs::create_dir_all(&place.data)?;
        let found = match options.what {
            What::Day => measure(&place)?,
            What::Webhooks => webhooks::measure(&place)?,
            What::Live => live::measure(&place)?,
            What::Calls => calls::measure(&place)?,
        };
        rows.push((database, found));
    }
    print_table(&rows);
    std::fs::remove_dir_all(&work)?;
    Ok(())
}

struct Place {
    binary: PathBuf,
    files: PathBuf,
    data: PathBuf,
    url: Option<String>,
    /// Whether the shop is there already.
    imported: bool,
    /// Whether the rhythm is learned.
    learn: bool,
}

impl Place {
    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = command(&self.binary.display().to_string(), args);
        command
            .env("TRUSTCART_DATA_DIR", &self.data)
            .env("TRUSTCART_DEMO", "false")
            .env("RUST_LOG", "warn");
        if let Some(url) = &self.url {
            command.env("DATABASE_URL", url);
        }
        command
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}

fn measure(place: &Place) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut note = |what: &str, value: String| {
        eprintln!("  {what}: {value}");
        rows.push((what.to_owned(), value));
    };
    let customers =
        if place.imported { count_customers(place)? } else { import(place, &mut note)? };

    let begun = Instant::now();
    let server = Server::start(place)?;
    note("start on the existing database", seconds(begun.elapsed()));
    note("memory idle", format!("{} MB", server.memory_mb()?));
    let tl = server.login("tl")?;
    let agents = staff(&server, &tl)?;
    let admin = server.login("admin")?;
    let begun = Instant::now();
    cover(place, &server, &admin, &tl, customers)?;
    note("everybody into one team leader's coverage", seconds(begun.elapsed()));
    settle(place)?;
    for nth in if place.learn { &["first time", "again"][..] } else { &[] } {
        let (took, p99) = learn(&server, &admin)?;
        note(
            &format!("learn the rhythm, {nth}; webhooks meanwhile"),
            format!("{}; p99 {p99:.1} ms", seconds(took)),
        );
        settle(place)?;
    }
    // The server plans the day too, after a start and every two hours, for whoever is there by then.
    if server.post(&admin, "/api/crm/team/ops/plan/undo", &json!({})).is_ok() {
        eprintln!("  (the server had planned the day itself; taken back)");
        settle(place)?;
    }
    let generate = |body: Value| -> anyhow::Result<(Duration, Value)> {
        let begun = Instant::now();
        let answer = server.post(&tl, "/api/crm/team/ops/generate-calls", &body)?;
        Ok((begun.elapsed(), answer))
    };
    let (took, plan) = generate(json!({}))?;
    note("generate the day", format!("{} ({} tasks)", seconds(took), plan["created"]));
    note("memory after generating (peak)", format!("{} MB", server.peak_mb()?));
    let (took, again) = generate(json!({}))?;
    if again["created"] != 0 {
        bail!("generating twice made {} more tasks", again["created"]);
    }
    note("generate again", seconds(took));

    let agent = server.login(&agents[0])?;
    let one = customers / 2 + 1;
    let anybody = |n: usize| 1 + n * SPREAD % customers;
    let pages: [(&str, &server::Session, &Paths<'_>); 6] = [
        ("TL dashboard", &tl, &|_| "/api/crm/team/dashboard".to_owned()),
        ("agent's task list", &agent, &|_| "/api/crm/automation/tasks/today".to_owned()),
        ("customer 360, of one", &tl, &|_| format!("/api/cdm/customer360/{one}")),
        ("customer 360, each of another", &tl, &|n| format!("/api/cdm/customer360/{}", anybody(n))),
        ("search by phone", &tl, &|_| "/api/cdm/search?q=0171".to_owned()),
        ("health check (baseline)", &tl, &|_| "/healthz".to_owned()),
    ];
    for (what, who, path) in pages {
        let l = latencies(&server.url, &who.token, path, 32, 10_000)?;
        note(
            &format!("{what}, 32 connections"),
            format!("p50 {:.1} ms, p99 {:.1} ms, {:.0}/s", l.p50_ms, l.p99_ms, l.per_second),
        );
    }
    note("calls worked to an outcome, ten agents", day::work(&server, &agents[..10])?);
    server.stop()?;
    Ok(rows)
}

/// Imports the files, beside the database's own bulk load; the number of customers.
fn import(place: &Place, note: &mut impl FnMut(&str, String)) -> anyhow::Result<usize> {
    for login in ["admin:admin", "tl:team_leader"] {
        let (name, role) = login.split_once(':').context("login:role")?;
        let add = ["user", "add", name, "--role", role, "--password", server::PASSWORD];
        output(place.command(&add))?;
    }
    let lines_file = place.files.join("order_lines.csv");
    let (mut customers, mut orders) = (0, Duration::ZERO);
    for kind in ["categories", "products", "customers", "orders"] {
        let path = place.files.join(format!("{kind}.csv"));
        let mut import = place.command(&["import", kind, &path.display().to_string()]);
        let mut lines = csv::Reader::from_path(&path)?.into_byte_records().count();
        if kind == "customers" {
            customers = lines;
        } else if kind == "orders" && lines_file.exists() {
            import.arg("--lines").arg(&lines_file);
            lines = csv::Reader::from_path(&lines_file)?.into_byte_records().count();
        }
        let begun = Instant::now();
        output(import)?;
        let took = begun.elapsed();
        if kind == "orders" {
            orders = took;
        }
        if lines > 1000 {
            let rate = lines as f64 / took.as_secs_f64();
            note(
                &format!("import {kind} ({lines} rows)"),
                format!("{}, {rate:.0} rows/s", seconds(took)),
            );
        }
    }
    note(
        "database's own bulk load of the order lines into a bare table",
        seconds(bulk_load(place)?),
    );
    let loaded = load(place)?;
    note("database's own load of the rows the import of orders wrote", seconds(loaded));
    let ratio = orders.as_secs_f64() / loaded.as_secs_f64();
    note("import of orders : that load", format!("{ratio:.2}"));
    Ok(customers)
}

fn count_customers(place: &Place) -> anyhow::Result<usize> {
    let file = place.data.join("trustcart.db").display().to_string();
    let counted = output(command("sqlite3", &[&file, "SELECT COUNT(*) FROM customers"]))?;
    counted.trim().parse().context("a number of customers")
}

/// The API assigns at most 200,000 at once; more are put there behind its back.
fn cover(
    place: &Place,
    server: &Server,
    admin: &server::Session,
    tl: &server::Session,
    customers: usize,
) -> anyhow::Result<()> {
    if customers > 200_000 {
        let sql = format!("UPDATE customers SET assigned_supervisor_id = {};", tl.user_id);
        return webhooks::shell(place, &sql);
    }
    let coverage = json!({"filter": {"assignedTo": "none"}, "teamLeaderId": tl.user_id});
    server.post(admin, "/api/crm/team/leads/bulk-assign", &coverage)?;
    Ok(())
}

/// Hours lie between bringing a history, the night's learning and the day's plan: PostgreSQL has then
/// vacuumed, analysed and written back what they changed, and would now do it beside the measurement.
fn settle(place: &Place) -> anyhow::Result<()> {
    if place.url.is_some() {
        webhooks::shell(place, "VACUUM ANALYZE;")?;
        webhooks::shell(place, "CHECKPOINT;")?;
    }
    Ok(())
}

/// Learns from the history, as each night; how long it took, and the p99 of webhooks meanwhile.
fn learn(server: &Server, admin: &server::Session) -> anyhow::Result<(Duration, f64)> {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let drip = scope.spawn(|| webhooks::p99_until(server, &done));
        let begun = Instant::now();
        let answer = server.post(admin, "/api/cdm/reorder/learn", &json!({}));
        let took = begun.elapsed();
        done.store(true, Ordering::Relaxed);
        let Ok(p99) = drip.join() else { bail!("the load thread panicked") };
        let quality = &answer?["quality"];
        eprintln!("  (in use: {}, {})", quality["inUse"], quality["report"]["reminders"]);
        Ok((took, p99?))
    })
}

/// Five teams with their agents, made through the API.
fn staff(server: &Server, tl: &server::Session) -> anyhow::Result<Vec<String>> {
    let admin = server.login("admin")?;
    let mut logins = Vec::new();
    for code in ["A", "B", "C", "D", "E"] {
        let team = server.post(tl, "/api/crm/team/teams", &json!({"code": code, "name": code}))?;
        for n in 0..AGENTS_A_TEAM {
            let login = format!("agent-{}-{n}", code.to_lowercase());
            let user = server.post(
                &admin,
                "/api/users",
                &json!({
                    "login": login, "name": login, "password": server::PASSWORD, "role": "agent",
                    "teamLeaderId": tl.user_id, "extension": format!("{}{n}", code.as_bytes()[0]),
                }),
            )?;
            let path = format!("/api/crm/team/teams/{}/assign-agent", team["id"]);
            server.post(tl, &path, &json!({"agentId": user["id"]}))?;
            logins.push(login);
        }
    }
    Ok(logins)
}

/// The database's own way of loading the same file into a plain table of text columns.
fn bulk_load(place: &Place) -> anyhow::Result<Duration> {
    let own = place.files.join("order_lines.csv");
    let orders = if own.exists() { own } else { place.files.join("orders.csv") };
    let orders = orders.display().to_string();
    let columns = header(Path::new(&orders))?;
    let create = format!("CREATE TABLE bulk_baseline ({})", columns.join(" text, ") + " text");
    let (setup, load, cleanup) = if let Some(url) = &place.url {
        let psql = |sql: &str| command("psql", &[url, "-q", "-c", sql]);
        let copy = format!("\\copy bulk_baseline FROM '{orders}' CSV HEADER");
        (psql(&create), psql(&copy), psql("DROP TABLE bulk_baseline"))
    } else {
        tools::sqlite3().context("Debian's package sqlite3 is missing")?;
        let file = place.data.join("bulk.db").display().to_string();
        let import = format!(".import --csv --skip 1 {orders} bulk_baseline");
        (
            command("sqlite3", &[&file, &create]),
            command("sqlite3", &[&file, "-cmd", &import, "SELECT 1"]),
            command("rm", &[&file]),
        )
    };
    output(setup)?;
    let begun = Instant::now();
    output(load)?;
    let took = begun.elapsed();
    output(cleanup)?;
    Ok(took)
}

/// The tables an import of orders fills.
const FILLED: [&str; 4] = ["orders", "order_lines", "customer_interactions", "reorder_pairs"];

/// The database's own load of the rows the import wrote into empty tables with the same keys, indexes
/// and foreign keys: `COPY` from files, or one `INSERT … SELECT` a table.
fn load(place: &Place) -> anyhow::Result<Duration> {
    let each = |sql: &dyn Fn(&str) -> String| FILLED.map(sql).concat();
    let (setup, load, cleanup) = if let Some(url) = &place.url {
        let file = |t: &str| place.data.join(format!("{t}.csv")).display().to_string();
        let psql = |commands: Vec<String>| {
            let mut psql = command("psql", &[url, "-q", "-v", "ON_ERROR_STOP=1"]);
            for sql in commands {
                psql.arg("-c").arg(sql);
            }
            psql
        };
        let list = FILLED.map(|t| format!("'{t}'")).join(",");
        let make = each(&|t| format!("CREATE TABLE load.{t} (LIKE {t} INCLUDING ALL);"));
        let foreign_keys = format!(
            "DO $do$ DECLARE added text; BEGIN
               FOR added IN
                 SELECT format('ALTER TABLE load.%I ADD %s', t.relname, pg_get_constraintdef(c.oid))
                 FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
                 WHERE c.contype = 'f' AND t.relname IN ({list})
               LOOP EXECUTE added; END LOOP;
             END $do$"
        );
        let mut setup = vec![format!("CREATE SCHEMA load; {make}"), foreign_keys];
        setup.extend(FILLED.map(|t| format!("\\copy {t} TO '{}'", file(t))));
        (
            psql(setup),
            psql(FILLED.map(|t| format!("\\copy load.{t} FROM '{}'", file(t))).into()),
            psql(vec!["SET client_min_messages = error; DROP SCHEMA load CASCADE".to_owned()]),
        )
    } else {
        let from = place.data.join("trustcart.db").display().to_string();
        let to = place.data.join("load.db").display().to_string();
        let schema = "SELECT sql || ';' FROM sqlite_schema
             WHERE sql IS NOT NULL AND type IN ('table', 'index') AND name NOT LIKE 'sqlite_%'";
        let schema = output(command("sqlite3", &[&from, schema]))?;
        let begin = format!("PRAGMA cache_size = -200000; ATTACH '{from}' AS source; ");
        let fill = |t: &str| format!("INSERT INTO {t} SELECT * FROM source.{t}");
        let parents = ["users", "categories", "products", "customers"];
        let parents = parents.map(|t| fill(t) + ";").concat();
        // With a condition, so that SQLite inserts row by row instead of copying whole pages.
        let rows = each(&|t| fill(t) + " WHERE true;");
        let setup = format!("PRAGMA journal_mode = wal; {schema} {begin} {parents}");
        (
            command("sqlite3", &[&to, &setup]),
            command("sqlite3", &[&to, &format!("PRAGMA foreign_keys = on; {begin} {rows}")]),
            command("rm", &[&to]),
        )
    };
    output(setup)?;
    let begun = Instant::now();
    output(load)?;
    let took = begun.elapsed();
    output(cleanup)?;
    Ok(took)
}

fn header(file: &Path) -> anyhow::Result<Vec<String>> {
    let mut reader = csv::Reader::from_path(file)?;
    Ok(reader.headers()?.iter().map(ToOwned::to_owned).collect())
}

fn print_table(databases: &[(&str, Vec<Row>)]) {
    let names: Vec<&str> = databases.iter().map(|d| d.0).collect();
    println!("\n| work | {} |", names.join(" | "));
    println!("|---|{}", "---|".repeat(names.len()));
    let Some((_, first)) = databases.first() else { return };
    for (row, (what, _)) in first.iter().enumerate() {
        let values: Vec<&str> = databases
            .iter()
            .map(|(_, rows)| rows.get(row).map_or("", |(_, value)| value.as_str()))
            .collect();
        println!("| {what} | {} |", values.join(" | "));
    }
}
