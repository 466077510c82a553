//! Definition files: TOML records, with errors that name file, record and field in the user's language.

use std::path::Path;
use std::{fmt, fs, io};

use toml::{Table, Value};

use super::similarity::nearest;
use crate::error::{Error, Result, library, os};
use crate::lang::Text;

/// One `[[kind]]` record of a file. Fields are taken out one by one; any field left over is an error.
pub(crate) struct Record {
    place: RecordPlace,
    fields: Table,
    /// Fields that were taken out, as written.
    taken: Table,
    requested: Vec<&'static str>,
}

/// Location of a record, which its errors begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordPlace {
    /// Name of the file; empty for a definition made in code.
    file: String,
    /// Kind and id of the record; empty for the file as a whole.
    record: String,
}

impl RecordPlace {
    /// Creates the location of the record `record` in the file called `file`.
    pub(crate) fn new(file: &str, record: String) -> Self {
        Self { file: file.to_owned(), record }
    }

    /// Creates the location of a file as a whole.
    pub(crate) fn of_file(file: &str) -> Self {
        Self::new(file, String::new())
    }

    /// Creates the location of a definition that is not in a file.
    pub(crate) fn of_code(id: &str) -> Self {
        Self { file: String::new(), record: id.to_owned() }
    }

    /// Creates the error about `field` of the record.
    pub(crate) fn error(&self, field: &str, what: &Text) -> Error {
        let Text { zh, en } = self.about(field, what);
        self.add_to(Error::definition(zh, en), field)
    }

    /// Turns a predicate's error into one about the `field` that holds the predicate.
    pub(crate) fn defined(&self, error: Error, field: &str) -> Error {
        match error {
            Error::Argument(_) => self.add_to(error.redefined(|what| self.about(field, what)), field),
            other => other,
        }
    }

    fn about(&self, field: &str, what: &Text) -> Text {
        Text::new(format!("{self}：字段 {field}：{}", what.zh), format!("{self}: field {field}: {}", what.en))
    }

    fn add_to(&self, error: Error, field: &str) -> Error {
        let error = error.in_column(field);
        if self.file.is_empty() { error } else { error.in_file(&self.file) }
    }
}

impl fmt::Display for RecordPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.file.is_empty() || self.record.is_empty() { "" } else { ": " };
        write!(f, "{}{colon}{}", self.file, self.record)
    }
}

/// Reads the UTF-8 text of the file at `path`.
pub(crate) fn read(path: &Path) -> Result<String> {
    let fails = |e: io::Error| {
        let error = match e.kind() {
            io::ErrorKind::NotFound => Error::of_file(path, "没有这个文件", "no such file"),
            io::ErrorKind::InvalidData => Error::of_file(
                path,
                "不是 UTF-8 文本；口径定义文件请另存为 UTF-8",
                "is not UTF-8 text; save definition files as UTF-8",
            ),
            _ => {
                let why = os::why(&e);
                Error::of_file(path, format!("打不开：{}", why.zh), format!("cannot be read: {}", why.en))
            }
        };
        error.caused_by(e)
    };
    fs::read_to_string(path).map_err(fails)
}

/// Parses TOML text; `origin` is the file's name in messages.
pub(crate) fn table(text: &str, origin: &str) -> Result<Table> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.parse().map_err(|e: toml::de::Error| {
        let before = e.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let (line, what) = (before.matches('\n').count() + 1, e.message());
        Error::definition(
            library::quoted(&format!("{origin}：第 {line} 行不符合 TOML 写法"), &what),
            format!("{origin}: line {line} is not TOML: {what}"),
        )
        .in_file(origin)
        .at_row(line as u64)
        .caused_by(e)
    })
}

/// Returns the records of a file that holds only `[[kind]]` records, at least one; `origin` is the file's name in
/// messages.
pub(crate) fn records(text: &str, origin: &str, kind: &str) -> Result<Vec<Record>> {
    Ok(records_of(text, origin, &[kind])?.into_iter().flatten().collect())
}

/// Returns the records of a file that holds only records of these `kinds`, at least one, grouped by kind in the
/// order of `kinds`.
pub(crate) fn records_of(text: &str, origin: &str, kinds: &[&str]) -> Result<Vec<Vec<Record>>> {
    let mut file = table(text, origin)?;
    let known = kinds.iter().map(|kind| format!("[[{kind}]]")).collect::<Vec<_>>();
    let mut records = Vec::new();
    for kind in kinds {
        let list = match file.remove(*kind) {
            None => Vec::new(),
            Some(Value::Array(list)) => list,
            Some(_) => {
                return Err(Error::definition(
                    format!("{origin}：“{kind}”应写成 [[{kind}]] 记录"),
                    format!("{origin}: '{kind}' must be written as [[{kind}]] records"),
                )
                .in_file(origin)
                .in_column(*kind));
            }
        };
        let list = list.into_iter().enumerate().map(|(at, value)| Record::new(value, origin, kind, at + 1));
        records.push(list.collect::<Result<Vec<_>>>()?);
    }
    if records.iter().all(Vec::is_empty) {
        return Err(lacking(origin, kinds));
    }
    if let Some(other) = file.keys().next() {
        let (zh, en) = (known.join("、"), known.join(", "));
        return Err(Error::definition(
            format!("{origin}：不认识“{other}”；文件里只能有 {zh} 记录"),
            format!("{origin}: '{other}' is not known; the file holds {en} records only"),
        )
        .in_file(origin)
        .in_column(other));
    }
    Ok(records)
}

/// Builds the error for a file that has none of the records it needs.
pub(crate) fn lacking(origin: &str, kinds: &[&str]) -> Error {
    let known = kinds.iter().map(|kind| format!("[[{kind}]]")).collect::<Vec<_>>();
    let (zh, en) = (known.join("、"), known.join(" or "));
    Error::definition(
        format!("{origin}：没有 {zh} 记录。每条定义以这样一行开头"),
        format!("{origin}: there is no {en} record. Each definition starts with such a line"),
    )
    .in_file(origin)
}

impl Record {
    pub(crate) fn new(value: Value, origin: &str, kind: &str, number: usize) -> Result<Self> {
        let name = ["id", "mode", "level", "header", "column"]
            .iter()
            .find_map(|field| value.get(field))
            .and_then(Value::as_str);
        let name = name.map_or_else(|| format!("#{number}"), |name| format!("\"{name}\""));
        let place = RecordPlace::new(origin, format!("[[{kind}]] {name}"));
        match value {
            Value::Table(fields) => Ok(Self { place, fields, taken: Table::new(), requested: Vec::new() }),
            other => Err(Error::definition(
                format!("{place}：应为一组字段，写的是{}", named(&other).0),
                format!("{place}: expected fields, got {}", named(&other).1),
            )
            .in_file(origin)
            .with_value(written(&other))),
        }
    }

    /// Returns the location of the record.
    pub(crate) fn place(&self) -> &RecordPlace {
        &self.place
    }

    /// Returns an error about `field`, with the value written there.
    pub(crate) fn error<T>(&self, field: &str, zh: &str, en: &str) -> Result<T> {
        let error = self.place.error(field, &Text::new(zh, en));
        Err(match self.fields.get(field).or_else(|| self.taken.get(field)) {
            Some(value) => error.with_value(written(value)),
            None => error,
        })
    }

    fn take(&mut self, field: &'static str) -> Option<Value> {
        self.requested.push(field);
        let value = self.fields.remove(field)?;
        self.taken.insert(field.to_owned(), value.clone());
        Some(value)
    }

    fn mismatch<T>(&self, field: &str, got: &Value, (zh, en): (&str, &str)) -> Result<T> {
        let (got_zh, got_en) = named(got);
        let what = Text::new(format!("应为{zh}，写的是{got_zh} {got}"), format!("expected {en}, got {got_en} {got}"));
        Err(self.place.error(field, &what).with_value(written(got)))
    }

    /// Takes a text, which may be absent but not empty.
    pub(crate) fn optional(&mut self, field: &'static str) -> Result<Option<String>> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text)),
            Some(other) => self.mismatch(field, &other, ("引号里的文字", "text in quotes")),
        }
    }

    pub(crate) fn text(&mut self, field: &'static str) -> Result<String> {
        match self.optional(field)? {
            Some(text) => Ok(text),
            None => self.error(field, "缺少此项；应为引号里的文字", "is missing; expected text in quotes"),
        }
    }

    /// Takes a bilingual text from the fields `zh` and `en`; the English one defaults to the Chinese.
    pub(crate) fn label(&mut self, zh: &'static str, en: &'static str) -> Result<Option<Text>> {
        let (zh, en) = (self.optional(zh)?, self.optional(en)?);
        Ok(zh.map(|zh| Text { en: en.unwrap_or_else(|| zh.clone()), zh }))
    }

    /// Takes a non-empty list of texts.
    pub(crate) fn texts(&mut self, field: &'static str) -> Result<Vec<String>> {
        const WANTED: (&str, &str) =
            ("一列引号里的文字，如 [\"联建\", \"联合组建\"]", "a list of texts in quotes, such as [\"a\", \"b\"]");
        match self.take(field) {
            None => {
                self.error(field, "缺少此项；应为一列引号里的文字", "is missing; expected a list of texts in quotes")
            }
            Some(Value::Array(list)) if !list.is_empty() => list
                .iter()
                .map(|one| match one {
                    Value::String(text) if !text.trim().is_empty() => Ok(text.clone()),
                    other => self.mismatch(field, other, WANTED),
                })
                .collect(),
            Some(other) => self.mismatch(field, &other, WANTED),
        }
    }

    /// Takes a boolean; false if absent.
    pub(crate) fn flag(&mut self, field: &'static str) -> Result<bool> {
        match self.take(field) {
            None => Ok(false),
            Some(Value::Boolean(b)) => Ok(b),
            Some(other) => self.mismatch(field, &other, ("true 或 false", "true or false")),
        }
    }

    pub(crate) fn year(&mut self, field: &'static str) -> Result<Option<i16>> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Integer(year @ 1900..=2999)) => Ok(Some(year as i16)),
            Some(other) => self.mismatch(field, &other, ("年份，如 2013", "a year, such as 2013")),
        }
    }

    /// Takes a non-negative integer, if present.
    pub(crate) fn number(&mut self, field: &'static str) -> Result<Option<u32>> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Integer(number @ 0..=4_294_967_295)) => Ok(Some(number as u32)),
            Some(other) => self.mismatch(field, &other, ("非负整数，如 3", "a whole number, such as 3")),
        }
    }

    /// Takes a non-empty list of non-negative integers.
    pub(crate) fn numbers(&mut self, field: &'static str) -> Result<Vec<u64>> {
        const WANTED: (&str, &str) = ("一列非负整数，如 [0, 10, 50]", "a list of whole numbers, such as [0, 10, 50]");
        match self.take(field) {
            None => self.error(field, "缺少此项；应为一列非负整数", "is missing; expected a list of whole numbers"),
            Some(Value::Array(list)) if !list.is_empty() => list
                .iter()
                .map(|one| match one {
                    Value::Integer(number) if *number >= 0 => Ok(*number as u64),
                    other => self.mismatch(field, other, WANTED),
                })
                .collect(),
            Some(other) => self.mismatch(field, &other, WANTED),
        }
    }

    /// Takes a positive integer.
    pub(crate) fn positive(&mut self, field: &'static str) -> Result<u32> {
        match self.number(field)? {
            Some(number) if number > 0 => Ok(number),
            Some(_) => self.error(field, "应为正整数，写的是 0", "expected a whole number above 0, got 0"),
            None => self.error(field, "缺少此项；应为正整数，如 3", "is missing; expected a whole number, such as 3"),
        }
    }

    /// Takes one text or a list of texts; returns an empty list if absent.
    pub(crate) fn texts_or_none(&mut self, field: &'static str) -> Result<Vec<String>> {
        if self.has(field) {
            return self.one_or_more(field);
        }
        self.requested.push(field);
        Ok(Vec::new())
    }

    /// Takes one text or a list of texts.
    pub(crate) fn one_or_more(&mut self, field: &'static str) -> Result<Vec<String>> {
        match self.fields.get(field) {
            Some(Value::Array(_)) => self.texts(field),
            _ => Ok(vec![self.text(field)?]),
        }
    }

    /// Returns the number in `field` without taking it; `None` if it is not a number.
    pub(crate) fn peek(&self, field: &str) -> Option<f64> {
        let value = self.fields.get(field)?;
        value.as_float().or_else(|| value.as_integer().map(|n| n as f64))
    }

    /// Checks whether `field` is present and holds text.
    pub(crate) fn is_text(&self, field: &str) -> bool {
        self.fields.get(field).is_some_and(Value::is_str)
    }

    /// Checks whether `field` is present.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// Takes a proportion above 0 and up to 1; 1 if absent.
    pub(crate) fn share(&mut self, field: &'static str) -> Result<f64> {
        let value = self.take(field).unwrap_or(Value::Float(1.0));
        let share = value.as_float().or_else(|| value.as_integer().map(|n| n as f64));
        match share {
            Some(share) if share > 0.0 && share <= 1.0 => Ok(share),
            _ => self.mismatch(
                field,
                &value,
                ("大于 0、不超过 1 的数（1.0 即 100%）", "a number above 0 and up to 1 (1.0 is 100 %)"),
            ),
        }
    }

    /// Takes a number, if present.
    pub(crate) fn decimal(&mut self, field: &'static str) -> Result<Option<f64>> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Integer(number)) => Ok(Some(number as f64)),
            Some(Value::Float(number)) if number.is_finite() => Ok(Some(number)),
            Some(other) => self.mismatch(field, &other, ("数字，如 3 或 2.5", "a number, such as 3 or 2.5")),
        }
    }

    /// Takes a non-empty list of numbers, if present.
    pub(crate) fn decimals(&mut self, field: &'static str) -> Result<Option<Vec<f64>>> {
        const WANTED: (&str, &str) = ("一列数字，如 [4, 3, 2, 0]", "a list of numbers, such as [4, 3, 2, 0]");
        match self.take(field) {
            None => Ok(None),
            Some(Value::Array(list)) if !list.is_empty() => {
                let number = |one: &Value| match one {
                    Value::Integer(number) => Ok(*number as f64),
                    Value::Float(number) if number.is_finite() => Ok(*number),
                    other => self.mismatch(field, other, WANTED),
                };
                list.iter().map(number).collect::<Result<Vec<_>>>().map(Some)
            }
            Some(other) => self.mismatch(field, &other, WANTED),
        }
    }

    /// Takes a required name and looks its value up.
    pub(crate) fn named<T>(&mut self, field: &'static str, look_up: impl Fn(&str) -> Result<T>) -> Result<T> {
        let name = self.text(field)?;
        look_up(&name).map_err(|error| self.place.defined(error, field))
    }

    /// Takes one of `words`, if present, and returns its position among them.
    pub(crate) fn choice(&mut self, field: &'static str, words: &[&str]) -> Result<Option<usize>> {
        let Some(text) = self.optional(field)? else { return Ok(None) };
        if let Some(at) = words.iter().position(|word| *word == text) {
            return Ok(Some(at));
        }
        let hint = nearest(&text, words.iter().copied());
        let (zh, en) = hint.map_or_else(Default::default, |near| {
            (format!("。是不是“{near}”？"), format!(". Hint: did you mean '{near}'?"))
        });
        let (zh_words, en_words) = (words.join("、"), words.join(", "));
        self.error(
            field,
            &format!("“{text}”不在可用的词里。可用：{zh_words}{zh}"),
            &format!("'{text}' is not one of its words. Available: {en_words}{en}"),
        )
    }

    /// Fails if the record has a field that no caller took.
    pub(crate) fn finish(self) -> Result<()> {
        let Some(field) = self.fields.keys().next() else {
            return Ok(());
        };
        let near = nearest(field, self.requested.iter().copied());
        let (zh, en) = near.map_or_else(Default::default, |near| {
            (format!("。是不是“{near}”？"), format!(". Hint: did you mean '{near}'?"))
        });
        self.error(
            field,
            &format!("没有这个字段。可用：{}{zh}", self.requested.join("、")),
            &format!("there is no such field. Available: {}{en}", self.requested.join(", ")),
        )
    }
}

/// Returns a value as written, a text without its quotes.
pub(crate) fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn named(value: &Value) -> (&'static str, &'static str) {
    match value {
        Value::String(_) => ("文字", "text"),
        Value::Integer(_) | Value::Float(_) => ("数字", "a number"),
        Value::Boolean(_) => ("是非", "true or false"),
        Value::Datetime(_) => ("日期", "a date"),
        Value::Array(_) => ("列表", "a list"),
        Value::Table(_) => ("一组字段", "a table"),
    }
}
