"""Recognising a format from lines."""

from __future__ import annotations

import pytest

from hitwatch.formats.registry import builtin
from hitwatch.hits.detect import detect
from hitwatch.hits.reader import Reader
from hitwatch.stats.panels import columns_needed, panels

LAYOUTS = [
    {"apache-combined", "nginx-default", "nginx-main"},
    {"iis-w3c", "w3c"},
    {"common", "traefik-clf"},
]
SAMPLES = [(name, sample.line) for name, f in builtin().items() for sample in f.samples]


@pytest.mark.parametrize(("name", "line"), SAMPLES)
def test_samples_are_recognised(name: str, line: str) -> None:
    """Each sample of a format is recognised as that format, or one of the same layout."""
    reader = Reader(None)
    assert reader.recognise(line.encode() + b"\n")
    assert reader.fit
    assert reader.fit.share == 1
    found = reader.fit.log_format.name
    assert found == name or any({found, name} <= same for same in LAYOUTS)


@pytest.mark.parametrize("name", sorted(builtin()))
def test_nothing_that_is_left_out_could_be_better(name: str) -> None:
    """The best, and what is as good, are the same whether all formats are tried to the end or not.

    Among lines of one format are some of others, in front of them or behind those that are
    tried first, and lines of none.
    """
    lines = [sample.line.encode() + b"\n" for sample in builtin()[name].samples]
    others = [line.encode() + b"\n" for other, line in SAMPLES if other != name][::40]
    whole = b"".join(lines)
    many, first, bad = lines[0] * 30, b"".join(others), b"garbage\n"
    mixed = (many + first, first + many * 4, bad + many, bad * 3 + many * 2, many + bad + many)
    for data in (*lines, whole, whole[:-1], many, *mixed):
        assert detect(data)[0] == detect(data, builtin().values())[0]


def test_nonsense_fits_nothing() -> None:
    """Lines that no format fits are not claimed by any."""
    assert detect(b"once upon a time\nthere was a log\n")[0].share == 0


def test_a_log_that_begins_with_nonsense() -> None:
    """Nonsense is rejected, and the format is found when real lines come."""
    sample = builtin()["common"].samples[0].line.encode() + b"\n"
    reader = Reader(sorted(columns_needed(panels())))
    assert reader.read(b"nonsense\n")[0].rejected == 1
    assert reader.log_format is None
    assert len(reader.read(sample)[0]) == 1
    assert reader.log_format is builtin()["common"]


def test_values_one_place_further_on_are_no_hits() -> None:
    """An address where IIS's default fields have the method: the lines have one field more."""
    line = (
        b"2026-10-10 13:55:36 W3SVC1 10.0.0.5 GET /a - 80 - 192.0.2.1 HTTP/1.1 curl - 304 0 0 344\n"
    )
    assert detect(line * 3)[0].share == 0
