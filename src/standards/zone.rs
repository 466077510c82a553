//! Zones (园区, 开发区, 商务楼宇), which have no official code. A user's file defines their names, spellings, regions and
//! years.

use std::fs;
use std::path::Path;

use rustc_hash::FxHashMap;
use toml::{Table, Value};

use super::region;
use super::region::Standing;
use crate::error::{Error, Result, os};
use crate::lang::Text;
use crate::schema::spelling::plain;
use crate::support::record::{RecordPlace, table, written};

/// A zone over a range of years.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Identifier in calls and results.
    pub id: String,
    /// Name in tables.
    pub name: String,
    /// Further spellings in ledgers, besides id and name.
    pub written: Vec<String>,
    /// Codes of the regions it lies in, 12 digits each.
    pub regions: Vec<String>,
    /// First year in force; `None` for no lower bound.
    pub from: Option<i16>,
    /// Last year in force; `None` for no upper bound.
    pub to: Option<i16>,
}

impl Zone {
    /// Checks whether the zone is in force in `year`.
    #[must_use]
    pub fn in_force(&self, year: i16) -> bool {
        self.from.is_none_or(|from| from <= year) && self.to.is_none_or(|to| year <= to)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let before = |a: Option<i16>, b: Option<i16>| a.zip(b).is_some_and(|(a, b)| a < b);
        !before(self.to, other.from) && !before(other.to, self.from)
    }

    fn spellings(&self) -> impl Iterator<Item = &str> {
        [self.id.as_str(), self.name.as_str()].into_iter().chain(self.written.iter().map(String::as_str))
    }
}

/// The zones of a file.
#[derive(Clone, Debug, Default)]
pub struct Zones {
    zones: Vec<Zone>,
    by_spelling: FxHashMap<String, Vec<usize>>,
}

const FIELDS: [&str; 6] = ["id", "name", "written", "region", "from", "to"];

impl Zones {
    /// Reads the zones from the file at `path`.
    pub fn from_file(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|e| {
            let why = os::why(&e);
            Error::of_file(
                path,
                format!("园区文件打不开：{}。请给出 UTF-8 的 TOML 文件", why.zh),
                format!("the file of zones cannot be read: {}. Give a TOML file in UTF-8", why.en),
            )
            .caused_by(e)
        })?;
        Self::from_toml(&text, &path.display().to_string())
    }

    /// Parses the `[[zone]]` records of `text`: `id` and `name`; `written`, a list of spellings; `region`, a code
    /// of 6, 9 or 12 digits or a list of them; `from` and `to`, years. A spelling must mean one zone in every year.
    /// Errors are [`Error::Definition`] and name the file as `origin`.
    /// ```
    /// use dangjian::standards::zone::Zones;
    ///
    /// let zones = Zones::from_toml(
    ///     r#"
    ///     [[zone]]
    ///     id = "jingpeng"
    ///     name = "经棚工业园区"
    ///     written = ["经棚园区"]
    ///     region = "150425100000"
    ///     from = 2009
    ///     "#,
    ///     "zones.toml",
    /// )?;
    /// assert_eq!(zones.find("经棚 园区", 2013).map(|z| z.id.as_str()), Some("jingpeng"));
    /// assert_eq!(zones.find("经棚园区", 2008), None);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn from_toml(text: &str, origin: &str) -> Result<Self> {
        let mut file = table(text, origin)?;
        let Some(Value::Array(records)) = file.remove("zone").filter(|_| file.is_empty()) else {
            let keys: Vec<_> = file.keys().map(String::as_str).collect();
            return Err(Error::definition(
                format!("{origin}：文件里应只有 [[zone]] 记录，另有：{}", keys.join("、")),
                format!("{origin}: expected [[zone]] records and nothing else, also got: {}", keys.join(", ")),
            )
            .in_file(origin));
        };
        let mut zones = Self::default();
        for (at, value) in records.into_iter().enumerate() {
            zones.add(ZoneRecord::new(value, origin, at + 1)?)?;
        }
        Ok(zones)
    }

    fn add(&mut self, mut record: ZoneRecord) -> Result<()> {
        let zone = Zone {
            id: record.required("id")?,
            name: record.required("name")?,
            written: record.texts("written")?,
            regions: record.regions()?,
            from: record.year("from")?,
            to: record.year("to")?,
        };
        if zone.from.zip(zone.to).is_some_and(|(from, to)| from > to) {
            return Err(record.error("to", "早于 from。请调换两个年份", "is before from. Swap the two years"));
        }
        let at = self.zones.len();
        for spelling in zone.spellings() {
            let same = self.by_spelling.entry(plain(spelling).into_owned()).or_default();
            let others = same.iter().filter_map(|at| self.zones.get(*at));
            if let Some(other) = others.into_iter().find(|other| other.overlaps(&zone)) {
                let (id, other) = (&zone.id, &other.id);
                return Err(record.error(
                    "written",
                    &format!("“{spelling}”在同一年里既指 {other} 又指 {id}。请改写法，或用 from、to 把年份分开"),
                    &format!(
                        "'{spelling}' means both {other} and {id} in the same year. Write them differently, or keep their years apart with from and to"
                    ),
                )
                .with_value(spelling));
            }
            if same.last() != Some(&at) {
                same.push(at);
            }
        }
        record.finish()?;
        self.zones.push(zone);
        Ok(())
    }

    /// Finds the zone that a ledger of `year` calls `written`: an id, a name or another spelling, ignoring width
    /// and white space.
    #[must_use]
    pub fn find(&self, written: &str, year: i16) -> Option<&Zone> {
        let same = self.by_spelling.get(plain(written).as_ref())?;
        same.iter().filter_map(|at| self.zones.get(*at)).find(|zone| zone.in_force(year))
    }

    /// Iterates over the zones in file order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Zone> {
        self.zones.iter()
    }
}

/// One `[[zone]]` record. Fields are removed as they are read; a remaining field is an error.
struct ZoneRecord {
    place: RecordPlace,
    fields: Table,
}

impl ZoneRecord {
    fn new(value: Value, origin: &str, number: usize) -> Result<Self> {
        let name =
            value.get("id").and_then(Value::as_str).map_or_else(|| format!("#{number}"), |id| format!("\"{id}\""));
        let place = RecordPlace::new(origin, format!("[[zone]] {name}"));
        match value {
            Value::Table(fields) => Ok(Self { place, fields }),
            other => Err(Error::definition(format!("{place}：应为一组字段"), format!("{place}: expected fields"))
                .in_file(origin)
                .with_value(written(&other))),
        }
    }

    fn error(&self, field: &str, zh: &str, en: &str) -> Error {
        let error = self.place.error(field, &Text::new(zh, en));
        match self.fields.get(field) {
            Some(value) => error.with_value(written(value)),
            None => error,
        }
    }

    fn mismatch(&self, field: &str, got: &Value, zh: &str, en: &str) -> Error {
        self.error(field, &format!("应为{zh}，写的是 {got}"), &format!("expected {en}, got {got}"))
            .with_value(written(got))
    }

    fn required(&mut self, field: &str) -> Result<String> {
        match self.fields.remove(field) {
            None => Err(self.error(field, "缺少此项；应为引号里的文字", "is missing; expected text in quotes")),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text),
            Some(other) => Err(self.mismatch(field, &other, "引号里的文字", "text in quotes")),
        }
    }

    /// Reads a list of texts, or a single text.
    fn texts(&mut self, field: &str) -> Result<Vec<String>> {
        let value = match self.fields.remove(field) {
            None => return Ok(Vec::new()),
            Some(text @ Value::String(_)) => Value::Array(vec![text]),
            Some(value) => value,
        };
        let texts = value.as_array().and_then(|list| {
            list.iter().map(|v| v.as_str().filter(|s| !s.trim().is_empty()).map(str::to_owned)).collect()
        });
        texts.ok_or_else(|| self.mismatch(field, &value, "引号里的文字组成的列表", "a list of texts in quotes"))
    }

    fn regions(&mut self) -> Result<Vec<String>> {
        let codes = self.texts("region")?;
        let known = |code: &String| {
            let full = region::fill(code).filter(|full| region::current(full) != Standing::Unknown);
            full.map(std::borrow::Cow::into_owned).ok_or_else(|| {
                self.error(
                    "region",
                    &format!("没有区划代码“{code}”；应为 6、9 或 12 位数字，如 \"150425100000\""),
                    &format!("there is no region '{code}'; expected 6, 9 or 12 digits, such as \"150425100000\""),
                )
                .with_value(code)
            })
        };
        codes.iter().map(known).collect()
    }

    fn year(&mut self, field: &str) -> Result<Option<i16>> {
        match self.fields.remove(field) {
            None => Ok(None),
            Some(Value::Integer(year @ 1900..=2999)) => Ok(Some(year as i16)),
            Some(other) => Err(self.mismatch(field, &other, "年份，如 2013", "a year, such as 2013")),
        }
    }

    fn finish(self) -> Result<()> {
        match self.fields.keys().next() {
            None => Ok(()),
            Some(field) => Err(self.error(
                field,
                &format!("没有这个字段。可用：{}", FIELDS.join("、")),
                &format!("there is no such field. Available: {}", FIELDS.join(", ")),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    const GOOD: &str = r#"
        [[zone]]
        id = "jp"
        name = "经棚工业园区"
        written = ["经棚园区"]
        region = ["150425100000", "150425"]
        to = 2010

        [[zone]]
        id = "jp2"
        name = "经棚经济开发区"
        written = ["经棚园区"]
        from = 2011
    "#;

    #[test]
    fn a_spelling_means_what_it_means_in_its_year() {
        let zones = Zones::from_toml(GOOD, "zones.toml").unwrap();
        let id = |written, year| zones.find(written, year).map(|z| z.id.as_str());
        assert_eq!(id("经棚园区", 2010), Some("jp"));
        assert_eq!(id("经棚　园区", 2011), Some("jp2"));
        assert_eq!(id("经棚工业园区", 2011), None);
        assert_eq!(id("ｊｐ", 1999), Some("jp"));
        assert_eq!(id("赤峰园区", 2011), None);
        assert_eq!(zones.iter().next().map(|z| z.regions.clone()).unwrap(), ["150425100000", "150425000000"]);
    }

    #[test]
    fn errors_name_file_record_and_field() {
        for (from, to, parts) in [
            ("[[zone]]", "[[zones]]", &["[[zone]] records", "zones"][..]),
            ("[[zone]]", "[[zone]", &["line 2"]),
            ("id = \"jp\"\n", "", &["#1", "field id", "missing"]),
            ("name = \"经棚工业园区\"", "name = 3", &["\"jp\"", "field name", "text in quotes, got 3"]),
            ("written = [\"经棚园区\"]", "written = [1]", &["field written", "a list of texts"]),
            ("\"150425\"", "\"990425\"", &["field region", "no region '990425'", "6, 9 or 12 digits"]),
            ("to = 2010", "to = \"2010\"", &["field to", "such as 2013"]),
            ("to = 2010", "to = 2011", &["\"jp2\"", "field written", "'经棚园区' means both jp and jp2"]),
            ("to = 2010", "from = 2012\nto = 2010", &["field to", "before from"]),
            ("to = 2010", "until = 2010", &["field until", "no such field", "written"]),
        ] {
            let error = Zones::from_toml(&GOOD.replacen(from, to, 1), "zones.toml").unwrap_err();
            let en = error.message(Lang::En);
            assert!(matches!(error, Error::Definition(_)) && en.starts_with("zones.toml"), "{en}");
            assert!(error.message(Lang::Zh).starts_with("zones.toml"));
            for part in parts {
                assert!(en.contains(part), "{to}: '{part}' is not in\n{en}");
            }
        }
        let missing = Zones::from_file("no/such/zones.toml".as_ref()).unwrap_err();
        assert!(matches!(missing, Error::File(_)), "{missing}");
    }
}
