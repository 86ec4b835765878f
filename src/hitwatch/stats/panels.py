"""The panels of a report. A new one is one row of ``panels``; it counts nothing itself."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from hitwatch.instants import HOUR, MINUTE, Duration, rfc3339, to_datetime
from hitwatch.stats.dimension import Dimension, Label, Panel
from hitwatch.stats.statuses import status_name
from hitwatch.stats.urls import CollapsedIds, Sections, Site, StaticFile
from hitwatch.stats.user_agents import AgentPart


class Day(Label, frozen=True, tag="day"):
    """The day of an hour, hours being numbered since 1970."""

    def __call__(self, value: str) -> str:
        """The day, as ``2026-10-10``."""
        return f"{to_datetime(int(value) * HOUR):%Y-%m-%d}"


class HourOfDay(Label, frozen=True, tag="hour_of_day"):
    """The hour of the day of an hour, hours being numbered since 1970."""

    def __call__(self, value: str) -> str:
        """The hour, from ``00`` to ``23``."""
        return f"{int(value) % 24:02}"


class _StepStart(Struct, frozen=True):
    """When a step of the time line begins, which is its key.

    Attributes:
        width: of a step.

    """

    width: Duration

    def __call__(self, step: int) -> str:
        return rfc3339(step * self.width)


def _note_on_status(status: str) -> str:
    """What a status means."""
    return status_name(int(status))


def _answered(first: int, last: int) -> Dimension:
    """Paths that were answered with some statuses."""
    return Dimension("path", (first, last))


def _by_section(sections: Sections) -> Panel:
    """The panel of sections: of the parser's, where it makes the same."""
    if sections.by_parser:
        return Panel("sections", "Sections", Dimension("section", depth=sections.depth))
    # What has no path, such as CONNECT, is a section of its own, whatever the depth.
    pathless = Dimension("section", without="path")
    return Panel("sections", "Sections", Dimension("path"), sections, also=pathless)


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
    return (
        Panel("days", "Days", by_hour, Day(), sort="key", timeless=False),
        Panel("hours", "Hours of the day", by_hour, HourOfDay(), sort="key"),
        Panel(
            *("timeline", "Time line", Dimension("time", divide=bucket)),
            named=_StepStart(bucket),
            sort="key",
            timeless=False,
            off=True,
        ),
        _by_section(sections or Sections()),
        Panel("paths", "Paths", paths, path),
        Panel("slowest_paths", "Slowest paths", paths, path, sort="p95_s"),
        Panel("largest_responses", "Largest responses", paths, path, sort="largest"),
        Panel("static_files", "Static files", paths, StaticFile()),
        Panel("not_found", "Not found", _answered(404, 404), path),
        Panel("redirected", "Redirected paths (3xx)", _answered(300, 399), path),
        Panel("client_errors", "Paths with client errors (4xx)", _answered(400, 499), path),
        Panel("server_errors", "Paths with server errors (5xx)", _answered(500, 599), path),
        Panel("clients", "Clients", Dimension("client")),
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
    *("time", "client", "user_agent", "status", "bytes", "duration_s"),
    *("path", "section"),
)
"""Columns that totals need, whatever the panels."""


def columns_needed(counted: Iterable[Panel]) -> frozenset[str]:
    """Columns that a parser must build for hits to be counted under panels."""
    dimension = (dimension.column for panel in counted for dimension in panel.dimensions)
    return frozenset((*_NEEDED_ALWAYS, *dimension))
