//! The handlers of call tasks.

pub mod plan;
pub mod promises;
pub mod queue;
pub mod work;

use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::{Error, Result};

/// How many days a report looks back.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DaysQuery {
    /// So many company days, 1 to 90.
    days: Option<u64>,
}

impl DaysQuery {
    /// The days asked for, else `usual`.
    fn or(&self, usual: u64) -> Result<u64> {
        let days = self.days.unwrap_or(usual);
        if (1..=90).contains(&days) {
            Ok(days)
        } else {
            Err(Error::invalid("out_of_range", "days", "A whole number from 1 to 90."))
        }
    }
}
