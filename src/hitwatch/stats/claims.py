"""Bots that say who they are: their hits, by whether that is true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from msgspec.structs import replace

from hitwatch.stats.dimension import Dimension, Label, Panel
from hitwatch.stats.rows import OfKind, PanelRow
from hitwatch.stats.user_agents import classify

CLAIMED_BOTS = "claimed_bots"
"""Name of the panel."""

Verdict: TypeAlias = Literal["confirmed", "false", "unknown"]
"""Whether a program is who it says: its address is its operator's, is not, or nobody could tell."""

Claim: TypeAlias = tuple[str, str]
"""Name of a bot, and the client that calls itself so."""

_BETWEEN = "\t"


class Claimed(Label, frozen=True, tag="claimed"):
    """A bot and the client that calls itself so, of those bots that can be told from others.

    Attributes:
        bots: their names.

    """

    bots: frozenset[str]

    def __call__(self, value: str) -> str | None:
        """Both, a tab between them. Argument: user agent and client, likewise."""
        agent, _, client = value.rpartition(_BETWEEN)
        bot = classify(agent).bot
        return f"{bot}{_BETWEEN}{client}" if bot in self.bots else None


def claims_panel(bots: Iterable[str]) -> Panel:
    """The panel of what clients claim to be, whose rows have yet to be judged.

    Args:
        bots: names of those that can be told from others.

    """
    dimension = Dimension("user_agent", by_bots_from="client")
    return Panel(CLAIMED_BOTS, "Claimed bots", dimension, Claimed(frozenset(bots)))


def claim_of(row: PanelRow) -> Claim:
    """What a row of the panel is about."""
    bot, _, client = row.raw.partition(_BETWEEN)
    return bot, client


def judged_rows(rows: Iterable[PanelRow], verdicts: Mapping[Claim, Verdict]) -> list[PanelRow]:
    """The rows of the panel as they are shown: a bot and a verdict each, most hits first.

    Args:
        rows: one a claim; ``(other)`` are those of many claims that were not kept apart.
        verdicts: those that are known.

    """
    found: dict[str, PanelRow] = {}
    for row in rows:
        claim = claim_of(row)
        key = f"{claim[0]} {verdicts.get(claim, 'unknown')}" if row.raw else row.key
        known = found.get(key)
        shown = replace(row, key=key, raw=key if row.raw else "", duration=None, upstream=None)
        found[key] = _together(known, shown) if known else shown
    return sorted(found.values(), key=lambda row: (not row.raw, -row.hits, row.key))


def _together(one: PanelRow, other: PanelRow) -> PanelRow:
    """Two rows as one. No visitor is of both: each is of one client, and of one agent."""
    kinds = dict(one.kinds)
    for name, of in other.kinds.items():
        known = kinds.get(name, OfKind(0, 0, 0))
        kinds[name] = OfKind(
            known.hits + of.hits, known.visitors + of.visitors, known.bytes + of.bytes
        )
    return replace(
        one,
        hits=one.hits + other.hits,
        visitors=one.visitors + other.visitors,
        bytes=one.bytes + other.bytes,
        bytes_received=one.bytes_received + other.bytes_received,
        errors_4xx=one.errors_4xx + other.errors_4xx,
        errors_5xx=one.errors_5xx + other.errors_5xx,
        bots=one.bots + other.bots,
        largest=max(one.largest, other.largest),
        timed=0,
        kinds=kinds,
        trend=tuple(map(sum, zip(one.trend, other.trend, strict=True))),
    )
