"""hitwatch's own log: events with stable keys that programs read, and the state of each part."""

from __future__ import annotations

import json
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from tests.program.running import Live, line, objects, run

KEYS = {
    "reader": {"origins", "lines", "lines_per_s", "lag_bytes"},
    "parser": {"hits", "rejects", "excluded"},
    "tally": {"waiting", "late", "up_to"},
    "judge": {"rule", "state", "value", "baseline", "alerts"},
    "writer": {"periods", "transitions"},
}
"""What the state of each part has."""

HOSTILE = 'x" level=error event="it is well\x1b[2J\u202e'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Half an hour with a surge, and a line that would be more than one."""
    path = tmp_path / "access.log"
    sizes = [100 if second < 1500 else 9000 for second in range(0, 1800, 5)]
    lines = [line(1_767_225_600 + n * 5, size=size) for n, size in enumerate(sizes)]
    path.write_text("".join([*lines[:100], f"{HOSTILE}\n", *lines[100:]]))
    return path


def logged(log: Path, name: str, *words: str) -> str:
    """What a replay logs of itself."""
    own = log.with_name(name)
    ended = run("replay", str(log), "--every", "1m", "--log-file", str(own), *words)
    assert ended.returncode == 0, ended.stderr
    return own.read_text()


def test_lines_are_logfmt(log: Path) -> None:
    """Each begins with time, level, part and event; what a log holds stays one value."""
    lines = logged(log, "own.log").splitlines()
    for each in lines:
        begin = r"time=20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=(info|warning) part=\w+ event="
        assert re.match(begin, each), each
        assert each.isascii()
        assert each.isprintable()
    assert any(
        "part=reader event=format" in each and "format=apache-combined" in each for each in lines
    )
    (rejected,) = [each for each in lines if "event=rejected" in each]
    assert "part=parser" in rejected
    assert "line=101 column=1" in rejected
    text = rejected.partition(" text=")[2]
    assert json.loads(text) == HOSTILE
    assert sum("event=alert" in each and "state=firing" in each for each in lines) == 1
    assert lines[-1].endswith("part=run event=ended lines=361 hits=360 rejects=1 excluded=0")


@pytest.mark.parametrize("name", ["own.jsonl", "own.json", "OWN.NDJSON"])
def test_lines_can_be_json(log: Path, name: str) -> None:
    """The ending says it; the keys and events are the same."""
    said = objects(logged(log, name, "--log-level", "debug"))
    as_text = logged(log, "own.log", "--log-level", "debug").splitlines()
    assert len(said) == len(as_text)
    assert {(each["part"], each["event"]) for each in said} >= {
        ("reader", "read"),
        ("parser", "parsed"),
        ("parser", "rejected"),
        ("tally", "period"),
        ("judge", "judged"),
        ("judge", "alert"),
        ("writer", "shown"),
        ("run", "ended"),
    }
    parsed = [each for each in said if each["event"] == "parsed"]
    assert sum(each["lines"] for each in parsed) == 361
    assert sum(each["rejects"] for each in parsed) == 1
    periods = [each for each in said if each["event"] == "period"]
    assert sum(each["hits"] for each in periods) == 360
    alert = next(each for each in said if each["event"] == "alert")
    assert (alert["level"], alert["rule"], alert["state"]) == ("warning", "outflow", "firing")
    assert not any("object at 0x" in json.dumps(each) for each in said)


def test_the_level_leaves_out_what_is_less_grave(log: Path) -> None:
    """Warnings are rejects and alerts; errors what cannot be read or written."""
    warnings = objects(logged(log, "warnings.jsonl", "--log-level", "warning"))
    assert {each["event"] for each in warnings} == {"rejected", "alert"}
    assert logged(log, "errors.jsonl", "--log-level", "error") == ""
    own = log.with_name("unread.jsonl")
    run("report", str(log), "missing.log", "--log-file", str(own), "--log-level", "error")
    (said,) = objects(own.read_text())
    assert (said["part"], said["event"]) == ("reader", "unreadable")
    assert "missing.log" in said["error"]


def test_the_state_of_each_part_is_told(tmp_path: Path) -> None:
    """In the JSON lines of a watch, and in its own log when USR1 asks."""
    log, own = tmp_path / "access.log", tmp_path / "own.jsonl"
    now = time.time()
    log.write_text("".join(line(now - 60 + n) for n in range(60)))
    live = Live("--from-start", "--every", "500ms", "--log-file", str(own), str(log))

    def stats() -> list[dict[str, Any]]:
        return [each for each in live.said if each["type"] == "stats"]

    live.until(lambda: live.hits == 60)
    state = stats()[-1]["state"]
    assert {part: set(figures) for part, figures in state.items()} == KEYS
    assert state["reader"]["lines"] == state["parser"]["hits"] == 60
    assert state["reader"]["lag_bytes"] == 0
    assert any(each["state"]["reader"]["lines_per_s"] > 0 for each in stats())
    # Nothing comes any more: what came before is no pace.
    live.until(lambda: stats()[-1]["state"]["reader"]["lines_per_s"] == 0)
    live.process.send_signal(signal.SIGUSR1)
    live.until(lambda: "event" in own.read_text() and '"state"' in own.read_text())
    live.until(lambda: any("60 lines = 60 hits" in told for told in live.told))
    live.end()
    told = [each for each in objects(own.read_text()) if each["event"] == "state"]
    for each in told[:5]:
        assert KEYS[each["part"]] <= each.keys()
    assert [each["part"] for each in told[:5]] == list(KEYS)


def test_it_is_said_when_a_watch_has_caught_up(tmp_path: Path) -> None:
    """After much was read at once, and how much that was; of little nothing is said."""
    log = tmp_path / "access.log"
    log.write_text("".join(line(1_767_225_600 + n // 100) for n in range(90_000)))
    live = Live("--from-start", "--every", "500ms", str(log))
    live.until(lambda: any("caught up after 90,000 lines, in " in told for told in live.told))
    with log.open("a") as file:
        file.write(line(1_767_227_000))
    live.until(lambda: live.hits == 90_001)
    live.end()
    assert sum("caught up" in told for told in live.told) == 1
