"""Names of clients: confirmed ones only, many at once, and never for long."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from tests.program.running import run

from hitwatch.lookup.names import MOST, confirmed_name, names_of
from hitwatch.outputs import name_cache
from hitwatch.outputs.name_cache import NAMED_FOR, NAMELESS_FOR, NameCache

REVERSE = {
    "192.0.2.1": "good.example",
    "192.0.2.2": "www.google.com",
    "192.0.2.3": "evil\x1b[2J.example",
    "192.0.2.4": "two.example.",
    "2001:db8::1": "six.example",
}
FORWARD = {
    "good.example": ["192.0.2.1"],
    "www.google.com": ["198.51.100.7"],
    "two.example.": ["192.0.2.9", "192.0.2.4"],
    "six.example": ["2001:DB8:0::1%eth0"],
}


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that knows these names, and that a name may be anybody's."""

    def reverse(address: tuple[str, int], _flags: int) -> tuple[str, str]:
        if address[0] not in REVERSE:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return REVERSE[address[0]], "0"

    def forward(name: str, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        return [(0, 0, 0, "", (address, 0)) for address in FORWARD[name]]

    monkeypatch.setattr(socket, "getnameinfo", reverse)
    monkeypatch.setattr(socket, "getaddrinfo", forward)


@pytest.mark.usefixtures("dns")
def test_only_names_that_lead_back_count() -> None:
    """An address may be called as its holder likes; what is no name is none."""
    found, left = names_of([*REVERSE, "192.0.2.77", "host.example", "192.0.2.1", ""])
    assert {address: name for address, name in found.items() if name} == {
        "192.0.2.1": "good.example",
        "192.0.2.4": "two.example",
        "2001:db8::1": "six.example",
    }
    assert left == 0


def test_what_does_not_answer_is_left_alone() -> None:
    """The others have their names, and it is told how many have none yet."""
    forever = threading.Event()

    def slow(address: str) -> str | None:
        if address.endswith("0"):
            forever.wait(30)
        return f"{address}.example"

    began = time.monotonic()
    addresses = [f"192.0.2.{n}" for n in range(100)]
    found, left = names_of(addresses, slow, patience=0.5)
    forever.set()
    assert time.monotonic() - began < 5
    assert (len(found), left) == (90, 10)


def test_no_more_are_asked_for_than_is_bearable() -> None:
    """However many clients are shown."""
    asked: list[str] = []
    addresses = [f"10.0.{n // 256}.{n % 256}" for n in range(MOST + 50)]

    def note(address: str) -> str | None:
        asked.append(address)
        return None

    assert names_of(addresses, note) == (dict.fromkeys(addresses[:MOST]), 50)
    assert len(asked) == MOST


def test_what_nobody_can_tell_for_now_is_not_taken_for_an_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is asked for again the next time."""

    def unable(*_: Any) -> tuple[str, str]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getnameinfo", unable)
    cache = NameCache(tmp_path / "names.sqlite3")
    assert names_of(["192.0.2.1"], cache=cache) == ({}, 1)
    assert cache.known(["192.0.2.1"]) == {}


def test_names_are_remembered_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that there are for longer than that there are none."""
    cache, asked = NameCache(tmp_path / "new" / "names.sqlite3"), []

    def resolve(address: str) -> str | None:
        asked.append(address)
        return "one.example" if address.endswith("1") else None

    addresses = ["192.0.2.1", "192.0.2.2"]
    for _ in range(2):
        assert names_of(addresses, resolve, cache=cache) == (
            {"192.0.2.1": "one.example", "192.0.2.2": None},
            0,
        )
    assert sorted(asked) == addresses
    now = time.time()
    for later, known in ((NAMELESS_FOR, ["192.0.2.1"]), (NAMED_FOR, [])):
        monkeypatch.setattr(time, "time", lambda later=later: now + later + 2)
        assert list(cache.known(addresses)) == known
    assert (tmp_path / "new" / "names.sqlite3").stat().st_mode & 0o777 == 0o600


def test_no_more_names_are_remembered_than_there_is_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest are forgotten."""
    monkeypatch.setattr(name_cache, "MOST", 10)
    cache = NameCache(tmp_path / "names.sqlite3")
    for day in range(3):
        monkeypatch.setattr(time, "time", lambda day=day: 1e9 + day * 60)
        cache.remember({f"10.0.{day}.{n}": "a.example" for n in range(8)})
    assert not cache.known([f"10.0.0.{n}" for n in range(8)])
    assert len(cache.known([f"10.0.2.{n}" for n in range(8)])) == 8


def test_a_cache_that_cannot_be_used_knows_nothing(tmp_path: Path) -> None:
    """Names are asked for as if there were none."""
    for path in (tmp_path, Path("/proc/no/names"), tmp_path / "damaged"):
        if path.name == "damaged":
            path.write_text("no database at all, but a text of some length" * 50)
        cache = NameCache(path)
        cache.remember({"192.0.2.1": "one.example"})
        assert cache.known(["192.0.2.1"]) == {}


def test_a_report_has_names_of_clients(tmp_path: Path) -> None:
    """Beside their addresses, where that is asked for; of anonymous ones nobody is asked."""
    assert confirmed_name("127.0.0.1") == "localhost"
    log = tmp_path / "access.log"
    log.write_text('127.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "GET / HTTP/1.1" 200 5\n' * 3)
    ran = run("report", str(log), "--resolve", "--panel", "clients")
    assert "\n  127.0.0.1 localhost " in ran.stdout
    assert "1 of the 1 clients shown have a name that DNS confirms" in ran.stderr
    made = json.loads(run("report", str(log), "--resolve", "--output-format", "json").stdout)
    assert made["panels"]["clients"][0]["name"] == "localhost"
    refused = run("report", str(log), "--resolve", "--anonymize", "truncate")
    assert refused.returncode == 2
    assert "these are anonymous" in refused.stderr
    assert "localhost" not in run("report", str(log)).stdout
