//! Readers of whole columns: chosen once per table, then applied to one block after another.
//!
//! Columns of words and codes become numbers of distinct texts, each of which is read once.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrowPrimitiveType, BooleanArray, PrimitiveArray, StringBuilder};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{Date32Type, Float32Type, Float64Type, Int16Type, UInt32Type, UInt64Type};
use rustc_hash::FxHashMap;

use super::block::{Block, PREFETCHED, VisitedCell};
use super::content::{Cell, CellResult};
use super::distinct::{ColumnInterner, LabelResult};
use super::numbers::digits;
use super::values::{Coded, ColumnValues, narrowest};
use super::{dates, distinct};
use crate::ingest::cell;
use crate::ingest::problem::Code;
use crate::schema;
use crate::schema::words::Words;
use crate::schema::{Dictionaries, Type};
use crate::support::interner::Interner;

/// Valid range of a score: points out of 100, plus bonus points (`rules` of the ledgers' truth.json).
pub(crate) const SCORES: (f64, f64) = (0.0, 200.0);

/// A problem with a value.
pub(crate) struct CellProblem {
    /// Row within the block.
    pub row: usize,
    pub code: Code,
    pub value: String,
}

/// Kind of reader for the cells of a column.
#[derive(Clone, Debug)]
pub(crate) enum Reader {
    Year,
    /// Text from an open set, as written: a column of the user's own.
    Label,
    /// Text from an open set that names something.
    Term,
    /// Text that rarely repeats.
    Text,
    /// Text that must not be empty.
    Name,
    Code,
    RegistrationType,
    Word {
        words: Arc<Words>,
        unknown: Code,
    },
    Region,
    Industry,
    Flag,
    Count {
        round: bool,
    },
    Money {
        factor: f64,
    },
    Real {
        range: (f64, f64),
    },
    Star,
    Date,
    /// Formation mode as written, where it says more than the canonical word.
    ModeDetail,
}

impl Reader {
    /// Returns the reader of a schema column. Money is in units of `factor` yuan, words come from `dictionaries`.
    pub(crate) fn for_column(column: &'static schema::SchemaColumn, factor: f64, dictionaries: &Dictionaries) -> Self {
        match column.ty {
            Type::Year => Self::Year,
            Type::Id => Self::Code,
            Type::Text if column.name == "name" => Self::Name,
            Type::Text => Self::Text,
            Type::Code if column.name == "registration_type" => Self::RegistrationType,
            Type::Code if column.name.ends_with("_id") => Self::Code,
            Type::Code if column.name == "mode_detail" => Self::Label,
            Type::Code => Self::Term,
            Type::Word => dictionaries.of(column.name).map_or(Self::Label, |words| Self::Word {
                words,
                unknown: if column.name == "mode" { Code::ModeUnknownWord } else { Code::WordUnknown },
            }),
            Type::Region => Self::Region,
            Type::Industry => Self::Industry,
            Type::Flag => Self::Flag,
            Type::Count => Self::Count { round: column.unit == Some("m²") },
            Type::Money => Self::Money { factor },
            Type::Real if column.name == "score" => Self::Real { range: SCORES },
            Type::Real => Self::Real { range: (f64::NEG_INFINITY, f64::INFINITY) },
            Type::Star => Self::Star,
            Type::Date => Self::Date,
        }
    }

    /// Starts a column of `rows` rows, to be read in chunks.
    pub(crate) fn begin<'a>(&'a self, rows: usize, known: &'a Arc<ColumnInterner>) -> Box<dyn ColumnReader<'a> + 'a> {
        match self {
            Self::Year => numbers::<Int16Type>(rows, memoised(cell::year)),
            Self::Label => labels(rows, known, |cell| quiet(cell::text(cell))),
            Self::Term => labels(rows, known, |cell| quiet(cell::term(cell))),
            Self::Text => texts(rows, cell::term),
            Self::Name => {
                texts(rows, |cell| cell::term(cell).and_then(|v| v.map_or(Err(Code::NameEmpty), |v| Ok(Some(v)))))
            }
            Self::Code => {
                labels(rows, known, |cell| quiet(cell::code(cell).map(|code| code.map(cell::without_persons))))
            }
            Self::RegistrationType => labels(rows, known, |cell| quiet(cell::registration_type(cell))),
            Self::Word { words, unknown } => labels(rows, known, |cell| {
                let id = cell::word(cell, words, *unknown).map(|at| words.ids().nth(at?));
                if id != Ok(cell.written().filter(|text| !text.is_empty())) {
                    known.record_other();
                }
                id.map(|id| Some((Cow::Borrowed(id?), None)))
            }),
            Self::Region => labels(rows, known, cell::region),
            Self::Industry => labels(rows, known, |cell| quiet(cell::industry(cell).map(|v| v.map(Cow::Owned)))),
            Self::Flag => Box::new(NumberReader::new(rows, memoised(cell::flag), |values: Vec<bool>, valid| {
                ColumnValues::Array(Arc::new(BooleanArray::new(values.as_slice().into(), valid)))
            })),
            Self::Count { round } => numbers::<UInt32Type>(rows, |seen| match seen {
                VisitedCell::Text(written) => match digits(*written) {
                    None => cell::count(&seen.cell(), *round),
                    number => Ok(number),
                },
                VisitedCell::Other(cell) => cell::count(cell, *round),
            }),
            Self::Money { factor } => numbers::<UInt64Type>(rows, |seen| cell::money(&seen.cell(), *factor)),
            Self::Real { range } => numbers::<Float64Type>(rows, |seen| cell::real(&seen.cell(), *range)),
            Self::Star => numbers::<Float32Type>(rows, memoised(cell::star)),
            Self::Date => numbers::<Date32Type>(rows, |seen| dates::date(&seen.cell())),
            Self::ModeDetail => labels(rows, known, |cell| Ok(cell::mode_detail(cell).map(|word| (word, None)))),
        }
    }

    /// Reads `column` in the `chosen` rows of `block`.
    pub(crate) fn read<B: Block>(
        &self,
        block: &B,
        chosen: &[u32],
        column: usize,
        known: &Arc<ColumnInterner>,
        problems: &mut Vec<CellProblem>,
    ) -> ColumnValues {
        let mut values = self.begin(chosen.len(), known);
        block.each(chosen, column, |rows, seen| values.add(rows, seen, problems));
        values.finish()
    }
}

/// A column being read.
pub(crate) trait ColumnReader<'a> {
    /// Reads the cells of `rows`. A cell without a value, or with a problem instead of one, is null. Problems go to
    /// `problems`.
    fn add(&mut self, rows: &[u32], cells: &[VisitedCell<'a>], problems: &mut Vec<CellProblem>);
    /// Returns all values read.
    fn finish(self: Box<Self>) -> ColumnValues;
}

fn quiet(read: CellResult<Cow<'_, str>>) -> LabelResult<'_> {
    read.map(|value| value.map(|value| (value, None)))
}

/// Records a problem with a cell.
#[cold]
fn push_problem(problems: &mut Vec<CellProblem>, row: u32, code: Code, seen: &VisitedCell<'_>) {
    problems.push(CellProblem { row: row as usize, code, value: seen.cell().shown().into_owned() });
}

/// A column of numbers; null slots hold an arbitrary value.
struct NumberReader<T, R, M> {
    values: Vec<T>,
    /// Validity bitmap, one bit per row.
    valid: Vec<u64>,
    nulls: usize,
    read: R,
    build: M,
}

impl<T, R, M> NumberReader<T, R, M> {
    fn new(rows: usize, read: R, build: M) -> Self {
        let valid = Vec::with_capacity(rows.div_ceil(PREFETCHED));
        Self { values: Vec::with_capacity(rows), valid, nulls: 0, read, build }
    }
}

/// Builds a column of numbers as a primitive array.
fn numbers<'a, T: ArrowPrimitiveType>(
    rows: usize,
    read: impl FnMut(&VisitedCell<'a>) -> CellResult<T::Native> + 'a,
) -> Box<dyn ColumnReader<'a> + 'a> {
    Box::new(NumberReader::new(rows, read, |values: Vec<T::Native>, valid| {
        ColumnValues::Array(Arc::new(PrimitiveArray::<T>::new(values.into(), valid)))
    }))
}

impl<'a, T, R, M> ColumnReader<'a> for NumberReader<T, R, M>
where
    T: Copy + Default,
    R: FnMut(&VisitedCell<'a>) -> CellResult<T>,
    M: FnOnce(Vec<T>, Option<NullBuffer>) -> ColumnValues,
{
    fn add(&mut self, rows: &[u32], cells: &[VisitedCell<'a>], problems: &mut Vec<CellProblem>) {
        let mut known = 0_u64;
        let read = &mut self.read;
        self.values.extend(cells.iter().zip(rows).enumerate().map(|(at, (seen, row))| {
            let value = read(seen).unwrap_or_else(|code| {
                push_problem(problems, *row, code, seen);
                None
            });
            // Empty cells are unpredictable, so no branch depends on them.
            known |= u64::from(value.is_some()) << at;
            value.unwrap_or_default()
        }));
        self.valid.push(known);
        self.nulls += rows.len() - known.count_ones() as usize;
    }

    fn finish(self: Box<Self>) -> ColumnValues {
        let Self { values, valid, nulls, build, .. } = *self;
        let valid = (nulls > 0).then(|| NullBuffer::new(BooleanBuffer::new(valid.into(), 0, values.len())));
        build(values, valid)
    }
}

/// A column of text that rarely repeats.
struct TextReader<R> {
    values: StringBuilder,
    read: R,
}

fn texts<'a>(rows: usize, read: impl Fn(&Cell<'a>) -> CellResult<Cow<'a, str>> + 'a) -> Box<dyn ColumnReader<'a> + 'a> {
    Box::new(TextReader { values: StringBuilder::with_capacity(rows, rows * 16), read })
}

impl<'a, R: Fn(&Cell<'a>) -> CellResult<Cow<'a, str>>> ColumnReader<'a> for TextReader<R> {
    fn add(&mut self, rows: &[u32], cells: &[VisitedCell<'a>], problems: &mut Vec<CellProblem>) {
        for (seen, row) in cells.iter().zip(rows) {
            self.values.append_option((self.read)(&seen.cell()).unwrap_or_else(|code| {
                push_problem(problems, *row, code, seen);
                None
            }));
        }
    }

    fn finish(mut self: Box<Self>) -> ColumnValues {
        ColumnValues::Array(Arc::new(self.values.finish()))
    }
}

/// A column of repetitive text, encoded as numbers of a string table.
struct LabelReader<'a, R> {
    numbers: Vec<u32>,
    texts: distinct::BorrowedTable<'a>,
    /// Readings of numbers found in place of text.
    others: FxHashMap<u64, u32>,
    known: &'a Arc<ColumnInterner>,
    read: R,
}

fn labels<'a>(
    rows: usize,
    known: &'a Arc<ColumnInterner>,
    read: impl Fn(&Cell<'a>) -> LabelResult<'a> + 'a,
) -> Box<dyn ColumnReader<'a> + 'a> {
    let others = FxHashMap::default();
    Box::new(LabelReader { numbers: Vec::with_capacity(rows), texts: known.lend(), others, known, read })
}

impl<'a, R: Fn(&Cell<'a>) -> LabelResult<'a>> ColumnReader<'a> for LabelReader<'a, R> {
    fn add(&mut self, rows: &[u32], cells: &[VisitedCell<'a>], problems: &mut Vec<CellProblem>) {
        let Self { numbers, texts, others, read, .. } = self;
        // A large table is mostly out of cache: prefetch all slots before the first lookup.
        if texts.is_large() {
            texts.prefetch(cells.iter().filter_map(|seen| match seen {
                VisitedCell::Text(written) => Some(*written),
                VisitedCell::Other(_) => None,
            }));
        }
        numbers.extend(cells.iter().zip(rows).map(|(seen, row)| {
            let number = match seen {
                VisitedCell::Text(written) => texts.number(*written, || read(&seen.cell())),
                VisitedCell::Other(Cell::Number(n)) => {
                    *others.entry(n.to_bits()).or_insert_with(|| texts.enter(read(&seen.cell())))
                }
                VisitedCell::Other(cell) => texts.enter(read(cell)),
            };
            let (number, said) = texts.resolve(number);
            if let Some(code) = said {
                push_problem(problems, *row, code, seen);
            }
            number
        }));
    }

    fn finish(self: Box<Self>) -> ColumnValues {
        ColumnValues::Coded(Coded { numbers: narrowest(&self.numbers, None), known: Arc::clone(self.known) })
    }
}

/// Reads cells with few distinct texts, each text once.
fn memoised<'a, T: Copy + 'a>(
    read: impl Fn(&Cell<'a>) -> CellResult<T> + 'a,
) -> impl FnMut(&VisitedCell<'a>) -> CellResult<T> + 'a {
    let mut interner: Interner<&'a str, CellResult<T>> = Interner::new(Ok(None));
    move |seen| match seen {
        VisitedCell::Text(written) => interner.get_or_insert_with(*written, || read(&seen.cell())),
        VisitedCell::Other(cell) => read(cell),
    }
}

/// A column of values from a small set.
pub(crate) struct LabelBuilder {
    numbers: Vec<u32>,
    known: Arc<ColumnInterner>,
}

impl LabelBuilder {
    pub(crate) fn with_capacity(rows: usize, known: &Arc<ColumnInterner>) -> Self {
        Self { numbers: Vec::with_capacity(rows), known: Arc::clone(known) }
    }

    pub(crate) fn push(&mut self, value: Option<&str>) {
        self.numbers.push(value.map_or(0, |value| self.known.values().number(value)));
    }

    pub(crate) fn finish(self) -> ColumnValues {
        ColumnValues::Coded(Coded { numbers: narrowest(&self.numbers, None), known: self.known })
    }
}
