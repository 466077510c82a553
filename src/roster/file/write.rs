//! Writing a roster to its own Parquet format.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, DictionaryArray, Int32Array, RecordBatch, StringArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Field as ArrowField, Schema, SchemaRef};
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowWriterOptions, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;

use super::{ByteRange, FORMAT, FieldEntry, KEY, PanelIndex, WRITER, YearEntry};
use crate::error::library::{LibraryError, quoted};
use crate::error::{Error, Result};
use crate::roster::{Column, Frame, Roster};
use crate::schema::Type;

/// Maximum rows per row group.
const MAX_GROUP_ROWS: usize = 1 << 20;
/// Maximum rows per page. Pages are decompressed one by one, and small ones cost more to set up than to decode.
const MAX_PAGE_ROWS: usize = 1 << 17;
/// Maximum size in bytes of a dictionary page. Columns whose values fit are dictionary-encoded per row group.
const MAX_DICTIONARY_BYTES: usize = 1 << 24;

impl Roster {
    /// Writes the panel to a Parquet file, one or more row groups per year: a table with the columns of
    /// [`Roster::arrow_schema`], followed by an index for [`Roster::open`].
    ///
    /// ```
    /// # use dangjian::{Roster, job::Quiet};
    /// let roster = Roster::sample(300, 3)?;
    /// let path = std::env::temp_dir().join(format!("dangjian-{}.parquet", std::process::id()));
    /// roster.write_parquet(&path)?;
    /// let back = Roster::open(&path, Some(&["mode".into(), "region".into()]), &Quiet)?;
    /// assert_eq!(back.organisations(), roster.organisations());
    /// assert_eq!(back.fields().len(), 2);
    /// # std::fs::remove_file(&path).ok();
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn write_parquet(&self, path: &Path) -> Result<()> {
        let fail = |e| unwritten(path, e);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(format!("{WRITER} {}", env!("CARGO_PKG_VERSION")))
            .set_dictionary_page_size_limit(MAX_DICTIONARY_BYTES)
            .set_data_page_row_count_limit(MAX_PAGE_ROWS)
            // Ids are distinct within a row group, so a dictionary saves nothing.
            .set_column_dictionary_enabled(ColumnPath::from("org_id"), false)
            .build();
        // Other readers should see plain strings, not the dictionary type they are written from.
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let texts: Vec<Option<ArrayRef>> = (0..self.fields().len()).map(|at| self.texts(at)).collect();
        let schema = self.coded_schema(&texts);
        let file = File::create(path).map_err(|e| Error::unwritten(path, e))?;
        let writer = ArrowWriter::try_new_with_options(file, Arc::clone(&schema), options).map_err(fail)?;
        let (mut writer, columns) = writer.into_serialized_writer().map_err(fail)?;
        for frame in self.frames() {
            let batch = self.coded_batch(frame, &texts, &schema)?;
            for start in (0..frame.rows()).step_by(MAX_GROUP_ROWS) {
                let rows = batch.slice(start, MAX_GROUP_ROWS.min(frame.rows() - start));
                let group = writer.flushed_row_groups().len();
                write(&mut writer, columns.create_column_writers(group).map_err(fail)?, &rows).map_err(fail)?;
            }
        }
        let mut block = |array: ArrayRef| {
            let bytes = stream(array)?;
            let block = ByteRange { at: writer.bytes_written() as u64, bytes: bytes.len() as u64 };
            writer.write_all(&bytes).map_err(|e| Error::unwritten(path, e))?;
            Ok::<_, Error>(block)
        };
        let organisations = block(Arc::new(self.organisations().clone()))?;
        let year = |frame: &Frame| Ok(YearEntry { year: frame.year, listed: block(Arc::new(self.listed(frame)))? });
        let years = self.frames().iter().map(year).collect::<Result<_>>()?;
        let field = |(at, field): (usize, &crate::roster::Field)| {
            let values = self.dictionary(at).map(|dictionary| StringArray::from_iter_values(dictionary.values()));
            Ok(FieldEntry {
                name: field.name.clone(),
                ty: field.ty.name().to_owned(),
                years: self.frames().iter().filter(|f| self.values(f, at).is_some()).map(|f| f.year).collect(),
                values: values.map(|values| block(Arc::new(values))).transpose()?,
            })
        };
        let fields = self.fields().iter().enumerate().map(field).collect::<Result<_>>()?;
        let index = PanelIndex { format: FORMAT, organisations, years, fields };
        let index = toml::to_string(&index).map_err(|e| {
            Error::data(
                quoted("面板的索引不能写成文本", &e),
                format!("the panel's index cannot be written as text: {e}"),
            )
            .in_file(path)
            .caused_by(e)
        })?;
        writer.append_key_value_metadata(KeyValue::new(KEY.to_owned(), index));
        writer.close().map_err(fail)?;
        Ok(())
    }

    /// Returns the dictionary values of a column that is written from codes.
    fn texts(&self, field: usize) -> Option<ArrayRef> {
        let dictionary = self.dictionary(field).filter(|_| self.fields()[field].ty != Type::Star)?;
        Some(Arc::new(StringArray::from_iter_values(dictionary.values())))
    }

    /// Returns [`Roster::arrow_schema`] with the columns that have `texts` as dictionary columns.
    fn coded_schema(&self, texts: &[Option<ArrayRef>]) -> SchemaRef {
        let schema = self.arrow_schema();
        let (fixed, fields) = schema.fields().split_at(schema.fields().len() - texts.len());
        let coded = fields.iter().zip(texts).map(|(field, texts)| match texts {
            Some(_) => Arc::new(ArrowField::new(field.name(), super::coded_type(), true)),
            None => Arc::clone(field),
        });
        Arc::new(Schema::new(fixed.iter().cloned().chain(coded).collect::<Vec<_>>()))
    }

    /// Returns [`Roster::batch`] with the columns that have `texts` as dictionary arrays.
    fn coded_batch(&self, frame: &Frame, texts: &[Option<ArrayRef>], schema: &SchemaRef) -> Result<RecordBatch> {
        let column = |at: usize| -> Result<ArrayRef> {
            Ok(match (texts.get(at).and_then(Option::as_ref), self.values(frame, at)) {
                (Some(texts), Some(Column::Coded { codes, .. })) => {
                    let keys = (0..codes.len()).map(|row| codes.get(row).checked_sub(1).map(|key| key as i32));
                    Arc::new(DictionaryArray::try_new(keys.collect::<Int32Array>(), Arc::clone(texts))?)
                }
                (Some(texts), _) => {
                    Arc::new(DictionaryArray::try_new(Int32Array::new_null(frame.rows()), Arc::clone(texts))?)
                }
                (None, _) => self.array(frame, at),
            })
        };
        let columns = (0..texts.len()).map(column).collect::<Result<Vec<_>>>()?;
        Ok(RecordBatch::try_new(Arc::clone(schema), self.keys(frame)?.into_iter().chain(columns).collect())?)
    }

    /// Builds a bitmap over all organisations, set where `frame` lists one.
    fn listed(&self, frame: &Frame) -> BooleanArray {
        let mut slots = frame.slots.iter().peekable();
        let count = self.organisations().len();
        let listed = BooleanBuffer::collect_bool(count, |at| slots.next_if(|slot| **slot as usize == at).is_some());
        BooleanArray::new(listed, None)
    }
}

/// Writes rows as one row group, encoding its columns in parallel.
fn write(
    writer: &mut SerializedFileWriter<File>,
    columns: Vec<ArrowColumnWriter>,
    rows: &RecordBatch,
) -> Result<(), ParquetError> {
    let schema = rows.schema();
    let chunks = columns.into_par_iter().zip(schema.fields().par_iter().zip(rows.columns()));
    let chunks = chunks.map(|(mut column, (field, values))| {
        for leaf in compute_leaves(field, values)? {
            column.write(&leaf)?;
        }
        column.close()
    });
    let chunks = chunks.collect::<Result<Vec<_>, ParquetError>>()?;
    let mut group = writer.next_row_group()?;
    for chunk in chunks {
        chunk.append_to_row_group(&mut group)?;
    }
    group.close()?;
    Ok(())
}

/// Serialises one array as an Arrow IPC stream.
fn stream(array: ArrayRef) -> Result<Vec<u8>> {
    let batch = RecordBatch::try_from_iter([("values", array)])?;
    let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME))?;
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options)?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?)
}

/// Returns the error for a file that could not be written, which usually comes from the operating system.
fn unwritten(path: &Path, error: ParquetError) -> Error {
    let error = match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => return Error::unwritten(path, *error),
            Err(other) => ParquetError::External(other),
        },
        other => other,
    };
    let zh = quoted(&format!("不能写入：{}", error.kind_zh()), &error);
    Error::of_file(path, zh, format!("cannot be written: {error}")).caused_by(error)
}
