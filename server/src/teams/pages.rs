//! The team leaders' pages as last rendered, kept as long as what they are made of.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::sync::OnceCell;

use super::coverage::Figures;
use super::floor::Floor;
use crate::db::UserId;
use crate::error::Result;
use crate::http::rendered::{Coding, Rendered};
use crate::scripts::Lang;

/// Whose coverage (`None`: everything), in which language and coding.
pub type Key = (Option<UserId>, Lang, Coding);

#[derive(Debug)]
struct Page {
    figures: Arc<Figures>,
    floor: Arc<Floor>,
    rendered: OnceCell<Rendered>,
}

impl Page {
    /// Both are kept and handed out again while nothing has changed, so the same ones make the same
    /// page.
    fn is_of(&self, figures: &Arc<Figures>, floor: &Arc<Floor>) -> bool {
        Arc::ptr_eq(&self.figures, figures) && Arc::ptr_eq(&self.floor, floor)
    }
}

/// One page for each [`Key`].
#[derive(Debug, Default)]
pub struct Pages(Mutex<HashMap<Key, Arc<Page>>>);

impl Pages {
    /// The page made of these, rendered by the first of those who ask at once.
    pub async fn get<T: Serialize + Send + 'static>(
        &self,
        key: Key,
        figures: &Arc<Figures>,
        floor: &Arc<Floor>,
        content: impl FnOnce() -> T,
    ) -> Result<Rendered> {
        let page = {
            let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let kept = pages.get(&key).filter(|page| page.is_of(figures, floor)).cloned();
            kept.unwrap_or_else(|| {
                let (figures, floor) = (figures.clone(), floor.clone());
                let page = Arc::new(Page { figures, floor, rendered: OnceCell::new() });
                pages.insert(key, page.clone());
                page
            })
        };
        page.rendered.get_or_try_init(|| Rendered::of(content(), key.2)).await.cloned()
    }
}
