//! Browser tests: the real binary, the real browser app, a real Chromium.

use crate::pbx;
use crate::shell::{Steps, command, root, run};
use crate::tools;

/// Plays the day in Chromium; with `filter` only the files whose name contains it.
pub fn day(steps: &mut Steps, filter: Option<&str>) {
    let Some(chromium) = tools::chromium() else {
        steps.leave_out("browser tests", "install Debian's package chromium");
        return;
    };
    let with_lab = match pbx::obstacle() {
        None => true,
        Some(why) => {
            steps.leave_out("browser tests with an Asterisk", why);
            false
        }
    };
    steps.step("browser tests", || {
        run(command("cargo", &["build", "--package", "trustcart"]))?;
        let e2e = root().join("e2e");
        let shop = std::env::temp_dir().join(format!("trustcart-lab-{}", std::process::id()));
        let lab = with_lab
            .then(|| pbx::start(&target_dir().join("debug/trustcart"), &shop, &shop.join("lab")))
            .transpose()?;
        let mut install = command("npm", &["ci", "--no-audit", "--no-fund"]);
        install.current_dir(&e2e);
        run(install)?;
        let mut test = command("npm", &["test", "--silent"]);
        if let Some(filter) = filter {
            let file = format!("tests/*{filter}*.test.mjs");
            test =
                command("node", &["--test", "--test-concurrency=1", "--test-reporter=spec", &file]);
        }
        test.current_dir(&e2e)
            .env("CHROMIUM", chromium)
            .env("TRUSTCART_BIN", target_dir().join("debug/trustcart"));
        if let Some(lab) = &lab {
            test.env("TRUSTCART_LAB", lab.dir.join("lab.json"));
        }
        let outcome = run(test);
        drop(lab);
        if outcome.is_ok() && shop.exists() {
            std::fs::remove_dir_all(&shop)?;
        }
        outcome
    });
}

/// Where cargo puts what it builds.
pub fn target_dir() -> std::path::PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into)
}
