//! How a format writes times.

use super::unknown;
use parse::times::{Item, TimeFormat};
use pyo3::prelude::*;

pub fn time_format(items: &[(String, f64)]) -> PyResult<TimeFormat> {
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
