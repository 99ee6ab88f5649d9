//! Cursor paging: a page says where the next one begins; no counting, no skipping.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::text_enum;

/// Query parameters of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Rows a page, 1-200, default 50.
    pub limit: Option<i64>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

text_enum! {
    /// Direction of a list that is ordered by time. A page of either reads one range of the index.
    #[derive(Default)]
    pub enum Sort {
        /// The latest first.
        #[default]
        Newest = "newest",
        /// The earliest first.
        Oldest = "oldest",
    }
}

impl Sort {
    /// `DESC` or `ASC`.
    pub const fn direction(self) -> &'static str {
        match self {
            Self::Newest => "DESC",
            Self::Oldest => "ASC",
        }
    }

    /// How the rows after a cursor compare with it.
    pub const fn after(self) -> &'static str {
        match self {
            Self::Newest => "<",
            Self::Oldest => ">",
        }
    }
}

/// Where a page ends: the sort key and the id of its last row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Sort key of the last row, as text.
    #[serde(rename = "k")]
    pub key: String,
    /// Its id, which breaks ties.
    #[serde(rename = "i")]
    pub id: i64,
}

/// The cursor is none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadCursor;

impl PageQuery {
    /// Rows to fetch, clamped.
    pub fn limit(&self) -> i64 {
        self.limit.unwrap_or(50).clamp(1, 200)
    }

    /// The decoded cursor.
    pub fn cursor(&self) -> Result<Option<Cursor>, BadCursor> {
        self.cursor
            .as_deref()
            .map(|text| {
                let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadCursor)?;
                serde_json::from_slice(&bytes).map_err(|_| BadCursor)
            })
            .transpose()
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Pass it as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// From `limit + 1` fetched rows: the extra one only says that there is a next page.
    pub fn new(mut rows: Vec<T>, limit: i64, cursor: impl Fn(&T) -> Cursor) -> Self {
        let limit = usize::try_from(limit).unwrap_or(1);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|last| {
            let json = serde_json::to_vec(&cursor(last)).expect("a cursor serialises");
            URL_SAFE_NO_PAD.encode(json)
        });
        Self { items: rows, next_cursor }
    }
}
