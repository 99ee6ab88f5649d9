//! Placeholder until the browser app lands.
use std::borrow::Cow;
/// A file.
pub struct Asset {
    /// b
    pub bytes: Cow<'static, [u8]>,
    /// m
    pub mime: String,
    /// i
    pub immutable: bool,
}
/// get
pub fn get(_: &str) -> Option<Asset> {
    None
}
/// index
pub fn index() -> Option<Asset> {
    None
}
