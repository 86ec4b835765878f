"""Watching logs while they are written, by this test and by real servers under load."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from tests.program.running import COMMAND, Live, environment, line
from tests.program.servers import Server, apache, nginx


def test_pieces_rotation_and_truncation(tmp_path: Path) -> None:
    """Lines in pieces, a rename, a truncation and a file that goes: every line counts once."""
    log = tmp_path / "access.log"
    log.write_text("")
    live = Live("--every", "1s", str(log))
    live.until_ready()
    now = time.time()
    with log.open("a", buffering=1) as file:
        text = line(now) * 3
        for cut in range(0, len(text), 50):
            file.write(text[cut : cut + 50])
            file.flush()
            time.sleep(0.02)
        live.until(lambda: live.hits == 3)
        log.rename(tmp_path / "access.log.1")
        file.write(line(now, "/late") * 2)
    log.write_text(line(now, "/new"))
    live.until(lambda: live.hits == 6)
    log.write_text("")
    time.sleep(0.5)
    with log.open("a") as file:
        file.write(line(now) + "nonsense\n")
    live.until(lambda: live.hits == 7)
    log.unlink()
    time.sleep(0.5)
    log.write_text(line(now))
    live.until(lambda: live.hits == 8)
    end = live.end()
    assert (end["lines"], end["hits"], end["rejects"], end["excluded"]) == (9, 8, 1, 0)
    told = "".join(live.told)
    for word in ("was rotated", "was truncated", "is gone"):
        assert word in told
    assert Counter(s["section"] for said in live.said[:-1] for s in said["sections"])["/late"] >= 1


def test_a_file_that_does_not_exist_yet(tmp_path: Path) -> None:
    """A log that is not there is waited for, and recognised from its first lines."""
    log = tmp_path / "new.log"
    live = Live("--every", "1s", str(log))
    live.until_ready()
    assert "does not exist yet" in live.told[0]
    log.write_text(line(time.time()))
    live.until(lambda: live.hits == 1)
    assert live.end(signal.SIGTERM)["hits"] == 1


def test_backfill_arms_the_rule(tmp_path: Path) -> None:
    """Half an hour is read back, so that an alert that lasts is said at once."""
    log, now = tmp_path / "access.log", time.time()
    with log.open("w") as file:
        for step in range(7200, 0, -5):
            file.write(line(now - step, size=1000 if step > 60 else 20_000))
    live = Live("--every", "1s", str(log))
    live.until(lambda: any(said["type"] == "alert" for said in live.said))
    live.until(lambda: any(said["type"] == "stats" for said in live.said))
    with log.open("a") as file:
        file.write(line(now))
    live.until(lambda: live.hits == 1)
    end = live.end()
    alert = next(said for said in live.said if said["type"] == "alert")
    assert alert["state"] == "firing"
    assert 360 <= end["backfilled"] <= 380
    assert end["lines"] == end["backfilled"] + 1
    stats = next(said for said in live.said if said["type"] == "stats")
    assert stats["rules"][0]["state"] == "firing"


def test_an_alert_fires_and_clears_live(tmp_path: Path) -> None:
    """On a short clock: a surge raises the alert, its end clears it, nothing else comes."""
    log = tmp_path / "access.log"
    log.touch()
    words = ["--every", "1s", "--resolution", "1s", "--short", "2s", "--long", "6s"]
    live = Live(*words, str(log))
    live.until_ready()
    with log.open("a") as file:
        # A surge may end late in a second of the clock: the calm is long enough for one more.
        for tick in range(210):
            surge = 110 <= tick < 140
            file.write(line(time.time(), "/big" if surge else "/a", 50_000 if surge else 1000))
            file.flush()
            time.sleep(0.1)
    live.end()
    alerts = [said for said in live.said if said["type"] == "alert"]
    assert [alert["state"] for alert in alerts] == ["firing", "resolved"]
    assert alerts[0]["sections"][0]["section"] == "/big"
    assert 2 <= alerts[1]["duration_s"] <= 8


def test_standard_input_live() -> None:
    """A pipe is read as it fills, and its end ends the watch with a last summary."""
    live = Live("--every", "1s", "-", stdin=subprocess.PIPE)
    assert live.process.stdin
    live.process.stdin.write(line(time.time()).encode() * 2)
    live.process.stdin.flush()
    live.until(lambda: live.hits == 2)
    live.process.stdin.write(line(time.time()).encode())
    live.process.stdin.close()
    assert live.process.wait(20) == 0
    end = time.monotonic() + 10
    while live.said[-1]["type"] != "end":
        assert time.monotonic() < end
        time.sleep(0.05)
    assert live.said[-1]["hits"] == 3
    for stream in (live.process.stdout, live.process.stderr):
        assert stream
        stream.close()


@pytest.mark.parametrize("start", [nginx, apache], ids=["nginx", "apache"])
def test_a_real_server_under_load(
    tmp_path: Path, start: Callable[[Path], AbstractContextManager[Server]]
) -> None:
    """What was counted is what was sent, through a rotation under load."""
    with start(tmp_path) as server:
        live = Live("--every", "1s", str(server.log))
        live.until_ready()
        server.load("/shop/cart", 2000)
        server.load("/missing", 300)
        server.rotate()
        server.load("/img/a.png", 1500)
        server.load("/gone/x", 200)
        server.get("/")
        live.until(lambda: live.hits >= 4001)
        time.sleep(1.5)
        end = live.end()
    sent = {"/shop": 2000, "/missing": 300, "/img": 1500, "/gone": 200, "/": 1}
    found, statuses = Counter[str](), Counter[str]()
    for said in live.said[:-1]:
        if said["type"] == "stats":
            found.update({row["section"]: row["hits"] for row in said["sections"]})
            statuses.update(said["statuses"])
    assert dict(found) == sent
    assert dict(statuses) == {"2xx": 3501, "4xx": 300, "5xx": 200}
    assert (end["lines"], end["rejects"]) == (4001, 0)
    assert (
        sum(s["bytes"] for s in live.said[:-1] if s["type"] == "stats")
        > 2000 * 2000 + 1500 * 30_000
    )


def test_signals_of_a_closed_terminal_and_of_the_curious(tmp_path: Path) -> None:
    """USR1 is answered with how things are; HUP ends a watch as TERM does, with its last word."""
    path = tmp_path / "access.log"
    path.write_text(line(time.time()))
    # Whoever runs these tests may have had HUP ignored, as nohup does.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    live = Live("--quiet", "--from-start", str(path))
    signal.signal(signal.SIGHUP, before)
    live.until(lambda: live.hits > 0)
    live.process.send_signal(signal.SIGUSR1)
    live.until(lambda: bool(live.told))
    assert "1 line = 1 hit + 0 rejects + 0 excluded; up to " in live.told[0]
    assert "lag 0 B; outflow is warming up" in live.told[0]
    assert live.end(signal.SIGHUP)["lines"] == 1


def test_a_closed_terminal_does_not_end_what_nohup_runs(tmp_path: Path) -> None:
    """HUP that was ignored when a watch began stays so."""
    path = tmp_path / "access.log"
    path.write_text(line(time.time()))
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    live = Live("--from-start", str(path))
    signal.signal(signal.SIGHUP, before)
    live.until(lambda: live.hits > 0)
    live.process.send_signal(signal.SIGHUP)
    with path.open("a") as log:
        log.write(line(time.time()))
    live.until(lambda: live.hits > 1)
    assert live.end()["lines"] == 2


@pytest.mark.parametrize(("cut", "hits"), [(0, 5000), (20, 4000)])
def test_what_is_compressed_on_standard_input_is_followed(cut: int, hits: int) -> None:
    """It is decompressed; what is left of a damaged one is counted, and that it is damaged said."""
    text = "".join(line(1_700_000_000 + n // 10, f"/s{n * 7919 % 997}") for n in range(5000))
    data = gzip.compress(text.encode())
    ran = subprocess.run(
        [*COMMAND, "watch", "-", "--output-format", "jsonl"],
        input=data[: len(data) - cut],
        capture_output=True,
        timeout=60,
        env=environment(),
    )
    end = json.loads(ran.stdout.splitlines()[-1])
    assert (end["type"], end["rejects"]) == ("end", 0)
    assert hits <= end["hits"] <= 5000
    assert (b"standard input" in ran.stderr) == (cut > 0)


def test_the_demo(tmp_path: Path) -> None:
    """The demo raises its alert, clears it, and ends by itself within about a minute.

    What it watches is its own, whatever the user's settings say of other logs.
    """
    own = tmp_path / "own.log"
    settings = {
        "HITWATCH_LOG_FILE": str(own),
        "HITWATCH_LOG_FORMAT": "iis-w3c",
        "HITWATCH_TZ": "Asia/Tokyo",
        "HITWATCH_METRIC": "hits",
        "HITWATCH_THRESHOLD": "50",
        "HITWATCH_SECTION_DEPTH": "3",
        "HITWATCH_RESOLUTION": "7s",
        "HITWATCH_ANONYMIZE": "truncate",
        "HITWATCH_TRUSTED_PROXY": "10.0.0.0/8",
    }
    began = time.monotonic()
    demo = subprocess.run(
        [*COMMAND, "demo", "--output-format", "jsonl"],
        capture_output=True,
        text=True,
        timeout=120,
        env={**environment(), **settings},
    )
    assert demo.returncode == 0, demo.stderr
    assert own.read_text().count("event=ended") == 1
    assert "wrote" not in own.read_text(), "the log of who makes the traffic is not the user's"
    said = [json.loads(row) for row in demo.stdout.splitlines()]
    alerts = [s for s in said if s["type"] == "alert"]
    assert [s["state"] for s in alerts] == ["firing", "resolved"]
    assert {(s["rule"], s["unit"], s["threshold"]) for s in alerts} == {("outflow", "bytes/s", 1.5)}
    assert said[-1]["type"] == "end"
    assert said[-1]["lines"] == said[-1]["hits"] + said[-1]["rejects"] > 10_000
    assert time.monotonic() - began < 90
