"""Hits written out as log lines, the way a format's server would; parsing them gives them back.

Some values cannot be written: a text of ``-`` reads back as absent, a value between blanks
cannot hold a blank, and a duration keeps the digits of its unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitwatch.hits.fields import Kind
from hitwatch.hits.format import Field, Format

if TYPE_CHECKING:
    import polars as pl

_CLF = "%d/%b/%Y:%H:%M:%S +0000"
_ISO = "%Y-%m-%dT%H:%M:%S%.6fZ"
_CONTROL = [chr(code) for code in (*range(0x20), 0x7F)]
_SPELLED = [f"\\x{ord(char):02x}" for char in _CONTROL]


def compose(hits: pl.DataFrame, log_format: Format) -> pl.Series:
    """Write hits as lines.

    Args:
        hits: public columns; those the format needs and that are missing are written as
            absent. Fields that may be missing from a line are written where their column
            is there.
        log_format: a positional format.

    Returns:
        One text a hit, without line end.
    """
    import polars as pl

    pieces: list[pl.Expr] = []
    after = log_format.after
    fields = log_format.fields
    ends = [*(field.before for field in fields[1:]), after]
    for field, until in zip(fields, ends, strict=True):
        if field.or_end is not None and field.reading.column not in hits.columns:
            after = field.or_end
            break
        quoted = field.before.endswith('"') and until.startswith('"')
        pieces += [pl.lit(field.before), _written(field, hits, log_format, quoted=quoted)]
    return hits.select(line=pl.concat_str([*pieces, pl.lit(after)])).to_series()


def _written(field: Field, hits: pl.DataFrame, log_format: Format, *, quoted: bool) -> pl.Expr:
    import polars as pl

    reading = field.reading
    escape = log_format.escape if quoted else "none"
    if reading.kind is Kind.REQUEST:
        return _request(hits, escape)
    if reading.kind is Kind.SKIP or reading.column not in hits.columns:
        return pl.lit("-")
    column = pl.col(reading.column)
    if reading.kind is Kind.TIME:
        return _time(column, log_format.time_format)
    if reading.kind is Kind.INTEGER:
        text = column.cast(pl.String)
        if reading.dash_is_zero:
            text = pl.when(column == 0).then(pl.lit("-")).otherwise(text)
    elif reading.kind is Kind.SECONDS:
        text = _seconds(column, reading.per_second)
    elif reading.kind is Kind.ADDRESS:
        bracketed = pl.concat_str(pl.lit("["), column, pl.lit("]"))
        host = pl.when(column.str.contains(":", literal=True)).then(bracketed).otherwise(column)
        port = pl.lit("80")
        if reading.port_column in hits.columns:
            port = pl.col(reading.port_column).cast(pl.String)
        text = pl.concat_str(host, pl.lit(":"), port)
    else:
        text = _escaped(column, escape)
    return text.fill_null("-")


def _request(hits: pl.DataFrame, escape: str) -> pl.Expr:
    import polars as pl

    parts = {
        name: pl.col(name) if name in hits.columns else pl.lit(None, dtype=pl.String)
        for name in ("method", "target", "protocol", "request_raw")
    }
    protocol = pl.concat_str(pl.lit(" "), parts["protocol"]).fill_null("")
    line = pl.concat_str(parts["method"], pl.lit(" "), _escaped(parts["target"], escape), protocol)
    return pl.coalesce(parts["request_raw"], line, pl.lit("-"))


def _time(column: pl.Expr, time_format: str) -> pl.Expr:
    import polars as pl

    if time_format.startswith("epoch:"):
        micros = column.dt.epoch("us")
        match time_format.removeprefix("epoch:"):
            case "s":
                whole = (micros // 1_000_000).cast(pl.String)
                rest = (micros % 1_000_000 // 1000).cast(pl.String).str.zfill(3)
                return pl.concat_str(whole, pl.lit("."), rest)
            case "ms":
                return (micros // 1000).cast(pl.String)
            case "ns":
                return (micros * 1000).cast(pl.String)
            case _:
                return micros.cast(pl.String)
    return column.dt.strftime({"clf": _CLF, "iso": _ISO}.get(time_format, time_format))


def _seconds(column: pl.Expr, per_second: float | None) -> pl.Expr:
    import polars as pl

    if per_second is None or per_second == 1:
        millis = (column * 1000).round().cast(pl.Int64)
        whole, rest = (millis // 1000).cast(pl.String), (millis % 1000).cast(pl.String)
        return pl.concat_str(whole, pl.lit("."), rest.str.zfill(3))
    return (column * per_second).round().cast(pl.Int64).cast(pl.String)


def _escaped(column: pl.Expr, escape: str) -> pl.Expr:
    if escape == "doubled":
        return column.str.replace_all('"', '""', literal=True)
    if escape == "none":
        return column
    # The backslash first, or the escapes themselves would be escaped.
    text = column.str.replace_all("\\", "\\\\", literal=True)
    text = text.str.replace_all('"', '\\"', literal=True)
    return text.str.replace_many(_CONTROL, _SPELLED)
