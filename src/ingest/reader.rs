//! How the cells of one column are read: chosen once for a table, then one column of a block after another.
//!
//! Columns of words and codes come out as numbers of distinct texts, each of which is read once.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrowPrimitiveType, BooleanArray, PrimitiveArray, StringBuilder};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{Date32Type, Float32Type, Float64Type, Int16Type, UInt32Type, UInt64Type};
use rustc_hash::FxHashMap;

use super::block::{Block, Seen, TOGETHER};
use super::cells::{self, Cell, Read};
use super::dates;
use super::known::Known;
use super::numbers::digits;
use super::problem::Code;
use super::values::{Coded, Values, narrowest};
use crate::memo::Memo;
use crate::schema::words::Words;
use crate::schema::{Column, Dictionaries, Type};

/// Scores are points out of 100, with additions; what is outside is no score (`rules` of the ledgers' truth.json).
pub(super) const SCORES: (f64, f64) = (0.0, 200.0);

/// What is to be said about a value.
pub(super) struct Finding {
    /// The row of the block.
    pub row: usize,
    pub code: Code,
    pub value: String,
}

/// How the cells of a column are read.
#[derive(Clone, Debug)]
pub(super) enum Reader {
    Year,
    /// Text from an open set as written: a column of the user's own.
    Label,
    /// Text from an open set that names something.
    Term,
    /// Text that hardly repeats.
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
    /// The word for a mode as written, where it says more than the canonical word.
    ModeDetail,
}

impl Reader {
    /// The reader of a column of the schema; money comes in units of `factor` yuan, words are those of `dictionaries`.
    pub(super) fn of(column: &'static Column, factor: f64, dictionaries: &Dictionaries) -> Self {
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

    /// Reads `column` in the rows of `block` that are `chosen`. A cell without a value, or with a problem in the place
    /// of one, is null; what is to be said about cells goes to `found`.
    pub(super) fn read<'a, B: Block>(
        &'a self,
        block: &'a B,
        chosen: &'a [u32],
        column: usize,
        known: &Arc<Known>,
        found: &mut Vec<Finding>,
    ) -> Values {
        let mut cells = Cells { block, chosen, column, known, found };
        match self {
            Self::Year => cells.array::<Int16Type>(few(cells::year)),
            Self::Label => cells.labels(|cell| quiet(cells::text(cell))),
            Self::Term => cells.labels(|cell| quiet(cells::term(cell))),
            Self::Text => cells.texts(cells::term),
            Self::Name => {
                cells.texts(|cell| cells::term(cell).and_then(|v| v.map_or(Err(Code::NameEmpty), |v| Ok(Some(v)))))
            }
            Self::Code => cells.labels(|cell| quiet(cells::code(cell))),
            Self::RegistrationType => cells.labels(|cell| quiet(cells::registration_type(cell))),
            Self::Word { words, unknown } => cells.labels(|cell| {
                let id = cells::word(cell, words, *unknown).map(|at| words.ids().nth(at?));
                if id != Ok(cell.written().filter(|text| !text.is_empty())) {
                    known.tell_other();
                }
                id.map(|id| Some((Cow::Borrowed(id?), None)))
            }),
            Self::Region => cells.labels(cells::region),
            Self::Industry => cells.labels(|cell| quiet(cells::industry(cell).map(|v| v.map(Cow::Owned)))),
            Self::Flag => cells.flags(),
            Self::Count { round } => cells.counts(*round),
            Self::Money { factor } => cells.numbers::<UInt64Type>(|cell| cells::money(cell, *factor)),
            Self::Real { range } => cells.numbers::<Float64Type>(|cell| cells::real(cell, *range)),
            Self::Star => cells.array::<Float32Type>(few(cells::star)),
            Self::Date => cells.numbers::<Date32Type>(dates::date),
            Self::ModeDetail => cells.labels(|cell| Ok(cells::mode_detail(cell).map(|word| (word, None)))),
        }
    }
}

/// A value, and what is to be said about it beside.
pub(super) type Label<'a> = Read<(Cow<'a, str>, Option<Code>)>;

fn quiet(read: Read<Cow<'_, str>>) -> Label<'_> {
    read.map(|value| value.map(|value| (value, None)))
}

/// The cells of one column.
struct Cells<'a, 'f, B> {
    block: &'a B,
    chosen: &'a [u32],
    column: usize,
    known: &'f Arc<Known>,
    found: &'f mut Vec<Finding>,
}

impl<'a, B: Block> Cells<'a, '_, B> {
    /// The values, any where there is none or a problem in its place, and where that is so.
    #[inline]
    fn values<T: Copy + Default>(
        &mut self,
        mut read: impl FnMut(&Seen<'a>) -> Read<T>,
    ) -> (Vec<T>, Option<NullBuffer>) {
        let count = self.chosen.len();
        let mut values = Vec::with_capacity(count);
        let mut valid: Vec<u64> = Vec::with_capacity(count.div_ceil(TOGETHER));
        let mut nulls = 0;
        let found = &mut *self.found;
        self.block.each(self.chosen, self.column, |rows, seen| {
            let mut known = 0_u64;
            values.extend(seen.iter().zip(rows).enumerate().map(|(at, (seen, row))| {
                let value = read(seen).unwrap_or_else(|code| {
                    found.push(Finding { row: *row as usize, code, value: seen.cell().shown().into_owned() });
                    None
                });
                // Which cells are empty cannot be foreseen: no branch depends on it.
                known |= u64::from(value.is_some()) << at;
                value.unwrap_or_default()
            }));
            valid.push(known);
            nulls += rows.len() - known.count_ones() as usize;
        });
        let nulls = (nulls > 0).then(|| NullBuffer::new(BooleanBuffer::new(valid.into(), 0, count)));
        (values, nulls)
    }

    fn array<T: ArrowPrimitiveType>(&mut self, read: impl FnMut(&Seen<'a>) -> Read<T::Native>) -> Values {
        let (values, valid) = self.values(read);
        Values::Array(Arc::new(PrimitiveArray::<T>::new(values.into(), valid)))
    }

    fn numbers<T: ArrowPrimitiveType>(&mut self, read: impl Fn(&Cell<'a>) -> Read<T::Native>) -> Values {
        self.array::<T>(|seen| read(&seen.cell()))
    }

    fn counts(&mut self, round: bool) -> Values {
        self.array::<UInt32Type>(|seen| match seen {
            Seen::Text(written) => match digits(*written) {
                None => cells::count(&seen.cell(), round),
                number => Ok(number),
            },
            Seen::Other(cell) => cells::count(cell, round),
        })
    }

    fn flags(&mut self) -> Values {
        let (values, valid) = self.values(few(cells::flag));
        Values::Array(Arc::new(BooleanArray::new(values.as_slice().into(), valid)))
    }

    fn texts(&mut self, read: impl Fn(&Cell<'a>) -> Read<Cow<'a, str>>) -> Values {
        let mut values = StringBuilder::with_capacity(self.chosen.len(), self.chosen.len() * 16);
        let found = &mut *self.found;
        self.block.each(self.chosen, self.column, |rows, seen| {
            for (seen, row) in seen.iter().zip(rows) {
                let cell = seen.cell();
                values.append_option(read(&cell).unwrap_or_else(|code| {
                    found.push(Finding { row: *row as usize, code, value: cell.shown().into_owned() });
                    None
                }));
            }
        });
        Values::Array(Arc::new(values.finish()))
    }

    /// Values as numbers of texts.
    fn labels(&mut self, read: impl Fn(&Cell<'a>) -> Label<'a>) -> Values {
        let mut values = Vec::with_capacity(self.chosen.len());
        let mut texts = self.known.lend();
        let mut numbers: FxHashMap<u64, u32> = FxHashMap::default();
        let found = &mut *self.found;
        self.block.each(self.chosen, self.column, |rows, seen| {
            // Of a large table most is far: it is asked for all these texts before the first is waited for.
            if texts.is_large() {
                let touch = |seen: &Seen<'a>| match seen {
                    Seen::Text(written) => texts.touch(*written),
                    Seen::Other(_) => 0,
                };
                std::hint::black_box(seen.iter().map(touch).fold(0, u32::wrapping_add));
            }
            values.extend(seen.iter().zip(rows).map(|(seen, row)| {
                let number = match seen {
                    Seen::Text(written) => texts.number(*written, || read(&seen.cell())),
                    Seen::Other(Cell::Number(n)) => {
                        *numbers.entry(n.to_bits()).or_insert_with(|| texts.enter(read(&seen.cell())))
                    }
                    Seen::Other(cell) => texts.enter(read(cell)),
                };
                let (number, said) = texts.said(number);
                if let Some(code) = said {
                    let value = seen.cell().shown().into_owned();
                    found.push(Finding { row: *row as usize, code, value });
                }
                number
            }));
        });
        Values::Coded(Coded { numbers: narrowest(&values, None), known: Arc::clone(self.known) })
    }
}

/// Reads cells of few different texts: each text once.
fn few<'a, T: Copy>(read: impl Fn(&Cell<'a>) -> Read<T>) -> impl FnMut(&Seen<'a>) -> Read<T> {
    let mut memo: Memo<&'a str, Read<T>> = Memo::new(Ok(None));
    move |seen| match seen {
        Seen::Text(written) => memo.get(*written, || read(&seen.cell())),
        Seen::Other(cell) => read(cell),
    }
}

/// Values from few of which each row has one.
pub(super) struct Labels {
    numbers: Vec<u32>,
    known: Arc<Known>,
}

impl Labels {
    pub(super) fn with_capacity(rows: usize, known: &Arc<Known>) -> Self {
        Self { numbers: Vec::with_capacity(rows), known: Arc::clone(known) }
    }

    pub(super) fn push(&mut self, value: Option<&str>) {
        self.numbers.push(value.map_or(0, |value| self.known.values().number(value)));
    }

    pub(super) fn finish(self) -> Values {
        Values::Coded(Coded { numbers: narrowest(&self.numbers, None), known: self.known })
    }
}
