//! The readers of cells over whole columns: what a value of a frame means, by the same rules by which ledgers are read.
//! Each distinct value of a slice is read once; long columns are read in parallel.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayAccessor, ArrayRef, AsArray, BooleanArray, StringArray, StringViewArray, UInt8Array, UInt32Array,
};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Float64Type};
use rayon::prelude::*;

use super::Cell;
use super::arrow_column::{all, convert, is_text};
use super::block::Texts;
use super::numbers::plain_number;
use super::reader::Reader;
use super::row_checks::identity;
use crate::error::{Error, Result};
use crate::ingest::cell;
use crate::ingest::problem::Code;
use crate::job;
use crate::job::Job;
use crate::lang::Lang;
use crate::schema;
use crate::schema::words;
use crate::schema::words::Words;
use crate::schema::{COLUMNS, Column, Dictionaries, Type};
use crate::standards::region;
use crate::standards::region::{Level, Resolution};
use crate::standards::registration;
use crate::standards::registration::System;
use crate::standards::{code, industry, organisation, uscc};
use crate::support::interner::Memo;

/// How many rows one thread reads at a time.
const SLICE: usize = 1 << 18;

/// What is asked of every value of a column.
#[derive(Clone, Debug)]
pub enum Expression {
    /// What stands in the place of an organisation's code: one of [`uscc::Status::NAMES`].
    UsccStatus,
    /// The check character that belongs to the first 17 characters of a unified code.
    UsccCheck,
    /// The organisation code of nine characters, inside a unified code or alone.
    OrganisationCode,
    /// The region in which the value lies.
    Region(Region),
    /// The name of that region.
    RegionName(Region),
    /// What became of the region: one of [`Resolution::NAMES`].
    RegionStatus(Region),
    /// The industry's section letter, division or group.
    Industry(IndustryLevel),
    /// One of the words of a column.
    Word(&'static Words),
    /// A registration type, by the codes of a system.
    RegistrationType(Option<System>, RegistrationPart),
    /// A value as the column of the schema has it; money comes in units of so many yuan.
    Value(&'static Column, f64),
    /// What reading the value as this column would say about it: an id of [`Code::ALL`].
    Problem(&'static Column, f64),
}

/// In which years, and at which level, a region is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Region {
    /// The year whose regions are meant; without it the list of 2023, as ledgers are read.
    pub year: Option<i16>,
    /// The year of the values; without it codes are of the last unit that had them.
    pub of_year: Option<i16>,
    /// The level; without it that of the value.
    pub level: Option<Level>,
}

/// A level of industries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndustryLevel {
    /// 门类, a letter.
    Section,
    /// 大类 with its letter, as rosters have it; a letter alone where the value says no more.
    Division,
    /// 中类 with its letter.
    Group,
}

/// What is wanted of a registration type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationPart {
    /// Its number.
    Number,
    /// The system of codes the number belongs to.
    System,
    /// Its name.
    Label(Lang),
}

impl Expression {
    /// The words of the column called `column`, one whose values are a fixed set.
    pub fn word(column: &str) -> Result<Self> {
        words::of(column).map(Self::Word).ok_or_else(|| {
            let have = COLUMNS.iter().filter(|c| c.ty == Type::Word).map(|c| c.name).collect::<Vec<_>>();
            no_column(column, &have)
        })
    }

    /// A value as the schema's column called `column` has it.
    pub fn value(column: &str, factor: f64) -> Result<Self> {
        Ok(Self::Value(column_of(column)?, factor_of(factor)?))
    }

    /// The problem of a value in the column called `column`.
    pub fn problem(column: &str, factor: f64) -> Result<Self> {
        Ok(Self::Problem(column_of(column)?, factor_of(factor)?))
    }

    /// The words among which every answer is, where they are a fixed set: answers are then positions in it.
    #[must_use]
    pub fn words(&self) -> Option<Vec<&'static str>> {
        match self {
            Self::UsccStatus => Some(uscc::Status::NAMES.to_vec()),
            Self::RegionStatus(_) => Some(Resolution::NAMES.to_vec()),
            Self::Word(words) => Some(words.ids().collect()),
            Self::Problem(..) => Some(Code::ALL.iter().map(|c| c.id()).collect()),
            _ => None,
        }
    }

    /// The type of the answers: bytes, positions in [`words`](Self::words), where those are a fixed set.
    #[must_use]
    pub fn data_type(&self) -> DataType {
        match self {
            _ if self.words().is_some() => DataType::UInt8,
            Self::Value(column, _) if column.ty.arrow() != DataType::Utf8 => column.ty.arrow(),
            _ => DataType::Utf8View,
        }
    }

    /// The answers for every value of the chunks of a column, in as many chunks as suit. A value that cannot be read is
    /// null, as is a null.
    pub fn evaluate(&self, chunks: &[ArrayRef], job: &dyn Job) -> Result<Vec<ArrayRef>> {
        let slices: Vec<ArrayRef> = chunks
            .iter()
            .flat_map(|chunk| {
                let starts = (0..chunk.len()).step_by(SLICE);
                starts.map(|start| chunk.slice(start, SLICE.min(chunk.len() - start)))
            })
            .collect();
        let answers = slices.into_par_iter().map(|slice| {
            job::check(job)?;
            self.slice(&slice)
        });
        let answers: Vec<ArrayRef> = answers.collect::<Result<_>>()?;
        if answers.is_empty() {
            return Ok(vec![arrow::array::new_empty_array(&self.data_type())]);
        }
        Ok(answers)
    }

    fn slice(&self, array: &ArrayRef) -> Result<ArrayRef> {
        match self {
            Self::Value(column, factor) | Self::Problem(column, factor)
                if !is_text(array.data_type()) && column.ty != Type::Id =>
            {
                let (values, found) = convert(array, column, *factor, &Dictionaries::default(), &Arc::default())
                    .ok_or_else(|| unreadable(column, array.data_type()))??;
                if matches!(self, Self::Value(..)) {
                    return Ok(cast(&values.array(), &self.data_type())?);
                }
                let mut codes = vec![None; array.len()];
                for finding in found {
                    if let Some(place) = codes.get_mut(finding.row) {
                        *place = position(finding.code);
                    }
                }
                Ok(Arc::new(UInt8Array::from(codes)))
            }
            _ => {
                let texts = as_texts(array)?;
                match texts.data_type() {
                    DataType::Dictionary(..) => {
                        let dictionary = texts.as_any_dictionary();
                        let words = as_texts(&cast(dictionary.values(), &DataType::Utf8)?)?;
                        let answers = self.texts(words.as_string::<i32>())?;
                        Ok(take(&answers, &cast(dictionary.keys(), &DataType::UInt32)?, None)?)
                    }
                    DataType::Utf8View => self.texts(texts.as_string_view()),
                    DataType::LargeUtf8 => self.texts(texts.as_string::<i64>()),
                    _ => self.texts(texts.as_string::<i32>()),
                }
            }
        }
    }

    fn texts<'a>(&self, texts: impl Copy + ArrayAccessor<Item = &'a str>) -> Result<ArrayRef> {
        // Codes of organisations are mostly different: to look for those that are not takes longer than to read them.
        match self {
            Self::UsccStatus => {
                let status = |at| texts.is_valid(at).then(|| uscc::status(&code(texts.value(at))) as u8);
                Ok(Arc::new((0..texts.len()).map(status).collect::<UInt8Array>()))
            }
            Self::UsccCheck | Self::OrganisationCode => {
                let all: Vec<Option<&str>> =
                    (0..texts.len()).map(|at| texts.is_valid(at).then(|| texts.value(at))).collect();
                self.read(&all)
            }
            _ => {
                let mut known: Memo<&str, u32> = Memo::new(0);
                let mut distinct = Vec::new();
                let keys = (0..texts.len()).map(|at| {
                    texts.is_valid(at).then(|| {
                        let text = texts.value(at);
                        known.get(text, || {
                            distinct.push(Some(text));
                            distinct.len() as u32 - 1
                        })
                    })
                });
                let keys: UInt32Array = keys.collect();
                Ok(take(&self.read(&distinct)?, &keys, None)?)
            }
        }
    }

    /// The answers for texts, one by one.
    fn read(&self, texts: &[Option<&str>]) -> Result<ArrayRef> {
        let strings = |read: &dyn Fn(&str) -> Option<String>| -> ArrayRef {
            Arc::new(texts.iter().map(|t| t.and_then(read)).collect::<StringViewArray>())
        };
        let bytes = |read: &dyn Fn(&str) -> Option<u8>| -> ArrayRef {
            Arc::new(texts.iter().map(|t| t.and_then(read)).collect::<UInt8Array>())
        };
        Ok(match self {
            Self::UsccStatus => bytes(&|t| Some(uscc::status(&code(t)) as u8)),
            Self::UsccCheck => strings(&|t| {
                let code = code(t);
                let whole = matches!(code.len(), 17 | 18);
                code.get(..17).filter(|_| whole).and_then(uscc::check_character).map(String::from)
            }),
            Self::OrganisationCode => strings(&|t| organisation::organisation_code(&code(t))),
            Self::Region(asked) => strings(&|t| asked.find(t).map(|(code, _)| code)),
            Self::RegionName(asked) => strings(&|t| asked.find(t).and_then(|(_, name)| name)),
            Self::RegionStatus(asked) => bytes(&|t| asked.status(t)),
            Self::Industry(level) => strings(&|t| {
                let text = Cell::Text(t).text().ok()??;
                match level {
                    IndustryLevel::Section => industry::section(&text),
                    IndustryLevel::Division => industry::division(&text),
                    IndustryLevel::Group => industry::group(&text),
                }
            }),
            Self::Word(words) => {
                bytes(&|t| cell::word(&Cell::Text(t), words, Code::WordUnknown).ok().flatten().map(|at| at as u8))
            }
            Self::RegistrationType(system, part) => strings(&|t| match registration::read(t, *system) {
                registration::Read::One(found) => Some(match part {
                    RegistrationPart::Number => found.number.to_string(),
                    RegistrationPart::System => found.system.name().to_owned(),
                    RegistrationPart::Label(lang) => found.label(*lang).to_owned(),
                }),
                _ => None,
            }),
            Self::Value(column, factor) => {
                let (values, _) = all(
                    &Reader::of(column, *factor, &Dictionaries::default()),
                    &Texts(&texts.iter().copied().collect()),
                    &Arc::default(),
                );
                let values = values.array();
                if is_text(values.data_type()) { cast(&values, &DataType::Utf8View)? } else { values }
            }
            Self::Problem(column, _) if column.ty == Type::Id => {
                bytes(&|t| identity(&Cell::Text(t)).map_or_else(Some, |(_, said)| said).and_then(position))
            }
            Self::Problem(column, factor) => {
                let (_, found) = all(
                    &Reader::of(column, *factor, &Dictionaries::default()),
                    &Texts(&texts.iter().copied().collect()),
                    &Arc::default(),
                );
                let mut said = vec![None; texts.len()];
                for finding in found {
                    if let Some(place) = said.get_mut(finding.row) {
                        *place = position(finding.code);
                    }
                }
                let said = said.into_iter();
                Arc::new(said.collect::<UInt8Array>())
            }
        })
    }
}

impl Region {
    /// The code of 12 digits, and the name, of the region that `written` means.
    fn find(&self, written: &str) -> Option<(String, Option<String>)> {
        let Some(year) = self.year else {
            let (code, _) = cell::region(&Cell::Text(written)).ok()??;
            let code = match self.level {
                Some(level) => region::at_level(&code, level)?,
                None => code.into_owned(),
            };
            let name = region::name(&code).map(str::to_owned);
            return Some((code, name));
        };
        let unit = self.resolve(written, year)?.unit()?;
        let unit = match self.level {
            Some(level) => region::above(&unit, level, year)?,
            None => unit,
        };
        Some((unit.code.to_owned(), Some(unit.name.to_owned())))
    }

    fn status(&self, written: &str) -> Option<u8> {
        let name = self.resolve(written, self.year.unwrap_or(region::LIST_YEAR))?.name();
        Resolution::NAMES.iter().position(|n| *n == name).map(|at| at as u8)
    }

    fn resolve(&self, written: &str, year: i16) -> Option<Resolution> {
        let code = cell::code(&Cell::Text(written)).ok()??;
        Some(region::resolve(&code, self.of_year, year))
    }
}

fn position(code: Code) -> Option<u8> {
    Code::ALL.iter().position(|c| *c == code).map(|at| at as u8)
}

/// Values as the text a cell shows; text stays as it is, also in a dictionary.
fn as_texts(array: &ArrayRef) -> Result<ArrayRef> {
    Ok(match array.data_type() {
        ty if is_text(ty) => Arc::clone(array),
        ty if ty.is_floating() => {
            let numbers = cast(array, &DataType::Float64)?;
            let texts = numbers.as_primitive::<Float64Type>().iter();
            let texts = texts.map(|n| n.filter(|n| !n.is_nan()).map(plain_number));
            Arc::new(texts.collect::<StringArray>())
        }
        DataType::Boolean => {
            let flags: &BooleanArray = array.as_boolean();
            Arc::new(flags.iter().map(|f| f.map(|f| if f { "TRUE" } else { "FALSE" })).collect::<StringArray>())
        }
        _ => cast(array, &DataType::Utf8)?,
    })
}

fn column_of(name: &str) -> Result<&'static Column> {
    schema::column(name).ok_or_else(|| no_column(name, &COLUMNS.iter().map(|c| c.name).collect::<Vec<_>>()))
}

fn factor_of(factor: f64) -> Result<f64> {
    if factor.is_finite() && factor > 0.0 {
        return Ok(factor);
    }
    Err(Error::argument(
        format!("单位应为大于 0 的数（万元为 10000），给的是 {factor}"),
        format!("expected a unit above 0 (10000 for 万元), got {factor}"),
    ))
}

fn no_column(name: &str, have: &[&str]) -> Error {
    Error::argument(
        format!("没有可这样读取的列“{name}”。可用：{}", have.join("、")),
        format!("there is no column '{name}' to read values as. Available: {}", have.join(", ")),
    )
}

fn unreadable(column: &Column, ty: &DataType) -> Error {
    let name = column.name;
    Error::data(
        format!("类型为 {ty} 的列无法作为 {name} 读取；请先转换为文字或数字"),
        format!("a column of type {ty} cannot be read as {name}; cast it to text or numbers first"),
    )
}
