//! Fuzzes arbitrary bytes as a text file.

#![no_main]

mod setup;

libfuzzer_sys::fuzz_target!(init: setup::one_thread(), |bytes: &[u8]| dangjian_fuzz::csv(bytes));
