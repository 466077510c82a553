//! Plaques (命名挂牌): awards, renewals and withdrawals, year by year.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;

use super::rating::{Rating, Span, homes};
use super::scheme::{Plaque, Rung};
use crate::definition::Counts;
use crate::error::{Error, Result};
use crate::lang::Text;
use crate::predicate::Certainty;
use crate::roster::Column;
use crate::support::columns::Columns;

/// A plaque held by an organisation.
#[derive(Clone, Debug)]
struct Held {
    /// First year; `None` if the ledger only records that there is a plaque.
    since: Option<i16>,
    until: Option<i16>,
    rung: Option<Rung>,
    /// Consecutive rounds below the star of the plaque.
    failures: u32,
    /// Position of the organisation in its last rating.
    subject: Option<u32>,
}

/// A row of the list.
struct Entry {
    year: i16,
    id: String,
    subject: Option<u32>,
    span: Option<Span>,
    action: &'static str,
    held: Held,
    why: Text,
}

impl Rating {
    /// Lists the plaque actions (命名挂牌名单) of each rated year.
    ///
    /// Columns: `year`, the id, `org_id`, `name`, `township`, `township_name`, `kind`, `committee`, `star_state`
    /// (`absent` if not rated), `plaque_action` (`award`; `renew`, at the end of its term; `change`, of its stars;
    /// `keep`; `warn`, below its star and not yet withdrawn; `withdraw`; `not_rated`; `open`, undecided because of
    /// unknown facts), `plaque_stars`, `since`, `until` (last year; null without a term), `failures` (consecutive
    /// rounds below), `reason_zh`, `reason_en`.
    ///
    /// Plaques from before the first year are read from the column `plaque` in the ledger of the preceding round.
    /// Returns [`Error::Argument`] if the scheme has no plaques.
    pub fn plaques(&self) -> Result<RecordBatch> {
        let Some(plaque) = self.scheme.plaque else {
            return Err(Error::argument(
                "本办法没有规定挂牌（[[plaque]]）",
                "the scheme has no plaques: it has no [[plaque]] record",
            ));
        };
        let mut held = self.held_before()?;
        let mut rows = Vec::new();
        for (year, range) in &self.marks.years {
            let absent: Vec<String> = held.keys().filter(|id| self.marks.find(*year, id).is_none()).cloned().collect();
            for id in absent {
                let Some(own) = held.get(&id).cloned() else { continue };
                let over = own.until.is_some_and(|until| until < *year);
                let (action, why) = if over {
                    held.remove(&id);
                    ("withdraw", Text::new("到期，本轮没有参评", "its time is over and it was not rated"))
                } else {
                    ("not_rated", Text::new("本轮没有评分，牌子仍有效", "no scores this round; the plaque stands"))
                };
                rows.push(Entry { year: *year, id, subject: own.subject, span: None, action, held: own, why });
            }
            for subject in range.clone() {
                let id = self.marks.ids.value(subject);
                let before = held.remove(id);
                let (entry, after) = self.plaque_of(&plaque, *year, subject, before);
                rows.extend(entry);
                if let Some(after) = after {
                    held.insert(id.to_owned(), Held { subject: Some(subject as u32), ..after });
                }
            }
        }
        rows.sort_by(|a, b| (a.year, order(a.action), &a.id).cmp(&(b.year, order(b.action), &b.id)));
        self.plaque_table(&rows)
    }

    /// Decides about one plaque; returns the row and the plaque held afterwards.
    fn plaque_of(
        &self,
        plaque: &Plaque,
        year: i16,
        subject: usize,
        before: Option<Held>,
    ) -> (Option<Entry>, Option<Held>) {
        let span = self.stars()[subject];
        let name = |rung| self.scheme.ladder.name(rung);
        let least = name(plaque.rung);
        let qualifies = match (span.low >= plaque.rung, span.high >= plaque.rung) {
            (true, _) => Certainty::Yes,
            (_, true) => Certainty::Unknown,
            _ => Certainty::No,
        };
        let id = self.marks.ids.value(subject).to_owned();
        let entry = |action, held: Held, why| {
            Some(Entry { year, id, subject: Some(subject as u32), span: Some(span), action, held, why })
        };
        let fresh = |failures| Held {
            since: Some(year),
            until: plaque.years.map(|years| year + years - 1),
            rung: span.known(),
            failures,
            subject: None,
        };
        let stars = self.span_name(span);
        match (before, self.revoked[subject], qualifies) {
            (None, Certainty::Yes, _) | (None, _, Certainty::No) => (None, None),
            (None, Certainty::No, Certainty::Yes) => {
                let why = Text::new(
                    format!("评为{}（{}起挂牌）", stars.zh, least.zh),
                    format!("{} (plaques from {})", stars.en, least.en),
                );
                (entry("award", fresh(0), why), Some(fresh(0)))
            }
            (None, ..) => {
                let why = Text::new(format!("{}，是否挂牌未定", stars.zh), format!("{}: not decided", stars.en));
                (entry("open", Held { since: None, until: None, ..fresh(0) }, why), None)
            }
            (Some(own), Certainty::Yes, _) => {
                let why = Text::new("有收回牌子的否决事项", "a veto takes the plaque");
                (entry("withdraw", own, why), None)
            }
            (Some(own), Certainty::Unknown, _) | (Some(own), _, Certainty::Unknown) => {
                let why = Text::new(
                    format!("{}，去留未定，牌子暂留", stars.zh),
                    format!("{}: not decided, the plaque stands meanwhile", stars.en),
                );
                (entry("open", own.clone(), why), Some(own))
            }
            (Some(own), _, Certainty::Yes) => {
                let over = own.until.is_some_and(|until| until < year);
                if over {
                    let why = Text::new(format!("到期续评为{}", stars.zh), format!("given anew: {}", stars.en));
                    return (entry("renew", fresh(0), why), Some(fresh(0)));
                }
                let now = Held { rung: span.known(), failures: 0, ..own.clone() };
                let (action, why) = match own.rung.filter(|rung| Some(*rung) != span.known()) {
                    Some(rung) => {
                        let was = name(rung);
                        (
                            "change",
                            Text::new(format!("{}改为{}", was.zh, stars.zh), format!("{} become {}", was.en, stars.en)),
                        )
                    }
                    None => ("keep", Text::new(format!("保持{}", stars.zh), format!("still {}", stars.en))),
                };
                (entry(action, now.clone(), why), Some(now))
            }
            (Some(own), _, Certainty::No) => {
                let over = own.until.is_some_and(|until| until < year);
                let now = Held { failures: own.failures + 1, ..own };
                if now.failures >= plaque.withdraw_after || over {
                    let n = now.failures;
                    let why = if over && n < plaque.withdraw_after {
                        Text::new(
                            format!("到期，本轮{}", stars.zh),
                            format!("its time is over, this round {}", stars.en),
                        )
                    } else {
                        Text::new(
                            format!("本轮{}，低于{}，已连续{n}轮", stars.zh, least.zh),
                            format!("{} this round, below {}, {n} in a row", stars.en, least.en),
                        )
                    };
                    (entry("withdraw", now, why), None)
                } else {
                    let why = Text::new(
                        format!("本轮{}，低于{}，限期整改", stars.zh, least.zh),
                        format!("{} this round, below {}: called to order", stars.en, least.en),
                    );
                    (entry("warn", now.clone(), why), Some(now))
                }
            }
        }
    }

    /// Reads the plaques held before the first round from the ledger.
    fn held_before(&self) -> Result<BTreeMap<String, Held>> {
        let mut held = BTreeMap::new();
        let Some((first, _)) = self.marks.years.first() else { return Ok(held) };
        let year = first - self.scheme.cycle.years();
        let Some(frame) = self.roster.frames().iter().find(|frame| frame.year == year) else { return Ok(held) };
        let Some(Column::Flag { set, .. }) =
            self.roster.field("plaque").ok().and_then(|at| self.roster.values(frame, at))
        else {
            return Ok(held);
        };
        let unknown = |rung| Held { since: None, until: None, rung, failures: 0, subject: None };
        let rung = |row: u32| {
            let star = self.roster.field("star").ok().and_then(|at| self.roster.values(frame, at));
            match star {
                Some(Column::Coded { codes, dictionary }) => {
                    let stars = dictionary.get(codes.get(row as usize) as u32)?.parse().ok()?;
                    Some(self.scheme.ladder.up_to(stars)).filter(|rung| *rung > 0)
                }
                _ => None,
            }
        };
        match self.scheme.counts {
            Counts::PartyOrganisations => {
                let words = self.roster.field("party_org_id").ok().and_then(|at| self.roster.dictionary(at));
                let homes = homes(&self.roster, frame, &self.scheme.organised)?;
                for (code, home) in homes.into_iter().enumerate() {
                    if let (Some(row), Some(id)) = (home, words.and_then(|w| w.get(code as u32)))
                        && set.value(row as usize)
                    {
                        held.insert(id.to_owned(), unknown(rung(row)));
                    }
                }
            }
            Counts::Organisations => {
                for row in set.set_indices() {
                    let id = self.roster.organisations().value(frame.slots[row] as usize);
                    held.insert(id.to_owned(), unknown(rung(row as u32)));
                }
            }
        }
        Ok(held)
    }

    fn plaque_table(&self, rows: &[Entry]) -> Result<RecordBatch> {
        let listed = self.listed(&self.everybody())?.finish()?;
        let at: UInt32Array = rows.iter().map(|row| row.subject).collect();
        let listed = take_record_batch(&listed, &at)?;
        let ladder = &self.scheme.ladder;
        let state = |row: &Entry| match row.span.map(Span::known) {
            None => crate::query::star_state::ABSENT.to_owned(),
            Some(Some(rung)) => ladder.state(rung),
            Some(None) => crate::query::star_state::UNKNOWN.to_owned(),
        };
        let mut columns = Columns::default()
            .years("year", rows.iter().map(|row| row.year))
            .texts(self.scheme.id_column(), rows.iter().map(|row| row.id.as_str()));
        for (field, array) in listed.schema().fields().iter().zip(listed.columns()) {
            if field.name() != "year" && field.name() != self.scheme.id_column() {
                columns = columns.array(field.name(), Arc::clone(array));
            }
        }
        columns
            .texts("star_state", rows.iter().map(state))
            .texts("plaque_action", rows.iter().map(|row| row.action))
            .reals("plaque_stars", rows.iter().map(|row| row.held.rung.and_then(|rung| ladder.stars(rung))))
            .some_years("since", rows.iter().map(|row| row.held.since))
            .some_years("until", rows.iter().map(|row| row.held.until))
            .counts("failures", rows.iter().map(|row| u64::from(row.held.failures)))
            .texts("reason_zh", rows.iter().map(|row| row.why.zh.as_str()))
            .texts("reason_en", rows.iter().map(|row| row.why.en.as_str()))
            .finish()
    }
}

/// Returns the sort order of an action: awarded, then kept, then withdrawn.
fn order(action: &str) -> usize {
    const ALL: [&str; 8] = ["award", "renew", "change", "keep", "warn", "withdraw", "not_rated", "open"];
    ALL.iter().position(|own| *own == action).unwrap_or(ALL.len())
}
