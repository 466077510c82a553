//! Fuzzes the first rows of a sheet, with a profile.

#![no_main]

mod setup;

libfuzzer_sys::fuzz_target!(init: setup::one_thread(), |text: &str| dangjian_fuzz::header(text));
