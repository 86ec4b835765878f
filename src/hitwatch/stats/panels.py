"""The panels of a report. A new one is one row of ``panels``; it counts nothing itself."""

from __future__ import annotations

from collections.abc import Iterable

from hitwatch import _kernel
from hitwatch.instants import HOUR, MINUTE, Duration, rfc3339, to_datetime
from hitwatch.stats.dimension import UNKNOWN, Dimension, Label, Panel
from hitwatch.stats.statuses import status_name
from hitwatch.stats.urls import SITE, STATIC_FILE, Sections, collapse_ids
from hitwatch.stats.user_agents import AGENTS

_BROWSER, _SYSTEM, _KIND, _BOT = (
    _kernel.Label.agent(AGENTS, part, UNKNOWN) for part in ("browser", "system", "kind", "bot")
)


def _day(hour: str) -> str:
    return f"{to_datetime(int(hour) * HOUR):%Y-%m-%d}"


def _hour_of_day(hour: str) -> str:
    return f"{int(hour) % 24:02}"


def _answered(first: int, last: int) -> Dimension:
    """Paths that were answered with some statuses."""
    return Dimension("path", (first, last))


def panels(
    bucket: Duration = MINUTE, *, collapse: bool = False, sections: Sections | None = None
) -> tuple[Panel, ...]:
    """All panels, in the order of output.

    Args:
        bucket: width of the time line's steps.
        collapse: whether ids in paths become ``:id``.
        sections: what paths are made sections by; the parser's ``section`` when ``None``.

    """
    path: Label | None = collapse_ids if collapse else None
    paths, agents = Dimension("path"), Dimension("user_agent", absent="")
    by_hour = Dimension("time", divide=HOUR)
    by_section = Panel("sections", "Sections", Dimension("section"))
    if sections is not None:
        # What has no path, such as CONNECT, is a section of its own.
        pathless = Dimension("section", without="path")
        by_section = Panel("sections", "Sections", paths, sections.of, also=pathless)
    return (
        Panel("days", "Days", by_hour, _day, sort="key", timeless=False),
        Panel("hours", "Hours of the day", by_hour, _hour_of_day, sort="key"),
        Panel(
            *("timeline", "Time line", Dimension("time", divide=bucket)),
            named=lambda step: rfc3339(step * bucket),
            sort="key",
            timeless=False,
            off=True,
        ),
        by_section,
        Panel("paths", "Paths", paths, path),
        Panel("slowest_paths", "Slowest paths", paths, path, sort="p95_s"),
        Panel("largest_responses", "Largest responses", paths, path, sort="largest"),
        Panel("static_files", "Static files", paths, STATIC_FILE),
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
            noted=lambda status: status_name(int(status)),
        ),
        Panel("referrers", "Referrers", Dimension("referrer"), off=True),
        Panel("referring_sites", "Referring sites", Dimension("referrer"), SITE),
        Panel("browsers", "Browsers", agents, _BROWSER),
        Panel("operating_systems", "Operating systems", agents, _SYSTEM),
        Panel("agent_kinds", "Humans, bots and tools", agents, _KIND),
        Panel("bots", "Bots", agents, _BOT),
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
