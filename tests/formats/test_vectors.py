"""Lines from other projects' test suites, with the values that those assert."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from hitwatch.formats.format import Layout
from hitwatch.formats.registry import by_name
from hitwatch.formats.server_strings import resolve_format
from hitwatch.formats.w3c import with_fields
from hitwatch.hits.envelopes import FRAMES, unwrap
from hitwatch.hits.reader import Reader

VECTORS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "vectors.jsonl").read_text().splitlines()
]
ARGUED = {
    # The peer takes the end (`time`, whole seconds); the start is in StartUTC.
    "traefik-json-602e4c121a": {"time"},
}
"""What we read otherwise, with the reason; docs/formats.md has them all."""


def line_of(vector: dict[str, Any]) -> bytes:
    """The line as bytes."""
    if "line_b64" in vector:
        return base64.b64decode(vector["line_b64"])
    line: str = vector["line"]
    return line.encode("utf-8", "surrogateescape")


def reader_of(vector: dict[str, Any]) -> Reader:
    """A reader of the vector's format."""
    if vector.get("format_spec"):
        return Reader(None, resolve_format(vector["format_spec"]))
    log_format = by_name(vector["format"])
    if vector.get("header") and log_format.layout is Layout.W3C:
        log_format = with_fields(log_format, vector["header"])
    return Reader(None, log_format)


def read(vector: dict[str, Any]) -> dict[str, Any] | None:
    """The row of the vector's line; ``None`` when it is rejected."""
    line = line_of(vector) + b"\n"
    for envelope in ("", "syslog", "docker"):
        bare = unwrap(tuple(frame for frame in FRAMES if frame.name == envelope), line)
        for name in [None, *(["envoy-default"] if envelope == "docker" else [])]:
            reader = reader_of(vector | ({"format": name} if name else {}))
            *_, hits = reader.read(bare)
            if len(hits):
                return hits.frame().row(0, named=True)
    return None


def same(name: str, found: Any, wanted: Any) -> bool:
    """Compare one value as the vectors mean it."""
    if name == "time" and wanted is not None:
        at = datetime.fromisoformat(wanted)
        if at.tzinfo is None:
            at = at.replace(tzinfo=found.tzinfo)
        return bool(abs((at - found).total_seconds()) <= 1e-5)
    if name.endswith("duration_s") and None not in (found, wanted):
        difference: float = abs(found - wanted)
        return difference <= 1e-6
    return bool(found == wanted)


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_vectors(vector: dict[str, Any]) -> None:
    """The line is read as the peer reads it, or rejected where the peer rejects it."""
    row = read(vector)
    if vector.get("expect_error"):
        assert row is None
        return
    assert row is not None
    wrong = {
        name: (row.get(name), wanted)
        for name, wanted in vector["expect"].items()
        if not same(name, row.get(name), wanted)
    }
    assert wrong.keys() <= ARGUED.get(vector["id"], set()), wrong
