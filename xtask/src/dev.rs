//! `cargo xtask dev`: the server, rebuilt and restarted when its sources change, beside Vite with hot
//! reload of the browser app.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;

use crate::browser::target_dir;
use crate::shell::{command, root};

/// What the server is built from.
const SOURCES: [&str; 4] = ["server/src", "server/migrations", "content", "server/Cargo.toml"];

/// How often the sources are looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// Runs until Vite ends or Ctrl-C, which reaches all processes of the terminal.
pub fn run() -> anyhow::Result<()> {
    let mut vite = command("npm", &["run", "dev"])
        .current_dir(root().join("web"))
        .spawn()
        .context("starting Vite: run `npm ci` in web/ first")?;
    let outcome = follow(&mut vite);
    for step in [vite.kill(), vite.wait().map(|_| ())] {
        step.context("stopping Vite")?;
    }
    outcome
}

fn follow(vite: &mut Child) -> anyhow::Result<()> {
    let mut server: Option<Child> = None;
    let mut built = None;
    while vite.try_wait()?.is_none() {
        let newest = newest()?;
        if built != newest {
            built = newest;
            // The app comes from Vite: the server needs none inside.
            let build = command("cargo", &["build", "--package", "trustcart"])
                .env("TRUSTCART_SKIP_WEB", "1")
                .status()?;
            if build.success() {
                stop(server.take())?;
                server = Some(start()?);
            }
        }
        std::thread::sleep(INTERVAL);
    }
    stop(server)
}

fn start() -> anyhow::Result<Child> {
    let mut server = Command::new(target_dir().join("debug/trustcart"));
    server.current_dir(root()).spawn().context("starting the server")
}

/// Asks the server to end as an operator would, and waits for it.
fn stop(server: Option<Child>) -> anyhow::Result<()> {
    let Some(mut server) = server else {
        return Ok(());
    };
    if server.try_wait()?.is_none() {
        command("kill", &["-TERM", &server.id().to_string()]).status()?;
    }
    server.wait().context("waiting for the server")?;
    Ok(())
}

/// When the last source changed.
fn newest() -> anyhow::Result<Option<SystemTime>> {
    let mut newest = None;
    let mut open: Vec<PathBuf> = SOURCES.iter().map(|path| root().join(path)).collect();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            for entry in std::fs::read_dir(&path)? {
                open.push(entry?.path());
            }
        } else {
            newest = newest.max(modified(&path));
        }
    }
    Ok(newest)
}

/// `None` for a file that an editor is replacing at this moment.
fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|file| file.modified()).ok()
}
