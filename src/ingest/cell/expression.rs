//! Cell readers over whole columns: the values of a frame are interpreted by the same rules as ledgers. Each distinct
//! value of a slice is read once; long columns are read in parallel.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayAccessor, ArrayRef, AsArray, BooleanArray, StringArray, StringViewArray, UInt8Array, UInt32Array,
};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Float64Type};
use rayon::prelude::*;

use super::arrow_column::{convert, is_text, read_all};
use super::block::TextColumn;
use super::content::{Cell, plain_number};
use super::reader::Reader;
use super::row_checks::identity;
use crate::error::{Error, Result};
use crate::ingest::cell;
use crate::ingest::problem::Code;
use crate::job::Job;
use crate::lang::Lang;
use crate::schema::words::Words;
use crate::schema::{COLUMNS, Dictionaries, SchemaColumn, Type, words};
use crate::standards::region::{RegionLevel, Resolution};
use crate::standards::registration::System;
use crate::standards::{code, industry, organisation, region, registration, uscc};
use crate::support::interner::Interner;
use crate::support::named::named_enum;
use crate::{job, schema};

/// Number of rows one thread reads at a time.
const SLICE: usize = 1 << 18;

/// Function applied to every value of a column.
#[derive(Clone, Debug)]
pub enum Expression {
    /// Status of the value as an organisation code: one of [`uscc::UsccStatus::NAMES`].
    UsccStatus,
    /// Check character of the first 17 characters of a unified code.
    UsccCheck,
    /// Organisation code of nine characters, within a unified code or alone.
    OrganisationCode,
    /// Region that contains the value.
    Region(RegionLookup),
    /// Name of that region.
    RegionName(RegionLookup),
    /// Fate of the region: one of [`Resolution::NAMES`].
    RegionStatus(RegionLookup),
    /// Section letter, division or group of an industry.
    Industry(IndustryLevel),
    /// One of the words of a column.
    Word(&'static Words),
    /// Registration type, by the codes of a system.
    RegistrationType(Option<System>, RegistrationPart),
    /// Value as read into a column of the schema; the factor is the unit of money in yuan.
    Value(&'static SchemaColumn, f64),
    /// Problem that reading the value as this column would report: an id of [`Code::ALL`].
    Problem(&'static SchemaColumn, f64),
}

/// Years and level of a region lookup.
#[derive(Clone, Copy, Debug, Default)]
pub struct RegionLookup {
    /// Year whose regions are wanted; by default the list of 2023, with which ledgers are read.
    pub year: Option<i16>,
    /// Year of the values; by default a code means the last unit that had it.
    pub of_year: Option<i16>,
    /// Level wanted; by default that of the value.
    pub level: Option<RegionLevel>,
}

/// Level of an industry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndustryLevel {
    /// 门类, a letter.
    Section,
    /// 大类 with its letter, as in rosters; only the letter if the value says no more.
    Division,
    /// 中类 with its letter.
    Group,
}

named_enum! { pub IndustryLevel, "行业级别", "level"; Section = "section", Division = "division", Group = "group" }

/// Part of a registration type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationPart {
    /// Number.
    Number,
    /// System of codes that the number belongs to.
    System,
    /// Name.
    Label(Lang),
}

named_enum! {
    pub RegistrationPart, "登记注册类型的部分", "part";
    Number = "number", System = "system", Label(Lang::Zh) = "label_zh", Label(Lang::En) = "label_en",
}

impl Expression {
    /// Creates an expression for the words of `column`, whose values are a fixed set.
    pub fn word(column: &str) -> Result<Self> {
        words::of(column).map(Self::Word).ok_or_else(|| {
            let have = COLUMNS.iter().filter(|c| c.ty == Type::Word).map(|c| c.name).collect::<Vec<_>>();
            no_column(column, &have)
        })
    }

    /// Creates an expression for the values of the schema column `column`.
    pub fn value(column: &str, factor: f64) -> Result<Self> {
        Ok(Self::Value(column_of(column)?, factor_of(factor)?))
    }

    /// Creates an expression for the problems of values in the schema column `column`.
    pub fn problem(column: &str, factor: f64) -> Result<Self> {
        Ok(Self::Problem(column_of(column)?, factor_of(factor)?))
    }

    /// Returns the fixed set of words that results are taken from, if there is one: results are then positions in it.
    #[must_use]
    pub fn words(&self) -> Option<Vec<&'static str>> {
        match self {
            Self::UsccStatus => Some(uscc::UsccStatus::NAMES.to_vec()),
            Self::RegionStatus(_) => Some(Resolution::NAMES.to_vec()),
            Self::Word(words) => Some(words.ids().collect()),
            Self::Problem(..) => Some(Code::ALL.iter().map(|c| c.id()).collect()),
            _ => None,
        }
    }

    /// Returns the type of the results: bytes, as positions in [`words`](Self::words), where there is a fixed set.
    #[must_use]
    pub fn data_type(&self) -> DataType {
        match self {
            _ if self.words().is_some() => DataType::UInt8,
            Self::Value(column, _) if column.ty.arrow() != DataType::Utf8 => column.ty.arrow(),
            _ => DataType::Utf8View,
        }
    }

    /// Evaluates every value of a chunked column; the result may be chunked differently. Nulls and values that cannot
    /// be read are null.
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
        // Organisation codes are mostly distinct: deduplicating them costs more than reading them.
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
                let mut interner: Interner<&str, u32> = Interner::new(0);
                let mut distinct = Vec::new();
                let keys = (0..texts.len()).map(|at| {
                    texts.is_valid(at).then(|| {
                        let text = texts.value(at);
                        interner.get_or_insert_with(text, || {
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

    /// Evaluates texts one by one.
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
                let (values, _) = read_all(
                    &Reader::for_column(column, *factor, &Dictionaries::default()),
                    &TextColumn(&texts.iter().copied().collect()),
                    &Arc::default(),
                );
                let values = values.array();
                if is_text(values.data_type()) { cast(&values, &DataType::Utf8View)? } else { values }
            }
            Self::Problem(column, _) if column.ty == Type::Id => {
                bytes(&|t| identity(&Cell::Text(t)).map_or_else(Some, |(_, said)| said).and_then(position))
            }
            Self::Problem(column, factor) => {
                let (_, found) = read_all(
                    &Reader::for_column(column, *factor, &Dictionaries::default()),
                    &TextColumn(&texts.iter().copied().collect()),
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

impl RegionLookup {
    /// Returns the 12-digit code and the name of the region that `written` means.
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

/// Converts values to their text in a cell; text is left as it is, also in a dictionary.
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

fn column_of(name: &str) -> Result<&'static SchemaColumn> {
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
    .in_column(name)
}

fn unreadable(column: &SchemaColumn, ty: &DataType) -> Error {
    let name = column.name;
    Error::data(
        format!("类型为 {ty} 的列无法作为 {name} 读取；请先转换为文字或数字"),
        format!("a column of type {ty} cannot be read as {name}; cast it to text or numbers first"),
    )
    .in_column(name)
}
