//! The kernel of hitwatch: bytes and a compiled format in, Arrow columns out.
//!
//! It knows no format by name. Log lines are written by attackers: nothing here trusts a
//! byte of them, and nothing is `unsafe`.

mod batch;
mod budget;
mod codec;
mod dictionary;
mod distinct;
mod durations;
mod escape;
mod framing;
mod keyed;
mod numbers;
pub mod program;
mod records;
mod request;
mod rewriting;
mod rollup;
pub mod scan;
mod series;
pub mod table;
mod text;
pub mod times;
mod typed;

mod counting;
mod python;
mod python_framing;
mod python_program;

pub use python::_kernel;
