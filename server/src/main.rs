//! The `trustcart` command.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use rustix::fs::Mode;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use trustcart::app::AppState;
use trustcart::clock::Clock;
use trustcart::config::Config;
use trustcart::db::{self, Db};
use trustcart::telephony::play;
use trustcart::{
    calls, customers, demo, imports, jobs, openapi, reorder, server, serving, startup, users,
};

/// SQLite, which is C, allocates with it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Call-centre CRM for shops that live on repeat purchase.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    config: Config,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server (the default).
    Serve,
    /// Import a CSV file into the configured database. Exit code 0 also with rejected rows (they are
    /// reported), 1 when the import failed.
    Import(imports::cli::ImportArgs),
    /// Print the OpenAPI document.
    Openapi,
    /// Manage users.
    User(users::cli::UserCommand),
    /// Play the other side of a contract against an installation.
    Simulate(play::SimulateCommand),
    /// Judge the learned reorder rhythm.
    Reorder(reorder::cli::ReorderCommand),
    /// Set up a telephone system.
    Pbx(calls::pbx::PbxCommand),
    /// Write a demo shop as CSV files, to try the import with.
    DemoFiles {
        /// Folder to write to.
        #[arg(long)]
        out: PathBuf,
        /// Size of the shop.
        #[arg(long, default_value_t = trustcart::demo::CUSTOMERS)]
        customers: usize,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trustcart: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    if cli.config.log_json {
        log.json().init();
    } else {
        log.init();
    }
    let command = cli.command.unwrap_or(Command::Serve);
    // New files are private, except those of a command that exports.
    if !matches!(command, Command::DemoFiles { .. }) {
        rustix::process::umask(Mode::RWXG | Mode::RWXO);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        match command {
            Command::Serve => serve(cli.config).await,
            Command::User(command) => {
                startup::own_data_dir(&cli.config.data_dir)?;
                let url = cli.config.database_url();
                let db = Db::connect(&url).await.context("opening the database")?;
                let clock = Clock::system(cli.config.time_zone);
                let done = users::cli::run(&db, &clock, command).await;
                db.close().await;
                done
            }
            Command::Reorder(command) => reorder::cli::run(&command),
            Command::Pbx(command) => {
                startup::own_data_dir(&cli.config.data_dir)?;
                let url = cli.config.database_url();
                let db = Db::connect(&url).await.context("opening the database")?;
                let clock = Clock::system(cli.config.time_zone);
                // A fresh installation gets its demo shop now rather than at the first start.
                startup::prepare(&db, &clock, &cli.config).await?;
                let done = calls::pbx::run(&db, &cli.config, command).await;
                db.close().await;
                done
            }
            Command::DemoFiles { out, customers } => {
                let today = Clock::system(cli.config.time_zone).today();
                let made = demo::export::export(&out, today, customers)?;
                println!(
                    "{} customers, {} orders, {} order lines in {}",
                    made.customers,
                    made.orders,
                    made.lines,
                    out.display()
                );
                Ok(())
            }
            Command::Simulate(command) => {
                play::run(command, &Clock::system(cli.config.time_zone)).await
            }
            Command::Import(args) => import(cli.config, args).await,
            Command::Openapi => {
                println!("{}", serde_json::to_string_pretty(&openapi::document())?);
                Ok(())
            }
        }
    });
    // Blocking threads that still run are not awaited.
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

async fn import(config: Config, args: imports::cli::ImportArgs) -> anyhow::Result<()> {
    startup::own_data_dir(&config.data_dir)?;
    let db =
        Db::connect(&config.database_url()).await.context("opening the database")?.for_background();
    let clock = Clock::system(config.time_zone);
    let state = AppState::new(db, clock, config).await?;
    server::stop_on_signal(&state);
    let outcome = imports::cli::run(&state, args).await;
    state.shut_down().await;
    outcome
}

async fn serve(config: Config) -> anyhow::Result<()> {
    startup::own_data_dir(&config.data_dir)?;
    let url = config.database_url();
    let _alone = db::sqlite::path(&url).map(serving::claim).transpose()?;
    let _serving = serving::begin(&config.data_dir);
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("listening on {}", config.listen))?;
    let db = Db::connect(&url).await.context("opening the database")?;
    let clock = Clock::system(config.time_zone);
    let welcome = startup::prepare(&db, &clock, &config).await?;
    let state = AppState::new(db, clock, config).await?;
    server::stop_on_signal(&state);
    if matches!(welcome, startup::Welcome::Demo { .. }) {
        reorder::learn::first(&state.for_background())
            .await
            .context("learning the demo shop's rhythm")?;
    }
    jobs::start(&state);
    imports::start(&state);
    customers::rekey::start(&state);
    calls::line::start(&state);
    welcome.print(listener.local_addr()?);
    server::serve(listener, state.clone()).await?;
    state.shut_down().await;
    Ok(())
}
