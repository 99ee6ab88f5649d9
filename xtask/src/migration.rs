//! `cargo xtask migration NAME`: the two files of the next migration.

use anyhow::{Context as _, ensure};

use crate::shell::root;

const DATABASES: [&str; 2] = ["sqlite", "postgres"];

/// Creates `NNNN_NAME.sql` for both databases, with the next free number.
pub fn create(name: &str) -> anyhow::Result<()> {
    ensure!(
        !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
        "A migration's name has lower-case letters and underscores, e.g. `order_refunds`."
    );
    let folders = DATABASES.map(|database| root().join("server/migrations").join(database));
    let mut last = 0;
    for folder in &folders {
        for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let file = entry?.file_name();
            let number = file.to_string_lossy().split('_').next().and_then(|n| n.parse().ok());
            last = last.max(number.unwrap_or(0));
        }
    }
    for folder in &folders {
        let file = folder.join(format!("{:04}_{name}.sql", last + 1));
        std::fs::write(&file, "-- Why, and what each new column means.\n\n")?;
        println!("{}", file.display());
    }
    Ok(())
}
