//! Settings of the process, from the environment or flags (`trustcart serve --help`).

use std::net::SocketAddr;
use std::path::PathBuf;

use axum::http::HeaderName;
use chrono::TimeDelta;
use chrono_tz::Tz;
use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

pub use asterisk::{AsteriskConfig, DialFormat};
pub use bucket::BucketConfig;
pub use secret::{ApiKey, Secret};

mod asterisk;
mod bucket;
mod secret;

use crate::address::Network;
use crate::telephony::signature;

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
    /// Demo data on a fresh installation: yes or no (also 1, 0, true, false, on, off); without it, only
    /// when nothing else is configured.
    #[arg(long, env = "TRUSTCART_DEMO", value_parser = BoolishValueParser::new())]
    pub demo: Option<bool>,
    /// Password of the demo logins; without it a random one is made and printed.
    #[arg(long, env = "TRUSTCART_DEMO_PASSWORD", hide_env_values = true)]
    pub demo_password: Option<String>,
    /// The company's time zone: it decides what "today" is.
    #[arg(long, env = "TRUSTCART_TIME_ZONE", default_value = "Asia/Dhaka")]
    pub time_zone: Tz,
    /// Who makes the calls.
    #[arg(long, env = "TELEPHONY_PROVIDER", value_enum, default_value = "bracknet")]
    pub telephony_provider: Provider,
    /// REST address of a Bracknet PBX.
    #[arg(long, env = "BRACKNET_API_BASE_URL")]
    pub bracknet_api_base_url: Option<String>,
    /// Key of its REST interface; with it and the address calls are live.
    #[arg(long, env = "BRACKNET_API_KEY", hide_env_values = true)]
    pub bracknet_api_key: Option<ApiKey>,
    /// Number that customers' displays show, as the PBX may send it; its own choice without it.
    #[arg(long, env = "BRACKNET_CALLER_ID")]
    pub bracknet_caller_id: Option<String>,
    /// Longest wait for an answer of the PBX, milliseconds.
    #[arg(long, env = "BRACKNET_TIMEOUT_MS", default_value_t = 5_000, hide = true)]
    pub bracknet_timeout_ms: u64,
    /// Secret that a Bracknet PBX signs its webhooks with; two, separated by a comma, while it is
    /// being replaced. Once set, unsigned webhooks are refused.
    #[arg(long, env = "BRACKNET_WEBHOOK_SECRET", hide_env_values = true, value_delimiter = ',')]
    pub bracknet_webhook_secret: Vec<Secret>,
    /// Header with the hex HMAC-SHA256 of the plain signature scheme.
    #[arg(
        long,
        env = "BRACKNET_SIGNATURE_HEADER",
        default_value = "x-bracknet-signature",
        hide = true
    )]
    pub bracknet_signature_header: HeaderName,
    /// Header with the time (seconds since 1970) that is signed along, if the PBX sends one.
    #[arg(
        long,
        env = "BRACKNET_TIMESTAMP_HEADER",
        default_value = "x-bracknet-timestamp",
        hide = true
    )]
    pub bracknet_timestamp_header: HeaderName,
    /// Addresses and networks (CIDR, separated by commas) that webhooks may come from; all without it.
    #[arg(long, env = "TRUSTCART_WEBHOOK_ALLOW", value_delimiter = ',')]
    pub webhook_allow: Vec<Network>,
    /// Proxies whose X-Forwarded-For is believed: addresses and networks, separated by commas.
    #[arg(long, env = "TRUSTCART_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<Network>,
    /// Maximum open connections per client address (IPv6: per /64). Loopback and trusted proxies are
    /// exempt: limit connections in the proxy.
    #[arg(long, env = "TRUSTCART_CONNECTIONS_PER_ADDRESS", default_value_t = 1_000)]
    pub connections_per_address: usize,
    /// Bearer token for `/metrics`; without it only direct requests from this machine are answered.
    #[arg(long, env = "TRUSTCART_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<ApiKey>,
    /// Webhooks taken from one address in a minute.
    #[arg(long, env = "TRUSTCART_WEBHOOK_RATE", default_value_t = 120_000)]
    pub webhook_rate: u32,
    /// Where recordings are kept instead of the data directory.
    #[command(flatten)]
    pub bucket: BucketConfig,
    /// Hosts, with or without a port, that recordings are fetched from besides the PBX itself;
    /// separated by commas.
    #[arg(long, env = "TRUSTCART_RECORDING_HOSTS", value_delimiter = ',')]
    pub recording_hosts: Vec<String>,
    /// Days recordings are kept; for ever without it.
    #[arg(long, env = "TRUSTCART_RECORDING_DAYS")]
    pub recording_days: Option<u32>,
    /// Megabytes recordings may take; past that the oldest are deleted.
    #[arg(long, env = "TRUSTCART_RECORDING_QUOTA_MB")]
    pub recording_quota_mb: Option<u64>,
    /// Seconds that the time in a signed webhook may be from this machine's clock, either way.
    #[arg(long, env = "TRUSTCART_WEBHOOK_TOLERANCE", default_value_t = 300,
          value_parser = clap::value_parser!(u16).range(1..=3600))]
    pub webhook_tolerance: u16,
    /// Days that the log of webhooks is kept.
    #[arg(long, env = "TRUSTCART_WEBHOOK_LOG_DAYS", default_value_t = 14,
          value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub webhook_log_days: u16,
    /// Webhooks in that log at most; past that the oldest go, except those of the last hour.
    #[arg(long, env = "TRUSTCART_WEBHOOK_LOG_ROWS", default_value_t = 1_000_000)]
    pub webhook_log_rows: u32,
    /// Accept unsigned PBX webhooks from anywhere, not only from this machine. For closed test networks.
    #[arg(long, env = "TRUSTCART_INSECURE_WEBHOOKS", default_value_t = false, action = clap::ArgAction::Set,
          value_parser = BoolishValueParser::new())]
    pub insecure_webhooks: bool,
    /// The Asterisk, with `TELEPHONY_PROVIDER=asterisk`.
    #[command(flatten)]
    pub asterisk: AsteriskConfig,
    /// Customers whose purchases the reorder rhythm is learnt from each night, at most. More take longer.
    #[arg(long, env = "TRUSTCART_LEARN_FROM", default_value_t = 20_000,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub learn_from: u32,
    /// Log as JSON lines instead of text.
    #[arg(long, env = "TRUSTCART_LOG_JSON", default_value_t = false, action = clap::ArgAction::Set,
          value_parser = BoolishValueParser::new())]
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
    /// An Asterisk, by its REST interface; agents telephone in the browser.
    Asterisk,
}

impl Config {
    /// Checks who signed a webhook; `None` without a secret.
    pub fn webhook_verifier(&self) -> Option<signature::Verifier> {
        let keys: Vec<_> = self.bracknet_webhook_secret.iter().map(|s| s.key().to_vec()).collect();
        (!keys.is_empty()).then(|| {
            signature::Verifier::new(
                keys,
                self.bracknet_signature_header.clone(),
                self.bracknet_timestamp_header.clone(),
                TimeDelta::seconds(self.webhook_tolerance.into()),
            )
        })
    }

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
