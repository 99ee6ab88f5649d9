//! Row ids as distinct types, so that a customer's id cannot be passed for a task's.

use super::Arg;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize,
            serde::Deserialize, sqlx::Type, utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
        impl From<$name> for i64 {
            fn from(id: $name) -> Self {
                id.0
            }
        }
        impl From<$name> for Arg {
            fn from(id: $name) -> Self {
                Self::Int(Some(id.0))
            }
        }
        impl From<Option<$name>> for Arg {
            fn from(id: Option<$name>) -> Self {
                Self::Int(id.map(|id| id.0))
            }
        }
    )*};
}

ids! {
    /// Of a row in `users`.
    UserId,
    /// Of a row in `sessions`.
    SessionId,
    /// Of a row in `sales_teams`.
    TeamId,
    /// Of a row in `segments`.
    SegmentId,
    /// Of a row in `customers`.
    CustomerId,
    /// Of a row in `categories`.
    CategoryId,
    /// Of a row in `products`.
    ProductId,
    /// Of a row in `orders`.
    OrderId,
    /// Of a row in `import_jobs`.
    ImportId,
    /// Of a row in `crm_call_tasks`.
    TaskId,
    /// Of a row in `telephony_calls`.
    CallId,
    /// Of a row in `daily_plans`.
    PlanId,
    /// Of a row in `message_requests`.
    MessageId,
}
