//! Users: who works here, in which role, team and district, and on which days.

pub mod api;
pub mod cli;
pub mod rules;
pub mod store;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Role;
use crate::db::{TeamId, UserId, text_enum};

text_enum! {
    /// How experienced an agent is; the plan gives delicate calls to the seniors first.
    pub enum Seniority {
        /// Learning.
        Junior = "junior",
        /// The usual.
        Regular = "regular",
        /// Experienced.
        Senior = "senior",
    }
}

/// Most call tasks a day anybody can be given (SPEC §0: 200 in an eight-hour shift).
pub const MAX_CAPACITY: i64 = 200;

/// A user as administrators and team leaders see one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// User id.
    pub id: UserId,
    /// Login name, lower case.
    pub login: String,
    /// Display name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Own phone, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// PBX extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// Sales team of an agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// The team's code, A-E.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_code: Option<String>,
    /// The team leader an agent reports to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_leader_id: Option<UserId>,
    /// Experience of an agent.
    pub seniority: Seniority,
    /// Most call tasks a day.
    pub capacity: i64,
    /// Districts the agent is mapped to, by official name; other places in lower case.
    #[sqlx(skip)]
    pub districts: Vec<String>,
    /// May log in and gets work.
    pub active: bool,
    /// Company days without work, from today on.
    #[sqlx(skip)]
    pub absent_on: Vec<NaiveDate>,
}

/// What anybody may know of a colleague.
#[derive(Clone, Debug, Serialize, sqlx::FromRow, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryEntry {
    /// User id.
    pub id: UserId,
    /// Display name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// PBX extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// Team of an agent, A-E.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_code: Option<String>,
}
