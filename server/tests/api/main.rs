//! Tests through HTTP, on SQLite and on PostgreSQL; files mirror the URL tree.

#[allow(dead_code, reason = "shared support: not every build uses every helper")]
mod support;

mod agent_status;
mod auth;
mod calls;
mod customers;
mod dashboard;
mod demo;
mod desk;
mod districts;
mod failures;
mod idempotency;
mod imports;
mod lease;
mod limits;
mod messages;
mod one_task;
mod orders;
mod plan;
mod products;
mod reorder;
mod roles;
mod schema;
mod script_facts;
mod scripts;
mod system;
mod tasks;
mod teams;
mod upgrade;
mod users;
mod webhooks;
