"""What each part of a run has done, and what waits for it: for hitwatch's own log, and people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct, field

from hitwatch.engine import Engine
from hitwatch.instants import SECOND, Instant, rfc3339_or_none
from hitwatch.ports import Source
from hitwatch.readmodel import Report
from hitwatch.render import units

State: TypeAlias = Mapping[str, Mapping[str, int | float | str | None]]
"""Figures by name, by part: reader, parser, tally, judge, writer."""


class Progress(Struct):
    """How far a run has come.

    Attributes:
        engine: counts and judges.
        origins: logs of which something was read.
        periods: display periods that were shown.
        transitions: of alerts, those that were shown.

    """

    engine: Engine
    origins: int = 0
    periods: int = 0
    transitions: int = 0
    _began: tuple[Instant, int] = (0, 0)
    _since: dict[str, tuple[Instant, int]] = field(default_factory=dict)

    def begin(self, now: Instant) -> None:
        """What is read from now on counts for the first rates."""
        self._began = now, self.engine.balance.lines

    def shown(self, what: object) -> None:
        """Count what was shown."""
        if isinstance(what, Report):
            self.periods += 1
        else:
            self.transitions += 1

    def state(self, source: Source, waiting: int, now: Instant, asked_by: str) -> State:
        """The state of each part.

        Args:
            source: what is read.
            waiting: hits that wait for those of other logs.
            now: what the clock shows.
            asked_by: who asks; rates are of the time since it asked last.

        """
        engine, balance = self.engine, self.engine.balance
        before, lines = self._since.get(asked_by, self._began)
        self._since[asked_by] = now, balance.lines
        seconds = (now - before) / SECOND
        status = engine.judge.status
        return {
            "reader": {
                "origins": self.origins,
                "lines": balance.lines,
                "lines_per_s": round((balance.lines - lines) / seconds, 1) if seconds else 0.0,
                "lag_bytes": source.lag,
            },
            "parser": {
                "hits": balance.hits,
                "rejects": balance.rejects,
                "excluded": balance.excluded,
            },
            "tally": {
                "waiting": waiting,
                "late": engine.total.late + engine.delta.late,
                "up_to": rfc3339_or_none(engine.watermark.latest),
            },
            "judge": {
                "rule": status.rule.name,
                "state": status.state.value,
                "value": status.value,
                "baseline": status.baseline,
                "alerts": engine.alerts,
            },
            "writer": {"periods": self.periods, "transitions": self.transitions},
        }

    def wording(self, source: Source) -> str:
        """The same for people, in a line."""
        engine = self.engine
        latest, status = engine.watermark.latest, engine.judge.status
        up_to = "no time yet"
        if latest is not None:
            up_to = f"up to {units.clock_time(latest, engine.zone)}"
        rule = f"{status.rule.name} is {status.state.value.replace('_', ' ')}"
        lag = units.size(source.lag)
        return f"{units.balance(engine.balance)}; {up_to}; lag {lag}; {rule}"
