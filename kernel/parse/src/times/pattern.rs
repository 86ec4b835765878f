//! Times in the manner of strftime.

use super::formats::{fraction_micros, leading_digits};
use super::{Item, Parts};

impl Parts {
    pub(super) fn read_pattern(&mut self, text: &[u8], items: &[Item]) -> Option<()> {
        let mut rest = text;
        for item in items {
            rest = self.read_item(rest, item)?;
        }
        rest.is_empty().then_some(())
    }

    fn read_item<'a>(&mut self, text: &'a [u8], item: &Item) -> Option<&'a [u8]> {
        match item {
            Item::Literal(byte) => return (text.first() == Some(byte)).then(|| &text[1..]),
            Item::Blanks => return Some(text.trim_ascii_start()),
            Item::Fraction => return self.read_fraction(text),
            Item::Offset => return self.read_offset(text),
            Item::EpochSeconds => {
                let digits = leading_digits(text);
                self.read_epoch(&text[..digits], 1e6)?;
                return Some(&text[digits..]);
            }
            Item::MonthName => {
                // Written out (%B) or not (%b), the first three letters tell.
                let letters = text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
                self.month = Some(month_number(*text.first_chunk::<3>()?)?);
                return Some(&text[letters..]);
            }
            Item::WeekdayNumber => {
                return (leading_digits(&text[..text.len().min(1)]) == 1).then(|| &text[1..]);
            }
            Item::Weekday => {
                let letters = text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
                return (letters >= 3).then(|| &text[letters..]);
            }
            Item::ZoneName => {
                let letters = text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
                self.offset = zone_offset(&text[..letters]).or(self.offset);
                return (letters > 0).then(|| &text[letters..]);
            }
            Item::HalfOfDay => {
                let (half, rest) = text.split_first_chunk::<2>()?;
                self.afternoon = Some(match half {
                    b"AM" | b"am" => false,
                    b"PM" | b"pm" => true,
                    _ => return None,
                });
                return Some(rest);
            }
            _ => {}
        }
        self.read_number(text, item)
    }

    fn read_number<'a>(&mut self, text: &'a [u8], item: &Item) -> Option<&'a [u8]> {
        let (least, most) = match item {
            Item::Year => (4, 4),
            Item::DayOfYear => (3, 3),
            Item::Month | Item::Day | Item::Hour | Item::Hour12 => (1, 2),
            Item::FractionDigits(count) => (usize::from(*count), usize::from(*count)),
            _ => (2, 2),
        };
        let text = match (item, text) {
            (Item::Day | Item::Hour | Item::Hour12, [b' ', rest @ ..]) => rest,
            _ => text,
        };
        let digits = leading_digits(text).min(most);
        if digits < least {
            return None;
        }
        let number = text[..digits]
            .iter()
            .fold(0i64, |sum, &b| sum * 10 + i64::from(b - b'0'));
        let within = |low: i64, high: i64| (low..=high).contains(&number).then_some(number as u8);
        match item {
            Item::Year => self.year = Some(number),
            Item::ShortYear => self.year = Some(number + if number < 69 { 2000 } else { 1900 }),
            Item::Month => self.month = Some(within(1, 12)?),
            Item::Day => self.day = Some(within(1, 31)?),
            Item::DayOfYear => {
                self.day_of_year = Some((1..=366).contains(&number).then_some(number as u16)?);
            }
            Item::Hour => self.hour = within(0, 23)?,
            Item::Hour12 => self.hour = within(1, 12)?,
            Item::Minute => self.minute = within(0, 59)?,
            Item::Second => self.second = within(0, 60)?,
            Item::FractionDigits(_) => self.micros += fraction_micros(&text[..digits]),
            _ => return None,
        }
        Some(&text[digits..])
    }
}

/// English month names only: a local name is not guessed at.
#[inline]
pub(super) fn month_number(name: [u8; 3]) -> Option<u8> {
    Some(match &name {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    })
}

/// Seconds east of the zones that RFC 5322 (section 4.3) names; other names are ambiguous.
fn zone_offset(name: &[u8]) -> Option<i64> {
    let hours = match name {
        b"UTC" | b"UT" | b"GMT" | b"Z" => 0,
        b"EDT" => -4,
        b"EST" | b"CDT" => -5,
        b"CST" | b"MDT" => -6,
        b"MST" | b"PDT" => -7,
        b"PST" => -8,
        _ => return None,
    };
    Some(hours * 3600)
}
