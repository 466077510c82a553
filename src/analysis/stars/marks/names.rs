//! Items by the names that rows give them.

use arrow::array::{Array, StringViewArray};
use rustc_hash::FxHashMap;

use crate::analysis::stars::scheme::Scheme;

/// The items by name. Forms have their lines in order, so that the next one is looked at first.
pub(super) struct Names<'a> {
    scheme: &'a Scheme,
    /// The item that follows the one found last.
    pub(super) next: usize,
    /// Short names are one number, by which they are compared at once.
    pub(super) short: Vec<u128>,
    by_name: FxHashMap<&'a str, usize>,
}

/// Texts of up to 12 bytes stand in their view.
const SHORT: u128 = 12;

impl<'a> Names<'a> {
    pub(super) fn new(scheme: &'a Scheme) -> Self {
        let ids = scheme.parts.items.iter().map(|item| item.id.as_str());
        // Offices write the Chinese name of an item; its id comes first where both are the same text.
        let labels = || scheme.parts.items.iter().map(|item| item.label.zh.as_str());
        let once = |(_, label): &(usize, &str)| labels().filter(|own| own == label).count() == 1;
        let by_name =
            labels().enumerate().filter(once).chain(ids.clone().enumerate()).map(|(at, name)| (name, at)).collect();
        let short = ids.clone().map(Some).collect::<StringViewArray>();
        let short = short.views().iter().map(|view| if view & 0xFFFF_FFFF <= SHORT { *view } else { u128::MAX });
        Self { scheme, next: 0, short: short.collect(), by_name }
    }

    /// Whether a row, which has a name, has the id of this item.
    pub(super) fn is(&self, at: usize, items: &StringViewArray, row: usize) -> bool {
        let view = items.views()[row];
        self.short.get(at) == Some(&view)
            || (view & 0xFFFF_FFFF > SHORT
                && self.scheme.parts.items.get(at).is_some_and(|item| item.id == items.value(row)))
    }

    /// Goes on behind an item.
    pub(super) fn behind(&mut self, at: usize) {
        self.next = if at + 1 < self.short.len() { at + 1 } else { 0 };
    }

    pub(super) fn find(&mut self, items: &StringViewArray, row: usize) -> Option<usize> {
        if items.is_null(row) {
            return None;
        }
        let at = if self.is(self.next, items, row) { self.next } else { *self.by_name.get(items.value(row))? };
        self.behind(at);
        Some(at)
    }
}
