//! Cache of results derived from a frame, stored with it since a frame never changes once it is in a roster.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// A type-keyed cache: one value per type, owned by the module that defines the type.
#[derive(Default)]
pub(crate) struct FrameCache(Mutex<Vec<Arc<dyn Any + Send + Sync>>>);

impl FrameCache {
    /// Returns the cached value of this type, inserting its default on first use.
    pub(crate) fn get<T: Any + Send + Sync + Default>(&self) -> Arc<T> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.iter().find_map(|one| Arc::clone(one).downcast().ok()) {
            return known;
        }
        let new = Arc::new(T::default());
        all.push(Arc::clone(&new) as Arc<dyn Any + Send + Sync>);
        new
    }
}

/// A clone starts empty, since it may get other columns before it is part of a roster.
impl Clone for FrameCache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for FrameCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FrameCache")
    }
}
