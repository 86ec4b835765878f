"""What is known of some lines' format, for people: fields, examples, and what does not fit."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from hitwatch.formats.columns import BY_NAME, REQUEST_PARTS
from hitwatch.formats.fields import FieldSpec, Kind
from hitwatch.formats.format import Format, Layout
from hitwatch.hits.batch import Hits, Reject
from hitwatch.hits.detect import Fit, detect
from hitwatch.hits.key_names import find_labels
from hitwatch.hits.reader import Reader


class FieldDescription(Struct, frozen=True):
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


class NonMatchingLine(Struct, frozen=True):
    """A line that does not fit.

    Attributes:
        reject: the line, the place and the reason.
        nearest: of the other formats the one that fits it, or gets furthest.
        fits: whether that one fits.

    """

    reject: Reject
    nearest: str
    fits: bool


class Description(Struct, frozen=True):
    """What is known of an input's format.

    Attributes:
        origin: the input.
        log_format: the format; the nearest when none fits.
        known: whether it fits well enough.
        envelope: what carries the lines.
        lines: how many lines were looked at.
        fitting: how many of them fit.
        certain: how many of those have nothing but values that look like what they are.
        tied: formats that fit as well.
        fields: what each field means.
        filled: the columns that have a value in any of the lines.
        non_matching: the first lines that do not fit.

    """

    origin: str
    log_format: Format
    known: bool
    envelope: str | None
    lines: int
    fitting: int
    certain: int
    tied: tuple[str, ...]
    fields: tuple[FieldDescription, ...]
    filled: frozenset[str]
    non_matching: tuple[NonMatchingLine, ...]


_SHOWN = 5
_EXAMPLES = 200


def explain(
    origin: str, head: bytes, reader: Reader, *, per_column: bool = False
) -> Description | None:
    """Describe the format of some lines.

    Args:
        origin: where they come from.
        head: whole lines.
        reader: reads them; where it was given the format, all is said of that one alone.
        per_column: whether each column has a row of its own, for the values of one line.

    Returns:
        ``None`` when there are no lines.

    """
    is_given = reader.log_format is not None
    known = reader.recognise(head)
    if not reader.fits:
        return None
    log_format = reader.log_format or _nearest(reader.fits).log_format
    probe = reader.probe().again(columns=None, log_format=log_format)
    probe = probe.only(log_format) if is_given else probe
    found = probe.read(head, keep_rejects=_SHOWN)
    found += probe.finish(_SHOWN)
    rejects = [reject for hits in found for reject in hits.rejects][:_SHOWN]
    used = probe.log_format or log_format
    examples = _examples(found)
    fields = [
        field
        for part in used.parts or (used,)
        for field in _fields(part, examples, reader.unwrap(head))
    ]
    if per_column:
        fields = [row for field in fields for row in _split_columns(field, examples)]
    return Description(
        origin=origin,
        log_format=used,
        known=known,
        envelope=reader.envelope,
        lines=sum(hits.lines for hits in found),
        fitting=sum(len(hits) for hits in found),
        certain=sum(hits.certain for hits in found),
        tied=reader.fits[0].tied,
        fields=tuple(dict.fromkeys(fields)),
        filled=frozenset(examples),
        non_matching=tuple(_non_matching(reject, used) for reject in rejects),
    )


def _examples(found: list[Hits]) -> dict[str, str]:
    """The first value of each column that has any."""
    examples: dict[str, str] = {}
    for hits in found:
        for row in hits.frame().head(_EXAMPLES).iter_rows(named=True):
            for column, value in row.items():
                if value is not None:
                    examples.setdefault(column, str(value))
    return examples


def _fields(log_format: Format, examples: dict[str, str], lines: bytes) -> list[FieldDescription]:
    """The fields under the log's own names; of those that may be missing only what is there."""
    meanings = {column.name: column.meaning for column in log_format.columns}
    labels = find_labels(log_format, lines)
    by_key = [(labels.get(index, ""), key.spec, False) for index, key in enumerate(log_format.keys)]
    if log_format.pattern:
        by_key = [(key.name, key.spec, True) for key in log_format.keys]
    fields = [
        (field.label or field.name, field.spec, not place and field.or_end is None)
        for place, line in enumerate(log_format.lines)
        for field in line.fields
    ]
    always = {label for label, _, is_always in fields if is_always}
    positional = [(label, spec, label in always) for label, spec, _ in fields]
    found: dict[tuple[str, str], FieldDescription] = {}
    for label, spec, is_always in [*positional, *by_key]:
        columns = _columns(spec)
        shown = next((examples[column] for column in columns if column in examples), None)
        if not label or not columns or (shown is None and not is_always):
            continue
        column = ", ".join(columns)
        row = FieldDescription(label, column, meanings.get(columns[0], ""), shown)
        found.setdefault((column, label), row)
    return list(found.values())


def _split_columns(row: FieldDescription, examples: dict[str, str]) -> list[FieldDescription]:
    """A row for each of a field's columns, with its own value."""
    columns = row.column.split(", ")
    if columns[0] == "method" and len(columns) > 1:
        columns.append("request_raw")
    return [
        FieldDescription(row.field, column, BY_NAME[column].meaning, examples.get(column))
        if column in BY_NAME
        else replace(row, column=column, example=examples.get(column))
        for column in columns
        if column in examples or len(columns) == 1
    ]


def _columns(spec: FieldSpec) -> tuple[str, ...]:
    match spec.kind:
        case Kind.REQUEST:
            return REQUEST_PARTS[:-1]
        case Kind.TARGET:
            return ("target", "path", "query", "section")
        case Kind.PATH:
            return ("path", "section")
        case Kind.METHOD | Kind.QUERY | Kind.PROTOCOL:
            return (spec.kind.value,)
        case _:
            return tuple(name for name in (spec.column, spec.port_column) if name)


def _non_matching(reject: Reject, log_format: Format) -> NonMatchingLine:
    others = [fit for fit in detect(reject.line) if fit.log_format.name != log_format.name]
    if not others:
        return NonMatchingLine(reject, "", fits=False)
    best = max(others, key=lambda fit: nearness(fit, reject.line))
    return NonMatchingLine(reject, best.log_format.name, fits=bool(best.fitting))


def _nearest(fits: list[Fit]) -> Fit:
    line = next((fit.reject.line for fit in fits if fit.reject), b"")
    return max(fits, key=lambda fit: nearness(fit, line))


def nearness(fit: Fit, line: bytes) -> tuple[int, bool, int]:
    """How near a format is to a line that may not fit it; one of its layout is always nearer."""
    reached = fit.reject.column if fit.reject else 0
    return fit.fitting, fit.log_format.layout is guess_layout(line), reached


def guess_layout(line: bytes) -> Layout:
    """How the values of a line are laid out, by the look of it."""
    if line.lstrip()[:1] == b"{":
        return Layout.JSON
    if line.count(b"\t") > 1 and all(b":" in item for item in line.split(b"\t")):
        return Layout.LTSV
    words = line.split()
    if words and 2 * sum(b"=" in word for word in words) > len(words):
        return Layout.LOGFMT
    return Layout.POSITIONAL
