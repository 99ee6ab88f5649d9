//! The checks that need no browser.

use anyhow::bail;

use crate::gen_client;
use crate::postgres::Postgres;
use crate::shell::{Steps, command, find, output, root, run};
use crate::tools;

/// rustfmt.
pub fn formatting(steps: &mut Steps) {
    steps.step("rustfmt", || run(command("cargo", &["fmt", "--all", "--check"])));
}

/// Biome, TypeScript and the unit tests of the browser app.
pub fn browser_app(steps: &mut Steps) {
    npm_step(steps, "browser app: lint, types, unit tests", &[&["run", "check"]]);
}

/// Biome and TypeScript.
pub fn browser_lints(steps: &mut Steps) {
    npm_step(steps, "browser app: lint, types", &[&["run", "lint"]]);
}

/// The unit tests of the browser app whose file matches `filter`.
pub fn web_tests(steps: &mut Steps, filter: Option<&str>) {
    let mut arguments = vec!["run", "test", "--"];
    arguments.extend(filter);
    npm_step(steps, "browser app: unit tests", &[&arguments]);
}

/// npm in `web/`, after installing what is missing there.
fn npm_step(steps: &mut Steps, name: &str, commands: &[&[&str]]) {
    let Some(npm) = tools::npm() else {
        steps.leave_out(name, "npm is missing; install Node.js 20 or newer");
        return;
    };
    let npm = npm.display().to_string();
    steps.step(name, || {
        let web = root().join("web");
        let install: &[&str] = &["ci", "--no-audit", "--no-fund"];
        let missing = !web.join("node_modules").exists();
        for arguments in missing.then_some(install).into_iter().chain(commands.iter().copied()) {
            let mut command = command(&npm, arguments);
            command.current_dir(&web);
            run(command)?;
        }
        Ok(())
    });
}

/// Clippy; every warning fails.
pub fn lints(steps: &mut Steps) {
    steps.step("clippy", || {
        run(command(
            "cargo",
            &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"],
        ))
    });
}

/// rustdoc; broken links and missing docs fail.
pub fn documentation(steps: &mut Steps) {
    steps.step("rustdoc", || {
        let mut doc = command("cargo", &["doc", "--workspace", "--no-deps", "--quiet"]);
        doc.env("RUSTDOCFLAGS", "-D warnings");
        run(doc)
    });
}

/// The committed OpenAPI document and client are what the code says.
pub fn drift(steps: &mut Steps) {
    steps.step("generated client is up to date", || {
        let status = || output(command("git", &["status", "--porcelain", "--", "web/openapi.json", "web/src/api/gen"]));
        let before = gen_client::fingerprint()?;
        gen_client::generate()?;
        if gen_client::fingerprint()? != before {
            bail!("the generated client was out of date; `cargo xtask gen` has renewed it, commit it:\n{}", status()?);
        }
        Ok(())
    });
}

/// Server tests whose name contains `filter`, on SQLite and on a throw-away PostgreSQL.
pub fn server(steps: &mut Steps, filter: Option<&str>) {
    let postgres = tools::postgres_bin().map(|bin| Postgres::start(bin, false));
    let postgres = match postgres {
        Some(Ok(postgres)) => Some(postgres),
        Some(Err(error)) => {
            steps.step("PostgreSQL", || Err(error));
            None
        }
        None => {
            steps.leave_out("server tests on PostgreSQL", "install Debian's package postgresql");
            None
        }
    };
    steps.step("server tests", || {
        let mut test = if find(&["cargo-nextest"]).is_some() {
            command("cargo", &["nextest", "run", "--workspace", "--no-fail-fast"])
        } else {
            command("cargo", &["test", "--workspace", "--no-fail-fast"])
        };
        test.args(filter);
        if let Some(postgres) = &postgres {
            test.env("TRUSTCART_TEST_POSTGRES", &postgres.url);
        } else {
            test.env_remove("TRUSTCART_TEST_POSTGRES");
        }
        run(test)
    });
}
