//! Teams and team leaders: who works where, who looks after which customers, and how the day goes.

pub mod api;
pub mod assignment;
pub mod coverage;
pub mod floor;
pub mod pages;
pub mod store;

use serde::Serialize;
use utoipa::ToSchema;

use crate::db::{TeamId, UserId};
use crate::error::{Error, Result};
use crate::users::Seniority;

/// The codes of the sales teams: A new customers, B second order, C third, D regular and the
/// rest, E VIP and permanent.
pub const CODES: &[&str] = &["A", "B", "C", "D", "E"];

/// A team code in any case.
pub fn team_code(text: &str) -> Result<String> {
    let code = text.trim().to_ascii_uppercase();
    if CODES.contains(&code.as_str()) {
        Ok(code)
    } else {
        Err(Error::invalid("invalid_code", "code", "A team is one of A to E.").allowed(CODES))
    }
}

/// A sales team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Team {
    /// Team id.
    pub id: TeamId,
    /// `A` … `E`.
    pub code: String,
    /// Display name.
    pub name: String,
    /// Who leads it.
    pub team_leader_id: UserId,
    /// Number of agents, inactive ones included.
    pub agent_count: usize,
    /// The agents, by name.
    pub agents: Vec<TeamAgent>,
}

/// An agent as a member of a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TeamAgent {
    /// User id.
    pub id: UserId,
    /// Display name.
    pub name: String,
    /// PBX extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// Experience.
    pub seniority: Seniority,
    /// Most call tasks a day.
    pub capacity: i64,
    /// Districts or cities the agent is mapped to.
    #[sqlx(skip)]
    pub districts: Vec<String>,
    /// May log in and gets work.
    pub active: bool,
    /// The team, for grouping.
    #[serde(skip)]
    pub(crate) team_id: TeamId,
}

#[cfg(test)]
mod tests {
    use super::team_code;

    #[test]
    fn there_are_five_teams() {
        assert_eq!(team_code(" e ").ok().as_deref(), Some("E"));
        for bad in ["", "F", "AB", "এ"] {
            assert_eq!(
                team_code(bad).err().map(|e| e.code().to_owned()),
                Some("invalid_code".into())
            );
        }
    }
}
