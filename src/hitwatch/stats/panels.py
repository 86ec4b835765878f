"""The panels of a report: what hits are counted under, and the counting itself.

A new panel is one row of ``PANELS``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from hitwatch import _kernel
from hitwatch.spans import DAY, HOUR, MINUTE, Duration, rfc3339, to_datetime
from hitwatch.stats.agents import classify
from hitwatch.stats.sites import STATIC, collapse_ids, referring_site
from hitwatch.stats.statuses import status_name

if TYPE_CHECKING:
    from hitwatch.hits.compile import Hits

Countable: TypeAlias = _kernel.Countable
"""Hits, ready to be counted."""

Label: TypeAlias = Callable[[str], str | None]

KEYS_KEPT = 20_000
"""Keys of a panel that are kept for certain; twice as many are exact."""

_SLOTS = 4_000_000
_LABELS_KEPT = 200_000


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        name: in output.
        title: for people.
        column: what hits are counted under.
        label: turns a distinct value of a text column into a key; ``None`` leaves it out.
        static: whether only paths of static files count.
        divide: of a column of numbers or times, what they are divided by.
        modulo: and taken modulo of.
        named: turns the number into a key.
        statuses: the statuses that count.
        by_key: whether rows are in the order of their keys.
        off: whether it is only shown when it is asked for.

    """

    name: str
    title: str
    column: str
    label: Label | None = None
    static: bool = False
    divide: int = 0
    modulo: int | None = None
    named: Callable[[int], str] = str
    statuses: tuple[int, int] | None = None
    by_key: bool = False
    off: bool = False


def _browser(agent: str) -> str | None:
    found = classify(agent)
    return f"{found.browser} {found.browser_version}".strip() or None


def _system(agent: str) -> str | None:
    found = classify(agent)
    return f"{found.os} {found.os_version}".strip() or None


def _kind(agent: str) -> str:
    return classify(agent).kind


def _bot(agent: str) -> str | None:
    found = classify(agent)
    return f"{found.bot} ({found.kind})" if found.bot else None


def _day(number: int) -> str:
    return f"{to_datetime(number * DAY):%Y-%m-%d}"


def panels(bucket: Duration = MINUTE, *, collapse: bool = False) -> tuple[Panel, ...]:
    """All panels, in the order of output.

    Args:
        bucket: width of the time line's steps.
        collapse: whether ids in paths become ``:id``.

    """
    path: Label | None = collapse_ids if collapse else None
    return (
        Panel("days", "Days", "time", divide=DAY, named=_day, by_key=True),
        Panel(
            *("hours", "Hours of the day", "time"),
            divide=HOUR,
            modulo=24,
            named=lambda hour: f"{hour:02}",
            by_key=True,
        ),
        Panel(
            *("timeline", "Time line", "time"),
            divide=bucket,
            named=lambda step: rfc3339(step * bucket),
            by_key=True,
            off=True,
        ),
        Panel("sections", "Sections", "section"),
        Panel("paths", "Paths", "path", label=path),
        Panel("static_files", "Static files", "path", static=True),
        Panel("not_found", "Not found", "path", label=path, statuses=(404, 404)),
        Panel("failing", "Failing paths", "path", label=path, statuses=(400, 599)),
        Panel("clients", "Clients", "client"),
        Panel("hosts", "Hosts", "host"),
        Panel("users", "Users", "user"),
        Panel("methods", "Methods", "method"),
        Panel("protocols", "Protocols", "protocol"),
        Panel("statuses", "Statuses", "status", divide=1),
        Panel("referrers", "Referrers", "referrer", off=True),
        Panel("referring_sites", "Referring sites", "referrer", label=referring_site),
        Panel("browsers", "Browsers", "user_agent", label=_browser),
        Panel("operating_systems", "Operating systems", "user_agent", label=_system),
        Panel("agent_kinds", "Humans, bots and tools", "user_agent", label=_kind),
        Panel("bots", "Bots", "user_agent", label=_bot),
        Panel("cache_statuses", "Cache", "cache_status"),
        Panel("content_types", "Media types", "content_type"),
        Panel("tls_protocols", "TLS versions", "tls_protocol"),
        Panel("tls_ciphers", "TLS ciphers", "tls_cipher"),
        Panel("upstreams", "Upstreams", "upstream"),
    )


NEEDED_ALWAYS: tuple[str, ...] = (
    *("time", "client", "user_agent", "status", "bytes", "duration_s"),
    *("path", "section"),
)
"""Columns that totals need, whatever the panels."""


@dataclass(frozen=True, slots=True)
class PanelRow:
    """One row of a panel.

    Attributes:
        key: what was counted; ``(other)`` for the keys that gave way.
        hits: requests.
        visitors: distinct (client, user agent, UTC day).
        bytes: sent.
        errors_4xx: answers of that class.
        errors_5xx: answers of that class.
        bots: hits by what is no human's browser.
        largest: bytes of the largest answer.
        duration: ``mean_s p50_s p95_s p99_s max_s``; ``None`` where none is logged.
        note: more on the key, such as the name of a status.

    """

    key: str
    hits: int
    visitors: int
    bytes: int
    errors_4xx: int
    errors_5xx: int
    bots: int
    largest: int
    duration: dict[str, float] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How exact a panel is.

    Attributes:
        keys: distinct keys; an estimate when ``hits_error`` is not 0.
        hits_error: hits that a key may have more than its row says.
        visitors_error: standard error of the visitors, as a share; 0: exact.

    """

    keys: int
    hits_error: int
    visitors_error: float


_OTHER = "(other)"
_ESTIMATED = 0.0081
_DURATIONS = ("mean_s", "p50_s", "p95_s", "p99_s", "max_s")


@dataclass(slots=True)
class Counter:
    """A panel and what has been counted for it."""

    panel: Panel
    rollup: _kernel.Rollup = field(default_factory=lambda: _kernel.Rollup(KEYS_KEPT, _SLOTS))
    labels: dict[str, str | None] = field(default_factory=dict)

    def add(self, hits: Hits, countable: _kernel.Countable) -> None:
        """Count hits, if their format has the panel's column."""
        panel = self.panel
        if not hits.has(panel.column):
            return
        if panel.divide:
            self.rollup.add_numbers(
                countable, panel.column, panel.divide, panel.modulo, panel.statuses
            )
            return
        labels = None
        if panel.label is not None:
            labels = self._labels(hits.values(panel.column).to_list(), panel.label)
        extensions = STATIC if panel.static else None
        self.rollup.add_texts(countable, panel.column, labels, extensions, panel.statuses)

    def _labels(self, values: Sequence[str], label: Label) -> list[str | None]:
        known = self.labels
        if len(known) > _LABELS_KEPT:
            known = self.labels = {}
        found = []
        for value in values:
            if value not in known:
                known[value] = label(value)
            found.append(known[value])
        return found

    def rows(self, shown: int | None, sort: str) -> tuple[list[PanelRow], Bounds]:
        """Rows in the panel's order, and how exact they are.

        Args:
            shown: how many of the first rows; all of panels in the order of their keys, and
                all when ``None``. ``(other)`` is last.
            sort: the figure by which rows are ordered.

        """
        import polars as pl

        table = pl.DataFrame(self.rollup.table())
        keys, error, coarse = self.rollup.bounds()
        exact = bool(table["exact"].all())
        visitors_error = 0.0 if exact else max(_ESTIMATED, 0.0 if coarse == 1 else 0.05)
        if self.panel.by_key:
            table = table.sort(pl.col("key").cast(pl.Int64, strict=False), nulls_last=True)
        else:
            other = table.filter(pl.col("key").is_null())
            order = pl.col(sort).fill_null(-1)
            table = table.drop_nulls("key").sort(order, "key", descending=[True, False])
            table = pl.concat([table.head(len(table) if shown is None else shown), other])
        rows = [self._row(row) for row in table.iter_rows(named=True)]
        return rows, Bounds(keys, error, visitors_error)

    def _row(self, row: dict[str, Any]) -> PanelRow:
        panel, key = self.panel, row["key"]
        note = ""
        if key is not None and panel.divide:
            note = status_name(int(key)) if panel.name == "statuses" else ""
            key = panel.named(int(key))
        timed = row["mean_s"] is not None
        return PanelRow(
            key=_OTHER if key is None else key,
            hits=row["hits"],
            visitors=row["visitors"],
            bytes=row["bytes"],
            errors_4xx=row["errors_4xx"],
            errors_5xx=row["errors_5xx"],
            bots=row["bots"],
            largest=row["largest"],
            duration={name: row[name] for name in _DURATIONS} if timed else None,
            note=note,
        )


def bots_among(hits: Hits) -> tuple[str, bytes] | None:
    """The agents that are no human's browser: the column, and a byte for each value."""
    if not hits.has("user_agent"):
        return None
    people = ("human", "unknown")
    agents = hits.values("user_agent").to_list()
    return "user_agent", bytes(classify(agent).kind not in people for agent in agents)
