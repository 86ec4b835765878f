"""The known formats: as a list, as a Markdown table, and one of them in full."""

from __future__ import annotations

from collections.abc import Sequence

from hitwatch.formats.fields import PER_SECOND, FieldSpec, Kind
from hitwatch.formats.format import Format, Layout
from hitwatch.render.detection import aligned, meanings
from hitwatch.render.units import markdown

_HEAD = ("name", "server", "versions", "durations", "bytes", "time", "a guess", "source")
_LOCAL = "zone"
_PERHAPS_LOCAL = "zone, where an offset is missing"
_PUBLIC = ("duration_s", "upstream_duration_s")


def formats_to_text(formats: Sequence[Format]) -> str:
    """The known formats, a line each."""
    rows = [(f.name, ", ".join(f.aliases), f.title) for f in formats]
    return "\n".join(aligned(("name", "also", "what"), rows)) + "\n"


def formats_to_markdown(formats: Sequence[Format]) -> str:
    """The known formats as a table: who writes them, what their figures mean, what is a guess."""
    rows = [_row(log_format) for log_format in sorted(formats, key=lambda known: known.name)]
    lines = [_HEAD, ("---",) * len(_HEAD), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def format_to_text(log_format: Format) -> str:
    """One format in full: who writes it, what its fields mean, and a line of it."""
    lines = [f"{log_format.name}: {log_format.title}", f"  {log_format.source}"]
    for word, said in (
        ("also", ", ".join(log_format.aliases)),
        ("server", log_format.server),
        ("versions", log_format.versions),
    ):
        if said:
            lines.append(f"  {word}: {said}")
    lines += [f"  {text}" for text in meanings(log_format)]
    if durations := durations_of(log_format):
        lines.append(f"  its durations are logged in {durations}")
    lines += [f"  a guess unless told: {said}" for said in guesses_of(log_format)]
    if log_format.notes:
        lines.append(f"  {log_format.notes}")
    rows = [(column.name, column.type.value, column.meaning) for column in log_format.columns]
    lines += ["", *aligned(("column", "type", "meaning"), rows), "", "  for instance:"]
    lines += [
        f"    {line}" for sample in log_format.samples[:2] for line in sample.line.split("\n")
    ]
    return "\n".join(lines) + "\n"


def _row(log_format: Format) -> tuple[str, ...]:
    sent = log_format.bytes_mean if log_format.fills("bytes") else "none"
    timed = log_format.time_means if log_format.fills("time") else "none"
    return (
        f"`{log_format.name}`",
        markdown(log_format.server),
        markdown(log_format.versions),
        durations_of(log_format) or "none",
        sent,
        timed,
        "; ".join(guesses_of(log_format)),
        f"[link]({log_format.source.replace(')', '%29').replace('(', '%28')})",
    )


def durations_of(log_format: Format) -> str:
    """The units in which a format has durations; empty: it has none.

    Returns:
        ``ms``; ``µs or s, as lines tell`` where the unit is open; each once. Those of its own
        columns where it has no others.

    """
    if log_format.layout is Layout.W3C and not log_format.evidence:
        return "as `#Software` and `#Fields` tell"
    if log_format.normalized_keys and not log_format.identifying_keys:
        return "as named, else as lines tell"
    timed = [spec for _, spec in log_format.specs if spec.kind is Kind.SECONDS]
    public = [spec for spec in timed if spec.column in _PUBLIC]
    return "; ".join(dict.fromkeys(_unit(spec) for spec in public or timed))


def _unit(spec: FieldSpec) -> str:
    units = spec.units or tuple(u for u, n in PER_SECOND.items() if n == spec.per_second)
    words = " or ".join("µs" if unit == "us" else unit for unit in units)
    return f"{words}, as lines tell" if spec.units else words


def guesses_of(log_format: Format) -> list[str]:
    """What lines of a format can leave open, so that it is a guess unless an option tells it."""
    said = []
    specs = [spec for _, spec in log_format.specs]
    if log_format.layout is Layout.W3C and not log_format.evidence:
        said.append("unit, where nothing tells it")
    elif any(spec.units for spec in specs):
        since = ", ".join(dict.fromkeys(str(day) for _, day in log_format.integer_units_since))
        said.append(f"unit, in lines since {since}" if since else "unit")
    written = {
        spec.time_format or log_format.time_format for spec in specs if spec.kind is Kind.TIME
    }
    if log_format.layout is not Layout.W3C and log_format.fills("time"):
        if "any" in written:
            said.append(_PERHAPS_LOCAL)
        elif not any(_has_offset(text) for text in written):
            said.append(_LOCAL)
    if any("%m/%d/" in text for text in written) and any("%d/%m/" in text for text in written):
        said.append("order of day and month")
    return said


def _has_offset(time_format: str) -> bool:
    return time_format in ("clf", "iso") or any(d in time_format for d in ("epoch:", "%z", "%Z"))
