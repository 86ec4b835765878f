"""What explains that there are more hits than before: the keys whose hits grew most."""

from __future__ import annotations

from msgspec.structs import replace

from hitwatch.stats.breakdown import Breakdown
from hitwatch.stats.dimension import Panel
from hitwatch.stats.rows import PanelRow
from hitwatch.stats.trend import Axis

EXPLAINING_PANELS = (
    *("sections", "paths", "not_found", "clients", "hosts", "statuses"),
    *("referring_sites", "bots", "upstreams", "countries"),
)
"""Panels whose keys may explain a difference."""

_NEARLY_ALL = 0.9
"""A share of the hits, now and before, that says no more than that there are hits."""

_FAILURES = 400
"""Statuses from here on explain something; that more was answered well does not."""

_CANDIDATES = 2000
"""Rows of a panel, on either side, that are looked at."""


def rank_movers(
    now: Breakdown,
    before: Breakdown,
    scale: float,
    limit: int | None,
    axis: Axis | None = None,
) -> list[PanelRow]:
    """Rank the keys of all panels by how much they explain of the difference in hits.

    Where there are fewer hits than before, keys that fell explain it, and stand first.

    Args:
        now: what was counted.
        before: the same of the time to compare with.
        scale: how much longer the one is than the other; hits before are multiplied by it.
        limit: how many; all when ``None``.
        axis: along which trends are told; ``None``: there are none.

    Returns:
        The rows, each with its panel as note and what it was before; those that did not
        change are left out, and those of nearly all hits, which explain nothing.

    """
    total, past = now.total(), before.total()
    hits, hits_before = (total.hits if total else 0), (past.hits if past else 0)
    difference = hits - scale * hits_before
    sign = -1 if difference < 0 else 1
    found: list[tuple[float, PanelRow, Panel]] = []
    for panel in now.panels:
        if panel.name in EXPLAINING_PANELS:
            for row in _with_previous(now, before, panel):
                earlier = row.previous.hits if row.previous else 0
                if panel.name == "statuses" and int(row.raw) < _FAILURES:
                    continue
                if row.hits >= _NEARLY_ALL * hits and earlier >= _NEARLY_ALL * hits_before:
                    continue
                change = sign * (row.hits - scale * earlier)
                if change > 0:
                    found.append((change, row, panel))
    found.sort(key=lambda entry: (-entry[0], entry[1].note, entry[1].key))
    first = found[:limit]
    if axis is None:
        return [row for _, row, _ in first]
    return [replace(row, trend=now.trend_of(panel, row, axis)) for _, row, panel in first]


def _with_previous(now: Breakdown, before: Breakdown, panel: Panel) -> list[PanelRow]:
    """The rows of a panel on either side, as they are now with what they were."""
    rows = [row for row in now.rows(panel, "hits", _CANDIDATES)[0] if row.raw]
    known = {row.raw for row in rows}
    gone = [
        row
        for row in before.rows(panel, "hits", _CANDIDATES)[0]
        if row.raw and row.raw not in known
    ]
    still = (row.previous for row in now.beside(panel, gone))
    rows += [
        here or PanelRow(row.key, 0, 0, 0, 0, 0, 0, 0, raw=row.raw)
        for row, here in zip(gone, still, strict=True)
    ]
    return [replace(row, note=panel.title) for row in before.beside(panel, rows)]
