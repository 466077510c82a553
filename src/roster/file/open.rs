//! Opening a roster from its own Parquet format.

use std::fs;
use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{Field as ArrowField, Schema};
use arrow::ipc::reader::StreamReader;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::columns::column;
use super::{ByteRange, FORMAT, FieldEntry, KEY, PanelIndex, WRITER, YearEntry};
use crate::error::{Error, Result};
use crate::ingest::{ColumnStatus, Mapped, Source, YearFrom};
use crate::ingest::{guarded, is_personal, unreadable};
use crate::job::Job;
use crate::roster::{Balance, Column, Dictionary, Field, Frame, Origin, Roster};
use crate::schema::{Type, words};
use crate::{ingest, job, schema};

/// Rows decoded per batch.
const BATCH_ROWS: usize = 1 << 16;

impl Roster {
    /// Opens a panel written by [`Roster::write_parquet`], with all its columns or only the named ones. The content
    /// is trusted: problems of the ledgers it was built from were reported when they were read. A user's own column
    /// with personal data is read only if it is named.
    ///
    /// A name in `columns` that the file does not have is an [`Error::Argument`]; a file of another kind or a
    /// damaged one is an [`Error::File`].
    pub fn open(path: &Path, columns: Option<&[String]>, job: &dyn Job) -> Result<Self> {
        let stored = PanelFile::find(path)?.ok_or_else(|| {
            Error::of_file(
                path,
                "这不是本软件（本版本）写出的面板文件。请用 read_roster 读取",
                "this is not a panel written by this version of the software. Read it with read_roster",
            )
        })?;
        stored.open(columns, job)
    }
}

/// A panel file with its index parsed.
pub(in crate::roster) struct PanelFile<'a> {
    path: &'a Path,
    metadata: Arc<ParquetMetaData>,
    index: PanelIndex,
}

impl<'a> PanelFile<'a> {
    /// Opens the file at `path` and parses its index. Returns `None` for any other kind of Parquet file, or if its
    /// columns are not those of this version.
    pub(in crate::roster) fn find(path: &'a Path) -> Result<Option<Self>> {
        // Check before opening: opening a pipe blocks until it has a writer.
        if !fs::metadata(path).map_err(|e| unreadable(path, e))?.is_file() {
            return Ok(None);
        }
        let file = File::open(path).map_err(|e| unreadable(path, e))?;
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&file).map_err(|e| ingest::broken(path, e))?;
        let about = metadata.file_metadata();
        // Other software copies key-value metadata into derived files, so the index counts only in a file this
        // crate wrote.
        if about.created_by().and_then(|by| by.split(' ').next()) != Some(WRITER) {
            return Ok(None);
        }
        let keys = about.key_value_metadata().into_iter().flatten();
        let text = keys.filter(|pair| pair.key == KEY).find_map(|pair| pair.value.as_deref());
        let index: Option<PanelIndex> = text.and_then(|text| toml::from_str(text).ok());
        let index = index.filter(|index| index.format == FORMAT && index.fields.iter().all(|f| f.ty().is_some()));
        Ok(index.map(|index| Self { path, metadata: Arc::new(metadata), index }))
    }

    /// Reads the roster, with all columns or only the named ones.
    pub(in crate::roster) fn open(&self, columns: Option<&[String]>, job: &dyn Job) -> Result<Roster> {
        let entries = self.entries(columns)?;
        let (organisations, frames) = rayon::join(|| self.organisations(), || self.frames(&entries, job));
        let (organisations, frames) = (organisations?, frames?);
        if frames.iter().any(|(count, _)| *count != organisations.len()) {
            return Err(self.damaged());
        }
        let frames: Vec<Frame> = frames.into_iter().map(|(_, frame)| frame).collect();
        let fields: Vec<Field> = entries.into_iter().map(|(field, _)| field).collect();
        let origin = self.origin(&fields, &frames);
        Ok(Roster::from_parts(organisations, fields, frames).with_origin(origin))
    }

    /// Selects the named columns, or all, in roster order.
    fn entries(&self, columns: Option<&[String]>) -> Result<Vec<(Field, &FieldEntry)>> {
        let all = || self.index.fields.iter();
        if let Some(name) = columns.unwrap_or_default().iter().find(|name| all().all(|entry| entry.name != **name)) {
            let have: Vec<&str> = all().map(|entry| entry.name.as_str()).collect();
            return Err(Error::argument(
                format!("{}：没有名为“{name}”的列。现有列：{}", self.path.display(), have.join("、")),
                format!("{}: there is no column '{name}'. Available: {}", self.path.display(), have.join(", ")),
            )
            .in_file(self.path)
            .in_column(name));
        }
        let is_wanted = |name: &String| match columns {
            Some(columns) => columns.contains(name),
            None => schema::column(name).is_some() || !is_personal(name),
        };
        let wanted = all().filter(|entry| is_wanted(&entry.name));
        Ok(wanted.filter_map(|entry| Some((Field { name: entry.name.clone(), ty: entry.ty()? }, entry))).collect())
    }

    /// Reads the ids and checks that they are strictly ascending.
    fn organisations(&self) -> Result<StringArray> {
        let ids = self.block(self.index.organisations)?;
        let ids = ids.as_string_opt::<i32>().filter(|ids| ids.null_count() == 0).ok_or_else(|| self.damaged())?;
        let ascend = (1..ids.len()).into_par_iter().all(|at| ids.value(at - 1) < ids.value(at));
        if ascend { Ok(ids.clone()) } else { Err(self.damaged()) }
    }

    /// Reads the frame of each year, each with the length of its listing bitmap (the number of organisations).
    fn frames(&self, entries: &[(Field, &FieldEntry)], job: &dyn Job) -> Result<Vec<(usize, Frame)>> {
        let metadata = self.reader(entries)?;
        let dictionaries: Vec<_> = entries.par_iter().map(|entry| self.dictionary(entry)).collect::<Result<_>>()?;
        let listed = self.index.years.par_iter().map(|year| {
            let listed = self.block(year.listed)?;
            let listed = listed.as_boolean_opt().filter(|l| l.null_count() == 0).ok_or_else(|| self.damaged())?;
            let mut slots = Vec::with_capacity(listed.true_count());
            slots.extend(listed.values().set_indices_u32());
            Ok((listed.len(), slots))
        });
        let listed: Vec<(usize, Vec<u32>)> = listed.collect::<Result<_>>()?;
        let groups = self.groups(listed.iter().map(|(_, slots)| slots.len()))?;
        let (done, total) = (AtomicU64::new(0), (listed.len() * entries.len()) as u64);
        let what = self.path.file_name().unwrap_or_default().to_string_lossy();
        let columns: Vec<Option<Column>> = (0..listed.len() * entries.len())
            .into_par_iter()
            .map(|nth| {
                let (at, of) = (nth / entries.len(), nth % entries.len());
                let (field, entry) = &entries[of];
                if !entry.years.contains(&self.index.years[at].year) {
                    return Ok(None);
                }
                let batches = self.batches(&metadata, &field.name, groups[at].clone(), job)?;
                if batches.iter().map(Array::len).sum::<usize>() != listed[at].1.len() {
                    return Err(self.damaged());
                }
                let column = column(field, &batches, dictionaries[of].as_ref())?.ok_or_else(|| self.damaged())?;
                job.progress(&what, done.fetch_add(1, Ordering::Relaxed) + 1, total);
                Ok(Some(column))
            })
            .collect::<Result<_>>()?;
        let mut columns = columns.into_iter();
        let years = self.index.years.iter().zip(listed);
        let frame = |(year, (count, slots)): (&YearEntry, (usize, Vec<u32>))| {
            (count, Frame::new(year.year, slots, columns.by_ref().take(entries.len()).collect()))
        };
        Ok(years.map(frame).collect())
    }

    /// Builds reader metadata that decodes coded columns as dictionary arrays.
    fn reader(&self, entries: &[(Field, &FieldEntry)]) -> Result<ArrowReaderMetadata> {
        let read = |options| {
            let read = ArrowReaderMetadata::try_new(Arc::clone(&self.metadata), options);
            read.map_err(|e| ingest::broken(self.path, e))
        };
        let plain = read(ArrowReaderOptions::new())?;
        let is_coded = |name: &str| {
            entries.iter().any(|(field, entry)| field.name == name && entry.values.is_some() && field.ty != Type::Star)
        };
        let field = |field: &Arc<ArrowField>| {
            if is_coded(field.name()) {
                Arc::new(ArrowField::new(field.name(), super::coded_type(), field.is_nullable()))
            } else {
                Arc::clone(field)
            }
        };
        let schema = Schema::new(plain.schema().fields().iter().map(field).collect::<Vec<_>>());
        read(ArrowReaderOptions::new().with_schema(Arc::new(schema)))
    }

    /// Reads the values of a coded column in code order. Word columns always take the order of their word table.
    fn dictionary(&self, (field, entry): &(Field, &FieldEntry)) -> Result<Option<Arc<Dictionary>>> {
        let Some(block) = entry.values else { return Ok(None) };
        if let (Type::Word, Some(words)) = (field.ty, words::of(&field.name)) {
            return Ok(Some(Arc::new(Dictionary::new(words.ids().map(str::to_owned).collect()))));
        }
        let values = self.block(block)?;
        let values = values.as_string_opt::<i32>().ok_or_else(|| self.damaged())?;
        let values: Vec<String> = values.iter().flatten().map(str::to_owned).collect();
        let distinct: FxHashSet<&str> = values.iter().map(String::as_str).collect();
        if distinct.len() < values.len() {
            return Err(self.damaged());
        }
        Ok(Some(Arc::new(Dictionary::new(values))))
    }

    /// Assigns the row groups to the years; `rows` is the number of rows of each year.
    fn groups(&self, rows: impl Iterator<Item = usize>) -> Result<Vec<Vec<usize>>> {
        let mut groups = self.metadata.row_groups().iter().map(|group| group.num_rows() as usize).enumerate();
        let mut of_years = Vec::new();
        for wanted in rows {
            let (mut have, mut of_year) = (0, Vec::new());
            while have < wanted {
                let (group, rows) = groups.next().ok_or_else(|| self.damaged())?;
                have += rows;
                of_year.push(group);
            }
            if have > wanted {
                return Err(self.damaged());
            }
            of_years.push(of_year);
        }
        if groups.next().is_some() { Err(self.damaged()) } else { Ok(of_years) }
    }

    /// Reads the column called `name` from the given row groups.
    fn batches(
        &self,
        metadata: &ArrowReaderMetadata,
        name: &str,
        groups: Vec<usize>,
        job: &dyn Job,
    ) -> Result<Vec<ArrayRef>> {
        let file = File::open(self.path).map_err(|e| unreadable(self.path, e))?;
        let at = metadata.schema().index_of(name).map_err(|_| self.damaged())?;
        let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
            .with_row_groups(groups)
            .with_projection(ProjectionMask::roots(metadata.parquet_schema(), [at]))
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|e| ingest::broken(self.path, e))?;
        let mut batches = Vec::new();
        while let Some(batch) = guarded(self.path, || reader.next().transpose())? {
            job::check(job)?;
            batches.push(Arc::clone(batch.column(0)));
        }
        Ok(batches)
    }

    /// Reads the array stored in a block of the index.
    fn block(&self, block: ByteRange) -> Result<ArrayRef> {
        let mut file = File::open(self.path).map_err(|e| unreadable(self.path, e))?;
        file.seek(SeekFrom::Start(block.at)).map_err(|e| unreadable(self.path, e))?;
        let mut bytes = Vec::new();
        file.take(block.bytes).read_to_end(&mut bytes).map_err(|e| unreadable(self.path, e))?;
        let batch = guarded(self.path, || StreamReader::try_new(Cursor::new(bytes), None)?.next().transpose());
        batch.ok().flatten().and_then(|batch| batch.columns().first().cloned()).ok_or_else(|| self.damaged())
    }

    fn origin(&self, fields: &[Field], frames: &[Frame]) -> Origin {
        let rows: usize = frames.iter().map(Frame::rows).sum();
        let names = ["year", "org_id"].into_iter().chain(self.index.fields.iter().map(|f| f.name.as_str()));
        let column = |(index, name): (usize, &str)| {
            let kept = index < 2 || fields.iter().any(|field| field.name == name);
            let own = index >= 2 && schema::column(name).is_none();
            Mapped {
                index,
                header: name.to_owned(),
                column: kept.then(|| name.to_owned()),
                value: None,
                unit: None,
                proposal: None,
                status: if own { ColumnStatus::Unknown } else { ColumnStatus::Mapped },
                kept: kept && own,
            }
        };
        let source = Source {
            file: self.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            path: self.path.to_owned(),
            sheet: None,
            table: 1,
            first_row: 0,
            last_row: 0,
            years: frames.iter().map(|frame| frame.year).collect(),
            year_from: YearFrom::Column,
            encoding: None,
            header_rows: 0,
            columns: names.enumerate().map(column).collect(),
            rows: ingest::Rows { data: rows, ..Default::default() },
            rejected: 0,
        };
        let balance = Balance { data: rows as u64, kept: rows as u64, ..Balance::default() };
        Origin { sources: vec![(source, balance)], ..Origin::default() }
    }

    fn damaged(&self) -> Error {
        Error::of_file(
            self.path,
            "面板文件已损坏：索引与数据不符。请用备份，或从台账重新读取并写出",
            "the panel is damaged: its index does not match its rows. Use a backup, or read the ledgers and write it again",
        )
    }
}
