"""Whether bots are who they say: by the ranges that their operators publish, and by DNS."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from hitwatch.errors import SettingsError
from hitwatch.select.networks import Networks
from hitwatch.stats.claims import Claim, Verdict
from hitwatch.stats.user_agents import bots, domains_of_bots
from hitwatch.values import suggestion

Named = Callable[[Iterable[str]], tuple[Mapping[str, str | None], int]]
"""Finds the confirmed names of clients: those that were answered, and how many were not."""


class ClaimCheck(Struct, frozen=True):
    """Tells true bots from others.

    Attributes:
        ranges: addresses of bots, by name.
        named: finds names of clients; ``None``: nobody asks for them.

    """

    ranges: Mapping[str, Networks]
    named: Named | None = None

    @property
    def bots(self) -> frozenset[str]:
        """Names of the bots that can be told from others."""
        by_name = domains_of_bots().keys() if self.named else ()
        return frozenset((*self.ranges, *by_name))

    def judge(self, claims: Iterable[Claim]) -> tuple[dict[Claim, Verdict], int]:
        """Judge claims; those that come first are asked for first.

        Returns:
            What could be told, and how many clients DNS was not asked about or has not answered.

        """
        verdicts: dict[Claim, Verdict] = {}
        asked: list[Claim] = []
        for bot, client in claims:
            ranges = self.ranges.get(bot)
            if ranges is not None:
                verdicts[bot, client] = "confirmed" if ranges.contains(client) else "false"
            elif self.named:
                asked.append((bot, client))
        if not self.named or not asked:
            return verdicts, 0
        names, left = self.named(client for _, client in asked)
        for bot, client in asked:
            if client in names:
                true = _is_of(names[client], domains_of_bots()[bot])
                verdicts[bot, client] = "confirmed" if true else "false"
        return verdicts, left


def _is_of(name: str | None, domains: Iterable[str]) -> bool:
    lowered = f".{name or ''}".lower()
    return any(lowered.endswith(f".{domain}") for domain in domains)


def read_ranges(texts: Iterable[str]) -> dict[str, Networks]:
    """Read the ranges of bots.

    Args:
        texts: ``NAME=FILE`` each: the name of a known bot, and a file as its operator publishes it:
            JSON with ``prefixes``, or a network a line.

    Raises:
        SettingsError: there is no such bot, or the file cannot be read or has no networks.

    """
    found: dict[str, Networks] = {}
    known = {bot.name.lower(): bot.name for bot in bots()}
    for text in texts:
        name, equals, path = text.partition("=")
        where = f"--bot-ranges {text}"
        if not (equals and path):
            raise SettingsError(
                "no file is named", where=where, hint="write NAME=FILE: Googlebot=googlebot.json"
            )
        if name.lower() not in known:
            raise SettingsError(
                f"unknown bot {name!r}{suggestion(name, known.values())}",
                where=where,
                hint="the panel bots of a report names those that it knows",
            )
        found[known[name.lower()]] = _read(path, where)
    return found


def _read(path: str, where: str) -> Networks:
    try:
        networks = _networks(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SettingsError("the ranges cannot be read", where=where, why=why) from error
    if not networks.networks:
        raise SettingsError("there are no ranges", where=where)
    return networks


def _networks(text: str) -> Networks:
    """Networks as operators publish them.

    Raises:
        ValueError: these are none.

    """
    if text.lstrip().startswith("{"):
        try:
            prefixes = json.loads(text)["prefixes"]
            return Networks.of(each.get("ipv4Prefix") or each["ipv6Prefix"] for each in prefixes)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("it has no prefixes") from error
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return Networks.of(line for line in lines if line)
