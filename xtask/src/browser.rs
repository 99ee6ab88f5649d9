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
            let files = test_files(filter)?;
            let options = ["--test", "--test-concurrency=1", "--test-reporter=spec"];
            test = command("node", &options);
            test.args(files);
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

/// The files of browser tests whose name contains `filter`, relative to `e2e/`; none is an error.
fn test_files(filter: &str) -> anyhow::Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root().join("e2e/tests"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".test.mjs") && name.contains(filter) {
            files.push(format!("tests/{name}"));
        }
    }
    anyhow::ensure!(!files.is_empty(), "no file in e2e/tests has `{filter}` in its name");
    files.sort();
    Ok(files)
}

/// Where cargo puts what it builds.
pub fn target_dir() -> std::path::PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into)
}
