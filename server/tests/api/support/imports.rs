//! Uploading files and waiting for their import.

use reqwest::multipart::{Form, Part};
use serde_json::Value;
use trustcart::db::Sql;

use super::{Answer, Person, TestApp};

/// A file to upload.
#[derive(Clone, Debug, Default)]
pub struct File<'a> {
    pub kind: &'a str,
    pub bytes: Vec<u8>,
    pub lines: Option<&'a str>,
    pub mapping: Option<Value>,
    pub dry_run: bool,
    pub date_order: Option<&'a str>,
    pub sheet: Option<&'a str>,
    pub shop: Option<&'a str>,
    pub statuses: Option<Value>,
}

pub fn file<'a>(kind: &'a str, text: &str) -> File<'a> {
    File { kind, bytes: text.as_bytes().to_vec(), ..File::default() }
}

impl TestApp {
    async fn upload_to(&self, path: &str, who: &Person, file: File<'_>) -> Answer {
        let part = Part::bytes(file.bytes).file_name("file.csv");
        let mut form = Form::new().part("file", part).text("kind", file.kind.to_owned());
        if let Some(lines) = file.lines {
            let part = Part::bytes(lines.as_bytes().to_vec()).file_name("lines.csv");
            form = form.part("linesFile", part);
        }
        if let Some(mapping) = file.mapping {
            form = form.text("mapping", mapping.to_string());
        }
        for (name, value) in [("dateOrder", file.date_order), ("sheet", file.sheet)] {
            if let Some(value) = value {
                form = form.text(name, value.to_owned());
            }
        }
        if let Some(shop) = file.shop {
            form = form.text("shop", shop.to_owned());
        }
        if let Some(statuses) = file.statuses {
            form = form.text("statuses", statuses.to_string());
        }
        let url = format!("{}{path}", self.base);
        let request = self.http.post(url).bearer_auth(&who.token).multipart(form);
        Answer::read(request.send().await.expect("the server answers")).await
    }

    pub async fn inspect(&self, who: &Person, file: File<'_>) -> Answer {
        self.upload_to("/api/cdm/imports/inspect", who, file).await
    }

    pub async fn upload(&self, who: &Person, file: File<'_>) -> Answer {
        let path = format!("/api/cdm/imports?dryRun={}", file.dry_run);
        self.upload_to(&path, who, file).await
    }

    /// Uploads and waits for the end.
    pub async fn import(&self, who: &Person, file: File<'_>) -> Value {
        let events = self.state.live.subscribe();
        let job = self.upload(who, file).await.ok();
        over(events, job["id"].as_i64().expect("an id")).await
    }

    /// Turns a dry run into the real import and waits for the end.
    pub async fn run_import(&self, who: &Person, id: &Value) -> Value {
        let events = self.state.live.subscribe();
        let path = format!("/api/cdm/imports/{id}/run");
        self.post(who, &path, Value::Null).await.ok();
        over(events, id.as_i64().expect("an id")).await
    }

    /// The `line code` pairs of an import's errors.
    pub async fn import_errors(&self, who: &Person, job: &Value) -> Vec<String> {
        self.import_findings(who, job, "errors").await
    }

    /// The `line code` pairs of an import's warnings.
    pub async fn import_warnings(&self, who: &Person, job: &Value) -> Vec<String> {
        self.import_findings(who, job, "warnings").await
    }

    async fn import_findings(&self, who: &Person, job: &Value, severity: &str) -> Vec<String> {
        let path = format!("/api/cdm/imports/{}/{severity}", job["id"]);
        let found = self.get(who, &path).await.ok();
        let items = found["items"].as_array().expect("a list").clone();
        items
            .iter()
            .map(|e| format!("{} {}", e["line"], e["code"].as_str().unwrap_or_default()))
            .collect()
    }

    /// Rows of a table.
    pub async fn count(&self, from: &str) -> i64 {
        let mut tx = self.state.db.read().await.expect("reads");
        tx.scalar(Sql::new(format!("SELECT COUNT(*) FROM {from}"))).await.expect("counts")
    }
}

/// Waits until an import is over.
pub async fn over(
    mut events: tokio::sync::broadcast::Receiver<std::sync::Arc<trustcart::live::LiveEvent>>,
    id: i64,
) -> Value {
    loop {
        let event = events.recv().await.expect("events go on");
        let frame: Value = serde_json::from_str(&event.frame).expect("JSON");
        let job = &frame["data"];
        if frame["type"] == "import.progress"
            && job["id"] == id
            && !["queued", "running"].contains(&job["status"].as_str().unwrap_or_default())
        {
            return job.clone();
        }
    }
}
