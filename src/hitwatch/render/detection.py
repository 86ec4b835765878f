"""What was found out about a log's format, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hitwatch.formats.format import Format
from hitwatch.hits.explain import Description, NonMatchingLine
from hitwatch.render.guesses import guess_object, guess_wording
from hitwatch.render.units import printable

_TIME = {"start": "when the request was received", "end": "when the request had been answered"}
_BYTES = {"body": "the body alone", "wire": "all that was sent, headers included"}
_WIDEST = 60
_SHOWN_LINE = 100


def to_text(found: Description) -> str:
    """Say what was found out.

    Args:
        found: of one input.

    Returns:
        Lines of text, ended by a line feed; control characters are spelled out.

    """
    # A format that was asked for is known, whether or not it fits.
    is_none = found.known and not found.fitting
    verdict = _verdict(found, "" if found.known else "unknown")
    lines = [f"{found.origin}: {'not ' if is_none else ''}{verdict}"]
    lines += _title(found.log_format)
    lines.append(f"  {_fit_wording(found)}")
    if found.tied:
        lines.append(f"  {' and '.join(found.tied)} would fit as well")
    if not is_none:
        lines += _understood(found)
    if found.fields and not is_none:
        lines += _table(found, "example")
    if found.non_matching:
        lines += ["", "  lines that do not fit:"]
        for non_matching in found.non_matching:
            lines += _non_matching(non_matching)
    return "\n".join(lines) + "\n"


def line_to_text(found: Description) -> str:
    """Say how one line is read: its values, or where it stops to fit.

    Args:
        found: of that line.

    Returns:
        Lines of text, ended by a line feed; control characters are spelled out.

    """
    lines = [_verdict(found, "" if found.fitting else "no hit")]
    if found.fitting > found.certain:
        lines.append("  doubtful: a value seldom looks like this in its place")
    if found.fitting:
        lines += [*_title(found.log_format), *_understood(found), *_table(found, "value")]
    for non_matching in found.non_matching:
        lines += _non_matching(non_matching)
    return "\n".join(lines) + "\n"


def _verdict(found: Description, misses: str) -> str:
    """The format and what carries its lines; ``misses``: how it is not that of the input."""
    name = found.log_format.name
    said = f"{misses}; nearest is {name}" if misses else name
    return f"{said}, carried by {found.envelope}" if found.envelope else said


def _title(log_format: Format) -> list[str]:
    return [f"  {printable(log_format.title)}"] if log_format.title else []


def _understood(found: Description) -> list[str]:
    """What time and bytes mean, and what is a guess."""
    guesses = [printable(guess_wording(guess)) for guess in found.log_format.guesses]
    return [f"  {text}" for text in [*_filled_meanings(found), *guesses]]


def _table(found: Description, head: str) -> list[str]:
    rows = [(row.field, row.column, _short(row.example)) for row in found.fields]
    return ["", *aligned(("field", "column", head), rows)]


def _fit_wording(found: Description) -> str:
    share = found.fitting / found.lines if found.lines else 0.0
    said = f"{found.fitting:,} of the first {found.lines:,} lines fit ({share:.1%})"
    if found.certain < found.fitting:
        doubtful = found.fitting - found.certain
        said += f"; {doubtful:,} of them are doubtful: a value seldom looks like this in its place"
    return said


def _filled_meanings(found: Description) -> list[str]:
    """What time and bytes mean, as far as lines have any."""
    said = meanings(found.log_format)
    if found.fitting and "bytes" not in found.filled and found.log_format.fills("bytes"):
        said[1] = "none of these lines has bytes: the outflow rule watches hits in their place"
    return said


def meanings(log_format: Format) -> list[str]:
    """What a format's time and bytes mean."""
    said = []
    if log_format.fills("time"):
        said.append(f"its time is {_TIME[log_format.time_means]}")
    else:
        said.append("it has no complete time: parse reads it, watch and replay cannot")
    if log_format.fills("bytes"):
        said.append(f"its bytes are {_BYTES[log_format.bytes_mean]}")
    else:
        said.append("it has no bytes: the outflow rule watches hits in their place")
    return said


def aligned(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows under their head, indented, each column as wide as it needs."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    ]


def _short(example: str | None) -> str:
    if example is None:
        return "-"
    shown = printable(example)
    return shown if len(shown) <= _WIDEST else shown[: _WIDEST - 1] + "…"


def _non_matching(non_matching: NonMatchingLine) -> list[str]:
    """The line, a caret under the spot, and the reason."""
    reject = non_matching.reject
    spot = reject.column - 1
    begin = max(0, spot - _SHOWN_LINE // 2)
    before = printable(reject.line[begin:spot].decode("utf-8", "backslashreplace"))
    behind = printable(reject.line[spot : begin + _SHOWN_LINE].decode("utf-8", "backslashreplace"))
    cut = "…" if begin else ""
    said = [
        f"    line {reject.line_number}, column {reject.column}: {reject.reason}",
        f"      {cut}{before}{behind}",
        f"      {' ' * (len(cut) + len(before))}^",
    ]
    if non_matching.nearest:
        how = "it is" if non_matching.fits else "nearest is"
        said.append(f"      {how} {non_matching.nearest}")
    return said


def to_json(found: Description) -> str:
    """The same as one JSON object, without line end."""
    log_format = found.log_format
    encoded: bytes = msgspec.json.encode(
        {
            "origin": found.origin,
            "log_format": log_format.name if found.known else None,
            "nearest": log_format.name,
            "wrapper": found.envelope,
            "lines": found.lines,
            "fitting": found.fitting,
            "certain": found.certain,
            "tied": list(found.tied),
            "time_means": log_format.time_means,
            "bytes_mean": log_format.bytes_mean if "bytes" in found.filled else None,
            "guesses": [guess_object(guess) for guess in log_format.guesses],
            "fields": [
                {"field": f.field, "column": f.column, "meaning": f.meaning, "example": f.example}
                for f in found.fields
            ],
            "misfits": [
                {
                    "line_number": m.reject.line_number,
                    "column": m.reject.column,
                    "reason": m.reject.reason,
                    "line": m.reject.line.decode("utf-8", "backslashreplace"),
                    "nearest": m.nearest,
                    "fits": m.fits,
                }
                for m in found.non_matching
            ],
        }
    )
    return encoded.decode()
