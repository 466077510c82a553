//! Size bands (规模分组) as data: the lower bounds that divide a count into bands.

use std::path::Path;
use std::sync::OnceLock;

use crate::error::Result;
use crate::lang::Text;
use crate::schema;
use crate::schema::Type;
use crate::support::named::no_such;
use crate::support::record;
use crate::support::record::{Record, records};

/// Bands of one column of counts, usable as a dimension under their `id`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sizes {
    /// Name of the dimension.
    pub id: String,
    /// Label in tables.
    pub label: Text,
    /// Column that is divided.
    pub column: &'static str,
    /// Lower bound of each band, ascending from 0.
    pub from: Vec<u64>,
    /// Names of the bands, in the same order.
    pub names: Vec<String>,
    /// Document that the bands come from.
    pub source: String,
}

/// Size bands with distinct ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bands(Vec<Sizes>);

impl Bands {
    /// Returns the bands that come with the engine: `definitions/bands.toml`.
    pub fn shipped() -> Result<Self> {
        static SHIPPED: OnceLock<Bands> = OnceLock::new();
        if let Some(known) = SHIPPED.get() {
            return Ok(known.clone());
        }
        let read = Self::from_toml(include_str!("../../definitions/bands.toml"), "definitions/bands.toml")?;
        Ok(SHIPPED.get_or_init(|| read).clone())
    }

    /// Reads the bands of the file at `path`.
    pub fn from_file(path: &Path) -> Result<Self> {
        Self::from_toml(&record::read(path)?, &path.display().to_string())
    }

    /// Parses the `[[bands]]` records of `text`: `id`, `label`, `column` (counts or money), `from` (the lower bound
    /// of each band, ascending, the first 0), `names` (one per band; `"10-49"` and the like if left out), `source`.
    /// `origin` is the file's name in errors, which are [`Error::Definition`](crate::error::Error::Definition).
    ///
    /// ```
    /// let bands = dangjian::definition::Bands::from_toml(
    ///     r#"
    ///     [[bands]]
    ///     id     = "staff"
    ///     label  = "职工规模"
    ///     column = "employees"
    ///     from   = [0, 30, 100]
    ///     source = "本地文件"
    ///     "#,
    ///     "mine.toml",
    /// )?;
    /// assert_eq!(bands.get("staff")?.names, ["0-29", "30-99", "100+"]);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn from_toml(text: &str, origin: &str) -> Result<Self> {
        let mut bands = Self::default();
        for mut record in records(text, origin, "bands")? {
            let sizes = Sizes::take(&mut record)?;
            if bands.find(&sizes.id).is_some() {
                let id = &sizes.id;
                return record.error("id", &format!("“{id}”出现了两次"), &format!("'{id}' is defined twice"));
            }
            record.finish()?;
            bands.0.push(sizes);
        }
        Ok(bands)
    }

    /// Replaces bands by those of `user` with the same id, and appends the new ones.
    #[must_use]
    pub fn overridden_by(mut self, user: Self) -> Self {
        for sizes in user.0 {
            match self.0.iter_mut().find(|s| s.id == sizes.id) {
                Some(old) => *old = sizes,
                None => self.0.push(sizes),
            }
        }
        self
    }

    /// Returns the bands `id`; fails if there are none.
    pub fn get(&self, id: &str) -> Result<&Sizes> {
        let ids = || self.0.iter().map(|sizes| sizes.id.as_str());
        self.find(id).ok_or_else(|| no_such(("规模分组", "size bands"), id, ids()))
    }

    /// Returns the bands `id`, if there are any.
    pub(crate) fn find(&self, id: &str) -> Option<&Sizes> {
        self.0.iter().find(|sizes| sizes.id == id)
    }

    /// Iterates over all bands.
    pub fn iter(&self) -> std::slice::Iter<'_, Sizes> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Bands {
    type Item = &'a Sizes;
    type IntoIter = std::slice::Iter<'a, Sizes>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Sizes {
    fn take(record: &mut Record) -> Result<Self> {
        let id = record.text("id")?;
        if schema::column(&id).is_some() {
            return record.error(
                "id",
                &format!("“{id}”是台账的列名，请换一个名称"),
                &format!("'{id}' is a column of the ledger; choose another name"),
            );
        }
        let Some(label) = record.label("label", "label_en")? else {
            return record.error("label", "缺少此项；应为引号里的名称", "is missing; expected a name in quotes");
        };
        let column = record.text("column")?;
        let counted = schema::column(&column).filter(|c| matches!(c.ty, Type::Count | Type::Money));
        let Some(counted) = counted else {
            let all = schema::COLUMNS.iter().filter(|c| matches!(c.ty, Type::Count | Type::Money)).map(|c| c.name);
            let (near, all) =
                (crate::support::similarity::nearest(&column, all.clone()), all.collect::<Vec<_>>().join(", "));
            let (zh, en) = near.map_or_else(Default::default, |near| {
                (format!("。是不是“{near}”？"), format!(". Hint: did you mean '{near}'?"))
            });
            return record.error(
                "column",
                &format!("“{column}”不是计数或金额列。可用：{all}{zh}"),
                &format!("'{column}' is not a column of counts or money. Available: {all}{en}"),
            );
        };
        let from = record.numbers("from")?;
        if from.first() != Some(&0) || !from.is_sorted_by(|a, b| a < b) {
            let got = format!("{from:?}");
            return record.error(
                "from",
                &format!("应从 0 起逐个增大，如 [0, 10, 50]；写的是 {got}"),
                &format!("expected numbers that ascend from 0, as in [0, 10, 50]; got {got}"),
            );
        }
        let names = if record.has("names") { record.texts("names")? } else { spans(&from) };
        if names.len() != from.len() || names.iter().enumerate().any(|(at, name)| names[..at].contains(name)) {
            let (got, want) = (names.len(), from.len());
            return record.error(
                "names",
                &format!("应有 {want} 个互不相同的名称，与 from 一一对应；写了 {got} 个"),
                &format!("expected {want} different names, one for each of 'from'; got {got}"),
            );
        }
        Ok(Self { id, label, column: counted.name, from, names, source: record.text("source")? })
    }

    /// Returns the position of the band that contains `number`.
    pub(crate) fn band(&self, number: u64) -> usize {
        self.from.partition_point(|from| *from <= number).saturating_sub(1)
    }
}

/// Builds default band names from the first and last number of each band.
fn spans(from: &[u64]) -> Vec<String> {
    let span = |at: usize| match (from[at], from.get(at + 1)) {
        (first, None) => format!("{first}+"),
        (first, Some(next)) if first + 1 == *next => first.to_string(),
        (first, Some(next)) => format!("{first}-{}", next - 1),
    };
    (0..from.len()).map(span).collect()
}
