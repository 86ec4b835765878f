"""What a user wants to see: which hits count, and which panels a report has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from hitwatch.clocks import WallClock
from hitwatch.errors import UsageError
from hitwatch.hits.columns import Column
from hitwatch.hits.filters import (
    between,
    exclude_clients,
    exclude_paths,
    networks_in,
    only_hosts,
)
from hitwatch.hits.when import parse_when
from hitwatch.hits.where import Where, combine, parse_where
from hitwatch.spans import MINUTE, Duration, Instant, from_datetime
from hitwatch.stats.panels import Panel, panels

_TOTALS = ("days", "statuses", "sections", "paths", "clients")
"""Panels that totals are taken from."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which hits count, in a user's words.

    Attributes:
        since: leave out what is older: a text as ``--since`` takes it, or a moment.
        until: leave out what is not older.
        where: a condition in the language of ``--where``.
        hosts: globs of the only virtual hosts that count.
        exclude_clients: addresses and networks that do not count; ``@FILE`` lists them.
        exclude_paths: globs of paths that do not count.
        zone: of days, and of times without an offset.

    """

    since: str | datetime | None = None
    until: str | datetime | None = None
    where: str | None = None
    hosts: Sequence[str] = ()
    exclude_clients: Sequence[str] = ()
    exclude_paths: Sequence[str] = ()
    zone: tzinfo = UTC

    def condition(self, further: Iterable[Column] = ()) -> Where | None:
        """What hits must meet; ``None``: all count.

        Args:
            further: columns that ``where`` may name beside the public ones.

        Raises:
            UsageError: the words make no sense, or a file of networks cannot be read.

        """
        conditions = []
        since, until = self._instant(self.since), self._instant(self.until)
        if since is not None or until is not None:
            conditions.append(between(since, until))
        if self.where:
            conditions.append(parse_where(self.where, further))
        if self.hosts:
            conditions.append(only_hosts(self.hosts))
        if self.exclude_clients:
            conditions.append(exclude_clients(_listed(self.exclude_clients)))
        if self.exclude_paths:
            conditions.append(exclude_paths(self.exclude_paths))
        return combine(conditions) if conditions else None

    def _instant(self, moment: str | datetime | None) -> Instant | None:
        if isinstance(moment, datetime):
            aware = moment if moment.tzinfo else moment.replace(tzinfo=self.zone)
            return from_datetime(aware)
        now = WallClock().now()
        return parse_when(moment, now, self.zone) if moment else None


def _listed(entries: Iterable[str]) -> list[str]:
    """Networks, those in files among them."""
    found: list[str] = []
    for entry in entries:
        if not entry.startswith("@"):
            found.append(entry)
            continue
        try:
            found += networks_in(Path(entry[1:]).read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError("cannot be read", where=entry[1:], why=str(error)) from error
    return found


def panels_named(
    chosen: Sequence[str], bucket: Duration | None = None, *, collapse_ids: bool = False
) -> tuple[Panel, ...]:
    """The panels to show; those that totals need are counted anyway.

    Args:
        chosen: names of panels; those that are usually shown when empty.
        bucket: width of the time line's steps, which is then shown too.
        collapse_ids: whether ids in paths become ``:id``.

    Raises:
        UsageError: there is no such panel, or the steps have no width.

    """
    if bucket is not None and bucket <= 0:
        raise UsageError("a step of the time line must be longer than nothing", where="bucket")
    known = panels(bucket or MINUTE, collapse=collapse_ids)
    names = {panel.name for panel in known}
    for name in chosen:
        if name not in names:
            raise UsageError(
                f"there is no panel {name!r}", hint=f"known: {', '.join(sorted(names))}"
            )
    if chosen:
        return tuple(panel for panel in known if panel.name in (*chosen, *_TOTALS))
    return tuple(p for p in known if not p.off or (bucket and p.name == "timeline"))
