//! Settings of the process, from the environment or flags (`trustcart serve --help`).

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono_tz::Tz;
use clap::{Args, ValueEnum};

/// How the process is set up.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Address to listen on.
    #[arg(long, env = "TRUSTCART_LISTEN", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,
    /// Where the SQLite file, uploads and recordings live.
    #[arg(long, env = "TRUSTCART_DATA_DIR", default_value = "data")]
    pub data_dir: PathBuf,
    /// `postgres://…` or `sqlite:PATH`; without it an SQLite file in the data directory.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Demo data on a fresh installation: `true`, `false`; without it, only when nothing else is configured.
    #[arg(long, env = "TRUSTCART_DEMO")]
    pub demo: Option<bool>,
    /// Password of the demo logins; without it a random one is made and printed.
    #[arg(long, env = "TRUSTCART_DEMO_PASSWORD", hide_env_values = true)]
    pub demo_password: Option<String>,
    /// The company's time zone: it decides what "today" is.
    #[arg(long, env = "TRUSTCART_TIME_ZONE", default_value = "Asia/Dhaka")]
    pub time_zone: Tz,
    /// Who makes the calls.
    #[arg(long, env = "TELEPHONY_PROVIDER", value_enum, default_value = "simulator")]
    pub telephony_provider: Provider,
    /// REST address of a Bracknet PBX.
    #[arg(long, env = "BRACKNET_API_BASE_URL")]
    pub bracknet_api_base_url: Option<String>,
    /// Accept unsigned PBX webhooks from anywhere, not only from this machine. For closed test networks.
    #[arg(long, env = "TRUSTCART_INSECURE_WEBHOOKS", default_value_t = false, action = clap::ArgAction::Set)]
    pub insecure_webhooks: bool,
    /// Log as JSON lines instead of text.
    #[arg(long, env = "TRUSTCART_LOG_JSON", default_value_t = false, action = clap::ArgAction::Set)]
    pub log_json: bool,
    /// How many times faster than real the simulator's calls run (tests, demonstrations).
    #[arg(long, env = "TRUSTCART_SIMULATOR_SPEED", default_value_t = 1.0, hide = true)]
    pub simulator_speed: f64,
}

/// The telephone system behind the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Provider {
    /// The built-in far end; no PBX needed.
    Simulator,
    /// A Bracknet PBX; without credentials its answers are `mode: "mock"` and the simulator plays the far end.
    Bracknet,
}

impl Config {
    /// The database to open.
    pub fn database_url(&self) -> String {
        self.database_url
            .clone()
            .unwrap_or_else(|| format!("sqlite:{}", self.data_dir.join("trustcart.db").display()))
    }

    /// Whether a fresh database is filled with demo data.
    pub fn wants_demo(&self) -> bool {
        self.demo.unwrap_or(self.database_url.is_none())
    }
}
