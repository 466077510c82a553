//! The life of one organisation in a synthetic panel.

use std::sync::LazyLock;

use rayon::prelude::*;

use crate::standards::uscc;
use crate::standards::uscc::ALPHABET;
use crate::support::random::Rng;

/// Kinds of organisations with the first two characters of their codes and their frequency per thousand.
pub(super) const KINDS: [(&str, &str, u64); 6] = [
    ("enterprise", "91", 510),
    ("self_employed", "92", 255),
    ("cooperative", "93", 85),
    ("social_group", "51", 50),
    ("social_service", "52", 50),
    ("foundation", "53", 50),
];
/// Formation modes.
pub(super) const MODES: [&str; 5] = ["none", "solo", "joint", "affiliated", "area"];
const NONE: u8 = 0;
const SOLO: u8 = 1;
const JOINT: u8 = 2;
const AFFILIATED: u8 = 3;
const AREA: u8 = 4;
/// Number of divisions in GB/T 4754.
pub(super) const DIVISIONS: u64 = 97;
/// Number of distinct organisation bodies: eight characters of the alphabet.
const BODIES: u64 = 31_u64.pow(8);
/// Step close to the golden section of [`BODIES`] and no multiple of 31, so its multiples visit every body once.
const STRIDE: u64 = 527_115_693_403;

/// Codes of all townships, except the only one of Kinmen (金门县), which shares the code of its county.
pub(super) static TOWNSHIPS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let regions = include_str!("../../definitions/regions.csv");
    let township = |line: &'static str| {
        let (code, rest) = line.split_once(',')?;
        (rest.starts_with("township,") && !code.ends_with("000000")).then_some(code)
    };
    regions.lines().filter_map(township).collect()
});

/// The fixed attributes of an organisation and its current state.
pub(super) struct Organisation {
    code: [u8; 18],
    township: u16,
    kind: u8,
    industry: u8,
    employees: u32,
    members: f64,
    /// Years in which it is listed, relative to the panel's first: from, until (exclusive).
    listed: (i64, i64),
    mode: u8,
    star: u8,
    rng: Rng,
}

/// The ledger row of an organisation in one year.
pub(super) struct PanelRow {
    pub(super) code: [u8; 18],
    pub(super) township: u16,
    pub(super) kind: u8,
    pub(super) industry: u8,
    pub(super) employees: u32,
    pub(super) members: u32,
    pub(super) mode: u8,
    pub(super) instructor: Option<u32>,
    pub(super) operating: bool,
    pub(super) activities: u32,
    pub(super) star: Option<f32>,
}

/// Founds all organisations, sorted by code.
pub(super) fn founded(organisations: usize, years: u16, seed: u64) -> Vec<Organisation> {
    let mut rng = Rng(seed);
    let mut townships: Vec<u16> = (0..TOWNSHIPS.len() as u16).collect();
    for at in (1..townships.len()).rev() {
        townships.swap(at, rng.below(at as u64 + 1) as usize);
    }
    // The n-th township has weight 1/√n: a few crowded ones, many with a handful.
    let weights: Vec<f64> = (1..=townships.len())
        .scan(0.0, |sum, n| {
            *sum += 1.0 / (n as f64).sqrt();
            Some(*sum)
        })
        .collect();
    let (all, start) = (weights.last().copied().unwrap_or(0.0), rng.below(BODIES));
    let mut founded: Vec<_> = (0..organisations as u64)
        .into_par_iter()
        .map(|at| {
            let mut rng = rng.fork(at);
            let ticket = rng.unit() * all;
            let township = townships[weights.partition_point(|w| *w <= ticket)];
            let body = (u128::from(start) + u128::from(at) * u128::from(STRIDE)) % u128::from(BODIES);
            Organisation::new(body as u64, township, years, rng)
        })
        .collect();
    founded.par_sort_unstable_by_key(|o| o.code);
    founded
}

impl Organisation {
    fn new(body: u64, township: u16, years: u16, mut rng: Rng) -> Self {
        let kind = kind(&mut rng);
        let employees = (2.2 + 1.4 * rng.normal()).exp();
        let members = f64::from(rng.poisson((employees * 0.06).min(60.0)));
        let from = rng.below(u64::from(years) + 6) as i64 - 6;
        // One in twenty closes each year, after at least six years.
        let life = ((1.0 - rng.unit()).ln() / 0.95_f64.ln()).ceil() as i64;
        Self {
            code: code(KINDS[usize::from(kind)].1, TOWNSHIPS[usize::from(township)], body),
            township,
            kind,
            industry: rng.below(DIVISIONS) as u8,
            employees: employees as u32 + 1,
            members,
            listed: (from, from + life + 6),
            mode: NONE,
            star: 0,
            rng,
        }
    }

    /// Simulates the year `at` and returns the ledger row, if the organisation is listed.
    pub(super) fn live(&mut self, at: u16, instructors: u64) -> Option<PanelRow> {
        let rng = &mut self.rng;
        let members = rng.poisson(self.members * (1.0 + 0.03 * f64::from(at)) + 0.05);
        // Readers treat more than five members per employee as a typing error.
        let members = members.min(5 * self.employees);
        let few = if rng.chance(0.7) { JOINT } else { AFFILIATED };
        if rng.chance(0.35) {
            self.mode = match members {
                0 => AREA,
                1..3 => few,
                3.. => SOLO,
            };
        }
        let (rated, lapses) = (self.mode == SOLO && rng.chance(0.8), rng.chance(0.1));
        if rated {
            let step = rng.unit();
            let up = u8::from(step >= 0.75);
            let down = u8::from(step < 0.12);
            self.star = (self.star.max(1) + up - down).clamp(1, 5);
        } else if lapses {
            self.star = 0;
        }
        let instructor = rng.chance(0.4).then(|| rng.below(instructors) as u32);
        let (operating, activities) = (rng.chance(0.9), rng.poisson(1.5));
        let listed = (self.listed.0..self.listed.1).contains(&i64::from(at));
        listed.then(|| PanelRow {
            code: self.code,
            township: self.township,
            kind: self.kind,
            industry: self.industry,
            employees: self.employees,
            members,
            mode: self.mode,
            instructor,
            operating,
            activities,
            star: (self.mode == SOLO && self.star > 0).then(|| f32::from(self.star)),
        })
    }
}

/// Builds the code of an organisation: registrar, region, the number `body` with its check character (GB 11714),
/// and the final check character.
fn code(prefix: &str, township: &str, mut body: u64) -> [u8; 18] {
    let mut code = [b'0'; 18];
    code[..2].copy_from_slice(prefix.as_bytes());
    code[2..8].copy_from_slice(&township.as_bytes()[..6]);
    for at in (8..16).rev() {
        code[at] = ALPHABET[(body % 31) as usize];
        body /= 31;
    }
    let number = code[8..16].iter().zip([3, 7, 9, 10, 5, 8, 4, 2]);
    let sum: u32 = number.map(|(c, w)| w * char::from(*c).to_digit(36).unwrap_or(0)).sum();
    code[16] = b"0123456789X"[(11 - sum as usize % 11) % 11];
    let whole = std::str::from_utf8(&code[..17]).ok().and_then(uscc::check_character);
    code[17] = whole.map_or(b'0', |c| c as u8);
    code
}

/// Draws a position in [`KINDS`].
fn kind(rng: &mut Rng) -> u8 {
    let mut ticket = rng.below(KINDS.iter().map(|k| k.2).sum());
    for (at, (_, _, weight)) in KINDS.iter().enumerate() {
        if ticket < *weight {
            return at as u8;
        }
        ticket -= weight;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_carry_both_check_characters() {
        // Codes of real organisations (docs/field-notes.md, unified codes).
        for known in ["91110000600037341L", "91110000101623741K", "911101066976941872"] {
            let body =
                known[8..16].bytes().fold(0, |sum, c| sum * 31 + ALPHABET.iter().position(|a| *a == c).unwrap() as u64);
            assert_eq!(code(&known[..2], &known[2..8], body), known.as_bytes());
        }
    }

    #[test]
    fn townships_are_those_of_2023() {
        // 41352 (shared/data/README.md), one of which has the code of its county.
        assert_eq!(TOWNSHIPS.len(), 41_351);
        assert!(TOWNSHIPS.iter().all(|t| t.len() == 12));
    }
}
