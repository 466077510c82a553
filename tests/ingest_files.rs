//! Tests of files and folders: their names and years, files of other origin, unreadable files, cancellation.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails panics, one that is skipped says so"
)]

mod common;

use std::error::Error as _;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int16Type};
use common::{IDS, all_rows, read, scratch, shared, write, write_parquet};
use dangjian::Roster;
use dangjian::error::Error;
use dangjian::ingest;
use dangjian::ingest::YearFrom;
use dangjian::ingest::{Code, ReadOptions};
use dangjian::job::{Job, Quiet};
use dangjian::lang::Lang;

#[test]
fn own_columns_of_files_have_one_type_over_all_files() {
    let folder = scratch("own");
    let head = "org_id,name,楼栋,编号,营业额,手机\n";
    write(&folder, "2012.csv", format!("{head}{},甲,3,007,1.5,13\n", IDS[0]));
    write(&folder, "2013.csv", format!("{head}{},乙,4,8,2,13\n{},丙,,9,－,13\n", IDS[1], IDS[2]));
    let options = ReadOptions::default().with_keep(["*"]);
    let reading = read(&folder, &options).unwrap();
    assert_eq!(reading.sources[1].years, [2013]);
    let records = &reading.batches[1].records;
    let names: Vec<_> = records.schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(names, ["year", "org_id", "name", "楼栋", "编号", "营业额"]);
    let ty = |name: &str| records.column_by_name(name).unwrap().data_type().clone();
    assert_eq!([ty("楼栋"), ty("编号"), ty("营业额")], [DataType::UInt32, DataType::Utf8, DataType::Float64]);
    assert_eq!(records.column_by_name("楼栋").unwrap().null_count(), 1);
    let phone = ReadOptions::default().with_columns([("手机", "phone")]);
    let reading = read(&folder, &phone).unwrap();
    assert!(reading.batches[0].records.column_by_name("phone").is_some());
    let wrong = ReadOptions::default().with_keep(["楼层"]);
    let Err(error) = read(&folder, &wrong) else { panic!("a header that no file has") };
    assert!(matches!(error, Error::Argument(_)) && error.column() == Some("楼层"), "{error:?}");
    let text = error.message(Lang::En);
    assert!(text.contains("'楼层'") && text.contains("楼栋"), "{text}");
}

#[test]
fn a_mapping_given_by_the_caller_reads_a_foreign_panel() {
    let Some(path) = shared("data/real/medicare_advantage_us_2009-2022_stars.csv") else {
        return;
    };
    let columns = [("contract_id", "org_id"), ("star_year", "year"), ("stars", "star"), ("summary_type", "summary")];
    let reading = read(&path, &ReadOptions::default().with_columns(columns)).unwrap();
    let lines = fs::read_to_string(&path).unwrap().lines().count();
    let source = &reading.sources[0];
    // Twelve rows are averages over all contracts, not contracts.
    assert_eq!((source.rows.data, source.rejected), (lines - 1, 12));
    assert_eq!(source.years, (2009..=2022).collect::<Vec<i16>>());
    assert_eq!(source.year_from, YearFrom::Column);
    assert!(reading.problems.iter().all(|p| p.code == Code::IdUnreadable && p.value.ends_with("Average")));
    let stars: usize = reading
        .batches
        .iter()
        .map(|b| {
            let stars = b.records.column_by_name("star").unwrap();
            stars.len() - stars.null_count()
        })
        .sum();
    assert!(stars > 10_000, "{stars}");
}

#[test]
fn real_files_of_others_are_read_whole() {
    let Some(folder) = shared("data/real") else { return };
    let options =
        |id: &str, name: &str| ReadOptions::default().with_year(2012).with_columns([(id, "org_id"), (name, "name")]);
    let header = fs::read_to_string(folder.join("西藏_2012.csv")).unwrap();
    let header: Vec<_> = header.lines().next().unwrap().trim_start_matches('\u{feff}').split(',').collect();
    let (id, name) =
        (header.iter().find(|h| h.contains("信用代码")).unwrap(), header.iter().find(|h| h.contains("名称")).unwrap());
    let utf8 = read(&folder.join("西藏_2012.csv"), &options(id, name)).unwrap();
    let gb = read(&folder.join("西藏_2012.gb18030.csv"), &options(id, name)).unwrap();
    assert_eq!(utf8.sources[0].rows.data, 1253);
    assert_eq!((utf8.sources[0].encoding, gb.sources[0].encoding), (Some("utf-8"), Some("gb18030")));
    assert_eq!(all_rows(&utf8), all_rows(&gb));
    // The data's README states that every check character is valid.
    assert!(!utf8.problems.iter().any(|p| p.code == Code::UsccCheckDigit));
    let sheet = read(&folder.join("西藏_2012_合并表头.xlsx"), &ReadOptions::default()).unwrap();
    assert_eq!(sheet.sources[0].rows.data, 300);
    assert_eq!((sheet.sources[0].rows.total, sheet.sources[0].rows.footer), (1, 1));
}

#[test]
fn a_folder_is_read_without_what_is_no_ledger() {
    let Some(folder) = shared("data/ledgers/hexigten") else {
        return;
    };
    let reading = read(&folder, &ReadOptions::default()).unwrap();
    assert_eq!(reading.sources.len(), 10);
    assert_eq!(reading.sources[0].years, [2009]);
    let skipped: Vec<_> = reading.skipped.iter().map(|s| s.sheet.as_deref().unwrap_or(&s.file)).collect();
    for passed in ["clean.parquet", "truth.parquet", "workers.csv", "填表说明", "数据字典"] {
        assert!(skipped.contains(&passed), "{passed} in {skipped:?}");
    }
}

#[test]
fn title_and_header_that_stand_on_every_page_are_no_organisations() {
    let folder = scratch("pages");
    let page = |id: &str| format!("党建情况,党建情况\norg_id,单位名称\n{id},甲厂\n");
    let reading = read(&write(&folder, "台账2013.csv", page(IDS[0]) + &page(IDS[1])), &ReadOptions::default()).unwrap();
    let rows = reading.sources[0].rows;
    assert_eq!((rows.title, rows.header, rows.repeated_header, rows.data), (1, 1, 2, 2));
    assert_eq!(reading.problems, []);
}

#[test]
fn a_year_in_chinese_digits_is_read_from_titles_before_names() {
    let folder = scratch("years");
    let text = format!("某旗两新组织党建工作台账（二〇一三年度）,,\norg_id,单位名称,从业人员\n{},甲厂,5\n", IDS[0]);
    for (name, year, from) in [
        ("台账.csv", 2013, YearFrom::Title),
        ("二○一二年台账.csv", 2013, YearFrom::Title),
        ("2011.csv", 2013, YearFrom::Title),
    ] {
        let reading = read(&write(&folder, name, &text), &ReadOptions::default()).unwrap();
        let source = &reading.sources[0];
        assert_eq!((source.years.as_slice(), source.year_from, source.rows.title), (&[year][..], from, 1), "{name}");
    }
}

#[test]
fn files_of_one_name_are_told_apart() {
    let folder = scratch("twins");
    let ledger = |code: &str, star: &str| format!("org_id,单位名称,星级\n{code},甲厂,{star}\n");
    let paths = ["东镇", "西镇", "其他"].map(|town| folder.join(town));
    for (path, (name, star)) in
        paths.iter().zip([("台账2013.csv", "五彩"), ("台账2013.csv", "七彩"), ("名册2013.csv", "3")])
    {
        fs::create_dir_all(path).unwrap();
        write(path, name, ledger(IDS[0], star));
    }
    let reading = ingest::read(&paths, &ReadOptions::default(), &Quiet).unwrap();
    let files: Vec<_> = reading.sources.iter().map(|s| s.file.replace('\\', "/")).collect();
    assert_eq!(files, ["东镇/台账2013.csv", "西镇/台账2013.csv", "名册2013.csv"]);
    assert_eq!(reading.sources[1].path, paths[1].join("台账2013.csv"));
    let roster = Roster::read(&paths, &ReadOptions::default(), &Quiet).unwrap();
    let origin = roster.origin();
    let said: Vec<_> =
        origin.problems.iter().map(|p| (p.file.replace('\\', "/"), p.code, p.value.replace('\\', "/"))).collect();
    let twin = format!("{} ↔ 东镇/台账2013.csv #2", IDS[0]);
    let expected = [
        ("东镇/台账2013.csv", Code::UnreadableStar, "五彩"),
        ("西镇/台账2013.csv", Code::UnreadableStar, "七彩"),
        ("西镇/台账2013.csv", Code::DuplicateExact, &twin),
        ("名册2013.csv", Code::DuplicateConflict, &twin),
    ];
    assert_eq!(said, expected.map(|(file, code, value)| (file.to_owned(), code, value.to_owned())));
    assert!(origin.sources.iter().map(|(_, balance)| balance.merged + balance.conflicts).eq([0, 1, 1]));
}

#[test]
fn each_file_that_cannot_be_read_says_why() {
    let folder = scratch("unreadable");
    let ole = [&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1][..], &[0; 600]].concat();
    let encrypted: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let ledger = format!("org_id,name\n{},甲\n", IDS[0]);
    let empty = folder.join("nothing");
    fs::create_dir(&empty).unwrap();
    write(&empty, "~$台账.xlsx", "x");
    for (path, said) in [
        (folder.join("missing.xlsx"), "no such file"),
        (write(&folder, "empty.xlsx", ""), "0 bytes"),
        (write(&folder, "empty.csv", ""), "0 bytes"),
        (write(&folder, "locked.xlsx", [ole.clone(), encrypted].concat()), "password"),
        (write(&folder, "broken.xls", ole), "damaged"),
        (write(&folder, "broken.xlsx", "PK\u{3}\u{4}no zip"), "damaged"),
        (write(&folder, "page.xls", "<html><table></table></html>"), "web page"),
        (write(&folder, "text.xlsx", "org_id,name"), "not a workbook"),
        (write(&folder, "broken.parquet", "PAR1"), "damaged"),
        (write(&folder, "台账.doc", "x"), "'doc'"),
        (write(&folder, "binary2013.csv", [0xff, 0xff, 0x80]), "GB18030"),
        (write(&folder, "other2013.csv", "a,b\n1,2\n"), "no ledger found"),
        (write(&folder, "undated.csv", &ledger), "year is not known"),
        (write(&folder, "quote2013.csv", format!("{ledger}{},\"乙\n{}", IDS[1], "x,y\n".repeat(200))), "line 3"),
        (empty, "no ledger in this folder"),
    ] {
        let Err(error) = read(&path, &ReadOptions::default()) else { panic!("{} was read", path.display()) };
        assert!(matches!(error, Error::File(_)), "{error}");
        let (en, zh) = (error.message(Lang::En), error.message(Lang::Zh));
        assert!(en.contains(said), "{en}");
        assert!(en.starts_with(&path.display().to_string()) && zh.starts_with(&path.display().to_string()));
        assert_eq!(error.file(), Some(&*path));
        assert_eq!(error.row(), (said == "GB18030").then_some(1).or((said == "line 3").then_some(3)));
        let is_caused = ["missing.xlsx", "broken.xlsx", "broken.parquet"].iter().any(|name| path.ends_with(name));
        assert!(error.source().is_some() || !is_caused, "{error:?}");
        assert_ne!(en, zh);
    }
    assert!(matches!(ingest::read(&[], &ReadOptions::default(), &Quiet), Err(Error::Argument(_))));
    let given = ReadOptions::default().with_year(2013);
    let reading = read(&folder.join("undated.csv"), &given).unwrap();
    assert_eq!((reading.sources[0].year_from, &reading.sources[0].years), (YearFrom::Argument, &vec![2013]));
}

/// A job that is cancelled after a number of checks.
struct Stopped(AtomicU64, u64);

impl Job for Stopped {
    fn progress(&self, _: &str, done: u64, total: u64) {
        assert!(done <= total);
    }
    fn cancelled(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) >= self.1
    }
}

#[test]
fn a_stopped_job_stops_every_reader() {
    let folder = scratch("stopped");
    let mut text = "org_id,name,year\n".to_owned();
    for _ in 0..50_000 {
        text.push_str("91110000600037341L,甲,2013\n");
    }
    let csv = write(&folder, "long.csv", text);
    let reading = read(&csv, &ReadOptions::default()).unwrap();
    let parquet = folder.join("long.parquet");
    let records = all_rows(&reading);
    write_parquet(&parquet, &records);
    assert_eq!(read(&parquet, &ReadOptions::default()).unwrap().sources[0].rows.data, 50_000);
    let mut paths = vec![csv, parquet];
    paths.extend(shared("data/ledgers/hexigten/克什克腾旗两新组织党建台账2013年.xlsx"));
    for path in paths {
        for asked in [0, 1, 2] {
            let job = Stopped(AtomicU64::new(0), asked);
            let stopped = ingest::read(std::slice::from_ref(&path), &ReadOptions::default(), &job);
            let long = !path.ends_with("long.parquet") || asked < 2;
            assert_eq!(matches!(stopped, Err(Error::Cancelled)), long, "{} after {asked}", path.display());
        }
    }
    let job = Stopped(AtomicU64::new(0), 0);
    let stopped = ingest::read_arrow("x", std::slice::from_ref(&records), &ReadOptions::default(), &job);
    assert!(matches!(stopped, Err(Error::Cancelled)));
    let years = records.column_by_name("year").unwrap().as_primitive::<Int16Type>();
    assert_eq!(years.value(49_999), 2013);
}
