"""The JSON Schema of a report is what its types say, and a report is what the schema says.

``UPDATE_GOLDENS=1 pytest tests/render/test_schema.py`` writes ``docs/report.schema.json`` anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec

from hitwatch.render.report_schema import ReportObject, schema

HERE = Path(__file__).parent
SCHEMA = HERE.parent.parent / "docs" / "report.schema.json"


def test_the_schema_in_the_docs_is_that_of_the_types() -> None:
    """A key that is added, dropped or means something else changes the documented schema."""
    text = json.dumps(schema(), indent=2) + "\n"
    if os.environ.get("UPDATE_GOLDENS"):
        SCHEMA.write_text(text)
    assert SCHEMA.read_text() == text


def test_a_report_has_the_keys_of_its_types_and_no_others() -> None:
    """Read by its types and written again, a report is the same."""
    golden = (HERE / "goldens" / "report.json").read_bytes()
    report = msgspec.json.decode(golden, type=ReportObject)
    assert json.loads(msgspec.json.encode(report)) == json.loads(golden)
