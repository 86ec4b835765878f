"""What is counted of hits for one report, or for each of those that are made at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from enum import Enum

from msgspec import Struct, field

from hitwatch.alerting.history import RuleHistory
from hitwatch.alerting.rule import SurgeRule
from hitwatch.hits.batch import Hits
from hitwatch.stats.breakdown import MEMORY, Budget
from hitwatch.stats.dimension import Panel
from hitwatch.stats.hit_batch import HitBatch
from hitwatch.stats.rows import OTHER
from hitwatch.tally import Tally

MOST = 256
"""Reports that are made at once; what comes then is one more together."""

WITHOUT = "(none)"
"""What hits are of that do not say."""


class Time(Enum):
    """Which hits are counted, and what for."""

    MAIN = "main"
    """The time that a report is of: counted, and judged."""
    COMPARED = "compared"
    """The time that it is compared with: counted."""
    BEFORE = "before"
    """The time that the rule looks back on: judged."""


class Scope(Struct):
    """What is counted for one report.

    Attributes:
        main: of the time that it is of.
        compared: of the time that it is compared with; empty where nothing is.
        history: what the rule is judged over.
        squared_bytes: sum of the squares of the bytes of the hits that it is of.

    """

    main: Tally
    compared: Tally
    history: RuleHistory
    squared_bytes: float = 0.0

    def add(self, hits: Hits, batch: HitBatch, time: Time, lock: threading.Lock) -> None:
        """Count hits; several threads may at once.

        Args:
            hits: the hits that they are of.
            batch: those that count.
            time: when they were.
            lock: held while what is not made for several threads is added to.

        """
        tally = {Time.MAIN: self.main, Time.COMPARED: self.compared}.get(time)
        if tally is not None:
            tally.counts.add(hits, batch)
            with lock:
                tally.absorb_facts(batch)
                if time is Time.MAIN:
                    self.squared_bytes += batch.squared_bytes
        if time is not Time.COMPARED and hits.has("time"):
            self.history.causes.add(batch)
            steps = batch.steps(self.history.rule.resolution)
            with lock:
                self.history.add(steps)


class Scopes(Struct):
    """What is counted, by what the reports are of.

    Attributes:
        panels: to be counted.
        rule: to be judged.
        by: the text column of whose values there is a report each; ``None``: one of all hits.
        lock: held while something is made or added to that is not made for several threads.

    """

    panels: tuple[Panel, ...]
    rule: SurgeRule
    by: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    _scopes: dict[str, Scope] = field(default_factory=dict)
    # All reports share the memory of one.
    _budget: Budget = field(default_factory=lambda: Budget(MEMORY))

    def all(self) -> dict[str, Scope]:
        """All of them, by what they are of, most hits first; of all hits the key is empty."""
        if self.by is None:
            self.of("")
        known = self._scopes.items()
        return dict(sorted(known, key=lambda each: (-each[1].main.balance.hits, each[0])))

    def of(self, key: str) -> Scope:
        """What is counted for a report, begun when it is first asked for."""
        with self.lock:
            if key not in self._scopes and len(self._scopes) >= MOST:
                key = OTHER
            if key not in self._scopes:
                main, compared = (Tally.of(self.panels, self._budget) for _ in range(2))
                self._scopes[key] = Scope(main, compared, RuleHistory(self.rule))
            return self._scopes[key]

    def add(self, hits: Hits, batch: HitBatch, time: Time) -> None:
        """Count hits, each where it belongs."""
        if not len(batch):
            return
        for key, part in self._parts(batch):
            self.of(key).add(hits, part, time, self.lock)

    def _parts(self, batch: HitBatch) -> Iterator[tuple[str, HitBatch]]:
        if self.by is None:
            yield "", batch
        else:
            for key, part in batch.by_text(self.by):
                yield WITHOUT if key is None else key, part

    def finishing(self) -> list[Callable[[], None]]:
        """What is left to do when nothing more will be added: tasks for any threads."""
        scopes = self._scopes.values()
        tallies = [tally for scope in scopes for tally in (scope.main, scope.compared)]
        return [task for tally in tallies for task in tally.counts.finishing()]
