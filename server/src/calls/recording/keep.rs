//! How long recordings are kept, and how much room they may take (SPEC §5.8). The files themselves
//! are looked at, whoever wrote them; a call whose file is gone says so when it is asked for.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::recordings_folder;
use crate::app::AppState;
use crate::audit;
use crate::error::Result;

/// A file in the recordings folder.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    path: PathBuf,
    written: SystemTime,
    bytes: u64,
}

/// Which files go: those older than `longest`, then the oldest until the rest fits into `quota`.
fn to_delete(
    mut files: Vec<Kept>,
    now: SystemTime,
    longest: Option<Duration>,
    quota: Option<u64>,
) -> Vec<Kept> {
    files.sort_by(|a, b| (a.written, &a.path).cmp(&(b.written, &b.path)));
    let mut bytes: u64 = files.iter().map(|file| file.bytes).sum();
    let mut gone = Vec::new();
    for file in files {
        let age = now.duration_since(file.written).unwrap_or_default();
        let too_old = longest.is_some_and(|longest| age > longest);
        let too_much = quota.is_some_and(|quota| bytes > quota);
        if too_old || too_much {
            bytes -= file.bytes;
            gone.push(file);
        }
    }
    gone
}

fn files(folder: &std::path::Path) -> std::io::Result<Vec<Kept>> {
    let mut files = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(files),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let about = entry.metadata()?;
        if about.is_file() {
            files.push(Kept { path: entry.path(), written: about.modified()?, bytes: about.len() });
        }
    }
    Ok(files)
}

/// Deletes what is too old or too much; one row in the audit log says how many.
pub async fn run(state: &AppState) -> Result<serde_json::Value> {
    let folder = recordings_folder(&state.config);
    let longest =
        state.config.recording_days.map(|days| Duration::from_hours(24 * u64::from(days)));
    let quota = state.config.recording_quota_mb.map(|mb| mb * 1024 * 1024);
    let now = SystemTime::from(state.clock.now());
    let gone = tokio::task::spawn_blocking(move || -> std::io::Result<(usize, u64)> {
        let mut deleted = (0, 0);
        for file in to_delete(files(&folder)?, now, longest, quota) {
            match std::fs::remove_file(&file.path) {
                Ok(()) => deleted = (deleted.0 + 1, deleted.1 + file.bytes),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(deleted)
    });
    let (count, bytes) = gone.await.map_err(anyhow::Error::from)?.map_err(anyhow::Error::from)?;
    let report = json!({"deleted": count, "bytes": bytes});
    if count > 0 {
        let mut tx = state.db.begin().await?;
        audit::record(
            &mut tx,
            state.clock.now(),
            None,
            "recordings.deleted",
            "recording",
            None,
            None,
            Some(report.clone()),
        )
        .await?;
        tx.commit().await?;
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn file(name: &str, days_old: u32, bytes: u64) -> Kept {
        let written = SystemTime::UNIX_EPOCH + DAY * (100 - days_old);
        Kept { path: name.into(), written, bytes }
    }

    fn names(longest: Option<Duration>, quota: Option<u64>) -> Vec<String> {
        let files = vec![file("new", 1, 10), file("old", 9, 10), file("older", 20, 10)];
        let now = SystemTime::UNIX_EPOCH + DAY * 100;
        let gone = to_delete(files, now, longest, quota);
        gone.into_iter().map(|file| file.path.display().to_string()).collect()
    }

    #[test]
    fn the_oldest_go_first_and_only_what_must() {
        assert!(names(None, None).is_empty());
        assert_eq!(names(Some(DAY * 10), None), ["older"]);
        assert_eq!(names(None, Some(20)), ["older"]);
        assert_eq!(names(None, Some(15)), ["older", "old"]);
        assert_eq!(names(Some(DAY * 5), Some(5)), ["older", "old", "new"]);
    }
}
