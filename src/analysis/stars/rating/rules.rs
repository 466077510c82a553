//! The rules after the score, each applied to all organisations of a year.

use std::ops::Range;
use std::sync::Arc;

use super::facts::Round;
use super::previous::Prev;
use super::quota;
use super::quota::QuotaUse;
use super::{Change, Rating, Rule, STAGES, Span};
use crate::analysis::stars::scheme::{Consequence, Rung, Scheme, Step, Veto};
use crate::error::Result;
use crate::predicate::Certainty;
use crate::roster::Column;
use rayon::prelude::*;

/// Organisations per task.
const SUBJECTS_PER_TASK: usize = 1 << 14;

/// The stars of a year during the rules.
pub(super) struct Work<'a> {
    pub(super) rating: &'a Rating,
    pub(super) scheme: &'a Scheme,
    pub(super) round: &'a Round<'a>,
    before: &'a [Prev],
    pub(super) spans: Vec<Span>,
    pub(super) stages: Vec<Arc<Vec<Span>>>,
    /// Number of changes at the last stage.
    kept: usize,
    pub(super) changes: Vec<Change>,
    pub(super) revoked: Vec<Certainty>,
    pub(super) excluded: Vec<Certainty>,
    pub(super) uses: Vec<QuotaUse>,
    /// Possible direct grading: rung, certainty, and true if it takes a place.
    pub(super) direct: Vec<Option<(Rung, Certainty, bool)>>,
}

/// Precomputed results of a rule for every span and answer: branches on them are mispredicted, and a lookup is
/// cheaper.
struct OutcomeTable {
    rungs: usize,
    after: Vec<Span>,
}

impl OutcomeTable {
    fn new(top: Rung, after: impl Fn(Span, Certainty) -> Span) -> Self {
        let answers = [Certainty::No, Certainty::Unknown, Certainty::Yes];
        let spans = (0..=top).flat_map(|low| (0..=top).map(move |high| Span { low: low.min(high), high }));
        let after = spans.flat_map(|span| answers.map(|answer| after(span, answer))).collect();
        Self { rungs: usize::from(top) + 1, after }
    }

    fn get(&self, Span { low, high }: Span, answer: Certainty) -> Span {
        self.after[(usize::from(low) * self.rungs + usize::from(high)) * 3 + answer as usize]
    }
}

impl<'a> Work<'a> {
    pub(super) fn new(rating: &'a Rating, round: &'a Round<'a>, before: &'a [Prev]) -> Self {
        let scheme = &*rating.scheme;
        let all = round.range.len();
        Self {
            rating,
            scheme,
            round,
            before,
            spans: rating.scores.earned[round.range.clone()].to_vec(),
            stages: Vec::with_capacity(STAGES.len()),
            kept: 0,
            changes: Vec::new(),
            revoked: vec![Certainty::No; all],
            excluded: vec![Certainty::No; all],
            uses: Vec::new(),
            direct: vec![None; all],
        }
    }

    /// Applies every rule, in the fixed order.
    pub(super) fn run(&mut self) -> Result<()> {
        self.keep();
        self.events();
        self.keep();
        self.gates()?;
        self.keep();
        self.caps()?;
        self.keep();
        self.vetoes()?;
        self.keep();
        self.first_year();
        self.keep();
        self.step()?;
        self.keep();
        self.directs()?;
        self.keep();
        quota::run(self)?;
        self.keep();
        Ok(())
    }

    /// Records the stars of a stage. A stage without changes shares those of the previous one.
    fn keep(&mut self) {
        let same = self.stages.last().filter(|_| self.kept == self.changes.len());
        let stage = same.map_or_else(|| Arc::new(self.spans.clone()), Arc::clone);
        self.stages.push(stage);
        self.kept = self.changes.len();
    }

    pub(super) fn range(&self) -> Range<usize> {
        0..self.spans.len()
    }

    /// Sets the result of a rule for one organisation, with a detail for its reason.
    pub(super) fn set(&mut self, at: usize, rule: Rule, (after, detail): (Span, u32)) {
        let before = self.spans[at];
        if before != after {
            let subject = (self.round.range.start + at) as u32;
            self.changes.push(Change { subject, rule, before, after, detail });
            self.spans[at] = after;
        }
    }

    /// Applies a rule that depends only on the stars and the answer of each organisation.
    fn set_all(&mut self, rule: Rule, answers: &[Certainty], after: impl Fn(Span, Certainty) -> Span) {
        let first = self.round.range.start;
        let outcomes = OutcomeTable::new(self.scheme.ladder.top(), after);
        let parts = self.spans.par_chunks_mut(SUBJECTS_PER_TASK).zip(answers.par_chunks(SUBJECTS_PER_TASK)).enumerate();
        let changes = parts.map(|(part, (spans, answers))| {
            let mut changes = Vec::new();
            for ((at, span), answer) in (first + part * SUBJECTS_PER_TASK..).zip(spans).zip(answers) {
                let (before, after) = (*span, outcomes.get(*span, *answer));
                if before != after {
                    changes.push(Change { subject: at as u32, rule, before, after, detail: 0 });
                    *span = after;
                }
            }
            changes
        });
        let changes: Vec<Vec<Change>> = changes.collect();
        self.changes.extend(changes.into_iter().flatten());
    }

    /// Limits the stars to `rung` if the answer is yes, and only the lower end if it is unknown.
    fn limit(&mut self, at: usize, rule: Rule, answer: Certainty, rung: Rung) {
        self.set(at, rule, (limited(self.spans[at], answer, rung), 0));
    }

    /// Adds and takes stars by events (增星、减星).
    fn events(&mut self) {
        let top = i64::from(self.scheme.ladder.top());
        for (kind, event) in self.scheme.parts.events.iter().enumerate().filter(|(_, event)| event.steps != 0) {
            let (year, events) = (self.round.year, &self.rating.events);
            for (id, n) in events.in_years(kind, year..=year) {
                let Some(at) = self.round.find(&self.rating.marks, id) else { continue };
                let moved = |rung: Rung| (i64::from(rung) + event.comes_to(i64::from(n))).clamp(0, top) as Rung;
                let Span { low, high } = self.spans[at];
                self.set(at, Rule::Event(kind as u16), (Span { low: moved(low), high: moved(high) }, n));
            }
        }
    }

    fn gates(&mut self) -> Result<()> {
        for (nth, gate) in self.scheme.gates.iter().enumerate() {
            let answers = self.round.answers(self.rating, &gate.condition)?;
            self.set_all(Rule::Gate(nth as u16), &answers, |Span { low, high }, answer| {
                let failed = |rung: Rung| if rung >= gate.rung { gate.otherwise } else { rung };
                match answer {
                    Certainty::Yes => Span { low, high },
                    Certainty::Unknown => Span { low: low.min(failed(low)).min(failed(high)), high },
                    Certainty::No => {
                        // In a span across the gate, rungs below the gate are unaffected and may exceed
                        // `otherwise`.
                        let most =
                            if low < gate.rung { failed(high).max(high.min(gate.rung - 1)) } else { failed(high) };
                        Span { low: low.min(failed(low)).min(failed(high)), high: most }
                    }
                }
            });
        }
        Ok(())
    }

    fn caps(&mut self) -> Result<()> {
        for (nth, cap) in self.scheme.caps.iter().enumerate() {
            let answers = self.round.answers(self.rating, &cap.condition)?;
            self.set_all(Rule::Cap(nth as u16), &answers, |span, answer| limited(span, answer, cap.rung));
        }
        Ok(())
    }

    fn vetoes(&mut self) -> Result<()> {
        for (nth, veto) in self.scheme.vetoes.iter().enumerate() {
            let answers = self.round.answers(self.rating, &veto.condition)?;
            for (at, answer) in answers.into_iter().enumerate().filter(|(_, answer)| *answer > Certainty::No) {
                self.veto(at, nth as u16, veto, answer);
                if veto.plaque {
                    self.revoked[at] = self.revoked[at].max(answer);
                }
                if veto.consequence == Consequence::Cancel {
                    self.excluded[at] = self.excluded[at].max(answer);
                }
            }
        }
        Ok(())
    }

    fn veto(&mut self, at: usize, nth: u16, veto: &Veto, answer: Certainty) {
        let rule = Rule::Veto(nth);
        let before = self.before[at].span;
        match veto.consequence {
            Consequence::Plaque => {}
            Consequence::Cancel => self.limit(at, rule, answer, 0),
            Consequence::Cap(rung) => self.limit(at, rule, answer, rung),
            Consequence::Hold => self.below(at, rule, answer, before),
            Consequence::Downgrade { steps, of_previous: true } => {
                let less = |rung: Rung| rung.saturating_sub(steps);
                self.below(at, rule, answer, Span { low: less(before.low), high: less(before.high) });
            }
            Consequence::Downgrade { steps, of_previous: false } => {
                let Span { low, high } = self.spans[at];
                let less = |rung: Rung| rung.saturating_sub(steps);
                let high = if answer == Certainty::Yes { less(high) } else { high };
                self.set(at, rule, (Span { low: less(low), high }, 0));
            }
        }
    }

    /// Limits the stars to a rung that is itself a span.
    fn below(&mut self, at: usize, rule: Rule, answer: Certainty, most: Span) {
        let Span { low, high } = self.spans[at];
        let high = if answer == Certainty::Yes { high.min(most.high) } else { high };
        self.set(at, rule, (Span { low: low.min(most.low), high }, 0));
    }

    /// Leaves organisations founded this year unrated (新成立当年不定星).
    fn first_year(&mut self) {
        if !self.scheme.first_year_unrated {
            return;
        }
        for at in self.range() {
            let new = self.new_this_year(at);
            self.limit(at, Rule::FirstYear, new, 0);
            self.excluded[at] = self.excluded[at].max(new);
        }
    }

    /// Checks whether an organisation was founded this year. Without a founding date, it is new if no earlier year
    /// lists it.
    fn new_this_year(&self, at: usize) -> Certainty {
        let (round, roster) = (self.round, self.round.roster);
        let established = roster.field("established_on").ok().and_then(|field| roster.values(round.frame, field));
        if let (Some(row), Some(Column::Date { values, known })) = (round.rows[at], established)
            && known.as_ref().is_none_or(|known| known.value(row as usize))
        {
            return Certainty::from(year_of(values[row as usize]) >= round.year);
        }
        let id = self.rating.marks.ids.value(round.range.start + at);
        let rated_before = self
            .rating
            .marks
            .years
            .iter()
            .any(|(year, _)| *year < round.year && self.rating.marks.find(*year, id).is_some());
        if self.before[at].listed || rated_before || self.listed_before(id) {
            return Certainty::No;
        }
        let last_year = roster.frames().iter().any(|frame| frame.year == round.year - 1);
        if last_year && round.rows[at].is_some() { Certainty::Yes } else { Certainty::Unknown }
    }

    fn listed_before(&self, id: &str) -> bool {
        let roster = self.round.roster;
        let column = self.scheme.id_column();
        let code = roster.field(column).ok().and_then(|at| Some((at, roster.dictionary(at)?.code(id)?)));
        let slot = crate::roster::search(roster.organisations(), id).map(|slot| slot as u32);
        roster.frames().iter().filter(|frame| frame.year < self.round.year).any(|frame| match code {
            Some((at, code)) => match roster.values(frame, at) {
                Some(Column::Coded { codes, .. }) => (0..frame.rows()).any(|row| codes.get(row) == u64::from(code)),
                _ => false,
            },
            None => column == "org_id" && slot.is_some_and(|slot| frame.slots.binary_search(&slot).is_ok()),
        })
    }

    fn step(&mut self) -> Result<()> {
        let Some(step) = &self.scheme.step else { return Ok(()) };
        if self.before.iter().all(|prev| *prev == Prev::default()) && self.rating.is_first_round() {
            return Ok(());
        }
        let answers = step.exceptions.iter().map(|e| self.round.answers(self.rating, &e.condition));
        let answers = answers.collect::<Result<Vec<_>>>()?;
        for at in self.range() {
            let (mut sure, mut possible) = (step.up, step.up);
            let mut granted = None;
            for (nth, (exception, answers)) in step.exceptions.iter().zip(&answers).enumerate() {
                let up = exception.up.unwrap_or(u8::MAX);
                if answers[at] == Certainty::Yes && up > sure {
                    (sure, granted) = (up, Some(nth as u16));
                }
                if answers[at] > Certainty::No {
                    possible = possible.max(up);
                }
            }
            let most = allowed(step, self.scheme.ladder.top(), self.before[at].span, sure, possible);
            let Span { low, high } = self.spans[at];
            let after = Span { low: low.min(most.low), high: high.min(most.high) };
            // Record the exception even if no star changes: it explains why the organisation goes further than
            // others.
            let usual = allowed(step, self.scheme.ladder.top(), self.before[at].span, step.up, step.up);
            if let Some(nth) = granted.filter(|_| high > usual.high || low > usual.low) {
                let (subject, span) = ((self.round.range.start + at) as u32, self.spans[at]);
                let rule = Rule::Exception(nth);
                self.changes.push(Change { subject, rule, before: span, after: span, detail: 0 });
            }
            self.set(at, Rule::Step, (after, u32::from(sure)));
        }
        Ok(())
    }

    fn directs(&mut self) -> Result<()> {
        for (nth, direct) in self.scheme.directs.iter().enumerate() {
            let answers = self.round.answers(self.rating, &direct.condition)?;
            for (at, answer) in answers.into_iter().enumerate().filter(|(_, answer)| *answer > Certainty::No) {
                // A cancelled organisation cannot be graded directly.
                let answer = match self.excluded[at] {
                    Certainty::Yes => continue,
                    Certainty::Unknown => Certainty::Unknown,
                    Certainty::No => answer,
                };
                let Span { low, high } = self.spans[at];
                let low = if answer == Certainty::Yes { low.max(direct.rung) } else { low };
                self.set(at, Rule::Direct(nth as u16), (Span { low, high: high.max(direct.rung) }, 0));
                let stronger = self.direct[at].is_none_or(|(rung, sure, _)| (answer, direct.rung) > (sure, rung));
                if stronger {
                    self.direct[at] = Some((direct.rung, answer, direct.inside));
                }
            }
        }
        Ok(())
    }
}

/// Limits a span to `rung` if the answer is yes, and only its lower end if it is unknown.
fn limited(Span { low, high }: Span, answer: Certainty, rung: Rung) -> Span {
    match answer {
        Certainty::No => Span { low, high },
        Certainty::Unknown => Span { low: low.min(rung), high },
        Certainty::Yes => Span { low: low.min(rung), high: high.min(rung) },
    }
}

/// Returns the highest rung, as a span, that the promotion step allows after the stars of the previous round.
fn allowed(step: &Step, top: Rung, before: Span, sure: u8, possible: u8) -> Span {
    let most = |rung: Rung, up: u8| match (rung, up) {
        (_, u8::MAX) => top,
        // Without a star the entry rung applies.
        (0, up) => step.entry.saturating_add(up - step.up).min(top),
        (rung, up) => rung.saturating_add(up).min(top),
    };
    let all = before.low..=before.high;
    let low = all.clone().map(|rung| most(rung, sure)).min().unwrap_or(0);
    let high = all.map(|rung| most(rung, possible)).max().unwrap_or(0);
    Span { low, high }
}

/// Returns the year of a day counted from 1970-01-01 (Gregorian, after Howard Hinnant's `civil_from_days`).
pub(crate) fn year_of(day: i32) -> i16 {
    let z = i64::from(day) + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Years begin in March here. January and February belong to the next year.
    let month = (5 * of_year + 2) / 153;
    (year_of_era + era * 400 + i64::from(month >= 10)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_years() {
        for (day, year) in
            [(0, 1970), (-1, 1969), (364, 1970), (365, 1971), (11_016, 2000), (15_705, 2012), (15_706, 2013)]
        {
            assert_eq!(year_of(day), year, "{day}");
        }
    }

    #[test]
    fn a_round_leads_so_far() {
        let step = Step { up: 1, entry: 3, exceptions: Vec::new() };
        let span = |low, high| Span { low, high };
        assert_eq!(allowed(&step, 5, span(2, 2), 1, 1), span(3, 3));
        assert_eq!(allowed(&step, 5, span(0, 0), 1, 1), span(3, 3), "who had none enters at three");
        assert_eq!(allowed(&step, 5, span(0, 4), 1, 1), span(2, 5), "one star leads to two, four to five");
        assert_eq!(allowed(&step, 5, span(2, 2), 1, u8::MAX), span(3, 5), "perhaps an exception");
        assert_eq!(allowed(&step, 5, span(5, 5), 1, 1), span(5, 5));
    }
}
