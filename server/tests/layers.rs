//! Who may use whom: walks the `use crate::` lines (docs/ARCHITECTURE.md, "Directions").

use std::path::{Path, PathBuf};

fn rust_files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// The features: folders with rules, a store and handlers.
const FEATURES: &[&str] = &[
    "audit",
    "calls",
    "customers",
    "desk",
    "imports",
    "messages",
    "orders",
    "products",
    "reorder",
    "scripts",
    "tasks",
    "teams",
    "users",
];

/// Modules that know no feature: they are below all of them.
const BELOW: &[&str] = &["db", "clock", "telephony", "error", "http", "config", "rate"];

#[test]
fn nobody_uses_a_forbidden_neighbour() {
    let src = Path::new("src");
    let mut files = Vec::new();
    rust_files(src, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let relative = file.strip_prefix(src).expect("inside src");
        let own = relative
            .components()
            .next()
            .and_then(|c| c.as_os_str().to_str())
            .map(|c| c.trim_end_matches(".rs"))
            .unwrap_or_default()
            .to_owned();
        let text = std::fs::read_to_string(&file).expect("a file");
        for line in text.lines() {
            // What stands before the first of them is no path.
            for used in line.split("crate::").skip(1) {
                let path: Vec<&str> = used
                    .split("::")
                    .map(|s| {
                        s.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("")
                    })
                    .collect();
                let target = path.first().copied().unwrap_or_default();
                let part = path.get(1).copied().unwrap_or_default();
                let other_feature = FEATURES.contains(&target) && target != own;
                let is_wiring = matches!(own.as_str(), "router" | "main" | "openapi" | "lib");
                if other_feature && part == "api" && !is_wiring {
                    wrong.push(format!("{}: uses {target}::api", relative.display()));
                }
                if BELOW.contains(&own.as_str()) && (other_feature || target == "router") {
                    wrong.push(format!("{}: is below {target}", relative.display()));
                }
                let stem = file.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
                if stem == "store" && part == "api" {
                    wrong.push(format!("{}: a store uses handlers", relative.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
