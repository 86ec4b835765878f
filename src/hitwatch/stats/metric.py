"""The metrics: what there is to say of the hits of a key. A new one is a row of ``METRICS``.

The kernel adds them up (``kernel/tally/src/figures.rs``) and orders rows by them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from hitwatch.stats.rows import DURATIONS, PanelRow

Number: TypeAlias = int | float


class Metric(Struct, frozen=True):
    """One metric.

    Attributes:
        name: in output, options and settings.
        title: at the head of a column, for people.
        unit: what it counts; ``s``: seconds, ``share``: of the hits.
        is_rank: whether few hits say nothing of it, so that keys with fewer come last.
        read: gives its value in a row; ``None`` where there is no data.

    """

    name: str
    title: str
    unit: str
    read: Callable[[PanelRow], Number | None]
    is_rank: bool = False

    @property
    def is_duration(self) -> bool:
        """Whether it is seconds."""
        return self.unit == "s"


OF_UPSTREAMS = "upstream_"
"""What the names begin with of metrics of the servers behind, where they are logged apart."""


def _of_durations(name: str) -> Metric:
    def read(row: PanelRow) -> Number | None:
        return row.duration[name] if row.duration else None

    return Metric(name, name.removesuffix("_s"), "s", read, is_rank=_is_rank(name))


def _of_upstreams(name: str) -> Metric:
    def read(row: PanelRow) -> Number | None:
        return row.upstream[name] if row.upstream else None

    title = f"up {name.removesuffix('_s')}"
    return Metric(f"{OF_UPSTREAMS}{name}", title, "s", read, is_rank=_is_rank(name))


def _is_rank(name: str) -> bool:
    return name not in ("total_s", "max_s")


METRICS = (
    Metric("hits", "hits", "hits", lambda row: row.hits),
    Metric("visitors", "visitors", "visitors", lambda row: row.visitors),
    Metric("bytes", "bytes", "bytes", lambda row: row.bytes),
    Metric("errors_4xx", "4xx", "hits", lambda row: row.errors_4xx),
    Metric("errors_5xx", "5xx", "hits", lambda row: row.errors_5xx),
    Metric("bots", "bots", "hits", lambda row: row.bots),
    Metric("largest", "largest", "bytes", lambda row: row.largest),
    Metric("bytes_received", "received", "bytes", lambda row: row.bytes_received),
    *map(_of_durations, (*DURATIONS, "total_s")),
    *map(_of_upstreams, (*DURATIONS, "total_s")),
    Metric("error_ratio", "errors", "share", lambda row: row.error_ratio, is_rank=True),
)
"""All metrics, in the order of output."""

BY_NAME = {metric.name: metric for metric in METRICS}
