//! Readers of whole columns: chosen once per table, then applied to one block after another.
//!
//! Columns of words and codes become numbers of distinct texts, each of which is read once.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrowPrimitiveType, BooleanArray, PrimitiveArray, StringBuilder};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{Date32Type, Float32Type, Float64Type, Int16Type, UInt32Type, UInt64Type};
use rustc_hash::FxHashMap;

use super::block::{Block, PREFETCHED, Seen};
use super::content::{Cell, Read};
use super::distinct::{Known, Label};
use super::numbers::digits;
use super::values::{Coded, Values, narrowest};
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
pub(crate) struct Finding {
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
    pub(crate) fn of(column: &'static schema::SchemaColumn, factor: f64, dictionaries: &Dictionaries) -> Self {
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
    pub(crate) fn begin<'a>(&'a self, rows: usize, known: &'a Arc<Known>) -> Box<dyn Column<'a> + 'a> {
        match self {
            Self::Year => numbers::<Int16Type>(rows, few(cell::year)),
            Self::Label => labels(rows, known, |cell| quiet(cell::text(cell))),
            Self::Term => labels(rows, known, |cell| quiet(cell::term(cell))),
            Self::Text => texts(rows, cell::term),
            Self::Name => {
                texts(rows, |cell| cell::term(cell).and_then(|v| v.map_or(Err(Code::NameEmpty), |v| Ok(Some(v)))))
            }
            Self::Code => labels(rows, known, |cell| quiet(cell::code(cell))),
            Self::RegistrationType => labels(rows, known, |cell| quiet(cell::registration_type(cell))),
            Self::Word { words, unknown } => labels(rows, known, |cell| {
                let id = cell::word(cell, words, *unknown).map(|at| words.ids().nth(at?));
                if id != Ok(cell.written().filter(|text| !text.is_empty())) {
                    known.tell_other();
                }
                id.map(|id| Some((Cow::Borrowed(id?), None)))
            }),
            Self::Region => labels(rows, known, cell::region),
            Self::Industry => labels(rows, known, |cell| quiet(cell::industry(cell).map(|v| v.map(Cow::Owned)))),
            Self::Flag => Box::new(Numbers::new(rows, few(cell::flag), |values: Vec<bool>, valid| {
                Values::Array(Arc::new(BooleanArray::new(values.as_slice().into(), valid)))
            })),
            Self::Count { round } => numbers::<UInt32Type>(rows, |seen| match seen {
                Seen::Text(written) => match digits(*written) {
                    None => cell::count(&seen.cell(), *round),
                    number => Ok(number),
                },
                Seen::Other(cell) => cell::count(cell, *round),
            }),
            Self::Money { factor } => numbers::<UInt64Type>(rows, |seen| cell::money(&seen.cell(), *factor)),
            Self::Real { range } => numbers::<Float64Type>(rows, |seen| cell::real(&seen.cell(), *range)),
            Self::Star => numbers::<Float32Type>(rows, few(cell::star)),
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
        known: &Arc<Known>,
        found: &mut Vec<Finding>,
    ) -> Values {
        let mut values = self.begin(chosen.len(), known);
        block.each(chosen, column, |rows, seen| values.add(rows, seen, found));
        values.finish()
    }
}

/// A column being read.
pub(crate) trait Column<'a> {
    /// Reads the cells of `rows`. A cell without a value, or with a problem instead of one, is null. Problems go to
    /// `found`.
    fn add(&mut self, rows: &[u32], cells: &[Seen<'a>], found: &mut Vec<Finding>);
    /// Returns all values read.
    fn finish(self: Box<Self>) -> Values;
}

fn quiet(read: Read<Cow<'_, str>>) -> Label<'_> {
    read.map(|value| value.map(|value| (value, None)))
}

/// Records a problem with a cell.
#[cold]
fn say(found: &mut Vec<Finding>, row: u32, code: Code, seen: &Seen<'_>) {
    found.push(Finding { row: row as usize, code, value: seen.cell().shown().into_owned() });
}

/// A column of numbers; null slots hold an arbitrary value.
struct Numbers<T, R, M> {
    values: Vec<T>,
    /// Validity bitmap, one bit per row.
    valid: Vec<u64>,
    nulls: usize,
    read: R,
    made: M,
}

impl<T, R, M> Numbers<T, R, M> {
    fn new(rows: usize, read: R, made: M) -> Self {
        let valid = Vec::with_capacity(rows.div_ceil(PREFETCHED));
        Self { values: Vec::with_capacity(rows), valid, nulls: 0, read, made }
    }
}

/// Builds a column of numbers as a primitive array.
fn numbers<'a, T: ArrowPrimitiveType>(
    rows: usize,
    read: impl FnMut(&Seen<'a>) -> Read<T::Native> + 'a,
) -> Box<dyn Column<'a> + 'a> {
    Box::new(Numbers::new(rows, read, |values: Vec<T::Native>, valid| {
        Values::Array(Arc::new(PrimitiveArray::<T>::new(values.into(), valid)))
    }))
}

impl<'a, T, R, M> Column<'a> for Numbers<T, R, M>
where
    T: Copy + Default,
    R: FnMut(&Seen<'a>) -> Read<T>,
    M: FnOnce(Vec<T>, Option<NullBuffer>) -> Values,
{
    fn add(&mut self, rows: &[u32], cells: &[Seen<'a>], found: &mut Vec<Finding>) {
        let mut known = 0_u64;
        let read = &mut self.read;
        self.values.extend(cells.iter().zip(rows).enumerate().map(|(at, (seen, row))| {
            let value = read(seen).unwrap_or_else(|code| {
                say(found, *row, code, seen);
                None
            });
            // Empty cells are unpredictable, so no branch depends on them.
            known |= u64::from(value.is_some()) << at;
            value.unwrap_or_default()
        }));
        self.valid.push(known);
        self.nulls += rows.len() - known.count_ones() as usize;
    }

    fn finish(self: Box<Self>) -> Values {
        let Self { values, valid, nulls, made, .. } = *self;
        let valid = (nulls > 0).then(|| NullBuffer::new(BooleanBuffer::new(valid.into(), 0, values.len())));
        made(values, valid)
    }
}

/// A column of text that rarely repeats.
struct Texts<R> {
    values: StringBuilder,
    read: R,
}

fn texts<'a>(rows: usize, read: impl Fn(&Cell<'a>) -> Read<Cow<'a, str>> + 'a) -> Box<dyn Column<'a> + 'a> {
    Box::new(Texts { values: StringBuilder::with_capacity(rows, rows * 16), read })
}

impl<'a, R: Fn(&Cell<'a>) -> Read<Cow<'a, str>>> Column<'a> for Texts<R> {
    fn add(&mut self, rows: &[u32], cells: &[Seen<'a>], found: &mut Vec<Finding>) {
        for (seen, row) in cells.iter().zip(rows) {
            self.values.append_option((self.read)(&seen.cell()).unwrap_or_else(|code| {
                say(found, *row, code, seen);
                None
            }));
        }
    }

    fn finish(mut self: Box<Self>) -> Values {
        Values::Array(Arc::new(self.values.finish()))
    }
}

/// A column of repetitive text, encoded as numbers of a string table.
struct Coding<'a, R> {
    numbers: Vec<u32>,
    texts: distinct::Texts<'a>,
    /// Readings of numbers found in place of text.
    others: FxHashMap<u64, u32>,
    known: &'a Arc<Known>,
    read: R,
}

fn labels<'a>(
    rows: usize,
    known: &'a Arc<Known>,
    read: impl Fn(&Cell<'a>) -> Label<'a> + 'a,
) -> Box<dyn Column<'a> + 'a> {
    let others = FxHashMap::default();
    Box::new(Coding { numbers: Vec::with_capacity(rows), texts: known.lend(), others, known, read })
}

impl<'a, R: Fn(&Cell<'a>) -> Label<'a>> Column<'a> for Coding<'a, R> {
    fn add(&mut self, rows: &[u32], cells: &[Seen<'a>], found: &mut Vec<Finding>) {
        let Self { numbers, texts, others, read, .. } = self;
        // A large table is mostly out of cache: prefetch all slots before the first lookup.
        if texts.is_large() {
            texts.prefetch(cells.iter().filter_map(|seen| match seen {
                Seen::Text(written) => Some(*written),
                Seen::Other(_) => None,
            }));
        }
        numbers.extend(cells.iter().zip(rows).map(|(seen, row)| {
            let number = match seen {
                Seen::Text(written) => texts.number(*written, || read(&seen.cell())),
                Seen::Other(Cell::Number(n)) => {
                    *others.entry(n.to_bits()).or_insert_with(|| texts.enter(read(&seen.cell())))
                }
                Seen::Other(cell) => texts.enter(read(cell)),
            };
            let (number, said) = texts.said(number);
            if let Some(code) = said {
                say(found, *row, code, seen);
            }
            number
        }));
    }

    fn finish(self: Box<Self>) -> Values {
        Values::Coded(Coded { numbers: narrowest(&self.numbers, None), known: Arc::clone(self.known) })
    }
}

/// Reads cells with few distinct texts, each text once.
fn few<'a, T: Copy + 'a>(read: impl Fn(&Cell<'a>) -> Read<T> + 'a) -> impl FnMut(&Seen<'a>) -> Read<T> + 'a {
    let mut interner: Interner<&'a str, Read<T>> = Interner::new(Ok(None));
    move |seen| match seen {
        Seen::Text(written) => interner.get_or_insert_with(*written, || read(&seen.cell())),
        Seen::Other(cell) => read(cell),
    }
}

/// A column of values from a small set.
pub(crate) struct Labels {
    numbers: Vec<u32>,
    known: Arc<Known>,
}

impl Labels {
    pub(crate) fn with_capacity(rows: usize, known: &Arc<Known>) -> Self {
        Self { numbers: Vec::with_capacity(rows), known: Arc::clone(known) }
    }

    pub(crate) fn push(&mut self, value: Option<&str>) {
        self.numbers.push(value.map_or(0, |value| self.known.values().number(value)));
    }

    pub(crate) fn finish(self) -> Values {
        Values::Coded(Coded { numbers: narrowest(&self.numbers, None), known: self.known })
    }
}
