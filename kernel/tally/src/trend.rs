//! When the hits of many keys were: a table of them by step of time.
//!
//! Steps are those of all hits together, as short as they can be for there to be [`MOST`] or fewer.
//! Each length divides the next, so that steps merge into longer ones, whatever order hits come in.

#[cfg(test)]
mod tests;

use crate::codec::{Damage, Reader, Writer};
use foldhash::fast::RandomState;
use prefetch::prefetch_at;
use std::collections::HashMap;

/// Microseconds of a tick, the shortest step.
pub const TICK: i64 = 10_000_000;

/// When the first tick begins, as clocks show it: on Monday, 5 January 1970, for weeks to begin so.
pub const FIRST: i64 = 4 * 86_400_000_000;

/// The tick of what has no time.
pub const NONE: i32 = i32::MIN;

/// Steps there are at most.
pub const MOST: usize = 72;

/// Ticks of a step, by level: 10 s, 1 and 10 minutes, an hour, a day, 1, 4 and 52 weeks; then what
/// it takes for any ticks to be few steps.
const STEPS: [i32; 10] = [
    1,
    6,
    60,
    360,
    8_640,
    60_480,
    241_920,
    3_144_960,
    31_449_600,
    314_496_000,
];

/// The earliest tick, in 1372: with it begins a step of each level.
const EARLIEST: i64 = -6 * 314_496_000;

/// The tick of an instant as clocks show it, microseconds since 1970. What is centuries away is
/// where ticks end.
pub fn tick_of(wall: i64) -> i32 {
    let tick = wall.saturating_sub(FIRST).div_euclid(TICK);
    tick.clamp(EARLIEST, i64::from(i32::MAX)) as i32
}

/// Ticks from a first to a last.
pub type Span = (i32, i32);

/// From the first to the last of ticks, as far as they are of a time.
pub fn span_of(ticks: impl Iterator<Item = i32>) -> Option<Span> {
    let known = ticks.filter(|&tick| tick != NONE);
    known.fold(None, |span, tick| join(span, Some((tick, tick))))
}

fn join(one: Option<Span>, two: Option<Span>) -> Option<Span> {
    match (one, two) {
        (Some(one), Some(two)) => Some((one.0.min(two.0), one.1.max(two.1))),
        (one, two) => one.or(two),
    }
}

/// Steps of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    /// Number of the first step.
    pub first: i32,
    level: u8,
}

impl Axis {
    /// The steps that a span is told by.
    fn of((first, last): Span) -> Self {
        let axis = |level: u8| Self {
            first: first.div_euclid(STEPS[usize::from(level)]),
            level,
        };
        let mut axes = (0..STEPS.len() as u8).map(axis);
        let fits = |axis: &Self| axis.column(last) < MOST;
        axes.find(fits).unwrap_or_default()
    }

    /// Ticks of a step.
    pub const fn step(self) -> i32 {
        STEPS[self.level as usize]
    }

    /// The place of the step of a tick that is not before the first.
    fn column(self, tick: i32) -> usize {
        let number = tick.div_euclid(self.step());
        usize::try_from(i64::from(number) - i64::from(self.first)).unwrap_or(0)
    }

    /// The first tick of the step at a place.
    pub fn begin(self, column: usize) -> i64 {
        (i64::from(self.first) + column as i64) * i64::from(self.step())
    }
}

/// The place of a tick, and the ticks that are in the same step.
#[derive(Clone, Copy, Default)]
pub struct Place {
    begin: i32,
    length: u32,
    column: u32,
}

/// Columns of a row that few hits take: a column, and how many hits there are in it.
#[derive(Clone, Copy, Debug, Default)]
struct Cell(u32);

/// A row of a table in place of a cell.
const IN_TABLE: u32 = 1 << 31;

/// Bits of a cell that count hits.
const COUNT_BITS: u32 = 24;

/// Hits that a cell can hold.
const COUNT: u32 = (1 << COUNT_BITS) - 1;

impl Cell {
    const fn new(column: usize, hits: u32) -> Self {
        Self((column as u32) << COUNT_BITS | hits)
    }

    const fn at(place: usize) -> Self {
        Self(IN_TABLE | place as u32)
    }

    /// The row of the table, if it has any.
    const fn place(self) -> Option<usize> {
        match self.0 & IN_TABLE {
            0 => None,
            _ => Some((self.0 & !IN_TABLE) as usize),
        }
    }

    const fn column(self) -> usize {
        (self.0 >> COUNT_BITS) as usize
    }

    const fn hits(self) -> u32 {
        self.0 & COUNT
    }
}

/// Hits by row and step.
///
/// A row whose hits are all of one step takes a cell, as nearly all do where keys are distinct;
/// others have a row of a table.
#[derive(Clone, Debug, Default)]
pub struct Trends {
    /// Of all hits, those included that have no row.
    span: Option<Span>,
    axis: Axis,
    /// By row.
    cells: Vec<Cell>,
    /// Columns of a row of the table.
    width: usize,
    /// Hits but whole multiples of 256, a row of the table after the other.
    low: Vec<u8>,
    /// How many times 256 are missing, by row of the table and column.
    high: HashMap<(u32, u32), u32, RandomState>,
}

impl Trends {
    /// Rows without hits.
    pub fn of_rows(rows: usize) -> Self {
        Self {
            cells: vec![Cell::default(); rows],
            ..Self::default()
        }
    }

    /// Memory used, bytes.
    pub fn size(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>()
            + self.low.capacity()
            + self.high.capacity() * size_of::<((u32, u32), u32)>()
    }

    /// Steps of all hits, and how many; `None` before there are any with a time.
    pub fn axis(&self) -> Option<(Axis, usize)> {
        let (_, last) = self.span?;
        Some((self.axis, self.axis.column(last) + 1))
    }

    /// Be so many rows, or more.
    pub fn set_rows(&mut self, rows: usize) {
        self.cells.resize(rows, Cell::default());
    }

    /// Have steps for hits of a span, which may be added then.
    pub fn reach(&mut self, span: Option<Span>) {
        let joined = join(self.span, span);
        let Some((first, last)) = joined.filter(|_| joined != self.span) else {
            return;
        };
        let axis = Axis::of((first, last));
        let columns = axis.column(last) + 1;
        if self.span.is_none() || axis != self.axis || columns > self.width {
            // Columns are added in time: so many that they need not be often.
            self.change(axis, columns.next_power_of_two().clamp(8, MOST));
        }
        self.span = joined;
    }

    /// Change to other steps, which are as long or longer.
    fn change(&mut self, axis: Axis, width: usize) {
        let old = std::mem::take(self);
        self.axis = axis;
        self.width = width;
        self.set_rows(old.cells.len());
        self.add_rows(&old, &old.places_in(self), Some);
    }

    /// The column in another of each of its own.
    fn places_in(&self, other: &Self) -> Vec<usize> {
        let column = |own| {
            let tick = i32::try_from(self.axis.begin(own));
            tick.map_or(0, |tick| other.axis.column(tick))
        };
        let used = self.axis().map_or(0, |(_, columns)| columns);
        (0..used).map(column).collect()
    }

    /// Add another's rows. Argument: its own row to which each of another's is added, if any.
    pub fn merge(&mut self, other: &Self, to: impl Fn(usize) -> Option<usize>) {
        self.reach(other.span);
        self.add_rows(other, &other.places_in(self), to);
    }

    fn add_rows(&mut self, other: &Self, places: &[usize], to: impl Fn(usize) -> Option<usize>) {
        let mut of_table = vec![None; other.low.len() / other.width.max(1)];
        for (row, cell) in other.cells.iter().enumerate() {
            let Some(own) = to(row) else { continue };
            match cell.place() {
                Some(place) => {
                    of_table[place] = Some(own);
                    let low = &other.low[place * other.width..][..other.width];
                    for (&hits, &column) in low.iter().zip(places).filter(|(hits, _)| **hits > 0) {
                        self.add_many(own, column, u64::from(hits));
                    }
                }
                None if cell.hits() > 0 => {
                    let column = places.get(cell.column()).copied().unwrap_or(0);
                    self.add_many(own, column, u64::from(cell.hits()));
                }
                None => {}
            }
        }
        for (&(place, column), &high) in &other.high {
            if let (Some(own), Some(&column)) =
                (of_table[place as usize], places.get(column as usize))
            {
                self.add_many(own, column, u64::from(high) << 8);
            }
        }
    }

    /// Where a tick is that has been reached.
    fn place(&self, tick: i32) -> Place {
        let column = self.axis.column(tick);
        Place {
            begin: self.axis.begin(column) as i32,
            length: self.axis.step().unsigned_abs(),
            column: column as u32,
        }
    }

    /// Add a hit to a row, if its time is known.
    ///
    /// Arguments: the row; the tick; the place of another tick, which is often the same.
    #[inline]
    pub fn add(&mut self, row: usize, tick: i32, known: &mut Place) {
        if tick == NONE {
            return;
        }
        if tick.wrapping_sub(known.begin) as u32 >= known.length {
            *known = self.place(tick);
        }
        let column = known.column as usize;
        let cell = &mut self.cells[row];
        match cell.place() {
            Some(place) => {
                let low = &mut self.low[place * self.width + column];
                *low = low.wrapping_add(1);
                if *low == 0 {
                    self.carry(place, column, 1);
                }
            }
            None if cell.hits() == 0 => *cell = Cell::new(column, 1),
            None if cell.column() == column && cell.hits() < COUNT => cell.0 += 1,
            None => self.add_many(row, column, 1),
        }
    }

    /// A hit will be added to a row soon.
    #[inline]
    pub fn announce(&self, row: usize) {
        prefetch_at(&self.cells, row);
    }

    #[cold]
    fn carry(&mut self, place: usize, column: usize, high: u32) {
        let sum = self.high.entry((place as u32, column as u32)).or_default();
        *sum = sum.saturating_add(high);
    }

    fn add_many(&mut self, row: usize, column: usize, hits: u64) {
        let cell = self.cells[row];
        let sum = u64::from(cell.hits()).saturating_add(hits);
        if let Some(place) = cell.place() {
            self.add_to_table(place, column, hits);
        } else if (cell.hits() == 0 || cell.column() == column) && sum <= u64::from(COUNT) {
            self.cells[row] = Cell::new(column, sum as u32);
        } else {
            let place = self.low.len() / self.width;
            self.low.resize(self.low.len() + self.width, 0);
            self.cells[row] = Cell::at(place);
            self.add_to_table(place, cell.column(), u64::from(cell.hits()));
            self.add_to_table(place, column, hits);
        }
    }

    fn add_to_table(&mut self, place: usize, column: usize, hits: u64) {
        let low = &mut self.low[place * self.width + column];
        let sum = u64::from(*low).saturating_add(hits);
        *low = sum as u8;
        let high = u32::try_from(sum >> 8).unwrap_or(u32::MAX);
        if high > 0 {
            self.carry(place, column, high);
        }
    }

    /// Keep some rows alone, which move up. Argument: which.
    pub fn retain(&mut self, stays: impl Fn(usize) -> bool) {
        let old = std::mem::take(self);
        let mut kept = vec![None; old.cells.len()];
        let mut count = 0;
        for (_, to) in kept.iter_mut().enumerate().filter(|(row, _)| stays(*row)) {
            *to = Some(count);
            count += 1;
        }
        (self.axis, self.width, self.span) = (old.axis, old.width, old.span);
        self.set_rows(count);
        let places: Vec<usize> = (0..old.width).collect();
        self.add_rows(&old, &places, |row| kept[row]);
    }

    /// Use no more memory than it takes.
    pub fn shrink_to_fit(&mut self) {
        self.cells.shrink_to_fit();
        self.low.shrink_to_fit();
    }

    /// The hits of a row by step, from the first step of all hits to the last.
    pub fn row(&self, row: usize) -> Vec<u64> {
        let columns = self.axis().map_or(0, |(_, columns)| columns);
        let mut hits = vec![0; columns];
        let cell = self.cells.get(row).copied().unwrap_or_default();
        match cell.place() {
            Some(place) => {
                let low = &self.low[place * self.width..][..columns];
                for (column, (sum, &low)) in hits.iter_mut().zip(low).enumerate() {
                    let high = self.high.get(&(place as u32, column as u32));
                    *sum = u64::from(high.copied().unwrap_or(0)) << 8 | u64::from(low);
                }
            }
            None => {
                if let Some(sum) = hits.get_mut(cell.column()) {
                    *sum = u64::from(cell.hits());
                }
            }
        }
        hits
    }

    /// The same of all rows together.
    pub fn total(&self) -> Vec<u64> {
        let mut all = Self::of_rows(1);
        all.merge(self, |_| Some(0));
        all.row(0)
    }

    /// What is of no row.
    pub fn write(&self, to: &mut Writer) {
        to.byte(u8::from(self.span.is_some()));
        if let Some((first, last)) = self.span {
            to.signed(i64::from(first));
            to.signed(i64::from(last));
        }
    }

    pub fn read(from: &mut Reader<'_>) -> Result<Self, Damage> {
        let mut found = Self::default();
        match from.byte()? {
            0 => return Ok(found),
            1 => {}
            _ => return Err(Damage("there is a time or there is none")),
        }
        let mut tick = || {
            let tick = from.signed().ok()?;
            i32::try_from(tick)
                .ok()
                .filter(|&tick| i64::from(tick) >= EARLIEST)
        };
        let (first, last) = (tick(), tick());
        match first.zip(last).filter(|(first, last)| first <= last) {
            Some(span) => found.reach(Some(span)),
            None => return Err(Damage("times are not in order")),
        }
        Ok(found)
    }

    /// The steps of a row that have hits.
    pub fn write_row(&self, row: usize, to: &mut Writer) {
        let hits = self.row(row);
        let steps = || hits.iter().enumerate().filter(|(_, hits)| **hits > 0);
        to.byte(steps().count() as u8);
        for (column, &hits) in steps() {
            to.byte(column as u8);
            to.number(hits);
        }
    }

    pub fn read_row(&mut self, row: usize, from: &mut Reader<'_>) -> Result<(), Damage> {
        let columns = self.axis().map_or(0, |(_, columns)| columns);
        let mut next = 0;
        for _ in 0..from.byte()? {
            let (column, hits) = (usize::from(from.byte()?), from.number()?);
            if column < next || column >= columns || hits == 0 || hits >> 40 > 0 {
                return Err(Damage("hits are of no step of time"));
            }
            self.add_many(row, column, hits);
            next = column + 1;
        }
        Ok(())
    }
}
