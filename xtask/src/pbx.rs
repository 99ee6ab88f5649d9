//! A real telephone system for development and tests: `cargo xtask pbx`.

mod install;
mod lab;

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::browser::target_dir;
use crate::shell::{command, root, run};

pub use install::obstacle;
pub use lab::{DID_PREFIX, Lab, PASSWORD};

/// Starts a lab for the agents in the database of `data`, or of a fresh demo shop.
pub fn start(trustcart: &Path, data: &Path, dir: &Path) -> anyhow::Result<Lab> {
    let mut configure = Command::new(trustcart);
    configure.env("TRUSTCART_DATA_DIR", data).env_remove("DATABASE_URL");
    start_with(configure, dir, |_| Ok(()))
}

/// The same for the database that `trustcart` is told of; `change` may change the PBX's configuration.
pub fn start_with(
    mut trustcart: Command,
    dir: &Path,
    change: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<Lab> {
    let asterisk = install::installed()?;
    Lab::start(&asterisk, dir, |arguments| {
        trustcart.current_dir(root()).args(["pbx", "config"]).args(arguments);
        trustcart.env("ASTERISK_PASSWORD", PASSWORD);
        run(trustcart)?;
        change(&dir.join("pbx/etc"))
    })
}

/// Runs the product with a real telephone system until it is stopped; `lab_only`: only the latter,
/// for a server of one's own.
pub fn serve(lab_only: bool) -> anyhow::Result<()> {
    if let Some(why) = obstacle() {
        anyhow::bail!("{why}");
    }
    run(command("cargo", &["build", "--package", "trustcart"]))?;
    let trustcart = target_dir().join("debug/trustcart");
    let data = root().join("data");
    let dir = target_dir().join("pbx-lab");
    let lab = start(&trustcart, &data, &dir)?;
    println!(
        "\nThe PBX is at {}, its log in {}/pbx/log/full.\n\
         Customers' numbers act by their last digit: 1 busy, 2 rings for ever, 3 declines, 4 unknown,\n\
         5 network full, 6 hangs up after 3 s, 7 plays a tone, 8 takes DTMF, any other echoes you.\n\
         A customer calls in: {}/carrier/cli channel originate Local/01712345678*0222220201@call-in application Milliwatt\n",
        lab.url,
        lab.dir.display(),
        lab.dir.display(),
    );
    if lab_only {
        println!(
            "TELEPHONY_PROVIDER=asterisk ASTERISK_URL={} ASTERISK_PASSWORD={PASSWORD} cargo run\n\
             TRUSTCART_LAB={}/lab.json for browser tests. Enter stops it.",
            lab.url,
            lab.dir.display()
        );
        std::io::stdin().read_line(&mut String::new())?;
        return Ok(());
    }
    let mut server = Command::new(&trustcart);
    server
        .current_dir(root())
        .env("TELEPHONY_PROVIDER", "asterisk")
        .env("ASTERISK_URL", &lab.url)
        .env("ASTERISK_PASSWORD", PASSWORD);
    server.status().context("starting the server").map(|_| ())
}
