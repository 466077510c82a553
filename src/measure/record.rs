//! Reading definitions: TOML files of records, whose errors name file, record and field in the user's language.

use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::predicate::Predicate;
use super::source::nearest;
use crate::error::{Error, Result};
use crate::lang::Text;

/// One `[[kind]]` of a file. Fields are taken out of it one after the other; what is left over is a mistake.
pub(super) struct Record {
    place: String,
    fields: Table,
    asked: Vec<&'static str>,
}

/// The text of the file at `path`, which is UTF-8.
pub(super) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => Error::file(path, "没有这个文件", "no such file"),
        std::io::ErrorKind::InvalidData => Error::file(
            path,
            "不是 UTF-8 文本；口径定义文件请另存为 UTF-8",
            "is not UTF-8 text; save definition files as UTF-8",
        ),
        _ => Error::file(path, format!("打不开：{e}"), format!("cannot be read: {e}")),
    })
}

/// The records of a file that holds nothing but `[[kind]]`s, at least one. `origin` is the file's name for messages.
pub(super) fn records(text: &str, origin: &str, kind: &str) -> Result<Vec<Record>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut file: Table = text.parse().map_err(|e: toml::de::Error| {
        let before = e.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let (line, what) = (before.matches('\n').count() + 1, e.message());
        Error::definition(
            format!("{origin}：第 {line} 行不符合 TOML 写法：{what}"),
            format!("{origin}: line {line} is not TOML: {what}"),
        )
    })?;
    let list = match file.remove(kind) {
        Some(Value::Array(list)) if !list.is_empty() => list,
        _ => {
            return Err(Error::definition(
                format!("{origin}：没有 [[{kind}]] 记录。每条定义以一行 [[{kind}]] 开头"),
                format!("{origin}: there is no [[{kind}]] record. Each definition starts with a line [[{kind}]]"),
            ));
        }
    };
    if let Some(other) = file.keys().next() {
        return Err(Error::definition(
            format!("{origin}：不认识“{other}”；文件里只能有 [[{kind}]] 记录"),
            format!("{origin}: '{other}' is not known; the file holds [[{kind}]] records only"),
        ));
    }
    list.into_iter().enumerate().map(|(at, value)| Record::new(value, origin, kind, at + 1)).collect()
}

impl Record {
    fn new(value: Value, origin: &str, kind: &str, number: usize) -> Result<Self> {
        let name = value.get("id").or_else(|| value.get("mode")).and_then(Value::as_str);
        let name = name.map_or_else(|| format!("#{number}"), |name| format!("\"{name}\""));
        let place = format!("{origin}: [[{kind}]] {name}");
        match value {
            Value::Table(fields) => Ok(Self { place, fields, asked: Vec::new() }),
            other => Err(Error::definition(
                format!("{place}：应为一组字段，写的是{}", named(&other).0),
                format!("{place}: expected fields, got {}", named(&other).1),
            )),
        }
    }

    /// Where the record stands: file, kind, id.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// The error that `field` is not as it should be.
    pub(super) fn error<T>(&self, field: &str, zh: &str, en: &str) -> Result<T> {
        Err(at(&self.place, field, &Text::new(zh, en)))
    }

    fn take(&mut self, field: &'static str) -> Option<Value> {
        self.asked.push(field);
        self.fields.remove(field)
    }

    fn mismatch<T>(&self, field: &str, got: &Value, (zh, en): (&str, &str)) -> Result<T> {
        let (got_zh, got_en) = named(got);
        self.error(field, &format!("应为{zh}，写的是{got_zh} {got}"), &format!("expected {en}, got {got_en} {got}"))
    }

    /// Text that may be left out, but not be empty.
    pub(super) fn optional(&mut self, field: &'static str) -> Result<Option<String>> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text)),
            Some(other) => self.mismatch(field, &other, ("引号里的文字", "text in quotes")),
        }
    }

    pub(super) fn text(&mut self, field: &'static str) -> Result<String> {
        match self.optional(field)? {
            Some(text) => Ok(text),
            None => self.error(field, "缺少此项；应为引号里的文字", "is missing; expected text in quotes"),
        }
    }

    /// Text in both languages: `field` is Chinese, `field_en` English, which may be left out.
    pub(super) fn label(&mut self, zh: &'static str, en: &'static str) -> Result<Option<Text>> {
        let (zh, en) = (self.optional(zh)?, self.optional(en)?);
        Ok(zh.map(|zh| Text { en: en.unwrap_or_else(|| zh.clone()), zh }))
    }

    pub(super) fn predicate(&mut self, field: &'static str) -> Result<Predicate> {
        let text = self.text(field)?;
        Predicate::parse(&text).map_err(|e| defined(e, &self.place, field))
    }

    /// True or false; false if left out.
    pub(super) fn flag(&mut self, field: &'static str) -> Result<bool> {
        match self.take(field) {
            None => Ok(false),
            Some(Value::Boolean(b)) => Ok(b),
            Some(other) => self.mismatch(field, &other, ("true 或 false", "true or false")),
        }
    }

    pub(super) fn year(&mut self, field: &'static str) -> Result<Option<i16>> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Integer(year @ 1900..=2999)) => Ok(Some(year as i16)),
            Some(other) => self.mismatch(field, &other, ("年份，如 2013", "a year, such as 2013")),
        }
    }

    /// A share above 0 and up to 1; 1 if left out.
    pub(super) fn share(&mut self, field: &'static str) -> Result<f64> {
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

    /// Fails if the record has a field that nothing asked for.
    pub(super) fn finish(self) -> Result<()> {
        let Some(field) = self.fields.keys().next() else {
            return Ok(());
        };
        let near = nearest(field, self.asked.iter().copied());
        let (zh, en) = near.map_or_else(Default::default, |near| {
            (format!("。是不是“{near}”？"), format!(". Hint: did you mean '{near}'?"))
        });
        self.error(
            field,
            &format!("没有这个字段。可用：{}{zh}", self.asked.join("、")),
            &format!("there is no such field. Available: {}{en}", self.asked.join(", ")),
        )
    }
}

fn at(place: &str, field: &str, what: &Text) -> Error {
    Error::definition(format!("{place}：字段 {field}：{}", what.zh), format!("{place}: field {field}: {}", what.en))
}

/// The error about a predicate, as one about the `field` that holds it.
pub(super) fn defined(error: Error, place: &str, field: &str) -> Error {
    match error {
        Error::Argument(what) => at(place, field, &what),
        other => other,
    }
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

#[cfg(test)]
mod tests {
    use crate::error::Error;
    use crate::lang::Lang;
    use crate::measure::{FormationRules, Rates, Targets};

    const GOOD: &str = r#"
        [[rate]]
        id = "a"
        label = "甲"
        population = "true"
        success = "operating"
        counts = "organisations"
        source = "本地文件"
    "#;

    fn both(error: &Error) -> (String, String) {
        assert!(matches!(error, Error::Definition(_)), "{error}");
        (error.message(Lang::Zh), error.message(Lang::En))
    }

    #[test]
    fn errors_name_file_record_and_field() {
        assert!(Rates::from_toml(GOOD, "mine.toml").is_ok());
        for (from, to, parts) in [
            ("[[rate]]", "[[rates]]", &["[[rate]]"][..]),
            ("[[rate]]", "title = 'x'\n[[rate]]", &["'title'"]),
            ("[[rate]]", "[[rate]", &["line 2"]),
            ("id = \"a\"", "", &["#1", "field id", "missing", "缺少"]),
            ("id = \"a\"", "id = 3", &["field id", "text in quotes", "a number 3"]),
            ("label = \"甲\"", "label = \" \"", &["\"a\"", "field label"]),
            ("success", "sucess", &["field success", "missing"]),
            ("source", "succes = \"true\"\nsource", &["field succes", "did you mean 'success'", "population"]),
            ("\"operating\"", "\"operating and\"", &["field success", "ends too early"]),
            ("\"organisations\"", "\"members\"", &["field counts", "party_organisations", "'members'"]),
            ("source = \"本地文件\"", "", &["field source", "missing"]),
        ] {
            let text = GOOD.replacen(from, to, 1);
            let (zh, en) = both(&Rates::from_toml(&text, "mine.toml").unwrap_err());
            for part in parts {
                assert!(zh.contains(part) || en.contains(part), "{to}: '{part}' is not in\n{zh}\n{en}");
            }
            assert!(zh.starts_with("mine.toml") && en.starts_with("mine.toml"), "{zh}\n{en}");
        }
        let twice = both(&Rates::from_toml(&format!("{GOOD}{GOOD}"), "mine.toml").unwrap_err()).1;
        assert!(twice.contains("'a' stands twice"), "{twice}");
    }

    #[test]
    fn targets_and_needs_are_checked_too() {
        let target = GOOD.replace("[[rate]]", "[[target]]");
        let with = |field: &str| Targets::from_toml(&format!("{target}\n{field}"), "t.toml");
        let plain = with("").unwrap();
        let plain = plain.get("a").unwrap();
        assert_eq!((plain.target, plain.inferred, plain.deadline), (1.0, false, None));
        assert_eq!(with("deadline = 2013").unwrap().get("a").unwrap().deadline, Some(2013));
        for (field, name) in [
            ("target = 100", "target"),
            ("target = 0.0", "target"),
            ("target = nan", "target"),
            ("target = '1'", "target"),
            ("inferred = 'yes'", "inferred"),
            ("deadline = 2013-12-31", "deadline"),
            ("mode = 'solo'", "mode"),
        ] {
            let (_, en) = both(&with(field).unwrap_err());
            assert!(en.starts_with(&format!("t.toml: [[target]] \"a\": field {name}: ")), "{field}: {en}");
        }
        let need = "[[need]]\nmode = 'sole'\nwhen = 'true'\nsource = 's'";
        let (_, en) = both(&FormationRules::from_toml(need, "f.toml").unwrap_err());
        assert!(en.contains("f.toml: [[need]] \"sole\": field mode") && en.contains("affiliated"), "{en}");
    }

    #[test]
    fn a_file_that_cannot_be_read_says_so() {
        let missing = Rates::from_file("no/such/rates.toml".as_ref()).unwrap_err();
        assert!(matches!(&missing, Error::File(t) if t.en.contains("no such file")), "{missing}");
    }
}
