"""When the lines of a scenario are due: how many in each tick, and whose; draws nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from hitwatch.instants import SECOND, Duration, parse_duration
from hitwatch.simulate.scenario import Incident, Phase, Scenario

if TYPE_CHECKING:
    import numpy as np

TICK: Duration = SECOND // 20
"""Within which lines are due at any time."""

_BLOCK = 20_000
"""Lines of a block, about."""

_AT_ONCE = 1 << 16
"""Ticks of which it is worked out at once how many lines are due."""

_ROUNDING = 1e-9
_FACTORS = {"surge": 5.0, "errors": 0.5, "slow": 10.0, "aggressive-client": 3.0, "silence": 1.0}


def factor_of(incident: Incident) -> float:
    """An incident's strength, or the usual one of its kind."""
    return incident.strength if incident.strength is not None else _FACTORS[incident.kind]


def end_of(incident: Incident) -> Duration:
    """When an incident ends, from the beginning."""
    return parse_duration(incident.start) + parse_duration(incident.duration)


class Due(Struct, frozen=True):
    """Lines that are due, in the order of time: arrays of the same length.

    Attributes:
        at: begin of a tick, in µs from the beginning.
        incident: which added the lines, or -1.
        count: how many lines, at least one.

    """

    at: np.ndarray
    incident: np.ndarray
    count: np.ndarray

    @classmethod
    def none(cls) -> Due:
        """No lines."""
        import numpy as np

        empty = np.zeros(0, dtype=np.int64)
        return cls(empty, empty, empty)

    def joined(self, later: Due) -> Due:
        """These, and others that are due later."""
        import numpy as np

        pairs = zip(
            (self.at, self.incident, self.count),
            (later.at, later.incident, later.count),
            strict=True,
        )
        return Due(*(np.concatenate(pair) for pair in pairs))

    def first_block(self) -> tuple[Due, Due] | None:
        """The first ticks that have enough lines for a block, and the rest; ``None``: too few."""
        import numpy as np

        sums = np.cumsum(self.count)
        if not len(sums) or sums[-1] < _BLOCK:
            return None
        last = self.at[np.searchsorted(sums, _BLOCK)]
        cut = int(np.searchsorted(self.at, last, side="right"))
        arrays = (self.at, self.incident, self.count)
        return Due(*(each[:cut] for each in arrays)), Due(*(each[cut:] for each in arrays))


def blocks_due(scenario: Scenario) -> Iterator[Due]:
    """The lines of a scenario in the order of time, about 20,000 at once."""
    import numpy as np

    pending = Due.none()
    owed: dict[int, float] = {}
    for begin in range(0, scenario.duration, _AT_ONCE * TICK):
        end = min(scenario.duration, begin + _AT_ONCE * TICK)
        pending = pending.joined(_due(scenario, np.arange(begin, end, TICK), owed))
        while (cut := pending.first_block()) is not None:
            block, pending = cut
            yield block
    if len(pending.at):
        yield pending


def _due(scenario: Scenario, ticks: np.ndarray, owed: dict[int, float]) -> Due:
    """The lines that are due in some ticks.

    Args:
        scenario: what to generate.
        ticks: begins of ticks that follow each other.
        owed: by incident, what part of a line is due already; what is left is kept in it.

    """
    import numpy as np

    found = []
    for incident, rates in _rates(scenario, ticks):
        # As many parts of a line make one, however they are rounded.
        total = owed.get(incident, 0.0) + np.cumsum(rates) * (TICK / SECOND) + _ROUNDING
        whole = np.floor(total).astype(np.int64)
        owed[incident] = float(total[-1] - whole[-1]) - _ROUNDING
        counts = np.diff(whole, prepend=0)
        some = np.flatnonzero(counts)
        found.append((ticks[some], np.full(len(some), incident), counts[some]))
    at, incidents, counts = (np.concatenate(each) for each in zip(*found, strict=True))
    order = np.argsort(at, kind="stable")
    return Due(at[order], incidents[order], counts[order])


def _rates(scenario: Scenario, ticks: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Lines a second in each tick: the ordinary ones (-1), then those that incidents add."""
    import numpy as np

    def during(incident: Incident) -> np.ndarray:
        begin = parse_duration(incident.start)
        running: np.ndarray = (begin <= ticks) & (ticks < end_of(incident))
        return running

    rates = _ordinary(scenario.phases, ticks)
    for incident in scenario.incidents:
        if incident.kind == "silence":
            rates = np.where(during(incident), 0.0, rates)
    yield -1, rates
    for index, incident in enumerate(scenario.incidents):
        if incident.kind in ("surge", "aggressive-client"):
            factor = max(0.0, factor_of(incident) - 1)
            yield index, np.where(during(incident), rates * factor, 0.0)


def _ordinary(phases: list[Phase], ticks: np.ndarray) -> np.ndarray:
    """Lines a second that phases make, one after the other; none behind the last."""
    import numpy as np

    rates = np.zeros(len(ticks))
    at = ticks.astype(np.float64)
    for phase in phases:
        length = parse_duration(phase.duration)
        within = (at >= 0) & (at < length)
        if phase.shape == "ramp":
            to = phase.rate if phase.to is None else phase.to
            made = phase.rate + (to - phase.rate) * at / max(1, length)
        elif phase.shape == "wave":
            turn = 2 * np.pi * at / max(1, parse_duration(phase.period))
            made = phase.rate * (1 + phase.amplitude * np.sin(turn))
        else:
            made = np.full(len(ticks), phase.rate)
        rates = np.where(within, made, rates)
        at = at - length
    return rates
