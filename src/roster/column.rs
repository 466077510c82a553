//! Storage of one column in a frame: dictionary codes, bitmaps for flags, the narrowest unsigned integers for
//! counts.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use arrow::array::StringArray;
use arrow::buffer::BooleanBuffer;
use rustc_hash::FxHashMap;

use super::{Frame, Roster};
use crate::standards::region;
use crate::standards::region::RegionLevel;
use crate::support::string_views::StringViews;

/// The values of a coded column, shared by all years of a roster. Code 0 means "not known"; code `k` is
/// `values[k - 1]`.
#[derive(Debug, Default)]
pub struct Dictionary {
    values: Vec<String>,
    /// Code of each value, built on first use.
    codes: OnceLock<FxHashMap<String, u32>>,
    /// True if the values ascend; computed on first use.
    ascends: OnceLock<bool>,
    /// Regions at each level, built on first use.
    levels: [OnceLock<GroupedValues>; RegionLevel::ALL.len()],
}

impl PartialEq for Dictionary {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl Eq for Dictionary {}

/// The values of a dictionary mapped to a coarser set of values.
#[derive(Debug)]
pub(crate) struct GroupedValues {
    /// The coarser values, ascending.
    pub values: Arc<ViewedTexts>,
    /// For each code of the dictionary the position of its value; `values.len()` where it has none.
    pub of_code: Arc<[u32]>,
}

/// Texts with the string views that output tables need, built once.
#[derive(Debug, Default)]
pub(crate) struct ViewedTexts {
    all: Vec<String>,
    views: OnceLock<StringViews>,
    names: OnceLock<StringViews>,
}

impl ViewedTexts {
    /// Returns the texts as string views.
    pub(crate) fn views(&self) -> &StringViews {
        self.views.get_or_init(|| StringViews::new(self.all.iter().map(|text| Some(text.as_str()))))
    }

    /// Returns the names of the regions as string views, where the texts are region codes.
    pub(crate) fn region_names(&self) -> &StringViews {
        self.names.get_or_init(|| StringViews::new(self.all.iter().map(|code| region::name(code))))
    }
}

impl From<Vec<String>> for ViewedTexts {
    fn from(texts: Vec<String>) -> Self {
        Self { all: texts, ..Self::default() }
    }
}

impl Deref for ViewedTexts {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.all
    }
}

impl Dictionary {
    /// Creates a dictionary of distinct `values` in this order.
    #[must_use]
    pub fn new(values: Vec<String>) -> Self {
        Self { values, codes: OnceLock::new(), ascends: OnceLock::new(), levels: Default::default() }
    }

    /// Maps the values, which are region codes, to the regions at `level` that contain them.
    pub(crate) fn at_level(&self, level: RegionLevel) -> &GroupedValues {
        let at = RegionLevel::ALL.iter().position(|l| *l == level).unwrap_or_default();
        self.levels[at].get_or_init(|| group_values(&self.values, |code| region::at_level(code, level)))
    }

    /// Returns the values in code order, starting at code 1.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// Returns the value of `code`; `None` for 0, "not known".
    #[must_use]
    pub fn get(&self, code: u32) -> Option<&str> {
        self.values.get((code as usize).checked_sub(1)?).map(String::as_str)
    }

    /// Returns the code of `value`.
    #[must_use]
    pub fn code(&self, value: &str) -> Option<u32> {
        let codes = || self.values.iter().zip(1..).map(|(value, code)| (value.clone(), code)).collect();
        self.codes.get_or_init(codes).get(value).copied()
    }

    /// Checks whether the values ascend.
    pub(crate) fn ascends(&self) -> bool {
        *self.ascends.get_or_init(|| self.values.is_sorted())
    }

    /// Returns the number of codes, "not known" included.
    #[must_use]
    pub fn cardinality(&self) -> usize {
        self.values.len() + 1
    }
}

/// Groups `texts` by the result of `value`.
pub(crate) fn group_values(texts: &[String], value: impl Fn(&str) -> Option<String>) -> GroupedValues {
    let of_text: Vec<Option<String>> = texts.iter().map(|text| value(text)).collect();
    let mut values: Vec<String> = of_text.iter().flatten().cloned().collect();
    values.sort_unstable();
    values.dedup();
    let null = values.len() as u32;
    let at = |v: &Option<String>| v.as_ref().and_then(|v| values.binary_search(v).ok()).map_or(null, |at| at as u32);
    let of_code = std::iter::once(null).chain(of_text.iter().map(at)).collect();
    GroupedValues { values: Arc::new(values.into()), of_code }
}

/// Unsigned integers in the narrowest width that holds their maximum.
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
    /// Packs `values` in the narrowest width that holds them.
    #[must_use]
    pub fn smallest(values: &[u64]) -> Self {
        Self::up_to(values.iter().copied().max().unwrap_or(0), values.iter().copied())
    }

    /// Packs `values`, all at most `max`, in the narrowest width that holds `max`.
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

    /// Returns the value at `row`.
    #[must_use]
    pub fn get(&self, row: usize) -> u64 {
        match self {
            Self::U8(v) => u64::from(v[row]),
            Self::U16(v) => u64::from(v[row]),
            Self::U32(v) => u64::from(v[row]),
            Self::U64(v) => v[row],
        }
    }

    /// Returns the number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        with_integers!(self, v => v.len())
    }

    /// Checks whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One column of one year. `known` is `None` where every value is known; an unknown value is stored as 0.
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
        /// Code of each row.
        codes: Integers,
        /// Values of the codes.
        dictionary: Arc<Dictionary>,
    },
    /// True, false or unknown.
    Flag {
        /// Rows where the flag is true; unset where it is unknown.
        set: BooleanBuffer,
        /// Rows where the flag is known.
        known: Option<BooleanBuffer>,
    },
    /// Counts and money.
    Number {
        /// Number in each row.
        values: Integers,
        /// Rows where the number is known.
        known: Option<BooleanBuffer>,
    },
    /// Decimal numbers.
    Real {
        /// Number in each row.
        values: Vec<f64>,
        /// Rows where the number is known.
        known: Option<BooleanBuffer>,
    },
    /// Days since 1970-01-01.
    Date {
        /// Day in each row.
        values: Vec<i32>,
        /// Rows where the day is known.
        known: Option<BooleanBuffer>,
    },
    /// Free text, which is not grouped by.
    Text(StringArray),
}

/// Returns the codes of a coded field, if the year has it.
pub(crate) fn coded<'a>(roster: &Roster, frame: &'a Frame, field: Option<usize>) -> Option<&'a Integers> {
    match roster.values(frame, field?)? {
        Column::Coded { codes, .. } => Some(codes),
        _ => None,
    }
}
