"""Lines as people's servers and collectors write them, with the values that are right.

A case is one TOML file in ``cases``: ``source`` says who reported the like, ``options`` are those
of ``hitwatch parse``, ``input`` is the log, ``expect`` has a table a hit with the columns that
matter, ``rejects`` says how many lines are none. All lines are written for these tests.
"""

from __future__ import annotations

import math
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.program.running import objects, run

from hitwatch.render.units import count

CASES = sorted((Path(__file__).parent / "cases").glob("*.toml"))


def same(found: Any, wanted: Any) -> bool:
    """Compare one value: times as instants, numbers up to rounding."""
    if isinstance(wanted, datetime):
        return bool(abs((datetime.fromisoformat(found) - wanted).total_seconds()) < 2e-3)
    if isinstance(wanted, float) and isinstance(found, int | float):
        return math.isclose(found, wanted, rel_tol=1e-6, abs_tol=1e-9)
    # TOML has no null: what must be absent is written as false.
    return found is None if wanted is False else bool(found == wanted)


@pytest.mark.parametrize("case", CASES, ids=[path.stem for path in CASES])
def test_cases(case: Path, tmp_path: Path) -> None:
    """Every hit of the case has the values that are right, and no line is lost."""
    table = tomllib.loads(case.read_text("utf-8"))
    log = tmp_path / "input.log"
    log.write_bytes(table["input"].encode())
    ran = run("parse", str(log), "--all-fields", *table.get("options", ()))
    hits = objects(ran.stdout)
    assert len(hits) == len(table["expect"]), ran.stderr
    wrong = [
        (number, name, hit.get(name), wanted)
        for number, (hit, expected) in enumerate(zip(hits, table["expect"], strict=True), 1)
        for name, wanted in expected.items()
        if not same(hit.get(name), wanted)
    ]
    assert not wrong
    assert f" + {count(table.get('rejects', 0), 'reject')}" in ran.stderr
