"""What is known of some lines' format, for people: fields, examples, and what does not fit."""

from __future__ import annotations

from dataclasses import dataclass

from hitwatch.hits.columns import REQUEST_PARTS
from hitwatch.hits.compile import Reject
from hitwatch.hits.detect import Fit, detect
from hitwatch.hits.fields import Kind, Reading
from hitwatch.hits.format import Format
from hitwatch.hits.reader import Reader


@dataclass(frozen=True, slots=True)
class Described:
    """One field of a format.

    Attributes:
        field: its name in the format, or the name it stands under in the log.
        column: the columns it fills, with commas between them.
        meaning: what the column means.
        example: a value from the lines, as text; ``None`` when they have none.

    """

    field: str
    column: str
    meaning: str
    example: str | None


@dataclass(frozen=True, slots=True)
class Misfit:
    """A line that does not fit.

    Attributes:
        reject: the line, the place and the reason.
        nearest: of the other formats the one that fits it, or gets furthest.
        fits: whether that one fits.

    """

    reject: Reject
    nearest: str
    fits: bool


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of an input's format.

    Attributes:
        origin: the input.
        log_format: the format; the nearest when none fits.
        known: whether it fits well enough.
        wrapper: what carries the lines.
        lines: how many lines were looked at.
        fitting: how many of them fit.
        tied: formats that fit as well.
        fields: what each field means.
        misfits: the first lines that do not fit.

    """

    origin: str
    log_format: Format
    known: bool
    wrapper: str | None
    lines: int
    fitting: int
    tied: tuple[str, ...]
    fields: tuple[Described, ...]
    misfits: tuple[Misfit, ...]


_SHOWN = 5


def describe(origin: str, head: bytes, reader: Reader) -> Description | None:
    """Describe the format of some lines.

    Args:
        origin: where they come from.
        head: whole lines.
        reader: reads them; it may know the format already.

    Returns:
        ``None`` when there are no lines.

    """
    known = reader.recognise(head)
    if not reader.fits:
        return None
    log_format = reader.log_format or reader.fits[0].log_format
    probe = Reader(None, log_format, zone=reader.zone, framing=reader.framing)
    found = probe.read(head, keep_rejects=_SHOWN)
    found += probe.finish(_SHOWN)
    rejects = [reject for hits in found for reject in hits.rejects][:_SHOWN]
    used = probe.log_format or log_format
    rows = [row for hits in found for row in hits.frame().head(200).iter_rows(named=True)]
    examples: dict[str, str] = {}
    for row in rows:
        for column, value in row.items():
            if value is not None:
                examples.setdefault(column, str(value))
    return Description(
        origin=origin,
        log_format=used,
        known=known,
        wrapper=reader.wrapper,
        lines=sum(hits.lines for hits in found),
        fitting=sum(len(hits) for hits in found),
        tied=reader.fits[0].tied,
        fields=tuple(_fields(used, examples)),
        misfits=tuple(_misfit(reject, used) for reject in rejects),
    )


def _fields(log_format: Format, examples: dict[str, str]) -> list[Described]:
    meanings = {column.name: column.meaning for column in log_format.columns}
    found: dict[tuple[str, str], Described] = {}
    names = {(key.name, key.reading): ".".join(key.path) for key in log_format.keys}
    for name, reading in log_format.readings:
        columns = _columns(reading)
        if not columns:
            continue
        shown = next((examples[column] for column in columns if column in examples), None)
        if log_format.keys and shown is None:
            continue
        label = names.get((name, reading), name)
        column = ", ".join(columns)
        described = Described(label, column, meanings.get(columns[0], ""), shown)
        found.setdefault((column, "" if log_format.keys else label), described)
    return list(found.values())


def _columns(reading: Reading) -> tuple[str, ...]:
    match reading.kind:
        case Kind.REQUEST:
            return REQUEST_PARTS[:-1]
        case Kind.TARGET:
            return ("target", "path", "query", "section")
        case Kind.PATH:
            return ("path", "section")
        case Kind.METHOD | Kind.QUERY | Kind.PROTOCOL:
            return (reading.kind.value,)
        case _:
            return tuple(name for name in (reading.column, reading.port_column) if name)


def _misfit(reject: Reject, log_format: Format) -> Misfit:
    others = [fit for fit in detect(reject.line) if fit.log_format.name != log_format.name]
    if not others:
        return Misfit(reject, "", fits=False)
    best = max(others, key=_reached)
    return Misfit(reject, best.log_format.name, fits=bool(best.fitting))


def _reached(fit: Fit) -> tuple[int, int]:
    return fit.fitting, fit.reject.column if fit.reject else 0
