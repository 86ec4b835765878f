//! Bytes and a compiled format in, Arrow columns and rejects out.
//!
//! It knows no format by name. Log lines are written by attackers: nothing here trusts a
//! byte of them, and nothing is `unsafe`.

pub mod batch;
pub mod counted;
mod dictionary;
pub mod edit;
pub mod escape;
pub mod framing;
mod key_value;
mod numbers;
pub mod program;
mod records;
mod request;
pub mod sample;
pub mod scan;
mod text;
pub mod texts;
pub mod times;
pub mod typed;
pub mod vocabulary;
