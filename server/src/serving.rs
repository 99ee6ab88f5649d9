//! Whether a server is at work: known by locks that the kernel drops when the process dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

fn file(data_dir: &Path) -> Option<File> {
    File::create(data_dir.join("serving.lock")).ok()
}

/// Held by a server as long as it serves. Nothing depends on it but the pace of others.
pub fn begin(data_dir: &Path) -> Option<File> {
    file(data_dir).filter(|file| file.try_lock_shared().is_ok())
}

/// Held by whoever has the directory to itself; `None` while a server serves.
pub fn nobody(data_dir: &Path) -> Option<File> {
    file(data_dir).filter(|file| file.try_lock().is_ok())
}

/// Takes the lock of the one server of an SQLite file: a second server would close the calls of the
/// first. Commands such as `import` do not need it. PostgreSQL can be shared by several servers, also
/// with one data directory.
pub fn claim(database: &Path) -> anyhow::Result<File> {
    let real = database.canonicalize().unwrap_or_else(|_| database.to_owned());
    let mut path = real.into_os_string();
    path.push("-server");
    let path = PathBuf::from(path);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(&path).with_context(|| {
        format!("writing {}: its folder must exist and be writable for this user", path.display())
    })?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            bail!(
                "a TrustCart server (process {}) already uses {}. Stop it first, or give this one its \
                 own TRUSTCART_DATA_DIR. Several servers can share a PostgreSQL database",
                pid.trim(),
                database.display(),
            );
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("locking {}", path.display()));
        }
    }
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_noticed_as_long_as_it_serves() {
        let dir = tempfile::tempdir().expect("a folder");
        let (one, two) = (begin(dir.path()), begin(dir.path()));
        assert!(one.is_some() && two.is_some(), "servers on PostgreSQL may share a folder");
        assert!(nobody(dir.path()).is_none());
        drop((one, two));
        assert!(nobody(dir.path()).is_some());
    }

    #[test]
    fn a_second_server_on_one_sqlite_file_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let database = dir.path().join("trustcart.db");
        std::fs::write(&database, "").expect("a file");
        let link = dir.path().join("link.db");
        std::os::unix::fs::symlink(&database, &link).expect("a link");
        let first = claim(&database).expect("free");
        for path in [&database, &link] {
            let error = claim(path).expect_err("taken").to_string();
            assert!(error.contains(&std::process::id().to_string()), "{error}");
        }
        assert!(nobody(dir.path()).is_some(), "imports are not blocked");
        drop(first);
        claim(&link).expect("free again");
        assert!(claim(&dir.path().join("none/x.db")).is_err(), "no such folder");
    }
}
