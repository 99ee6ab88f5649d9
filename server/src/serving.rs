//! Whether a server is at work on a data directory: known by a lock that the kernel drops when the
//! process dies.

use std::fs::File;
use std::path::Path;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_noticed_as_long_as_it_serves() {
        let dir = tempfile::tempdir().expect("a folder");
        let (one, two) = (begin(dir.path()), begin(dir.path()));
        assert!(one.is_some() && two.is_some(), "two servers may share a folder");
        assert!(nobody(dir.path()).is_none());
        drop((one, two));
        assert!(nobody(dir.path()).is_some());
    }
}
