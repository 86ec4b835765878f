"""A rule over whole logs: buckets in any order in, alerts out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from msgspec.structs import replace

from hitwatch.alerting.alert import Alert, Transition, add_transition
from hitwatch.alerting.causes import Causes
from hitwatch.alerting.metric import MetricJudge
from hitwatch.alerting.rule import SurgeRule
from hitwatch.instants import Duration, Instant
from hitwatch.stats.timeline import Timeline

_AT_ONCE = 1024
"""Buckets that a rule is given before it judges them."""


def _pieces(buckets: dict[Instant, int], reach: Duration) -> Iterator[dict[Instant, int]]:
    """The same in pieces: many at once, but what is silent for long costs nothing by itself."""
    starts = list(buckets)
    cuts = set(range(0, len(starts), _AT_ONCE))
    cuts |= {
        number
        for number, (before, start) in enumerate(pairwise(starts), 1)
        if start - before > reach
    }
    for begin, end in pairwise((*sorted(cuts), len(starts))):
        yield {start: buckets[start] for start in starts[begin:end]}


class RuleHistory:
    """What a rule is judged over, of logs that are read as a whole.

    Args:
        rule: the rule.

    Attributes:
        hits: by bucket.
        sent: bytes of those buckets in which a hit says how many.
        causes: hits and bytes by bucket and section, which explain alerts.

    """

    def __init__(self, rule: SurgeRule) -> None:
        self.rule = rule
        width = rule.resolution
        self.hits, self.sent = Timeline(width), Timeline(width)
        self.causes = Causes(width)

    def add(self, steps: Iterable[tuple[Instant, int, int, int]]) -> None:
        """Add buckets: start, hits, bytes, and how many of the hits say how many bytes."""
        buckets = list(steps)
        self.hits.add((start, hits) for start, hits, _, _ in buckets)
        self.sent.add((start, size) for start, _, size, with_bytes in buckets if with_bytes)

    @property
    def first_judged(self) -> Instant | None:
        """The first bucket end at which the rule can be judged; ``None`` without hits."""
        rule, first = self.rule, next((start for start, _ in self.hits), None)
        return None if first is None else first + rule.short + rule.long + rule.resolution

    def judge(self) -> tuple[Alert, ...]:
        """The alerts that the rule would have raised, in order."""
        judge, transitions = MetricJudge(self.rule), list[Transition]()
        reach = self.rule.short + self.rule.long
        last: Instant | None = None
        for stretch, hits in self.hits.stretches():
            sizes = self.sent.stretch(stretch)
            for some in _pieces(hits, reach):
                transitions += judge.advance(next(iter(some)))
                judge.add_all(some, sizes)
                last = next(reversed(some))
        if last is not None:
            transitions += judge.advance(last + self.rule.resolution)
        return self._alerts(transitions, judge)

    def _alerts(self, transitions: Iterable[Transition], judge: MetricJudge) -> tuple[Alert, ...]:
        alerts: list[Alert] = []
        for transition in transitions:
            add_transition(alerts, self.causes.explain(transition, judge.rule))
        if judge.alert and alerts:
            alerts[-1] = replace(alerts[-1], peak=judge.alert.peak)
        return tuple(alerts)
