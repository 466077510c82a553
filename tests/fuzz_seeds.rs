//! Runs the seeds of the fuzz targets (`make fuzz`), so that seeds and targets stay valid between fuzzing runs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that fails panics, and says with which seed"
)]

use std::fs;
use std::path::Path;

#[allow(unreachable_pub, reason = "in the crate of the targets it is public")]
#[path = "../fuzz/src/lib.rs"]
mod targets;

/// Calls `target` with each seed in the folder `name`, and again with a line end appended, since the parity of the
/// length selects options.
fn each(name: &str, target: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    let seeds: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(seeds.len() > 3, "{seeds:?}");
    for seed in seeds {
        println!("{}", seed.display());
        let bytes = fs::read(seed).unwrap();
        target(&bytes);
        target(&[&bytes[..], b"\n"].concat());
    }
}

#[test]
fn csv() {
    each("csv", targets::csv);
}

#[test]
fn header() {
    each("header", |bytes| targets::header(std::str::from_utf8(bytes).unwrap()));
}

#[test]
fn cells() {
    each("cells", |bytes| targets::cells(std::str::from_utf8(bytes).unwrap()));
}

/// Files of 64 KiB that a careless reader would turn into a table of millions of cells, or into pairwise
/// comparisons of all columns.
#[test]
fn long_files() {
    const HEADER: &str = "统一社会信用代码,从业人员,";
    for (start, again) in [
        ("", ","),
        ("", "\""),
        ("", "\"\n"),
        ("", "\",\""),
        ("", "\n"),
        ("", "\r"),
        ("", "\0"),
        ("", "甲乙丙丁\t"),
        ("", "统一社会信用代码,从业人员,单位名称\n"),
        (HEADER, "楼,"),
        (HEADER, "统一社会信用代码,"),
        (HEADER, "1."),
        (HEADER, "("),
        (HEADER, "注1)"),
        (HEADER, "党组织组建形"),
        ("信用代码,组建形式,\n", ",单独组建"),
        ("org_id,year,mode\n", "91110000600037341L,2013,solo\n"),
    ] {
        println!("{start:?} {again:?}");
        targets::csv(format!("{start}{}", again.repeat((1 << 16) / again.len())).as_bytes());
    }
}
