//! TrustCart CRM: orders become the day's calls, agents work them on one screen, leaders see it.
//!
//! `docs/ARCHITECTURE.md` says where things are and why.

pub mod address;
pub mod app;
pub mod audit;
pub mod auth;
pub mod calls;
pub mod clock;
pub mod config;
pub mod customers;
pub mod db;
pub mod demo;
pub mod desk;
pub mod districts;
pub mod error;
pub mod http;
pub mod imports;
pub mod jobs;
pub mod live;
pub mod messages;
pub mod openapi;
pub mod orders;
pub mod outbound;
pub mod products;
pub mod rate;
pub mod reorder;
pub mod router;
pub mod scripts;
pub mod server;
pub mod serving;
pub mod startup;
pub mod storage;
mod system;
pub mod tasks;
pub mod teams;
pub mod telephony;
pub mod text;
pub mod users;
mod web;
