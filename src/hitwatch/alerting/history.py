"""A rule over whole logs: buckets in any order in, alerts out; and what explains alerts."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from hitwatch.alerting.alert import Alert, Transition, add_transition, rank_contributors
from hitwatch.alerting.metric import MetricJudge
from hitwatch.alerting.rule import SurgeRule
from hitwatch.instants import Instant
from hitwatch.stats.series import Series
from hitwatch.stats.timeline import Timeline

_AT_ONCE = 1024
"""Buckets that a rule is given before it judges them."""


def explain(transition: Transition, rule: SurgeRule, sections: Series) -> Transition:
    """A transition with the sections that grew most.

    Args:
        transition: as it was judged.
        rule: the rule as it was judged.
        sections: of all buckets that its windows reach.

    """
    middle = transition.at - rule.short
    short = sections.between(middle, transition.at, rule.metric)
    long = sections.between(middle - rule.long, middle, rule.metric)
    return replace(transition, contributors=rank_contributors(rule, short, long))


class RuleHistory:
    """What a rule is judged over, of logs that are read as a whole.

    Args:
        rule: the rule.

    Attributes:
        hits: by bucket.
        sent: bytes of those buckets in which a hit says how many.
        sections: hits and bytes by section and bucket.

    """

    def __init__(self, rule: SurgeRule) -> None:
        self.rule = rule
        width = rule.resolution
        self.hits, self.sent = Timeline(width), Timeline(width)
        self.sections = Series("section", width)

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
        sizes = iter(self.sent)
        size = next(sizes, None)
        for number, (start, count) in enumerate(self.hits):
            # Many buckets at once, but what is silent for long costs nothing by itself.
            if number % _AT_ONCE == 0 or (last is not None and start - last > reach):
                transitions += judge.advance(start)
            known = size is not None and size[0] == start
            judge.add(start, count, size[1] if size and known else 0, has_bytes=known)
            if known:
                size = next(sizes, None)
            last = start
        if last is not None:
            transitions += judge.advance(last + self.rule.resolution)
        return self._alerts(transitions, judge)

    def _alerts(self, transitions: Iterable[Transition], judge: MetricJudge) -> tuple[Alert, ...]:
        alerts: list[Alert] = []
        for transition in transitions:
            add_transition(alerts, explain(transition, judge.rule, self.sections))
        if judge.alert and alerts:
            alerts[-1] = replace(alerts[-1], peak=judge.alert.peak)
        return tuple(alerts)
