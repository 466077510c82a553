//! Printed labels of tables, columns and values: the schema's labels, the words, and `definitions/labels.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::library::quoted;
use crate::error::{Error, Result};
use crate::lang::Text;
use crate::schema;
use crate::schema::words;

/// Printed labels by kind of object.
#[derive(Debug, Default)]
pub struct Labels {
    /// Labels of tables, by id.
    pub tables: BTreeMap<String, Text>,
    /// Labels of columns, by name.
    pub columns: BTreeMap<String, Text>,
    /// Labels of values, by column, then by value.
    pub values: BTreeMap<String, BTreeMap<String, Text>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    table: BTreeMap<String, Label>,
    column: BTreeMap<String, Label>,
    value: BTreeMap<String, BTreeMap<String, Label>>,
    /// Columns that share the values of another column, by that column.
    same: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    zh: String,
    en: String,
}

impl From<Label> for Text {
    fn from(label: Label) -> Self {
        Self { zh: label.zh, en: label.en }
    }
}

/// Loads all labels.
pub fn all() -> Result<Labels> {
    let wrong = |e: toml::de::Error| {
        let zh = quoted("labels.toml：不符合 TOML 写法", &e);
        Error::definition(zh, format!("labels.toml: {e}")).in_file("labels.toml").caused_by(e)
    };
    let file: File = toml::from_str(include_str!("../definitions/labels.toml")).map_err(wrong)?;
    let texts = |labels: BTreeMap<String, Label>| labels.into_iter().map(|(id, label)| (id, label.into())).collect();
    let mut labels = Labels { tables: texts(file.table), columns: texts(file.column), ..Labels::default() };
    labels.values = file.value.into_iter().map(|(column, values)| (column, texts(values))).collect();
    for column in schema::COLUMNS {
        labels.columns.insert(column.name.to_owned(), Text::new(column.zh, column.en));
        if let Some(words) = words::of(column.name) {
            let values = labels.values.entry(column.name.to_owned()).or_default();
            values.extend(words.labelled().map(|(id, text)| (id.to_owned(), text)));
        }
    }
    for (of, copy) in file.same.iter().flat_map(|(of, copies)| copies.iter().map(move |copy| (of, copy))) {
        let values = labels.values.get(of).cloned().unwrap_or_default();
        labels.values.entry(copy.clone()).or_default().extend(values);
    }
    Ok(labels)
}
