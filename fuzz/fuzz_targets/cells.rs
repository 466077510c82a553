//! Fuzzes texts and numbers in cells of every column.

#![no_main]

mod setup;

libfuzzer_sys::fuzz_target!(init: setup::one_thread(), |text: &str| dangjian_fuzz::cells(text));
