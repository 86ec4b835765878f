"""Bots that say who they are: true ones, false ones, and those that nobody can tell."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from tests.program.running import run

from hitwatch.errors import SettingsError
from hitwatch.lookup.claims import ClaimCheck, read_ranges
from hitwatch.stats.user_agents import domains_of_bots

GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
GPT = "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)"
BING = "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"

NAMES = {
    "192.0.2.1": "crawl-1.googlebot.com",
    "192.0.2.2": "googlebot.com.evil.example",
    "192.0.2.3": None,
    "192.0.2.4": "notgooglebot.com",
    "192.0.2.6": "MSNBOT-1.SEARCH.MSN.COM",
}


def named(clients: Iterable[str]) -> tuple[Mapping[str, str | None], int]:
    """Names of some; the others are not answered."""
    asked = list(clients)
    found = {client: NAMES[client] for client in asked if client in NAMES}
    return found, len(asked) - len(found)


def test_a_name_must_end_in_a_domain_of_the_operators() -> None:
    """A client without a name is no bot of theirs; one that is not answered may be."""
    check = ClaimCheck({}, named)
    claims = [("Googlebot", f"192.0.2.{n}") for n in range(1, 6)] + [("bingbot", "192.0.2.6")]
    verdicts, left = check.judge(claims)
    assert [verdicts.get(claim) for claim in claims] == [
        *("confirmed", "false", "false", "false", None),
        "confirmed",
    ]
    assert left == 1


@pytest.mark.parametrize(
    "text",
    [
        '{"creationTime": "2026", "prefixes": [{"ipv6Prefix": "2001:db8:1::/64"},'
        ' {"ipv4Prefix": "198.51.100.0/28"}]}',
        "# as published\n2001:db8:1::/64\n\n198.51.100.0/28 # four bits\n",
    ],
)
def test_published_ranges_tell_without_asking_anybody(text: str, tmp_path: Path) -> None:
    """As JSON with prefixes, or a network a line."""
    path = tmp_path / "ranges"
    path.write_text(text)
    check = ClaimCheck(read_ranges([f"gptbot={path}"]))
    assert check.bots == {"GPTBot"}
    clients = ("198.51.100.15", "198.51.100.16", "2001:db8:1::9", "2001:db8:2::9", "a.example")
    verdicts, _ = check.judge([("GPTBot", client) for client in clients])
    assert list(verdicts.values()) == ["confirmed", "false", "confirmed", "false", "false"]


@pytest.mark.parametrize(
    ("words", "text", "said"),
    [
        ("GPTBot", "", "no file is named"),
        ("GTPBot={}", "10.0.0.0/8", "unknown bot 'GTPBot' (did you mean 'GPTBot'?)"),
        ("GPTBot={}", "10.0.0.0/99", "invalid address or network"),
        ("GPTBot={}", "# none", "there are no ranges"),
        ("GPTBot={}", '{"prefixes": 7}', "it has no prefixes"),
        ("GPTBot={}", '{"prefixes": [{}]}', "it has no prefixes"),
        ("GPTBot={}", "{", "Expecting"),
        ("GPTBot={}.missing", "", "No such file"),
    ],
)
def test_ranges_that_are_none_are_refused(words: str, text: str, said: str, tmp_path: Path) -> None:
    """What and where, before anything is read."""
    path = tmp_path / "ranges"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_ranges([words.format(path)])
    assert said in str(caught.value)


def test_operators_name_domains() -> None:
    """Those that say how their bots are told from others."""
    domains = domains_of_bots()
    assert {"Googlebot", "bingbot", "YandexBot", "Applebot"} <= domains.keys()
    assert "GPTBot" not in domains
    assert all(domain == domain.lower() and "." in domain for d in domains.values() for domain in d)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Bots that are who they say, one that is not, one that nobody checks, and people."""
    path = tmp_path / "access.log"
    lines = []
    for n in range(60):
        stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(1_767_225_600 + n * 60))
        agent = (GOOGLE, GPT, FIREFOX, GPT, BING, GPT)[n % 6]
        client = f"198.51.100.{n % 4}" if n % 12 < 9 else "203.0.113.9"
        lines.append(f'{client} - - [{stamp}] "GET / HTTP/1.1" 200 {n} "-" "{agent}"\n')
    path.write_text("".join(lines))
    return path


def test_a_report_tells_claims_apart(log: Path) -> None:
    """By bot, the figures of all clients together; bots that nothing tells apart are left out."""
    ranges = log.with_name("gptbot.json")
    ranges.write_text('{"prefixes": [{"ipv4Prefix": "198.51.100.0/24"}]}')
    words = ("report", str(log), "--bot-ranges", f"GPTBot={ranges}")
    made = json.loads(run(*words, "--output-format", "json").stdout)
    true, false = made["panels"]["claimed_bots"]
    assert (true["key"], false["key"]) == ("GPTBot confirmed", "GPTBot false")
    told = [n for n in range(60) if n % 2]
    expected = [[n for n in told if n % 12 < 9], [n for n in told if n % 12 >= 9]]
    for row, numbers in zip((true, false), expected, strict=True):
        assert (row["hits"], row["bytes"]) == (len(numbers), sum(numbers))
        assert row["kinds"] == {
            "ai": {"hits": row["hits"], "visitors": row["visitors"], "bytes": row["bytes"]}
        }
        assert sum(row["trend"]) == row["hits"]
    assert (true["visitors"], false["visitors"]) == (2, 1)
    assert "GPTBot false" in run(*words).stdout
    assert "claimed" not in run("report", str(log)).stdout.lower()
    only = run(*words, "--panel", "claimed_bots", "--top", "1").stdout
    assert "GPTBot confirmed" in only
    assert "GPTBot false" not in only


def test_anonymous_clients_are_not_asked_for(log: Path) -> None:
    """Whoever answers would learn who they are."""
    refused = run("report", str(log), "--verify-bots", "--anonymize", "truncate")
    assert refused.returncode == 2
    assert "--verify-bots, --anonymize" in refused.stderr


def test_what_dns_cannot_tell_is_unknown(log: Path) -> None:
    """Addresses of documentation have no names, or nobody answers."""
    found = run("report", str(log), "--verify-bots", "--output-format", "json")
    keys = {row["key"] for row in json.loads(found.stdout)["panels"]["claimed_bots"]}
    assert keys <= {"Googlebot false", "Googlebot unknown", "bingbot false", "bingbot unknown"}
    assert keys
