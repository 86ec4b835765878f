//! A compiled format: what to look for in a line, field by field, and where each value goes.

use crate::counted::Counted;
use crate::escape::Escape;
use crate::times::{Calendar, TimeFormat};
use crate::typed::{Check, Class};
use regex::bytes::Regex;
use std::collections::HashMap;

/// Index of a column; `None` when nobody asked for it.
pub type Slot = Option<usize>;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    Text,
    Integer,
    Float,
    Time,
}

/// How the values of a line are laid out.
#[derive(Clone, Debug)]
pub enum Layout {
    /// Fields in a fixed order; of several lines the first that fits.
    Positional(Vec<Line>),
    /// Values under names.
    KeyValue(KeyValue),
    /// Values that groups of a regular expression match.
    Pattern(Pattern),
}

/// A regular expression that a line must match from its beginning.
#[derive(Clone, Debug)]
pub struct Pattern {
    pub regex: Regex,
    /// Which group is which field.
    pub groups: Vec<(usize, usize)>,
}

/// How named values are read.
#[derive(Clone, Debug)]
pub struct KeyValue {
    pub syntax: Syntax,
    pub keys: Keys,
    /// Groups of fields; of each at least one must have a value.
    pub required: Vec<Vec<usize>>,
    /// How many of the telling names must stand on a line.
    pub told_by: u32,
}

/// How named values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// One object a line (RFC 8259).
    Json,
    /// `key=value key="quoted value"`
    Logfmt,
    /// `label:value`, separated by tabs (ltsv.org).
    Ltsv,
}

/// One way to write a line.
#[derive(Clone, Debug)]
pub struct Line {
    pub prefix: Vec<u8>,
    /// The first and the one after the last of the program's fields.
    pub fields: std::ops::Range<usize>,
    pub ignore_rest: bool,
    /// Whether nothing marks off where its request line ends.
    pub unmarked_request: bool,
    /// Where values are told by their number, how they stand.
    pub counted: Option<Counted>,
}

/// What a name stands for: a value, further names, or either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// The field, and its rank among the names that fill the same column; 1 is the first.
    pub value: Option<(usize, u16)>,
    pub names: Option<usize>,
    /// Its bit among the names that tell a format; 0: it is none of them.
    pub telling: u64,
}

/// Known names, as a tree: each node has the names below it.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    pub nodes: Vec<HashMap<Vec<u8>, Key>>,
    /// Whether names are compared without case and punctuation.
    pub normalized: bool,
}

impl Keys {
    /// What a name stands for below a node.
    pub fn find(&self, node: usize, name: &[u8]) -> Key {
        let names = &self.nodes[node];
        let found = if self.normalized {
            let mut text = [0; 64];
            let mut length = 0;
            for &byte in name {
                if byte.is_ascii_alphanumeric() || !byte.is_ascii() {
                    let Some(place) = text.get_mut(length) else {
                        return Key::default();
                    };
                    *place = byte.to_ascii_lowercase();
                    length += 1;
                }
            }
            names.get(&text[..length])
        } else {
            names.get(name)
        };
        found.copied().unwrap_or_default()
    }
}

/// Where the parts of a request go.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestSlots {
    pub method: Slot,
    pub target: Slot,
    pub path: Slot,
    pub query: Slot,
    pub section: Slot,
    pub protocol: Slot,
    pub request_raw: Slot,
    /// Where the host of an absolute-form target goes, unless a field of its own tells it.
    pub host: Slot,
}

/// How many parts of a request have columns.
pub const REQUEST_PARTS: usize = 8;

impl RequestSlots {
    /// The slots in a fixed order; the host is the last.
    #[inline]
    pub const fn slots(&self) -> [Slot; REQUEST_PARTS] {
        [
            self.method,
            self.target,
            self.path,
            self.query,
            self.section,
            self.protocol,
            self.request_raw,
            self.host,
        ]
    }
}

/// What a field means.
#[derive(Clone, Debug)]
pub enum Kind {
    Skip,
    Text(Slot),
    /// A whole request line.
    Request,
    /// A part of the request that has a field of its own.
    Part(Part),
    /// A whole number. `-` and negative numbers are no value, or 0 where `dash_is_zero`
    /// and the request was answered: CLF writes `-` for a body of no bytes.
    Integer {
        slot: Slot,
        dash_is_zero: bool,
    },
    Seconds {
        slot: Slot,
        unit: Unit,
        list: bool,
    },
    Time(TimeFormat),
    /// `192.0.2.1:5678`, `[2001:db8::1]:443`
    Address {
        host: Slot,
        port: Slot,
        class: Class,
        /// Whether it is the first of several with commas between them.
        list: bool,
        /// Whether what is none is no value, in place of making the line none.
        lenient: bool,
    },
    /// `TCP_HIT/200`: a word and a number.
    Coded {
        word: Slot,
        number: Slot,
    },
}

/// Parts of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Method,
    Target,
    Path,
    Query,
    Protocol,
}

/// When a field is quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quotes {
    Never,
    /// The quotes are part of the literal text around the field.
    Always,
    /// When its first byte is a quote.
    Optional,
}

/// The unit of a duration.
#[derive(Clone, Copy, Debug)]
pub enum Unit {
    /// How many make a second; dividing keeps 42,000 µs at exactly 0.042 s.
    PerSecond(f64),
    /// Open: seconds when written with a point, else so many make one, until lines tell; what
    /// Apache's `%D` and nginx's `$request_time` look like at the end of a line.
    ByPoint(f64),
}

/// One field.
#[derive(Clone, Debug)]
pub struct Field {
    pub kind: Kind,
    /// Fields of one group fill the same column; of a keyed line the best of them counts.
    pub group: usize,
    /// Field and rank of another way to read the value, where this one does not fit it.
    pub otherwise: Option<(usize, u16)>,
    /// The literal text after the field; empty: the field goes on to the end of the line.
    pub until: Vec<u8>,
    /// Where the line may end after this field: the literal text that is then left.
    pub end: Option<Vec<u8>>,
    pub quotes: Quotes,
    /// Whether the value may hold the text that ends it: of the places where it could end the
    /// first counts behind which the rest of the line fits.
    pub greedy: bool,
    /// A byte that makes a value none: a blank in a word, a quote in a name.
    pub forbids: Option<u8>,
    /// Whether blanks may stand before the value.
    pub leading_blanks: bool,
    /// Whether the blank between its quotes and a neighbour may be missing.
    pub glued: bool,
    /// Whether another field fills the same column: where this one has no value, that of the
    /// other stays.
    pub shared: bool,
    /// Whether it fills its column only where no other field has.
    pub spare: bool,
    pub escape: Escape,
    pub check: Check,
    /// What `ends_at_first_sight` says, once for all lines.
    pub simple: bool,
}

impl Field {
    /// Whether nothing but `until` has to be looked at to find where its value ends.
    pub fn ends_at_first_sight(&self) -> bool {
        let plain = self.forbids.is_none() && !self.greedy && !self.leading_blanks && !self.shared;
        match self.quotes {
            Quotes::Never => plain && !self.until.is_empty(),
            Quotes::Always => plain && self.escape.by_backslash() && self.end.is_none(),
            Quotes::Optional => false,
        }
    }

    /// The columns that its value fills, except those of a request and of the time.
    pub const fn slots(&self) -> [Slot; 2] {
        match &self.kind {
            Kind::Text(slot) => [*slot, None],
            Kind::Integer { slot, .. } | Kind::Seconds { slot, .. } => [*slot, None],
            Kind::Address { host, port, .. } => [*host, *port],
            Kind::Coded { word, number } => [*word, *number],
            Kind::Skip | Kind::Request | Kind::Part(_) | Kind::Time(_) => [None, None],
        }
    }
}

/// A format as the kernel knows it.
#[derive(Clone, Debug)]
pub struct Program {
    /// How lines are laid out; of several ways the first that fits counts.
    pub layouts: Vec<Layout>,
    pub fields: Vec<Field>,
    /// Beginnings of lines that are no log lines, but say something about them.
    pub directives: Vec<Vec<u8>>,
    pub columns: Vec<(String, ColumnType)>,
    pub request: RequestSlots,
    pub time: Slot,
    /// Whether lines say when; one that does not is then no hit, whatever columns are built.
    pub timed: bool,
    pub status: Slot,
    pub line_number: Slot,
    pub section_depth: usize,
    pub calendar: Calendar,
}
