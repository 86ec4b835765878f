"""Proxies, anonymous clients, redacted queries, chosen hits and places, from outside."""

from __future__ import annotations

import csv
import io
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.lookup.test_maxmind import ASNS, CITIES, database
from tests.program.running import Live, line, objects, run

import hitwatch
from hitwatch.privacy.redact import anonymize
from hitwatch.render import units
from hitwatch.tally import Balance

T0 = 1_767_225_600
FORWARDED = (
    '{peer} - {user} [01/Jan/2026:00:00:0{second} +0000] "GET {target} HTTP/1.1" 200 100'
    ' "https://a.example/?sid=geheim4" "{agent}" "{header}"\n'
)
SECRETS = ("geheim", "203.0.113.7", "203.0.113.8", "ann")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Two clients behind a proxy, one of them a bot, one client by itself, and a torn line."""
    path = tmp_path / "access.log"
    rows = (
        ("10.0.0.1", "ann", "/in?token=geheim1&x=1", "Mozilla/5.0", "8.8.8.8, 203.0.113.7"),
        ("10.0.0.1", "-", "/in?token=geheim2", "Mozilla/5.0", "203.0.113.8, 10.0.0.2"),
        ("203.0.113.7", "-", "/out", "curl/8.5.0", "-"),
    )
    with path.open("w") as file:
        for second, (peer, user, target, agent, header) in enumerate(rows):
            file.write(
                FORWARDED.format(
                    peer=peer, user=user, second=second, target=target, agent=agent, header=header
                )
            )
        file.write("203.0.113.7 torn?token=geheim3\n")
    return path


def parse(*words: str, **environment: str) -> list[dict[str, Any]]:
    """Rows of a log."""
    ended = run("parse", *words, "--quiet", folder=None, text=None, **environment)
    assert ended.returncode == 0, ended.stderr
    return objects(ended.stdout)


def panel(name: str, *words: str) -> dict[str, int]:
    """Hits by key of a panel of a report."""
    ended = run("report", "--output-format", "csv", "--panel", name, "--quiet", *words)
    assert ended.returncode == 0, ended.stderr
    rows = csv.DictReader(io.StringIO(ended.stdout))
    return {row["key"]: int(row["hits"]) for row in rows if row["panel"] == name}


def test_clients_behind_proxies_in_every_mode(log: Path) -> None:
    """Rows, panels and live figures are of the clients that the proxies name."""
    words = (str(log), "--trusted-proxy", "10.0.0.0/8")
    rows = parse(*words, "--columns", "client")
    assert rows == [{"client": f"203.0.113.{last}"} for last in (7, 8, 7)]
    assert panel("clients", *words) == {"203.0.113.7": 2, "203.0.113.8": 1}
    said = objects(run("replay", *words, "--output-format", "jsonl").stdout)
    assert said[0]["clients"] == 2
    file = log.with_name("proxies")
    file.write_text("# ours\n10.0.0.0/8\n")
    assert parse(str(log), "--trusted-proxy", f"@{file}", "--columns", "client") == rows
    settings = {"HITWATCH_TRUSTED_PROXY": "192.168.0.0/16, 10.0.0.0/8"}
    assert parse(str(log), "--columns", "client", **settings) == rows


@pytest.mark.parametrize("command", ["parse", "report", "replay"])
def test_a_log_without_the_header_is_told_once(command: str, tmp_path: Path) -> None:
    """Proxies cannot be seen through where nothing is logged of whom they name."""
    paths = [tmp_path / "a.log", tmp_path / "b.log"]
    for path in paths:
        path.write_text(line(T0))
    ended = run(command, *map(str, paths), "--trusted-proxy", "10.0.0.0/8")
    assert ended.returncode == 0
    assert ended.stderr.count("logs no X-Forwarded-For") == 1


def test_nothing_private_leaves_by_any_door(log: Path) -> None:
    """Neither rows nor rejects, reports, live figures nor hitwatch's own log tell a secret."""
    rejects, own_log = log.with_name("rejects"), log.with_name("own.log")
    words = (str(log), "--anonymize", "truncate", "--redact")
    told = [
        run("parse", *words, "--all-fields", "--rejects", str(rejects)).stdout,
        run("parse", *words, "--output-format", "csv", "--columns", "client,request_raw").stdout,
        run("replay", *words, "--log-file", str(own_log)).stdout,
        run("report", *words, "--output-format", "json", "--panel", "referrers").stdout,
        run("report", *words, "--output-format", "json").stdout,
        run("report", *words, "--compare", "2026-01-01..2026-01-02").stdout,
        run("query", "SELECT * FROM hits", *words, "--output-format", "jsonl").stdout,
    ]
    told += [rejects.read_text(), own_log.read_text()]
    assert "203.0.113.0" in told[0]
    assert json.loads(rejects.read_text())["line"] == "REDACTED"
    assert not [(secret, text) for text in told for secret in SECRETS if secret in text]


def test_hashes_have_a_key(log: Path) -> None:
    """The key comes from a file or the environment; the same one gives the same clients."""
    key = log.with_name("key")
    key.write_text("geheim\n")
    words = (str(log), "--anonymize", "hash", "--columns", "client")
    rows = parse(*words, "--anonymize-key-file", str(key))
    assert rows[2]["client"] == anonymize("203.0.113.7", "hash", b"geheim")
    assert parse(*words, HITWATCH_ANONYMIZE_KEY="geheim") == rows
    assert parse(*words, HITWATCH_ANONYMIZE_KEY="other") != rows


def test_no_key_no_hash(log: Path) -> None:
    """Without a key, with an empty one, or one that cannot be read, nothing is read."""
    empty = log.with_name("empty")
    empty.touch()
    for more in ((), ("--anonymize-key-file", str(empty)), ("--anonymize-key-file", "/missing")):
        for command in ("parse", "report", "replay"):
            ended = run(command, str(log), "--anonymize", "hash", *more)
            assert (ended.returncode, ended.stdout) == (2, "")
            assert "key" in ended.stderr


def test_visitors_are_counted_on_true_clients(log: Path) -> None:
    """Clients that look the same once they are cut are still counted apart."""
    words = (str(log), "--trusted-proxy", "10.0.0.0/8", "--anonymize", "truncate")
    assert panel("clients", *words) == {"203.0.113.0": 3}
    made = json.loads(run("report", *words, "--output-format", "json").stdout)
    assert made["totals"]["visitors"] == 3
    assert made["totals"]["clients"] == 2
    said = objects(run("replay", *words, "--output-format", "jsonl").stdout)
    assert said[0]["clients"] == 2


def test_exclusions_see_the_true_client(log: Path) -> None:
    """A client is excluded by the address it has, however it is shown."""
    words = (str(log), "--trusted-proxy", "10.0.0.0/8", "--anonymize", "truncate")
    more = ("--exclude-client", "203.0.113.7", "--columns", "client,path")
    assert parse(*words, *more) == [{"client": "203.0.113.0", "path": "/in"}]
    assert panel("clients", *words, *more[:2]) == {"203.0.113.0": 1}


def test_queries_see_what_is_shown(log: Path) -> None:
    """SQL knows no more of a client than a table shows; options choose by the true one."""
    words = (str(log), "--trusted-proxy", "10.0.0.0/8", "--anonymize", "truncate", "--redact")
    sql = "SELECT client, count(*) AS n FROM hits GROUP BY client"
    chosen = run("query", sql, *words, "--exclude-client", "203.0.113.8", "--no-bots")
    assert chosen.stdout.split() == ["client", "n", "203.0.113.0", "1"]
    assert "4 lines = 1 hit + 1 reject + 2 excluded" in chosen.stderr
    sql = "SELECT count(*) AS n FROM hits WHERE client = '203.0.113.7' OR query LIKE '%geheim%'"
    assert run("query", sql, *words).stdout.split() == ["n", "0"]


def test_python_keeps_the_same_private(log: Path, tmp_path: Path) -> None:
    """A table, rejected lines and a report tell no more than those of the commands."""
    rejected: list[hitwatch.RejectedLine] = []
    rows = hitwatch.scan(
        log,
        trusted_proxy="10.0.0.0/8",
        anonymize="hash",
        anonymize_key=" geheim\n",
        redact=True,
        exclude_client="203.0.113.8",
        on_reject=rejected.append,
    ).collect()
    hashed = anonymize("203.0.113.7", "hash", b"geheim")
    assert rows["client"].to_list() == [hashed, hashed]
    assert rows["query"].to_list() == ["token=REDACTED&x=1", None]
    assert [line.line for line in rejected] == ["REDACTED"]
    made = hitwatch.report(
        log,
        trusted_proxy=["10.0.0.0/8"],
        anonymize="truncate",
        geoip=Path(database(tmp_path / "city.mmdb", "GeoLite2-City", CITIES)),
    )
    panels = {panel.name: [(row.key, row.hits) for row in panel.rows] for panel in made.panels}
    assert panels["clients"] == [("203.0.113.0", 3)]
    assert panels["countries"] == [("DE Germany", 3)]
    assert made.totals.clients == 2


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        (("--no-bots",), ["/in", "/in"]),
        (("--only-bots",), ["/out"]),
        (("--exclude-path", "/in"), ["/out"]),
        (("--exclude-referrer", "nowhere.example"), ["/in", "/in", "/out"]),
        (("--where", 'query like "token=*"'), ["/in", "/in"]),
        (("--since", "2026-01-01T00:00:01", "--until", "2026-01-01T00:00:02"), ["/in"]),
        (("--since", "2026-01-01T01:00:02", "--display-tz", "Europe/Berlin"), ["/out"]),
        (("--host", "a.example"), []),
    ],
)
def test_every_mode_chooses_alike(log: Path, words: tuple[str, ...], paths: list[str]) -> None:
    """The same hits count in rows, reports and replays, and the balance holds."""
    ended = run("parse", str(log), "--columns", "path", *words)
    assert [row["path"] for row in objects(ended.stdout)] == paths
    assert units.balance(Balance(4, len(paths), 1, 3 - len(paths))) in ended.stderr
    assert panel("paths", str(log), *words) == dict(Counter(paths))
    end = objects(run("replay", str(log), *words, "--output-format", "jsonl").stdout)[-1]
    balance = [end[name] for name in ("lines", "hits", "rejects", "excluded")]
    assert balance == [4, len(paths), 1, 3 - len(paths)]


def test_rules_judge_what_is_left(tmp_path: Path) -> None:
    """A replay with a choice gives the alerts of a log of the chosen lines alone."""
    whole, chosen = tmp_path / "whole.log", tmp_path / "chosen.log"
    lines = [
        line(T0 + step * 10, section, 9000 if section == "/b" or 150 <= step < 170 else 1000)
        for step in range(200)
        for section in ("/a", "/b")
    ]
    whole.write_text("".join(lines))
    chosen.write_text("".join(text for text in lines if "/a/" in text))
    words = ("--output-format", "jsonl")
    found = objects(run("replay", str(whole), *words, "--where", 'section == "/a"').stdout)
    expected = objects(run("replay", str(chosen), *words).stdout)
    alerts = [said for said in found if said["type"] == "alert"]
    assert [alert["state"] for alert in alerts] == ["firing", "resolved"]
    assert alerts == [said for said in expected if said["type"] == "alert"]
    unchosen = objects(run("replay", str(whole), *words).stdout)
    assert alerts != [said for said in unchosen if said["type"] == "alert"]


def test_a_watch_counts_what_it_leaves_out(tmp_path: Path) -> None:
    """Lines that do not count are said, and neither keep an alert going nor end it early."""
    path = tmp_path / "access.log"
    path.touch()
    watch = Live(
        *(str(path), "--where", 'section == "/a"', "--every", "1s", "--resolution", "1s"),
        *("--short", "1s", "--long", "2s", "--anonymize", "truncate"),
    )
    watch.until_ready()
    now = time.time()
    sizes = [100, 100, 100, 100, 9000, 9000]
    with path.open("a") as file:
        for back, size in zip(range(len(sizes), 0, -1), sizes, strict=True):
            file.write(line(now - back, "/a", size) + line(now - back, "/b", 5))
        file.flush()
        watch.until(lambda: any(said.get("state") == "firing" for said in watch.said))
        while not any(said.get("state") == "resolved" for said in watch.said):
            file.write(line(time.time(), "/b", 5))
            file.flush()
            watch.until(lambda: True)
            time.sleep(0.2)
            assert time.time() < now + 40
    end = watch.end()
    assert end["hits"] == 6
    assert end["excluded"] >= 6
    assert end["lines"] == end["hits"] + end["excluded"]


def test_places_of_clients(log: Path, tmp_path: Path) -> None:
    """Countries, cities and networks of the true clients, also when these are not shown."""
    words = [str(log), "--trusted-proxy", "10.0.0.0/8", "--anonymize", "truncate"]
    words += ["--geoip", database(tmp_path / "city.mmdb", "GeoLite2-City", CITIES)]
    words += ["--geoip", database(tmp_path / "asn.mmdb", "GeoLite2-ASN", ASNS)]
    assert panel("countries", *words) == {"DE Germany": 3}
    assert panel("cities", *words) == {"Berlin, DE": 3}
    assert panel("asns", *words) == {"AS3320 Deutsche Telekom AG": 3}


def test_a_database_that_is_none(log: Path) -> None:
    """One clear message, and nothing is read."""
    for path in (str(log), "/missing.mmdb"):
        ended = run("report", str(log), "--geoip", path)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert path in ended.stderr


def test_countries_as_logged(tmp_path: Path) -> None:
    """Without a database the countries are those the log names."""
    path = tmp_path / "access.log"
    path.write_text(
        "".join(
            f"time:2026-01-01T00:00:00Z\thost:192.0.2.1\treq:GET / HTTP/1.1\tstatus:200"
            f"\tsize:1\tcountry:{country}\n"
            for country in ("de", "DE", "XX")
        )
    )
    assert panel("countries", str(path)) == {"DE": 2, "(unknown)": 1}


def test_settings_keep_a_site_private(log: Path) -> None:
    """A settings file or the environment asks for privacy once for all; a flag has its way."""
    log.with_name("hitwatch.toml").write_text('anonymize = "truncate"\nredact = true\n')
    words = ("parse", log.name, "--columns", "client,query", "--quiet")
    rows = objects(run(*words, folder=log.parent).stdout)
    assert rows[0] == {"client": "10.0.0.0", "query": "token=REDACTED&x=1"}
    rows = objects(run(*words, "--no-redact", folder=log.parent).stdout)
    assert rows[0]["query"] == "token=geheim1&x=1"
    assert parse(str(log), "--columns", "query", HITWATCH_REDACT="true")[0] != rows[0]
    ended = run(*words, folder=log.parent, HITWATCH_ANONYMIZE="nonsense")
    assert ended.returncode == 2
    assert "nonsense" in ended.stderr


def test_leaders_of_a_period_are_anonymous_too(tmp_path: Path) -> None:
    """The clients that a watch names beside sections are cut as everywhere else."""
    log = tmp_path / "access.log"
    log.write_text(
        "".join(
            f'192.0.2.{n} - - [01/Jan/2026:00:00:0{n} +0000] "GET /a?key=1 HTTP/1.1" 200 5\n'
            for n in range(5)
        )
    )
    plain = run("replay", "--every", "10s", str(log)).stdout
    assert "  clients: 192.0.2.0 1, 192.0.2.1 1, 192.0.2.2 1\n" in plain
    words = ("--every", "10s", "--anonymize", "truncate", str(log))
    cut = run("replay", *words).stdout
    assert "  clients: 192.0.2.0 5\n" in cut
    assert "192.0.2.1" not in cut
    (first, *_) = objects(run("replay", *words, "--output-format", "jsonl").stdout)
    assert first["leaders"] == {
        "paths": [{"key": "/a", "hits": 5}],
        "clients": [{"key": "192.0.2.0", "hits": 5}],
    }
