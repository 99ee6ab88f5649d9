//! `cargo xtask COMMAND`: one command each for people and for CI.

mod bench;
mod browser;
mod checks;
mod dev;
mod gen_client;
mod hooks;
mod migration;
mod pbx;
mod postgres;
mod shell;
mod tools;

use std::process::ExitCode;

use crate::shell::Steps;

const USAGE: &str = "usage: cargo xtask <command>
  test                      everything: formatting, lints, docs, server tests on SQLite and PostgreSQL,
                            browser app, browser tests; installs what it needs where it may
  test server|web|e2e [FILTER]
                            one part of it; FILTER: a test's name (server, web) or file (e2e)
  check                     formatting, lints and types; about a minute once built
  dev                       the server, restarted when its sources change, and the browser app with
                            hot reload
  migration NAME            the two files of the next migration
  hooks                     a git hook that runs `check` before each push
  gen                       the OpenAPI document and the TypeScript client generated from it
  pbx [lab]                 the product with a real telephone system: an Asterisk and a carrier on this
                            machine; with `lab` without the product, for a server of one's own
  bench webhooks [--database sqlite|postgres|both]
                            events of a PBX made durable in a second, with few and many old calls
  bench [--customers N | --files DIR] [--database sqlite|postgres|both]
                            import, plan and latency figures for docs/PERFORMANCE.md, of a demo shop
                            or of DIR/{categories,products,customers,orders[,order_lines]}.csv";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = |()| ExitCode::SUCCESS;
    let outcome = match words[..] {
        ["test"] => Ok(test()),
        ["test", part @ ("server" | "web" | "e2e")] => Ok(test_part(part, None)),
        ["test", part @ ("server" | "web" | "e2e"), filter] => Ok(test_part(part, Some(filter))),
        ["check"] => Ok(check()),
        ["dev"] => dev::run().map(done),
        ["migration", name] => migration::create(name).map(done),
        ["hooks"] => hooks::install().map(done),
        ["gen"] => gen_client::generate().map(done),
        ["pbx"] => pbx::serve(false).map(done),
        ["pbx", "lab"] => pbx::serve(true).map(done),
        ["bench", ..] => bench::run(&args[1..]).map(done),
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
    checks::server(&mut steps, None);
    browser::day(&mut steps, None);
    steps.finish()
}

fn test_part(part: &str, filter: Option<&str>) -> ExitCode {
    let mut steps = Steps::default();
    match part {
        "server" => checks::server(&mut steps, filter),
        "web" => checks::web_tests(&mut steps, filter),
        _ => browser::day(&mut steps, filter),
    }
    steps.finish()
}

fn check() -> ExitCode {
    let mut steps = Steps::default();
    checks::formatting(&mut steps);
    checks::lints(&mut steps);
    checks::browser_lints(&mut steps);
    steps.finish()
}
