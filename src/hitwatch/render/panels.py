"""Rows of panels as text and as plain values, for reports and for display periods."""

from __future__ import annotations

from collections.abc import Iterable

from hitwatch.readmodel import PanelRows
from hitwatch.render.units import duration, padded, percent, sanitize, size
from hitwatch.stats.metric import BY_NAME
from hitwatch.stats.rows import OTHER, PanelRow

COUNTS = ("visitors", "bytes", "errors_4xx", "errors_5xx", "bots")
"""Metrics that tables for people have beside hits."""

TIMES = ("p50_s", "p95_s")
"""Those that they have where durations are logged."""

USUAL_ERROR = 0.01
"""How far percentiles may always be off; what is more is said."""

_KEY_WIDTH = 44


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
    if bounds.durations_error > USUAL_ERROR:
        said += f"; percentiles ± {bounds.durations_error:.1%}"
    return said


def table(panel: PanelRows, hits: int) -> list[str]:
    """A panel as lines of text.

    Args:
        panel: its rows.
        hits: of which each row is a share.

    """
    timed = any(row.duration for row in panel.rows)
    head = f"  {padded('', _KEY_WIDTH)} {'hits':>11} {'share':>7}"
    head += f" {'change':>8}" if panel.compared else ""
    visitors, sent, errors_4xx, errors_5xx, bots = titles(COUNTS)
    head += f" {visitors:>9} {sent:>9} {errors_4xx:>8} {errors_5xx:>8} {bots:>7}"
    head += "".join(f" {title:>8}" for title in titles(TIMES)) if timed else ""
    head += f" {'largest':>9}" if panel.name == "largest_responses" else ""
    return [head, *(_line(panel, row, hits, timed=timed) for row in panel.rows)]


def titles(names: Iterable[str]) -> list[str]:
    """The heads of the columns of some metrics."""
    return [BY_NAME[name].title for name in names]


def _line(panel: PanelRows, row: PanelRow, hits: int, *, timed: bool) -> str:
    key = f"{row.key} {row.note}" if row.note else row.key
    line = (
        f"  {padded(sanitize(key, _KEY_WIDTH), _KEY_WIDTH)} {row.hits:>11,}"
        f" {percent(row.hits / hits if hits else 0):>7}"
    )
    if panel.compared:
        line += f" {change(row.hits, row.previous.hits if row.previous else 0):>8}"
    line += (
        f" {row.visitors:>9,} {size(row.bytes):>9} {row.errors_4xx:>8,} {row.errors_5xx:>8,}"
        f" {percent(row.bots / row.hits if row.hits else 0):>7}"
    )
    if timed:
        line += "".join(f" {time:>8}" for time in times(row))
    return line + (f" {size(row.largest):>9}" if panel.name == "largest_responses" else "")


def times(row: PanelRow) -> list[str]:
    """What is said of the durations of a row; nothing where it has none."""
    return [duration(row.duration[name]) if row.duration else "" for name in TIMES]


def change(now: int, before: int) -> str:
    """A change in percent; ``new`` when there was nothing."""
    if not before:
        return "new" if now else "="
    change = f"{(now - before) / before:+.1%}"
    return "=" if change in ("+0.0%", "-0.0%") else change
