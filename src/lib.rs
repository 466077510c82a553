//! A data engine for records of Party building in private enterprises and social organisations (两新组织党建). It reads
//! ledgers of many years, produces the annual review, and lists the organisations that miss each target.
//!
//! # A tour
//!
//! A [`Roster`] is built from ledgers, usually by [`Roster::read`], which takes files and folders. Statistics are its
//! methods. They take their arguments in one order: what is counted, the year, the rows and dimensions ([`Scope`]),
//! and the [`Job`] that reports progress and can cancel the work. They return Arrow tables.
//! ```
//! use dangjian::review::Definitions;
//! use dangjian::{Quiet, Rates, ReadOptions, Roster, Scope, Targets, synth};
//!
//! // Three years of made-up ledgers; for yours, `Roster::read(&["ledgers".into()], &options, &Quiet)`.
//! let options = ReadOptions::default();
//! let roster = Roster::read_arrow("made up", &synth::panel(300, 3, 2010, 7)?, &options, &Quiet)?;
//!
//! // A rate by any dimension; what is not known bounds it from below and from above.
//! let rates = [Rates::shipped()?.get("organised")?.clone()];
//! let table = roster.coverage(&rates, &Scope::by(["kind"]).in_year(2012), &Quiet)?;
//! assert!(["kind", "rate", "rate_low", "rate_high"].iter().all(|name| table.column_by_name(name).is_some()));
//!
//! // A target, and the organisations that miss it.
//! let targets = Targets::shipped()?;
//! let missing = roster.gaps(targets.get("eligible_established")?, 2012, &Scope::default(), &Quiet)?;
//! assert!(missing.column_by_name("org_id").is_some());
//!
//! // All tables of one year's review.
//! let review = roster.review(&Definitions::shipped()?, 2012, None, &Quiet)?;
//! assert!(review.table("overview").is_some() && review.table("gaps").is_some());
//! # Ok::<(), dangjian::Error>(())
//! ```
//!
//! # Layout
//!
//! Data flows one way: files → [`ingest`] → [`Roster`] → [`predicate`] and the counting kernel → [`analysis`] →
//! [`review`]. A module imports only from those below it in this table, which is in the order of the file.
//!
//! | module | holds |
//! |---|---|
//! | [`synth`] | made-up panels of any size |
//! | [`review`] | the annual review of one year |
//! | [`analysis`] | statistics, each a method of [`Roster`] next to its algorithm |
//! | [`query`] | [`Scope`]: the rows that a statistic covers, and its dimensions |
//! | [`definition`] | rates, targets and rules as data (口径) |
//! | [`predicate`] | conditions in SQL, evaluated to true, false or unknown |
//! | `cube` | the counting kernel: all tables of a request in one scan |
//! | [`roster`] | the panel: one row is one organisation in one survey year |
//! | [`ingest`] | files → typed rows, with every problem found |
//! | [`labels`] | names of tables, columns and values in print |
//! | [`standards`] | codes of organisations, regions, industries and zones |
//! | [`schema`] | the one table of columns that a ledger may have |
//! | [`stats`] | statistical methods on plain arrays |
//! | `support` | general-purpose utilities |
//! | [`job`] | progress and cancellation of long work |
//! | [`error`] | the error type, with a variant for each kind of cause |
//! | [`lang`] | Chinese and English |

pub mod synth;

pub mod review;

pub mod analysis;

pub mod query;

pub mod definition;

pub mod predicate;

mod cube;

pub mod roster;

pub mod ingest;

pub mod labels;

pub mod standards;

pub mod schema;

pub mod stats;

mod support;

pub mod job;

pub mod error;

pub mod lang;

pub use self::definition::{FormationRules, Rate, Rates, Target, Targets};
pub use self::error::{Error, Result};
pub use self::ingest::ReadOptions;
pub use self::job::{Job, Quiet};
pub use self::lang::Lang;
pub use self::query::Scope;
pub use self::roster::Roster;
