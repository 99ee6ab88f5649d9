//! `trustcart import`: the same import in this process, also beside a running server.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use super::mapping::Overrides;
use super::readings::Said;
use super::status::Answers;
use super::store::{self, NewJob};
use super::upload::{Stored, date_order, override_of};
use super::{
    Format, ImportJob, JobStatus, Kind, Severity, answers, prepare, rejected, source, work,
};
use crate::app::AppState;
use crate::db::ImportId;
use crate::serving;

/// What to import.
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// What the file holds.
    #[arg(value_enum)]
    kind: CliKind,
    /// A CSV file or an Excel workbook (.xlsx, .xls).
    file: PathBuf,
    /// For orders: a second file with their lines.
    #[arg(long, value_name = "FILE")]
    lines: Option<PathBuf>,
    /// Whose export the file is.
    #[arg(long, value_enum, default_value = "auto")]
    format: CliFormat,
    /// What a column means (repeatable); an empty field: nothing. Columns of the lines file begin
    /// with `lines.`.
    #[arg(long = "map", value_name = "COLUMN=FIELD")]
    map: Vec<String>,
    /// Which sheet of a workbook; by default the first that holds something.
    #[arg(long)]
    sheet: Option<String>,
    /// What comes first in dates such as 03/04/2026, where the columns do not show it.
    #[arg(long, value_parser = ["auto", "day_first", "month_first"])]
    date_order: Option<String>,
    /// Name of the shop the orders come from, where several shops count them alike.
    #[arg(long, value_name = "NAME")]
    shop: Option<String>,
    /// What a status word of the file means (repeatable), e.g. `packed=confirmed`; kept for the
    /// source.
    #[arg(long = "status", value_name = "WORD=STATUS")]
    status: Vec<String>,
    /// Only check.
    #[arg(long)]
    dry_run: bool,
    /// Write rejected rows here, with a last column that says why.
    #[arg(long, value_name = "FILE")]
    rejected: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CliKind {
    Categories,
    Products,
    Customers,
    Orders,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CliFormat {
    Auto,
    Own,
    Woocommerce,
    Shopify,
}

impl From<CliKind> for Kind {
    fn from(kind: CliKind) -> Self {
        match kind {
            CliKind::Categories => Self::Categories,
            CliKind::Products => Self::Products,
            CliKind::Customers => Self::Customers,
            CliKind::Orders => Self::Orders,
        }
    }
}

impl CliFormat {
    const fn format(self) -> Option<Format> {
        match self {
            Self::Auto => None,
            Self::Own => Some(Format::Own),
            Self::Woocommerce => Some(Format::WooCommerce),
            Self::Shopify => Some(Format::Shopify),
        }
    }
}

fn overrides(map: &[String]) -> anyhow::Result<Overrides> {
    map.iter()
        .map(|said| {
            let (column, field) = said
                .split_once('=')
                .with_context(|| format!("--map {said}: expected COLUMN=FIELD"))?;
            Ok((column.to_owned(), override_of(column, Some(field))?))
        })
        .collect()
}

fn said_of_statuses(said: &[String]) -> anyhow::Result<Answers> {
    said.iter()
        .map(|said| {
            let (word, status) = said
                .rsplit_once('=')
                .with_context(|| format!("--status {said}: expected WORD=STATUS"))?;
            Ok(answers::answer(word, status)?)
        })
        .collect()
}

/// Imports and prints; an error if the import failed or was stopped. Rejected rows are none.
pub async fn run(state: &AppState, args: ImportArgs) -> anyhow::Result<()> {
    let kind = Kind::from(args.kind);
    let said = overrides(&args.map)?;
    let shop = answers::shop(args.shop.as_deref().unwrap_or_default())?;
    let statuses = said_of_statuses(&args.status)?;
    let main = Stored::copy(state, &args.file).await?;
    let (main, _, mut notes) = main.into_csv(state, args.sheet).await?;
    let lines = match &args.lines {
        Some(path) => {
            let lines = Stored::copy(state, path).await?;
            let (lines, _, found) = lines.into_csv(state, None).await?;
            notes.extend(found);
            Some(lines)
        }
        None => None,
    };
    let date_order = date_order(args.date_order.as_deref().unwrap_or_default())?;
    let dates = Said::on(state.clock.today(), date_order);
    let paths = (main.path.clone(), lines.as_ref().map(|lines| lines.path.clone()));
    let format = args.format.format();
    let prepared = work::blocking(move || {
        prepare::prepare(kind, format, &said, &paths.0, paths.1.as_deref(), dates)
    })
    .await?;
    notes.extend(prepared.notes.iter().cloned());
    let mut tx = state.db.begin().await?;
    let source = source(prepared.format, shop.as_deref());
    let statuses = answers::of_upload(&mut tx, kind, &source, &statuses).await?;
    let new = NewJob {
        kind,
        format: prepared.format,
        shop,
        statuses,
        file_name: main.name.clone(),
        stored_path: main.keep(),
        lines_path: lines.map(Stored::keep),
        dry_run: args.dry_run,
        date_order,
        notes,
        mapping: prepared.mapping(),
        columns: prepared.main.names,
        total_rows: prepared.total_rows,
        lines_total: prepared.lines.map_or(0, |lines| lines.total),
        created_by: None,
    };
    println!("{} rows of {kind} in the {} format", new.total_rows, new.format);
    for (column, field) in &new.mapping {
        println!("  {column} = {field}");
    }
    let id = store::insert(&mut tx, state.clock.now(), &new).await?.id;
    tx.commit().await?;
    let begun = tokio::time::Instant::now();
    // On SQLite a running server waits for each transaction; PostgreSQL locks rows.
    let alone = serving::nobody(&state.config.data_dir);
    let chunk = if alone.is_some() || state.db.is_postgres() {
        state.db.prepare_for_bulk().await?;
        work::CHUNK_ALONE
    } else {
        work::CHUNK
    };
    work::work(state, id, chunk, |job| {
        eprint!("\r{} of {} rows, {} rejected", job.done_rows, job.total_rows, job.error_rows);
    })
    .await?;
    eprintln!();
    let job = {
        let mut tx = state.db.read().await?;
        store::get(&mut tx, id).await?.context("the import is gone")?.public
    };
    summary(&job, begun.elapsed().as_secs_f64());
    if job.warnings > 0 {
        println!("{} warnings about rows that are taken, the first:", job.warnings);
        print_first(state, job.id, Severity::Warning).await?;
    }
    for (word, orders) in &job.unknown_statuses {
        println!(
            "Status `{word}` of {orders} orders is not known; say what it means: --status '{word}=shipped'"
        );
    }
    if job.error_rows > 0 {
        report_rejected(state, &job, args.rejected.as_deref()).await?;
    }
    if kind == Kind::Orders && !job.dry_run && job.created > 0 {
        println!(
            "The rhythm in these orders is learnt tonight, or now by \"Learn now\" under Products, Reminders."
        );
    }
    match (job.status, job.error) {
        (JobStatus::Done, _) => Ok(()),
        (_, Some(error)) => bail!("{}: {}", error.code, error.detail),
        (status, None) => bail!("the import is {status}; the server or the next start goes on"),
    }
}

fn summary(job: &ImportJob, seconds: f64) {
    let rows = if job.lines_total > 0 { job.lines_used } else { job.done_rows };
    println!(
        "{}{}: {} rows, {} taken, {} rejected; {} created, {} updated, {} unchanged; {:.1} s, {:.0} rows/s",
        job.status,
        if job.dry_run { " (dry run, nothing written)" } else { "" },
        job.done_rows,
        job.ok_rows,
        job.error_rows,
        job.created,
        job.updated,
        job.unchanged,
        seconds,
        rows as f64 / seconds.max(0.001),
    );
    if job.lines_total > job.lines_used {
        println!(
            "{} rows of the lines file belong to no order of the file",
            job.lines_total - job.lines_used
        );
    }
}

async fn report_rejected(
    state: &AppState,
    job: &ImportJob,
    file: Option<&std::path::Path>,
) -> anyhow::Result<()> {
    print_first(state, job.id, Severity::Error).await?;
    let Some(path) = file else {
        println!("Give --rejected FILE to get the rejected rows as a file.");
        return Ok(());
    };
    let mut out = std::io::BufWriter::new(
        std::fs::File::create(path).with_context(|| format!("writing {}", path.display()))?,
    );
    let mut writer = rejected::Writer::new(job);
    while let Some(page) = writer.next(&state.db).await? {
        std::io::Write::write_all(&mut out, &page)?;
    }
    std::io::Write::flush(&mut out)?;
    println!("Rejected rows: {}", path.display());
    Ok(())
}

async fn print_first(state: &AppState, id: ImportId, severity: Severity) -> anyhow::Result<()> {
    let mut tx = state.db.read().await?;
    for error in store::findings(&mut tx, id, severity, store::START, 10).await? {
        let column = error.column_name.map(|c| format!(" {c}:")).unwrap_or_default();
        let place =
            if error.line == 0 { "file".to_owned() } else { format!("line {}", error.line) };
        println!("  {place}:{column} {} [{}]", error.reason, error.code);
    }
    Ok(())
}
