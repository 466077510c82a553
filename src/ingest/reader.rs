//! How the cells of one column are read: chosen once for a table, then one column of a block after another.
//!
//! Columns of words and codes come out as dictionaries: each distinct text of a block is read once.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, DictionaryArray, PrimitiveArray, StringArray, StringBuilder,
    new_null_array,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{
    DataType, Date32Type, Float32Type, Float64Type, Int16Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use rustc_hash::FxHashMap;

use super::block::Block;
use super::cells::{self, Cell, Read};
use super::dates;
use super::known::Known;
use super::problem::Code;
use crate::memo::Memo;
use crate::schema::words::Words;
use crate::schema::{Column, Dictionaries, Type};

/// Scores are points out of 100, with additions; what is outside is no score (`rules` of the ledgers' truth.json).
pub(super) const SCORES: (f64, f64) = (0.0, 200.0);

/// How many texts are looked up together.
const TOGETHER: usize = 32;

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
        known: &Known,
        found: &mut Vec<Finding>,
    ) -> ArrayRef {
        let mut cells = Cells { block, chosen, column, known, found };
        match self {
            Self::Year => cells.numbers::<Int16Type>(few(cells::year)),
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
            Self::Count { round } => cells.numbers::<UInt32Type>(|cell| cells::count(cell, *round)),
            Self::Money { factor } => cells.numbers::<UInt64Type>(|cell| cells::money(cell, *factor)),
            Self::Real { range } => cells.numbers::<Float64Type>(|cell| cells::real(cell, *range)),
            Self::Star => cells.numbers::<Float32Type>(few(cells::star)),
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
    known: &'f Known,
    found: &'f mut Vec<Finding>,
}

impl<'a, B: Block> Cells<'a, '_, B> {
    /// What each cell was read as goes to `append`; nothing where there is a problem in its place.
    #[inline]
    fn each<T>(&mut self, mut read: impl FnMut(&Cell<'a>) -> Read<T>, mut append: impl FnMut(Option<T>)) {
        let found = &mut *self.found;
        self.block.each(self.chosen, self.column, |row, cell| match read(&cell) {
            Ok(value) => append(value),
            Err(code) => {
                append(None);
                found.push(Finding { row: row as usize, code, value: cell.shown().into_owned() });
            }
        });
    }

    /// The values, any where there is none, and where that is so.
    fn values<T: Copy + Default>(&mut self, read: impl FnMut(&Cell<'a>) -> Read<T>) -> (Vec<T>, Option<NullBuffer>) {
        let rows = self.chosen.len();
        let (mut values, mut valid) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        // Which cells are empty cannot be foreseen: no branch depends on it.
        self.each(read, |value| {
            valid.push(value.is_some());
            values.push(value.unwrap_or_default());
        });
        let nulls = valid.contains(&false).then(|| NullBuffer::from(valid));
        (values, nulls)
    }

    fn numbers<T: ArrowPrimitiveType>(&mut self, read: impl FnMut(&Cell<'a>) -> Read<T::Native>) -> ArrayRef {
        let (values, valid) = self.values(read);
        Arc::new(PrimitiveArray::<T>::new(values.into(), valid))
    }

    fn flags(&mut self) -> ArrayRef {
        let (values, valid) = self.values(few(cells::flag));
        Arc::new(BooleanArray::new(values.as_slice().into(), valid))
    }

    fn texts(&mut self, read: impl Fn(&Cell<'a>) -> Read<Cow<'a, str>>) -> ArrayRef {
        let mut values = StringBuilder::with_capacity(self.chosen.len(), self.chosen.len() * 16);
        self.each(read, |value| values.append_option(value));
        Arc::new(values.finish())
    }

    /// Values in a dictionary, which may have values that no row has, and one twice where it was written in two ways.
    fn labels(&mut self, read: impl Fn(&Cell<'a>) -> Label<'a>) -> ArrayRef {
        let mut keys = Vec::with_capacity(self.chosen.len());
        let mut texts = self.known.lend();
        let mut numbers: FxHashMap<u64, u32> = FxHashMap::default();
        let mut cells: Vec<Cell<'a>> = Vec::with_capacity(TOGETHER);
        for rows in self.chosen.chunks(TOGETHER) {
            cells.clear();
            self.block.each(rows, self.column, |_, cell| cells.push(cell));
            // Of a large table most is far: it is asked for all these texts before the first is waited for.
            if texts.is_large() {
                let touch = |cell: &Cell<'a>| cell.written().map_or(0, |text| texts.touch(text));
                std::hint::black_box(cells.iter().map(touch).fold(0, u32::wrapping_add));
            }
            for (cell, row) in cells.iter().zip(rows) {
                let number = match cell.written() {
                    Some(text) => texts.number(text, || read(cell)),
                    None => match *cell {
                        Cell::Number(n) => *numbers.entry(n.to_bits()).or_insert_with(|| texts.enter(read(cell))),
                        _ => texts.enter(read(cell)),
                    },
                };
                let (number, said) = texts.said(number);
                keys.push(number);
                if let Some(code) = said {
                    self.found.push(Finding { row: *row as usize, code, value: cell.shown().into_owned() });
                }
            }
        }
        let values = texts.dictionary(&mut keys);
        self.known.take_back(texts);
        dictionary(&keys, values)
    }
}

/// Reads cells of few different texts: each text once.
fn few<'a, T: Copy>(read: impl Fn(&Cell<'a>) -> Read<T>) -> impl FnMut(&Cell<'a>) -> Read<T> {
    let mut memo: Memo<&'a str, Read<T>> = Memo::new(Ok(None));
    move |cell| match cell.written() {
        Some(text) => memo.get(text, || read(cell)),
        None => read(cell),
    }
}

/// Values from few of which each row has one.
pub(super) struct Labels<'a> {
    keys: Vec<u32>,
    values: Vec<&'a str>,
}

impl<'a> Labels<'a> {
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self { keys: Vec::with_capacity(rows), values: Vec::new() }
    }

    pub(super) fn push(&mut self, value: Option<&'a str>) {
        let key = value.map_or(0, |value| {
            let at = self.values.iter().position(|v| *v == value).unwrap_or_else(|| {
                self.values.push(value);
                self.values.len() - 1
            });
            at as u32 + 1
        });
        self.keys.push(key);
    }

    pub(super) fn finish(self) -> ArrayRef {
        dictionary(&self.keys, Arc::new(StringArray::from(self.values)))
    }
}

/// A dictionary whose `keys` are positions among `values` from 1, 0 for nothing; the keys become as small as they can.
fn dictionary(keys: &[u32], values: ArrayRef) -> ArrayRef {
    let nulls = keys.contains(&0).then(|| NullBuffer::new(BooleanBuffer::collect_bool(keys.len(), |at| keys[at] > 0)));
    let most = values.len();
    macro_rules! dictionary {
        ($key:ty, $native:ty) => {{
            let keys = keys.iter().map(|key| key.saturating_sub(1) as $native).collect();
            Arc::new(DictionaryArray::new(PrimitiveArray::<$key>::new(keys, nulls), values))
        }};
    }
    match most {
        0 => new_null_array(&DataType::Dictionary(Box::new(DataType::UInt8), Box::new(DataType::Utf8)), keys.len()),
        1..=0x100 => dictionary!(UInt8Type, u8),
        0x101..=0x1_0000 => dictionary!(UInt16Type, u16),
        _ => dictionary!(UInt32Type, u32),
    }
}
