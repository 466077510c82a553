//! Target sets (四个百分之百): rates and how high they are to be.

use std::path::Path;

use super::rate::{Rate, no_such};
use crate::error::Result;
use crate::record::{self, records};

/// A rate that is to reach a share.
#[derive(Clone, Debug)]
pub struct Target {
    /// What is measured.
    pub rate: Rate,
    /// The share to reach: above 0, up to 1.
    pub target: f64,
    /// Whether this is a reading of an incomplete source, to be confirmed by the user.
    pub inferred: bool,
    /// The year at whose end it is to be reached.
    pub deadline: Option<i16>,
}

/// Targets with distinct ids, in the order in which tables show them. A user's set replaces the shipped one.
#[derive(Clone, Debug)]
pub struct Targets(Vec<Target>);

impl Targets {
    /// The four 100 % of the "1234" working method, as far as its article goes: `definitions/targets.toml`.
    pub fn shipped() -> Result<Self> {
        Self::from_toml(include_str!("../../definitions/targets.toml"), "definitions/targets.toml")
    }

    /// The targets of the file at `path`.
    pub fn from_file(path: &Path) -> Result<Self> {
        Self::from_toml(&record::read(path)?, &path.display().to_string())
    }

    /// The `[[target]]` records of `text`: the fields of a rate, and `target` (1.0 if left out), `inferred`, `deadline`.
    /// `origin` is the file's name in errors, which are [`Error::Definition`](crate::Error::Definition).
    pub fn from_toml(text: &str, origin: &str) -> Result<Self> {
        let mut targets: Vec<Target> = Vec::new();
        for mut record in records(text, origin, "target")? {
            let target = Target {
                rate: Rate::take(&mut record, targets.iter().map(|t| &t.rate))?,
                target: record.share("target")?,
                inferred: record.flag("inferred")?,
                deadline: record.year("deadline")?,
            };
            record.finish()?;
            targets.push(target);
        }
        Ok(Self(targets))
    }

    /// The target called `id`.
    pub fn get(&self, id: &str) -> Result<&Target> {
        let ids = || self.0.iter().map(|target| target.rate.id.as_str());
        self.0.iter().find(|target| target.rate.id == id).ok_or_else(|| no_such(("目标", "target"), id, ids()))
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Target> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Targets {
    type Item = &'a Target;
    type IntoIter = std::slice::Iter<'a, Target>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
