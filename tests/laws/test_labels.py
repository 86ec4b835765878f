"""The law of labels: they are values, so that what was counted under others is never merged."""

from __future__ import annotations

import pickle

import pytest

from hitwatch.errors import TallyError
from hitwatch.formats.registry import by_name
from hitwatch.hits.parser import Parser
from hitwatch.instants import HOUR
from hitwatch.privacy.panels import redact_panels
from hitwatch.privacy.policy import Privacy
from hitwatch.stats import user_agents
from hitwatch.stats.dimension import Panel
from hitwatch.stats.geography import geography_panels
from hitwatch.stats.hit_batch import HitBatches
from hitwatch.stats.panels import panels
from hitwatch.stats.urls import Sections, StaticFile
from hitwatch.tally import Tally

PANELS = panels()
HITS = Parser(by_name("common")).parse(
    b'192.0.2.1 - me [10/Oct/2026:13:55:36 +0000] "GET /shop/7/x HTTP/1.1" 200 5\n'
    b'192.0.2.1 - me [10/Oct/2026:13:55:37 +0000] "GET /shop/8/a.png HTTP/1.1" 200 5\n'
)


def every_panel(depth: int = 2) -> tuple[Panel, ...]:
    """Panels with labels of all kinds, made anew."""
    sections = Sections(depth, collapse=True, groups=(("images", r"\.jpg$"),))
    known = (*panels(HOUR, collapse=True, sections=sections), *geography_panels({}))
    return redact_panels(known, Privacy("hash", b"geheim", redact=True))


def tally_of(counted: tuple[Panel, ...]) -> Tally:
    """Count the hits."""
    tally = Tally.of(counted)
    tally.absorb(HITS, HitBatches().of(HITS))
    return tally


def otherwise(written: tuple[Panel, ...], wanted: tuple[Panel, ...]) -> str:
    """Which panels are said to count otherwise."""
    data = tally_of(written).to_bytes()
    assert Tally.from_bytes(data, written).to_bytes() == data
    with pytest.raises(TallyError) as refused:
        Tally.from_bytes(data, wanted)
    return str(refused.value).partition("it is of other panels: it counts otherwise ")[2]


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (Sections(), Sections(2)),
        (Sections(), Sections(collapse=True)),
        (Sections(collapse=True), Sections(2, collapse=True)),
        (Sections(2), Sections(2, groups=(("images", "png"),))),
        (Sections(groups=(("images", "png"),)), Sections(groups=(("images", "gif"),))),
    ],
)
def test_other_sections_are_refused(written: Sections, wanted: Sections) -> None:
    """Another depth, ids collapsed or not, other groups; whether the parser makes them or not."""
    one, other = panels(sections=written), panels(sections=wanted)
    assert otherwise(one, other) == otherwise(other, one) == "sections"


def test_other_paths_are_refused() -> None:
    """A tally with collapsed ids is none without, and the other way round."""
    collapsed = panels(collapse=True)
    named = otherwise(collapsed, PANELS)
    assert named == otherwise(PANELS, collapsed)
    assert {"paths", "not_found"} < set(named.split(", "))
    assert "clients" not in named


def test_other_keys_of_the_hash_are_refused_and_none_is_written() -> None:
    """Clients hashed with one key are not those hashed with another; the key stays secret."""
    hashed, other = (redact_panels(PANELS, Privacy("hash", key)) for key in (b"geheim", b"other"))
    assert otherwise(hashed, other) == "clients, users"
    assert b"geheim" not in tally_of(hashed).to_bytes()
    assert not any("Z2VoZWlt" in panel.label.written for panel in hashed if panel.label)


def test_other_bots_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What agents are is told by a list of bots, and with another one it is told otherwise."""
    data = tally_of(PANELS).to_bytes()
    fewer = user_agents.bots()[1:]
    monkeypatch.setattr(user_agents, "bots", lambda: fewer)
    with pytest.raises(
        TallyError, match="otherwise agent_kinds, bots, browsers, operating_systems"
    ):
        Tally.from_bytes(data, PANELS)


def test_equal_labels_are_one() -> None:
    """Panels and labels that are made alike are equal, and one key of a dictionary."""
    one, again = every_panel(), every_panel()
    assert one == again
    assert len({*one, *again}) == len(one)
    labels = [panel.label for panel in (*one, *again) if panel.label is not None]
    assert len(set(labels)) == len({label.written for label in labels}) < len(labels) // 2
    assert every_panel(3) != one


def test_panels_go_to_other_processes() -> None:
    """What is sent is what is read there, labels of the kernel's too, and it counts alike."""
    known = every_panel()
    sent = pickle.loads(pickle.dumps(known))
    assert sent == known
    here, there = tally_of(known), tally_of(sent)
    assert here.to_bytes() == there.to_bytes()
    here.merge(Tally.from_bytes(there.to_bytes(), known))
    counted = {panel.name: here.counts.rows(panel, "hits", None)[0] for panel in known}
    shown = {name: [(row.key, row.hits) for row in rows] for name, rows in counted.items()}
    assert shown["pages"] == [("/shop/:id/x", 2)]
    assert shown["static_files"] == [("/shop/8/a.png", 2)]
    assert shown["days"] == [("2026-10-10", 4)]


def test_each_label_has_a_name_of_its_own() -> None:
    """No two that do different things are written alike, whatever order parts of them are in."""
    labels = {panel.label for panel in (*every_panel(), *PANELS) if panel.label is not None}
    assert len({label.written for label in labels}) == len(labels) >= 12
    assert StaticFile(frozenset(("js", "css"))).written == (
        '{"type":"static_file","extensions":["css","js"]}'
    )
