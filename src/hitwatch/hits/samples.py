"""Formats held to their own samples."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from hitwatch.errors import FormatError
from hitwatch.formats.format import Format, Sample
from hitwatch.hits.reader import Reader
from hitwatch.instants import from_datetime, rfc3339


def check_samples(log_format: Format) -> None:
    """Parse a format's own samples and compare.

    Raises:
        FormatError: a sample does not come out as the format file states.

    """
    for sample in log_format.samples:
        check_sample(log_format, sample)


def check_sample(log_format: Format, sample: Sample) -> None:
    """Parse one sample in a format, which need not be its own, and compare.

    Raises:
        FormatError: it does not come out as it is stated.

    """
    for wrong in _differences(log_format, sample):
        raise FormatError(wrong, where=log_format.name)


def _differences(log_format: Format, sample: Sample) -> Iterator[str]:
    *_, hits = Reader(None, log_format).read(sample.line.encode())
    for reject in hits.rejects:
        yield f"sample rejected at column {reject.column}: {reject.reason}: {sample.line}"
        return
    row = hits.frame().row(0, named=True)
    for column, expected in sample.expect.items():
        value = _plain(row.get(column))
        if value != expected:
            yield f"sample gives {column} = {value!r}, not {expected!r}: {sample.line}"


def _plain(value: Any) -> Any:
    return rfc3339(from_datetime(value)) if isinstance(value, datetime) else value
