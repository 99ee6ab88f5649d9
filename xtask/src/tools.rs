//! Programs the tests need; installed from Debian's packages where this process may.

use std::path::PathBuf;

use crate::shell::{command, find, output, run};

/// Whether this process is root on a machine with apt.
fn may_install() -> bool {
    find(&["apt-get"]).is_some()
        && output(command("id", &["-u"])).is_ok_and(|uid| uid.trim() == "0")
}

/// The program, after installing `package` if it is missing and may be installed.
fn ensure(candidates: &[&str], package: &str) -> Option<PathBuf> {
    if let Some(found) = find(candidates) {
        return Some(found);
    }
    if !may_install() {
        return None;
    }
    let install = || -> anyhow::Result<()> {
        run(command("apt-get", &["update", "-qq"]))?;
        let mut install =
            command("apt-get", &["install", "-y", "-qq", "--no-install-recommends", package]);
        install.env("DEBIAN_FRONTEND", "noninteractive");
        run(install)
    };
    if let Err(error) = install() {
        eprintln!("installing {package}: {error:#}");
    }
    find(candidates)
}

/// The folder with `initdb` and `pg_ctl`.
pub fn postgres_bin() -> Option<PathBuf> {
    let candidates = [
        "/usr/lib/postgresql/17/bin/initdb",
        "/usr/lib/postgresql/16/bin/initdb",
        "/usr/lib/postgresql/15/bin/initdb",
        "initdb",
    ];
    Some(ensure(&candidates, "postgresql")?.parent()?.to_path_buf())
}

/// Chromium.
pub fn chromium() -> Option<PathBuf> {
    ensure(&["/usr/bin/chromium", "chromium", "google-chrome", "chromium-browser"], "chromium")
}

/// npm.
pub fn npm() -> Option<PathBuf> {
    find(&["npm"])
}

/// The SQLite shell, for its bulk load.
pub fn sqlite3() -> Option<PathBuf> {
    ensure(&["sqlite3"], "sqlite3")
}
