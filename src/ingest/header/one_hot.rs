//! One-hot column groups: one column per word, exactly one of which is marked.

use std::sync::Arc;

use arrow::compute::cast;
use arrow::datatypes::DataType;

use super::{Header, Meaning};
use crate::error::Result;
use crate::ingest::cell;
use crate::ingest::cell::block::CellRow;
use crate::ingest::cell::distinct::ColumnInterner;
use crate::ingest::cell::values::ColumnValues;
use crate::ingest::problem::Code;
use crate::schema::spelling::plain;
use crate::schema::words::Words;
use crate::schema::{SchemaColumn, Type};

/// Columns of one group, one per word.
pub(crate) struct OneHotGroup {
    pub column: &'static SchemaColumn,
    pub words: Arc<Words>,
    pub header: String,
    /// Words that rows were read as, and words as the headers write them.
    pub known: Arc<ColumnInterner>,
    pub as_written: Arc<ColumnInterner>,
    members: Vec<OneHotMember>,
}

pub(crate) struct OneHotMember {
    index: usize,
    pub word: Option<usize>,
    /// Word as the header writes it.
    pub written: String,
}

/// Returns the groups of a sheet.
pub(crate) fn groups(header: &Header) -> Vec<OneHotGroup> {
    let mut groups: Vec<OneHotGroup> = Vec::new();
    for heading in &header.columns {
        let Meaning::Mark { column, words, word } = &heading.meaning else {
            continue;
        };
        let written = plain(heading.leaf()).replace('(', "（").replace(')', "）");
        let member = OneHotMember { index: heading.index, word: *word, written };
        if let Some(group) = groups.iter_mut().find(|g| g.column.name == column.name) {
            group.members.push(member);
        } else {
            let (words, header) = (Arc::clone(words), heading.header());
            let (known, as_written) = Default::default();
            groups.push(OneHotGroup { column, words, header, known, as_written, members: vec![member] });
        }
    }
    groups
}

impl OneHotGroup {
    /// Returns the column of the words that rows were read as: numbers where the words are grades.
    pub(crate) fn values(&self, words: ColumnValues) -> Result<ColumnValues> {
        if self.column.ty != Type::Star {
            return Ok(words);
        }
        let texts = cast(&words.array(), &DataType::Utf8)?;
        Ok(ColumnValues::Array(cast(&texts, &DataType::Float32)?))
    }

    /// Returns the marked member, if any; or the problem with the marks, and the marks.
    pub(crate) fn read<R: CellRow>(&self, row: &R) -> std::result::Result<Option<&OneHotMember>, (Code, String)> {
        let is_mode = self.column.name == "mode";
        let unknown = if is_mode { Code::ModeUnknownWord } else { Code::WordUnknown };
        let mut marked = None;
        let mut marks = String::new();
        let mut count = 0;
        for member in &self.members {
            let cell = row.cell(member.index);
            match cell::flag(&cell) {
                Ok(Some(true)) => {
                    marks.push_str(&cell.shown());
                    marked = Some(member);
                    count += 1;
                }
                Ok(_) => {}
                Err(code @ (Code::ExcelError | Code::FormulaNoResult | Code::MergedNumber)) => {
                    return Err((code, cell.shown().into_owned()));
                }
                Err(_) => return Err((unknown, cell.shown().into_owned())),
            }
        }
        match marked {
            _ if count > 1 => Err((if is_mode { Code::ModeMarksConflict } else { Code::MarksConflict }, marks)),
            Some(member) if member.word.is_none() => Err((unknown, member.written.clone())),
            marked => Ok(marked),
        }
    }
}
