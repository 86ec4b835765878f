//! The door to Python for formats: plain dictionaries become programs.

use crate::framing;
use parse::counted::Counted;
use parse::escape::Escape;
use parse::program::{
    ColumnType, Field, Key, KeyValue, Keys, Kind, Layout, Line, Part, Pattern, Program, Quotes,
    RequestSlots, Slot, Syntax, Unit,
};
use parse::times::{Calendar, Item, TimeFormat, Zone};
use parse::typed::{Check, Class};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::collections::HashMap;

pub fn unknown(what: &str, value: &str) -> PyErr {
    PyValueError::new_err(format!("unknown {what}: {value}"))
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct FieldSpec {
    kind: String,
    group: usize,
    otherwise: Option<(usize, u16)>,
    until: Vec<u8>,
    end: Option<Vec<u8>>,
    quotes: String,
    greedy: bool,
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

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct ProgramSpec {
    layouts: Vec<LayoutSpec>,
    fields: Vec<FieldSpec>,
    directives: Vec<Vec<u8>>,
    columns: Vec<(String, String)>,
    section_depth: usize,
    host_in_target: bool,
    timed: bool,
    zone: Vec<(i64, i64)>,
    year: Option<i64>,
    begun: Option<i64>,
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct LayoutSpec {
    layout: String,
    lines: Vec<LineSpec>,
    /// One dictionary a node: the field with its rank, the node below, the bit of a telling name.
    keys: Vec<HashMap<Vec<u8>, KeySpec>>,
    normalized_keys: bool,
    required: Vec<Vec<usize>>,
    told_by: u32,
    pattern: Option<String>,
    /// The field of each named group.
    groups: Vec<(String, usize)>,
}

pub type KeySpec = (Option<(usize, u16)>, Option<usize>, u64);

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct LineSpec {
    prefix: Vec<u8>,
    first: usize,
    end: usize,
    ignore_rest: bool,
    /// Separators, least number of values, whether there may be more, whether they are quoted.
    counted: Option<(Vec<u8>, usize, bool, bool)>,
}

/// Known names as a tree. Arguments: the nodes; the number of fields there are.
pub fn key_tree(
    nodes: Vec<HashMap<Vec<u8>, KeySpec>>,
    normalized_keys: bool,
    fields: usize,
) -> PyResult<Keys> {
    let most = nodes.len().max(1);
    let key = |(name, (value, names, telling)): (Vec<u8>, KeySpec)| {
        if value.is_some_and(|(field, _)| field >= fields) || names.is_some_and(|n| n >= most) {
            return Err(unknown("key", &String::from_utf8_lossy(&name)));
        }
        Ok((
            name,
            Key {
                value,
                names,
                telling,
            },
        ))
    };
    let mut tree = nodes
        .into_iter()
        .map(|node| node.into_iter().map(key).collect())
        .collect::<PyResult<Vec<_>>>()?;
    tree.resize_with(most, HashMap::new);
    Ok(Keys {
        nodes: tree,
        normalized: normalized_keys,
    })
}

impl LayoutSpec {
    /// Arguments: the fields of the program.
    fn compile(self, fields: &[FieldSpec]) -> PyResult<Layout> {
        let syntax = match self.layout.as_str() {
            "positional" => return self.compile_lines(fields),
            "regex" => return self.compile_pattern(fields.len()),
            "json" => Syntax::Json,
            "logfmt" => Syntax::Logfmt,
            "ltsv" => Syntax::Ltsv,
            other => return Err(unknown("layout", other)),
        };
        let fields = fields.len();
        if let Some(wrong) = self.required.iter().flatten().find(|&&f| f >= fields) {
            return Err(unknown("required field", &wrong.to_string()));
        }
        Ok(Layout::KeyValue(KeyValue {
            syntax,
            keys: key_tree(self.keys, self.normalized_keys, fields)?,
            required: self.required,
            told_by: self.told_by,
        }))
    }

    fn compile_pattern(self, fields: usize) -> PyResult<Layout> {
        let regex = framing::regex(&self.pattern.unwrap_or_default())?;
        let groups = self.groups.into_iter().map(|(name, field)| {
            let found = regex.capture_names().position(|n| n == Some(&name));
            match found {
                Some(group) if field < fields => Ok((group, field)),
                _ => Err(unknown("group", &name)),
            }
        });
        let groups = groups.collect::<PyResult<_>>()?;
        Ok(Layout::Pattern(Pattern { regex, groups }))
    }

    fn compile_lines(self, fields: &[FieldSpec]) -> PyResult<Layout> {
        let lines = self.lines.into_iter().map(|line| {
            let Some(own) = fields.get(line.first..line.end) else {
                return Err(unknown("fields of a line", &line.end.to_string()));
            };
            let unmarked = |field: &FieldSpec| field.greedy && field.kind == "request";
            Ok(Line {
                unmarked_request: own.iter().any(unmarked),
                prefix: line.prefix,
                fields: line.first..line.end,
                ignore_rest: line.ignore_rest,
                counted: line
                    .counted
                    .map(|(separators, least, open, quotes)| Counted {
                        separators,
                        least,
                        open,
                        quotes,
                    }),
            })
        });
        Ok(Layout::Positional(lines.collect::<PyResult<_>>()?))
    }
}

impl ProgramSpec {
    pub fn compile(self) -> PyResult<Program> {
        let layouts = self
            .layouts
            .into_iter()
            .map(|layout| layout.compile(&self.fields))
            .collect::<PyResult<Vec<_>>>()?;
        let columns = self
            .columns
            .into_iter()
            .map(|(name, kind)| Ok((name, column_type(&kind)?)))
            .collect::<PyResult<Vec<_>>>()?;
        let slot = |name: &str| columns.iter().position(|(known, _)| known == name);
        let request = RequestSlots {
            method: slot("method"),
            target: slot("target"),
            path: slot("path"),
            query: slot("query"),
            section: slot("section"),
            protocol: slot("protocol"),
            request_raw: slot("request_raw"),
            host: self.host_in_target.then(|| slot("host")).flatten(),
        };
        let fields = self.fields.len();
        let beyond = |field: &FieldSpec| field.otherwise.is_some_and(|(other, _)| other >= fields);
        if let Some(wrong) = self.fields.iter().find(|field| beyond(field)) {
            return Err(unknown("other reading", &wrong.kind));
        }
        let fields = self
            .fields
            .into_iter()
            .map(|field| field.compile(&slot))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(Program {
            layouts,
            fields,
            directives: self.directives,
            request,
            time: slot("time"),
            timed: self.timed,
            status: slot("status"),
            line_number: slot("line_number"),
            columns,
            section_depth: self.section_depth,
            calendar: Calendar {
                zone: Zone(self.zone),
                year: self.year,
                begun: self.begun,
            },
        })
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

fn column_type(name: &str) -> PyResult<ColumnType> {
    Ok(match name {
        "text" => ColumnType::Text,
        "integer" => ColumnType::Integer,
        "float" => ColumnType::Float,
        "time" => ColumnType::Time,
        other => return Err(unknown("column type", other)),
    })
}

impl FieldSpec {
    fn compile(self, slot: &dyn Fn(&str) -> Slot) -> PyResult<Field> {
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

fn time_format(items: &[(String, f64)]) -> PyResult<TimeFormat> {
    match items {
        [(name, _)] if name == "clf" => return Ok(TimeFormat::Clf),
        [(name, _)] if name == "iso" => return Ok(TimeFormat::Iso),
        [(name, _)] if name == "any" => return Ok(TimeFormat::Any),
        [(name, microseconds)] if name == "epoch" => {
            return Ok(TimeFormat::Epoch {
                microseconds: *microseconds,
            });
        }
        _ => {}
    }
    let items = items.iter().map(|(name, number)| {
        Ok(match name.as_str() {
            "literal" => Item::Literal(*number as u8),
            "blanks" => Item::Blanks,
            "year" => Item::Year,
            "short_year" => Item::ShortYear,
            "month" => Item::Month,
            "month_name" => Item::MonthName,
            "day" => Item::Day,
            "weekday" => Item::Weekday,
            "weekday_number" => Item::WeekdayNumber,
            "day_of_year" => Item::DayOfYear,
            "hour" => Item::Hour,
            "hour12" => Item::Hour12,
            "half_of_day" => Item::HalfOfDay,
            "minute" => Item::Minute,
            "second" => Item::Second,
            "fraction" => Item::Fraction,
            "fraction_digits" => Item::FractionDigits(*number as u8),
            "offset" => Item::Offset,
            "zone_name" => Item::ZoneName,
            "epoch_seconds" => Item::EpochSeconds,
            other => return Err(unknown("time item", other)),
        })
    });
    Ok(TimeFormat::Pattern(items.collect::<PyResult<Vec<_>>>()?))
}
