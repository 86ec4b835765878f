//! A compiled format: what to look for in a line, field by field, and where each value goes.

use crate::text::Escape;
use crate::times::{TimeFormat, Zone};

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
}

impl RequestSlots {
    /// The slots in a fixed order.
    #[inline]
    pub const fn slots(&self) -> [Slot; 7] {
        [
            self.method,
            self.target,
            self.path,
            self.query,
            self.section,
            self.protocol,
            self.request_raw,
        ]
    }
}

/// What a field means.
#[derive(Clone, Debug)]
pub enum Kind {
    Skip,
    Text(Slot),
    Request,
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
    },
}

/// The unit of a duration.
#[derive(Clone, Copy, Debug)]
pub enum Unit {
    /// How many make a second; dividing keeps 42,000 µs at exactly 0.042 s.
    PerSecond(f64),
    /// Seconds when written with a point, microseconds when not: what Apache's `%D` and
    /// nginx's `$request_time` look like at the end of a line.
    ByPoint,
}

/// One field of a positional layout.
#[derive(Clone, Debug)]
pub struct Field {
    pub kind: Kind,
    /// The literal text after the field; empty: the field goes on to the end of the line.
    pub until: Vec<u8>,
    /// Where the line may end after this field: the literal text that is then left.
    pub end: Option<Vec<u8>>,
    pub quoted: bool,
    pub escape: Escape,
}

/// A format as the kernel knows it.
#[derive(Clone, Debug)]
pub struct Program {
    pub prefix: Vec<u8>,
    pub fields: Vec<Field>,
    pub ignore_rest: bool,
    pub columns: Vec<(String, ColumnType)>,
    pub request: RequestSlots,
    pub time: Slot,
    pub status: Slot,
    pub line_number: Slot,
    pub section_depth: usize,
    pub zone: Zone,
    pub year: Option<i64>,
}
