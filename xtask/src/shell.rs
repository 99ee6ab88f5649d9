//! Running commands and keeping the score.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// A command in the repository.
pub fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs it; failing is an error.
pub fn run(mut command: Command) -> anyhow::Result<()> {
    eprintln!("$ {command:?}");
    let status = command.status().with_context(|| format!("starting {command:?}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}

/// Its standard output.
pub fn output(mut command: Command) -> anyhow::Result<String> {
    let out = command.output().with_context(|| format!("starting {command:?}"))?;
    if !out.status.success() {
        bail!("{command:?} ended with {}: {}", out.status, String::from_utf8_lossy(&out.stderr));
    }
    Ok(String::from_utf8(out.stdout)?)
}

/// The first of these programs that is there.
pub fn find(candidates: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    candidates.iter().find_map(|name| {
        if name.starts_with('/') {
            return Path::new(name).exists().then(|| PathBuf::from(name));
        }
        std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
    })
}

/// The steps of a run: all are made, what failed or was skipped is said again at the end.
#[derive(Default)]
pub struct Steps {
    passed: Vec<String>,
    failed: Vec<String>,
    skipped: Vec<String>,
}

impl Steps {
    /// Makes a step.
    pub fn step(&mut self, name: &str, work: impl FnOnce() -> anyhow::Result<()>) {
        eprintln!("\n=== {name}");
        let begun = Instant::now();
        let outcome = work();
        let seconds = begun.elapsed().as_secs_f32();
        match outcome {
            Ok(()) => self.passed.push(format!("{name} ({seconds:.0} s)")),
            Err(error) => {
                eprintln!("FAILED: {name}: {error:#}");
                self.failed.push(format!("{name}: {error:#}"));
            }
        }
    }

    /// Says loudly that a step is not made.
    pub fn leave_out(&mut self, name: &str, why: &str) {
        eprintln!("\n=== {name}\nSKIPPED: {why}");
        self.skipped.push(format!("{name}: {why}"));
    }

    /// Sums up.
    pub fn finish(self) -> ExitCode {
        eprintln!();
        for (word, steps) in
            [("passed", &self.passed), ("SKIPPED", &self.skipped), ("FAILED", &self.failed)]
        {
            for step in steps {
                eprintln!("{word:>8}  {step}");
            }
        }
        println!(
            "{} passed, {} failed, {} skipped",
            self.passed.len(),
            self.failed.len(),
            self.skipped.len()
        );
        if self.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
