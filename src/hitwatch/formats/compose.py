"""Hits written out as log lines, the way a format's server would; parsing them gives them back.

Some values cannot be written: a text of ``-`` reads back as absent, a value between blanks
cannot hold a blank, and a duration keeps the digits of its unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hitwatch.errors import FormatError
from hitwatch.formats.fields import REQUEST_KINDS, FieldSpec, Kind
from hitwatch.formats.format import Format, Key, Layout, Line, Quotes

if TYPE_CHECKING:
    import polars as pl

_CLF = "%d/%b/%Y:%H:%M:%S +0000"
_ISO = "%Y-%m-%dT%H:%M:%S%.6fZ"
_CONTROL = [chr(code) for code in (*range(0x20), 0x7F)]
_HEX_ESCAPES = [f"\\x{ord(char):02x}" for char in _CONTROL]
_HASH_ESCAPES = [f"#{ord(char):02X}" for char in _CONTROL]


def compose(hits: pl.DataFrame, log_format: Format) -> pl.Series:
    """Write hits as lines.

    Args:
        hits: public columns; those the format needs and that are missing are written as
            absent. Fields that may be missing from a line are written where their column
            is there.
        log_format: the format; of several ways to write a line the first is taken.

    Returns:
        One text a hit, without line end.

    Raises:
        FormatError: the format says nothing of how its lines are laid out before it has read
            a header.

    """
    import polars as pl

    match log_format.layout:
        case Layout.JSON:
            line = _json(hits, log_format)
        case Layout.LOGFMT | Layout.LTSV:
            line = _key_value_line(hits, log_format)
        case _ if log_format.lines:
            line = _positional(hits, log_format.lines[0], log_format)
        case _:
            raise FormatError(
                f"{log_format.name} lines cannot be written: their layout comes from a header"
            )
    return hits.select(line=line).to_series() if len(hits) else pl.Series("line", [], pl.String)


def _positional(hits: pl.DataFrame, line: Line, log_format: Format) -> pl.Expr:
    import polars as pl

    pieces: list[pl.Expr] = []
    after = line.after
    needed = [f.or_end is None or _has_column(f.spec, hits) for f in line.fields]
    for place, field in enumerate(line.fields):
        if field.or_end is not None and not any(needed[place:]):
            after = field.or_end
            break
        escape = log_format.escape_of(field)
        if field.quotes is Quotes.OPTIONAL:
            text = _quote_if_needed(field.spec, hits, log_format, escape)
        else:
            text = _text(field.spec, hits, log_format, escape)
        pieces += [pl.lit(field.before), text]
    return pl.concat_str([*pieces, pl.lit(after)])


def _quote_if_needed(
    spec: FieldSpec, hits: pl.DataFrame, log_format: Format, escape: str
) -> pl.Expr:
    """A value, between quotes where it could not stand without them."""
    import polars as pl

    always = escape in ("plus", "percent")
    text = _text(spec, hits, log_format, escape if always else "none")
    inner = "doubled" if always or escape == "none" else escape
    written = _text(spec, hits, log_format, inner)
    bare = ~text.str.contains(r'[\s",;]') & ((text == written) | always)
    return pl.when(bare).then(text).otherwise(pl.concat_str(pl.lit('"'), written, pl.lit('"')))


def _has_column(spec: FieldSpec, hits: pl.DataFrame) -> bool:
    return (spec.column or spec.kind.value) in hits.columns


def _json(hits: pl.DataFrame, log_format: Format) -> pl.Expr:
    import polars as pl

    tree: dict[str, Any] = {}
    for key in _keys_by_column(log_format, hits):
        node = tree
        for name in key.path[:-1]:
            node = node.setdefault(name, {})
        spec = key.spec
        if spec.kind is Kind.INTEGER and _has_column(spec, hits):
            node[key.path[-1]] = pl.col(str(spec.column))
        else:
            node[key.path[-1]] = _value(spec, hits, log_format)
    for identifying_keys in log_format.identifying_keys:
        node = tree
        *outer, last = identifying_keys.split(".")
        for name in outer:
            node = node.setdefault(name, {})
        node.setdefault(last, pl.lit(None, pl.String))
    return _struct(tree).struct.json_encode()


def _struct(tree: Mapping[str, Any]) -> pl.Expr:
    import polars as pl

    return pl.struct(
        (_struct(value) if isinstance(value, dict) else value).alias(name)
        for name, value in tree.items()
    )


def _key_value_line(hits: pl.DataFrame, log_format: Format) -> pl.Expr:
    """LTSV, or logfmt with every value in quotes."""
    import polars as pl

    logfmt = log_format.layout is Layout.LOGFMT
    pieces = []
    for key in _keys_by_column(log_format, hits):
        value = _value(key.spec, hits, log_format)
        if logfmt:
            value = pl.concat_str(pl.lit('"'), _escape_json(value), pl.lit('"'))
        else:
            value = _escape(value, "backslash")
        name = f"{'.'.join(key.path)}{'=' if logfmt else ':'}"
        pieces.append(
            pl.concat_str(pl.lit(name), value).fill_null(f'{name}"-"' if logfmt else f"{name}-")
        )
    written = {".".join(key.path) for key in _keys_by_column(log_format, hits)}
    pieces += [
        pl.lit(f"{name}{'=' if logfmt else ':'}-")
        for name in log_format.identifying_keys
        if name not in written
    ]
    return pl.concat_str(pieces, separator=" " if logfmt else "\t")


def _escape_json(text: pl.Expr) -> pl.Expr:
    text = text.str.replace_all("\\", "\\\\", literal=True)
    text = text.str.replace_all('"', '\\"', literal=True)
    return text.str.replace_many(_CONTROL, [f"\\u{ord(char):04x}" for char in _CONTROL])


def _keys_by_column(log_format: Format, hits: pl.DataFrame) -> list[Key]:
    """One key for each column that there is something to say of."""
    chosen: dict[str, Key] = {}
    parts = {Kind.METHOD: "method", Kind.TARGET: "target", Kind.PROTOCOL: "protocol"}
    kinds = {key.spec.kind for key in log_format.keys}
    if Kind.TARGET not in kinds and Kind.PATH in kinds:
        # The target is written in two: what is before its first ? and what is behind it.
        parts |= {Kind.PATH: "target", Kind.QUERY: "query"}
    elif Kind.TARGET not in kinds:
        parts |= {Kind.REQUEST: "target"}
    needed = {group.split("|")[0] for group in log_format.required}
    # Of two ways to read one name the first is written.
    firsts = {key.path: key for key in reversed(log_format.keys)}
    for key in log_format.keys:
        if firsts[key.path] is not key:
            continue
        column = parts.get(key.spec.kind) or key.spec.column
        part = key.spec.kind is Kind.QUERY and "target" in hits.columns and column == "query"
        if column in hits.columns or column in needed or part:
            chosen.setdefault(str(column), key)
    return list(chosen.values())


def _value(spec: FieldSpec, hits: pl.DataFrame, log_format: Format) -> pl.Expr:
    """A value as text, ``None`` where there is none."""
    import polars as pl

    if spec.kind is Kind.TEXT and not _has_column(spec, hits):
        return pl.lit("unknown")
    text = _text(spec, hits, log_format, spec.escape or "none")
    return pl.when(text == "-").then(None).otherwise(text)


def _text(spec: FieldSpec, hits: pl.DataFrame, log_format: Format, escape: str) -> pl.Expr:
    """A value as text, ``-`` where there is none."""
    import polars as pl

    if spec.kind in REQUEST_KINDS:
        return _part(spec.kind, hits, escape)
    if spec.kind is Kind.SKIP or spec.column not in hits.columns:
        return pl.lit("-")
    column = pl.col(str(spec.column))
    if spec.kind is Kind.TIME:
        return _time(column, spec.time_format or log_format.time_format)
    if spec.kind is Kind.INTEGER:
        text = column.cast(pl.String)
        if spec.dash_is_zero:
            text = pl.when(column == 0).then(pl.lit("-")).otherwise(text)
    elif spec.kind is Kind.SECONDS:
        text = _seconds(column, spec)
    elif spec.kind is Kind.ADDRESS and spec.port_column is None:
        text = column
    elif spec.kind is Kind.ADDRESS:
        bracketed = pl.concat_str(pl.lit("["), column, pl.lit("]"))
        host = pl.when(column.str.contains(":", literal=True)).then(bracketed).otherwise(column)
        port = pl.lit("80")
        if spec.port_column in hits.columns:
            port = pl.col(str(spec.port_column)).cast(pl.String)
        text = pl.concat_str(host, pl.lit(":"), port)
    else:
        text = _escape(column, escape)
    return text.fill_null("-")


def _part(kind: Kind, hits: pl.DataFrame, escape: str) -> pl.Expr:
    """A part of the request that has a field of its own."""
    import polars as pl

    if kind is Kind.REQUEST:
        return _request(hits, escape)
    if kind in (Kind.PATH, Kind.QUERY):
        parts = pl.col("target").str.splitn("?", 2).struct
        text = parts.field("field_0" if kind is Kind.PATH else "field_1")
    else:
        text = pl.col(kind.value) if kind.value in hits.columns else pl.lit(None, pl.String)
    return _escape(text, escape).fill_null("-")


def _request(hits: pl.DataFrame, escape: str) -> pl.Expr:
    import polars as pl

    parts = {
        name: pl.col(name) if name in hits.columns else pl.lit(None, dtype=pl.String)
        for name in ("method", "target", "protocol", "request_raw")
    }
    protocol = pl.concat_str(pl.lit(" "), parts["protocol"]).fill_null("")
    line = pl.concat_str(parts["method"], pl.lit(" "), _escape(parts["target"], escape), protocol)
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
    named = {"clf": _CLF, "iso": _ISO, "any": _ISO}
    # Polars writes a fraction with its point, of as many digits as are asked for.
    return column.dt.strftime(named.get(time_format) or time_format.replace("%.", "%.6f"))


def _seconds(column: pl.Expr, spec: FieldSpec) -> pl.Expr:
    import polars as pl

    if spec.by_point or spec.per_second == 1:
        millis = (column * 1000).round().cast(pl.Int64)
        whole, rest = (millis // 1000).cast(pl.String), (millis % 1000).cast(pl.String)
        return pl.concat_str(whole, pl.lit("."), rest.str.zfill(3))
    return (column * spec.per_second).round().cast(pl.Int64).cast(pl.String)


def _escape(column: pl.Expr, escape: str) -> pl.Expr:
    if escape == "doubled":
        return column.str.replace_all('"', '""', literal=True)
    if escape == "none":
        return column
    if escape == "percent":
        return column.str.replace_many(["%", " "], ["%25", "%20"])
    if escape == "plus":
        return column.str.replace_all(" ", "+", literal=True)
    if escape == "hash":
        return column.str.replace_many(["#", '"', *_CONTROL], ["#23", "#22", *_HASH_ESCAPES])
    if escape == "json":
        return _escape_json(column)
    # The backslash first, or the escapes themselves would be escaped.
    text = column.str.replace_all("\\", "\\\\", literal=True)
    text = text.str.replace_all('"', '\\"', literal=True)
    return text.str.replace_many(_CONTROL, _HEX_ESCAPES)
