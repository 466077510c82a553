//! How a frame holds a column: dictionary codes, flags as bitmaps, counts as the smallest unsigned integers.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use arrow::array::StringArray;
use arrow::buffer::BooleanBuffer;
use rustc_hash::FxHashMap;

use crate::standards::region;
use crate::standards::region::Level;
use crate::support::string_views::Views;

/// The values of a coded column, shared by all years of a roster. Code 0 is "not known"; code `k` is `values[k - 1]`.
#[derive(Debug, Default)]
pub struct Dictionary {
    values: Vec<String>,
    /// The code of each, once one was asked for.
    codes: OnceLock<FxHashMap<String, u32>>,
    /// Whether the values ascend, once that was asked for.
    ascends: OnceLock<bool>,
    /// The regions of each level, once they were asked for.
    levels: [OnceLock<Gathered>; Level::ALL.len()],
}

impl PartialEq for Dictionary {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl Eq for Dictionary {}

/// The values of a dictionary gathered under others.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// Those others, ascending.
    pub values: Arc<Texts>,
    /// For each code of the dictionary the position of its value; their number where it has none.
    pub of_code: Arc<[u32]>,
}

/// Texts, and what tables hold of them, worked out once.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    all: Vec<String>,
    views: OnceLock<Views>,
    names: OnceLock<Views>,
}

impl Texts {
    /// They as views.
    pub(crate) fn views(&self) -> &Views {
        self.views.get_or_init(|| Views::new(self.all.iter().map(|text| Some(text.as_str()))))
    }

    /// The names of the regions whose codes they are, as views.
    pub(crate) fn region_names(&self) -> &Views {
        self.names.get_or_init(|| Views::new(self.all.iter().map(|code| region::name(code))))
    }
}

impl From<Vec<String>> for Texts {
    fn from(texts: Vec<String>) -> Self {
        Self { all: texts, ..Self::default() }
    }
}

impl Deref for Texts {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.all
    }
}

impl Dictionary {
    /// A dictionary of `values`, which are distinct, in this order.
    #[must_use]
    pub fn new(values: Vec<String>) -> Self {
        Self { values, codes: OnceLock::new(), ascends: OnceLock::new(), levels: Default::default() }
    }

    /// The regions of `level` in which the values, codes of regions, lie.
    pub(crate) fn at_level(&self, level: Level) -> &Gathered {
        let at = Level::ALL.iter().position(|l| *l == level).unwrap_or_default();
        self.levels[at].get_or_init(|| gathered(&self.values, |code| region::at_level(code, level)))
    }

    /// The values, that of code 1 first.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// What `code` stands for; `None` for 0, "not known".
    #[must_use]
    pub fn get(&self, code: u32) -> Option<&str> {
        self.values.get((code as usize).checked_sub(1)?).map(String::as_str)
    }

    /// The code of `value`.
    #[must_use]
    pub fn code(&self, value: &str) -> Option<u32> {
        let codes = || self.values.iter().zip(1..).map(|(value, code)| (value.clone(), code)).collect();
        self.codes.get_or_init(codes).get(value).copied()
    }

    /// Whether the values ascend.
    pub(crate) fn ascends(&self) -> bool {
        *self.ascends.get_or_init(|| self.values.is_sorted())
    }

    /// How many codes there are, "not known" included.
    #[must_use]
    pub fn cardinality(&self) -> usize {
        self.values.len() + 1
    }
}

/// `texts` gathered under the `value` of each.
pub(crate) fn gathered(texts: &[String], value: impl Fn(&str) -> Option<String>) -> Gathered {
    let of_text: Vec<Option<String>> = texts.iter().map(|text| value(text)).collect();
    let mut values: Vec<String> = of_text.iter().flatten().cloned().collect();
    values.sort_unstable();
    values.dedup();
    let null = values.len() as u32;
    let at = |v: &Option<String>| v.as_ref().and_then(|v| values.binary_search(v).ok()).map_or(null, |at| at as u32);
    let of_code = std::iter::once(null).chain(of_text.iter().map(at)).collect();
    Gathered { values: Arc::new(values.into()), of_code }
}

/// Unsigned integers in the smallest width that holds their maximum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integers {
    /// Up to 255.
    U8(Vec<u8>),
    /// Up to 65 535.
    U16(Vec<u16>),
    /// Up to 2^32 − 1.
    U32(Vec<u32>),
    /// Anything more.
    U64(Vec<u64>),
}

/// Runs `$body` with `$v` bound to the slice inside `$integers`, whatever its width.
macro_rules! with_integers {
    ($integers:expr, $v:ident => $body:expr) => {
        match $integers {
            $crate::roster::Integers::U8($v) => $body,
            $crate::roster::Integers::U16($v) => $body,
            $crate::roster::Integers::U32($v) => $body,
            $crate::roster::Integers::U64($v) => $body,
        }
    };
}
pub(crate) use with_integers;

impl Integers {
    /// The smallest representation of `values`.
    #[must_use]
    pub fn smallest(values: &[u64]) -> Self {
        Self::up_to(values.iter().copied().max().unwrap_or(0), values.iter().copied())
    }

    /// `values`, all at most `max`, in the smallest width that holds `max`.
    #[must_use]
    pub fn up_to(max: u64, values: impl Iterator<Item = u64>) -> Self {
        if u8::try_from(max).is_ok() {
            Self::U8(values.map(|v| v as u8).collect())
        } else if u16::try_from(max).is_ok() {
            Self::U16(values.map(|v| v as u16).collect())
        } else if u32::try_from(max).is_ok() {
            Self::U32(values.map(|v| v as u32).collect())
        } else {
            Self::U64(values.collect())
        }
    }

    /// The value at `row`.
    #[must_use]
    pub fn get(&self, row: usize) -> u64 {
        match self {
            Self::U8(v) => u64::from(v[row]),
            Self::U16(v) => u64::from(v[row]),
            Self::U32(v) => u64::from(v[row]),
            Self::U64(v) => v[row],
        }
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        with_integers!(self, v => v.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One column of one year. `known` is `None` where every value is known; a value that is not known is stored as 0.
#[derive(Clone, Debug)]
pub enum Column {
    /// Values from a dictionary: [`Type::Code`], [`Type::Word`], [`Type::Region`], [`Type::Industry`] and
    /// [`Type::Star`] (whose dictionary is the grades in half steps).
    ///
    /// [`Type::Code`]: crate::schema::Type::Code
    /// [`Type::Word`]: crate::schema::Type::Word
    /// [`Type::Region`]: crate::schema::Type::Region
    /// [`Type::Industry`]: crate::schema::Type::Industry
    /// [`Type::Star`]: crate::schema::Type::Star
    Coded {
        /// A code for each row.
        codes: Integers,
        /// What the codes mean.
        dictionary: Arc<Dictionary>,
    },
    /// True, false, not known.
    Flag {
        /// Rows where the flag is true; never one that is not known.
        set: BooleanBuffer,
        /// Rows where it is known.
        known: Option<BooleanBuffer>,
    },
    /// Counts and money.
    Number {
        /// A number for each row.
        values: Integers,
        /// Rows where it is known.
        known: Option<BooleanBuffer>,
    },
    /// Numbers with decimals.
    Real {
        /// A number for each row.
        values: Vec<f64>,
        /// Rows where it is known.
        known: Option<BooleanBuffer>,
    },
    /// Days since 1970-01-01.
    Date {
        /// A day for each row.
        values: Vec<i32>,
        /// Rows where it is known.
        known: Option<BooleanBuffer>,
    },
    /// Text that is not counted by.
    Text(StringArray),
}
