//! Builds the browser app into `$OUT_DIR/dist`, only when its inputs changed.
//!
//! `npm ci` runs when `node_modules` does not belong to the lock file, `vite build` when the hash of the
//! sources differs from the last build's. `TRUSTCART_SKIP_WEB=1` leaves a one-line page instead, for work on
//! the server alone. Cargo may run this twice at once (two target directories, an editor): `npm ci` is
//! guarded by a lock file, and each build writes into its own `OUT_DIR`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sha2::{Digest, Sha256};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What the build reads, relative to this directory.
const INPUTS: [&str; 7] = [
    "src",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
];

/// Longest a `npm ci` of someone else is waited for.
const LOCK_PATIENCE: Duration = Duration::from_mins(10);

fn main() {
    println!("cargo::rerun-if-env-changed=TRUSTCART_SKIP_WEB");
    println!("cargo::rerun-if-changed=build.rs");
    for input in INPUTS {
        println!("cargo::rerun-if-changed={input}");
    }
    if let Err(error) = run() {
        println!("cargo::error=the browser app was not built: {error}");
    }
}

fn run() -> Result<()> {
    let web = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let dist = out.join("dist");
    let stamp = out.join("dist.sha256");
    if std::env::var("TRUSTCART_SKIP_WEB").is_ok_and(|v| v == "1") {
        return placeholder(&dist, &stamp);
    }
    let sources = hash(&web, &INPUTS)?;
    if dist.join("index.html").exists() && fs::read_to_string(&stamp).is_ok_and(|s| s == sources) {
        return Ok(());
    }
    node_is_there()?;
    install(&web)?;
    let fresh = out.join(format!("dist.{}", std::process::id()));
    npm(&web, &["run", "build"], Some(&fresh))?;
    // A half-written app is never embedded: the finished directory takes the place of the old one.
    remove(&dist)?;
    fs::rename(&fresh, &dist)?;
    fs::write(stamp, sources)?;
    Ok(())
}

fn placeholder(dist: &Path, stamp: &Path) -> Result<()> {
    remove(dist)?;
    fs::create_dir_all(dist)?;
    fs::write(
        dist.join("index.html"),
        "<!doctype html><title>TrustCart</title><p>Built with TRUSTCART_SKIP_WEB=1: \
         build again without it to get the browser app.\n",
    )?;
    fs::write(stamp, "skipped")?;
    Ok(())
}

fn node_is_there() -> Result<()> {
    let advice = "install Node.js 20.19 or later with npm (https://nodejs.org, or your system's package \
                  manager), or set TRUSTCART_SKIP_WEB=1 to build the server without the browser app";
    for program in ["node", "npm"] {
        match Command::new(program).arg("--version").output() {
            Ok(done) if done.status.success() => {}
            Ok(_) => return Err(format!("`{program} --version` failed: {advice}").into()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(format!("`{program}` is missing: {advice}").into());
            }
            Err(error) => {
                return Err(format!("`{program}` cannot be started ({error}): {advice}").into());
            }
        }
    }
    Ok(())
}

/// `npm ci`, unless `node_modules` already belongs to this lock file.
fn install(web: &Path) -> Result<()> {
    let wanted = hash(web, &["package-lock.json"])?;
    let mark = web.join("node_modules/.trustcart-lock");
    let done = || fs::read_to_string(&mark).is_ok_and(|s| s == wanted);
    if done() {
        return Ok(());
    }
    let guard = web.join(".npm-ci.lock");
    let _held = Held::take(&guard)?;
    if done() {
        return Ok(());
    }
    npm(web, &["ci", "--no-audit", "--no-fund", "--loglevel=error"], None)?;
    fs::write(&mark, wanted)?;
    Ok(())
}

/// A lock file that goes away with its holder.
struct Held<'a>(&'a Path);

impl<'a> Held<'a> {
    fn take(path: &'a Path) -> Result<Self> {
        loop {
            match fs::File::create_new(path) {
                Ok(_) => return Ok(Self(path)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let age = fs::metadata(path)
                        .and_then(|m| m.modified())
                        .ok()
                        .and_then(|at| at.elapsed().ok())
                        .unwrap_or_default();
                    if age > LOCK_PATIENCE {
                        // Left behind by a build that was killed.
                        let _ = fs::remove_file(path);
                    } else {
                        std::thread::sleep(Duration::from_millis(200));
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.0);
    }
}

fn npm(web: &Path, args: &[&str], out: Option<&Path>) -> Result<()> {
    let mut command = Command::new("npm");
    command.args(args).current_dir(web);
    if let Some(out) = out {
        command.env("TRUSTCART_WEB_OUT", out);
    }
    let done = command.output()?;
    if done.status.success() {
        return Ok(());
    }
    Err(format!(
        "`npm {}` failed:\n{}{}",
        args.join(" "),
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    )
    .replace('\n', "\ncargo::error=")
    .into())
}

fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// One hash over names and contents of every file below `inputs`.
fn hash(root: &Path, inputs: &[&str]) -> Result<String> {
    let mut files = Vec::new();
    for input in inputs {
        walk(&root.join(input), &mut files)?;
    }
    files.sort();
    let mut hasher = Sha256::new();
    for file in files {
        let content = fs::read(&file)?;
        hasher.update(file.strip_prefix(root)?.to_string_lossy().as_bytes());
        hasher.update([0]);
        hasher.update(content.len().to_le_bytes());
        hasher.update(content);
    }
    let mut hex = String::new();
    for byte in hasher.finalize() {
        write!(hex, "{byte:02x}")?;
    }
    Ok(hex)
}

fn walk(path: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            walk(&entry?.path(), into)?;
        }
    } else {
        into.push(path.to_owned());
    }
    Ok(())
}
