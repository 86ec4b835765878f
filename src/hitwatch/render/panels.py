"""Rows of panels as text and as plain values, for reports and for display periods."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from hitwatch.readmodel import PanelRows
from hitwatch.render.units import (
    columns,
    decoded,
    duration,
    merged_steps,
    padded,
    percent,
    sanitize,
    size,
    sparkline,
)
from hitwatch.stats.metric import BY_NAME
from hitwatch.stats.rows import OTHER, PanelRow

COUNTS = ("visitors", "bytes", "errors_4xx", "errors_5xx", "bots")
"""Metrics that tables for people have beside hits."""

TIMES = ("p50_s", "p95_s")
"""Those that they have where durations are logged."""

USUAL_ERROR = 0.01
"""How far percentiles may always be off; what is more is said."""

_KEY_WIDTH, _LEAST_KEY = 44, 24
_BAR_WIDTH, _LEAST_BAR = 20, 6
_TREND_WIDTH = 12

_OF_PATHS = frozenset(
    (
        *("sections", "paths", "pages", "not_found", "static_files"),
        *("slowest_paths", "largest_responses"),
        *("client_errors", "server_errors", "failing_paths", "redirected", "what_grew"),
    )
)
"""Panels whose keys are paths or may be."""

_MANY_TIMES = 10
"""From how many times as much on that is what is said, in place of per cent."""


def keys_wording(panel: PanelRows) -> str:
    """How many keys a panel has, and how exact its rows are."""
    bounds = panel.bounds
    about = "about " if bounds.left_out_hits else ""
    said = f"{about}{bounds.keys:,}"
    if bounds.left_out_hits:
        said += f"; under {OTHER} none with more than {bounds.left_out_hits:,} hits"
    if bounds.hits_error:
        said += f"; a key may have up to {bounds.hits_error:,} hits more"
    if bounds.visitors_error:
        said += f"; visitors ± {bounds.visitors_error:.1%}"
    if bounds.ranked_from:
        said += f"; those with {bounds.ranked_from} hits or more first"
    if bounds.durations_error > USUAL_ERROR:
        said += f"; percentiles ± {bounds.durations_error:.1%}"
    return said


class _Column(NamedTuple):
    """A column of a panel's table.

    Attributes:
        title: its head.
        width: of it, in columns of a terminal.
        place: the higher, the sooner it is left out where there is no room.
        cell: what a row has in it.

    """

    title: str
    width: int
    place: int
    cell: Callable[[PanelRow], str]


def table(panel: PanelRows, hits: int, width: int | None = None) -> list[str]:
    """A panel as lines of text.

    Args:
        panel: its rows.
        hits: of which each row is a share.
        width: of the terminal: columns that do not fit are left out, and where there is room
            keys are longer and hits have bars. ``None``: all columns, and keys of usual length.

    """
    shown = _columns(panel, hits)
    if width is None:
        return _lines(panel, shown, _KEY_WIDTH)
    for last in sorted(shown, key=lambda column: -column.place)[:-1]:
        if _room(shown, width) >= _LEAST_KEY:
            break
        shown = [column for column in shown if column is not last]
    room = _room(shown, width)
    longest = max((columns(sanitize(key_of(panel, row), room)) for row in panel.rows), default=0)
    key_width = min(room, max(longest, _LEAST_KEY))
    bar = min(_BAR_WIDTH, room - key_width - 1)
    return _lines(panel, shown, key_width, bar if bar >= _LEAST_BAR else 0)


def _room(shown: Sequence[_Column], width: int) -> int:
    """Columns of the terminal that are left to keys."""
    return max(1, width - 2 - sum(column.width + 1 for column in shown))


def _lines(panel: PanelRows, shown: Sequence[_Column], key_width: int, bar: int = 0) -> list[str]:
    head = f"  {padded('', key_width)}" + "".join(f" {c.title:>{c.width}}" for c in shown)
    most = max((row.hits for row in panel.rows), default=0) or 1
    lines = [head]
    for row in panel.rows:
        line = f"  {padded(sanitize(key_of(panel, row), key_width), key_width)}"
        line += "".join(f" {column.cell(row):>{column.width}}" for column in shown)
        line += " " + "█" * round(row.hits / most * bar) if bar else ""
        lines.append(line.rstrip())
    return lines


def _columns(panel: PanelRows, hits: int) -> list[_Column]:
    """The columns of a panel, in their order."""
    visitors, sent, errors_4xx, errors_5xx, bots = titles(COUNTS)
    found = [
        _Column("hits", 11, 0, lambda row: f"{row.hits:,}"),
        _Column("share", 7, 1, lambda row: percent(row.hits / hits if hits else 0)),
    ]
    if panel.compared:
        found.append(_Column("change", 8, 2, _change))
    found += [
        _Column(visitors, 9, 4, lambda row: f"{row.visitors:,}"),
        _Column(sent, 9, 5, lambda row: size(row.bytes)),
        _Column(errors_4xx, 8, 8, lambda row: f"{row.errors_4xx:,}"),
        _Column(errors_5xx, 8, 6, lambda row: f"{row.errors_5xx:,}"),
        _Column(bots, 7, 9, lambda row: percent(row.bots / row.hits if row.hits else 0)),
    ]
    if any(row.duration for row in panel.rows):
        p50, p95 = titles(TIMES)
        found += [
            _Column(p50, 8, 10, lambda row: times(row)[0]),
            _Column(p95, 8, 3 if panel.name == "slowest_paths" else 7, lambda row: times(row)[1]),
        ]
    if any(row.upstream for row in panel.rows):
        found.append(_Column(BY_NAME["upstream_p95_s"].title, 8, 11, _upstream_p95))
    if any(row.bytes_received for row in panel.rows):
        title = BY_NAME["bytes_received"].title
        found.append(_Column(title, 9, 12, lambda row: size(row.bytes_received)))
    if any(row.trend for row in panel.rows):
        found.append(_Column("trend", _TREND_WIDTH, 13, lambda row: _trend(row.trend)))
    if panel.name == "largest_responses":
        found.append(_Column("largest", 9, 2, lambda row: size(row.largest)))
    return found


def key_of(panel: PanelRows, row: PanelRow) -> str:
    """A row's key as people read it, with its note."""
    if panel.name == "timeline" and row.note:
        return row.note
    key = decoded(row.key) if panel.name in _OF_PATHS else row.key
    return f"{key} {row.note}" if row.note else key


def _upstream_p95(row: PanelRow) -> str:
    return duration(row.upstream["p95_s"]) if row.upstream else ""


def _trend(hits: Sequence[int]) -> str:
    """Hits over time as a line of bars; of many steps several are a bar."""
    return padded(sparkline(merged_steps(hits, _TREND_WIDTH)[1]), _TREND_WIDTH)


def _change(row: PanelRow) -> str:
    return change(row.hits, row.previous.hits if row.previous else 0)


def titles(names: Iterable[str]) -> list[str]:
    """The heads of the columns of some metrics."""
    return [BY_NAME[name].title for name in names]


def times(row: PanelRow) -> list[str]:
    """What is said of the durations of a row; nothing where it has none."""
    return [duration(row.duration[name]) if row.duration else "" for name in TIMES]


def change(now: int, before: int) -> str:
    """A change in percent, or how many times as much it is; ``new`` when there was nothing.

    >>> change(120, 100), change(2730, 10), change(5, 0), change(5, 5)
    ('+20.0%', '273x', 'new', '=')
    """
    if not before:
        return "new" if now else "="
    if now >= _MANY_TIMES * before:
        return f"{now / before:,.0f}x"
    change = f"{(now - before) / before:+.1%}"
    return "=" if change in ("+0.0%", "-0.0%") else change
