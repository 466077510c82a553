//! Limits on memory and threads, shared by the targets.

use std::alloc::System;

use cap::Cap;
use rayon::ThreadPoolBuilder;

/// Maximum number of bytes the engine may hold while it reads 64 KiB, its own tables and a block of text included.
const MOST: usize = 128 << 20;

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, MOST);

/// Runs the engine on the fuzzer's own thread, so that no thread waits for another to wake up.
pub fn one_thread() {
    ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().expect("no pool was made before");
}
