"""A report of each virtual host, in one reading."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from tests.program.running import run

from hitwatch.alerting.rule import SurgeRule
from hitwatch.cli.report_by import files_of
from hitwatch.run import scopes

T0 = 1_767_225_600
HOSTS = ("www.example.org", "shop.example.org", "a.example", "UPPER.example")


def lines_of(host: str, number: int) -> str:
    """A line of a host's log."""
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(T0 + number * 10))
    request = f'"GET /{number % 5} HTTP/1.1" {200 if number % 7 else 404} {number}'
    return f'{host} 192.0.2.{number % 9} - - [{stamp}] {request} "-" "curl/8.5.0"\n'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Hosts in any order, and lines that are none."""
    rng = random.Random(3)
    path = tmp_path / "access.log"
    hosts = [rng.choice(HOSTS[: 1 + number % 4]) for number in range(900)]
    lines = [lines_of(host, number) for number, host in enumerate(hosts)]
    path.write_text("".join(lines) + "no line\n" * 3)
    return path


def without_reading(made: dict[str, Any]) -> dict[str, Any]:
    """A report without what is said of the reading."""
    totals = {k: v for k, v in made["totals"].items() if k not in ("elapsed_s", "bytes_read")}
    left_out = ("lines", "rejects", "excluded", "reject_reasons")
    totals = {k: v for k, v in totals.items() if k not in left_out}
    return {**{k: v for k, v in made.items() if k not in ("sources", "host")}, "totals": totals}


def test_each_is_what_a_report_of_the_host_alone_would_be(log: Path) -> None:
    """With panels, alerts, and what is compared; the busiest host is the first."""
    words = ("report", str(log), "--log-format", "vhost-combined", "--output-format", "json")
    more = ("--since", "2026-01-01T01:00", "--compare", "previous")
    found = json.loads(run(*words, *more, "--by", "host").stdout)
    assert found["by"] == "host"
    assert (found["lines"], found["rejects"]) == (903, 3)
    assert found["hits"] == sum(made["totals"]["hits"] for made in found["reports"])
    hits = [made["totals"]["hits"] for made in found["reports"]]
    assert hits == sorted(hits, reverse=True)
    assert {made["host"] for made in found["reports"]} == set(HOSTS)
    for made in found["reports"]:
        alone = run(*words, *more, "--where", f'host == "{made["host"]}"')
        assert without_reading(made) == without_reading(json.loads(alone.stdout))


def test_text_and_markdown_name_the_host_of_each(log: Path) -> None:
    """Below the balance of all."""
    words = ("report", str(log), "--log-format", "vhost-combined", "--by", "host")
    text = run(*words).stdout
    assert text.startswith("903 lines = 900 hits + 3 rejects + 0 excluded, of 4 hosts\n")
    for host in HOSTS:
        assert f"\n=== {host}: " in text
    pages = run(*words, "--output-format", "md").stdout
    assert pages.count("# Access log report of ") == 4


def test_each_has_a_file_of_its_own(log: Path) -> None:
    """However hosts are called, none is written elsewhere."""
    out = log.with_name("out")
    out.mkdir()
    words = ("report", str(log), "--log-format", "vhost-combined", "--by", "host")
    ran = run(*words, "-o", str(out / "r-{host}.json"), "-o", str(out / "{host}.csv"))
    assert ran.returncode == 0, ran.stderr
    names = {path.name for path in out.iterdir()}
    plain = ("www.example.org", "shop.example.org", "a.example", "upper.example")
    assert names == {f"r-{name}.json" for name in plain} | {f"{name}.csv" for name in plain}
    made = json.loads((out / "r-www.example.org.json").read_text())
    assert made["schema_version"] == 1
    assert made["totals"]["hits"] > 0


def test_hosts_that_look_alike_have_files_of_their_own() -> None:
    """Whatever is left of their names."""
    hosts = ("A.example", "a.example", "a/example", "..", "", "x" * 500)
    found = files_of("/tmp/{host}.json", hosts)
    assert len(set(found.values())) == len(hosts)
    assert all(path.parent == Path("/tmp") for path in found.values())
    assert all(len(path.name) < 120 for path in found.values())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "report.json"), "name a file of each: -o report-{host}.json"),
        (("--output-format", "csv"), "write a file of each: -o 'report-{host}.csv'"),
        (("--by", "client"), "'client' is not"),
    ],
)
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], said: str, log: Path) -> None:
    """Before anything is read."""
    ran = run("report", str(log), "--by", "host", *words, folder=log.parent)
    assert ran.returncode == 2
    assert said in ran.stderr


def test_hits_without_a_host_are_told_together(log: Path) -> None:
    """Also where no log says which host a hit was for."""
    plain = log.with_name("plain.log")
    plain.write_text('192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5\n' * 4)
    ran = run("report", str(plain), "--by", "host")
    assert "\n=== (none): 4 hits\n" in ran.stdout
    assert "none of the hits says which host it was for" in ran.stderr
    assert "of logs read in" not in ran.stdout


def test_of_no_hits_there_is_no_report(tmp_path: Path) -> None:
    """What became of the lines is told all the same."""
    empty = tmp_path / "access.log"
    empty.write_text("")
    ran = run("report", str(empty), "--by", "host")
    assert ran.returncode == 0
    assert ran.stdout == "0 lines = 0 hits + 0 rejects + 0 excluded, of 0 hosts\n"


def test_there_are_no_more_reports_than_memory_has_room_for(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hosts are what clients send: those that come last are told together."""
    monkeypatch.setattr(scopes, "MOST", 2)
    found = scopes.Scopes((), SurgeRule(), "host")
    first = [found.of(key) for key in ("a", "b")]
    assert [found.of(key) for key in ("c", "d")] == [found.of("(other)")] * 2
    assert [found.of(key) for key in ("a", "b")] == first
    assert found.of("(other)") not in first
