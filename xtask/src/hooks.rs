//! `cargo xtask hooks`: a git hook that runs `cargo xtask check` before each push.

use std::os::unix::fs::PermissionsExt as _;

use anyhow::ensure;

use crate::shell::{command, output, root};

const PRE_PUSH: &str = "#!/bin/sh\n# Installed by `cargo xtask hooks`.\nexec cargo xtask check\n";

/// Writes the hook; another one that is there already is left alone.
pub fn install() -> anyhow::Result<()> {
    let path = output(command("git", &["rev-parse", "--git-path", "hooks/pre-push"]))?;
    let hook = root().join(path.trim());
    let mine = std::fs::read_to_string(&hook).map_or(true, |text| text == PRE_PUSH);
    ensure!(mine, "{} exists; add `cargo xtask check` to it by hand.", hook.display());
    if let Some(folder) = hook.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&hook, PRE_PUSH)?;
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755))?;
    println!("{} runs `cargo xtask check`.", hook.display());
    Ok(())
}
