"""Which panels are counted and shown: what the options that choose panels mean."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from hitwatch.engine import Shown
from hitwatch.errors import UsageError
from hitwatch.instants import MINUTE
from hitwatch.options.groups import DisplayOptions, Options
from hitwatch.options.shared import ReadOptions
from hitwatch.privacy.panels import redact_panels
from hitwatch.privacy.policy import Privacy
from hitwatch.readmodel import View
from hitwatch.select.predicate import glob_regex
from hitwatch.stats.claims import claims_panel
from hitwatch.stats.dimension import Panel
from hitwatch.stats.geography import geography_panels
from hitwatch.stats.metric import BY_NAME
from hitwatch.stats.panels import panels
from hitwatch.stats.urls import Sections
from hitwatch.values import suggestion

WHAT_GREW = "what_grew"
"""The panel that is made of two times."""

_OF_TOTALS = (
    "days",
    "statuses",
    "sections",
    "paths",
    "clients",
    "not_found",
    "static_files",
    "referring_sites",
    "slowest_paths",
    "failing_paths",
)
"""Panels that are counted for the totals and the head, shown or not."""


class PanelChoice(NamedTuple):
    """The panels of a report.

    Attributes:
        counted: those that are counted.
        view: which of them are shown, and how.

    """

    counted: tuple[Panel, ...]
    view: View


def panels_of_report(
    options: Options, privacy: Privacy, claimed: Iterable[str] | None = None
) -> PanelChoice:
    """Choose the panels of a report, and how they are ordered and cut.

    Args:
        options: of the report.
        privacy: what is replaced in keys.
        claimed: names of bots whose claims are judged; ``None``: none are.

    Raises:
        UsageError: there is no such panel or metric, or a database cannot be read.

    """
    chosen = options.report
    known = _known_panels(options)
    if claimed is not None:
        known = (*known, claims_panel(claimed))
    counted = redact_panels(_to_count(known, chosen.panel, bool(chosen.bucket)), privacy)
    named = {panel.name for panel in counted} | {WHAT_GREW}
    for name in (*chosen.tops, *chosen.sorts, *chosen.no_panel):
        _check_panel(name, named)
    left_out = set(chosen.no_panel) | (named - set(chosen.panel) if chosen.panel else set())
    view = View(
        top=chosen.top,
        tops=chosen.tops,
        sort=_metric(chosen.sort),
        sorts={name: _metric(metric) for name, metric in chosen.sorts.items()},
        left_out=frozenset(left_out),
        first=chosen.panel,
    )
    return PanelChoice(counted, view)


def panels_of_display(
    display: DisplayOptions, read: ReadOptions, privacy: Privacy
) -> tuple[tuple[Panel, ...], Shown | None]:
    """The panels that a watch or a replay counts, and those that it shows with its figures.

    Args:
        display: what is shown.
        read: how lines are read.
        privacy: what is replaced in keys.

    Raises:
        UsageError: there is no such panel.

    """
    chosen = frozenset(display.panel)
    known = (
        *panels(collapse=read.collapse_ids, sections=sections_of(read)),
        *geography_panels({}),
    )
    for name in chosen:
        _check_panel(name, {panel.name for panel in known})
    # What nobody sees is not counted, but for the totals.
    counted = redact_panels(
        tuple(panel for panel in known if panel.name in (*chosen, *_OF_TOTALS)), privacy
    )
    if not chosen:
        return counted, None
    window = None if display.panel_window == "start" else display.panel_window
    left_out = frozenset(panel.name for panel in counted) - chosen
    view = View(display.top, left_out=left_out, first=display.panel)
    return counted, Shown(view, window)


def _known_panels(options: Options) -> tuple[Panel, ...]:
    """All panels of a report, those of places among them."""
    chosen, labels = options.report, {}
    if chosen.geoip:
        from hitwatch.lookup.maxmind import open_databases

        labels = open_databases(chosen.geoip)
    read, width = options.read, chosen.bucket or MINUTE
    return (
        *panels(width, collapse=read.collapse_ids, sections=sections_of(read)),
        *geography_panels(labels),
    )


def _to_count(known: Sequence[Panel], chosen: Sequence[str], timeline: bool) -> tuple[Panel, ...]:
    """The panels to count; those that totals need among them."""
    for name in chosen:
        _check_panel(name, {panel.name for panel in known} | {WHAT_GREW})
    if chosen and WHAT_GREW not in chosen:
        return tuple(panel for panel in known if panel.name in (*chosen, *_OF_TOTALS))
    return tuple(p for p in known if not p.off or (timeline and p.name == "timeline"))


def _check_panel(name: str, known: Collection[str]) -> None:
    if name not in known:
        raise UsageError(
            f"unknown panel {name!r}{suggestion(name, known)}",
            hint=f"known: {', '.join(sorted(known))}",
        )


def _metric(name: str) -> str:
    """A metric by which rows can be ordered."""
    if name not in BY_NAME:
        raise UsageError(
            f"unknown metric {name!r}{suggestion(name, BY_NAME)}",
            where="--sort",
            hint=f"known: {', '.join(BY_NAME)}",
        )
    return name


def sections_of(read: ReadOptions) -> Sections:
    """What makes sections.

    Args:
        read: how lines are read.

    Raises:
        UsageError: a group makes no sense.

    """
    found = []
    for group in read.section_group:
        name, equals, pattern = group.partition("=")
        if not (name and equals and pattern):
            raise UsageError(
                f"invalid section group {group!r}",
                where="--section-group",
                hint="write NAME=GLOB or NAME=~REGEX, as in images=*.png or 'api=~^/v[0-9]+/'",
            )
        regex = pattern[1:] if pattern.startswith("~") else glob_regex(pattern)[:-2] + r"\Z"
        try:
            re.compile(regex)
        except re.error as error:
            raise UsageError(
                f"invalid regular expression {pattern!r}", where="--section-group", why=str(error)
            ) from error
        found.append((name, regex))
    return Sections(read.section_depth, read.collapse_ids, tuple(found))
