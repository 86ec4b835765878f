"""Sections as the user makes them, and paths without ids, alike in every command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.program.running import Live, line, objects, run

import hitwatch

PATHS = [
    *("/api/v1/user/17", "/api/v1/user/18", "/shop/cart", "/shop/a.png", "/a.png", "/7", "/8"),
    "/",
]
GROUPS = ("--section-group", "images=*.png", "--section-group", "api=~^/api/v[0-9]+/")
EXPECTED = {"images": 2, "api": 2, "/shop": 1, "/:id": 2, "/": 1, "(connect)": 1}
CONNECT = '192.0.2.1 - - [14/Nov/2023:22:13:20 +0000] "CONNECT a:443 HTTP/1.1" 200 5 "-" "-"\n'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A hit for each path, and one without any."""
    path = tmp_path / "access.log"
    lines = [line(1_700_000_000).replace("/a/x", target) for target in PATHS]
    path.write_text("".join([*lines, CONNECT]))
    return path


def hits_by(rows: list[dict[str, Any]], name: str) -> dict[str, int]:
    """Hits by key."""
    return {row[name]: row["hits"] for row in rows}


def test_every_command_makes_the_same_sections(log: Path) -> None:
    """In reports, display periods, rows and SQL, in conditions, and in Python."""
    words = (*GROUPS, "--collapse-ids")
    made = json.loads(run("report", str(log), "--output-format", "json", *words).stdout)
    assert hits_by(made["panels"]["sections"], "key") == EXPECTED
    shown = objects(run("replay", str(log), "--output-format", "jsonl", *words).stdout)
    assert hits_by(shown[0]["sections"], "section") == EXPECTED
    sql = "SELECT section, count(*) AS hits FROM hits GROUP BY section"
    asked = run("query", sql, str(log), "--output-format", "jsonl", *words)
    assert hits_by(objects(asked.stdout), "section") == EXPECTED
    rows = objects(run("parse", str(log), "--columns", "section,path", *words).stdout)
    assert [row["section"] for row in rows].count("api") == 2
    chosen = run("parse", str(log), "--where", 'section == "images"', *words)
    assert len(objects(chosen.stdout)) == 2
    frame = hitwatch.scan(
        log, section_group=["images=*.png", "api=~^/api/v[0-9]+/"], collapse_ids=True
    )
    found = frame.select("section").collect()["section"].value_counts().rows()
    assert dict(found) == EXPECTED
    live = Live("--from-start", "--every", "200ms", *words, str(log))
    live.until(lambda: live.hits == len(PATHS) + 1)
    counted = next(said for said in live.said if said["type"] == "stats" and said["hits"])
    live.end()
    assert hits_by(counted["sections"], "section") == EXPECTED


def test_ids_are_collapsed_in_paths_everywhere(log: Path) -> None:
    """Rows say ``:id``; conditions see the whole path."""
    expected = ["/api/v1/user/:id"] * 2
    rows = objects(run("parse", str(log), "--columns", "path", "--collapse-ids").stdout)
    assert [row["path"] for row in rows[:2]] == expected
    assert rows[-1]["path"] is None
    where = ("--where", 'path == "/api/v1/user/17"', "--collapse-ids")
    assert [row["path"] for row in objects(run("parse", str(log), *where).stdout)] == expected[:1]
    words = ("--output-format", "jsonl", "--panel", "paths", "--collapse-ids")
    shown = objects(run("replay", str(log), *words).stdout)
    assert hits_by(shown[0]["panels"]["paths"], "key")["/:id"] == 2
    asked = run(
        *("query", "SELECT path, count(*) AS hits FROM hits GROUP BY path", str(log)),
        *("--collapse-ids", "--output-format", "jsonl"),
    )
    assert hits_by(objects(asked.stdout), "path")["/:id"] == 2


def test_alerts_name_the_sections_of_the_user(tmp_path: Path) -> None:
    """The contributors of a replay and of a report are alike."""
    log = tmp_path / "access.log"
    log.write_text(
        "".join(
            line(1_700_000_000 + n, size=100 if n < 1600 else 9000).replace("/a/x", f"/{n % 3}.png")
            for n in range(1800)
        )
    )
    words = (str(log), "--section-group", "images=*.png")
    said = objects(run("replay", *words, "--output-format", "jsonl").stdout)
    fired = next(each for each in said if each["type"] == "alert")
    assert [each["key"] for each in fired["contributors"]] == ["images"]
    made = json.loads(run("report", *words, "--output-format", "json").stdout)
    assert made["alerts"][0]["contributors"] == fired["contributors"]


def test_they_can_be_set_for_all_commands(log: Path) -> None:
    """In a settings file, which a flag overrules."""
    (log.parent / "hitwatch.toml").write_text(
        'collapse-ids = true\nsection-group = ["images=*.png", "api=/api/*"]\n'
    )
    words = ("report", str(log), "--output-format", "json")
    made = json.loads(run(*words, folder=log.parent).stdout)
    assert hits_by(made["panels"]["sections"], "key") == EXPECTED
    kept = json.loads(run(*words, "--keep-ids", folder=log.parent).stdout)
    assert hits_by(kept["panels"]["sections"], "key")["/7"] == 1


def test_a_group_that_makes_no_sense_is_refused_by_all(log: Path) -> None:
    """With what could be written."""
    for command in (["report"], ["replay"], ["parse"], ["query", "SELECT path FROM hits"]):
        ran = run(*command, str(log), "--section-group", "images")
        assert ran.returncode == 2
        assert "write NAME=GLOB or NAME=~REGEX" in ran.stderr
