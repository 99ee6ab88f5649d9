//! A throw-away PostgreSQL: own cluster, own port, gone at the end.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::shell::{command, output, run};

/// A running cluster; dropping it stops and deletes it.
pub struct Postgres {
    bin: PathBuf,
    dir: PathBuf,
    /// URL of its `postgres` database.
    pub url: String,
}

/// `initdb` and the server refuse to run as root: another user runs them then.
fn as_postgres(program: &Path, args: &[String]) -> std::process::Command {
    let root = output(command("id", &["-u"])).is_ok_and(|uid| uid.trim() == "0");
    let program = program.display().to_string();
    if root {
        let mut full = vec!["-u".to_owned(), "postgres".to_owned(), "--".to_owned(), program];
        full.extend_from_slice(args);
        let mut command = command("runuser", &full.iter().map(String::as_str).collect::<Vec<_>>());
        command.current_dir("/");
        command
    } else {
        command(&program, &args.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

impl Postgres {
    /// Makes and starts one. `durable`: with the fsync a real installation has (for figures).
    pub fn start(bin: PathBuf, durable: bool) -> anyhow::Result<Self> {
        let dir = std::env::temp_dir().join(format!("trustcart-pg-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        if output(command("id", &["-u"]))?.trim() == "0" {
            run(command("chown", &["postgres", &dir.display().to_string()]))?;
        }
        let data = dir.join("data").display().to_string();
        let init = ["-D", &data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8"]
            .map(ToOwned::to_owned);
        output(as_postgres(&bin.join("initdb"), &init)).context("initdb")?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let fsync = if durable { "" } else { "-c fsync=off -c synchronous_commit=off " };
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= {fsync}\
             -c max_connections=300 -c shared_buffers=256MB -c max_wal_size=2GB"
        );
        let log = dir.join("log").display().to_string();
        let start = ["-D", &data, "-o", &options, "-l", &log, "-w", "start"].map(ToOwned::to_owned);
        run(as_postgres(&bin.join("pg_ctl"), &start)).context("starting PostgreSQL")?;
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        Ok(Self { bin, dir, url })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.dir.join("data").display().to_string();
        let stop = ["-D", &data, "-m", "immediate", "stop"].map(ToOwned::to_owned);
        if let Err(error) = run(as_postgres(&self.bin.join("pg_ctl"), &stop)) {
            eprintln!("stopping PostgreSQL: {error:#}");
        }
        if let Err(error) = std::fs::remove_dir_all(&self.dir) {
            eprintln!("removing {}: {error}", self.dir.display());
        }
    }
}
