//! Sources of candidates: declared codes, one mistyped character, equal organisation codes, equal names, former
//! names. Keys are sorted and hashed, so only ids that share a key are ever compared.

use rustc_hash::FxHashMap;

use super::entities::{Candidate, Entities};
use super::facts::Bearer;
use super::names::{IdForm, organisation_code};
use super::reason::{Doubt, Evidence};

/// Maximum size of a group in which every pair is reported; in larger groups only adjacent ones are.
const CROWD: usize = 4;

/// Finds ids that rows declare as their organisation's former ones.
pub(super) fn declared(all: &Entities<'_, '_>) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for claims in all.facts.former_ids.chunk_by(|x, y| x.0 == y.0) {
        let mut claimers: Vec<u32> = claims.iter().map(|claim| all.root(claim.1)).collect();
        claimers.sort_unstable();
        claimers.dedup();
        let doubt = (claimers.len() > 1).then_some(Doubt::Several);
        candidates.extend(claims.iter().map(|(a, b)| Candidate { a: *a, b: *b, evidence: Evidence::Declared, doubt }));
    }
    candidates
}

/// Finds codes with the same name that differ in one character, where a check character shows one to be mistyped.
pub(super) fn one_character(all: &Entities<'_, '_>) -> Vec<Candidate> {
    let form = |node: u32| all.facts.forms[node as usize];
    let mut candidates: Vec<Candidate> = Vec::new();
    for bearers in all.facts.names.chunk_by(|x, y| x.name == y.name) {
        if bearers.len() < 2 || !bearers.iter().any(|b| form(b.node) == IdForm::Wrong) {
            continue;
        }
        let mut nodes: Vec<u32> = bearers.iter().map(|b| b.node).filter(|node| form(*node).is_unified()).collect();
        nodes.sort_unstable();
        nodes.dedup();
        // Codes that differ in one character are equal once that character is removed.
        let mut without: Vec<([u8; 17], u8, u32)> = Vec::new();
        for node in nodes {
            let code = all.facts.ids[node as usize].as_bytes();
            for at in 0..code.len().min(18) {
                let mut rest = [0; 17];
                let others = code[..at].iter().chain(&code[at + 1..]);
                rest.iter_mut().zip(others).for_each(|(to, from)| *to = *from);
                without.push((rest, at as u8, node));
            }
        }
        without.sort_unstable();
        for alike in without.chunk_by(|x, y| (x.0, x.1) == (y.0, y.1)) {
            for (at, x) in alike.iter().enumerate() {
                for y in &alike[at + 1..] {
                    candidates.extend(mistyped(x.2, y.2, form(x.2), form(y.2)));
                }
            }
        }
    }
    candidates.sort_unstable();
    candidates.dedup();
    // A mistyped code may match two valid ones.
    let mut right_ones: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for candidate in candidates.iter().filter(|c| c.doubt.is_none()) {
        right_ones.entry(candidate.a).or_default().push(all.root(candidate.b));
    }
    for candidate in &mut candidates {
        let several = right_ones.get(&candidate.a).is_some_and(|roots| roots.iter().any(|root| *root != roots[0]));
        candidate.doubt = candidate.doubt.or(several.then_some(Doubt::Several));
    }
    candidates
}

/// Pairs two codes, the mistyped one first; returns `None` if neither is mistyped.
fn mistyped(x: u32, y: u32, form_x: IdForm, form_y: IdForm) -> Option<Candidate> {
    let candidate = |a, b, doubt| Some(Candidate { a, b, evidence: Evidence::OneCharacter, doubt });
    match (form_x, form_y) {
        (IdForm::Wrong, IdForm::Wrong) => candidate(x.min(y), x.max(y), Some(Doubt::BothWrong)),
        (IdForm::Wrong, _) => candidate(x, y, None),
        (_, IdForm::Wrong) => candidate(y, x, None),
        _ => None,
    }
}

/// Finds ids that contain the same organisation code.
pub(super) fn same_organisation_code(all: &Entities<'_, '_>) -> Vec<Candidate> {
    let ids = all.facts.ids.iter().zip(&all.facts.forms).enumerate();
    let mut codes: Vec<([u8; 9], u32)> =
        ids.filter_map(|(node, (id, form))| Some((organisation_code(id, *form)?, node as u32))).collect();
    codes.sort_unstable();
    let mut candidates = Vec::new();
    for same in codes.chunk_by(|x, y| x.0 == y.0).filter(|same| same.len() > 1) {
        let nodes: Vec<u32> = same.iter().map(|code| code.1).collect();
        crowd(all, &nodes, Evidence::OrganisationCode, false, &mut candidates);
    }
    candidates
}

/// Finds ids with the same name in one county.
pub(super) fn same_name(all: &Entities<'_, '_>) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for bearers in all.facts.names.chunk_by(|x, y| x.name == y.name).filter(|bearers| bearers.len() > 1) {
        let common = is_common(all, bearers);
        let (nowhere, somewhere) = bearers.split_at(bearers.partition_point(|b| b.county == 0));
        for here in somewhere.chunk_by(|x, y| x.county == y.county).chain([nowhere]) {
            let nodes: Vec<u32> = here.iter().map(|b| b.node).collect();
            crowd(all, &nodes, Evidence::SameName, common, &mut candidates);
        }
        if !nowhere.is_empty() && !somewhere.is_empty() {
            across(all, nowhere, somewhere, &mut candidates);
        }
    }
    candidates
}

/// Checks whether several organisations have this name in one year, in which case it is no evidence of identity.
fn is_common(all: &Entities<'_, '_>, bearers: &[Bearer]) -> bool {
    !all.go_together(&roots(all, bearers.iter().map(|b| b.node)), false, false)
}

fn roots(all: &Entities<'_, '_>, nodes: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut roots: Vec<u32> = nodes.map(|node| all.root(node)).collect();
    roots.sort_unstable();
    roots.dedup();
    roots
}

/// Links bearers of one name where some have no known county. A register without regions is trusted if there is
/// only one organisation on either side.
fn across(all: &Entities<'_, '_>, nowhere: &[Bearer], somewhere: &[Bearer], candidates: &mut Vec<Candidate>) {
    let alone = |bearers: &[Bearer]| roots(all, bearers.iter().map(|b| b.node)).len() == 1;
    let taken = all.facts.regionless
        && nowhere.iter().all(|b| all.facts.is_unlisted(b.node))
        && alone(nowhere)
        && alone(somewhere);
    let doubt = (!taken).then_some(Doubt::RegionUnknown);
    for (at, b) in nowhere.iter().enumerate() {
        // Pair each with one other only, so the number of reports equals the number of cases.
        let a = somewhere[at.min(somewhere.len() - 1)];
        candidates.push(Candidate { a: a.node, b: b.node, evidence: Evidence::SameName, doubt });
    }
}

/// Finds candidates among ids that share a key: adjacent ones if all can be one organisation, otherwise doubtful
/// pairs.
fn crowd(all: &Entities<'_, '_>, nodes: &[u32], evidence: Evidence, common: bool, candidates: &mut Vec<Candidate>) {
    let mut sets: Vec<(u32, u32)> = nodes.iter().map(|node| (all.root(*node), *node)).collect();
    sets.sort_unstable();
    sets.dedup_by_key(|set| set.0);
    if sets.len() < 2 {
        return;
    }
    // Order by years; unlisted ids come last.
    sets.sort_by_cached_key(|(root, node)| {
        (all.span(*root).unwrap_or((u32::MAX, u32::MAX)), all.facts.ids[*node as usize])
    });
    let pairs = || sets.windows(2).map(|pair| (pair[0].1, pair[1].1));
    let strict = pairs().any(|(a, b)| all.is_strict(a, b, evidence));
    let roots: Vec<u32> = sets.iter().map(|set| set.0).collect();
    if all.go_together(&roots, strict, evidence.is_by_name()) {
        let doubt = |a, b| (common && all.is_strict(a, b, evidence)).then_some(Doubt::CommonName);
        candidates.extend(pairs().map(|(a, b)| Candidate { a, b, evidence, doubt: doubt(a, b) }));
        return;
    }
    let reach = if sets.len() > CROWD { 1 } else { CROWD };
    for (at, x) in sets.iter().enumerate() {
        for y in sets.iter().skip(at + 1).take(reach) {
            let doubt = all.doubt(x.0, y.0, (x.1, y.1), evidence).unwrap_or(Doubt::Several);
            candidates.push(Candidate { a: x.1, b: y.1, evidence, doubt: Some(doubt) });
        }
    }
}

/// Finds ids whose name another id declares as its former one.
pub(super) fn former_name(all: &Entities<'_, '_>) -> Vec<Candidate> {
    let names = &all.facts.names;
    let mut candidates = Vec::new();
    for claims in all.facts.former.chunk_by(|x, y| x.name == y.name) {
        let name = claims[0].name;
        let from = names.partition_point(|b| b.name < name);
        let bearers = &names[from..from + names[from..].partition_point(|b| b.name == name)];
        if bearers.is_empty() {
            continue;
        }
        let common = is_common(all, bearers);
        for claim_county in claims.chunk_by(|x, y| x.county == y.county) {
            former_name_in(all, bearers, claim_county, common, &mut candidates);
        }
    }
    candidates
}

/// Finds the candidates of [`former_name`] for the claims of one county.
fn former_name_in(
    all: &Entities<'_, '_>,
    bearers: &[Bearer],
    claims: &[Bearer],
    common: bool,
    candidates: &mut Vec<Candidate>,
) {
    // A claimer that bore the name under its own code needs no link.
    let own = roots(all, bearers.iter().map(|b| b.node));
    let mut claimers: Vec<(u32, u32)> = claims.iter().map(|c| (all.root(c.node), c.node)).collect();
    claimers.retain(|claimer| own.binary_search(&claimer.0).is_err());
    claimers.sort_unstable();
    claimers.dedup_by_key(|claimer| claimer.0);
    let county = claims[0].county;
    let near = |b: &&Bearer| county == 0 || b.county == 0 || b.county == county;
    let mut borne: Vec<(u32, u32, bool)> =
        bearers.iter().filter(near).map(|b| (all.root(b.node), b.node, b.county == county)).collect();
    // Keep one bearer per organisation, preferring one in the county of the claim.
    borne.sort_unstable_by_key(|b| (b.0, !b.2, b.1));
    borne.dedup_by_key(|b| b.0);
    let several = borne.len() > 1 || claimers.len() > 1;
    for (at, claimer) in claimers.iter().enumerate() {
        let some: &[_] = if claimers.len() > CROWD || borne.len() > CROWD {
            // In a large group, report one pair per claimer instead of all pairs.
            let at = at.min(borne.len() - 1);
            &borne[at..=at]
        } else {
            &borne
        };
        for (root, node, here) in some {
            // A name that was given up is free: a later bearer is another organisation.
            let later = match (all.span(*root), all.span(claimer.0)) {
                (Some(a), Some(b)) => a.0 > b.1,
                _ => false,
            };
            if later {
                continue;
            }
            let by_word = all.facts.regionless && all.facts.is_unlisted(claimer.1);
            let doubt = if several {
                Some(Doubt::Several)
            } else if !here && !by_word {
                Some(Doubt::RegionUnknown)
            } else {
                common.then_some(Doubt::CommonName)
            };
            candidates.push(Candidate { a: *node, b: claimer.1, evidence: Evidence::FormerName, doubt });
        }
    }
}
