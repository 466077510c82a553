//! Makes a profile of what was read and writes it as TOML, with comments for the analyst who edits it.

use std::fmt::Write as _;

use super::mapped::{ColumnStatus, Mapped, Proposal};
use super::profile::{Profile, ProfileEntry, ProfiledMeaning, one_line};
use crate::ingest::options::ReadOptions;
use crate::ingest::reading::Source;
use crate::schema;
use crate::schema::spelling::folded;

impl Profile {
    /// Captures how `sources` were read under `options`: every header that is read, then the other entries of the
    /// profile in `options`, and the added words. Unknown headers are kept for a comment.
    #[must_use]
    pub fn of<'a>(sources: impl IntoIterator<Item = &'a Source>, options: &ReadOptions) -> Self {
        let mut profile = Self::default();
        profile.words = options.dictionaries();
        let mut open: Vec<(String, Option<Proposal>)> = Vec::new();
        let is_open = |mapped: &Mapped| mapped.status == ColumnStatus::Unknown && !mapped.kept;
        for mapped in sources.into_iter().flat_map(|source| &source.columns) {
            let header = one_line(&mapped.header);
            match says(mapped) {
                Some(says) if profile.find(&folded(&header)).is_none() => profile.insert(header, says),
                None if is_open(mapped) && open.iter().all(|(seen, _)| folded(seen) != folded(&header)) => {
                    open.push((header, mapped.proposal.clone()));
                }
                _ => {}
            }
        }
        for entry in options.profile.iter().flat_map(|base| &base.entries) {
            if profile.find(&folded(&entry.header)).is_none() {
                profile.insert(entry.header.clone(), entry.says.clone());
            }
        }
        profile.open = open;
        profile
    }

    /// Returns the profile as a file to be read, edited and reused; its comments explain the format.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut out = HEAD.to_owned();
        for ProfileEntry { header, says } in &self.entries {
            let _ = write!(out, "\n[[header]]\nheader = {}\n", quoted(header));
            let _ = match says {
                ProfiledMeaning::Column { column, unit } => {
                    let unit = unit.map(|unit| format!("unit = {}\n", quoted(unit))).unwrap_or_default();
                    write!(out, "column = {}  # {}\n{unit}", quoted(column.name), column.zh)
                }
                ProfiledMeaning::Word { column, value } => {
                    write!(out, "column = {}  # {}\nvalue = {}\n", quoted(column.name), column.zh, quoted(value))
                }
                ProfiledMeaning::Own(name) => writeln!(out, "own = {}", quoted(name)),
                ProfiledMeaning::Ignore => writeln!(out, "ignore = true"),
            };
        }
        if !self.open.is_empty() {
            out.push_str(OPEN);
        }
        for (header, proposal) in &self.open {
            let _ = write!(out, "#\n# [[header]]\n# header = {}\n", quoted(header));
            let _ = match proposal {
                Some(p) => {
                    let value = p.value.as_ref().map(|v| format!("# value = {}\n", quoted(v))).unwrap_or_default();
                    let like = format!("与“{}”相似 {:.0}%，请核对", one_line(&p.like), p.similarity * 100.0);
                    write!(out, "# column = {}  # {like}\n{value}", quoted(p.column))
                }
                None => writeln!(out, "# column = \"\""),
            };
        }
        out.push_str(WORDS);
        let mut done: Vec<(&str, &str)> = Vec::new();
        for spelling in self.words.added() {
            let of = (spelling.column.as_str(), spelling.value.as_str());
            if done.contains(&of) {
                continue;
            }
            done.push(of);
            let same = self.words.added().iter().filter(|s| (s.column.as_str(), s.value.as_str()) == of);
            let written: Vec<_> = same.map(|s| quoted(&s.written)).collect();
            let (column, value) = (quoted(of.0), quoted(of.1));
            let _ =
                write!(out, "\n[[words]]\ncolumn = {column}\nvalue = {value}\nwritten = [{}]\n", written.join(", "));
        }
        out
    }
}

/// Returns the profile entry that reproduces how a column was read; `None` if it was not read.
fn says(mapped: &Mapped) -> Option<ProfiledMeaning> {
    let name = mapped.column.as_deref()?;
    if mapped.kept {
        return Some(ProfiledMeaning::Own(name.to_owned()));
    }
    let column = schema::column(name)?;
    match &mapped.value {
        Some(value) => Some(ProfiledMeaning::Word { column, value: value.clone() }),
        // A column in a group of ticked words whose own word is unknown.
        None if mapped.status == ColumnStatus::Unknown => None,
        None => Some(ProfiledMeaning::Column { column, unit: mapped.unit }),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

const HEAD: &str = r#"# 表头对照表：本单位台账的表头各读作哪一列，由 dangjian 写出，可以修改后反复使用：
#   read_roster(文件, profile="本文件")     dangjian check 文件 --profile 本文件
#
# 每个 [[header]] 说明一个表头：
#   header  台账里的表头。多行表头自上而下用“/”连接，也可以只写最下一级（表里有整个表头正是这样的列时，
#           只指那一列；个人信息须写全）；同一张表里重复的表头，第二个写作“备注 (2)”
#   column  读作哪一列（列名见 docs/columns.md，或 dangjian.schema()）
#   value   一项多列、打勾选择时，在这一列打勾表示哪个词
#   unit    金额的单位：元、千元、万元、亿元。不写则以表头括号里的为准，都没有则为元
#   own     不属于上述各列，但要以这个名称保留
#   ignore  写 true 表示不读，以后也不再提示
# 每个表头写 column、own、ignore 三者之一。没有写到的表头照常自动识别。
#
# 每个 [[words]] 为一列增加写法：
#   column  哪一列        value  表示哪个词        written  台账里的各种写法
"#;

const OPEN: &str = "
# 以下表头不认识，没有读入。要读入的，删去行首的“# ”，写好 column（或 own、ignore）：
";

const WORDS: &str = "
# 增加的用词。例：
# [[words]]
# column = \"mode\"
# value = \"joint\"
# written = [\"同步改组\", \"商会带建\"]
";
