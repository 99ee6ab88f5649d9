//! `trustcart pbx config`: an Asterisk's configuration for the agents in the database.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};

use crate::config::Config;
use crate::db::Db;
use crate::telephony::asterisk::files::{Settings, files};

/// Set up a telephone system.
#[derive(Args)]
pub struct PbxCommand {
    #[command(subcommand)]
    action: Pbx,
}

#[derive(Subcommand)]
enum Pbx {
    /// Write the configuration of an Asterisk for the agents in the database.
    Config(Box<ConfigArgs>),
}

#[derive(Args)]
struct ConfigArgs {
    /// Folder to write to; files there are replaced.
    #[arg(long)]
    out: PathBuf,
    /// The carrier's SIP server.
    #[arg(long, default_value = "sip.example.net")]
    carrier: String,
    /// Login at the carrier, where it wants one.
    #[arg(long, requires = "carrier_password")]
    carrier_user: Option<String>,
    /// Its password.
    #[arg(long, env = "TRUSTCART_CARRIER_PASSWORD", hide_env_values = true)]
    carrier_password: Option<String>,
    /// Where Asterisk's HTTP server (REST and browsers' sockets) listens.
    #[arg(long, default_value = "127.0.0.1:8088")]
    http: String,
    /// Certificate for wss://, a PEM file on the Asterisk's machine.
    #[arg(long, requires = "tls_key")]
    tls_certificate: Option<String>,
    /// Its key.
    #[arg(long)]
    tls_key: Option<String>,
    /// Where SIP over UDP listens.
    #[arg(long, default_value = "0.0.0.0:5060")]
    sip: String,
    /// The carrier's numbers that begin so and end in an extension ring at that agent first.
    #[arg(long)]
    did_prefix: Option<String>,
    /// First port for audio; a thousand calls need 2,000.
    #[arg(long, default_value_t = 20_000)]
    rtp_first: u16,
    /// Last port for audio.
    #[arg(long, default_value_t = 21_999)]
    rtp_last: u16,
    /// Address that audio is sent to, where it is not the machine's own.
    #[arg(long)]
    media_address: Option<String>,
}

fn address(text: &str, what: &str) -> anyhow::Result<(String, u16)> {
    let (host, port) = text.rsplit_once(':').with_context(|| format!("{what}: address:port"))?;
    Ok((host.to_owned(), port.parse().with_context(|| format!("{what}: the port"))?))
}

/// A value that stays on its line and is no comment.
fn plain(text: &str, what: &str) -> anyhow::Result<()> {
    let fits = !text.is_empty() && text.chars().all(|c| !c.is_control() && c != ';');
    ensure!(fits, "{what} has characters that a configuration file cannot hold");
    Ok(())
}

/// Runs the command.
pub async fn run(db: &Db, config: &Config, command: PbxCommand) -> anyhow::Result<()> {
    let Pbx::Config(args) = command.action;
    let password = config.asterisk.password.as_ref().context(
        "set ASTERISK_PASSWORD: the password of the REST interface, here and at the server",
    )?;
    let agents: Vec<(String, String)> = db
        .read()
        .await?
        .all(
            "SELECT extension, name FROM users WHERE active AND extension IS NOT NULL
             ORDER BY extension",
        )
        .await?;
    ensure!(!agents.is_empty(), "nobody in the database has an extension");
    let carrier_login = args.carrier_user.zip(args.carrier_password);
    for (value, what) in [
        (Some(&args.carrier), "--carrier"),
        (Some(&config.asterisk.user), "ASTERISK_USER"),
        (Some(&config.asterisk.trunk), "ASTERISK_TRUNK"),
        (carrier_login.as_ref().map(|(user, _)| user), "--carrier-user"),
        (carrier_login.as_ref().map(|(_, password)| password), "--carrier-password"),
        (args.did_prefix.as_ref(), "--did-prefix"),
        (args.media_address.as_ref(), "--media-address"),
        (args.tls_certificate.as_ref(), "--tls-certificate"),
        (args.tls_key.as_ref(), "--tls-key"),
    ] {
        value.map(|text| plain(text, what)).transpose()?;
    }
    plain(password.text(), "ASTERISK_PASSWORD")?;
    ensure!(args.rtp_first < args.rtp_last, "--rtp-first is not before --rtp-last");
    let settings = Settings {
        agents,
        ari: (config.asterisk.user.clone(), password.text().to_owned()),
        http: address(&args.http, "--http")?,
        tls: args.tls_certificate.zip(args.tls_key),
        sip: address(&args.sip, "--sip")?,
        trunk: args.carrier,
        trunk_login: carrier_login,
        trunk_name: config.asterisk.trunk.clone(),
        did_prefix: args.did_prefix,
        rtp: (args.rtp_first, args.rtp_last),
        media_address: args.media_address,
    };
    std::fs::create_dir_all(&args.out)?;
    for (name, text) in files(&settings) {
        let path = args.out.join(name);
        private(&path, &text).with_context(|| format!("writing {}", path.display()))?;
    }
    println!("{} telephones, written to {}", settings.agents.len(), args.out.display());
    Ok(())
}

/// Written so that others on the machine cannot read the passwords; Asterisk's group may be given
/// access by whoever installs them.
fn private(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options.open(path)?.write_all(text.as_bytes())
}
