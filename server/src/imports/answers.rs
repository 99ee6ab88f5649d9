//! What people said of a file: the shop it comes from and what its status words mean. Answers are
//! kept for the source, so that its next file is understood.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::status::{Answers, normal};
use super::{ImportJob, JobStatus, Kind, MAX_SHOP, api, source, store};
use crate::app::AppState;
use crate::auth::{Allow, Leads};
use crate::db::{DbError, ImportId, Insert, Sql, Tx};
use crate::error::{Error, Result};
use crate::http::{Json, Path};
use crate::orders::OrderStatus;

/// Status words of one source that are kept at most.
const MAX_ANSWERS: usize = 200;
/// Characters of a status word.
const MAX_WORD: usize = 80;

/// A shop's name in one spelling; empty: none is given.
pub(super) fn shop(text: &str) -> Result<Option<String>> {
    let name = super::mapping::normal(text);
    if name.is_empty() && text.trim().is_empty() {
        return Ok(None);
    }
    if name.is_empty() || name.chars().count() > MAX_SHOP {
        let detail = format!("A shop's name has letters or digits, at most {MAX_SHOP} characters.");
        return Err(Error::invalid("invalid_shop", "shop", detail));
    }
    Ok(Some(name))
}

/// Answers as JSON: `{"word": "status"}`.
pub(super) fn parse(json: &str) -> Result<Answers> {
    if json.is_empty() {
        return Ok(Answers::new());
    }
    let said: BTreeMap<String, String> = serde_json::from_str(json).map_err(|error| {
        let detail = format!("Send {{\"word\": \"status\"}} as JSON: {error}.");
        Error::invalid("invalid_statuses", "statuses", detail)
    })?;
    said.iter().map(|(word, status)| answer(word, status)).collect()
}

/// One answer.
pub(super) fn answer(word: &str, status: &str) -> Result<(String, OrderStatus)> {
    let word = normal(word);
    if word.is_empty() || word.chars().count() > MAX_WORD {
        let detail = format!("A status word has 1 to {MAX_WORD} characters.");
        return Err(Error::invalid("invalid_statuses", "statuses", detail));
    }
    let status = status.trim().parse().map_err(|()| {
        let detail = format!("`{status}`, said of `{word}`, is no order status.");
        Error::invalid("invalid_value", "statuses", detail).allowed(OrderStatus::ALL)
    })?;
    Ok((word, status))
}

/// Keeps what was said now and gives back all that is known of the source.
pub(super) async fn settle(tx: &mut Tx, source: &str, said: &Answers) -> Result<Answers> {
    let mut insert = Insert::new(
        "import_statuses",
        &["source", "word", "status"],
        "ON CONFLICT (source, word) DO UPDATE SET status = excluded.status",
    );
    for (word, status) in said {
        insert.row([source.into(), word.as_str().into(), (*status).into()]);
    }
    insert.execute(tx).await?;
    let known = of_source(tx, source).await?;
    if known.len() > MAX_ANSWERS {
        let detail = format!("At most {MAX_ANSWERS} status words of one source are kept.");
        return Err(Error::invalid("too_many", "statuses", detail));
    }
    Ok(known)
}

async fn of_source(tx: &mut Tx, source: &str) -> Result<Answers, DbError> {
    let sql = "SELECT word, status FROM import_statuses WHERE source = $1";
    let rows: Vec<(String, OrderStatus)> = tx.all(Sql::new(sql).bind(source)).await?;
    Ok(rows.into_iter().collect())
}

/// What status words of an import's file mean.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusMeanings {
    /// Word of the file → order status.
    statuses: BTreeMap<String, OrderStatus>,
}

/// Say what unknown status words of an import mean. Kept for its source; a checked import takes
/// them when it is run.
#[utoipa::path(put, path = "/api/cdm/imports/{id}/statuses", tag = "imports",
    params(("id" = i64, Path)), request_body = StatusMeanings,
    responses((status = 200, body = ImportJob)))]
pub async fn put(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Path(id): Path<ImportId>,
    Json(body): Json<StatusMeanings>,
) -> Result<Json<ImportJob>> {
    let said: Answers = body
        .statuses
        .iter()
        .map(|(word, status)| answer(word, status.as_str()))
        .collect::<Result<_>>()?;
    let mut tx = state.db.begin().await?;
    let job = api::visible(&mut tx, &user, id).await?.public;
    if job.kind != Kind::Orders {
        let detail = "Only orders have a status.";
        return Err(Error::invalid("unexpected_statuses", "statuses", detail));
    }
    if matches!(job.status, JobStatus::Queued | JobStatus::Running) {
        return Err(Error::conflict("import_running", "Wait until the import has ended."));
    }
    let known = settle(&mut tx, &source(job.format, job.shop.as_deref()), &said).await?;
    let job = store::set_statuses(&mut tx, id, &known).await?;
    tx.commit().await?;
    Ok(Json(job))
}

/// The source of a file's orders, and what its status words mean with what was said now.
pub(super) async fn of_upload(
    tx: &mut Tx,
    kind: Kind,
    source: &str,
    said: &Answers,
) -> Result<Answers> {
    if kind == Kind::Orders { settle(tx, source, said).await } else { Ok(Answers::new()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shops_name_has_one_spelling() {
        assert_eq!(shop("").ok(), Some(None));
        assert_eq!(shop("  ").ok(), Some(None));
        assert_eq!(shop(" Mithai Ghar ").ok().flatten().as_deref(), Some("mithai_ghar"));
        assert_eq!(shop("মিঠাই").ok().flatten().as_deref(), Some("মিঠাই"));
        for wrong in ["!!", "x".repeat(31).as_str()] {
            assert_eq!(
                shop(wrong).map_err(|e| e.code().to_owned()),
                Err("invalid_shop".to_owned())
            );
        }
    }

    #[test]
    fn answers_are_read_or_refused() {
        let answers = parse(r#"{"wc-VIP hold": "placed"}"#).expect("read");
        assert_eq!(answers, Answers::from([("vip_hold".to_owned(), OrderStatus::Placed)]));
        for (json, code) in [
            ("[]", "invalid_statuses"),
            (r#"{"x":"y"}"#, "invalid_value"),
            (r#"{"":"placed"}"#, "invalid_statuses"),
        ] {
            assert_eq!(
                parse(json).map_err(|e| e.code().to_owned()),
                Err(code.to_owned()),
                "{json}"
            );
        }
    }
}
