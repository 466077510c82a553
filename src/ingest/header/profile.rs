//! Profiles (对照表): the meaning of one office's headers and words, saved as TOML, checked on reading, and reused the
//! next year.

use std::collections::HashMap;
use std::path::Path;

use toml::Value;

use super::unit::MONEY;
use crate::error::{Error, Result};
use crate::ingest::Proposal;
use crate::lang::Text;
use crate::schema;
use crate::schema::spelling::folded;
use crate::schema::{COLUMNS, Dictionaries, SchemaColumn, Type};
use crate::support::record;
use crate::support::record::Record;
use crate::support::similarity::nearest;

/// Meaning of headers and words in the ledgers of one office.
///
/// ```
/// use dangjian::ingest::{Profile, ReadOptions};
/// let profile = Profile::from_toml(
///     r#"
///     [[header]]
///     header = "职工规模"
///     column = "employees"
///
///     [[words]]
///     column = "mode"
///     value = "joint"
///     written = ["同步改组", "商会带建"]
///     "#,
///     "tianjin.toml",
/// )?;
/// let options = ReadOptions::default().with_profile(profile);
/// assert_eq!(options.dictionaries().of("mode").unwrap().find("商会带建"), Some(1));
/// # Ok::<(), dangjian::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Profile {
    pub(crate) entries: Vec<ProfileEntry>,
    by_header: HashMap<String, usize>,
    pub(crate) words: Dictionaries,
    /// Undecided headers with their proposals, written as comments.
    pub(crate) open: Vec<(String, Option<Proposal>)>,
}

/// One header and its meaning.
#[derive(Clone, Debug)]
pub(crate) struct ProfileEntry {
    pub header: String,
    pub says: ProfiledMeaning,
}

/// Meaning of a column according to a profile.
#[derive(Clone, Debug)]
pub(crate) enum ProfiledMeaning {
    /// A column of the schema, and for money its unit.
    Column { column: &'static SchemaColumn, unit: Option<&'static str> },
    /// A word of a column, set by a tick.
    Word { column: &'static SchemaColumn, value: String },
    /// A column of the user's own.
    Own(String),
    /// Not read.
    Ignore,
}

impl Profile {
    /// Reads the profile in the file at `path`.
    pub fn from_file(path: &Path) -> Result<Self> {
        Self::from_toml(&record::read(path)?, &path.display().to_string())
    }

    /// Parses a profile from `text`; `origin` names it in messages.
    pub fn from_toml(text: &str, origin: &str) -> Result<Self> {
        let mut file = record::table(text, origin)?;
        let mut profile = Self::default();
        for (number, value) in list(file.remove("header"), origin, "header")?.into_iter().enumerate() {
            profile.header(Record::new(value, origin, "header", number + 1)?)?;
        }
        for (number, value) in list(file.remove("words"), origin, "words")?.into_iter().enumerate() {
            profile.word(Record::new(value, origin, "words", number + 1)?)?;
        }
        match file.keys().next() {
            Some(other) => Err(Error::definition(
                format!("{origin}：不认识“{other}”；对照表里只能有 [[header]] 和 [[words]] 记录"),
                format!("{origin}: '{other}' is not known; a profile holds [[header]] and [[words]] records only"),
            )
            .in_file(origin)
            .in_column(other)),
            None => Ok(profile),
        }
    }

    fn header(&mut self, mut record: Record) -> Result<()> {
        let header = record.text("header")?;
        let (name, value, own) = (record.optional("column")?, record.optional("value")?, record.optional("own")?);
        let (unit, ignore) = (record.optional("unit")?, record.flag("ignore")?);
        let only = |field: &str, given: bool| {
            if given {
                return record.error(field, "只能与 column 一起写", "is used only together with column");
            }
            Ok(())
        };
        let says = match (name, own, ignore) {
            (Some(name), None, false) => {
                let column = known(&record, &name)?;
                match value {
                    Some(value) => {
                        only("unit", unit.is_some())?;
                        word(&record, column, &value)?
                    }
                    None => ProfiledMeaning::Column {
                        column,
                        unit: unit.map(|unit| money(&record, column, &unit)).transpose()?,
                    },
                }
            }
            (None, own, ignore) if own.is_some() != ignore => {
                only("value", value.is_some())?;
                only("unit", unit.is_some())?;
                own.map_or(Ok(ProfiledMeaning::Ignore), |own| kept_column(&record, own))?
            }
            _ => {
                return record.error(
                    "column",
                    "column、own、ignore 三项须写且只写一项：读作哪一列、以什么名称保留、或不读",
                    "exactly one of column, own and ignore is needed: the column it is read as, the name it is kept under, or that it is not read",
                );
            }
        };
        if self.by_header.contains_key(&*folded(&header)) {
            return record.error(
                "header",
                "前面已有同一表头。同一张表中的第二个写作“表头 (2)”",
                "the same header is defined above. Write the second of two in one sheet with ' (2)' after it",
            );
        }
        record.finish()?;
        self.insert(header, says);
        Ok(())
    }

    fn word(&mut self, mut record: Record) -> Result<()> {
        let (column, value, written) = (record.text("column")?, record.text("value")?, record.texts("written")?);
        for spelling in &written {
            if let Err((field, what)) = self.words.try_add(&column, spelling, &value) {
                return record.error(field, &what.zh, &what.en);
            }
        }
        record.finish()
    }

    pub(super) fn insert(&mut self, header: String, says: ProfiledMeaning) {
        let key = folded(&header).into_owned();
        if let Some(entry) = self.by_header.get(&key).and_then(|at| self.entries.get_mut(*at)) {
            entry.says = says;
        } else {
            self.by_header.insert(key, self.entries.len());
            self.entries.push(ProfileEntry { header, says });
        }
    }

    /// Returns the meaning of the header with this key.
    pub(crate) fn find(&self, key: &str) -> Option<&ProfiledMeaning> {
        self.by_header.get(key).and_then(|at| self.entries.get(*at)).map(|entry| &entry.says)
    }

    /// Returns the words added to the shipped ones.
    #[must_use]
    pub fn words(&self) -> &Dictionaries {
        &self.words
    }

    /// Writes [`Self::to_toml`] to the file at `path`.
    pub fn to_file(&self, path: &Path) -> Result<()> {
        std::fs::write(path, self.to_toml()).map_err(|e| Error::unwritten(path, e))
    }
}

fn list(value: Option<Value>, origin: &str, kind: &str) -> Result<Vec<Value>> {
    match value {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(Error::definition(
            format!("{origin}：“{kind}”应写作 [[{kind}]]，每条一个"),
            format!("{origin}: '{kind}' must be written as [[{kind}]], once for each record"),
        )
        .in_file(origin)
        .in_column(kind)),
    }
}

fn known(record: &Record, name: &str) -> Result<&'static SchemaColumn> {
    if let Some(column) = schema::column(name) {
        return Ok(column);
    }
    let labelled = COLUMNS.iter().find(|c| c.zh == name || c.aliases.contains(&name)).map(|c| c.name);
    let near = labelled.or_else(|| nearest(name, COLUMNS.iter().map(|c| c.name)));
    let (zh, en) = near
        .map_or_else(Default::default, |near| (format!("是不是“{near}”？"), format!("Hint: did you mean '{near}'? ")));
    let have: Vec<_> = COLUMNS.iter().map(|c| c.name).collect();
    record.error(
        "column",
        &format!("没有名为“{name}”的列。{zh}可用：{}。要作为自有列保留请写 own", have.join("、")),
        &format!(
            "there is no column '{name}'. {en}Available: {}. Write own to keep it as a column of your own",
            have.join(", ")
        ),
    )
}

fn word(record: &Record, column: &'static SchemaColumn, value: &str) -> Result<ProfiledMeaning> {
    // The rules for a word's name are those for the word of a spelling.
    let mut words = Dictionaries::default();
    if let Err((_, Text { zh, en })) = words.try_add(column.name, "-", value) {
        return record.error("value", &zh, &en);
    }
    let id = words.added().first().map_or(value, |s| s.value.as_str());
    Ok(ProfiledMeaning::Word { column, value: id.to_owned() })
}

fn money(record: &Record, column: &SchemaColumn, unit: &str) -> Result<&'static str> {
    if column.ty != Type::Money {
        return record.error(
            "unit",
            &format!("{} 不是金额列，没有单位可写", column.name),
            &format!("{} is not a column of money and has no unit", column.name),
        );
    }
    match MONEY.iter().find(|(name, _)| *name == unit) {
        Some((name, _)) => Ok(name),
        None => record.error(
            "unit",
            &format!("不认识单位“{unit}”。可用：元、千元、万元、亿元"),
            &format!("'{unit}' is not a known unit. Available: 元, 千元, 万元, 亿元"),
        ),
    }
}

fn kept_column(record: &Record, own: String) -> Result<ProfiledMeaning> {
    match schema::column(&own) {
        None => Ok(ProfiledMeaning::Own(own)),
        Some(_) => record.error(
            "own",
            &format!("“{own}”是已有的列名；要读作该列请写 column = \"{own}\"，否则换一个名称"),
            &format!("'{own}' is the name of a known column; write column = \"{own}\" to read it as that, or choose another name"),
        ),
    }
}

/// Removes the line breaks from a header.
pub(crate) fn one_line(header: &str) -> String {
    let parts: Vec<String> = header.split('/').map(|part| part.replace(['\n', '\r'], "").trim().to_owned()).collect();
    parts.join("/")
}
