//! Union-find over ids: merges them into organisations, tracks the listed years of each, and decides what may be
//! joined.

use rustc_hash::{FxHashMap, FxHashSet};

use super::IdentityFacts;
use super::names::IdForm;
use super::reason::{Doubt, Evidence};

/// Two ids that may be one organisation. For a former name or code, `a` bore it and `b` declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub a: u32,
    pub b: u32,
    pub evidence: Evidence,
    pub doubt: Option<Doubt>,
}

/// The state of joining: disjoint sets of ids with their years, and the decisions so far.
pub(super) struct Entities<'f, 'a> {
    pub facts: &'f IdentityFacts<'a>,
    parents: Vec<u32>,
    /// Number of ids of each set, stored at its root.
    sizes: Vec<u32>,
    /// Listed years of each set as bits, stored at its root.
    years: Vec<u64>,
    /// Flag for sets with an id in the register, stored at the root.
    registered: Vec<bool>,
    pub joined: Vec<Candidate>,
    pub doubtful: Vec<Candidate>,
}

impl<'f, 'a> Entities<'f, 'a> {
    pub(super) fn new(facts: &'f IdentityFacts<'a>) -> Self {
        Self {
            facts,
            parents: (0..facts.ids.len() as u32).collect(),
            sizes: vec![1; facts.ids.len()],
            years: facts.years.clone(),
            registered: facts.registered.clone(),
            joined: Vec::new(),
            doubtful: Vec::new(),
        }
    }

    /// Returns the root of the set that contains `node`.
    pub(super) fn root(&self, mut node: u32) -> u32 {
        while self.parents[node as usize] != node {
            node = self.parents[node as usize];
        }
        node
    }

    /// Returns the years of a set as bits.
    pub(super) fn years(&self, root: u32) -> &[u64] {
        let at = root as usize * self.facts.words;
        &self.years[at..at + self.facts.words]
    }

    /// Returns the positions of the first and last year of a set; `None` if it is never listed.
    pub(super) fn span(&self, root: u32) -> Option<(u32, u32)> {
        span(self.years(root))
    }

    fn is_registered(&self, root: u32) -> bool {
        self.registered.get(root as usize).copied().unwrap_or(false)
    }

    fn share_a_year(&self, a: u32, b: u32) -> bool {
        self.years(a).iter().zip(self.years(b)).any(|(a, b)| a & b != 0)
    }

    /// Returns the reason why two sets should not be joined on this evidence without manual review.
    pub(super) fn doubt(&self, a: u32, b: u32, (x, y): (u32, u32), evidence: Evidence) -> Option<Doubt> {
        if evidence.is_by_name() && self.is_registered(a) && self.is_registered(b) {
            return Some(Doubt::BothRegistered);
        }
        if self.share_a_year(a, b) {
            return Some(Doubt::SameYear);
        }
        match (self.span(a), self.span(b)) {
            (Some(a), Some(b)) if self.is_strict(x, y, evidence) => {
                let follows = a.1 < b.0 || (b.1 < a.0 && evidence != Evidence::FormerName);
                (!follows).then_some(Doubt::Interleaved)
            }
            _ => None,
        }
    }

    /// Checks whether one id must end before the other begins. This is not required of a code replaced by its
    /// successor or mistyped, since ledgers go back and forth between the two.
    pub(super) fn is_strict(&self, a: u32, b: u32, evidence: Evidence) -> bool {
        match evidence {
            Evidence::SameName => !self.is_old_code(a, b),
            Evidence::FormerName => true,
            Evidence::Declared | Evidence::OneCharacter | Evidence::OrganisationCode => false,
        }
    }

    /// Checks whether one id is a registration number and the other a unified code.
    pub(super) fn is_old_code(&self, a: u32, b: u32) -> bool {
        let [a, b] = [a, b].map(|node| self.facts.forms[node as usize]);
        (a == IdForm::Number && b.is_unified()) || (b == IdForm::Number && a.is_unified())
    }

    /// Decides on candidates of equal weight together, so that their order does not matter. If they would join ids
    /// that do not go together, none of that group is joined.
    pub(super) fn decide(&mut self, mut candidates: Vec<Candidate>) {
        candidates.sort_unstable();
        candidates.dedup_by_key(|c| (c.a, c.b, c.evidence));
        let mut sets = DisjointSets::default();
        let mut clear: Vec<(Candidate, u32)> = Vec::new();
        for candidate in candidates {
            let Candidate { a, b, evidence, doubt } = candidate;
            let (ra, rb) = (self.root(a), self.root(b));
            if ra == rb || (self.facts.is_unlisted(a) && self.facts.is_unlisted(b)) {
                continue;
            }
            let doubt = doubt.or_else(|| self.doubt(ra, rb, (a, b), evidence));
            if doubt.is_some() {
                self.doubtful.push(Candidate { doubt, ..candidate });
            } else {
                sets.join(ra, rb);
                clear.push((candidate, ra));
            }
        }
        let strict: FxHashSet<u32> = clear
            .iter()
            .filter(|(c, _)| self.is_strict(c.a, c.b, c.evidence))
            .map(|(_, root)| sets.root(*root))
            .collect();
        let by_name = clear.first().is_some_and(|(c, _)| c.evidence.is_by_name());
        let contradictory: FxHashSet<u32> = sets
            .members()
            .into_iter()
            .filter(|(set, roots)| !self.go_together(roots, strict.contains(set), by_name))
            .map(|(set, _)| set)
            .collect();
        for (candidate, root) in clear {
            if contradictory.contains(&sets.root(root)) {
                self.doubtful.push(Candidate { doubt: Some(Doubt::Several), ..candidate });
            } else {
                self.join(candidate.a, candidate.b);
                self.joined.push(candidate);
            }
        }
    }

    /// Checks whether all these sets can be one organisation.
    pub(super) fn go_together(&self, roots: &[u32], strict: bool, by_name: bool) -> bool {
        if by_name && roots.iter().filter(|root| self.is_registered(**root)).count() > 1 {
            return false;
        }
        let mut all = vec![0; self.facts.words];
        for root in roots {
            for (all, years) in all.iter_mut().zip(self.years(*root)) {
                if *all & years != 0 {
                    return false;
                }
                *all |= years;
            }
        }
        let mut spans: Vec<_> = roots.iter().filter_map(|root| self.span(*root)).collect();
        spans.sort_unstable();
        !strict || spans.windows(2).all(|pair| pair[0].1 < pair[1].0)
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return;
        }
        let (to, from) = if self.sizes[a as usize] < self.sizes[b as usize] { (b, a) } else { (a, b) };
        self.parents[from as usize] = to;
        self.sizes[to as usize] += self.sizes[from as usize];
        if self.is_registered(from) {
            self.registered[to as usize] = true;
        }
        for word in 0..self.facts.words {
            let years = self.years[from as usize * self.facts.words + word];
            self.years[to as usize * self.facts.words + word] |= years;
        }
    }
}

/// Returns the positions of the first and last set bit.
pub(super) fn span(years: &[u64]) -> Option<(u32, u32)> {
    let first = years.iter().position(|word| *word != 0)?;
    let last = years.iter().rposition(|word| *word != 0)?;
    let bit = |word: usize, bit: u32| word as u32 * 64 + bit;
    Some((bit(first, years[first].trailing_zeros()), bit(last, years[last].ilog2())))
}

/// Sparse disjoint sets.
#[derive(Debug, Default)]
pub(super) struct DisjointSets(FxHashMap<u32, u32>);

impl DisjointSets {
    pub(super) fn root(&mut self, mut node: u32) -> u32 {
        while let Some(parent) = self.0.get(&node).copied().filter(|parent| *parent != node) {
            // Path halving.
            let above = self.0.get(&parent).copied().unwrap_or(parent);
            self.0.insert(node, above);
            node = above;
        }
        node
    }

    pub(super) fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.0.entry(a).or_insert(a);
        self.0.entry(b).or_insert(b);
        self.0.insert(a.max(b), a.min(b));
    }

    /// Returns the sets with their members, both ascending.
    pub(super) fn members(&mut self) -> Vec<(u32, Vec<u32>)> {
        let of: Vec<u32> = self.0.keys().copied().collect();
        let mut all: Vec<(u32, u32)> = of.into_iter().map(|at| (self.root(at), at)).collect();
        all.sort_unstable();
        all.chunk_by(|a, b| a.0 == b.0).map(|set| (set[0].0, set.iter().map(|m| m.1).collect())).collect()
    }
}
