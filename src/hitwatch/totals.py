"""The figures of all hits together, as one value that is read off a tally."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from hitwatch.stats.breakdown import Breakdown
from hitwatch.stats.rows import KEYS_ERROR, OfKind
from hitwatch.tally import NOTHING, Balance, Tally

ESTIMATED = (
    "visitors",
    "sections",
    "paths",
    "clients",
    "static_files",
    "not_found",
    "referrers",
    "duration",
)
"""Totals that are estimates where there is too much to be held: standard errors of counts, and
how far percentiles of the duration may be from the true ones."""


class Totals(Struct, frozen=True):
    """The figures of all hits together.

    Attributes:
        balance: what became of every line.
        bytes: sent, of the hits that say so.
        hits_with_bytes: how many of the hits say so.
        statuses: hits by status.
        visitors: distinct visitors.
        sections: distinct sections.
        paths: distinct paths.
        clients: distinct clients.
        static_files: distinct paths of static files.
        not_found: distinct paths that were not found.
        referrers: distinct referrers.
        bots: hits by what is no human's browser.
        timed: hits that say how long they took.
        duration: ``mean_s p50_s p95_s p99_s max_s`` of these; ``None`` where none is logged.
        upstream: the same of the servers behind, where it is logged apart.
        bytes_received: of the requests.
        kinds: the hits by kind of the program that asked.
        errors: how far each of ``ESTIMATED`` may be off, as a share; 0: exact.

    """

    balance: Balance = NOTHING
    bytes: int = 0
    hits_with_bytes: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)
    visitors: int = 0
    sections: int = 0
    paths: int = 0
    clients: int = 0
    static_files: int = 0
    not_found: int = 0
    referrers: int = 0
    bots: int = 0
    timed: int = 0
    duration: Mapping[str, float] | None = None
    upstream: Mapping[str, float] | None = None
    bytes_received: int = 0
    kinds: Mapping[str, OfKind] = field(default_factory=dict)
    errors: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(ESTIMATED, 0.0))

    @property
    def status_classes(self) -> dict[str, int]:
        """Hits by class of status: ``2xx`` … ``5xx``; ``other`` without a known one."""
        classes: dict[str, int] = {}
        for status, hits in self.statuses.items():
            known = status.isdigit() and 100 <= int(status) <= 599
            name = f"{status[0]}xx" if known else "other"
            classes[name] = classes.get(name, 0) + hits
        if without := self.balance.hits - sum(classes.values()):
            classes["other"] = classes.get("other", 0) + without
        return dict(sorted(classes.items()))


def totals_of(tally: Tally, *, labelled: bool = True) -> Totals:
    """Read the totals off a tally.

    Args:
        tally: what has been counted.
        labelled: whether labels of panels are looked at, which takes long while a tally is
            being added to. Without, visitors are an estimate, and static files are not told.

    """
    counts = tally.counts
    errors = dict.fromkeys(ESTIMATED, 0.0)
    if labelled:
        total = counts.total()
        errors["visitors"], errors["duration"] = counts.total_errors()
    else:
        total = counts.figures()
    distinct = dict.fromkeys(_PANELS, 0)
    for name in _PANELS:
        panel = counts.panel(name)
        if panel is not None and (labelled or panel.label is None):
            distinct[name], errors[name] = counts.keys(panel)
        elif panel is not None and name == "not_found":
            distinct[name], errors[name] = counts.keys_by_now(panel)
    # Of true clients: several may have one key in the panel.
    for name, column in (("clients", "client"), ("referrers", "referrer")):
        distinct[name], exact = counts.distinct(column)
        errors[name] = 0.0 if exact else KEYS_ERROR
    return Totals(
        balance=tally.balance,
        hits_with_bytes=tally.hits_with_bytes,
        bytes=total.bytes if total else 0,
        statuses=_statuses(counts),
        visitors=total.visitors if total else 0,
        bots=total.bots if total else 0,
        timed=total.timed if total else 0,
        duration=total.duration if total else None,
        upstream=total.upstream if total else None,
        bytes_received=total.bytes_received if total else 0,
        kinds=total.kinds if total else {},
        errors=errors,
        **distinct,
    )


_PANELS = ("sections", "paths", "static_files", "not_found")
"""Panels of which it is told how many keys there are."""


def _statuses(counts: Breakdown) -> dict[str, int]:
    panel = counts.panel("statuses")
    rows = counts.rows(panel, "hits", None)[0] if panel else []
    return {row.key: row.hits for row in sorted(rows, key=lambda row: row.key)}
