"""The keys of JSON output: what the documentation lists is what is printed, no less and no more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from tests.program.running import line, objects, run

DOCS = Path(__file__).parents[2] / "docs"
T0 = 1_767_225_600
FREE = ("statuses", "reject_reasons")
"""Objects whose keys are values of the log."""


def table(name: str) -> dict[str, set[str]]:
    """Rows of the tables of keys in docs/commands.md: the keys of the last cell by the first."""
    found: dict[str, set[str]] = {}
    for row in (DOCS / "commands.md").read_text().splitlines():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if row.startswith("|") and cells[0].split(" (")[0] == name:
            found[cells[1]] = set(re.findall(r"`([a-z0-9_]+)`(?! of)(?!: none)", cells[-1]))
    assert found, f"docs/commands.md has no row {name}"
    return found


def documented(name: str) -> set[str]:
    """All keys of the rows of that name."""
    return set().union(*table(name).values())


def keys_of(rows: Iterable[dict[str, Any]]) -> set[str]:
    """Keys of objects that all have the same."""
    found = {frozenset(row) for row in rows}
    assert len(found) == 1, found
    return set(*found)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with an alert, durations of a guessed unit, and a line that is none."""
    path = tmp_path_factory.mktemp("keys") / "access.log"
    sizes = [9000 if 150 <= step < 170 else 1000 for step in range(200)]
    rows = [line(T0 + 10 * n + 1, f"/s{n % 3}", size) for n, size in enumerate(sizes)]
    timed = [f"{row.rstrip()} {n}05\n" for n, row in enumerate(rows)]
    path.write_text("".join(timed) + "nonsense\n")
    return path


@pytest.mark.parametrize("command", ["replay", "watch"])
def test_of_watch_and_replay(command: str, log: Path) -> None:
    """Every type of line, the lists in it, and what a resolved alert has beside."""
    ended = run(command, "-", "--output-format", "jsonl", text=log.read_text())
    by_type: dict[str, list[dict[str, Any]]] = {}
    for said in objects(ended.stdout):
        by_type.setdefault(said["type"], []).append({k: v for k, v in said.items() if k != "type"})
    of_a_watch = {"state"} if command == "watch" else set()
    assert keys_of(by_type["stats"]) == documented("`stats`") | of_a_watch
    assert keys_of(by_type["end"]) == documented("`end`")
    alerts = table("`alert`")
    firing, resolved = by_type["alert"]
    assert set(firing) == alerts["a rule fires or resolves"]
    assert set(resolved) == set(firing) | alerts["a rule resolves"]
    stats = by_type["stats"]
    for name, rows in {
        "`sections` of `stats`": [row for each in stats for row in each["sections"]],
        "`sections` of `alert`": [row for each in by_type["alert"] for row in each["sections"]],
        "`rules`": [row for each in stats for row in each["rules"]],
        "`duration`": [each["duration"] for each in stats if each["duration"]],
        "`total`": [each["total"] for each in stats],
    }.items():
        assert keys_of(rows) == documented(name), name


def test_of_detect(log: Path) -> None:
    """The object of a source, and what its lists hold."""
    (found,) = objects(run("detect", "--output-format", "jsonl", str(log)).stdout)
    assert set(found) == documented("a source")
    for name in ("guesses", "fields", "misfits"):
        assert keys_of(found[name]) == documented(f"`{name}`"), name


def paths_of(value: Any, at: str = "") -> set[str]:
    """Places in an object, of lists what any item has; names of panels are all alike."""
    if isinstance(value, list):
        return set().union(*(paths_of(item, at) for item in value))
    if not isinstance(value, dict) or at.endswith(FREE):
        return {at}
    anyhow = at.endswith((".panels", ".bounds", ".kinds"))
    return {at}.union(*(paths_of(v, f"{at}.{'*' if anyhow else k}") for k, v in value.items()))


def test_of_the_report(log: Path) -> None:
    """The object that docs/report.md shows has the keys that are printed, both ways."""
    text = (DOCS / "report.md").read_text()
    shown = text[text.index('{"schema_version"') :].split("```")[0]
    plain = re.sub(r":…", ":null", shown.replace('"…Z"', "null"))
    words = ["--output-format", "json", "--compare", "2026-01-01..2026-01-01T00:05"]
    words += ["--since", "2026-01-01T00:05", "--resolution", "10s", "--short", "1m", "--long", "3m"]
    gap = log.with_name("gap.log")
    gap.write_text(log.read_text() + log.read_text().replace("01/Jan", "02/Jan"))
    behind = log.with_name("behind.log")
    request = (
        '"GET /s1 HTTP/1.1" 200 1 "-" "curl/8.5.0" 500 0.2 [a-80] [] 10.0.0.2:80 1 0.1 200 abc'
    )
    behind.write_text(f"192.0.2.1 - - [01/Jan/2026:00:20:00 +0000] {request}\n" * 5)
    printed = json.loads(run("report", str(gap), str(behind), *words).stdout)
    assert paths_of(printed) == paths_of(json.loads(plain))
