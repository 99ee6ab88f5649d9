//! Who is asking, and what their role lets them do.

pub mod api;
mod extract;
pub mod me;
mod password;
pub mod rules;
pub mod sessions;
pub mod store;
mod throttle;
mod token;

use crate::db::{UserId, text_enum};

pub use extract::{
    AdminOnly, Allow, Anyone, Callers, CurrentUser, Leads, Managers, RoleSet, Sellers, current_user,
};
pub use password::{HashTurn, hash_password, verify_password};
pub use throttle::prune as prune_failures;
pub use token::{AccessKeys, new_secret, sha256_hex};

text_enum! {
    /// What a person does here; decides every endpoint and every row.
    pub enum Role {
        /// Configuration, users, integrations, audit, and everything below.
        Admin = "admin",
        /// Owns pipeline, rules and KPIs of all teams.
        SalesManager = "sales_manager",
        /// Own teams, agents, daily plan and own coverage's customers.
        TeamLeader = "team_leader",
        /// Own queue, calls and follow-ups.
        Agent = "agent",
        /// Issues, returns, complaints.
        Support = "support",
        /// Delivery exceptions.
        DeliveryCoordinator = "delivery_coordinator",
    }
}

text_enum! {
    /// Colours of the app.
    pub enum Theme {
        /// As the device is set.
        System = "system",
        /// Light.
        Light = "light",
        /// Dark.
        Dark = "dark",
    }
}

/// Which rows a person may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// A team leader's coverage: own customers and those of own agents.
    Lead(UserId),
    /// An agent's own customers and those on the agent's queue.
    Agent(UserId),
}

impl Role {
    /// The rows a person of this role may see.
    pub const fn scope(self, user: UserId) -> Scope {
        match self {
            Self::TeamLeader => Scope::Lead(user),
            Self::Agent => Scope::Agent(user),
            Self::Admin | Self::SalesManager | Self::Support | Self::DeliveryCoordinator => {
                Scope::All
            }
        }
    }
}
