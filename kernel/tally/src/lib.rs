//! Hits in, counts by key out, within a memory that is given.
//!
//! It knows no log line. Keys are written by attackers: what they are and how many there are
//! changes no more than the stated error, and nothing is `unsafe`.

pub mod agents;
pub mod arrivals;
pub mod budget;
pub mod codec;
pub mod codes;
pub mod distinct;
pub mod figures;
pub mod keys;
pub mod kinds;
pub mod labels;
pub mod offsets;
pub mod quantiles;
pub mod rollup;
pub mod rules;
pub mod series;
pub mod steps;
pub mod trend;
pub mod visitors;
pub mod vocabularies;
