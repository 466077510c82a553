//! Applying links to a roster: ids are replaced, and the rows of one organisation come under one id.

use arrow::array::{Array, StringArray};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Links;
use super::entities::DisjointSets;
use super::names::IdForm;
use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::roster::{Frame, Roster, RowSelection, Same, search};

/// Maximum number of cases named in an error.
const EXAMPLES: usize = 5;

impl Roster {
    /// Returns a roster with the links of status `proposed` and `accepted` applied.
    ///
    /// Linked ids are merged into one: the id from which no link leads away. Rows keep their values and years. The
    /// replaced ids are recorded in [`Origin::linked`](crate::roster::Origin::linked).
    ///
    /// Fails if one organisation would have two rows in one year, or if a link names an id that is neither in the
    /// roster nor, as `to_id`, a valid code.
    pub fn link(&self, links: &Links, job: &dyn Job) -> Result<Self> {
        let applied = links.applied()?;
        let renamed = replaced(self, &applied)?;
        if renamed.is_empty() {
            return Ok(self.clone());
        }
        job::check(job)?;
        let old = self.organisations();
        let mut ids: Vec<&str> =
            (0..old.len()).map(|slot| renamed.get(&(slot as u32)).copied().unwrap_or(old.value(slot))).collect();
        let own = ids.clone();
        ids.par_sort_unstable();
        ids.dedup();
        let new = StringArray::from_iter_values(ids);
        let slots: Vec<u32> = own.par_iter().map(|id| search(&new, id).unwrap_or(0) as u32).collect();
        let frames = self
            .frames()
            .par_iter()
            .map(|frame| {
                job::check(job)?;
                moved(self, frame, &slots)
            })
            .collect::<Result<Vec<_>>>()?;
        let mut linked: Vec<Same> = renamed
            .iter()
            .map(|(slot, id)| Same { former: old.value(*slot as usize).to_owned(), id: (*id).to_owned() })
            .collect();
        linked.sort();
        Ok(Self::from_parts(new, self.fields().to_vec(), frames).with_origin(self.origin().with_linked(linked)))
    }
}

/// Maps the slots whose id changes to their new ids.
fn replaced<'a>(roster: &'a Roster, pairs: &[(&'a str, &'a str)]) -> Result<FxHashMap<u32, &'a str>> {
    let mut ids: Vec<&str> = pairs.iter().flat_map(|(from, to)| [*from, *to]).collect();
    ids.sort_unstable();
    ids.dedup();
    let node = |id: &str| ids.binary_search(&id).map_or(0, |at| at as u32);
    let targets: FxHashSet<&str> = pairs.iter().map(|(_, to)| *to).collect();
    let slots: Vec<Option<usize>> = ids.iter().map(|id| search(roster.organisations(), id)).collect();
    let has = |id: &str| slots[node(id) as usize].is_some();
    let unknown: Vec<&str> = pairs
        .iter()
        .flat_map(|(from, to)| {
            let from = (!has(from) && !targets.contains(from)).then_some(*from);
            let to = (!has(to) && !matches!(IdForm::classify(to), IdForm::Valid | IdForm::Number)).then_some(*to);
            [from, to]
        })
        .flatten()
        .collect();
    if !unknown.is_empty() {
        let (n, some) = (unknown.len(), unknown[..unknown.len().min(EXAMPLES)].join(", "));
        return Err(Error::argument(
            format!(
                "关联表中有 {n} 个代码不在名册中（归入的代码不在名册中的，须是有效的统一社会信用代码或15位注册号）：{some}。请改正或删去这些行"
            ),
            format!(
                "{n} ids in the table of links are not in the roster (a to_id that is not in the roster must be a valid code or a registration number): {some}. Correct or drop these rows"
            ),
        ));
    }
    let mut sets = DisjointSets::default();
    let mut leaves: FxHashSet<u32> = FxHashSet::default();
    for (from, to) in pairs.iter().filter(|(from, to)| from != to) {
        sets.join(node(from), node(to));
        leaves.insert(node(from));
    }
    let mut replaced = FxHashMap::default();
    for (_, members) in sets.members() {
        // If links contradict each other, prefer the best code, then the one listed last.
        let worth = |at: &u32| {
            let id = ids[*at as usize];
            let last = slots[*at as usize]
                .map(|slot| roster.frames().iter().rposition(|f| f.slots.binary_search(&(slot as u32)).is_ok()));
            (!leaves.contains(at), IdForm::classify(id).max(IdForm::Number), last.flatten(), id)
        };
        let Some(best) = members.iter().max_by_key(|at| worth(at)) else { continue };
        for member in members.iter().filter(|member| *member != best) {
            if let Some(slot) = slots[*member as usize] {
                replaced.insert(slot as u32, ids[*best as usize]);
            }
        }
    }
    Ok(replaced)
}

/// Reorders the rows of a year by their new slots.
fn moved(roster: &Roster, frame: &Frame, slots: &[u32]) -> Result<Frame> {
    let of = |row: u32| slots[frame.slots[row as usize] as usize];
    let mut order: Vec<u32> = (0..frame.rows() as u32).collect();
    order.sort_by_key(|row| of(*row));
    let twice: Vec<&[u32]> = order.windows(2).filter(|pair| of(pair[0]) == of(pair[1])).collect();
    if !twice.is_empty() {
        let id = |row: u32| roster.organisations().value(frame.slots[row as usize] as usize);
        let some: Vec<String> =
            twice.iter().take(EXAMPLES).map(|pair| format!("{} = {}", id(pair[0]), id(pair[1]))).collect();
        let (n, year, some) = (twice.len(), frame.year, some.join(", "));
        return Err(Error::data(
            format!(
                "不能关联：{year}年有 {n} 对代码同在名册中，合并后一家单位会有两行：{some}。请从关联表中删去，或先改正台账"
            ),
            format!(
                "cannot link: {n} pairs of ids are both listed in {year}, so one organisation would have two rows: {some}. Drop them from the table of links, or correct the ledgers first"
            ),
        ));
    }
    let rows = RowSelection::new(&order);
    let stays = order.iter().enumerate().all(|(at, row)| at == *row as usize);
    let columns = frame.columns.iter().map(|column| match column {
        Some(column) if !stays => column.gather(&rows).map(Some),
        same => Ok(same.clone()),
    });
    let slots = order.iter().map(|row| of(*row)).collect();
    Ok(Frame::new(frame.year, slots, columns.collect::<Result<_>>()?))
}
