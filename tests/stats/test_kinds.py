"""Hits by kind of the program that asked."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch import _kernel
from hitwatch.formats.registry import by_name
from hitwatch.hits.batch import Hits
from hitwatch.hits.parser import Parser
from hitwatch.stats.breakdown import Breakdown
from hitwatch.stats.hit_batch import HitBatches
from hitwatch.stats.panels import panels
from hitwatch.stats.rows import OfKind
from hitwatch.stats.user_agents import AGENTS, KINDS, classify

PARSER = Parser(by_name("apache-combined"))
SECTIONS = tuple(panel for panel in panels() if panel.name == "sections")
NO_RULES: dict[str, object] = {
    "browsers": [],
    "systems": [],
    "by_minor": set(),
    "text_browsers": set(),
    "beginnings": [],
}


def parsed(*agents: str, keep: bool = False) -> Hits:
    """A hit by each of some agents."""
    lines = (
        f'192.0.2.{place} - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "{agent}"\n'
        for place, agent in enumerate(agents)
    )
    return PARSER.parse("".join(lines).encode(), keep_values=keep)


class Asked:
    """Tells kinds, and keeps what it was asked for."""

    def __init__(self) -> None:
        self.agents: list[str] = []
        telling = _kernel.Agents(
            lambda: _kernel.Finder("(?i)bot"),
            self.bot,
            lambda: NO_RULES,
            1000,
        )
        self.kinds = _kernel.AgentKinds(telling, KINDS)

    def bot(self, agent: str) -> tuple[str, str] | None:
        """The kind and the name of a bot."""
        self.agents.append(agent)
        return ("ai", "A") if agent.startswith("Bot") else None

    def counted(self, hits: Hits) -> dict[str, OfKind]:
        """Hits by kind."""
        breakdown = Breakdown(SECTIONS)
        breakdown.add(hits, hits.hit_batch(None, self.kinds))
        breakdown.finish()
        total = breakdown.figures()
        assert total is not None
        return total.kinds


def test_only_agents_with_a_sign_that_are_not_known_are_asked_for() -> None:
    """Once, however often they come, in whatever batch."""
    asked = Asked()
    for keep in (False, True, True):
        found = asked.counted(parsed("Bot A", "Fire", "-", "robot", "Bot A", keep=keep))
        assert {kind: of.hits for kind, of in found.items()} == {"unknown": 3, "ai": 2}
    assert asked.agents == ["Bot A", "robot"]


def test_each_kind_has_its_hits_bytes_and_visitors() -> None:
    """Together they are those of all."""
    found = Asked().counted(parsed(*["Bot A"] * 3, *["Fire"] * 2))
    assert found == {"unknown": OfKind(2, 2, 10), "ai": OfKind(3, 3, 15)}


WORDS = st.sampled_from(
    [
        *("Mozilla/5.0", "Opera/9", "(X11; Linux x86_64)", "(Windows NT 10.0)", "Gecko/20100101"),
        *("Firefox/120.0", "Chrome/131.0.0.0", "Safari/537.36", "Lynx/2.8", "MSIE 6.0", "-", ""),
        *("Googlebot/2.1", "GPTBot/1.2", "+http://example.com/", "curl/8.5.0", "UptimeRobot/2.0"),
        *("Cubot", "compatible;", "some", "tool/1.0", "UnknownBot/1", "Dalvik/2.1.0", "iPhone"),
    ]
)


@given(st.lists(st.lists(WORDS, max_size=5).map(" ".join), min_size=1, max_size=8, unique=True))
def test_the_kind_of_a_hit_is_that_of_its_agent(agents: list[str]) -> None:
    """As it is told wherever agents are asked for more than their kind."""
    hits = parsed(*agents)
    breakdown = Breakdown(SECTIONS)
    breakdown.add(hits, HitBatches().of(hits))
    breakdown.finish()
    total = breakdown.figures()
    assert total is not None
    told = Counter(classify(agent).kind for agent in agents)
    assert {kind: of.hits for kind, of in total.kinds.items()} == told


def test_of_a_format_without_agents_nothing_is_known() -> None:
    """All are of one kind, and nobody is asked."""
    asked, parser = Asked(), Parser(by_name("common"))
    hits = parser.parse(b'192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5\n')
    assert {kind: of.hits for kind, of in asked.counted(hits).items()} == {"unknown": 1}
    assert not asked.agents


def test_there_are_kinds_for_humans_and_for_what_is_unknown() -> None:
    """A list that lacks them, or is far too long, is refused."""
    for names in (["human"], [str(number) for number in range(100)]):
        with pytest.raises(ValueError, match="too few or too many"):
            _kernel.AgentKinds(AGENTS, names)
