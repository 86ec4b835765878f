//! Fields of a format.

use super::times::time_format;
use super::unknown;
use parse::escape::Escape;
use parse::program::{Field, Kind, Part, Quotes, Slot, Unit};
use parse::typed::{Check, Class};
use pyo3::prelude::*;

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct FieldSpec {
    pub kind: String,
    group: usize,
    pub otherwise: Option<(usize, u16)>,
    until: Vec<u8>,
    end: Option<Vec<u8>>,
    quotes: String,
    pub greedy: bool,
    forbids: Option<u8>,
    leading_blanks: bool,
    escape: String,
    column: Option<String>,
    port_column: Option<String>,
    dash_is_zero: bool,
    per_second: f64,
    by_point: bool,
    list: bool,
    check: String,
    lenient: bool,
    glued: bool,
    shared: bool,
    spare: bool,
    time_format: Vec<(String, f64)>,
}

impl FieldSpec {
    pub fn compile(self, slot: &dyn Fn(&str) -> Slot) -> PyResult<Field> {
        let kind = self.kind(slot)?;
        let escape = escape_by_name(&self.escape)?;
        let quotes = quotes_by_name(&self.quotes)?;
        if quotes == Quotes::Always && self.until.first() != Some(&b'"') {
            return Err(unknown(
                "end of a quoted field",
                &String::from_utf8_lossy(&self.until),
            ));
        }
        let field = Field {
            simple: false,
            kind,
            group: self.group.min(u16::MAX.into()),
            otherwise: self.otherwise,
            until: self.until,
            end: self.end,
            quotes,
            greedy: self.greedy,
            forbids: self.forbids,
            leading_blanks: self.leading_blanks,
            glued: self.glued,
            shared: self.shared,
            spare: self.spare,
            escape,
            check: check_by_name(&self.check),
        };
        Ok(Field {
            simple: field.ends_at_first_sight(),
            ..field
        })
    }

    fn kind(&self, slot: &dyn Fn(&str) -> Slot) -> PyResult<Kind> {
        let column = self.column.as_deref().and_then(slot);
        Ok(match self.kind.as_str() {
            "skip" => Kind::Skip,
            "text" => Kind::Text(column),
            "request" => Kind::Request,
            "method" => Kind::Part(Part::Method),
            "target" => Kind::Part(Part::Target),
            "path" => Kind::Part(Part::Path),
            "query" => Kind::Part(Part::Query),
            "protocol" => Kind::Part(Part::Protocol),
            "integer" => Kind::Integer {
                slot: column,
                dash_is_zero: self.dash_is_zero,
            },
            "seconds" => Kind::Seconds {
                slot: column,
                unit: match self.by_point {
                    true => Unit::ByPoint(self.per_second),
                    false => Unit::PerSecond(self.per_second),
                },
                list: self.list,
            },
            "time" => Kind::Time(time_format(&self.time_format)?),
            "address" => Kind::Address {
                host: column,
                port: self.port_column.as_deref().and_then(slot),
                class: match self.check.as_str() {
                    "client" => Class::Client,
                    "host" => Class::Host,
                    other => return Err(unknown("class of an address", other)),
                },
                list: self.list,
                lenient: self.lenient,
            },
            "coded" => Kind::Coded {
                word: column,
                number: self.port_column.as_deref().and_then(slot),
            },
            other => return Err(unknown("field kind", other)),
        })
    }
}

fn quotes_by_name(name: &str) -> PyResult<Quotes> {
    Ok(match name {
        "never" => Quotes::Never,
        "always" => Quotes::Always,
        "optional" => Quotes::Optional,
        other => return Err(unknown("quotes", other)),
    })
}

/// What a value is held against; the classes of addresses belong to their kind.
fn check_by_name(name: &str) -> Check {
    match name {
        "user" => Check::User,
        "status" => Check::Status,
        "virtual_host" => Check::VirtualHost,
        "forwarded" => Check::Forwarded,
        _ => Check::None,
    }
}

pub fn escape_by_name(name: &str) -> PyResult<Escape> {
    Ok(match name {
        "none" => Escape::None,
        "backslash" => Escape::Backslash,
        "doubled" => Escape::Doubled,
        "json" => Escape::Json,
        "percent" => Escape::Percent,
        "plus" => Escape::Plus,
        "hash" => Escape::Hash,
        "name" => Escape::Name,
        other => return Err(unknown("escape", other)),
    })
}
