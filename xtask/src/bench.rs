//! Figures.

/// Not yet.
pub fn run(_args: Vec<String>) -> anyhow::Result<()> {
    anyhow::bail!("bench is not written yet")
}
