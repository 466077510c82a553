//! Lookup of items by the names in rows.

use arrow::array::{Array, StringViewArray};
use rustc_hash::FxHashMap;

use crate::analysis::stars::scheme::Scheme;

/// Items by name. Forms list their lines in order, so the next item is tried first.
pub(super) struct Names<'a> {
    scheme: &'a Scheme,
    /// The item after the last one found.
    pub(super) next: usize,
    /// Ids of up to 12 bytes as string views, comparable as one number; `u128::MAX` for longer ids.
    pub(super) short: Vec<u128>,
    by_name: FxHashMap<&'a str, usize>,
}

/// Maximum length of a text stored inline in its view.
const SHORT: u128 = 12;

impl<'a> Names<'a> {
    pub(super) fn new(scheme: &'a Scheme) -> Self {
        let ids = scheme.parts.items.iter().map(|item| item.id.as_str());
        // Offices write the Chinese label of an item. An id takes precedence over an equal label.
        let labels = || scheme.parts.items.iter().map(|item| item.label.zh.as_str());
        let once = |(_, label): &(usize, &str)| labels().filter(|own| own == label).count() == 1;
        let by_name =
            labels().enumerate().filter(once).chain(ids.clone().enumerate()).map(|(at, name)| (name, at)).collect();
        let short = ids.clone().map(Some).collect::<StringViewArray>();
        let short = short.views().iter().map(|view| if view & 0xFFFF_FFFF <= SHORT { *view } else { u128::MAX });
        Self { scheme, next: 0, short: short.collect(), by_name }
    }

    /// Checks whether the name in a row, which is not null, is the id of this item.
    pub(super) fn is(&self, at: usize, items: &StringViewArray, row: usize) -> bool {
        let view = items.views()[row];
        self.short.get(at) == Some(&view)
            || (view & 0xFFFF_FFFF > SHORT
                && self.scheme.parts.items.get(at).is_some_and(|item| item.id == items.value(row)))
    }

    /// Moves to the item after `at`.
    pub(super) fn advance_past(&mut self, at: usize) {
        self.next = if at + 1 < self.short.len() { at + 1 } else { 0 };
    }

    pub(super) fn find(&mut self, items: &StringViewArray, row: usize) -> Option<usize> {
        if items.is_null(row) {
            return None;
        }
        let at = if self.is(self.next, items, row) { self.next } else { *self.by_name.get(items.value(row))? };
        self.advance_past(at);
        Some(at)
    }
}
