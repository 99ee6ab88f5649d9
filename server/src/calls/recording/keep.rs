//! How long recordings are kept, and how much room they may take (SPEC §5.8). The files themselves
//! are looked at, whoever wrote them; a call whose file is gone says so when it is asked for.

use chrono::{DateTime, TimeDelta, Utc};
use object_store::ObjectMeta;
use serde_json::json;

use crate::app::AppState;
use crate::audit;
use crate::error::Result;

/// Which files go: those older than `longest`, then the oldest until the rest fits into `quota`.
fn to_delete(
    mut files: Vec<ObjectMeta>,
    now: DateTime<Utc>,
    longest: Option<TimeDelta>,
    quota: Option<u64>,
) -> Vec<ObjectMeta> {
    files.sort_by(|a, b| (a.last_modified, &a.location).cmp(&(b.last_modified, &b.location)));
    let mut bytes: u64 = files.iter().map(|file| file.size).sum();
    let mut gone = Vec::new();
    for file in files {
        let too_old = longest.is_some_and(|longest| now - file.last_modified > longest);
        let too_much = quota.is_some_and(|quota| bytes > quota);
        if too_old || too_much {
            bytes -= file.size;
            gone.push(file);
        }
    }
    gone
}

/// Deletes what is too old or too much; one row in the audit log says how many.
pub async fn run(state: &AppState) -> Result<serde_json::Value> {
    let longest = state.config.recording_days.map(|days| TimeDelta::days(i64::from(days)));
    let quota = state.config.recording_quota_mb.map(|mb| mb * 1024 * 1024);
    let files = state.recordings.list().await.map_err(anyhow::Error::from)?;
    let (mut count, mut bytes) = (0, 0);
    for file in to_delete(files, state.clock.now(), longest, quota) {
        state.recordings.delete(&file.location).await.map_err(anyhow::Error::from)?;
        count += 1;
        bytes += file.size;
    }
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

    fn file(name: &str, days_old: i64, size: u64) -> ObjectMeta {
        let last_modified = DateTime::UNIX_EPOCH + TimeDelta::days(100 - days_old);
        ObjectMeta { location: name.into(), last_modified, size, e_tag: None, version: None }
    }

    fn names(days: Option<i64>, quota: Option<u64>) -> Vec<String> {
        let files = vec![file("new", 1, 10), file("old", 9, 10), file("older", 20, 10)];
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(100);
        let gone = to_delete(files, now, days.map(TimeDelta::days), quota);
        gone.into_iter().map(|file| file.location.to_string()).collect()
    }

    #[test]
    fn the_oldest_go_first_and_only_what_must() {
        assert!(names(None, None).is_empty());
        assert_eq!(names(Some(10), None), ["older"]);
        assert_eq!(names(None, Some(20)), ["older"]);
        assert_eq!(names(None, Some(15)), ["older", "old"]);
        assert_eq!(names(Some(5), Some(5)), ["older", "old", "new"]);
    }
}
