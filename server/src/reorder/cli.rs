//! `trustcart reorder …`.

use clap::{Args, Subcommand};

use super::backtest::{self, BacktestArgs};

/// The learned reorder rhythm.
#[derive(Args)]
pub struct ReorderCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Judge reminders and calls on past orders: learn until a day, see what came after.
    Backtest(BacktestArgs),
}

/// Runs the command.
pub fn run(command: &ReorderCommand) -> anyhow::Result<()> {
    match &command.action {
        Action::Backtest(args) => backtest::run(args),
    }
}
