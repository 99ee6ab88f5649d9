//! `cargo xtask test | gen | pbx | bench`: one command each for people and for CI.

mod bench;
mod browser;
mod checks;
mod gen_client;
mod pbx;
mod postgres;
mod shell;
mod tools;

use std::process::ExitCode;

use crate::shell::Steps;

const USAGE: &str = "usage: cargo xtask <command>
  test          everything: formatting, lints, docs, server tests on SQLite and PostgreSQL,
                browser app, browser tests; installs what it needs where it may
  gen           the OpenAPI document and the TypeScript client generated from it
  pbx [lab]     the product with a real telephone system: an Asterisk and a carrier on this machine;
                with `lab` without the product, for a server of one's own
  bench webhooks [--database sqlite|postgres|both]
                events of a PBX made durable in a second, with few and many old calls
  bench [--customers N | --files DIR] [--database sqlite|postgres|both]
                import, plan and latency figures for docs/PERFORMANCE.md, of a demo shop or of
                DIR/{categories,products,customers,orders[,order_lines]}.csv";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let outcome = match args.next().as_deref() {
        Some("test") => Ok(test()),
        Some("gen") => gen_client::generate().map(|()| ExitCode::SUCCESS),
        Some("pbx") => {
            pbx::serve(args.next().as_deref() == Some("lab")).map(|()| ExitCode::SUCCESS)
        }
        Some("bench") => bench::run(&args.collect::<Vec<_>>()).map(|()| ExitCode::SUCCESS),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}

fn test() -> ExitCode {
    let mut steps = Steps::default();
    checks::formatting(&mut steps);
    checks::browser_app(&mut steps);
    checks::lints(&mut steps);
    checks::documentation(&mut steps);
    checks::drift(&mut steps);
    checks::server(&mut steps);
    browser::day(&mut steps);
    steps.finish()
}
