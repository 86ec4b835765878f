//! The kernel of hitwatch: bytes and a compiled format in, Arrow columns out.
//!
//! It knows no format by name. Log lines are written by attackers: nothing here trusts a
//! byte of them, and nothing is `unsafe`.

mod batch;
mod budget;
mod codec;
pub mod counted;
mod dictionary;
mod distinct;
mod durations;
mod edit;
mod escape;
mod framing;
mod key_value;
mod numbers;
pub mod program;
mod records;
mod request;
mod rollup;
pub mod scan;
mod series;
mod text;
pub mod times;
mod typed;

mod counting;
mod python;
mod python_framing;
mod python_program;

pub use python::_kernel;
