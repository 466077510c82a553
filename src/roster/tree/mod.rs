//! Hierarchies kept outside the ledgers: committees in charge (归口), party organisations (隶属), buildings within
//! parks. A ledger names one unit; a separate table gives the units above it.

mod levels;
mod read;

use std::collections::HashMap;

pub(crate) use self::levels::{LISTED, name as level};

use self::read::TreeEntry;
use crate::error::{Error, Result};
use crate::lang::Text;
use crate::support::record::RecordPlace;
use crate::support::similarity::nearest;

/// Maximum depth of a tree. There are seven levels from the Central Committee down to a branch: centre, province,
/// league or city, banner or county, township, general branch, branch.
const MAX_DEPTH: usize = 12;

/// A unit of a tree.
#[derive(Clone, Debug)]
struct TreeUnit {
    id: String,
    /// Path from the top down to the unit itself.
    line: Vec<u32>,
}

/// A forest of units, each with one parent or at the top.
#[derive(Clone, Debug)]
pub struct Tree {
    place: RecordPlace,
    units: Vec<TreeUnit>,
    by_id: HashMap<String, u32>,
    /// Units by name; `None` if several units share the name.
    by_name: HashMap<String, Option<u32>>,
}

impl Tree {
    /// Returns the number of levels.
    #[must_use]
    pub fn levels(&self) -> usize {
        self.units.iter().map(|unit| unit.line.len()).max().unwrap_or(0)
    }

    fn new(origin: &str, entries: &[TreeEntry]) -> Result<Self> {
        let mut by_id: HashMap<String, u32> = HashMap::new();
        for (at, entry) in entries.iter().enumerate() {
            let Some(id) = &entry.id else {
                return Err(entry.wrong(
                    "id",
                    "没有编号；每一行是一个单位，请填上或删去",
                    "is empty; each record is a unit. Hint: fill it in, or delete the record",
                ));
            };
            if let Some(earlier) = by_id.insert(id.clone(), at as u32) {
                return Err(twice(id, &entries[earlier as usize], entry));
            }
        }
        let above = |entry: &TreeEntry| {
            let Some(parent) = &entry.parent else { return Ok(None) };
            by_id.get(parent).copied().map(Some).ok_or_else(|| unknown(entry, parent, &by_id))
        };
        let parents = entries.iter().map(above).collect::<Result<Vec<Option<u32>>>>()?;
        let mut units = Vec::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            let mut line = vec![at as u32];
            while let Some(parent) = line.last().and_then(|unit| parents[*unit as usize]) {
                if line.contains(&parent) {
                    return Err(circle(entries, &line, parent));
                }
                line.push(parent);
                if line.len() > MAX_DEPTH {
                    return Err(entry.wrong(
                        "parent",
                        &format!("在第 {MAX_DEPTH} 层之下；一棵树最多 {MAX_DEPTH} 层"),
                        &format!("is below level {MAX_DEPTH}; a tree has at most {MAX_DEPTH} levels"),
                    ));
                }
            }
            line.reverse();
            units.push(TreeUnit { id: entry.id.clone().unwrap_or_default(), line });
        }
        let mut by_name: HashMap<String, Option<u32>> = HashMap::new();
        for (at, entry) in entries.iter().enumerate() {
            if let Some(name) = &entry.name {
                by_name.entry(name.clone()).and_modify(|unit| *unit = None).or_insert(Some(at as u32));
            }
        }
        Ok(Self { place: RecordPlace::of_file(origin), units, by_id, by_name })
    }

    /// Finds the unit that a ledger calls `text` in `column`, by id or by a name that no other unit has.
    fn unit(&self, text: &str, column: &str) -> Result<Option<u32>> {
        if let Some(unit) = self.by_id.get(text) {
            return Ok(Some(*unit));
        }
        match self.by_name.get(text) {
            Some(None) => {
                let what = Text::new(
                    format!("台账“{column}”列写的“{text}”是几个单位共有的名称；请在台账里写编号"),
                    format!(
                        "'{text}', in column '{column}' of the ledger, is the name of several units. Hint: write ids in the ledger"
                    ),
                );
                Err(self.place.error("name", &what).with_value(text))
            }
            found => Ok(found.copied().flatten()),
        }
    }
}

fn twice(id: &str, earlier: &TreeEntry, entry: &TreeEntry) -> Error {
    let top = |entry: &TreeEntry, words: &str| entry.parent.clone().unwrap_or_else(|| words.to_owned());
    if earlier.parent == entry.parent {
        let at = &earlier.position;
        return entry.wrong(
            "id",
            &format!("“{id}”出现了两次（前一次在{}）；请删去一行", at.zh),
            &format!("'{id}' is defined twice, first at {}. Hint: delete one record", at.en),
        );
    }
    entry.wrong(
        "parent",
        &format!(
            "“{id}”有两个上级：“{}”（{}）和“{}”；一个单位只能有一个上级，请删去一行",
            top(earlier, "（无）"),
            earlier.position.zh,
            top(entry, "（无）")
        ),
        &format!(
            "'{id}' has two parents, '{}' ({}) and '{}'; a unit has one at most. Hint: delete one record",
            top(earlier, "none"),
            earlier.position.en,
            top(entry, "none")
        ),
    )
}

fn unknown(entry: &TreeEntry, parent: &str, by_id: &HashMap<String, u32>) -> Error {
    let mut ids: Vec<&str> = by_id.keys().map(String::as_str).collect();
    ids.sort_unstable();
    let (zh, en) = nearest(parent, ids.iter().copied()).map_or_else(
        || {
            (
                "请补上它自己的一行；最上级的 parent 留空".to_owned(),
                "add its own record; the topmost have no parent".to_owned(),
            )
        },
        |near| (format!("是不是“{near}”？"), format!("did you mean '{near}'?")),
    );
    entry.wrong(
        "parent",
        &format!("表中没有编号为“{parent}”的单位；{zh}"),
        &format!("there is no unit with the id '{parent}'. Hint: {en}"),
    )
}

/// Builds the error for a cycle: `parent` is already on `line`, where each unit is followed by its parent.
fn circle(entries: &[TreeEntry], line: &[u32], parent: u32) -> Error {
    let from = line.iter().position(|unit| *unit == parent).unwrap_or_default();
    let units = line[from..].iter().chain([&parent]);
    let path: Vec<&str> = units.filter_map(|unit| entries[*unit as usize].id.as_deref()).collect();
    let path = path.join(" → ");
    let last = line.last().map_or(parent, |unit| *unit);
    entries[last as usize].wrong(
        "parent",
        &format!("上级关系成环：{path}；请改正其中一个上级，或把最上级的 parent 留空"),
        &format!("the parents form a cycle: {path}. Hint: correct one of the parents; the topmost have none"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    fn tree(text: &str) -> Result<Tree> {
        let rows = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let rows = rows.enumerate().map(|(at, texts)| (at as u32 + 1, texts)).collect();
        Tree::from_rows("committees.csv", rows)
    }

    fn says(text: &str, lang: Lang) -> String {
        tree(text).unwrap_err().message(lang)
    }

    #[test]
    fn every_unit_stands_in_a_line_from_the_top() {
        let tree = tree("id,parent\nb,a\nc,b\na,\nd,b\ntop,").unwrap();
        let line = |id: &str| {
            let unit = &tree.units[tree.by_id[id] as usize];
            unit.line.iter().map(|u| tree.units[*u as usize].id.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(line("d"), ["a", "b", "d"]);
        assert_eq!(line("c"), ["a", "b", "c"]);
        assert_eq!(line("top"), ["top"]);
        assert_eq!(tree.levels(), 3);
    }

    #[test]
    fn what_is_no_tree_is_refused_with_file_record_field_and_hint() {
        for (text, place, what, hint) in [
            ("id,parent\na,b\nb,c\nc,a", "line 4", "a → b → c → a", "correct one of the parents"),
            ("id,parent\na,a", "line 2", "a → a", "correct one of the parents"),
            ("id,parent\n建设,\n交通,建社", "line 3", "'建社'", "did you mean '建设'?"),
            ("id,parent\na,\nb,\nc,a\nc,b", "line 5", "two parents, 'a' (line 4) and 'b'", "delete one record"),
            ("id,parent\na,\na,", "line 3", "is defined twice", "delete one record"),
            ("id,name,parent\n,无名,", "line 2", "is empty", "fill it in"),
        ] {
            let message = says(text, Lang::En);
            for part in ["committees.csv", place, "field ", what, "Hint: ", hint] {
                assert!(message.contains(part), "{message}: {part}");
            }
            assert!(says(text, Lang::Zh).contains("字段"), "{}", says(text, Lang::Zh));
        }
        let deep = (1..=13).map(|n| format!("{n},{}", if n == 1 { String::new() } else { (n - 1).to_string() }));
        let deep = format!("id,parent\n{}", deep.collect::<Vec<_>>().join("\n"));
        assert!(says(&deep, Lang::En).contains("at most 12 levels"));
        assert!(says("id,above\na,b", Lang::En).contains("'parent'"));
        assert!(says("id,parent", Lang::En).contains("no record"));
    }

    #[test]
    fn a_unit_is_found_by_id_or_by_a_name_of_its_own() {
        let tree = tree("编号,名称,上级\n1,旗委,\n2,住建局党委,1\n3,支部,2\n4,支部,1").unwrap();
        assert_eq!(tree.unit("2", "committee").unwrap(), Some(1));
        assert_eq!(tree.unit("住建局党委", "committee").unwrap(), Some(1));
        assert_eq!(tree.unit("别处", "committee").unwrap(), None);
        let said = tree.unit("支部", "committee").unwrap_err().message(Lang::En);
        assert!(said.contains("committees.csv") && said.contains("several units") && said.contains("Hint"), "{said}");
    }
}
