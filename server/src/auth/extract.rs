//! Extractors: a handler names who may call it in its signature, so the check comes before the
//! body is even read.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::{Role, Scope};
use crate::app::AppState;
use crate::db::{SessionId, UserId};
use crate::error::{Error, Result};

/// The person behind the request, from the access token.
#[derive(Clone, Copy, Debug)]
pub struct CurrentUser {
    /// Who.
    pub id: UserId,
    /// In which role.
    pub role: Role,
    /// Their team leader.
    pub team_leader_id: Option<UserId>,
    /// The login behind the token.
    pub session: SessionId,
}

impl CurrentUser {
    /// The rows this person may see.
    pub const fn scope(&self) -> Scope {
        self.role.scope(self.id)
    }
}

/// A set of roles.
pub trait RoleSet {
    /// The roles in it.
    const ROLES: &'static [Role];
}

macro_rules! role_sets {
    ($($(#[$doc:meta])* $name:ident = [$($role:ident),+];)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl RoleSet for $name {
            const ROLES: &'static [Role] = &[$(Role::$role),+];
        }
    )*};
}

role_sets! {
    /// Everybody who is logged in.
    Anyone = [Admin, SalesManager, TeamLeader, Agent, Support, DeliveryCoordinator];
    /// Configuration.
    AdminOnly = [Admin];
    /// Rules and catalogue.
    Managers = [Admin, SalesManager];
    /// Running the floor.
    Leads = [Admin, SalesManager, TeamLeader];
    /// Working call tasks: agents, and those who may act for them.
    Sellers = [Admin, SalesManager, TeamLeader, Agent];
    /// Speaking with customers: sellers and support.
    Callers = [Admin, SalesManager, TeamLeader, Agent, Support];
}

/// The current user, if of a role in `R`; otherwise 401 or 403.
#[derive(Clone, Copy, Debug)]
pub struct Allow<R>(CurrentUser, PhantomData<R>);

impl<R> std::ops::Deref for Allow<R> {
    type Target = CurrentUser;
    fn deref(&self) -> &CurrentUser {
        &self.0
    }
}

/// The token of an `Authorization: Bearer` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The person whose valid access token the headers carry.
pub fn current_user(state: &AppState, headers: &HeaderMap) -> Option<CurrentUser> {
    let claims = state.keys.check(bearer(headers)?, state.clock.now())?;
    Some(CurrentUser {
        id: UserId(claims.sub),
        role: claims.role,
        team_leader_id: claims.tl.map(UserId),
        session: SessionId(claims.sid),
    })
}

impl<R: RoleSet> FromRequestParts<AppState> for Allow<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let user = current_user(state, &parts.headers).ok_or_else(Error::unauthenticated)?;
        if R::ROLES.contains(&user.role) {
            Ok(Self(user, PhantomData))
        } else {
            Err(Error::forbidden())
        }
    }
}
