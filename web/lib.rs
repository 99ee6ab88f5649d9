//! The browser app, built by `build.rs` and embedded here.

use std::borrow::Cow;

use rust_embed::RustEmbed;

/// What `npm run build` left in cargo's output directory.
#[derive(RustEmbed)]
#[folder = "$OUT_DIR/dist"]
struct Dist;

/// One file of the app.
pub struct Asset {
    /// Its content.
    pub bytes: Cow<'static, [u8]>,
    /// Its media type, with the charset where it is text.
    pub mime: String,
    /// The name carries a hash of the content, so it may be cached for ever.
    pub immutable: bool,
}

/// The file at `path` (without a leading slash), as the build named it.
pub fn get(path: &str) -> Option<Asset> {
    let file = Dist::get(path)?;
    Some(Asset {
        bytes: file.data,
        mime: mime(path).to_owned(),
        immutable: path.starts_with("assets/"),
    })
}

/// The page that every route of the app starts from.
pub fn index() -> Option<Asset> {
    get("index.html")
}

fn mime(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wav" => "audio/wav",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::{get, index};

    #[test]
    fn the_page_is_there_and_is_not_cached_for_ever() {
        let page = index().expect("index.html is embedded");
        assert_eq!(page.mime, "text/html; charset=utf-8");
        assert!(!page.immutable);
    }

    #[test]
    fn a_path_outside_the_build_is_nothing() {
        assert!(get("../Cargo.toml").is_none());
        assert!(get("assets/none.js").is_none());
    }
}
