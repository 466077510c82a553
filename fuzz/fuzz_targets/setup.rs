//! What the targets share: bounds on memory and threads.

use std::alloc::System;

use cap::Cap;
use rayon::ThreadPoolBuilder;

/// What the engine may allocate at once while it reads 64 KiB; its own tables and a block of text are in it.
const MOST: usize = 128 << 20;

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, MOST);

/// Lets the engine work on the fuzzer's own thread, so that nobody waits for another to wake up.
pub fn one_thread() {
    ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().expect("no pool was made before");
}
