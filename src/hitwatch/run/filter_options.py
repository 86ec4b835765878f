"""What a user wants to see: which hits count, and which panels a report has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from hitwatch.clocks import WallClock
from hitwatch.errors import UsageError
from hitwatch.formats.columns import Column
from hitwatch.instants import Duration, Instant, from_datetime
from hitwatch.select.criteria import (
    exclude_clients,
    exclude_paths,
    in_time_range,
    only_hosts,
    parse_networks,
    read_networks,
)
from hitwatch.select.filter import Filter, TimeRange
from hitwatch.select.language import Predicate, combine, parse_predicate
from hitwatch.select.networks import Networks
from hitwatch.select.predicate import glob_regex
from hitwatch.select.time_expressions import parse_when
from hitwatch.stats.geography import geography_panels
from hitwatch.stats.panels import SORTS, Label, Panel, panels
from hitwatch.stats.urls import Sections

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
)
"""Panels that are counted for the totals, shown or not."""


@dataclass(frozen=True, slots=True)
class FilterOptions:
    """Which hits count, in a user's words.

    Attributes:
        since: leave out what is older: a text as ``--since`` takes it, or a moment.
        until: leave out what is not older.
        where: a condition in the language of ``--where``.
        hosts: globs of the only virtual hosts that count.
        exclude_clients: addresses and networks that do not count; ``@FILE`` lists them.
        exclude_paths: globs of paths that do not count.
        bots: ``True``: only bots and tools; ``False``: none of them; ``None``: all.
        zone: of days, and of times without an offset.

    """

    since: str | datetime | None = None
    until: str | datetime | None = None
    where: str | None = None
    hosts: Sequence[str] = ()
    exclude_clients: Sequence[str] = ()
    exclude_paths: Sequence[str] = ()
    bots: bool | None = None
    zone: tzinfo = UTC

    def hit_filter(self, further: Iterable[Column] = ()) -> Filter:
        """What the words mean.

        Args:
            further: columns that ``where`` may name beside the public ones.

        Raises:
            UsageError: the words make no sense, or a file of networks cannot be read.

        """
        return Filter(self._whenever(further), self.bots, self.time_range())

    def _whenever(self, further: Iterable[Column]) -> Predicate | None:
        """What hits must meet, whenever they were; ``None``: all count."""
        conditions = []
        if self.where:
            conditions.append(parse_predicate(self.where, further))
        if self.hosts:
            conditions.append(only_hosts(self.hosts))
        if self.exclude_clients:
            conditions.append(exclude_clients(_listed(self.exclude_clients)))
        if self.exclude_paths:
            conditions.append(exclude_paths(self.exclude_paths))
        return combine(conditions) if conditions else None

    def time_range(self) -> TimeRange:
        """The time in which hits must lie.

        Raises:
            UsageError: it makes no sense, or is empty.

        """
        since, until = self._instant(self.since), self._instant(self.until)
        in_time_range(since, until)
        return since, until

    def previous(self, compare: str) -> TimeRange:
        """The time to compare with.

        Args:
            compare: ``previous`` for that of the same length before ``since``, or two points
                in time with ``..`` between them.

        Raises:
            UsageError: it makes no sense, or is empty.

        """
        if compare == "previous":
            since, until = self.time_range()
            if since is None:
                raise UsageError(
                    "nothing says where the time before begins",
                    where="--compare previous",
                    hint="say --since too, as in --since yesterday --compare previous",
                )
            return since - ((_now() if until is None else until) - since), since
        first, points, second = compare.partition("..")
        if not points:
            raise UsageError(
                f"{compare!r} is no time to compare with",
                where="--compare",
                hint="write previous, or two times: 2026-01-01..2026-01-08",
            )
        begin, end = (parse_when(text, _now(), self.zone) for text in (first, second))
        in_time_range(begin, end)
        return begin, end

    def _instant(self, moment: str | datetime | None) -> Instant | None:
        if isinstance(moment, datetime):
            aware = moment if moment.tzinfo else moment.replace(tzinfo=self.zone)
            return from_datetime(aware)
        return parse_when(moment, _now(), self.zone) if moment else None


def _now() -> Instant:
    return WallClock().now()


def trusted_networks(entries: Iterable[str]) -> Networks | None:
    """Networks of proxies; ``None``: there are none.

    Args:
        entries: a network or several; ``@FILE`` names a file of them.

    Raises:
        UsageError: an entry is no network, or a file cannot be read.

    """
    found = _listed(entries)
    return parse_networks(found) if found else None


def _listed(entries: Iterable[str]) -> list[str]:
    """Networks, those in files among them.

    Args:
        entries: a network or several; ``@FILE`` names a file of them.

    Raises:
        UsageError: a file cannot be read.

    """
    found: list[str] = []
    for entry in entries:
        if not entry.startswith("@"):
            found += read_networks(entry) or [entry]
            continue
        try:
            found += read_networks(Path(entry[1:]).read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError("cannot be read", where=entry[1:], why=str(error)) from error
    return found


def known_panels(
    bucket: Duration, *, collapse: bool, sections: Sections | None, databases: Sequence[str]
) -> tuple[Panel, ...]:
    """All panels, those of places among them.

    Args:
        bucket: width of the time line's steps.
        collapse: whether ids in paths become ``:id``.
        sections: what paths are made sections by, where it is more than segments.
        databases: files that say where addresses are.

    Raises:
        UsageError: a database cannot be read.

    """
    labels: Mapping[str, Label] = {}
    if databases:
        from hitwatch.lookup.maxmind import open_databases

        labels = open_databases(databases)
    return (*panels(bucket, collapse=collapse, sections=sections), *geography_panels(labels))


def panels_to_count(
    known: Sequence[Panel], chosen: Sequence[str], *, timeline: bool
) -> tuple[Panel, ...]:
    """The panels to count; those that totals need among them.

    Args:
        known: all panels.
        chosen: names of those that are wanted; those that are usually shown when empty.
        timeline: whether the time line is usually shown, too.

    Raises:
        UsageError: there is no such panel.

    """
    for name in chosen:
        check_panel(name, {panel.name for panel in known} | {WHAT_GREW})
    if chosen and WHAT_GREW not in chosen:
        return tuple(panel for panel in known if panel.name in (*chosen, *_OF_TOTALS))
    return tuple(p for p in known if not p.off or (timeline and p.name == "timeline"))


def panels_left_out(
    left_out: Sequence[str], chosen: Sequence[str], known: set[str]
) -> frozenset[str]:
    """The panels that are not shown: those named, and where some are chosen all others.

    Raises:
        UsageError: there is no such panel.

    """
    for name in left_out:
        check_panel(name, known)
    return frozenset(left_out) | (known - set(chosen) if chosen else frozenset())


def check_panel(name: str, known: set[str]) -> None:
    """Refuse a panel that there is not.

    Raises:
        UsageError: there is no such panel.

    """
    if name not in known:
        raise UsageError(f"there is no panel {name!r}", hint=f"known: {', '.join(sorted(known))}")


def metric_named(text: str) -> str:
    """A figure by which rows can be ordered.

    Raises:
        UsageError: there is no such figure.

    """
    if text not in SORTS:
        raise UsageError(
            f"{text!r} is no figure", where="--sort", hint=f"known: {', '.join(SORTS)}"
        )
    return text


def sections_of(groups: Sequence[str], depth: int, *, collapse: bool) -> Sections | None:
    """What makes sections, where it is more than segments of the path.

    Args:
        groups: ``NAME=GLOB`` or ``NAME=~REGEX``; the first that fits counts.
        depth: path segments of a section of all other paths.
        collapse: whether ids in them become ``:id``.

    Raises:
        UsageError: a group makes no sense.

    """
    found = []
    for group in groups:
        name, equals, pattern = group.partition("=")
        if not (name and equals and pattern):
            raise UsageError(
                f"{group!r} is no group of paths",
                where="--section-group",
                hint="write NAME=GLOB or NAME=~REGEX, as in images=*.png or 'api=~^/v[0-9]+/'",
            )
        regex = pattern[1:] if pattern.startswith("~") else glob_regex(pattern)[:-2] + r"\Z"
        try:
            found.append((name, re.compile(regex)))
        except re.error as error:
            raise UsageError(
                f"{pattern!r} is no regular expression", where="--section-group", why=str(error)
            ) from error
    return Sections(depth, collapse, tuple(found)) if found or collapse else None
