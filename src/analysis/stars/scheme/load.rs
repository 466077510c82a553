//! Reader of a scheme's file, with cross-checks of its records.

use super::allot::{Goal, Plaque, Quota};
use super::bands::{bands_of, ladder};
use super::condition::{Condition, Event};
use super::ladder::Ladder;
use super::part::{Dimension, Item, proportion};
use super::rule::{Cap, Direct, Exception, Gate, Step, Veto, fine};
use super::units::shown;
use super::{CYCLES, Cycle, Method, Parts, Scheme};
use crate::definition::{Conditions, Counts, Layers};
use crate::error::{Error, Result};
use crate::lang::Text;
use crate::support::record::{Record, records_of};

const KINDS: [&str; 15] = [
    "scheme",
    "dimension",
    "item",
    "event",
    "band",
    "gate",
    "cap",
    "veto",
    "step",
    "exception",
    "direct",
    "quota",
    "goal",
    "plaque",
    "condition",
];

impl Scheme {
    /// Reads the scheme that `text` describes: one `[[scheme]]` record and records of the other kinds. Errors are
    /// [`Error::Definition`] and name the file `origin`.
    ///
    /// ```
    /// let scheme = dangjian::analysis::stars::Scheme::from_toml(
    ///     r#"
    ///     [[scheme]]
    ///     id     = "ours"
    ///     label  = "本县星级办法"
    ///     source = "本县文件"
    ///     method = "bands"
    ///     below  = "unrated"
    ///
    ///     [[dimension]]
    ///     id = "work"
    ///     label = "工作"
    ///
    ///     [[item]]
    ///     id = "meetings"
    ///     label = "三会一课"
    ///     dimension = "work"
    ///     points = 100
    ///
    ///     [[band]]
    ///     stars = 5
    ///     from = 90
    ///     "#,
    ///     "ours.toml",
    /// )?;
    /// assert_eq!(scheme.stars(), [5.0]);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn from_toml(text: &str, origin: &str) -> Result<Self> {
        let mut kinds = records_of(text, origin, &KINDS)?.into_iter();
        let [
            head,
            dimensions,
            items,
            events,
            bands,
            gates,
            caps,
            vetoes,
            steps,
            exceptions,
            directs,
            quotas,
            goals,
            plaques,
            named,
        ] = std::array::from_fn(|_| kinds.next().unwrap_or_default());
        let mut heads = head.into_iter();
        let (Some(mut head), None) = (heads.next(), heads.next()) else {
            return Err(Error::definition(
                format!("{origin}：应有且只有一条 [[scheme]] 记录"),
                format!("{origin}: expected exactly one [[scheme]] record"),
            )
            .in_file(origin));
        };
        let id = head.text("id")?;
        let Some(label) = head.label("label", "label_en")? else {
            return head.error("label", "缺少此项；应为办法的名称", "is missing; expected the name of the scheme");
        };
        let source = head.text("source")?;
        let (open, open_en) = (head.texts_or_none("open")?, head.texts_or_none("open_en")?);
        let inferred = head.flag("inferred")?;
        let counts = match head.choice("counts", &["party_organisations", "organisations"])? {
            Some(1) => Counts::Organisations,
            _ => Counts::PartyOrganisations,
        };
        let method = method(&mut head)?;
        let (cycle, mean) = cycle(&mut head)?;
        let round = head.year("round")?;
        let dimension_share = proportion(&mut head, "share")?;
        let by_dimensions = matches!(method, Method::Dimensions | Method::Both { .. });
        if by_dimensions != dimension_share.is_some() {
            return head.error(
                "share",
                "按类得星（dimensions、both）时须写每类达标比例，如 0.85；其他办法不写",
                "with the methods dimensions and both, and only then, write the share that earns a star, such as 0.85",
            );
        }
        let parts = parts(dimensions, items, events, dimension_share, cycle, mean)?;
        check_full(&mut head, &parts)?;
        let (least, most) = (fine(&mut head, "least")?, fine(&mut head, "most")?);
        let suffix = head.optional("suffix")?;
        let ladder = ladder(&mut head, method, &parts, &bands, suffix)?;
        let bands = bands_of(&mut head, method, bands, &ladder)?;
        let first_year = head.choice("first_year", &["rated", "unrated"])?;
        head.finish()?;
        let take = |list: Vec<Record>, kind| no_stars(list, method, kind);
        let gates =
            take(gates, "gate")?.into_iter().map(|r| Gate::from_record(r, &parts, &ladder)).collect::<Result<_>>()?;
        let caps =
            take(caps, "cap")?.into_iter().map(|r| Cap::from_record(r, &parts, &ladder)).collect::<Result<_>>()?;
        let vetoes = vetoes.into_iter().map(|r| Veto::from_record(r, &parts, &ladder)).collect::<Result<_>>()?;
        let step = step(take(steps, "step")?, exceptions, &parts, &ladder)?;
        let directs = take(directs, "direct")?;
        let directs = directs.into_iter().map(|r| Direct::from_record(r, &parts, &ladder)).collect::<Result<_>>()?;
        let taken = quotas_of(take(quotas, "quota")?, &parts, &ladder)?;
        let goals = goals.into_iter().map(|r| Goal::from_record(r, &ladder)).collect::<Result<_>>()?;
        let plaque = only(take(plaques, "plaque")?)?.map(|r| Plaque::from_record(r, &ladder)).transpose()?;
        let scheme = Self {
            id,
            label,
            source,
            open,
            open_en,
            inferred,
            counts,
            method,
            cycle,
            round,
            parts,
            least,
            most,
            ladder,
            bands,
            first_year_unrated: first_year == Some(1),
            gates,
            caps,
            vetoes,
            step,
            directs,
            quotas: taken,
            goals,
            plaque,
            layers: Layers::take(named)?,
            organised: Conditions::shipped()?.organised()?,
        };
        scheme.resolved()
    }

    /// Puts `conditions` over the shipped ones; those of the scheme's own file stay over both.
    pub fn with_conditions(mut self, conditions: &Conditions) -> Result<Self> {
        self.layers.give(conditions);
        self.resolved()
    }

    /// Reduces named conditions to columns in every rule.
    fn resolved(mut self) -> Result<Self> {
        let conditions = self.layers.in_force()?;
        let exceptions = self.step.iter_mut().flat_map(|step| step.exceptions.iter_mut().map(|e| &mut e.condition));
        (self.gates.iter_mut().map(|g| &mut g.condition))
            .chain(self.caps.iter_mut().map(|c| &mut c.condition))
            .chain(self.vetoes.iter_mut().map(|v| &mut v.condition))
            .chain(exceptions)
            .chain(self.directs.iter_mut().map(|d| &mut d.condition))
            .try_for_each(|condition| condition.resolve(&conditions))?;
        self.organised = conditions.organised()?;
        Ok(self)
    }

    /// Returns an error if a condition or a quota names a column that `roster` cannot have.
    pub(crate) fn check(&self, roster: &crate::roster::Roster) -> Result<()> {
        self.organised.check(roster)?;
        self.rule_conditions().into_iter().try_for_each(|condition| condition.check(roster))?;
        self.quotas.iter().try_for_each(|quota| quota.check(roster))
    }

    /// Returns the conditions of all rules.
    pub(crate) fn rule_conditions(&self) -> Vec<&Condition> {
        let exceptions = self.step.iter().flat_map(|step| step.exceptions.iter().map(|e| &e.condition));
        (self.gates.iter().map(|g| &g.condition))
            .chain(self.caps.iter().map(|c| &c.condition))
            .chain(self.vetoes.iter().map(|v| &v.condition))
            .chain(exceptions)
            .chain(self.directs.iter().map(|d| &d.condition))
            .collect()
    }
}

/// Checks that the full score which the head states is the sum of the full scores of the dimensions.
fn check_full(head: &mut Record, parts: &Parts) -> Result<()> {
    let stated = fine(head, "full")?;
    let Some(stated) = stated.filter(|stated| *stated != parts.full()) else { return Ok(()) };
    let [stated, sum] = [stated, parts.full()].map(shown);
    head.error(
        "full",
        &format!("写的是 {stated} 分，各类满分（乘权重）合计 {sum} 分。请核对"),
        &format!("says {stated}, the dimensions come to {sum} with their weights. Check them"),
    )
}

fn method(head: &mut Record) -> Result<Method> {
    let Some(at) = head.choice("method", &Method::NAMES)? else {
        let all = Method::NAMES.join(", ");
        return head.error("method", &format!("缺少此项。可用：{all}"), &format!("is missing. One of {all}"));
    };
    let combine = head.choice("combine", &["lower", "higher"])?;
    match (Method::NAMES[at], combine) {
        ("both", Some(combine)) => Ok(Method::Both { lower: combine == 0 }),
        ("both", None) => head.error(
            "combine",
            "缺少此项；两种结果取低写 \"lower\"，取高写 \"higher\"",
            "is missing; which of the two counts: \"lower\" or \"higher\"",
        ),
        (_, Some(_)) => head.error("combine", "只与 method = \"both\" 同用", "goes with method = \"both\" only"),
        ("bands", _) => Ok(Method::Bands),
        ("dimensions", _) => Ok(Method::Dimensions),
        ("top", _) => Ok(Method::Top),
        _ => Ok(Method::Score),
    }
}

/// Reads the rating cycle, and whether quarters are averaged instead of summed.
fn cycle(head: &mut Record) -> Result<(Cycle, bool)> {
    let cycle = match head.choice("cycle", &CYCLES)? {
        Some(0) => Cycle::Quarter,
        Some(years) => Cycle::Years(years as i16),
        None => Cycle::Years(1),
    };
    match (cycle, head.choice("quarters", &["sum", "mean"])?) {
        (Cycle::Quarter, Some(at)) => Ok((cycle, at == 1)),
        (Cycle::Years(_), None) => Ok((cycle, false)),
        (Cycle::Quarter, None) => head.error(
            "quarters",
            "缺少此项；四个季度相加写 \"sum\"，取平均写 \"mean\"",
            "is missing; whether the four quarters are added up, \"sum\", or averaged, \"mean\"",
        ),
        _ => head.error("quarters", "只与 cycle = \"quarter\" 同用", "goes with cycle = \"quarter\" only"),
    }
}

fn parts(
    dimensions: Vec<Record>,
    items: Vec<Record>,
    events: Vec<Record>,
    proportion: Option<i64>,
    cycle: Cycle,
    mean: bool,
) -> Result<Parts> {
    let quarters = if cycle == Cycle::Quarter { 4 } else { 1 };
    let mut parts = Parts { dimensions: Vec::new(), items: Vec::new(), events: Vec::new(), quarters };
    let mut unfinished = Vec::new();
    for record in dimensions {
        let (dimension, record) = Dimension::from_record(record, &parts.dimensions, proportion)?;
        parts.dimensions.push(dimension);
        unfinished.push(record);
    }
    for record in items {
        let place = record.place().clone();
        let item = Item::from_record(record, &parts.items, &parts.dimensions)?;
        if parts.dimensions.iter().any(|d| d.id == item.id) {
            let what = Text::new("与某一类同名；编号不能相同", "is also the id of a dimension; ids must differ");
            return Err(place.error("id", &what).with_value(item.id));
        }
        parts.items.push(item);
    }
    for (at, record) in unfinished.into_iter().enumerate() {
        let Parts { dimensions, items, .. } = &mut parts;
        if mean && dimensions[at].weight % quarters != 0 {
            return record.error(
                "weight",
                "取季度平均时，权重须能被 4 整除到万分位",
                "must be divisible by 4 to four decimals where quarters are averaged",
            );
        }
        let dimension = &mut dimensions[at];
        dimension.settle(record, items, at)?;
        dimension.full *= quarters;
        dimension.least = dimension.least.map(|v| v * quarters);
        dimension.most = dimension.most.map(|v| v * quarters);
        dimension.weight /= if mean { quarters } else { 1 };
    }
    for record in events {
        let event = Event::from_record(record, &parts.events)?;
        parts.events.push(event);
    }
    Ok(parts)
}

/// Reads the quotas, highest star first.
fn quotas_of(records: Vec<Record>, parts: &Parts, ladder: &Ladder) -> Result<Vec<Quota>> {
    let mut taken: Vec<Quota> = Vec::new();
    for record in records {
        let quota = Quota::from_record(record, parts, ladder, &taken)?;
        taken.push(quota);
    }
    taken.sort_by_key(|quota| std::cmp::Reverse(quota.rung));
    Ok(taken)
}

/// Returns the records, or an error if a scheme without stars has any.
fn no_stars(records: Vec<Record>, method: Method, kind: &str) -> Result<Vec<Record>> {
    match records.first().filter(|_| method == Method::Score) {
        None => Ok(records),
        Some(record) => record.error(
            kind,
            "method = \"score\" 只计分、不评星，不能有这类规则",
            "with method = \"score\" there are no stars, so there is no such rule",
        ),
    }
}

fn only(records: Vec<Record>) -> Result<Option<Record>> {
    match records.get(1) {
        None => Ok(records.into_iter().next()),
        Some(second) => second.error("id", "这类记录只能有一条", "there may be at most one such record"),
    }
}

fn step(steps: Vec<Record>, exceptions: Vec<Record>, parts: &Parts, ladder: &Ladder) -> Result<Option<Step>> {
    let Some(record) = only(steps)? else {
        return match exceptions.first() {
            None => Ok(None),
            Some(record) => record.error(
                "event",
                "没有 [[step]]（逐级晋升），也就没有破格",
                "there is no [[step]] to be an exception from",
            ),
        };
    };
    let mut step = Step::from_record(record, ladder)?;
    step.exceptions = exceptions.into_iter().map(|r| Exception::from_record(r, parts)).collect::<Result<_>>()?;
    Ok(Some(step))
}
