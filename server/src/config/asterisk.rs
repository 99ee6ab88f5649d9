//! Settings of an Asterisk.

use clap::{Args, ValueEnum};

use super::ApiKey;

/// How customers' numbers are written for the trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DialFormat {
    /// `017…`, and `00` before the country code of other countries.
    National,
    /// `+88017…`.
    E164,
}

/// Where an Asterisk is and how calls are made on it.
#[derive(Args, Clone, Debug)]
pub struct AsteriskConfig {
    /// Address of an Asterisk's HTTP server, e.g. `http://127.0.0.1:8088`.
    #[arg(long = "asterisk-url", env = "ASTERISK_URL", id = "asterisk_url")]
    pub url: Option<String>,
    /// User of its REST interface (ari.conf).
    #[arg(
        long = "asterisk-user",
        env = "ASTERISK_USER",
        default_value = "trustcart",
        id = "asterisk_user"
    )]
    pub user: String,
    /// That user's password.
    #[arg(
        long = "asterisk-password",
        env = "ASTERISK_PASSWORD",
        hide_env_values = true,
        id = "asterisk_password"
    )]
    pub password: Option<ApiKey>,
    /// Where browsers connect their phones, e.g. `wss://pbx.example.com/ws`; without it `/ws` of the
    /// Asterisk's own address.
    #[arg(long = "asterisk-ws-url", env = "ASTERISK_WS_URL", id = "asterisk_ws_url")]
    pub ws_url: Option<String>,
    /// Endpoint that customers are reached by.
    #[arg(
        long = "asterisk-trunk",
        env = "ASTERISK_TRUNK",
        default_value = "trunk",
        id = "asterisk_trunk"
    )]
    pub trunk: String,
    /// How that endpoint wants customers' numbers.
    #[arg(
        long = "asterisk-dial-format",
        env = "ASTERISK_DIAL_FORMAT",
        value_enum,
        default_value = "national",
        id = "asterisk_dial_format"
    )]
    pub dial_format: DialFormat,
    /// Number customers see; without it the trunk's own.
    #[arg(long = "asterisk-caller-id", env = "ASTERISK_CALLER_ID", id = "asterisk_caller_id")]
    pub caller_id: Option<String>,
    /// Record every call from the moment it is answered; agents can pause it.
    #[arg(
        long = "asterisk-record",
        env = "ASTERISK_RECORD",
        default_value_t = true,
        action = clap::ArgAction::Set,
        value_parser = clap::builder::BoolishValueParser::new(),
        id = "asterisk_record"
    )]
    pub record: bool,
    /// Seconds a customer's telephone rings.
    #[arg(
        long = "asterisk-ring",
        env = "ASTERISK_RING_SECONDS",
        default_value_t = 45,
        value_parser = clap::value_parser!(u16).range(1..=180),
        id = "asterisk_ring"
    )]
    pub ring_seconds: u16,
    /// Seconds a caller waits for a free agent before the call counts as missed.
    #[arg(
        long = "asterisk-wait",
        env = "ASTERISK_WAIT_SECONDS",
        default_value_t = 120,
        value_parser = clap::value_parser!(u16).range(10..=1800),
        id = "asterisk_wait"
    )]
    pub wait_seconds: u16,
}
