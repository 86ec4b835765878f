"""Rows of panels, and how exact they are."""

from __future__ import annotations

from msgspec import Struct

from hitwatch import _kernel
from hitwatch.stats.user_agents import KINDS

DURATIONS = ("mean_s", "p50_s", "p95_s", "p99_s", "max_s")
"""What is said of durations, as the kernel gives it."""

KEYS_ERROR = 0.761 / 2**7
"""Standard error of how many distinct keys there are, once some had to be left out: a share.

That of UltraLogLog with 2^14 registers.
"""


class OfKind(Struct, frozen=True):
    """What is counted of the hits by programs of one kind.

    Attributes:
        hits: requests.
        visitors: distinct (client, user agent, day).
        bytes: sent.

    """

    hits: int
    visitors: int
    bytes: int


class PanelRow(Struct, frozen=True):
    """One row of a panel.

    Attributes:
        key: what was counted; ``(other)`` for the evicted keys.
        hits: requests.
        visitors: distinct (client, user agent, day).
        bytes: sent.
        bytes_received: of the requests.
        errors_4xx: answers of that class.
        errors_5xx: answers of that class.
        bots: hits by what is no human's browser.
        largest: bytes of the largest answer.
        timed: hits that say how long they took.
        duration: ``mean_s p50_s p95_s p99_s max_s``, and ``total_s``: of all hits together;
            ``None`` where none is logged.
        upstream: the same of the servers behind, where it is logged apart.
        kinds: the hits by kind of the program that asked.
        trend: hits by step of a time line; empty: there is none.
        note: more on the key, such as the name of a status.
        raw: the key as it was counted.
        previous: the same key in the time that is compared with; ``None``: there is none.

    """

    key: str
    hits: int
    visitors: int
    bytes: int
    errors_4xx: int
    errors_5xx: int
    bots: int
    largest: int
    timed: int = 0
    duration: dict[str, float] | None = None
    upstream: dict[str, float] | None = None
    bytes_received: int = 0
    kinds: dict[str, OfKind] = {}
    trend: tuple[int, ...] = ()
    note: str = ""
    raw: str = ""
    previous: PanelRow | None = None

    @property
    def error_ratio(self) -> float:
        """Which part of the hits failed, 4xx and 5xx, as a share."""
        return (self.errors_4xx + self.errors_5xx) / self.hits if self.hits else 0.0


class Bounds(Struct, frozen=True):
    """How exact the rows of a panel are.

    Attributes:
        keys: distinct keys; an estimate once keys have been evicted.
        hits_error: hits that a key of these may lack.
        left_out_hits: hits that a key under ``(other)`` had at most.
        visitors_error: standard error of the visitors, as a share; 0: exact.
        durations_error: how far percentiles may be from the true ones, as a share.
        ranked_from: hits below which keys come last, whatever they are ordered by.

    """

    keys: int
    hits_error: int = 0
    left_out_hits: int = 0
    visitors_error: float = 0.0
    durations_error: float = 0.0
    ranked_from: int = 0


RANKED_FROM = 50
"""Hits from which on shares, means and percentiles say something of a key (``order.rs``)."""

OTHER = "(other)"


def row_of(row: _kernel.Row, key: str, note: str = "") -> PanelRow:
    """A row as the kernel gives it, under the key that people see."""
    (raw, hits, _, visitors, _), sums, (timed, upstream), kinds, trend = row
    size, largest, received, errors_4xx, errors_5xx, bots = sums
    return PanelRow(
        key=key,
        hits=hits,
        visitors=visitors,
        bytes=size,
        errors_4xx=errors_4xx,
        errors_5xx=errors_5xx,
        bots=bots,
        largest=largest,
        timed=timed[6] if timed else 0,
        duration=_durations(timed),
        upstream=_durations(upstream),
        bytes_received=received,
        kinds={KINDS[kind]: OfKind(of, who, sent) for kind, of, sent, who in kinds},
        trend=tuple(trend),
        note=note,
        raw=raw or "",
    )


def _durations(timed: _kernel.Timed | None) -> dict[str, float] | None:
    if timed is None:
        return None
    mean, *_, count = timed
    return {**dict(zip(DURATIONS, timed, strict=False)), "total_s": mean * count}
