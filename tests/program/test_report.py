"""Reports from outside, and every panel against a plain count."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.program.running import COMMAND, environment, run

from hitwatch.hits.reader import Reader
from hitwatch.instants import SECOND
from hitwatch.readmodel import Report, View
from hitwatch.run import fold
from hitwatch.run.logs import open_logs
from hitwatch.run.report import Reporting
from hitwatch.select.filter import Filter
from hitwatch.stats.panels import panels
from hitwatch.stats.urls import is_static, referring_site
from hitwatch.stats.user_agents import classify

T0 = 1_767_225_600
AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; "
    "+https://openai.com/gptbot)",
    "curl/8.5.0",
]
PATHS = ["/", "/shop/cart", "/shop/a b", "/img/a.png", "/css/x.CSS", "/user/7/x", "/old"]


def rows(count: int, seed: int = 5) -> list[dict[str, Any]]:
    """Random hits as plain values."""
    rng = random.Random(seed)
    return [
        {
            "at": T0 + rng.randrange(3 * 86_400),
            "client": f"192.0.2.{rng.randrange(40)}",
            "method": rng.choice(["GET", "GET", "POST"]),
            "path": rng.choice(PATHS),
            "status": rng.choice([200, 200, 200, 404, 503]),
            "bytes": rng.randrange(10_000),
            "referrer": rng.choice([None, "https://www.example.org/x", "https://a.example/y?z"]),
            "agent": rng.choice(AGENTS),
        }
        for _ in range(count)
    ]


def line_of(row: dict[str, Any]) -> str:
    """A combined line."""
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(row["at"]))
    return (
        f'{row["client"]} - - [{stamp}] "{row["method"]} {row["path"]}?q=1 HTTP/1.1"'
        f' {row["status"]} {row["bytes"]} "{row["referrer"] or "-"}" "{row["agent"]}"\n'
    )


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """A log of random hits, with lines that are none, and the hits."""
    hits = sorted(rows(5000), key=lambda row: row["at"])
    path = tmp_path_factory.mktemp("logs") / "access.log"
    lines = [line_of(row) for row in hits]
    path.write_text("".join([*lines[:2000], "nonsense\n", *lines[2000:]]))
    return path, hits


def report(*words: str) -> dict[str, Any]:
    """A report as JSON."""
    ended = run("report", "--output-format", "json", "--quiet", *words)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def day(at: int) -> str:
    """The day of UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(at))


KEYS: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "days": lambda row: day(row["at"]),
    "hours": lambda row: time.strftime("%H", time.gmtime(row["at"])),
    "sections": lambda row: "/" + row["path"].split("/")[1],
    "day_hours": lambda row: time.strftime("%Y-%m-%d %H", time.gmtime(row["at"])),
    "paths": lambda row: row["path"],
    "pages": lambda row: None if is_static(row["path"]) else row["path"],
    "static_files": lambda row: row["path"] if is_static(row["path"]) else None,
    "not_found": lambda row: row["path"] if row["status"] == 404 else None,
    "client_errors": lambda row: row["path"] if row["status"] == 404 else None,
    "server_errors": lambda row: row["path"] if row["status"] == 503 else None,
    "failing_paths": lambda row: f"{row['status']} {row['path']}" if row["status"] >= 400 else None,
    "clients": lambda row: row["client"],
    "networks": lambda row: "192.0.2.0/24",
    "address_families": lambda row: "IPv4",
    "methods": lambda row: row["method"],
    "protocols": lambda _: "HTTP/1.1",
    "statuses": lambda row: str(row["status"]),
    "referring_sites": lambda row: referring_site(row["referrer"]),
    "agent_kinds": lambda row: classify(row["agent"]).kind,
    "browsers": lambda row: (
        f"{classify(row['agent']).browser} {classify(row['agent']).browser_version}".strip() or None
    ),
    "bots": lambda row: (
        f"{classify(row['agent']).bot} ({classify(row['agent']).kind})"
        if classify(row["agent"]).bot
        else None
    ),
}


def counted(hits: list[dict[str, Any]], panel: str) -> dict[str, dict[str, int]]:
    """A panel, counted plainly."""
    found: dict[str, dict[str, Any]] = {}
    for row in hits:
        key = KEYS[panel](row)
        if key is None:
            continue
        figures = found.setdefault(key, {"visitors": set(), "n": Counter()})
        figures["visitors"].add((row["client"], row["agent"], day(row["at"])))
        human = classify(row["agent"]).kind == "human"
        figures["n"].update(
            hits=1,
            bytes=row["bytes"],
            errors_4xx=400 <= row["status"] < 500,
            errors_5xx=row["status"] >= 500,
            bots=not human,
        )
        figures["n"]["largest"] = max(figures["n"]["largest"], row["bytes"])
    return {
        key: {**figures["n"], "visitors": len(figures["visitors"])}
        for key, figures in found.items()
    }


@pytest.mark.parametrize("panel", sorted(KEYS))
def test_panels(logged: tuple[Path, list[dict[str, Any]]], panel: str) -> None:
    """Every figure of every row is what a plain count gives."""
    path, hits = logged
    found = report(str(path), "--panel", panel)["panels"][panel]
    told = {row.pop("key"): {k: v for k, v in row.items() if k != "name"} for row in found}
    for row in told.values():
        failed = row["errors_4xx"] + row["errors_5xx"]
        assert row.pop("error_ratio") == round(failed / row["hits"], 4)
        assert sum(row.pop("trend", [row["hits"]])) == row["hits"]
        kinds = row.pop("kinds", {}).values()
        for name in ("hits", "visitors", "bytes") if kinds else ():
            assert sum(of[name] for of in kinds) == row[name]
    assert told == counted(hits, panel)
    order = [row["hits"] for row in found]
    assert panel in ("days", "hours", "day_hours") or order == sorted(order, reverse=True)


def test_totals_and_balance(logged: tuple[Path, list[dict[str, Any]]]) -> None:
    """Totals, the covered range, and where every line went."""
    path, hits = logged
    found = report(str(path))
    totals = found["totals"]
    assert (totals["lines"], totals["hits"], totals["rejects"]) == (5001, 5000, 1)
    assert totals["bytes"] == sum(row["bytes"] for row in hits)
    assert totals["paths"] == len(PATHS)
    assert totals["statuses"]["404"] == sum(row["status"] == 404 for row in hits)
    distinct = {(row["client"], row["agent"], day(row["at"])) for row in hits}
    assert totals["visitors"] == len(distinct)
    assert found["range"]["start"].startswith(day(hits[0]["at"]))
    assert found["schema_version"] == 1
    assert found["sources"][0]["log_format"] == "apache-combined"


@pytest.mark.parametrize(
    ("words", "keep"),
    [
        (["--where", "status >= 500"], lambda row: row["status"] >= 500),
        (["--where", 'path like "/shop/*" and not method == "POST"'], None),
        (["--exclude-client", "192.0.2.0/28"], lambda r: int(r["client"].split(".")[3]) >= 16),
        (["--exclude-path", "/img/*"], lambda row: not row["path"].startswith("/img/")),
        (["--no-bots"], lambda row: classify(row["agent"]).kind == "human"),
        (["--only-bots"], lambda row: classify(row["agent"]).kind != "human"),
        (["--since", "2026-01-02"], lambda row: row["at"] >= T0 + 86_400),
        (["--until", "2026-01-02"], lambda row: row["at"] < T0 + 86_400),
    ],
)
def test_choosing(logged: tuple[Path, list[dict[str, Any]]], words: list[str], keep: Any) -> None:
    """What is left out is counted apart, and the panels are those of what is left."""
    path, hits = logged
    keep = keep or (lambda row: row["path"].startswith("/shop/") and row["method"] != "POST")
    kept = [row for row in hits if keep(row)]
    found = report(str(path), *words)
    totals = found["totals"]
    assert (totals["hits"], totals["excluded"]) == (len(kept), len(hits) - len(kept))
    assert totals["lines"] == totals["hits"] + totals["rejects"] + totals["excluded"]
    told = {row["key"]: row["hits"] for row in found["panels"]["paths"]}
    assert told == {key: row["hits"] for key, row in counted(kept, "paths").items()}


def test_outputs(logged: tuple[Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    """All outputs hold the same rows; a spreadsheet finds no formula."""
    path, hits = logged
    files = [tmp_path / f"r.{ending}" for ending in ("json", "jsonl", "csv", "md", "txt")]
    words = [word for file in files for word in ("-o", str(file))]
    assert run("report", str(path), *words).returncode == 0
    clients = counted(hits, "clients")
    table = list(csv.DictReader(io.StringIO(files[2].read_text())))
    assert {r["key"]: int(r["hits"]) for r in table if r["panel"] == "clients"} == {
        key: row["hits"] for key, row in clients.items()
    }
    lines = [json.loads(line) for line in files[1].read_text().splitlines()]
    assert sum(line.get("panel") == "clients" for line in lines) == len(clients)
    assert json.loads(files[0].read_text())["totals"]["hits"] == 5000
    assert "## Clients" in files[3].read_text()
    assert "5,001 lines = 5,000 hits + 1 reject + 0 excluded" in files[4].read_text()
    evil = tmp_path / "evil.log"
    evil.write_text(line_of(rows(1)[0] | {"path": "=HYPERLINK(1)"}) * 3)
    run("report", str(evil), "-o", str(tmp_path / "evil.csv"))
    assert "paths,'=HYPERLINK(1)" in (tmp_path / "evil.csv").read_text()


def test_parquet(logged: tuple[Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    """All panels are one table that data frames read."""
    path, hits = logged
    out = tmp_path / "report.parquet"
    assert run("report", str(path), "-o", str(out)).returncode == 0
    table = pl.read_parquet(out)
    clients = table.filter(pl.col("panel") == "clients")
    told = dict(zip(clients["key"], clients["visitors"], strict=True))
    assert told == {key: row["visitors"] for key, row in counted(hits, "clients").items()}


def test_rows_are_ordered_limited_and_left_out(
    logged: tuple[Path, list[dict[str, Any]]],
) -> None:
    """Figure and number of rows can be chosen for all panels or for one; a panel can go."""
    path, hits = logged
    words = ["--sort", "bytes", "--sort", "methods=visitors", "--top", "3", "--top", "paths=2"]
    found = report(str(path), *words, "--no-panel", "hours")["panels"]
    assert "hours" not in found
    assert [len(found[name]) for name in ("clients", "paths", "days")] == [3, 2, 3]
    by_bytes = sorted(counted(hits, "clients").items(), key=lambda item: -item[1]["bytes"])
    assert [row["key"] for row in found["clients"]] == [key for key, _ in by_bytes[:3]]
    visitors = [row["visitors"] for row in found["methods"]]
    assert visitors == sorted(visitors, reverse=True)


def test_sections_can_be_made_otherwise(logged: tuple[Path, list[dict[str, Any]]]) -> None:
    """Groups and collapsed ids give the sections; no hit is lost, with or without a path."""
    path, hits = logged
    words = ["--section-group", "pictures=/img/*", "--section-depth", "2", "--collapse-ids"]
    found = report(str(path), *words)["panels"]["sections"]
    told = {row["key"]: row["hits"] for row in found}
    assert sum(told.values()) == len(hits)
    assert told["pictures"] == sum(row["path"].startswith("/img/") for row in hits)
    assert told["/user/:id"] == sum(row["path"] == "/user/7/x" for row in hits)
    connect = '192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "CONNECT a:443 HTTP/1.1" 405 0 "-" "x"\n'
    ended = run(*("report", "-", "--output-format", "json", *words), text=connect * 3)
    panels = json.loads(ended.stdout)["panels"]
    assert [(row["key"], row["hits"]) for row in panels["sections"]] == [("(connect)", 3)]


def test_two_times_are_compared(logged: tuple[Path, list[dict[str, Any]]]) -> None:
    """Rows know what they were before, and the keys that grew most come first."""
    path, hits = logged
    words = ["--since", "2026-01-02", "--until", "2026-01-03", "--compare", "previous"]
    found = report(str(path), *words)
    now = [row for row in hits if day(row["at"]) == "2026-01-02"]
    before = [row for row in hits if day(row["at"]) == "2026-01-01"]
    assert found["previous"]["hits"] == len(before)
    assert found["previous"]["start"] == "2026-01-01T00:00:00Z"
    assert found["totals"]["hits"] == len(now)
    earlier = counted(before, "paths")
    for row in found["panels"]["paths"]:
        assert row["previous"]["hits"] == earlier[row["key"]]["hits"]
        assert row["previous"]["visitors"] == earlier[row["key"]]["visitors"]
    sign = 1 if len(now) >= len(before) else -1
    changes = [
        sign * (row["hits"] - row.get("previous", {"hits": 0})["hits"])
        for row in found["panels"]["what_grew"]
    ]
    assert changes == sorted(changes, reverse=True)
    assert all(change > 0 for change in changes)
    again = report(str(path), *words[:4], "--compare", "2026-01-01..2026-01-02")
    assert again["panels"] == found["panels"]


def test_what_is_new_and_what_is_gone_explains_a_difference(tmp_path: Path) -> None:
    """A path that was not there before and its section stand first; of less traffic, what fell."""
    base = rows(1)[0] | {"status": 200}
    early = [base | {"at": T0 + n, "path": "/a/x"} for n in range(50)]
    late = [base | {"at": T0 + 3600 + n, "path": "/new/x"} for n in range(200)]
    log = tmp_path / "access.log"
    log.write_text("".join(map(line_of, [*early, *late])))
    hours = ["2026-01-01T00:00..2026-01-01T01:00", "2026-01-01T01:00..2026-01-01T02:00"]
    for (since, until), other, first in (
        (hours[1].split(".."), hours[0], ["/new/x", "/new"]),
        (hours[0].split(".."), hours[1], ["/new/x", "/new"]),
    ):
        words = ["--since", since, "--until", until, "--compare", other]
        contributors = report(str(log), *words)["panels"]["what_grew"]
        assert [row["key"] for row in contributors[:2]] == first


def test_what_is_set_before_a_report_is_made_counts(
    logged: tuple[Path, list[dict[str, Any]]],
) -> None:
    """Python ends the reading at the first log that fails, and a terminal follows it."""
    path, _ = logged
    done: list[int] = []

    def reporting() -> Reporting:
        reader = Reader(None)
        logs = open_logs([str(path)], lambda _: reader, print)
        return Reporting(logs, panels(), None, Filter(), print, lambda: False)

    ended = reporting()
    ended.stopped = lambda: True
    assert ended.make(View()).lines == 0
    followed = reporting()
    followed.progress = done.append
    assert followed.make(View()).lines == 5001
    assert sum(done) == path.stat().st_size


def test_of_a_large_file_only_the_wanted_times_are_read(
    logged: tuple[Path, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What lies outside is passed over, and the figures are the same; not so without order."""
    path, hits = logged
    monkeypatch.setattr(fold, "WORTH_SEEKING", 1)
    middle = (T0 + 86_400) * SECOND, (T0 + 2 * 86_400) * SECOND
    wanted = sum(middle[0] <= row["at"] * SECOND < middle[1] for row in hits)

    def made(file: Path) -> Report:
        reader = Reader(None)
        return Reporting(
            logs=open_logs([str(file)], lambda _: reader, print),
            panels=panels(),
            rule=None,
            hit_filter=Filter(time_range=middle),
            notify=print,
            stopped=lambda: False,
        ).make(View())

    found = made(path)
    assert found.hits == wanted
    assert found.lines < 2000 < 5001
    assert found.sources[0].bytes_passed_over > path.stat().st_size // 2
    lines = path.read_text().splitlines(keepends=True)
    mixed = tmp_path / "mixed.log"
    mixed.write_text("".join([*lines[2500:], *lines[:2500]]))
    found = made(mixed)
    assert (found.hits, found.lines, found.sources[0].bytes_passed_over) == (wanted, 5001, 0)


def test_hits_without_an_agent_are_in_the_panels_of_agents() -> None:
    """Who sends no User-Agent is unknown, not absent."""
    row = rows(1)[0]
    text = line_of(row | {"agent": AGENTS[0]}) + 2 * line_of(row | {"agent": "-"})
    ended = run("report", "-", "--output-format", "json", text=text)
    panels = json.loads(ended.stdout)["panels"]
    told = {name: {row["key"]: row["hits"] for row in panels[name]} for name in panels}
    assert told["agent_kinds"] == {"unknown": 2, "human": 1}
    assert told["browsers"] == {"(unknown)": 2, "Chrome 120": 1}
    assert told["operating_systems"] == {"(unknown)": 2, "Windows 10": 1}


def test_visitors_of_many_days_are_exact_while_those_of_each_day_are() -> None:
    """A visitor is one of a day, so days that are exact add up to an exact total."""
    base = rows(1)[0]
    text = "".join(
        line_of(base | {"at": T0 + day * 86_400, "client": f"10.0.{n // 200}.{n % 200}"})
        for day in range(4)
        for n in range(900)
    )
    found = json.loads(run("report", "-", "--output-format", "json", text=text).stdout)
    assert found["totals"]["visitors"] == 3600
    assert found["bounds"]["days"]["visitors_error"] == 0


def test_a_log_without_times_has_totals_all_the_same() -> None:
    """Bytes and visitors of all hits do not hang on days."""
    ended = run(
        *("report", "-", "--log-format", '%h "%r" %>s %b', "--output-format", "json"),
        text='192.0.2.1 "GET /a HTTP/1.1" 200 5\n192.0.2.2 "GET /a HTTP/1.1" 200 7\n',
    )
    totals = json.loads(ended.stdout)["totals"]
    assert (totals["hits"], totals["bytes"], totals["visitors"]) == (2, 12, 2)


def test_a_pipe_is_read_once(logged: tuple[Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    """A named pipe is a log too, though it cannot be looked at twice."""
    path, _ = logged
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(path.read_bytes()), daemon=True)
    writer.start()
    assert report(str(pipe))["totals"]["hits"] == 5000
    writer.join(10)


def test_many_files(logged: tuple[Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    """Rotated and compressed files are one log; one that cannot be read is passed over."""
    path, _ = logged
    whole = report(str(path))
    lines = path.read_bytes().splitlines(keepends=True)
    (tmp_path / "a.log").write_bytes(b"".join(lines[3000:]))
    (tmp_path / "b.log.gz").write_bytes(gzip.compress(b"".join(lines[:3000])))
    parts = report(str(tmp_path / "a.log"), str(tmp_path / "b.log.gz"))
    assert parts["panels"] == whole["panels"]
    assert [source["lines"] for source in parts["sources"]] == [3000, 2001]
    (tmp_path / "c.log").write_bytes(b"\0\1\2" * 1000)
    ended = run("report", str(tmp_path / "a.log"), str(tmp_path / "c.log"))
    assert ended.returncode == 3
    assert "binary file" in ended.stderr
    assert "2,001 hits" in ended.stdout
    ended = run("report", str(tmp_path / "gone.log"), str(tmp_path / "a.log"))
    assert (ended.returncode, "2,001 hits" in ended.stdout) == (3, True)
    assert "gone.log: no such file" in ended.stderr
    ended = run("report", str(tmp_path / "gone.log"))
    assert (ended.returncode, ended.stdout) == (3, "")


def test_an_interrupt_ends_the_reading_and_says_what_was_read(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a large log gives a report of a part that says it is one."""
    log = tmp_path / "access.log"
    block = "".join(line_of(row) for row in rows(20_000)).encode()
    with log.open("wb") as file:
        for _ in range(100):
            file.write(block)
    process = subprocess.Popen(
        [*COMMAND, "report", str(log)], stdout=subprocess.PIPE, env=environment(), text=True
    )
    time.sleep(0.6)
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    said, _ = process.communicate(timeout=20)
    assert time.monotonic() - asked < 3
    assert process.returncode == 130
    assert "not everything was read" in said


def test_alerts_that_would_have_fired(tmp_path: Path) -> None:
    """The report names the alerts that replay raises, at the same instants."""
    log = tmp_path / "surge.log"
    scenario = tmp_path / "s.toml"
    scenario.write_text(
        '[[phases]]\nrate = 20\nduration = "40m"\n[[incidents]]\nkind = "surge"\n'
        'start = "30m"\nduration = "4m"\nstrength = 6\n'
    )
    assert run("simulate", str(scenario), "-o", str(log)).returncode == 0
    replayed = run("replay", "--output-format", "jsonl", str(log)).stdout.splitlines()
    changes = [said for said in map(json.loads, replayed) if said["type"] == "alert"]
    found = report(str(log))["alerts"]
    assert [alert["fired_at"] for alert in found] == [
        said["at"] for said in changes if said["state"] == "firing"
    ]
    assert [alert["resolved_at"] for alert in found if alert["resolved_at"]] == [
        said["at"] for said in changes if said["state"] == "resolved"
    ]
    assert found
    assert run("report", "--fail-on-alert", str(log)).returncode == 1


def test_wrong_words(logged: tuple[Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    """What makes no sense is refused before anything is read."""
    path = str(logged[0])
    for words, said in (
        (["--where", "stats > 5"], "status"),
        (["--panel", "pahts"], "unknown panel 'pahts' (did you mean 'paths'?)"),
        (["-o", str(tmp_path / "r.pdf")], "no output ends in"),
        (["--since", "tomorrow-ish"], "tomorrow-ish"),
        (["--exclude-client", "10.0.0.0/99"], "10.0.0.0/99"),
        (["--sort", "size"], "unknown metric 'size'"),
        (["--section-group", "a=~("], "invalid regular expression"),
        (["--section-group", "/img/*"], "NAME=GLOB"),
        (["--top", "paths=0"], "--top must be a positive integer, not '0'"),
        (["--compare", "previous"], "--since"),
        (["--compare", "yesterday"], "no time to compare with"),
    ):
        ended = run("report", path, *words)
        assert ended.returncode == 2, ended.stderr
        assert said in ended.stderr


def test_totals_that_are_estimates_state_their_error(tmp_path: Path) -> None:
    """Of what cannot be held the totals keep the bound they state, as JSON and as text."""
    path, count = tmp_path / "access.log", 90_000
    path.write_text(
        "".join(
            f"10.{n >> 16}.{n >> 8 & 255}.{n & 255} - - [01/Jan/2026:00:00:00 +0000]"
            f' "GET /{n}/{n}.png HTTP/1.1" 404 5 "https://example.org/{n}" "Mozilla/5.0"\n'
            for n in range(count)
        )
    )
    text = run("report", str(path), "-o", str(tmp_path / "r.json"), "-o", "-", folder=tmp_path)
    totals = json.loads((tmp_path / "r.json").read_text())["totals"]
    for name in ("visitors", "sections", "paths", "clients", "static_files", "not_found"):
        assert 0 < totals["errors"][name] <= 0.006, name
        assert abs(totals[name] / count - 1) < 4 * totals["errors"][name], name
        assert f"{totals[name]:,} ± 0.6%" in text.stdout
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:900]))
    few = json.loads(run("report", str(path), "--output-format", "json").stdout)["totals"]
    assert set(few["errors"].values()) == {0.0}
    assert (few["visitors"], few["paths"], few["clients"]) == (900, 900, 900)
    assert " ± " not in run("report", str(path)).stdout.split("Sections")[0]


def test_a_report_is_as_its_reader_wants_it(tmp_path: Path) -> None:
    """Panels in the order asked for, lines that fit, a page of ten rows, and all of them in CSV."""
    (tmp_path / "access.log").write_text(
        "".join(
            f'192.0.2.{n} - - [01/Jan/2026:00:00:00 +0000] "GET /{"x" * 60}{n} HTTP/1.1" 404 5\n'
            for n in range(40)
        )
    )
    words = ("report", "access.log", "--panel", "statuses", "--panel", "paths")
    text = run(*words, folder=tmp_path, COLUMNS="90").stdout
    assert text.index("\nStatuses (") < text.index("\nPaths (")
    assert max(map(len, text.splitlines())) <= 90
    paths = [line for line in text.splitlines() if line.startswith("  /xxx")]
    assert len(paths) == 10
    assert run(*words, folder=tmp_path, COLUMNS="200").stdout.count(f"/{'x' * 60}") == 10
    files = ("-o", "r.md", "-o", "r.csv")
    run(*words, *files, folder=tmp_path)
    page, table = ((tmp_path / name).read_text() for name in ("r.md", "r.csv"))
    assert (page.count("| /xxx"), table.count("paths,/xxx")) == (10, 40)
    run(*words, *files, "--top", "paths=25", folder=tmp_path)
    page, table = ((tmp_path / name).read_text() for name in ("r.md", "r.csv"))
    assert (page.count("| /xxx"), table.count("paths,/xxx")) == (25, 25)


def timed(target: str, micros: int, status: int = 200, client: str = "192.0.2.1") -> str:
    """A line that says how long it took."""
    return (
        f'{client} - - [10/Oct/2026:13:55:36 +0000] "GET {target} HTTP/1.1" {status} 5 "-" "-"'
        f" {micros}\n"
    )


TIMED = ("--log-format", '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %D')


def test_rare_keys_are_ranked_behind_others(tmp_path: Path) -> None:
    """One slow request makes no slow path; the panel says from how many hits on keys count."""
    log = tmp_path / "access.log"
    log.write_text(
        timed("/once", 9_000_000, 500) + 60 * timed("/often", 500_000) + 50 * timed("/fast", 1000)
    )
    made = report(str(log), *TIMED, "--sort", "paths=error_ratio", "--sort", "pages=total_s")
    order = {name: [row["key"] for row in made["panels"][name]] for name in made["panels"]}
    assert order["slowest_paths"] == ["/often", "/fast", "/once"]
    assert order["paths"] == ["/fast", "/often", "/once"]
    assert order["pages"] == ["/often", "/once", "/fast"]
    bounds = made["bounds"]
    assert bounds["slowest_paths"]["ranked_from"] == bounds["paths"]["ranked_from"] == 50
    assert bounds["pages"]["ranked_from"] == 0
    rows = {row["key"]: row for row in made["panels"]["paths"]}
    assert rows["/often"]["duration"]["total_s"] == pytest.approx(30)
    assert rows["/once"]["error_ratio"] == 1
    text = run("report", str(log), *TIMED, "--panel", "slowest_paths").stdout
    assert "Slowest paths (3; those with 50 hits or more first)" in text


def test_networks_of_clients(tmp_path: Path) -> None:
    """IPv4 by /24, IPv6 by /48; names have none, and anonymous clients either."""
    log = tmp_path / "access.log"
    clients = ("192.0.2.1", "192.0.2.99", "2001:db8:1:2::3", "2001:db8:1:ffff::4", "host.example")
    log.write_text("".join(timed("/", 1, client=client) for client in clients))
    made = report(str(log), *TIMED)
    networks = {row["key"]: row["hits"] for row in made["panels"]["networks"]}
    assert networks == {"192.0.2.0/24": 2, "2001:db8:1::/48": 2}
    families = {row["key"]: row["hits"] for row in made["panels"]["address_families"]}
    assert families == {"IPv4": 2, "IPv6": 2}
    for words in (("truncate",), ("hash", "--anonymize-key-file", str(tmp_path / "key"))):
        (tmp_path / "key").write_text("secret" * 4)
        private = report(str(log), *TIMED, "--anonymize", *words)
        assert "networks" not in private["panels"]
        assert "2001:db8:1:2" not in json.dumps(private)


def test_what_is_compared_has_errors_and_durations(tmp_path: Path) -> None:
    """Of each row and in all; CSV has the counts."""
    log = tmp_path / "access.log"
    before = timed("/a", 200_000, 404) + timed("/a", 400_000, 500)
    log.write_text(before.replace("13:55:36", "12:55:36") + timed("/a", 100_000))
    words = (str(log), *TIMED, "--since", "2026-10-10T13:00", "--until", "2026-10-10T14:00")
    made = report(*words, "--compare", "previous")
    totals = made["previous"]
    assert (totals["errors_4xx"], totals["errors_5xx"], totals["clients"]) == (1, 1, 1)
    assert totals["duration"]["max_s"] == pytest.approx(0.4)
    (row,) = made["panels"]["paths"]
    assert row["previous"]["error_ratio"] == 1
    assert row["previous"]["duration"]["mean_s"] == pytest.approx(0.3)
    text = run("report", *words, "--compare", "previous", "--output-format", "csv").stdout
    (found,) = [each for each in csv.DictReader(io.StringIO(text)) if each["panel"] == "paths"]
    assert (found["previous_hits"], found["previous_errors_4xx"]) == ("2", "1")


ALB = (
    "http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817"
    " 10.0.0.1:80 0.000 {time} 0.000 200 200 34 366"
    ' "GET http://www.example.com:80/slow HTTP/1.1" "curl/7.46.0" - -'
    " arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067"
    ' "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward"'
    ' "-" "-" "10.0.0.1:80" "200" "-" "-"\n'
)


def test_the_time_of_a_target_stands_in_where_there_is_no_other(tmp_path: Path) -> None:
    """The report of a load balancer's log has durations, and says whose they are."""
    log = tmp_path / "alb.log"
    log.write_text("".join(ALB.format(time=f"0.{n:03}") for n in range(100)))
    made = report(str(log))
    assert made["durations_of"] == "upstreams"
    assert made["totals"]["duration"]["max_s"] == pytest.approx(0.099)
    (row,) = made["panels"]["slowest_paths"]
    assert row["duration"]["total_s"] == pytest.approx(sum(range(100)) / 1000)
    text = run("report", str(log)).stdout
    assert "\nupstream latency mean 49.5 ms" in text
    assert "\nDurations of upstreams\n" in text
    shown = run("replay", "--every", "1h", str(log)).stdout
    assert "; upstream latency p50 " in shown
    own = tmp_path / "own.log"
    own.write_text(60 * timed("/", 1000))
    assert report(str(own), *TIMED)["durations_of"] == "requests"


def test_times_of_upstreams_and_sizes_of_requests_are_told_apart(tmp_path: Path) -> None:
    """In rows, in totals and in the head, and rows can be ordered by them."""
    path = tmp_path / "access.log"
    lines = [
        f"192.0.2.1 - - [01/Jan/2026:00:00:{n % 60:02} +0000]"
        f' "GET /{n % 2} HTTP/1.1" 200 9 "-" "-" {100 + n % 2} 0.5 [a] [] 10.0.0.2:80 9'
        f" {(0.1, 0.4)[n % 2]} 200 abc\n"
        for n in range(200)
    ]
    path.write_text("".join(lines))
    found = report(str(path), "--sort", "upstream_p95_s")
    first, second = found["panels"]["paths"]
    assert (first["key"], second["key"]) == ("/1", "/0")
    assert first["upstream"]["mean_s"] == pytest.approx(0.4)
    assert second["upstream"]["total_s"] == pytest.approx(10)
    assert first["duration"]["mean_s"] == pytest.approx(0.5)
    assert (first["bytes_received"], second["bytes_received"]) == (10_100, 10_000)
    totals = found["totals"]
    assert (totals["bytes_received"], totals["upstream"]["max_s"]) == (20_100, 0.4)
    by_size = report(str(path), "--sort", "bytes_received")["panels"]["paths"]
    assert [row["key"] for row in by_size] == ["/1", "/0"]
    text = run("report", str(path)).stdout
    assert "1.80 kB sent, 20.1 kB received" in text
    assert "upstream p50" in text
