"""The panels of a report. A new one is one row of ``panels``; it counts nothing itself."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from hitwatch.instants import HOUR, MINUTE, SECOND, Duration, rfc3339, to_datetime
from hitwatch.stats.clients import Family, Network
from hitwatch.stats.dimension import Dimension, Label, Panel
from hitwatch.stats.statuses import status_name
from hitwatch.stats.urls import (
    Answered,
    AnsweredCollapsed,
    CollapsedIds,
    Page,
    Sections,
    Site,
    StaticFile,
)
from hitwatch.stats.user_agents import AgentPart
from hitwatch.zones import IN_UTC, Zone


class Day(Label, frozen=True, tag="day"):
    """The day of an hour of a zone, hours being numbered since 1970."""

    def __call__(self, value: str) -> str:
        """The day, as ``2026-10-10``."""
        return f"{to_datetime(int(value) * HOUR):%Y-%m-%d}"


class HourOfDay(Label, frozen=True, tag="hour_of_day"):
    """The hour of the day of an hour of a zone, hours being numbered since 1970."""

    def __call__(self, value: str) -> str:
        """The hour, from ``00`` to ``23``."""
        return f"{int(value) % 24:02}"


class DayAndHour(Label, frozen=True, tag="day_and_hour"):
    """The day and the hour of an hour of a zone, hours being numbered since 1970."""

    def __call__(self, value: str) -> str:
        """Both, as ``2026-10-10 13``."""
        return f"{to_datetime(int(value) * HOUR):%Y-%m-%d %H}"


class _StepStart(Struct, frozen=True):
    """When a step of the time line begins, which is its key.

    Attributes:
        width: of a step.
        zone: in which time is cut into steps.

    """

    width: Duration
    zone: Zone = IN_UTC

    def __call__(self, step: int) -> str:
        return rfc3339(self.zone.instant(step * self.width))


class _StepShown(Struct, frozen=True):
    """When a step of the time line begins, as clocks of a zone show it.

    Attributes:
        width: of a step.
        zone: in which time is cut into steps.
        shown: whose clocks they are.

    """

    width: Duration
    zone: Zone
    shown: Zone

    def __call__(self, step: str) -> str:
        start = self.zone.instant(int(step) * self.width)
        at = to_datetime(self.shown.wall(start))
        return f"{at:%Y-%m-%d %H:%M:%S} {self.shown.designation(start)}"


def _note_on_status(status: str) -> str:
    """What a status means."""
    return status_name(int(status))


def _timeline(bucket: Duration, zone: Zone) -> Panel:
    """The panel of steps of time."""
    # Shorter steps begin with those of UTC, and none has the hour that comes twice.
    ticking = zone if any(offset * SECOND % bucket for _, offset in zone.offsets) else IN_UTC
    return Panel(
        *("timeline", "Time line", Dimension("time", divide=bucket, zone=ticking)),
        named=_StepStart(bucket, ticking),
        noted=_StepShown(bucket, ticking, zone) if zone != IN_UTC else None,
        sort="key",
        timeless=False,
        off=True,
    )


def in_zone(counted: Iterable[Panel], zone: Zone) -> tuple[Panel, ...]:
    """The same panels; their days, hours and steps are those of a zone."""
    return tuple(
        panel if panel.dimension.column != "time" else _of_times(panel, zone) for panel in counted
    )


def _of_times(panel: Panel, zone: Zone) -> Panel:
    if panel.label is None:
        return _timeline(panel.dimension.divide, zone)
    dimension = replace(panel.dimension, zone=zone)
    return replace(panel, title=f"{panel.title}, {zone.name}", dimension=dimension)


def panels(
    bucket: Duration = MINUTE, *, collapse: bool = False, sections: Sections | None = None
) -> tuple[Panel, ...]:
    """All panels, in the order of output.

    Args:
        bucket: width of the time line's steps.
        collapse: whether ids in paths become ``:id``.
        sections: what makes sections; the first segment of the path when ``None``.

    """
    path: Label | None = CollapsedIds() if collapse else None
    paths, agents = Dimension("path"), Dimension("user_agent", absent="")
    by_hour = Dimension("time", divide=HOUR)
    # Counted once; each panel shows its part of it.
    failing = Dimension("path", (400, 599), by_status=True)
    answered = AnsweredCollapsed if collapse else Answered
    return (
        Panel("days", "Days", by_hour, Day(), sort="key", timeless=False),
        Panel("hours", "Hours of the day", by_hour, HourOfDay(), sort="key"),
        Panel(
            *("day_hours", "Hours by day", by_hour, DayAndHour()),
            sort="key",
            timeless=False,
            off=True,
        ),
        _timeline(bucket, IN_UTC),
        Panel("sections", "Sections", Dimension("section", made=(sections or Sections()).written)),
        Panel("paths", "Paths", paths, path),
        Panel("pages", "Pages", paths, path, only=Page()),
        Panel("slowest_paths", "Slowest paths", paths, path, sort="p95_s"),
        Panel("largest_responses", "Largest responses", paths, path, sort="largest"),
        Panel("static_files", "Static files", paths, StaticFile()),
        Panel("not_found", "Not found", failing, answered(404, 404)),
        Panel("redirected", "Redirected paths (3xx)", Dimension("path", (300, 399)), path),
        Panel("client_errors", "Paths with client errors (4xx)", failing, answered(400, 499)),
        Panel("server_errors", "Paths with server errors (5xx)", failing, answered(500, 599)),
        Panel("failing_paths", "Failing paths by status", failing, path),
        Panel("clients", "Clients", Dimension("client")),
        Panel("networks", "Networks (/24, /48)", Dimension("client"), Network()),
        Panel("address_families", "IPv4 and IPv6", Dimension("client"), Family()),
        Panel("hosts", "Hosts", Dimension("host")),
        Panel("users", "Users", Dimension("user")),
        Panel("methods", "Methods", Dimension("method")),
        Panel("protocols", "Protocols", Dimension("protocol")),
        Panel(
            *("statuses", "Statuses", Dimension("status", divide=1)),
            noted=_note_on_status,
        ),
        Panel("referrers", "Referrers", Dimension("referrer"), off=True),
        Panel("referring_sites", "Referring sites", Dimension("referrer"), Site()),
        Panel("browsers", "Browsers", agents, AgentPart("browser")),
        Panel("operating_systems", "Operating systems", agents, AgentPart("system")),
        Panel("agent_kinds", "Humans, bots and tools", agents, AgentPart("kind")),
        Panel("bots", "Bots", agents, AgentPart("bot")),
        Panel("cache_statuses", "Cache", Dimension("cache_status")),
        Panel("content_types", "Media types", Dimension("content_type")),
        Panel("tls_protocols", "TLS versions", Dimension("tls_protocol")),
        Panel("tls_ciphers", "TLS ciphers", Dimension("tls_cipher")),
        Panel("upstreams", "Upstreams", Dimension("upstream")),
    )


_NEEDED_ALWAYS = (
    *("time", "client", "user_agent", "status", "bytes", "bytes_received"),
    *("duration_s", "upstream_duration_s", "path", "section"),
)
"""Columns that totals need, whatever the panels."""


def columns_needed(counted: Iterable[Panel]) -> frozenset[str]:
    """Columns that a parser must build for hits to be counted under panels."""
    return frozenset((*_NEEDED_ALWAYS, *(panel.dimension.column for panel in counted)))
