//! Small formats, and lines read by them.

use super::*;
use crate::counted::Counted;
use crate::program::{
    ColumnType, Field, Key, KeyValue, Keys, Kind, Line, Part, Quotes, RequestSlots, Slot, Syntax,
    Unit,
};
use crate::times::{Calendar, Item, TimeFormat, Zone};
use crate::typed::{Check, Class};
use arrow_array::Array;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};

mod blocks;
mod fields;
mod layouts;
mod names;
mod outcome;
mod values;

/// All columns, in the order in which rows are spelled.
const COLUMNS: [(&str, ColumnType); 19] = [
    ("time", ColumnType::Time),
    ("client", ColumnType::Text),
    ("client_port", ColumnType::Integer),
    ("user", ColumnType::Text),
    ("method", ColumnType::Text),
    ("target", ColumnType::Text),
    ("path", ColumnType::Text),
    ("query", ColumnType::Text),
    ("section", ColumnType::Text),
    ("protocol", ColumnType::Text),
    ("request_raw", ColumnType::Text),
    ("host", ColumnType::Text),
    ("status", ColumnType::Integer),
    ("bytes", ColumnType::Integer),
    ("duration_s", ColumnType::Float),
    ("referrer", ColumnType::Text),
    ("user_agent", ColumnType::Text),
    ("cache", ColumnType::Text),
    ("line_number", ColumnType::Integer),
];

/// The parts of a request, of which most tests ask for no more than the target.
const REQUEST: [&str; 8] = [
    "method",
    "target",
    "path",
    "query",
    "section",
    "protocol",
    "request_raw",
    "host",
];

fn slot(column: &str) -> Slot {
    let place = COLUMNS.iter().position(|(name, _)| *name == column);
    assert!(place.is_some(), "no column {column}");
    place
}

/// A field of a kind that is neither quoted nor escaped.
fn field(kind: Kind) -> Field {
    Field {
        kind,
        group: 0,
        otherwise: None,
        until: Vec::new(),
        end: None,
        quotes: Quotes::Never,
        greedy: false,
        forbids: None,
        leading_blanks: false,
        glued: false,
        shared: false,
        spare: false,
        escape: Escape::None,
        check: Check::None,
        simple: false,
    }
}

fn text(column: &str) -> Field {
    field(Kind::Text(slot(column)))
}

fn integer_field(column: &str) -> Field {
    field(Kind::Integer {
        slot: slot(column),
        dash_is_zero: false,
    })
}

fn status() -> Field {
    Field {
        check: Check::Status,
        ..integer_field("status")
    }
}

fn time(format: TimeFormat) -> Field {
    field(Kind::Time(format))
}

/// A field between quotes that stand in the text around it.
fn quoted_by(escape: Escape, field: Field) -> Field {
    Field {
        quotes: Quotes::Always,
        escape,
        ..field
    }
}

/// A program of some fields, which has the columns that somebody asked for.
fn program(layouts: Vec<Layout>, mut fields: Vec<Field>) -> Program {
    for field in &mut fields {
        field.simple = field.ends_at_first_sight();
    }
    let timed = fields.iter().any(|f| matches!(f.kind, Kind::Time(_)));
    Program {
        layouts,
        fields,
        directives: Vec::new(),
        columns: COLUMNS.map(|(name, kind)| (name.to_owned(), kind)).to_vec(),
        request: RequestSlots {
            target: slot("target"),
            ..RequestSlots::default()
        },
        time: slot("time"),
        timed,
        status: None,
        line_number: None,
        section_depth: 1,
        calendar: Calendar::default(),
    }
}

/// The program with a column for every part of a request.
fn with_request_parts(program: Program) -> Program {
    let [
        method,
        target,
        path,
        query,
        section,
        protocol,
        request_raw,
        host,
    ] = REQUEST.map(slot);
    Program {
        request: RequestSlots {
            method,
            target,
            path,
            query,
            section,
            protocol,
            request_raw,
            host,
        },
        ..program
    }
}

/// One way to write a line: its fields, each with the text behind it.
fn line_of(prefix: &str, fields: &[(Field, &str)]) -> (Line, Vec<Field>) {
    let line = Line {
        prefix: prefix.as_bytes().to_vec(),
        fields: 0..fields.len(),
        ignore_rest: false,
        unmarked_request: false,
        counted: None,
    };
    let fields = fields.iter().map(|(field, until)| Field {
        until: until.as_bytes().to_vec(),
        ..field.clone()
    });
    (line, fields.collect())
}

/// A format of one line.
fn positional(prefix: &str, fields: &[(Field, &str)]) -> Program {
    let (line, fields) = line_of(prefix, fields);
    program(vec![Layout::Positional(vec![line])], fields)
}

/// A format of several lines.
fn several(lines: &[&[(Field, &str)]]) -> Program {
    let (mut ways, mut all) = (Vec::new(), Vec::new());
    for fields in lines {
        let (line, fields) = line_of("", fields);
        ways.push(Line {
            fields: all.len()..all.len() + fields.len(),
            ..line
        });
        all.extend(fields);
    }
    program(vec![Layout::Positional(ways)], all)
}

/// A layout of named values: each name with the field that it fills.
fn layout_of_names(syntax: Syntax, names: &[(&str, usize)]) -> KeyValue {
    let key = |rank: usize, field: usize| Key {
        value: Some((field, rank as u16 + 1)),
        names: None,
        telling: 0,
    };
    let node = names.iter().enumerate();
    let node = node.map(|(rank, (name, field))| (name.as_bytes().to_vec(), key(rank, *field)));
    KeyValue {
        syntax,
        keys: Keys {
            nodes: vec![node.collect()],
            normalized: false,
        },
        required: Vec::new(),
        told_by: 0,
    }
}

/// A format of named values, each field in a group of its own.
fn named(syntax: Syntax, names: &[(&str, Field)]) -> Program {
    let places = names.iter().enumerate();
    let places: Vec<_> = places.map(|(place, (name, _))| (*name, place)).collect();
    let fields = names.iter().enumerate();
    let fields = fields.map(|(group, (_, field))| Field {
        group,
        ..field.clone()
    });
    let layout = Layout::KeyValue(layout_of_names(syntax, &places));
    program(vec![layout], fields.collect())
}

fn parsed(program: &Program, data: &[u8]) -> Parsed {
    let mut scratch = Scratch::default();
    parse(program, data, 1, 100, Course::default(), &mut scratch)
}

/// A row as `column=value | column=value`, without the columns that it has no value in.
fn spelled(program: &Program, parsed: &Parsed, row: usize) -> String {
    let columns = program.columns.iter().zip(&parsed.columns);
    let value = |column: &Finished| -> Option<String> {
        if column.rows.is_null(row) {
            return None;
        }
        if let Some((codes, values)) = column.text() {
            return Some(values.read().get(codes.value(row) as usize).to_owned());
        }
        let floats = column.numbers::<Float64Type>();
        let integers = column.numbers::<Int64Type>();
        let times = column.numbers::<TimestampMicrosecondType>();
        floats
            .map(|floats| floats.value(row).to_string())
            .or_else(|| integers.map(|integers| integers.value(row).to_string()))
            .or_else(|| times.map(|times| times.value(row).to_string()))
    };
    let said = columns.filter_map(|((name, _), column)| Some(format!("{name}={}", value(column)?)));
    said.collect::<Vec<_>>().join(" | ")
}

/// The rows of a text.
fn rows(program: &Program, data: impl AsRef<[u8]>) -> Vec<String> {
    let parsed = parsed(program, data.as_ref());
    let rows = 0..parsed.lines - parsed.rejected;
    rows.map(|row| spelled(program, &parsed, row)).collect()
}

/// The row of a line; or why it is none, in which field, and at which byte, the first being 1.
fn read(program: &Program, line: impl AsRef<[u8]>) -> Result<String, (Reason, usize, usize)> {
    let parsed = parsed(program, line.as_ref());
    match parsed.rejects.first() {
        Some(reject) => Err((reject.reason, reject.field, reject.column)),
        None => Ok(spelled(program, &parsed, 0)),
    }
}

fn row(text: &str) -> Result<String, (Reason, usize, usize)> {
    Ok(text.to_owned())
}
