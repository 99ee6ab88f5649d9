//! The OpenAPI document, and the TypeScript client made from it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::shell::{command, output, root, run};

/// Writes `web/openapi.json` and `web/src/api/gen`.
pub fn generate() -> anyhow::Result<()> {
    let openapi = ["run", "--quiet", "--package", "trustcart", "--", "openapi"];
    let document = output(command("cargo", &openapi))?;
    std::fs::write(root().join("web/openapi.json"), document)?;
    let mut generate = command("npm", &["run", "--silent", "gen"]);
    generate.current_dir(root().join("web")).env("OPENAPI", "openapi.json");
    run(generate)
}

/// What is generated, file by file.
pub fn fingerprint() -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    files.insert("openapi.json".to_owned(), std::fs::read(root().join("web/openapi.json"))?);
    collect(&root().join("web/src/api/gen"), &mut files)?;
    Ok(files)
}

fn collect(dir: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.insert(path.display().to_string(), std::fs::read(&path)?);
        }
    }
    Ok(())
}
