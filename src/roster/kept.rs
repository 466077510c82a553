//! What statistics work out of a frame and may ask again: kept with it, since it never changes once it is part of a roster.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// One thing of each type, each in the care of the module whose type it is.
#[derive(Default)]
pub(crate) struct Kept(Mutex<Vec<Arc<dyn Any + Send + Sync>>>);

impl Kept {
    /// What is kept of this type; an empty one at first.
    pub(crate) fn of<T: Any + Send + Sync + Default>(&self) -> Arc<T> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.iter().find_map(|one| Arc::clone(one).downcast().ok()) {
            return known;
        }
        let new = Arc::new(T::default());
        all.push(Arc::clone(&new) as Arc<dyn Any + Send + Sync>);
        new
    }
}

/// A copy may be given other columns before it is part of a roster: nothing is known of it.
impl Clone for Kept {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}
