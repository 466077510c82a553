//! Where the cells of one column go: its reader, chosen once a sheet, and the Arrow array it fills.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Float32Builder, Float64Builder, Int16Builder, StringBuilder,
    UInt32Builder, UInt64Builder,
};

use super::cells::{self, Cell, Read};
use super::dates;
use super::problem::Code;
use crate::schema::words::Words;
use crate::schema::{Column, Dictionaries, Type};

/// Scores are points out of 100, with additions; what is outside is no score (`rules` of the ledgers' truth.json).
pub(super) const SCORES: (f64, f64) = (0.0, 200.0);

/// The reader and the values of one column.
pub(super) enum Sink {
    Year(Int16Builder),
    Text(StringBuilder),
    /// Text that must not be empty.
    Name(StringBuilder),
    Code(StringBuilder),
    RegistrationType(StringBuilder),
    Word {
        words: Arc<Words>,
        unknown: Code,
        values: StringBuilder,
    },
    Region(StringBuilder),
    Industry(StringBuilder),
    Flag(BooleanBuilder),
    Count {
        round: bool,
        values: UInt32Builder,
    },
    Money {
        factor: f64,
        values: UInt64Builder,
    },
    Real {
        range: (f64, f64),
        values: Float64Builder,
    },
    Star(Float32Builder),
    Date(Date32Builder),
}

impl Sink {
    /// The sink of a column of the schema; money comes in units of `factor` yuan, words in those of `dictionaries`.
    pub(super) fn of(column: &'static Column, factor: f64, dictionaries: &Dictionaries) -> Self {
        match column.ty {
            Type::Year => Self::Year(Int16Builder::new()),
            Type::Id => Self::Code(StringBuilder::new()),
            Type::Text if column.name == "name" => Self::Name(StringBuilder::new()),
            Type::Code if column.name == "registration_type" => Self::RegistrationType(StringBuilder::new()),
            Type::Code if column.name.ends_with("_id") => Self::Code(StringBuilder::new()),
            Type::Text | Type::Code => Self::text(),
            Type::Word => dictionaries.of(column.name).map_or_else(Self::text, |words| Self::Word {
                words,
                unknown: if column.name == "mode" { Code::ModeUnknownWord } else { Code::WordUnknown },
                values: StringBuilder::new(),
            }),
            Type::Region => Self::Region(StringBuilder::new()),
            Type::Industry => Self::Industry(StringBuilder::new()),
            Type::Flag => Self::Flag(BooleanBuilder::new()),
            Type::Count => Self::Count { round: column.unit == Some("m²"), values: UInt32Builder::new() },
            Type::Money => Self::Money { factor, values: UInt64Builder::new() },
            Type::Real if column.name == "score" => Self::Real { range: SCORES, values: Float64Builder::new() },
            Type::Real => Self::Real { range: (f64::NEG_INFINITY, f64::INFINITY), values: Float64Builder::new() },
            Type::Star => Self::Star(Float32Builder::new()),
            Type::Date => Self::Date(Date32Builder::new()),
        }
    }

    /// The sink of text as it stands.
    pub(super) fn text() -> Self {
        Self::Text(StringBuilder::new())
    }

    /// Reads `cell` and appends its value, null where it has none or a problem comes in its place. Returns what is to
    /// be said about it.
    pub(super) fn push(&mut self, cell: &Cell<'_>) -> Option<Code> {
        match self {
            Self::Year(values) => append(cells::year(cell), |v| values.append_option(v)),
            Self::Text(values) => append(cells::text(cell), |v| values.append_option(v)),
            Self::Name(values) => {
                let read = cells::text(cell).and_then(|v| v.map_or(Err(Code::NameEmpty), |v| Ok(Some(v))));
                append(read, |v| values.append_option(v))
            }
            Self::Code(values) => append(cells::code(cell), |v| values.append_option(v)),
            Self::RegistrationType(values) => append(cells::registration_type(cell), |v| values.append_option(v)),
            Self::Word { words, unknown, values } => append(cells::word(cell, words, *unknown), |at| {
                values.append_option(at.and_then(|at| words.ids().nth(at)));
            }),
            Self::Region(values) => match cells::region(cell) {
                Ok(Some((code, said))) => {
                    values.append_value(code);
                    said
                }
                other => append(other.map(|_| None::<&str>), |v| values.append_option(v)),
            },
            Self::Industry(values) => append(cells::industry(cell), |v| values.append_option(v)),
            Self::Flag(values) => append(cells::flag(cell), |v| values.append_option(v)),
            Self::Count { round, values } => append(cells::count(cell, *round), |v| values.append_option(v)),
            Self::Money { factor, values } => append(cells::money(cell, *factor), |v| values.append_option(v)),
            Self::Real { range, values } => append(cells::real(cell, *range), |v| values.append_option(v)),
            Self::Star(values) => append(cells::star(cell), |v| values.append_option(v)),
            Self::Date(values) => append(dates::date(cell), |v| values.append_option(v)),
        }
    }

    /// Appends text that was read already, to a sink of text.
    pub(super) fn push_text(&mut self, text: Option<&str>) {
        match self {
            Self::Text(values) | Self::Word { values, .. } => values.append_option(text),
            _ => {
                self.push(&text.map_or(Cell::Empty, Cell::Text));
            }
        }
    }

    /// The values so far; the sink is empty again.
    pub(super) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Year(values) => Arc::new(values.finish()),
            Self::Text(values)
            | Self::Name(values)
            | Self::Code(values)
            | Self::RegistrationType(values)
            | Self::Word { values, .. }
            | Self::Region(values)
            | Self::Industry(values) => Arc::new(values.finish()),
            Self::Flag(values) => Arc::new(values.finish()),
            Self::Count { values, .. } => Arc::new(values.finish()),
            Self::Money { values, .. } => Arc::new(values.finish()),
            Self::Real { values, .. } => Arc::new(values.finish()),
            Self::Star(values) => Arc::new(values.finish()),
            Self::Date(values) => Arc::new(values.finish()),
        }
    }
}

fn append<T>(read: Read<T>, append: impl FnOnce(Option<T>)) -> Option<Code> {
    match read {
        Ok(value) => {
            append(value);
            None
        }
        Err(code) => {
            append(None);
            Some(code)
        }
    }
}
