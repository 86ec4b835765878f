"""The known formats, loaded from their files; a format that fails its own samples is refused."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from hitwatch.errors import FormatError
from hitwatch.hits.compile import Parser
from hitwatch.hits.format import Format, Sample, read_format
from hitwatch.spans import rfc3339


@cache
def builtin() -> dict[str, Format]:
    """The formats shipped with hitwatch, by name.

    Raises:
        FormatError: a format file is wrong.

    """
    folder = files("hitwatch.hits") / "builtin"
    texts = {item.name: item.read_text("utf-8") for item in folder.iterdir()}
    formats = [
        read_format(text, where=name) for name, text in sorted(texts.items()) if ".toml" in name
    ]
    return {known.name: known for known in formats}


def by_name(name: str) -> Format:
    """Look a format up by its name or an alias of it.

    Raises:
        FormatError: no format has that name.

    """
    for known in builtin().values():
        if name == known.name or name in known.aliases:
            return known
    raise FormatError(
        f"unknown log format {name!r}",
        hint=f"known formats: {', '.join(sorted(builtin()))}",
    )


def check_samples(log_format: Format) -> None:
    """Parse a format's own samples and compare.

    Raises:
        FormatError: a sample does not come out as the format file states.

    """
    for sample in log_format.samples:
        for wrong in _differences(log_format, sample):
            raise FormatError(wrong, where=log_format.name)


def _differences(log_format: Format, sample: Sample) -> Iterator[str]:
    hits = Parser(log_format).parse(sample.line.encode())
    for reject in hits.rejects:
        yield f"sample rejected at column {reject.column}: {reject.reason}: {sample.line}"
        return
    row = hits.frame().row(0, named=True)
    for column, expected in sample.expect.items():
        value = _plain(row.get(column))
        if value != expected:
            yield f"sample gives {column} = {value!r}, not {expected!r}: {sample.line}"


def _plain(value: Any) -> Any:
    from datetime import datetime

    from hitwatch.spans import from_datetime

    return rfc3339(from_datetime(value)) if isinstance(value, datetime) else value
